"""How much something that goes on in a hub delays its clients.

A publisher and a subscriber exchange 2,000 messages a second at QoS 1 on one hub. Their latency is measured when
nothing else happens, while the hub is disturbed, and, as the control, while a second hub beside it is disturbed in the
same way: what is left between the two is not the machine's lack of cores. Brokers that only stand for the far side run
below the hubs (nice).
"""

import json
import random
import signal
import subprocess
import time
from typing import Protocol

from brokers import BenchError, Headgate, Mosquitto

RATE = 2_000
QUIET_S = 3
FAR_SIDE_NICE = 10

# One of them is enough.
QUIET_RATIO_MAX = 3
P99_MS_MAX = 2
CONTROL_RATIO_MAX = 1.5


class Disturbance(Protocol):
    """One that a hub can be put under, once."""

    def begin(self, hub: Headgate) -> None:
        """Returns when it has begun."""

    def goes_on(self, hub: Headgate) -> bool: ...


def local_p99_ms(bench, hub: Headgate, goes_on=None) -> float:
    """Over QUIET_S seconds, or for as long as `goes_on()`."""
    command = bench.load_command(hub.port, "latency", publishers=1, subscribers=1, qos=1, rate=RATE, topic="local/%i",
                                 duration=120 if goes_on else QUIET_S)
    load = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while goes_on and goes_on():
            time.sleep(0.05)
        if goes_on:
            load.send_signal(signal.SIGINT)
        report, complaints = load.communicate(timeout=150)
    finally:
        load.kill()
        load.wait()
    result = json.loads(report) if report else {"received": 0}
    if result["received"] < RATE / 10:
        raise BenchError(f"only {result['received']} messages were timed {complaints.strip()}")
    return result["latency_us"]["p99"] / 1000


def disturbed(bench, hub: Headgate, second: Headgate, disturbance: Disturbance) -> dict[str, float]:
    """Both hubs are up, and can be put under the disturbance once each."""
    quiet = local_p99_ms(bench, hub)
    p99 = {}
    for target in random.sample([hub, second], 2):
        disturbance.begin(target)
        p99[target] = local_p99_ms(bench, hub, lambda: disturbance.goes_on(target))
        time.sleep(1)
    of_bar = min(p99[hub] / (QUIET_RATIO_MAX * quiet), p99[hub] / P99_MS_MAX,
                 p99[hub] / (CONTROL_RATIO_MAX * p99[second]))
    return {"p99_ms": p99[hub], "control_p99_ms": p99[second], "quiet_p99_ms": quiet, "of_bar": of_bar}


class Drain:
    """A backlog goes upstream."""

    def __init__(self, bench, count: int):
        self.bench = bench
        self.count = count
        self.clouds: dict[Headgate, Mosquitto] = {}

    def hub(self, name: str) -> Headgate:
        """A hub that is up, with a backlog and no cloud."""
        cloud = Mosquitto(self.bench.directory / f"{name}-cloud")
        cloud.niceness = FAR_SIDE_NICE
        hub = Headgate(self.bench.directory / name)
        hub.send_upstream(cloud.port)
        self.clouds[hub] = cloud
        hub.start()
        self.bench.load(hub.port, "pub", clients=4, qos=1, readings=True, count=self.count, duration=120)
        return hub

    def begin(self, hub: Headgate) -> None:
        self.clouds[hub].start()
        deadline = time.monotonic() + 30
        while hub.waiting() == self.count:
            if time.monotonic() > deadline:
                raise BenchError("nothing went upstream within 30 s")
            time.sleep(0.02)

    def goes_on(self, hub: Headgate) -> bool:
        return hub.waiting() > 0

    def stop(self) -> None:
        for hub, cloud in self.clouds.items():
            hub.stop()
            cloud.stop()
