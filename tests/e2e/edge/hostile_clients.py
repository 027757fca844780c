"""Hostile modules, devices and strangers at the listeners of IoT Edge: each row ends its own client or gets the answer that is documented,
is counted as its row says, and two innocent modules beside it go on as if nothing was.

usage: hostile_clients.py TLS_PORT WSS_PORT CA_FILE PLAIN_PORT ADMIN_SOCKET
Exit code 0 when every row came as expected, else the lines say which did not. Standard library only.
"""

import json
import os
import sys
import time
import traceback

import hostile_kit
import plain_client
import raw_clients
from hostile_connects import connect_rows
from hostile_doors import https_rows, web_socket_rows
from hostile_kit import EVIL, METHODS, REPORT, RESULTS, Counted, Play, Rows, ask, counted, counters
from hostile_packets import deep_telemetry, many_properties, publish_rows, subscribe_rows
from hostile_requests import method_rows, patch_storm, twin_rows
from plain_client import Plain
from raw_clients import AWKWARD, connected, expect, packet, text


# ---- plain MQTT beside them ----

def owned_id() -> None:
    """Nobody takes the place of an identity: of one that is connected, and of one that never was."""
    for client_id in ("edge-1/filter", "edge-1/good", "edge-1/sink", AWKWARD):
        expect(Plain(client_id).code == 0x87, client_id)


def bag_too_large() -> None:
    """Has more properties than a topic holds: it is dropped for this one reader, and what comes behind it arrives."""
    plain = Plain("plain")
    many = [(f"k{number}", "\u00fc" * 2_000) for number in range(8)]
    expect(plain.say5("plain/filter", b"x", many) in (0, 0x10), "not taken")


def plain_rows() -> Rows:
    yield "plain MQTT with the client id of an identity", owned_id, {'connections_refused_total{reason="not_authorized"}': 4}
    yield "plain MQTT with more properties than a bag holds", bag_too_large, {'messages_dropped_total{reason="too_large"}': 1}

    def denied() -> None:
        plain = Plain("plain")
        for topic in ("modules/filter/inputs/raw", "modules/filter/inputs/a/%zz", "$iothub/devices/leaf-1/twin/res/200/?$rid=1"):
            expect(plain.say5(topic, b"x") == 0x87, topic)
    yield "plain MQTT to a module's topics", denied, {"publishes_denied_total": 3}


# ---- all of it ----

class Innocent:
    """Two modules as the SDK has them: one sends, the other receives. Nothing else reaches them, and nothing ends them."""

    def __init__(self) -> None:
        self.sender, self.receiver = connected("edge-1/good"), connected("edge-1/filter", True)
        for wanted, qos in (("devices/edge-1/modules/filter/inputs/#", 1), (RESULTS, 0), ("$iothub/twin/PATCH/properties/desired/#", 0), (METHODS, 0)):
            expect(self.receiver.subscribe(wanted, qos) == qos, wanted)

    def go_on(self, number: int) -> None:
        self.sender.say("devices/edge-1/modules/good/messages/events/%24.on=raw&%24.cdid=forged&%24.cmid=forged/", str(number).encode())
        topic, body = self.receiver.message()
        expect((topic, body) == ("devices/edge-1/modules/filter/inputs/raw/%24.cdid=edge-1&%24.cmid=good", str(number).encode()), (topic, body))
        for one in (self.sender, self.receiver):
            one.ping()


def rows() -> Rows:
    for some in (connect_rows, publish_rows, subscribe_rows, twin_rows, method_rows, https_rows, web_socket_rows, plain_rows):
        yield from some()
    yield "bags with thousands of properties", many_properties, {}
    yield "telemetry that is deep", deep_telemetry, {}


def fault_of(play: Play, wanted: Counted, innocent: Innocent, number: int) -> str:
    """Empty if the row came as it should."""
    before = counters()
    try:
        play()
    except Exception as error:  # a row that fails is one line, and the next goes on
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{error!r} in line {place.lineno} of {os.path.basename(place.filename)}"
    innocent.go_on(number)
    until = time.monotonic() + 3
    while (found := counted(before)) != wanted:
        if time.monotonic() > until:
            return f"counted {found}, not {wanted}"
    return ""


def heap_bytes() -> int:
    return next(int(float(line.split()[1])) for line in ask("/metrics").splitlines() if line.startswith("headgate_heap_bytes "))


def deaf_fault(innocent: Innocent) -> str:
    """A module asks for 28 kB again and again, and reads none of it: the hub stops to read it before that takes memory."""
    before, one = heap_bytes(), connected(EVIL)
    one.subscribe(RESULTS, 0)
    one.publish(REPORT + "1", json.dumps({f"k{number}": "x" * 4_000 for number in range(7)}).encode(), 0)
    expect("/204/" in one.answer()[0], "a report")
    one.socket.settimeout(1)
    try:
        for _ in range(200):
            one.send(packet(0x30, text("$iothub/twin/GET/?$rid=1")) * 100)
    except TimeoutError:
        pass  # not read any more
    innocent.go_on(-2)
    grown = heap_bytes() - before
    return "" if grown < 32 << 20 else f"the hub has {grown:,} bytes more"


def storm_fault(innocent: Innocent) -> str:
    """How many are throttled depends on the disk."""
    before = counters()
    patch_storm()
    innocent.go_on(-1)
    found = counted(before)
    whole = sum(found.values()) == 3_000 and all(name.startswith("twin_requests_total") for name in found)
    return "" if whole else f"counted {found}"


def main() -> int:
    raw_clients.TLS_PORT, raw_clients.WSS_PORT, raw_clients.CA_FILE = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    plain_client.PORT, hostile_kit.ADMIN_SOCKET = int(sys.argv[4]), sys.argv[5]
    innocent = Innocent()
    count = failed = 0
    for name, play, wanted in rows():
        count += 1
        if fault := fault_of(play, wanted, innocent, count):
            failed += 1
            print(f"{name}: {fault}", flush=True)
    for name, of in (("a storm of patches", storm_fault), ("a module that reads nothing", deaf_fault)):
        count += 1
        if fault := of(innocent):
            failed += 1
            print(f"{name}: {fault}")
    print(f"{count} rows, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
