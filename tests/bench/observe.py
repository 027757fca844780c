#!/usr/bin/python3
"""What it costs a hub to be looked at: memory and wake-ups with HTTP on, start until ready, scrapes, listings, filters.

    tools/dev bench observe [--quick] [--bin DIR]

A hub with as many queues as are named is scraped, with the CPU that its loop takes for each scrape counted by the
kernel: no turn of the loop can be longer than that. Then local clients exchange 2,000 messages a second, once in peace
and once while somebody scrapes every second and reads a long queue through a filter. Exit code: 0 when everything ran,
1 otherwise; missing a bar is a result, not a failure.
"""

import argparse
import collections.abc
import http.client
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import disturbance
from brokers import BenchError, Headgate, free_port
from scenarios import Bench

ROOT = pathlib.Path(__file__).resolve().parents[2]

START_S, IDLE_MIB, WAKE_UPS_PER_S, SCRAPE_MS, LOOP_MS, P99_RATIO = 0.3, 22, 2, 20, 0.5, 1.5
SETTLED_S = 14  # what the start left in the allocator has gone back by then
ROUNDS = 5
LONG_QUEUE = "%24upstream"


class Observed(Headgate):
    """A hub with HTTP on."""

    def __init__(self, directory: pathlib.Path):
        super().__init__(directory)
        self.http_port = free_port()
        self.config["admin"] = {"http": {"port": self.http_port}}

    def get(self, path: str) -> tuple[int, bytes]:
        door = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=60)
        try:
            door.request("GET", path, headers={"Authorization": f"Bearer {self.token()}"})
            answer = door.getresponse()
            return answer.status, answer.read()
        finally:
            door.close()

    def token(self) -> str:
        lines = (self.directory / "data/http-token").read_text().splitlines()
        return next(line for line in lines if line and not line.startswith("#")).split()[-1]

    def start_until_ready(self) -> float:
        begun_s = time.monotonic()
        self.start()
        while True:
            try:
                if self.get("/readyz")[0] == 200:
                    return time.monotonic() - begun_s
            except OSError:
                pass
            if time.monotonic() - begun_s > 60:
                raise BenchError("the hub is not ready after a minute")
            time.sleep(0.002)

    def wake_ups(self) -> int:
        """Times that any of its threads went to sleep of its own will."""
        task = pathlib.Path(f"/proc/{self.process.pid}/task")
        return sum(int((thread / "status").read_text().partition("\nvoluntary_ctxt_switches:")[2].split()[0])
                   for thread in task.iterdir())

    def loop_cpu_s(self) -> float:
        """CPU of the loop, which is the process's first thread."""
        path = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/schedstat")
        return int(path.read_text().split()[0]) / 1e9


def row(what: str, value: float, unit: str, bar: float | None = None) -> None:
    met = "" if bar is None else f"  <= {bar:g} {unit}  {'yes' if value <= bar else 'no'}"
    print(f"{what:<66} {value:>9.3g} {unit:<5}{met}", flush=True)


def idle(directory: pathlib.Path) -> None:
    starts = []
    for number in range(5):
        hub = Observed(directory / f"start{number}")
        starts.append(hub.start_until_ready())
        hub.stop()
    row("Start until ready, empty directory", statistics.median(starts), "s", START_S)
    hub = Observed(directory / "idle")
    hub.start_until_ready()
    try:
        time.sleep(SETTLED_S)
        before, begun_s = hub.wake_ups(), time.monotonic()
        time.sleep(10)
        row("Idle hub with HTTP: RSS", hub.rss_bytes() / 2**20, "MiB", IDLE_MIB)
        row("Idle hub with HTTP: wake-ups", (hub.wake_ups() - before) / (time.monotonic() - begun_s), "/s",
            WAKE_UPS_PER_S)
    finally:
        hub.stop()


def scrapes(directory: pathlib.Path, queues: int) -> None:
    hub = Observed(directory / "queues")
    hub.start_until_ready()
    clients = subprocess.Popen(
        [str(Headgate.bin_dir / "headgate"), "bench", "sub", "--json", "--port", str(hub.port), "--clients", str(queues), "--topic", "queue/%i",
         "--persistent", "--qos", "1", "--duration", "20"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline_s = time.monotonic() + 20
        while len(hub.ask("/v1/queues")["queues"]) < queues:
            if time.monotonic() > deadline_s:
                raise BenchError(f"only {len(hub.ask('/v1/queues')['queues'])} of {queues} queues are there")
            time.sleep(0.2)
        for path in ("/metrics", "/v1/queues", "/v1/clients"):
            measure(hub, path, f"{path} with {queues:,} queues")
    finally:
        clients.terminate()
        clients.wait()
        hub.stop()


def measure(hub: Observed, path: str, what: str) -> None:
    times, turns, size = [], [], 0
    hub.get(path)
    for _ in range(20):
        cpu_s, begun_s = hub.loop_cpu_s(), time.monotonic()
        status, body = hub.get(path)
        times.append((time.monotonic() - begun_s) * 1000)
        turns.append((hub.loop_cpu_s() - cpu_s) * 1000)
        size = len(body)
        if status != 200:
            raise BenchError(f"{path} answered {status}")
        time.sleep(0.05)
    row(f"{what}: answered ({size / 1024:.0f} KiB)", statistics.median(times), "ms", SCRAPE_MS)
    row(f"{what}: CPU of the loop, all its turns", statistics.median(turns), "ms", LOOP_MS)


class Watched:
    """Somebody scrapes once a second, and goes through the long queue with a filter that nothing passes."""

    def __init__(self, hub: Observed, queue_path: str | None):
        self.hub, self.queue_path = hub, queue_path
        self.ended = threading.Event()
        self.rows = 0
        self.threads = [threading.Thread(target=self.scrape), threading.Thread(target=self.filter)]

    def __enter__(self) -> "Watched":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def scrape(self) -> None:
        while not self.ended.wait(1):
            self.hub.get("/metrics")

    def filter(self) -> None:
        cursor = ""
        while self.queue_path and not self.ended.is_set():
            status, body = self.hub.get(self.queue_path + (f"&cursor={cursor}" if cursor else ""))
            if status != 200:
                print(f"the filter answered {status}: {body[:200]!r}", file=sys.stderr)
                return
            answer = json.loads(body)
            self.rows += answer["looked"]
            cursor = "" if answer["done"] else answer["next"]


def with_backlog(bench: Bench, name: str, count: int) -> Observed:
    hub = Observed(bench.directory / name)
    hub.config["upstream"] = {"host": "127.0.0.1", "port": free_port(),
                              "backoff": {"base_ms": 60_000, "cap_ms": 60_000}}
    hub.keep_messages()
    hub.start_until_ready()
    bench.load(hub.port, "pub", clients=4, qos=1, readings=True, count=count, duration=240)
    return hub


def while_watched(bench: Bench, count: int) -> None:
    hub, second = with_backlog(bench, "watched", count), with_backlog(bench, "second", count)
    try:
        path = f"/v1/queues/{LONG_QUEUE}/messages?topic=never%2Fpublished"
        quiet, watched, control, rows = [], [], [], 0
        for _ in range(ROUNDS):
            quiet.append(disturbance.local_p99_ms(bench, hub))
            with Watched(hub, path) as by:
                watched.append(disturbance.local_p99_ms(bench, hub))
            with Watched(second, path):
                control.append(disturbance.local_p99_ms(bench, hub))
            rows += by.rows
        row(f"Local p99 at 2,000/s, {count:,} wait: in peace", statistics.median(quiet), "ms")
        row(f"  a scrape a second, a filter over the queue ({rows:,} rows read)", statistics.median(watched), "ms")
        row("  against in peace", statistics.median(watched) / statistics.median(quiet), "x", P99_RATIO)
        row("  while a second hub beside it is watched so", statistics.median(control), "ms")
    finally:
        hub.stop()
        second.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description="What it costs a hub to be looked at.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages and queues")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR",
                        help="where headgated and headgate are (default build/release/bin)")
    arguments = parser.parse_args()
    Headgate.bin_dir = arguments.bin.resolve()
    part = 10 if arguments.quick else 1
    with tempfile.TemporaryDirectory(dir=Headgate.bin_dir.parent) as scratch:
        bench = Bench(pathlib.Path(scratch), Headgate.bin_dir, arguments.quick)
        parts: list[collections.abc.Callable[[], None]] = [
            lambda: idle(bench.directory), lambda: scrapes(bench.directory, 1_000 // part),
            lambda: while_watched(bench, 1_000_000 // part)]
        failed = 0
        for part_of_it in parts:
            try:
                part_of_it()
            except BenchError as error:
                failed += 1
                print(f"did not run: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
