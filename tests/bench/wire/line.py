#!/usr/bin/python3
"""How well a long and thin line is used: a backlog drains over a link of 300 ms round trip and 1 Mbit/s.

    tools/dev bench line [--seconds N] [--rate BITS] [--round-trip MS] [--bin DIR]

The line is a relay in this process: bytes leave it at the rate, each half a round trip after it has entered, and no more
than a tenth of a second of them is held. A backlog is published while the line is down; from the first batch to the last
what leaves the line is counted, and the memory of the hub is read. Mosquitto's bridge goes over the same line for N
seconds at most. Exit code: 0 when everything ran; missing a bar is a result, not a failure.
"""

import argparse
import asyncio
import contextlib
import pathlib
import statistics
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import streams  # noqa: E402
import wire  # noqa: E402
from brokers import BenchError, Broker, Headgate, Mosquitto, free_port  # noqa: E402

LINE_BAR = 0.9        # of the line's rate
HELD_S = 0.1          # what the line holds, as a router's buffer
DATAGRAM_BYTES = 1460  # taken at a time
READINGS_AT_ONCE = 50_000


class Line:
    """A long and thin line before a port, as a thread of its own. A byte is counted when it leaves."""

    def __init__(self, port: int, to_port: int, bytes_per_s: float, one_way_s: float):
        self.to_port, self.bytes_per_s, self.one_way_s = to_port, bytes_per_s, one_way_s
        self.up = self.down = 0
        self.first_s = self.last_s = 0.0  # when the first and the last byte went up
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", port, limit=4096))
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        above_reader, above_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(self.carry(reader, above_writer, "up"), self.carry(above_reader, writer, "down"),
                                 return_exceptions=True)

    async def carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: str) -> None:
        under_way: asyncio.Queue = asyncio.Queue()
        deliver = asyncio.ensure_future(self.deliver(under_way, sink, way))
        free_s = time.monotonic()  # when the line has sent all that it took
        while data := await source.read(DATAGRAM_BYTES):
            now_s = time.monotonic()
            free_s = max(now_s, free_s) + len(data) / self.bytes_per_s
            under_way.put_nowait((free_s + self.one_way_s, data))
            await asyncio.sleep(max(0.0, free_s - HELD_S - now_s))
        under_way.put_nowait((0.0, b""))
        await deliver

    async def deliver(self, under_way: asyncio.Queue, sink: asyncio.StreamWriter, way: str) -> None:
        while True:
            due_s, data = await under_way.get()
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            if not data or sink.is_closing():
                sink.close()
                return
            sink.write(data)
            setattr(self, way, getattr(self, way) + len(data))
            if way == "up":
                self.last_s = time.monotonic()
                self.first_s = self.first_s or self.last_s

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def end(self) -> None:
        self.server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def used(self) -> float:
        """Part of the line's rate that went up between the first byte and the last."""
        return self.up / max(self.last_s - self.first_s, 1e-9) / self.bytes_per_s


class Passthrough(wire.Hub):
    """One message after the other, as many at a time as the broker above allows."""

    def aim(self, port: int) -> None:
        super().aim(port)
        del self.config["upstream"]["batch"], self.config["upstream"]["topic"]
        self.config["upstream"]["mode"] = "passthrough"


def drain(edge: Broker, above: Broker, arguments: argparse.Namespace, count: int) -> None:
    """Publishes `count` readings while the line is down, and prints what the line carried after that."""
    port = free_port()
    edge.aim(port)
    edge.start()
    line = None
    try:
        for begin in range(0, count, READINGS_AT_ONCE):
            edge.take(list(streams.plant(min(READINGS_AT_ONCE, count - begin))), 0)
        line = Line(port, above.port, arguments.rate / 8, arguments.round_trip / 2000)
        rss, begin_s = [], time.monotonic()
        while not edge.drained(line, count) and (not line.up or line.last_s - line.first_s < arguments.seconds):
            if time.monotonic() - begin_s > 2 * arguments.seconds + 60:
                raise BenchError(f"{edge.name} did not get along: {line.up:,} bytes went up")
            time.sleep(0.2)
            if line.up:
                rss.append(edge.rss_bytes() / 2**20)
        tenth = max(len(rss) // 10, 1)
        print(f"{edge.label:<22} {line.up:>11,} B in {line.last_s - line.first_s:5.1f} s, {line.used():6.1%} of the line; "
              f"memory {statistics.median(rss[:tenth]):.1f} MiB first, {max(rss):.1f} at most, "
              f"{statistics.median(rss[-tenth:]):.1f} last", flush=True)
    finally:
        edge.stop()
        if line:
            line.close()


def main() -> int:
    parser = argparse.ArgumentParser(description="How well a long and thin line is used.")
    parser.add_argument("--seconds", type=int, default=60, help="how long a drain lasts at most (default 60)")
    parser.add_argument("--rate", type=float, default=1e6, metavar="BITS", help="bits a second (default 1,000,000)")
    parser.add_argument("--round-trip", type=float, default=300, metavar="MS", help="milliseconds (default 300)")
    parser.add_argument("--bin", type=pathlib.Path, default=wire.ROOT / "build/release/bin", metavar="DIR",
                        help="where headgated is (default build/release/bin)")
    arguments = parser.parse_args()
    Headgate.bin_dir = arguments.bin.resolve()
    bytes_max = arguments.rate / 8 * arguments.seconds
    with tempfile.TemporaryDirectory(dir=arguments.bin.resolve().parent) as scratch:
        above = Mosquitto(pathlib.Path(scratch) / "above")
        above.start()
        # Each with as many readings as last so long: what one takes on the line is known from `tools/dev bench wire`.
        kinds = [(wire.Bridge, "Mosquitto's bridge", "", 240), (Passthrough, "passthrough", "", 240),
                 (wire.Hub, "batches of rows", "rows", 24), (wire.Hub, "batches of columns", "columns", 10)]
        try:
            for number, (kind, label, layout, reading_bytes) in enumerate(kinds):
                edge = kind(pathlib.Path(scratch) / str(number))
                edge.label, edge.layout = label, layout
                drain(edge, above, arguments, int(bytes_max * 1.3 / reading_bytes))
        finally:
            above.stop()
    print(f"bar: {LINE_BAR:.0%} of the line by batches, memory flat")
    return 0


if __name__ == "__main__":
    sys.exit(main())
