#!/usr/bin/python3
"""Bytes that go up the line for a reading: Headgate's batches beside Mosquitto's bridge and a NATS leaf node.

    tools/dev bench wire [--count N] [--recorded FILE] [--bin DIR]

A backlog is published at full speed while nothing is there to send it to; then the broker above comes, and what the hub
sends is counted on its socket: TCP payload, without TLS. --recorded (or HEADGATE_RECORDED) is a CSV file with a header
whose lines are sent too. Exit code: 0 when everything ran, 1 otherwise; missing a bar is a result, not a failure.
"""

import argparse
import os
import pathlib
import socket
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import nats  # noqa: E402
import streams  # noqa: E402
from brokers import BenchError, Broker, Headgate, Mosquitto, free_port  # noqa: E402

ROOT = HERE.parents[2]

LIVE_PER_S = 1000  # readings, where each is to have an arrival stamp of its own

# Stream, layout, messages a batch: the bar, as a part of the bridge's bytes or as bytes.
BARS = {
    ("plant", "rows", 1000): (1 / 10, "ratio"), ("plant", "columns", 100): (1 / 12, "ratio"),
    ("plant", "columns", 1000): (1 / 22, "ratio"), ("smooth", "rows", 1000): (1 / 12, "ratio"),
    ("one field", "columns", 1000): (3.5, "bytes"),
}


class CountingRelay:
    """Passes one connection at a time on to a port and counts what goes each way. A thread for each direction."""

    def __init__(self, port: int, to_port: int):
        self.up = self.down = 0
        self.to_port = to_port
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.to_port))
            except OSError:
                return
            threading.Thread(target=self.pass_on, args=(server, client, "down"), daemon=True).start()
            self.pass_on(client, server, "up")

    def pass_on(self, source: socket.socket, target: socket.socket, way: str) -> None:
        try:
            while data := source.recv(1 << 16):
                setattr(self, way, getattr(self, way) + len(data))
                target.sendall(data)
        except OSError:
            pass
        target.close()

    def close(self) -> None:
        self.listener.close()


def mqtt_text(text: str) -> bytes:
    return len(text.encode()).to_bytes(2, "big") + text.encode()


def publish_packet(reading: streams.Reading, packet_id: int) -> bytes:
    rest = mqtt_text(reading.topic) + packet_id.to_bytes(2, "big") + reading.body.encode()
    length, left = b"", len(rest)
    while left > 127:
        length += bytes([left & 127 | 128])
        left >>= 7
    return b"\x32" + length + bytes([left]) + rest


def receive(connection: socket.socket, count: int) -> None:
    while count > 0:
        data = connection.recv(count)
        if not data:
            raise BenchError("the hub closed the connection of the publisher")
        count -= len(data)


def publish(port: int, readings: list[streams.Reading], per_s: int) -> None:
    """All of them at QoS 1: some hundreds at a time, or one by one at a rate, so that each has its own arrival stamp."""
    packets = [publish_packet(reading, i % 65535 + 1) for i, reading in enumerate(readings)]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connect = mqtt_text("MQTT") + b"\x04\x02\x00\x3c" + mqtt_text("bench")
        connection.sendall(b"\x10" + bytes([len(connect)]) + connect)
        receive(connection, 4)
        at_once, begin = 1 if per_s else 500, time.monotonic()
        for at in range(0, len(packets), at_once):
            part = packets[at:at + at_once]
            connection.sendall(b"".join(part))
            receive(connection, 4 * len(part))
            if per_s:
                time.sleep(max(0.0, begin + (at + 1) / per_s - time.monotonic()))


class TakesMqtt:
    def take(self, readings: list[streams.Reading], per_s: int) -> None:
        publish(self.port, readings, per_s)


class Bridge(TakesMqtt, Mosquitto):
    def aim(self, port: int) -> None:
        self.send_upstream(port)
        self.lines = [line.replace("bench/load/#", "plant/#") for line in self.lines]

    def drained(self, relay: CountingRelay, count: int) -> bool:
        return relay.down >= 4 * count  # a PUBACK each


class Hub(TakesMqtt, Headgate):
    layout, messages = "rows", 1000

    def aim(self, port: int) -> None:
        self.send_upstream(port)
        self.config["routes"] = {"up": "FROM 'plant/#' INTO $upstream"}
        self.config["upstream"]["batch"] = {"layout": self.layout, "messages_max": self.messages}

    def drained(self, relay: CountingRelay, count: int) -> bool:
        return self.waiting_in("$upstream") == 0


def bytes_up(edge: Broker, cloud_port: int, readings: list[streams.Reading], per_s: int) -> float:
    """Bytes a reading that `edge` sends up, which has not started yet."""
    port = free_port()
    edge.aim(port)
    edge.start()
    relay = None
    try:
        edge.take(readings, per_s)
        relay = CountingRelay(port, cloud_port)
        deadline = time.monotonic() + 120
        while not edge.drained(relay, len(readings)):
            if time.monotonic() > deadline:
                raise BenchError(f"{edge.name} has not sent all of its backlog after 120 s")
            time.sleep(0.2)
        return relay.up / len(readings)
    finally:
        edge.stop()
        if relay:
            relay.close()


def judged(stream: str, layout: str, messages: int, size: float, bridge: float) -> str:
    bar, kind = BARS.get((stream, layout, messages), (None, ""))
    if bar is None:
        return ""
    text = f"<= 1/{1 / bar:.0f}" if kind == "ratio" else f"<= {bar} B"
    return f"{text:<10} {'yes' if (size / bridge if kind == 'ratio' else size) <= bar else 'no'}"


def measure_nats(stream: str, readings: list[streams.Reading], scratch: pathlib.Path, bridge: float) -> None:
    above = nats.Above(scratch / f"{stream}-above")
    try:
        above.start()
        above.begin()
        size = bytes_up(nats.Leaf(scratch / f"{stream}-leaf", above), above.leaf_port, readings, 0)
        print(f"{stream:<10} NATS leaf node           {size:8.2f} B  1/{bridge / size:.1f}", flush=True)
    except BenchError as error:
        print(f"{stream:<10} NATS leaf node           SKIPPED: {error}", flush=True)
    finally:
        above.stop()


def measure(stream: str, readings: list[streams.Reading], scratch: pathlib.Path, per_s: int = 0) -> None:
    cloud = Mosquitto(scratch / "cloud")
    cloud.start()
    try:
        bridge = bytes_up(Bridge(scratch / f"{stream}-bridge"), cloud.port, readings, per_s)
        print(f"{stream:<10} Mosquitto's bridge       {bridge:8.2f} B", flush=True)
        measure_nats(stream, readings, scratch, bridge)
        for layout in ("rows", "columns"):
            for messages in (100, 1000):
                hub = Hub(scratch / f"{stream}-{layout}-{messages}")
                hub.layout, hub.messages = layout, messages
                size = bytes_up(hub, cloud.port, readings, per_s)
                print(f"{stream:<10} {layout:<8} of {messages:>5,}        {size:8.2f} B  1/{bridge / size:<6.1f}"
                      f"{judged(stream, layout, messages, size, bridge)}".rstrip(), flush=True)
    finally:
        cloud.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description="Bytes up the line for a reading.")
    parser.add_argument("--count", type=int, default=20_000, help="readings of each stream (default 20,000)")
    parser.add_argument("--recorded", type=pathlib.Path, default=os.environ.get("HEADGATE_RECORDED"), metavar="FILE",
                        help="a CSV file with a header; its lines are a stream")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR",
                        help="where headgated is (default build/release/bin)")
    arguments = parser.parse_args()
    Headgate.bin_dir = arguments.bin.resolve()
    made = {"plant": streams.plant, "smooth": streams.smooth, "one field": streams.one_field}
    failed = False
    with tempfile.TemporaryDirectory(dir=arguments.bin.resolve().parent) as scratch:
        for name, stream in made.items():
            try:
                measure(name, list(stream(arguments.count)), pathlib.Path(scratch))
            except BenchError as error:
                print(f"{name:<10} {error}")
                failed = True
        measure("plant live", list(streams.plant(LIVE_PER_S * 4)), pathlib.Path(scratch), LIVE_PER_S)
        if arguments.recorded:
            measure("recorded", list(streams.recorded(pathlib.Path(arguments.recorded), arguments.count)),
                    pathlib.Path(scratch))
        else:
            print("recorded   SKIPPED: no --recorded FILE")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
