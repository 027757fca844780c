#!/usr/bin/env python3
"""Soaks one hub for a number of minutes and says what it found; exits with 1 if that is anything.

2,000 clients of which a tenth comes and goes, retained messages and wills, a queue for a module, one for the
cloud and one that is full, a link that is up and down every minute, SIGHUP every ten seconds with good and with bad files, and
a log that is read at 1 kB/s. At the end nothing that was acknowledged may be missing, `headgate store check`
must find the store sound, and memory, descriptors, files and log must have been flat.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from client import Client, Ledger  # noqa: E402
from judge import Sample, look, not_flat  # noqa: E402
from ports import free_port  # noqa: E402

FLAPPING_PART = 10
PUBLISHERS = 20
WATCHERS = 10  # of retained messages
SAMPLE_S = 5.0
RELOAD_S = 10.0
LINK_S = 60.0
PING_S = 25.0
LOG_BYTES_PER_S = 1000
DRAIN_S = 90.0

GOOD_ROUTES = {"routes": {"extra": "FROM 'extra/#' INTO $upstream"}}
OTHER_GOOD_ROUTES = {"routes": {"extra": {"route": "FROM 'extra/#' INTO $upstream", "priority": 3}}}
# What an editor, a full disk or a slip of the hand leaves for a moment.
ROUTE_FILES = [json.dumps(GOOD_ROUTES), json.dumps(GOOD_ROUTES)[:25], json.dumps(OTHER_GOOD_ROUTES), "",
               json.dumps(GOOD_ROUTES), json.dumps(GOOD_ROUTES) + "}"]


async def until_accepting(port: int, within_s: float = 30) -> None:
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.05)
    raise SystemExit(f"nothing accepts on port {port}")


@dataclasses.dataclass
class Site:
    """Directory, ports and programs of one run."""

    directory: pathlib.Path
    bin: pathlib.Path
    port: int = dataclasses.field(default_factory=free_port)
    cloud_port: int = dataclasses.field(default_factory=free_port)
    link_port: int = dataclasses.field(default_factory=free_port)
    hub: subprocess.Popen | None = None
    others: list[subprocess.Popen] = dataclasses.field(default_factory=list)
    log_bytes: int = 0

    @property
    def data_dir(self) -> pathlib.Path:
        return self.directory / "data"

    def write_config(self, broken: bool = False) -> None:
        config = {
            "hub_id": "soaked", "data_dir": str(self.data_dir), "routes_dir": str(self.directory / "routes"),
            "listeners": [{"address": "127.0.0.1", "port": self.port}],
            "upstream": {"host": "127.0.0.1", "port": self.link_port,
                         "backoff": {"base_ms": 500, "cap_ms": 5000}},
            "routes": {
                "up": "FROM 'up/#' INTO $upstream",
                "work": "FROM 'work/#' INTO BrokeredEndpoint('/modules/worker/inputs/in')",
                "stuck": {"route": "FROM 'stuck/#' INTO BrokeredEndpoint('/modules/nobody/inputs/in')",
                          "queue": {"maxMessages": 500, "onFull": "reject"}}}}
        whole = json.dumps(config)
        (self.directory / "headgate.json").write_text(whole[:len(whole) // 2] if broken else whole)

    def write_routes(self, content: str) -> None:
        (self.directory / "routes" / "extra.json").write_text(content)

    def start_cloud(self) -> None:
        config = self.directory / "mosquitto.conf"
        config.write_text(f"listener {self.cloud_port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
        mosquitto = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        with open(self.directory / "mosquitto.log", "wb") as log:
            self.others.append(subprocess.Popen([mosquitto, "-c", str(config)], stdout=log, stderr=log))

    def start_consumer(self) -> None:
        with open(self.directory / "consumed.ndjson", "wb") as out:
            self.others.append(subprocess.Popen(
                [self.bin / "headgate", "unbatch", "--host", "127.0.0.1", "--port", str(self.cloud_port),
                 "--client-id", "consumer"], stdout=out))

    def start_hub(self) -> int:
        """Returns the end of the pipe that is its log."""
        reading, writing = os.pipe()
        self.hub = subprocess.Popen([self.bin / "headgated", "--config", self.directory / "headgate.json"],
                                    stdin=subprocess.DEVNULL, stdout=writing, stderr=writing)
        os.close(writing)
        return reading

    def headgate(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.bin / "headgate", *words], capture_output=True, text=True, check=False)

    def status(self) -> dict:
        asked = self.headgate("status", "--json", "--socket", str(self.data_dir / "admin.sock"))
        return json.loads(asked.stdout) if asked.returncode == 0 else {}

    def stop_others(self) -> None:
        for process in self.others:
            process.terminate()
        for process in self.others:
            process.wait()


class Link:
    """A relay between the hub and its cloud that can be cut."""

    def __init__(self, site: Site):
        self._site = site
        self._up = True
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self) -> None:
        await asyncio.start_server(self._on_connection, "127.0.0.1", self._site.link_port)

    def set_up(self, up: bool) -> None:
        self._up = up
        if not up:
            for writer in self._open:
                writer.transport.abort()

    async def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._up:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._site.cloud_port)
        ends = {writer, far_writer}
        self._open |= ends
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        self._open -= ends

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()


class Soak:
    """The clients and whatever else happens to the hub. Every coroutine runs until it is cancelled."""

    def __init__(self, site: Site, clients: int):
        self.site = site
        self.clients = clients
        self.ledger = Ledger()
        self.retained: dict[str, set[str]] = {}  # values of a topic that may be the last
        self.samples: list[Sample] = []
        self.surprises: list[str] = []
        self.publishing = True
        self.dice = random.Random(11)
        self.link = Link(site)

    # ---- clients ----

    async def idle(self, number: int) -> None:
        client = Client(f"idle-{number}")
        watches = number < WATCHERS
        await self._stay(client, "state/#" if watches else None)

    async def _stay(self, client: Client, topic_filter: str | None, session_s: int = 0) -> None:
        await client.connect(self.site.port, session_s)
        if topic_filter:
            await client.subscribe(topic_filter, 1)
        while not client.closed.done():
            client.ping()
            await asyncio.wait([client.closed], timeout=PING_S)
        self.surprises.append(f"{client.client_id} was disconnected")

    async def flapping(self, number: int) -> None:
        topic = f"state/{number}"
        for turn in range(1 << 30):
            client = Client(f"flapping-{number}")
            died, lives = f"died-{turn}", f"lives-{turn}"
            # Whichever comes last in this turn; of the turn before, only what was not replaced for certain.
            self.retained.setdefault(topic, set()).update({died, lives})
            if await client.connect(self.site.port, will=(topic, died.encode())) == 0:
                if await client.publish(topic, lives.encode(), retain=True):
                    self.retained[topic] = {died, lives}
                await asyncio.sleep(self.dice.uniform(0.5, 4))
                client.abort() if turn % 2 else client.disconnect()
            await asyncio.sleep(self.dice.uniform(0.1, 2))

    async def publisher(self, number: int) -> None:
        client = Client(f"publisher-{number}")
        await client.connect(self.site.port)
        way = ("up", "work", "extra", "up", "stuck")[number % 5]
        for count in range(1 << 30):
            if not self.publishing:
                return
            name = f"{number}-{count}"
            if await client.publish(f"{way}/{number}", json.dumps({"id": name}).encode()) and way != "stuck":
                self.ledger.promised[way].add(name)
            await asyncio.sleep(0.5)

    async def worker(self) -> None:
        def take(_: str, payload: bytes) -> None:
            self.ledger.arrived["work"].add(json.loads(payload)["id"])

        await self._stay(Client("worker", take), "modules/worker/inputs/in", session_s=3600)

    # ---- what happens to the hub ----

    async def reload(self) -> None:
        for turn in range(1 << 30):
            await asyncio.sleep(RELOAD_S)
            self.site.write_routes(ROUTE_FILES[turn % len(ROUTE_FILES)])
            self.site.write_config(broken=turn % 4 == 3)
            self.site.hub.send_signal(signal.SIGHUP)

    async def cut_link(self) -> None:
        for turn in range(1 << 30):
            await asyncio.sleep(LINK_S)
            self.link.set_up(turn % 2 == 1)

    async def read_log(self, pipe: int) -> None:
        with open(self.site.directory / "hub.log", "wb", buffering=0) as kept:
            while True:
                piece = await asyncio.to_thread(os.read, pipe, LOG_BYTES_PER_S)
                if not piece:
                    return
                self.site.log_bytes += len(piece)
                kept.write(piece)
                await asyncio.sleep(1)

    async def sample(self) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(SAMPLE_S)
            if self.site.hub.poll() is not None:
                raise SystemExit(f"the hub has ended: {self.site.hub.returncode}")
            log = (await asyncio.to_thread(self.site.status)).get("log", {})
            taken = look(self.site.hub.pid, self.site.data_dir, time.monotonic() - began)
            taken.log_lines_lost = log.get("dropped", 0)
            taken.log_lines_left_out = log.get("left_out", 0)
            self.samples.append(taken)
            print(f"{taken.at_s:6.0f} s  RSS {taken.rss / 1048576:6.1f} MiB  {taken.descriptors} descriptors  "
                  f"{taken.threads} threads  {taken.files} files {taken.disk_bytes / 1048576:.1f} MiB  "
                  f"log {self.site.log_bytes} B read, {taken.log_lines_lost} lines lost, "
                  f"{taken.log_lines_left_out} left out", flush=True)

    # ---- from start to end ----

    async def run(self, seconds: float) -> None:
        await self.link.serve()
        loop = asyncio.get_running_loop()
        flapping = self.clients // FLAPPING_PART
        staying = [loop.create_task(self.worker())]
        for number in range(self.clients - flapping - PUBLISHERS - 1):
            staying.append(loop.create_task(self.idle(number)))
            if number % 50 == 49:
                await asyncio.sleep(0.1)  # a crowd, not a storm
        publishing = [loop.create_task(self.publisher(number)) for number in range(PUBLISHERS)]
        passing = [loop.create_task(self.flapping(number)) for number in range(flapping)]
        passing += [loop.create_task(what()) for what in (self.reload, self.cut_link, self.sample)]
        await asyncio.sleep(seconds)
        for task in passing:
            task.cancel()
        self.publishing = False
        self._note(await asyncio.gather(*publishing, *passing, return_exceptions=True))
        await self.drain()
        await self.compare_retained()
        for task in staying:
            task.cancel()
        self._note(await asyncio.gather(*staying, return_exceptions=True))

    def _note(self, ends: list) -> None:
        self.surprises += [repr(end) for end in ends
                           if isinstance(end, Exception) and not isinstance(end, asyncio.CancelledError)]

    async def drain(self) -> None:
        self.site.write_routes(ROUTE_FILES[0])
        self.site.write_config()
        self.site.hub.send_signal(signal.SIGHUP)
        self.link.set_up(True)
        ends = time.monotonic() + DRAIN_S
        while time.monotonic() < ends:
            self.read_consumed()
            if not self.ledger.lost():
                return
            await asyncio.sleep(1)

    def read_consumed(self) -> None:
        with open(self.site.directory / "consumed.ndjson", encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):
                    message = json.loads(line)
                    self.ledger.arrived[message["topic"].split("/")[0]].add(message["body"]["id"])

    async def compare_retained(self) -> None:
        found: dict[str, str] = {}
        client = Client("looker", lambda topic, payload: found.__setitem__(topic, payload.decode()))
        await client.connect(self.site.port)
        await client.subscribe("state/#", 1)
        await asyncio.sleep(3)
        wrong = [topic for topic, values in self.retained.items() if found.get(topic) not in values]
        if wrong:
            self.surprises.append(f"{len(wrong)} retained messages are not the last ones, such as {wrong[0]}: "
                                  f"{found.get(wrong[0])} and not one of {self.retained[wrong[0]]}")
        client.disconnect()


def stop_hub(site: Site) -> list[str]:
    began = time.monotonic()
    site.hub.send_signal(signal.SIGTERM)
    try:
        code = site.hub.wait(30)
    except subprocess.TimeoutExpired:
        site.hub.kill()
        site.hub.wait()
        return ["the hub did not stop within 30 s"]
    took = time.monotonic() - began
    return ([f"the hub ended with {code}"] if code else []) + ([f"it took {took:.1f} s to stop"] if took > 6 else [])


def check_store(site: Site) -> list[str]:
    checked = site.headgate("store", "check", "--data", str(site.data_dir))
    return [] if checked.returncode == 0 else [f"store check: {checked.stdout}{checked.stderr}"]


async def soak(site: Site, minutes: float, clients: int) -> list[str]:
    (site.directory / "routes").mkdir()
    site.write_config()
    site.write_routes(ROUTE_FILES[0])
    site.start_cloud()
    await until_accepting(site.cloud_port)
    site.start_consumer()
    await asyncio.sleep(1)  # it has subscribed before the first batch comes
    run = Soak(site, clients)
    reader = asyncio.get_running_loop().create_task(run.read_log(site.start_hub()))
    await until_accepting(site.port)
    await run.run(minutes * 60)
    faults = await asyncio.to_thread(stop_hub, site)
    reader.cancel()
    faults += run.surprises[:20] + not_flat(run.samples) + check_store(site)
    faults += [f"{count} acknowledged messages of {way}/# are lost" for way, count in run.ledger.lost().items()]
    promised = sum(len(ids) for ids in run.ledger.promised.values())
    print(f"acknowledged {promised}; {site.log_bytes} B of the log read")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description="Soaks a hub and judges what it takes and keeps.")
    parser.add_argument("minutes", type=float, nargs="?", default=30)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", help="the programs' directory")
    parser.add_argument("--keep", action="store_true", help="leave the directory of the run")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000) if hard > 0 else 20_000, hard))
    directory = pathlib.Path(tempfile.mkdtemp(prefix="headgate-soak-"))
    site = Site(directory, options.bin)
    try:
        faults = asyncio.run(soak(site, options.minutes, options.clients))
    finally:
        if site.hub and site.hub.poll() is None:
            site.hub.kill()
        site.stop_others()
        print(f"kept: {directory}") if options.keep else shutil.rmtree(directory)
    for fault in faults:
        print(f"FAULT {fault}")
    print("the soak found nothing" if not faults else f"the soak found {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
