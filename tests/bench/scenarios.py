"""What is measured: one small function a scenario, run with one broker, answering {measure: value}.

`ROWS` holds the bars: what is promised of each measure, most of it as a ratio to Mosquitto.
"""

import dataclasses
import json
import pathlib
import signal
import subprocess
import time
from collections.abc import Callable

from brokers import BenchError, Broker, Headgate, Mosquitto
from disturbance import Drain, disturbed
from storm import Storm

Measures = dict[str, float]


@dataclasses.dataclass
class Bench:
    """What a scenario gets: a directory for this run, the load generator, and how much to do."""

    directory: pathlib.Path
    bin_dir: pathlib.Path
    quick: bool

    def count(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def broker(self, kind: type[Broker], name: str = "broker") -> Broker:
        return kind(self.directory / name)

    def load_command(self, port: int, verb: str, **options) -> list[str]:
        """`headgate bench VERB`; an option that is True is a flag."""
        words = [str(self.bin_dir / "headgate"), "bench", verb, "--json", "--port", str(port)]
        for name, value in options.items():
            words += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
        return words

    def load(self, port: int, verb: str, **options) -> dict:
        """Runs the load generator to its end; anything not delivered is an error."""
        seconds = options.setdefault("duration", 60)
        result, errors = run_load(self.load_command(port, verb, **options), seconds + 30)
        if not result["complete"]:
            raise BenchError(errors or f"incomplete after {seconds} s: sent {result['sent']}, acked "
                                       f"{result['acked']}, received {result['received']}")
        if result["out_of_order"]:
            raise BenchError(f"{result['out_of_order']} messages came out of order")
        return result


def run_load(command: list[str], within_s: float) -> tuple[dict, str]:
    """Its report, complete or not, and the first line of what it complained about."""
    run = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=within_s,
                         check=False)
    complaint = run.stderr.strip().partition("\n")[0]
    if not run.stdout:
        raise BenchError(complaint or "the load generator failed")
    return json.loads(run.stdout), complaint


def cpu_per_delivery(bench: Bench, kind: type[Broker], verb: str, **options) -> Measures:
    return cpu_of(bench, bench.broker(kind), verb, **options)


def cpu_of(bench: Bench, broker: Broker, verb: str, **options) -> Measures:
    broker.start()
    try:
        before_s = broker.cpu_s()
        result = bench.load(broker.port, verb, **options)
        used_s = broker.cpu_s() - before_s
    finally:
        broker.stop()
    return {"cpu_us": used_s / result["received"] * 1e6, "per_s": result["received_per_s"],
            "generator_cpu_us": result["own_cpu_us"]}


def qos0_fanin(bench: Bench, kind: type[Broker]) -> Measures:
    return cpu_per_delivery(bench, kind, "fan-in", qos=0, count=bench.count(600_000, 200_000))


def qos1_fanin(bench: Bench, kind: type[Broker]) -> Measures:
    return cpu_per_delivery(bench, kind, "fan-in", qos=1, count=bench.count(200_000, 80_000))


def qos1_fanout(bench: Bench, kind: type[Broker]) -> Measures:
    return cpu_per_delivery(bench, kind, "fan-out", qos=1, count=bench.count(2_000, 800))


def prepare_queue(bench: Bench, broker: Broker) -> None:
    """After start: Mosquitto keeps messages only for a session; Headgate has a route (keep_messages)."""
    if isinstance(broker, Mosquitto):
        bench.load(broker.port, "sub", leave=True, client_id="bench", filter="bench/load/#", qos=1)


def fill_queue(bench: Bench, broker: Broker, count: int) -> dict:
    return bench.load(broker.port, "pub", clients=4, qos=1, window=256, size=200, count=count, duration=120)


def check_kept(broker: Broker, acked: int) -> None:
    """Headgate says itself what waits: nothing that it acknowledged may be elsewhere."""
    waiting = broker.waiting()
    if waiting is not None and waiting != acked:
        raise BenchError(f"acknowledged {acked}, but {waiting} wait in the queue")


def durable_qos1(bench: Bench, kind: type[Broker]) -> Measures:
    broker = bench.broker(kind)
    broker.keep_messages()
    broker.start()
    try:
        prepare_queue(bench, broker)
        before_s = broker.cpu_s()
        result = fill_queue(bench, broker, bench.count(200_000, 60_000))
        used_s = broker.cpu_s() - before_s
        check_kept(broker, result["acked"])
    finally:
        broker.stop()
    return {"per_s": result["sent_per_s"], "cpu_us": used_s / result["sent"] * 1e6}


def backlog(bench: Bench, kind: type[Broker]) -> Measures:
    count = bench.count(1_000_000, 200_000)
    broker = bench.broker(kind)
    broker.keep_messages()
    broker.start()
    try:
        prepare_queue(bench, broker)
        fill_queue(bench, broker, count)
        time.sleep(1)  # let background work finish: memory at rest is what is asked for
        rss = broker.rss_bytes()
        broker.stop()
        start_s = broker.start()
        rss_restarted = broker.rss_bytes()
    finally:
        broker.stop()
    return {"rss_mib": rss / 2**20, "rss_restarted_mib": rss_restarted / 2**20, "start_s": start_s}


def latency(bench: Bench, kind: type[Broker], qos: int) -> Measures:
    tuned = latency_of(bench, bench.broker(kind), qos)
    if not issubclass(kind, Mosquitto):
        return tuned | {f"untuned_{measure}": value for measure, value in tuned.items()}
    broker = kind(bench.directory / "untuned", tuned=False)
    untuned = latency_of(bench, broker, qos)
    return tuned | {f"untuned_{measure}": value for measure, value in untuned.items()}


def latency_of(bench: Bench, broker: Broker, qos: int) -> Measures:
    broker.start()
    try:
        result = bench.load(broker.port, "latency", qos=qos, rate=10_000, count=bench.count(30_000, 15_000))
    finally:
        broker.stop()
    latency_us = result["latency_us"]
    return {"p50_ms": latency_us["p50"] / 1000, "p99_ms": latency_us["p99"] / 1000}


def latency_qos0(bench: Bench, kind: type[Broker]) -> Measures:
    return latency(bench, kind, 0)


def latency_qos1(bench: Bench, kind: type[Broker]) -> Measures:
    return latency(bench, kind, 1)


def idle(bench: Bench, kind: type[Broker]) -> Measures:
    broker = bench.broker(kind)
    broker.start()
    try:
        time.sleep(3)  # start-up work is not idling
        before_s = broker.cpu_s()
        time.sleep(4)
        return {"rss_mib": broker.rss_bytes() / 2**20, "cpu_percent": (broker.cpu_s() - before_s) / 4 * 100}
    finally:
        broker.stop()


def idle_connections(bench: Bench, kind: type[Broker]) -> Measures:
    connections = bench.count(10_000, 2_000)
    broker = bench.broker(kind)
    broker.start()
    before = broker.rss_bytes()
    command = bench.load_command(broker.port, "conns", clients=connections, keep_alive=0, duration=60)
    holder = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True)
    try:
        wait_until_open(broker, connections, 50)
        each = (broker.rss_bytes() - before) / connections
        holder.send_signal(signal.SIGINT)
        report, complaints = holder.communicate(timeout=30)
        if not report or json.loads(report)["connected"] != connections:
            raise BenchError(f"not all of {connections} connections stayed: {complaints.strip()}")
    finally:
        holder.kill()
        holder.wait()
        broker.stop()
    return {"rss_kib": each / 1024}


def wait_until_open(broker: Broker, connections: int, within_s: float) -> None:
    """And a second more: the last ones have their CONNACK then."""
    deadline = time.monotonic() + within_s
    while broker.open_files() < connections:
        if time.monotonic() > deadline:
            raise BenchError(f"{broker.name} has {broker.open_files()} of {connections} connections open")
        time.sleep(0.1)
    time.sleep(1)


def bytes_received(port: int) -> int:
    """MQTT bytes that a Mosquitto has received, from its own count."""
    run = subprocess.run(["mosquitto_sub", "-p", str(port), "-t", "$SYS/broker/bytes/received", "-C", "2", "-W", "5"],
                         capture_output=True, text=True, check=False)
    values = run.stdout.split()
    if not values:
        raise BenchError("the cloud broker does not count its bytes")
    return int(values[-1])


def cloud_with_subscriber(bench: Bench) -> Mosquitto:
    """A stopped Mosquitto with a persistent session that waits for what will come up."""
    cloud = Mosquitto(bench.directory / "cloud")
    cloud.keep_messages()
    cloud.start()
    bench.load(cloud.port, "sub", leave=True, client_id="bench", filter="bench/load/#", qos=1)
    cloud.stop()
    return cloud


def drain_upstream(bench: Bench, kind: type[Broker]) -> Measures:
    """A backlog made while the link was down, from the first message that arrives to the last."""
    count = bench.count(1_000_000, 100_000)
    cloud = cloud_with_subscriber(bench)
    edge = bench.broker(kind)
    edge.send_upstream(cloud.port)
    edge.start()
    try:
        bench.load(edge.port, "pub", clients=4, qos=1, readings=True, count=count, duration=120)
        cloud.start()
        arrived = receive_all(bench, cloud, count)
        wire = bytes_received(cloud.port) - 4 * arrived["received"]  # without the subscriber's own PUBACKs
    finally:
        edge.stop()
        cloud.stop()
    units = arrived["received"]  # messages, or batches: the first starts the clock
    drained = count * (units - 1) / units
    return {"per_s": drained / arrived["seconds"], "wire_bytes": wire / count}


def routes_many(bench: Bench, kind: type[Broker]) -> Measures:
    """CPU per message that matches one of 1,000 routes, against the same message and one route."""
    if not issubclass(kind, Headgate):
        return {}
    cpu_us = []
    for routes in (1, 1000):
        broker = kind(bench.directory / f"{routes}-routes")
        broker.config["routes"] = {f"r{i}": f"FROM 'bench/load/{i}' INTO $null" for i in range(routes)}
        measures = cpu_of(bench, broker, "fan-in", publishers=1, qos=0, count=bench.count(300_000, 100_000))
        cpu_us.append(measures["cpu_us"])
    return {"cpu_ratio": cpu_us[1] / cpu_us[0]}


def disk_back(bench: Bench, kind: type[Broker]) -> Measures:
    """How much of what a backlog took on disk is given back within 60 s of its drain."""
    if not issubclass(kind, Headgate):
        return {}
    count = bench.count(1_000_000, 200_000)
    cloud = Mosquitto(bench.directory / "cloud")
    edge = bench.broker(kind)
    edge.send_upstream(cloud.port)
    edge.start()
    try:
        empty = disk_bytes(edge.directory / "data")
        bench.load(edge.port, "pub", clients=4, qos=1, readings=True, count=count, duration=120)
        full = disk_bytes(edge.directory / "data")
        cloud.start()
        back = 0.0
        deadline = time.monotonic() + 60 + count / 20_000
        while back < 0.95 and time.monotonic() < deadline:
            time.sleep(0.5)
            back = (full - disk_bytes(edge.directory / "data")) / (full - empty)
    finally:
        edge.stop()
        cloud.stop()
    return {"percent": min(back, 1.0) * 100}


def disk_bytes(directory: pathlib.Path) -> int:
    total = 0
    for path in directory.rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except FileNotFoundError:  # the store deletes files while we look
            continue
    return total


def latency_drain(bench: Bench, kind: type[Broker]) -> Measures:
    """What a backlog that goes upstream does to those who talk on site."""
    if not issubclass(kind, Headgate):
        return {}
    drain = Drain(bench, bench.count(200_000, 100_000))
    try:
        return disturbed(bench, drain.hub("hub"), drain.hub("second"), drain)
    finally:
        drain.stop()


def latency_storm(bench: Bench, kind: type[Broker]) -> Measures:
    """A crowd of TLS clients that comes at once, as those who are there feel it."""
    if not issubclass(kind, Headgate):
        return {}
    storm = Storm(bench, bench.count(3_000, 1_000))
    try:
        hub, second = storm.hub("hub"), storm.hub("second")
        return disturbed(bench, hub, second, storm) | {"connect_s": storm.connect_s(hub)}
    finally:
        storm.stop()


def receive_all(bench: Bench, cloud: Mosquitto, count: int) -> dict:
    """Batches are fewer than messages, so this ends when it is quiet."""
    command = bench.load_command(cloud.port, "sub", qos=1, persistent=True, client_id="bench",
                                 filter="bench/load/#", count=count, quiet=3, duration=120)
    arrived, complaint = run_load(command, 150)
    if arrived["received"] < 2 or arrived["seconds"] <= 0:
        raise BenchError(complaint or f"nothing to time: {arrived['received']} messages came up")
    return arrived


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table: a measure of a scenario, and its bar."""

    scenario: str
    measure: str
    what: str
    unit: str
    bar: float = 0
    # "ratio<=", "ratio>=" against what it is compared with, "<=", ">=" for Headgate alone; empty: nothing is promised
    kind: str = ""

    def reached(self, compared: float | None, headgate: float) -> bool | None:
        if self.kind == "<=":
            return headgate <= self.bar
        if self.kind == ">=":
            return headgate >= self.bar
        if not self.kind or not compared:
            return None
        ratio = headgate / compared
        return ratio <= self.bar if self.kind == "ratio<=" else ratio >= self.bar


@dataclasses.dataclass(frozen=True)
class Scenario:
    run: Callable[[Bench, type[Broker]], Measures]
    once: bool = False  # long, and steady enough that one pair will do


SCENARIOS = {
    "qos0-fanin": Scenario(qos0_fanin),
    "qos1-fanin": Scenario(qos1_fanin),
    "qos1-fanout": Scenario(qos1_fanout),
    "durable-qos1": Scenario(durable_qos1),
    "backlog": Scenario(backlog, once=True),
    "latency-qos0": Scenario(latency_qos0),
    "latency-qos1": Scenario(latency_qos1),
    "idle": Scenario(idle, once=True),
    "idle-connections": Scenario(idle_connections, once=True),
    "drain-upstream": Scenario(drain_upstream, once=True),
    "latency-drain": Scenario(latency_drain),
    "latency-storm": Scenario(latency_storm),
    "disk-back": Scenario(disk_back, once=True),
    "routes-1000": Scenario(routes_many),
}

ROWS = [
    Row("qos0-fanin", "cpu_us", "QoS 0 fan-in, 4 to 1, 64 B: CPU per message", "us", 0.25, "ratio<="),
    Row("qos1-fanin", "cpu_us", "QoS 1 fan-in, 4 to 1, 64 B: CPU per message", "us", 0.15, "ratio<="),
    Row("qos1-fanout", "cpu_us", "QoS 1 fan-out to 200: CPU per delivery", "us", 0.12, "ratio<="),
    Row("durable-qos1", "per_s", "QoS 1 into a durable queue, 200 B, synced", "msg/s", 1.0, "ratio>="),
    Row("backlog", "rss_mib", "RSS with the backlog queued", "MiB", 64, "<="),
    Row("backlog", "start_s", "Start to accepting with the backlog", "s", 1.0, "<="),
    Row("latency-qos0", "p50_ms", "Publish to deliver, 10,000/s, QoS 0: p50", "ms", 0.5, "ratio<="),
    Row("latency-qos0", "p99_ms", "Publish to deliver, 10,000/s, QoS 0: p99", "ms", 0.5, "ratio<="),
    Row("latency-qos1", "p50_ms", "Publish to deliver, 10,000/s, QoS 1: p50", "ms", 0.5, "ratio<="),
    Row("latency-qos1", "p99_ms", "Publish to deliver, 10,000/s, QoS 1: p99", "ms", 0.5, "ratio<="),
    Row("latency-qos0", "untuned_p50_ms", "Publish to deliver, 10,000/s, untuned, QoS 0: p50", "ms", 0.5, "ratio<="),
    Row("latency-qos0", "untuned_p99_ms", "Publish to deliver, 10,000/s, untuned, QoS 0: p99", "ms", 0.5, "ratio<="),
    Row("latency-qos1", "untuned_p50_ms", "Publish to deliver, 10,000/s, untuned, QoS 1: p50", "ms", 0.5, "ratio<="),
    Row("latency-qos1", "untuned_p99_ms", "Publish to deliver, 10,000/s, untuned, QoS 1: p99", "ms", 0.5, "ratio<="),
    Row("idle", "rss_mib", "Idle hub: RSS", "MiB", 20, "<="),
    Row("idle", "cpu_percent", "Idle hub: CPU", "%", 0.1, "<="),
    Row("idle-connections", "rss_kib", "Idle connection: RSS each", "KiB", 2, "<="),
    Row("drain-upstream", "per_s", "Drain a backlog upstream", "msg/s", 3.0, "ratio>="),
    Row("drain-upstream", "wire_bytes", "Bytes up for a 219-byte JSON reading", "B", 1 / 12, "ratio<="),
    Row("latency-drain", "p99_ms", "Local p99 at 2,000/s, QoS 1, while a backlog drains", "ms", 2, "<="),
    Row("latency-drain", "control_p99_ms", "  while one drains from a second hub", "ms"),
    Row("latency-drain", "of_bar", "  against 3 x quiet, 2 ms or 1.5 x the second hub", "x", 1, "<="),
    Row("latency-storm", "p99_ms", "Local p99 at 2,000/s, QoS 1, while 3,000 TLS clients come", "ms", 2, "<="),
    Row("latency-storm", "control_p99_ms", "  while they come to a second hub", "ms"),
    Row("latency-storm", "of_bar", "  against 3 x quiet, 2 ms or 1.5 x the second hub", "x", 1, "<="),
    Row("latency-storm", "connect_s", "  until all of them are in", "s"),
    Row("disk-back", "percent", "Disk given back within 60 s of a drain", "%", 95, ">="),
    Row("routes-1000", "cpu_ratio", "CPU per message, 1,000 routes against 1", "x", 1.2, "<="),
]
