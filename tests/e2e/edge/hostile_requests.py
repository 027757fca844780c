"""Patches of twins and answers to methods."""

import json

from hostile_kit import EVIL, LEAF, METHODS, NAMESAKE, REPORT, RESULTS, UNREADABLE, Https, Play, Rows, call, calls, door, ended, ends, twins
from raw_clients import Client, connected, expect, packet, text


# ---- twins ----

def patch_refused(patch: bytes, who: str = EVIL) -> Play:
    """Status 400, the client stays, and its reported properties too."""
    def play() -> None:
        one = connected(who)
        one.subscribe(RESULTS, 0)
        one.publish(REPORT + "9", patch, 0)
        topic, body = one.answer()
        expect(topic == "$iothub/twin/res/400/?$rid=9" and json.loads(body)["errorCode"] == 400004, (topic, body))
        one.ping()
    return play


def rids() -> None:
    one = connected(EVIL)
    one.subscribe(RESULTS, 0)
    for rid in ("4", "ü%20x", "a/b", "a=b", "'\"", "x" * 128, "$rid=", "?", "☃"):
        one.publish(f"$iothub/twin/GET/?$rid={rid}", b"", 0)
        topic, body = one.answer()
        expect(topic == f"$iothub/twin/res/200/?$rid={rid}" and "reported" in json.loads(body), topic)
    one.publish(REPORT, b'{"no":"rid"}', 0)  # is taken, and not answered
    one.ping()


def patch_storm() -> None:
    """Each is answered, merged or throttled, and the innocent need not wait for all of them."""
    one = connected(EVIL)
    one.subscribe(RESULTS, 0)
    count = 3_000
    one.send(b"".join(packet(0x30, text(REPORT + str(number)) + b'{"storm":%d}' % number) for number in range(count)))
    answers = [one.answer()[0].split("/")[3] for _ in range(count)]
    expect(set(answers) <= {"204", "429"} and answers.count("204") > 0, set(answers))
    one.ping()


def twice_named() -> None:
    one = connected(EVIL)
    one.subscribe(RESULTS, 0)
    one.publish(REPORT + "1", b'{"storm":null,"a":{"x":1},"a":{"y":2,"y":3},"no":null}', 0)
    expect(one.answer()[0].startswith("$iothub/twin/res/204/"), "not taken")
    one.publish("$iothub/twin/GET/?$rid=2", b"", 0)
    reported = json.loads(one.answer()[1])["reported"]
    reported.pop("$version")
    expect(reported == {"a": {"y": 3}}, reported)


def huge_twin() -> None:
    one = connected(EVIL)
    try:
        one.publish(REPORT + "1", b'{"a":"' + b"x" * 10_000_000 + b'"}', 0)
    except OSError:
        pass  # ended while it was still sending
    expect(one.is_closed(), "a twin of 10 MB")


def twin_rows() -> Rows:
    once = twins(refused=1)
    patches = {
        "nothing": b"", "a blank": b" ", "no JSON": b"{", "more than JSON": b"{}{}", "a list": b"[]", "a number": b"1", "null": b"null",
        "NaN": b'{"a":NaN}', "a comment": b'{"a":1/**/}', "no text": b'{"a":"\xff"}', "half a pair": b'{"a":"\\ud800"}', "a NUL": b'{"a":1}\0garbage',
        "11 levels below it": b'{"a":' * 12 + b"1" + b"}" * 12, "100,000 levels": b'{"a":' * 50_000, "100,000 lists": b'{"a":' + b"[" * 200_000,
        "$version": b'{"$version":7}', "$metadata": b'{"$metadata":{}}', "a $ below": b'{"a":{"$b":1}}', "a dot": b'{"a.b":1}', "a hash": b'{"a#":1}',
        "a blank in a name": b'{"a b":1}', "a control character": b'{"a\\u0001":1}', "a long name": b'{"' + b"n" * 1025 + b'":1}',
        "a long text": b'{"a":"' + b"x" * 4097 + b'"}', "null in a list": b'{"a":[1,null]}', "a number that is too large": b'{"a":4503599627370497}',
        "a number beyond all": b'{"a":1e999}', "many digits": b'{"a":' + b"9" * 5_000 + b"}",
        "more than a twin holds": json.dumps({f"k{n}": "x" * 4_000 for n in range(9)}).encode(), "250 kB": b'{"a":"' + b"x" * 250_000 + b'"}',
    }
    for name, patch in patches.items():
        yield f"a report: {name}", patch_refused(patch), once
    yield "a device's report: a list", patch_refused(b"[]", LEAF), once
    yield "request ids", rids, twins(read=9, reported=1)
    for name, topic in {"an empty id": "$iothub/twin/GET/?$rid=", "no id": "$iothub/twin/GET/", "an id of 10 kB": "$iothub/twin/GET/?$rid=" + "x" * 10_000,
                        "no question mark": "$iothub/twin/GET/$rid=1", "more levels": "$iothub/twin/GET/x/?$rid=1",
                        "a report's id of 10 kB": REPORT + "x" * 10_000, "other properties": "$iothub/twin/PATCH/properties/?$rid=1"}.items():
        yield f"a request with {name}", ends(topic, qos=0), ended("not_authorized") if "other" in name else UNREADABLE
    yield "a name twice, and null", twice_named, twins(reported=1, read=1)
    yield "a twin of 10 MB", huge_twin, ended("packet_too_large")


# ---- methods ----

EVILS_METHODS = "/twins/edge-1/modules/evil/methods"


def called() -> tuple[Client, Https, str]:
    """A method of the hostile module that waits for its answer: its client, who called, and the request's id."""
    one, caller = connected(EVIL), Https()
    one.subscribe(METHODS, 0)
    caller.send(call(EVILS_METHODS, b'{"methodName":"echo","responseTimeoutInSeconds":5}'))
    topic, _ = one.answer()
    return one, caller, topic.partition("$rid=")[2]


def answer_to(rid: str, status: object = 200) -> str:
    return f"$iothub/methods/res/{status}/?$rid={rid}"


def bad_answer(body: bytes) -> Play:
    """The caller is told; the client that answered so stays."""
    def play() -> None:
        one, caller, rid = called()
        one.publish(answer_to(rid), body, 0)
        expect(caller.answer()[0] == 500, "it is given to the caller")
        one.ping()
    return play


def stolen_answer() -> None:
    one, caller, rid = called()
    for thief in (NAMESAKE, LEAF):
        other = connected(thief)
        other.publish(answer_to(rid), b'"stolen"', 0)
        other.ping()
    one.publish(answer_to(rid, 207), b'{"b":1,"a":2,"a":3}', 0)
    one.publish(answer_to(rid, 208), b"1", 0)
    expect(caller.answer() == (200, '{"status":207,"payload":{"b":1,"a":2,"a":3}}'), "another answer")
    one.ping()


def stray_answers() -> None:
    one = connected(EVIL)
    for rid in ("made-up", "1", "ü", "x" * 128):
        one.publish(answer_to(rid), b"{}", 0)
    one.ping()


def many_calls() -> None:
    """As many as may wait for one target, and one more: others can be called all the same."""
    one, callers, body = connected(EVIL), [Https() for _ in range(64)], b'{"methodName":"echo","responseTimeoutInSeconds":30}'
    one.subscribe(METHODS, 0)
    for caller in callers:
        caller.send(call(EVILS_METHODS, body))
    rids = [one.answer()[0].partition("$rid=")[2] for _ in callers]
    other = Https()
    other.send(call(EVILS_METHODS, body))
    expect(other.answer()[0] == 429, "one more is taken")
    other.send(call("/twins/leaf-1/methods", body))
    expect(other.answer()[0] == 404, "another cannot be called")
    for rid in rids:
        one.publish(answer_to(rid), b"", 0)
    expect([caller.answer()[0] for caller in callers] == [200] * 64, "not all are answered")


def bad_status(status: str) -> Play:
    return ends(answer_to("1", status), qos=0)


def method_rows() -> Rows:
    yield "answers that nobody waits for", stray_answers, {"method_answers_stray_total": 4}
    yield "more calls than may wait", many_calls, calls(answered=64, throttled=1, unreachable=1) | door("answered", 64) | door("other") | door("not_found")
    yield "an answer to another's method", stolen_answer, {"method_answers_stray_total": 3} | calls(answered=1) | door("answered")
    bodies = {"no JSON": b"{", "100,000 levels": b"[" * 60_000 + b"]" * 60_000,
              "200 kB": b'"' + b"x" * 200_000 + b'"', "no text": b'"\xff"', "a NUL": b'1\0,"status":0'}
    for name, body in bodies.items():
        yield f"an answer: {name}", bad_answer(body), calls(unreadable=1) | door("other")
    for status in ("0", "x", "", "1.5", "9" * 30, "%31"):
        yield f"an answer with the status {status[:6]!r}", bad_status(status), UNREADABLE
    yield "an answer with an id of 10 kB", ends(answer_to("x" * 10_000), qos=0), UNREADABLE
    yield "an answer without an id", ends("$iothub/methods/res/200/", qos=0), UNREADABLE
