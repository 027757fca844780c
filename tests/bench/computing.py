"""What routes that compute cost in the daemon; scenarios and bars as in scenarios.py. Mosquitto has nothing to compare.

Messages are the generator's readings of 219 bytes. CPU is that of all threads, until all that came has been computed.
"""

import statistics
import time

from brokers import BenchError, Broker, Headgate
from scenarios import Bench, Measures, Row, Scenario

AVERAGE = "SELECT avg($body.machine.temperature) AS t FROM '{}' GROUP BY topic_level(3), Tumbling(10s) INTO $null"
P95 = ("SELECT percentile($body.machine.temperature, 0.95) AS t FROM '{}' GROUP BY topic_level(3), Tumbling(10s) "
       "INTO $null")
READING_BYTES = 219
ALL = "bench/load/#"
PICK = "FROM 'elsewhere/{}' WHERE $body.machine.temperature > 70 INTO $upstream"


def hub_with(bench: Bench, name: str, routes: dict[str, str]) -> Headgate:
    hub = Headgate(bench.directory / name)
    hub.config["routes"] = routes
    hub.config["log"]["level"] = "error"  # thousands of routes have warnings
    return hub


def start(hub: Headgate, within_s: float = 120) -> float:
    """Returns after how long its routes were in force: connections are accepted before."""
    started = time.monotonic()
    hub.start(within_s)
    while True:
        try:
            hub.status()
            return time.monotonic() - started
        except OSError:
            if time.monotonic() - started > within_s:
                raise
            time.sleep(0.01)


def wait_until_computed(hub: Headgate, within_s: float = 30) -> None:
    """And until what has been computed is written: a second at most, and a tick."""
    deadline = time.monotonic() + within_s
    while hub.waiting_in("$computing") > 0:
        if time.monotonic() > deadline:
            raise BenchError(f"{hub.waiting_in('$computing')} inputs have not been computed after {within_s:.0f} s")
        time.sleep(0.05)
    time.sleep(2.2)


def cpu_us(bench: Bench, hub: Headgate, **load) -> float:
    """Of the hub, for each message of a load that nobody subscribes to."""
    start(hub)
    try:
        before_s = hub.cpu_s()
        bench.load(hub.port, "pub", readings=True, **load)
        wait_until_computed(hub)
        return (hub.cpu_s() - before_s) / load["count"] * 1e6
    finally:
        hub.stop()


def added(bench: Bench, kind: type[Broker]) -> Measures:
    """CPU a message that a computing route adds to the same load without it, all threads: to a load that goes nowhere,
    where it is what has each message stored, and to one that a route stores already."""
    if not issubclass(kind, Headgate):
        return {}
    average = {"avg": AVERAGE.format(ALL)}
    pick = {"up": f"FROM '{ALL}' INTO $upstream"}
    measures = {}
    for name, load in (("flat", {"window": 64, "count": bench.count(200_000, 60_000)}),
                       ("paced", {"rate": 10_000, "count": bench.count(60_000, 30_000)})):
        cost = {}
        for others, routes in (("none", {}), ("avg", average), ("pick", pick), ("both", average | pick)):
            cost[others] = cpu_us(bench, hub_with(bench, f"{name}-{others}", routes), clients=100, qos=1, **load)
        measures |= {f"{name}_us": cost["none"], f"{name}_added_us": cost["avg"] - cost["none"],
                     f"{name}_pick_added_us": cost["pick"] - cost["none"],
                     f"{name}_beside_added_us": cost["both"] - cost["pick"]}
    return measures


def fed_in_turn(bench: Bench, kind: type[Broker]) -> Measures:
    """100 computing routes, each fed by a publisher of its own, against one that all of them feed."""
    if not issubclass(kind, Headgate):
        return {}
    load = {"clients": 100, "qos": 1, "window": 64, "count": bench.count(200_000, 60_000)}
    one = cpu_us(bench, hub_with(bench, "one", {"avg": AVERAGE.format(ALL)}), **load)
    routes = {f"avg{i}": AVERAGE.format(f"bench/load/{i}") for i in range(100)}
    hundred = cpu_us(bench, hub_with(bench, "hundred", routes), **load)
    return {"one_us": one, "hundred_us": hundred, "cpu_ratio": hundred / one}


def one_of_many(bench: Bench, kind: type[Broker]) -> Measures:
    """CPU a message of which one of 1,000 computing routes takes each, against the same with one route."""
    if not issubclass(kind, Headgate):
        return {}
    load = {"clients": 1, "qos": 1, "window": 1024, "count": bench.count(200_000, 60_000)}
    cost = {}
    for routes in (1, 1000):
        hub = hub_with(bench, f"{routes}-routes", {f"r{i}": AVERAGE.format(f"bench/load/{i}") for i in range(routes)})
        cost[routes] = cpu_us(bench, hub, **load)
    return {"one_us": cost[1], "many_us": cost[1000], "cpu_ratio": cost[1000] / cost[1]}


def written(bench: Bench, kind: type[Broker]) -> Measures:
    """Bytes that the kernel sends to the disk (/proc/PID/io) for each byte of payload, 1,000 keys.

    Flat out, one sync serves many messages. At 10,000/s it serves few, and each takes a page of 4 KiB at least: that is
    what any durable queue takes, so it stands beside it.
    """
    if not issubclass(kind, Headgate):
        return {}
    flat = {"qos": 1, "window": 64, "count": bench.count(200_000, 60_000)}
    paced = {"qos": 1, "rate": 10_000, "count": bench.count(60_000, 30_000)}
    qos0 = paced | {"qos": 0}
    routes = {"avg": AVERAGE.format(ALL), "p95": P95.format(ALL), "pick": f"FROM '{ALL}' INTO $upstream"}
    measures = {}
    for name, route, load in (("avg", "avg", flat), ("p95", "p95", flat), ("avg_paced", "avg", paced),
                              ("pick_paced", "pick", paced), ("avg_qos0", "avg", qos0), ("p95_qos0", "p95", qos0)):
        measures |= written_by(bench, hub_with(bench, name, {route: routes[route]}), name, load)
    return measures


def written_by(bench: Bench, hub: Headgate, name: str, load: dict) -> Measures:
    start(hub)
    try:
        before = hub.written_bytes()
        bench.load(hub.port, "pub", readings=True, clients=1000, **load)
        wait_until_computed(hub)
        stored = hub.status()["publishes"]["stored"]
        return {name: (hub.written_bytes() - before) / (load["count"] * READING_BYTES), f"{name}_stored": stored}
    finally:
        hub.stop()


def latency_projection(bench: Bench, kind: type[Broker]) -> Measures:
    """From publish to deliver of what a projection makes of a message, against the message itself; in turn."""
    if not issubclass(kind, Headgate):
        return {}
    route = "SELECT $body.stamp AS stamp, $body.machine.temperature AS t FROM 'bench/load/#' INTO Topic('rows')"
    plain, row = hub_with(bench, "plain", {}), hub_with(bench, "row", {"rows": route})
    load = {"qos": 0, "rate": 10_000, "count": bench.count(20_000, 10_000), "stamped": True}
    latency_us = {plain: [], row: []}
    try:
        start(plain)
        start(row)
        for _ in range(3):
            latency_us[plain].append(bench.load(plain.port, "latency", **load)["latency_us"])
            latency_us[row].append(bench.load(row.port, "latency", filter="rows", **load)["latency_us"])
    finally:
        plain.stop()
        row.stop()
    measures = {f"{name}_{rank}_ms": statistics.median(run[rank] for run in latency_us[hub]) / 1000
                for name, hub in (("plain", plain), ("row", row)) for rank in ("p50", "p99")}
    return measures | {f"{rank}_ratio": measures[f"row_{rank}_ms"] / measures[f"plain_{rank}_ms"]
                       for rank in ("p50", "p99")}


def rss_of(hub: Headgate) -> int:
    start(hub)
    try:
        time.sleep(14)  # start-up work is not idling, and what it leaves is given back after ten quiet seconds
        return hub.rss_bytes()
    finally:
        hub.stop()


def idle_routes(bench: Bench, kind: type[Broker]) -> Measures:
    """Memory of a computing route that has met no message, beyond that of a hub without routes."""
    if not issubclass(kind, Headgate):
        return {}
    routes = bench.count(2_000, 1_000)
    none = rss_of(hub_with(bench, "none", {}))
    many = rss_of(hub_with(bench, "many", {f"r{i}": AVERAGE.format(f"elsewhere/{i}") for i in range(routes)}))
    return {"rss_kib": (many - none) / routes / 1024}


def many_routes(bench: Bench, kind: type[Broker]) -> Measures:
    """10,000 routes, of which 1,000 compute, each of these fed once."""
    if not issubclass(kind, Headgate):
        return {}
    computing = {f"c{i}": AVERAGE.format(f"bench/load/{i}") for i in range(1_000)}
    picking = {f"p{i}": PICK.format(i) for i in range(9_000)}
    hub = hub_with(bench, "hub", computing | picking)
    start_s = start(hub)
    try:
        bench.load(hub.port, "pub", readings=True, count=1_000, clients=1_000, qos=1)
        wait_until_computed(hub)
        active = hub.status()["routes"]["active"]
        if active != 10_000:
            raise BenchError(f"only {active} routes are in force")
        return {"rss_mib": hub.rss_bytes() / 2**20, "start_s": start_s}
    finally:
        hub.stop()


SCENARIOS = {
    "computing-added": Scenario(added),
    "computing-100": Scenario(fed_in_turn),
    "computing-1000": Scenario(one_of_many),
    "computing-written": Scenario(written, once=True),
    "computing-latency": Scenario(latency_projection),
    "computing-idle": Scenario(idle_routes, once=True),
    "computing-many": Scenario(many_routes, once=True),
}

ROWS = [
    Row("computing-added", "flat_us", "QoS 1, 219 B, flat out, nobody wants it: CPU a message", "us"),
    Row("computing-added", "flat_added_us", "  a computing route adds", "us", 4, "<="),
    Row("computing-added", "flat_beside_added_us", "  a computing route adds where a route stores it already", "us", 4,
        "<="),
    Row("computing-added", "flat_pick_added_us", "  a route INTO $upstream adds", "us"),
    Row("computing-added", "paced_us", "QoS 1, 219 B, 10,000/s, nobody wants it: CPU a message", "us"),
    Row("computing-added", "paced_added_us", "  a computing route adds", "us"),
    Row("computing-added", "paced_beside_added_us", "  a computing route adds where a route stores it already", "us"),
    Row("computing-added", "paced_pick_added_us", "  a route INTO $upstream adds", "us"),
    Row("computing-100", "cpu_ratio", "CPU a message, 100 computing routes in turn against 1", "x", 1.5, "<="),
    Row("computing-1000", "cpu_ratio", "CPU a message, 1 of 1,000 computing routes against 1", "x", 1.2, "<="),
    Row("computing-written", "avg", "Written a byte of payload, QoS 1 into avg, 1,000 keys", "B", 2.5, "<="),
    Row("computing-written", "p95", "Written a byte of payload, QoS 1 into p95, 1,000 keys", "B", 2.5, "<="),
    Row("computing-written", "avg_paced", "  at 10,000/s, into avg", "B"),
    Row("computing-written", "pick_paced", "  at 10,000/s, by a route that picks", "B"),
    Row("computing-written", "avg_qos0_stored", "Inputs of QoS 0 written, into avg", "", 0, "<="),
    Row("computing-written", "p95_qos0_stored", "Inputs of QoS 0 written, into p95", "", 0, "<="),
    Row("computing-written", "avg_qos0", "  state alone a byte of payload, at 10,000/s, into avg", "B"),
    Row("computing-written", "p95_qos0", "  state alone a byte of payload, at 10,000/s, into p95", "B"),
    Row("computing-latency", "p99_ratio", "QoS 0 through a projection INTO Topic: p99 against plain", "x", 2, "<="),
    Row("computing-latency", "p50_ratio", "  the median against plain", "x"),
    Row("computing-latency", "plain_p99_ms", "  the message itself: p99", "ms"),
    Row("computing-latency", "row_p99_ms", "  the row that is made of it: p99", "ms"),
    Row("computing-idle", "rss_kib", "Idle computing route: RSS each", "KiB", 8, "<="),
    Row("computing-many", "rss_mib", "RSS with 10,000 routes, 1,000 of which compute", "MiB", 128, "<="),
    Row("computing-many", "start_s", "  until they are in force", "s"),
]
