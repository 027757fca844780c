"""Publishes and subscriptions that are no client's own, or are none at all."""

from hostile_kit import EVENTS, EVIL, LEAF, NAMESAKE, RESULTS, Rows, connect_packet, ended, ends, sends, user_of
from raw_clients import connected, expect, packet, text, token


def publish_rows() -> Rows:
    not_its_own = {
        "another module's events": "devices/edge-1/modules/filter/messages/events/", "its device's events": "devices/edge-1/messages/events/",
        "a leaf's events": "devices/leaf-1/messages/events/", "a namesake's events": "devices/leaf-1/modules/evil/messages/events/",
        "its own inputs": "devices/edge-1/modules/evil/inputs/x", "another's inputs": "devices/edge-1/modules/filter/inputs/raw",
        "what the hub has inside": "modules/evil/outputs/x", "another's output inside": "modules/good/outputs/x",
        "a method call as the hub": "$iothub/methods/POST/x/?$rid=1", "a twin answer as the hub": "$iothub/twin/res/200/?$rid=1",
        "desired properties": "$iothub/twin/PATCH/properties/desired/?$version=9", "an unknown request": "$iothub/other/?$rid=1",
        "another's request inside": "$iothub/devices/edge-1/modules/filter/twin/GET/?$rid=1", "C2D": "devices/leaf-1/messages/devicebound/",
        "longer than its events": EVENTS[:-1] + "x", "capitals": EVENTS.replace("events", "EVENTS"), "a slash first": "/" + EVENTS,
        "the hub's queues": "$upstream", "$SYS": "$SYS/broker/uptime", "nothing at all": "/",
    }
    for name, topic in not_its_own.items():
        yield f"publish to {name}", ends(topic), ended("not_authorized")
    for name, topic in {"a module's topics": "devices/leaf-evil/modules/x/messages/events/", "its gateway's": "devices/edge-1/messages/events/"}.items():
        yield f"a device publishes to {name}", ends(topic, who=LEAF), ended("not_authorized")
    yield "a namesake publishes as the module of the gateway", (
        ends("devices/edge-1/modules/filter/messages/events/%24.on=good/", who=NAMESAKE)), ended("not_authorized")
    for bag in ("a=%zz", "a=%2", "a=%", "%zz=a", "a=%FF", "a=%C3", "a=%ED%A0%80", "a=%00", "%00=a", "$.on=%zz", "a=%F5%80%80%80", "x&y&z=%"):
        yield f"publish with the bag {bag}", ends(EVENTS + bag), ended("topic_name_invalid")
    for output in ("%23", "a%2F%23", "%2B", "a%2F%2B%2Fb", "x" * 60_000):
        yield f"publish to the output {output[:20]}", ends(EVENTS + "%24.on=" + output), ended("topic_name_invalid")
    yield "publish with a NUL", ends(EVENTS + "a=\0"), ended("malformed_packet")
    yield "publish with no text", ends(EVENTS.encode() + b"a=\xff"), ended("malformed_packet")
    yield "publish with QoS 2", ends(EVENTS, qos=2), ended("QoS_not_supported")
    yield "publish with QoS 2 over WebSocket", ends(EVENTS, qos=2, web_socket=True), ended("QoS_not_supported")
    yield "publish with QoS 3", ends(EVENTS, qos=3), ended("malformed_packet")
    yield "publish to a filter", ends("devices/edge-1/modules/+/messages/events/"), ended("topic_name_invalid")
    yield "publish without a topic", ends(""), ended("topic_name_invalid")
    yield "publish with packet id 0", sends(packet(0x32, text(EVENTS) + b"\0\0x")), ended("protocol_error")
    yield "publish with DUP and QoS 0", sends(packet(0x38, text(EVENTS) + b"x")), ended("malformed_packet")
    yield "publish one byte too many", ends(EVENTS + "a=bc", b"x" * (262_144 - 3)), ended("packet_too_large")
    yield "a length that is too large", sends(b"\x32\xff\xff\xff\x7f"), ended("packet_too_large")
    yield "a length without an end", sends(b"\x32\xff\xff\xff\xff\x01"), ended("malformed_packet")
    yield "a second CONNECT", sends(connect_packet(EVIL, user_of(EVIL), token(EVIL))), ended("protocol_error")
    yield "CONNACK from a client", sends(packet(0x20, b"\0\0")), ended("protocol_error")
    yield "AUTH in 3.1.1", sends(packet(0xf0, b"")), ended("protocol_error")


# ---- what is answered ----

def many_properties() -> None:
    one = connected(EVIL)
    one.say(EVENTS + "&".join(f"k{number}=v" for number in range(6_000)), b"many properties")
    one.say(EVENTS + "&".join("k=v" for _ in range(10_000)), b"one property many times")
    one.say(EVENTS + "=&=&&&&==&a===&=b", b"hardly a bag")
    one.say(EVENTS + "%24.exp=never&%24.ct=&%24.cid=%C3%BC&%24.mid=" + "m" * 20_000, b"system properties")
    one.say(EVENTS + "%24.exp=9999-12-31T23%3A59%3A59Z", b"late")
    one.say(EVENTS + "%24.exp=0001-01-01T00%3A00%3A00Z", b"early")
    one.ping()


def deep_telemetry() -> None:
    """Looked at by a route with a condition on the body."""
    one = connected(EVIL)
    for body in (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b"[" * 100_000, b'{"a":1,"a":{"a":[1,{"a":2}]}}', b'{"$a":1}', b"", b"\xef\xbb\xbf{}", b"\xff"):
        one.say(EVENTS + "%24.on=looked&%24.ct=application%2Fjson&%24.ce=utf-8/", body)
    one.ping()


def denied_filters() -> None:
    one = connected(EVIL)
    for wanted in DENIED_FILTERS:
        expect(one.subscribe(wanted) == 0x80, f"{wanted} is granted")
        one.send(packet(0xa2, b"\0\x63" + text(wanted)))
        expect(one.read() == (0xb0, b"\0\x63"), "no UNSUBACK")
    one.ping()


DENIED_FILTERS = ("#", "+", "+/+", "/#", "devices/#", "devices/+/modules/+/inputs/#", "devices/edge-1/modules/+/inputs/#",
                  "devices/edge-1/modules/filter/inputs/#", "devices/edge-1/modules/filter/#", "devices/edge-1/#", "devices/leaf-1/messages/devicebound/#",
                  "devices/edge-1/modules/evil/inputs/x", "devices/edge-1/modules/evil/messages/events/#", "devices/leaf-1/modules/evil/inputs/#",
                  "modules/filter/inputs/#", "modules/evil/inputs/#", "$share/g/devices/edge-1/modules/evil/inputs/#", "$share/g/#", "$SYS/#",
                  "$iothub/#", "$iothub/twin/#", "$iothub/twin/res/+", "$iothub/+/POST/#", "$iothub/devices/edge-1/modules/filter/twin/res/#",
                  "$iothub/twin/GET/#", "$iothub/methods/res/#", "devices/edge-1/modules/EVIL/inputs/#")


def subscribe_rows() -> Rows:
    yield "filters that are not its own", denied_filters, {"subscribes_denied_total": len(DENIED_FILTERS)}
    for wanted in ("a#", "#/a", "a+/b", ""):
        yield f"the filter {wanted!r}", sends(packet(0x82, b"\0\1" + text(wanted) + b"\1")), ended("topic_filter_invalid")
    yield "SUBSCRIBE with QoS 3", sends(packet(0x82, b"\0\1" + text(RESULTS) + b"\3")), ended("malformed_packet")
    yield "SUBSCRIBE to nothing", sends(packet(0x82, b"\0\1")), ended("protocol_error")
    yield "SUBSCRIBE with another first byte", sends(packet(0x80, b"\0\1" + text(RESULTS) + b"\0")), ended("malformed_packet")
