"""Readings that are the same in every run: topic and body of each, for the benchmark of the wire."""

import csv
import datetime
import json
import pathlib
import random
import re
from typing import Iterator, NamedTuple

START = datetime.datetime(2026, 8, 17, 20, 50, tzinfo=datetime.timezone.utc)
MACHINES = 12
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class Reading(NamedTuple):
    topic: str
    body: str


def compact(value) -> str:
    return json.dumps(value, separators=(",", ":"))


def plant(count: int) -> Iterator[Reading]:
    """A noisy one: some 219 bytes, of which the noise alone is 9."""
    rng = random.Random(13)
    temperatures = [rng.uniform(60, 90) for _ in range(MACHINES)]
    time_ms = 0
    for i in range(count):
        machine = i % MACHINES
        temperatures[machine] += rng.gauss(0, 0.15)
        time_ms += 500 + rng.randint(0, 20)
        time = START + datetime.timedelta(milliseconds=time_ms)
        yield Reading(f"plant/line-2/press-{machine:02}/telemetry", compact({
            "machine": {"id": f"plant-007/line-002/press-{machine:02}", "temperature": round(temperatures[machine], 4),
                        "pressure": round(rng.gauss(4.2, 0.01), 5)},
            "ambient": {"temperature": round(rng.gauss(21.4, 0.2), 3), "humidity": rng.randint(24, 28)},
            "vibration": {"rms": round(rng.gauss(2.1, 0.05), 5), "peak": round(rng.gauss(6.4, 0.2), 5)},
            "timeCreated": time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}Z"}))


def smooth(count: int) -> Iterator[Reading]:
    """The readings of `headgate bench`: every value moves in small steps, and every field has its width."""
    rngs = [random.Random(machine + 1) for machine in range(4)]
    states = [{"time": 1786999800000, "temperature": 60.0, "pressure": 4.0, "rms": 2.0, "ambient": 21.0} for _ in rngs]

    def walk(state, rng, name, step, low, high):
        state[name] = min(max(state[name] + step * (2 * rng.random() - 1), low), high)
        return state[name]

    for i in range(count):
        machine = i % len(rngs)
        rng, state = rngs[machine], states[machine]
        state["time"] += 1000 + rng.randint(0, 40)
        temperature = walk(state, rng, "temperature", 0.4, 20, 99)
        pressure = walk(state, rng, "pressure", 0.05, 1, 9.9)
        rms = walk(state, rng, "rms", 0.05, 0.1, 7)
        ambient = walk(state, rng, "ambient", 0.02, 10, 40)
        head = (f'{{"machine":{{"id":"press-{machine:02}","temperature":{temperature:.4f},"pressure":{pressure:.4f},'
                f'"vibration":{{"rms":{rms:.4f},"peak":{rms * 1.414:.4f}}}}},"ambient":{{"temperature":{ambient:.4f},'
                f'"humidity":{24 + rng.randint(0, 2)}}},"timeCreated":{state["time"]},"status":"running","note":"')
        yield Reading("plant/telemetry", head.ljust(217, ".") + '"}')


def one_field(count: int) -> Iterator[Reading]:
    """A single value with two decimals."""
    rng = random.Random(7)
    values = [rng.uniform(15, 25) for _ in range(MACHINES)]
    for i in range(count):
        sensor = i % MACHINES
        values[sensor] += rng.gauss(0, 0.1)
        yield Reading(f"plant/sensor-{sensor:02}", compact({"value": round(values[sensor], 2)}))


def recorded(path: pathlib.Path, count: int) -> Iterator[Reading]:
    """Lines of a CSV file with a header as objects, numbers as they stand there."""
    with path.open(newline="", encoding="utf-8") as lines:
        delimiter = ";" if ";" in lines.readline() else ","
        lines.seek(0)
        for _, row in zip(range(count), csv.DictReader(lines, delimiter=delimiter)):
            members = (f"{compact(name)}:{text if NUMBER.fullmatch(text) else compact(text)}"
                       for name, text in row.items() if name and text)
            yield Reading(f"plant/{path.stem}", "{" + ",".join(members) + "}")
