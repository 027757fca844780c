#!/usr/bin/python3
"""What the console costs: CPU of a hub that browsers watch, and how smooth its pages are at a large one.

    tools/dev bench console [--quick] [--bin DIR]

A hub routes 1,000 messages a second while none and while three browsers have its flow view open, in turn. Then a hub
with 200 routes, 1,000 queues and 5,000 clients is opened in a browser, whose tasks of more than 50 ms are counted once
a view has loaded. Exit code: 0 when everything ran, 1 otherwise; missing a bar is a result, not a failure.
"""

import argparse
import contextlib
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from brokers import BenchError, Headgate
from observe import Observed, row
from scenarios import Bench

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ROOT / "tests/e2e/console"

BROWSERS, CPU_PERCENT, LONG_TASK_MS, LOAD_MS = 3, 2, 50, 1_000
RATE = 1_000
ROUNDS = 3
SECONDS = 15
VIEWS = ("#/flow", "#/queue", "#/clients", "#/route", "#/topics")


def site_routes() -> dict[str, str]:
    return {
        "up": "FROM 'plant/#' INTO $upstream",
        "to-detector": "FROM 'plant/#' WHERE $body.celsius > 80 INTO BrokeredEndpoint('/modules/detector/inputs/hot')",
        "minutes": "SELECT topic_level(2) AS machine, count(*) AS readings FROM 'plant/#'"
                   " GROUP BY topic_level(2), Tumbling(1m) INTO $null"}


def many_routes(count: int) -> dict[str, str]:
    return {f"line-{number:03}": f"FROM 'line/{number}/+' INTO BrokeredEndpoint('/modules/m{number % 40}/inputs/line{number % 100}')"
            for number in range(count)}


class Browsers:
    """Programs of npm, which are kept in the folder, drive Debian's Chromium."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        for program in ("node", "npm", "chromium"):
            if shutil.which(program) is None:
                raise BenchError(f"there is no {program} here")
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", "watch.js"):
            shutil.copy(PAGES / name, folder)
        if not (folder / "node_modules").is_dir():
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)

    @contextlib.contextmanager
    def watching(self, hub: Observed, count: int, seconds: float, views: tuple[str, ...] = ("#/flow",)) -> Iterator[dict]:
        """They watch inside of it. The report is filled at its end."""
        command = ["node", "watch.js", "--url", f"http://127.0.0.1:{hub.http_port}", "--token", hub.token(), "--browsers", str(count),
                   "--seconds", str(seconds), "--views", ",".join(views)]
        report: dict = {}
        with subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as watch:
            try:
                if watch.stdout.readline().strip() != "watching":
                    raise BenchError("the browsers did not come to see the hub")
                yield report
                report.update(json.loads(watch.stdout.readline() or "{}"))
            finally:
                watch.terminate()
        if not report:
            raise BenchError("the browsers said nothing")


@contextlib.contextmanager
def load(bench: Bench, hub: Headgate, verb: str, **options: object) -> Iterator[None]:
    with subprocess.Popen(bench.load_command(hub.port, verb, no_progress=True, **options), stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def cpu_percent(hub: Headgate, seconds: float) -> float:
    before, begun_s = hub.cpu_s(), time.monotonic()
    time.sleep(seconds)
    return 100 * (hub.cpu_s() - before) / (time.monotonic() - begun_s)


def watched(bench: Bench, browsers: Browsers) -> None:
    """Alternates, so that what the machine does besides falls on both."""
    seconds = bench.count(SECONDS, 5)
    hub = Observed(bench.directory / "watched")
    hub.config["routes"] = site_routes()
    hub.start_until_ready()
    alone, beside = [], []
    try:
        with load(bench, hub, "pub", clients=10, qos=1, rate=RATE, topic="plant/%i/temperature", readings=True, duration=600):
            time.sleep(3)
            for _ in range(bench.count(ROUNDS, 1)):
                alone.append(cpu_percent(hub, seconds))
                with browsers.watching(hub, BROWSERS, seconds):
                    beside.append(cpu_percent(hub, seconds))
    finally:
        hub.stop()
    row(f"CPU of the hub at {RATE:,} messages/s: nobody watches", statistics.median(alone), "%")
    row(f"  {BROWSERS} browsers show its flow", statistics.median(beside), "%")
    row("  what they cost, of a core", statistics.median(beside) - statistics.median(alone), "%", CPU_PERCENT)


def large(bench: Bench, browsers: Browsers) -> None:
    part = bench.count(1, 10)
    routes, queues, clients = 200 // part, 1_000 // part, 5_000 // part
    hub = Observed(bench.directory / "large")
    hub.config["routes"] = many_routes(routes)
    hub.config["limits"]["connect_rate_max"] = 10_000
    hub.start_until_ready()
    seconds = bench.count(SECONDS, 5)
    try:
        bench.load(hub.port, "sub", clients=queues, topic="line/%i/#", persistent=True, qos=1, leave=True, client_id="away")
        with load(bench, hub, "sub", clients=clients - queues, topic="display/%i", client_id="here", duration=600), \
             load(bench, hub, "pub", clients=10, qos=1, rate=RATE, topic="line/%i/reading", readings=True, duration=600):
            wait_for(hub, "clients", clients)
            for view in VIEWS:
                with browsers.watching(hub, 1, seconds, (view,)) as report:
                    pass
                tell(view, report["views"][view], f"{routes:,} routes, {queues:,} queues, {clients:,} clients")
    finally:
        hub.stop()


def wait_for(hub: Observed, what: str, count: int) -> None:
    deadline_s = time.monotonic() + 60
    while (known := len(hub.ask(f"/v1/{what}")[what])) < count:
        if time.monotonic() > deadline_s:
            raise BenchError(f"only {known} of {count} {what} are there")
        time.sleep(0.5)


def tell(view: str, seen: dict, size: str) -> None:
    row(f"{view} with {size}: loaded", seen["load_ms"], "ms", LOAD_MS)
    row("  longest task while it loads", seen["loading_ms"], "ms", LONG_TASK_MS)
    row(f"  longest task of those above 50 ms afterwards ({seen['long_tasks']} of them)", seen["longest_ms"], "ms", LONG_TASK_MS)
    row("  CPU of the page", 100 * seen["busy"], "%")


def main() -> int:
    parser = argparse.ArgumentParser(description="What the console costs a hub and a browser.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the routes, queues and clients, and a third of the time")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR",
                        help="where headgated and headgate are (default build/release/bin)")
    arguments = parser.parse_args()
    Headgate.bin_dir = arguments.bin.resolve()
    failed = 0
    with tempfile.TemporaryDirectory(dir=Headgate.bin_dir.parent) as scratch:
        bench = Bench(pathlib.Path(scratch), Headgate.bin_dir, arguments.quick)
        browsers = Browsers(ROOT / "build/bench_console")
        for part in (watched, large):
            try:
                part(bench, browsers)
            except (BenchError, subprocess.SubprocessError) as error:
                failed += 1
                print(f"did not run: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
