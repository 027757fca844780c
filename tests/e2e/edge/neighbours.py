"""Modules of two devices that have one name, and chains of SDKs' modules with modules of plain MQTT.

usage: neighbours.py SCENARIO TLS_PORT WSS_PORT CA_FILE PLAIN_PORT WORKLOAD_DIR; exit code 0 when all came as expected. Scenarios are functions
below. Standard library only.
"""

import base64
import hashlib
import hmac
import http.client
import json
import pathlib
import socket
import sys

import plain_client
import raw_clients
from hostile_kit import Https, call
from plain_client import Plain
from raw_clients import EVENTS, GENERATIONS, connected, expect

METHODS, RESULTS = "$iothub/methods/POST/#", "$iothub/twin/res/#"
WORKLOAD_DIR = pathlib.Path()


# ---- two modules of one name ----

def inputs_and_outputs() -> None:
    own, foreign, filtered = connected("edge-1/sensor"), connected("leaf-1/sensor", True), connected("edge-1/filter")
    foreign_events = "devices/leaf-1/modules/sensor/messages/events/%24.on=raw/"
    expect(foreign.subscribe("devices/edge-1/modules/sensor/inputs/#") == 0x80, "granted to a namesake")
    expect(foreign.subscribe("devices/leaf-1/modules/sensor/inputs/#") == 1, "its own inputs")
    expect(own.subscribe("devices/leaf-1/modules/sensor/inputs/#") == 0x80, "granted to a namesake")
    expect(own.subscribe("devices/edge-1/modules/sensor/inputs/#") == 1, "its own inputs")
    expect(filtered.subscribe("devices/edge-1/modules/filter/inputs/#") == 1, "its own inputs")
    foreign.say(foreign_events, b"of the namesake")
    own.say(EVENTS.format("sensor") + "%24.on=raw/", b"its own")
    expect(filtered.message() == ("devices/edge-1/modules/filter/inputs/raw/%24.cdid=edge-1&%24.cmid=sensor", b"its own"), "the filter's input")
    filtered.say(EVENTS.format("filter") + "%24.on=good/", b"back")
    expect(own.message()[1] == b"back", "the sensor's input")
    for one in (own, foreign, filtered):
        one.ping()  # nothing else has come
    foreign.publish(EVENTS.format("sensor") + "%24.on=raw/", b"forged")
    expect(foreign.is_closed(), "a namesake publishes")


def methods() -> None:
    own, foreign, caller = connected("edge-1/sensor"), connected("leaf-1/sensor"), Https()
    for one in (own, foreign):
        one.subscribe(METHODS, 0)
    body = b'{"methodName":"who","responseTimeoutInSeconds":5}'
    for target, called, other in (("edge-1", own, foreign), ("leaf-1", foreign, own)):
        caller.send(call(f"/twins/{target}/modules/sensor/methods", body, "edge-1/filter"))
        rid = called.answer()[0].partition("$rid=")[2]
        other.publish(f"$iothub/methods/res/200/?$rid={rid}", b'"of the namesake"', 0)
        other.ping()
        called.publish(f"$iothub/methods/res/200/?$rid={rid}", json.dumps(target).encode(), 0)
        expect(caller.answer() == (200, f'{{"status":200,"payload":"{target}"}}'), "another answer")


def twins() -> None:
    both = {name: connected(name) for name in ("edge-1/sensor", "leaf-1/sensor")}
    for name, one in both.items():
        one.subscribe(RESULTS, 0)
        one.publish("$iothub/twin/PATCH/properties/reported/?$rid=1", json.dumps({"name": name}).encode(), 0)
        expect(one.answer()[0].startswith("$iothub/twin/res/204/"), "a report")
    for name, one in both.items():
        one.publish("$iothub/twin/GET/?$rid=2", b"", 0)
        expect(json.loads(one.answer()[1])["reported"]["name"] == name, "another's twin")


class Workload(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(WORKLOAD_DIR / "sensor.sock"))


def sign() -> None:
    """The socket is the gateway's sensor's, and nobody else's of that name has one."""
    sockets = {path.name for path in WORKLOAD_DIR.glob("*.sock")}
    expect("sensor.sock" in sockets and not any("leaf" in name for name in sockets), sockets)
    data = b"resource\n1"
    for name, wanted in (("edge-1/sensor", 200), ("leaf-1/sensor", 404)):
        asked = Workload("localhost")
        asked.request("POST", f"/modules/sensor/genid/{GENERATIONS[name]}/sign?api-version=2018-06-28",
                      json.dumps({"keyId": "primary", "algo": "HMACSHA256", "data": base64.b64encode(data).decode()}))
        answer = asked.getresponse()
        said = json.loads(answer.read())
        expect(answer.status == wanted, (answer.status, said))
        if wanted == 200:
            made = hmac.new(raw_clients.KEYS[name], data, hashlib.sha256).digest()
            expect(base64.b64decode(said["digest"]) == made, "signed with another key")


def plain_namesakes() -> None:
    foreign, own, filtered = Plain("leaf-sensor", "secret"), Plain("plain-sensor", "secret"), connected("edge-1/filter")
    filtered.subscribe("devices/edge-1/modules/filter/inputs/#")
    for wanted in ("modules/sensor/inputs/#", "modules/+/inputs/#", "modules/sensor/outputs/#", "$iothub/devices/edge-1/modules/sensor/methods/POST/#"):
        expect(foreign.subscribe(wanted) == 0x87, f"{wanted} is granted")
    for topic in ("modules/sensor/outputs/raw", "modules/sensor/inputs/in", "$iothub/devices/edge-1/modules/sensor/methods/res/200/?$rid=1",
                  "devices/edge-1/modules/sensor/messages/events/%24.on=raw/"):
        expect(foreign.say5(topic, b"forged") == 0x87, f"{topic} is taken")
    expect(own.subscribe("modules/sensor/inputs/#") == 1, "its own inputs")
    expect(own.say5("modules/sensor/outputs/raw", b"its own") == 0, "its own output")
    expect(filtered.message() == ("devices/edge-1/modules/filter/inputs/raw/%24.cdid=edge-1&%24.cmid=sensor", b"its own"), "the filter's input")
    filtered.ping()


# ---- chains of both kinds ----

def sdk_first() -> None:
    """An SDK's module, one of plain MQTT 5, an SDK's again."""
    sensor, work, sink = connected("edge-1/sensor"), Plain("plain-work", "secret"), connected("edge-1/sink", True)
    expect(work.subscribe("modules/work/inputs/#") == 1 and sink.subscribe("devices/edge-1/modules/sink/inputs/#") == 1, "SUBACK")
    for number in range(20):
        sensor.say(EVENTS.format("sensor") + f"%24.on=towork&%24.mid=m-{number}&%24.cid=c&%24.ct=text%2Fplain&%24.ce=utf-8&we%20ird%2F%C3%BC=a%3Db%26c/", str(number).encode())
        topic, properties, body = work.message5()
        expect((topic, body) == ("modules/work/inputs/in", str(number).encode()), topic)
        expect(sorted(properties) == [("$.ce", "utf-8"), ("$.mid", f"m-{number}"), ("content type", "text/plain"), ("correlation", "c"), ("we ird/ü", "a=b&c")],
               properties)
        expect(work.say5("modules/work/outputs/done", body, [pair for pair in properties if " t" not in pair[0] and pair[0] != "correlation"],
                         "text/plain", "c") == 0, "PUBACK")
        topic, came = sink.message()
        expect(topic.startswith("devices/edge-1/modules/sink/inputs/in/") and came == body, topic)
        expect(sorted(topic.split("/")[6].split("&")) == ["%24.cdid=edge-1", "%24.ce=utf-8", "%24.cid=c", "%24.cmid=work", "%24.ct=text%2Fplain",
                                                          f"%24.mid=m-{number}", "we%20ird%2F%C3%BC=a%3Db%26c"], topic)
    for one in (sensor, sink):
        one.ping()


def plain_first() -> None:
    """A module of plain MQTT 5, an SDK's, a plain one again."""
    work, sink, sensor = Plain("plain-work", "secret"), connected("edge-1/sink"), Plain("plain-sensor", "secret")
    expect(sink.subscribe("devices/edge-1/modules/sink/#") == 1 and sensor.subscribe("modules/sensor/inputs/#") == 1, "SUBACK")
    for number in range(20):
        expect(work.say5("modules/work/outputs/done", str(number).encode(), [("k", "v 1"), ("$.cdid", "forged")], "application/json", "c-1") == 0, "PUBACK")
        topic, body = sink.message()
        expect(topic == "devices/edge-1/modules/sink/inputs/in/k=v%201&%24.cid=c-1&%24.ct=application%2Fjson&%24.cdid=edge-1&%24.cmid=work", topic)
        sink.say(EVENTS.format("sink") + "%24.on=on&%24.cid=c-1&k=v%201", body)
        topic, properties, body = sensor.message5()
        expect((topic, body) == ("modules/sensor/inputs/in", str(number).encode()), topic)
        expect(sorted(properties) == [("correlation", "c-1"), ("k", "v 1")], properties)
    sink.ping()


def main() -> int:
    global WORKLOAD_DIR
    raw_clients.TLS_PORT, raw_clients.WSS_PORT, raw_clients.CA_FILE = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    plain_client.PORT, WORKLOAD_DIR = int(sys.argv[5]), pathlib.Path(sys.argv[6])
    try:
        globals()[sys.argv[1]]()
    except (AssertionError, raw_clients.Closed, OSError) as error:
        print(f"{sys.argv[1]}: {error!r}")
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
