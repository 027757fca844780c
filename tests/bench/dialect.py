#!/usr/bin/python3
"""What IoT Edge's dialect costs a hub: CPU of a telemetry message beside one of plain MQTT, and memory with a gateway's modules and devices.

    tools/dev bench dialect [--quick] [--bin DIR]

CPU: both over TLS 1.3, QoS 1, a body of 200 bytes and the same five properties (of MQTT 5 in the plain case), through a route into one
durable input whose module acknowledges what it gets. Pairs take turns; what counts is the hub's CPU for a message, of all its threads.
Memory: 20 modules and 200 devices connected and subscribed to all that an SDK subscribes to, each with a twin of 4 KB desired and 4 KB
reported, and 1,000 messages of 200 bytes waiting for each module, which takes none. Exit code: 0 when everything ran, 1 otherwise; missing
a bar is a result, not a failure.
"""

import argparse
import base64
import json
import pathlib
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

from brokers import BenchError, Headgate, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e/edge"))

import raw_clients as sdk  # noqa: E402

COST_RATIO, MEMORY_MIB = 1.5, 60
PAIRS, MESSAGES, IN_FLIGHT = 5, 20_000, 100
MODULES, DEVICES, WAITING = 20, 200, 1_000
SETTLED_S = 14  # what came and went has been given back by then
BODY = b"b" * 200
PROPERTIES = [("line", "press 7"), ("machine", "m-1234"), ("unit", "C"), ("batch", "2026/11"), ("quality", "good")]
KEY = b"0123456789abcdef0123456789abcdef"


class Gateway(Headgate):
    """A hub with a listener of the dialect and a plain one, both over TLS, and one in the clear for what fills queues."""

    def __init__(self, directory: pathlib.Path, identities: list[str], routes: dict[str, str]):
        super().__init__(directory)
        self.edge_port, self.tls_port = free_port(), free_port()
        make_certificates(directory)
        tls = {"cert_file": str(directory / "server.pem"), "key_file": str(directory / "server.key")}
        self.config["listeners"] += [
            {"transport": "tls", "address": "127.0.0.1", "port": self.edge_port, "dialect": "iot-edge", "tls": tls},
            {"transport": "tls", "address": "127.0.0.1", "port": self.tls_port, "anonymous": True, "tls": tls}]
        known = [{"id": name, "primary_key": base64.b64encode(KEY).decode()} for name in identities]
        (directory / "identities.json").write_text(json.dumps({"identities": known}))
        self.config["iot_edge"] = {"hub_host_name": sdk.HOST, "device_id": "edge-1", "gateway_names": ["localhost"],
                                   "identities_file": str(directory / "identities.json")}
        self.config["routes"] = routes
        sdk.KEYS.update({name: KEY for name in identities})
        sdk.TLS_PORT, sdk.CA_FILE = self.edge_port, str(directory / "ca.pem")

    def tool(self, *words: str) -> None:
        done = subprocess.run([str(self.bin_dir / "headgate"), "--socket", str(self.directory / "data/admin.sock"), *words],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(done.stderr.strip())


def make_certificates(directory: pathlib.Path) -> None:
    """An authority, and by it a certificate for localhost."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "60"]
    for words in (["-subj", "/CN=Bench authority", "-keyout", "ca.key", "-out", "ca.pem"],
                  ["-CA", "ca.pem", "-CAkey", "ca.key", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext",
                   "basicConstraints=CA:FALSE", "-keyout", "server.key", "-out", "server.pem"]):
        subprocess.run(["openssl", "req", "-x509", *key, *words], cwd=directory, check=True, capture_output=True)


def row(what: str, value: float, unit: str, bar: float | None = None) -> None:
    met = "" if bar is None else f"  <= {bar:g} {unit}  {'yes' if value <= bar else 'no'}"
    print(f"{what:<66} {value:>9.3g} {unit:<5}{met}", flush=True)


# ---- CPU of a message ----

class Packets:
    """What comes from the hub, whole packets of it."""

    def __init__(self, stream: ssl.SSLSocket):
        self.stream, self.held = stream, b""

    def some(self) -> list[tuple[int, bytes]]:
        came = self.stream.recv(65536)
        if not came:
            raise BenchError("the hub has closed a connection")
        data, at, found = self.held + came, 0, []
        while len(data) - at >= 2:
            length, shift, start = 0, 0, at + 1
            while start < len(data):
                length |= (data[start] & 127) << shift
                shift += 7
                start += 1
                if data[start - 1] < 128:
                    break
            else:
                break
            if len(data) < start + length:
                break
            found.append((data[at], data[start:start + length]))
            at = start + length
        self.held = data[at:]
        return found


def consume(stream: ssl.SSLSocket, count: int, failed: list[str]) -> None:
    """Acknowledges that many messages."""
    packets, got = Packets(stream), 0
    try:
        while got < count:
            answers = b""
            for first, body in packets.some():
                if first >> 4 == 3:
                    topic = int.from_bytes(body[:2], "big")
                    answers += b"\x40\x02" + body[2 + topic:4 + topic]
                    got += 1
            stream.sendall(answers)
    except (BenchError, OSError) as error:
        failed.append(f"after {got} messages: {error}")


def produce(stream: ssl.SSLSocket, count: int, head: bytes, tail: bytes) -> None:
    """Publishes that many, so many at a time unacknowledged. The packet id stands between head and tail."""
    packets, sent, acknowledged = Packets(stream), 0, 0
    while acknowledged < count:
        room = min(count - sent, IN_FLIGHT - (sent - acknowledged))
        stream.sendall(b"".join(sdk.packet(0x32, head + struct.pack(">H", (sent + n) % 60_000 + 1) + tail) for n in range(room)))
        sent += room
        acknowledged += sum(first >> 4 == 4 for first, _ in packets.some())


def cpu_us(hub: Gateway, sender: ssl.SSLSocket, receiver: ssl.SSLSocket, count: int, head: bytes, tail: bytes) -> float:
    failed: list[str] = []
    before_s = hub.cpu_s()
    consumer = threading.Thread(target=consume, args=(receiver, count, failed))
    consumer.start()
    produce(sender, count, head, tail)
    consumer.join(60)
    if failed or consumer.is_alive():
        raise BenchError(failed[0] if failed else "the messages do not come")
    used_us = (hub.cpu_s() - before_s) / count * 1e6
    for stream in (sender, receiver):
        stream.close()
    return used_us


def through_dialect(hub: Gateway, count: int) -> float:
    receiver, sender = sdk.connected("edge-1/b"), sdk.connected("edge-1/a")
    receiver.subscribe("devices/edge-1/modules/b/inputs/#")
    bag = "&".join(f"{name}={sdk.quote(value)}" for name, value in PROPERTIES)
    topic = f"devices/edge-1/modules/a/messages/events/%24.on=o&{bag}/"
    return cpu_us(hub, sender.socket, receiver.socket, count, sdk.text(topic), BODY)


def plain(hub: Gateway, client_id: str) -> ssl.SSLSocket:
    stream = ssl.create_default_context(cafile=sdk.CA_FILE).wrap_socket(
        socket.create_connection(("127.0.0.1", hub.tls_port), 60), server_hostname="localhost")
    stream.sendall(sdk.packet(0x10, sdk.text("MQTT") + b"\x05\x02\0\xb4\0" + sdk.text(client_id)))
    if stream.recv(4096)[3] != 0:
        raise BenchError("a plain client is refused")
    return stream


def through_plain(hub: Gateway, count: int) -> float:
    receiver, sender = plain(hub, "plain-b"), plain(hub, "plain-a")
    receiver.sendall(sdk.packet(0x82, b"\0\1\0" + sdk.text("modules/c/inputs/#") + b"\1"))
    receiver.recv(4096)
    section = b"".join(b"\x26" + sdk.text(name) + sdk.text(value) for name, value in PROPERTIES)
    return cpu_us(hub, sender, receiver, count, sdk.text("plain/telemetry"), bytes([len(section)]) + section + BODY)


def cost(directory: pathlib.Path, part: int) -> None:
    routes = {"edge": "FROM /messages/modules/a/outputs/* INTO BrokeredEndpoint('/modules/b/inputs/in')",
              "plain": "FROM 'plain/telemetry' INTO BrokeredEndpoint('/modules/c/inputs/in')"}
    hub = Gateway(directory / "cost", ["edge-1/a", "edge-1/b"], routes)
    hub.start()
    try:
        edge, other = [], []
        for through in (through_plain, through_dialect):
            through(hub, MESSAGES // part)  # so that neither pays for what comes once
        for _ in range(PAIRS):
            other.append(through_plain(hub, MESSAGES // part))
            edge.append(through_dialect(hub, MESSAGES // part))
        row("CPU of a message: plain MQTT 5", statistics.median(other), "us")
        row("CPU of a message: the dialect", statistics.median(edge), "us")
        row("  the dialect against plain, pair by pair", statistics.median(a / b for a, b in zip(edge, other)), "x", COST_RATIO)
    finally:
        hub.stop()


# ---- memory ----

def come_in(name: str) -> sdk.Client:
    """Subscribed to all that the SDK subscribes to, with 4 KB reported."""
    client = sdk.connected(name)
    device, _, module = name.partition("/")
    own = f"devices/{device}/modules/{module}/inputs/#" if module else f"devices/{device}/messages/devicebound/#"
    client.subscribe(own)
    for wanted in ("$iothub/twin/res/#", "$iothub/twin/PATCH/properties/desired/#", "$iothub/methods/POST/#"):
        client.subscribe(wanted, 0)
    client.publish("$iothub/twin/PATCH/properties/reported/?$rid=1", four_kb("r"), 0)
    if not client.answer()[0].startswith("$iothub/twin/res/204/"):
        raise BenchError(f"the report of {name} is refused")
    return client


def four_kb(letter: str) -> bytes:
    return json.dumps({"a": letter * 3_000, "b": letter * 1_000}).encode()


def memory(directory: pathlib.Path, part: int) -> None:
    modules, devices = [f"edge-1/m{n}" for n in range(MODULES)], [f"leaf-{n}" for n in range(DEVICES)]
    routes = {f"r{n}": f"FROM 'fill/{n}' INTO BrokeredEndpoint('/modules/m{n}/inputs/in')" for n in range(MODULES)}
    hub = Gateway(directory / "memory", modules + devices, routes)
    hub.start()
    try:
        time.sleep(SETTLED_S // part)
        row("Memory with nobody connected", hub.rss_bytes() / 2**20, "MiB")
        clients = [come_in(name) for name in modules + devices]
        row(f"  {MODULES} modules and {DEVICES} devices connected, 4 KB reported by each", hub.rss_bytes() / 2**20, "MiB")
        for name in modules + devices:
            hub.tool("twin", "set", name, four_kb("d").decode())
        row("  4 KB desired by each", hub.rss_bytes() / 2**20, "MiB")
        for number in range(MODULES):
            hub.tool("bench", "pub", "--port", str(hub.port), "--qos", "1", "--topic", f"fill/{number}", "--count", str(WAITING // part),
                     "--clients", "1", "--size", "200")
        waiting = sum(hub.waiting_in(f"modules/m{number}/inputs/in") for number in range(MODULES))
        if waiting != MODULES * (WAITING // part):
            raise BenchError(f"{waiting} messages wait")
        row(f"  {waiting:,} messages wait for modules that take none", hub.rss_bytes() / 2**20, "MiB", MEMORY_MIB)
        time.sleep(SETTLED_S // part)
        row(f"  {SETTLED_S // part} s later", hub.rss_bytes() / 2**20, "MiB", MEMORY_MIB)
        if len(hub.ask("/v1/clients")["clients"]) < len(clients):
            raise BenchError("clients have gone")
    finally:
        hub.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description="What IoT Edge's dialect costs a hub.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR",
                        help="where headgated and headgate are (default build/release/bin)")
    arguments = parser.parse_args()
    Headgate.bin_dir = arguments.bin.resolve()
    part = 10 if arguments.quick else 1
    failed = 0
    with tempfile.TemporaryDirectory(dir=Headgate.bin_dir.parent) as scratch:
        for measured in (cost, memory):
            try:
                measured(pathlib.Path(scratch), part)
            except (AssertionError, BenchError, OSError, sdk.Closed) as error:
                failed += 1
                print(f"did not run: {error!r}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
