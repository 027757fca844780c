"""The sensor: a machine's temperature, simulated or replayed from a CSV file with `timestamp,value` rows.

    output readings   {"id", "machine", "time", "value"}     time in Unix seconds, value in degrees
"""
import csv
import datetime
import itertools
import math
import os
import random
import sys
import time

from module import Module, argument_parser

INTERVAL_S = 300                   # the simulated machine is read every five minutes of its own time
START_S = 1767225600               # its time starts on 2026-01-01T00:00:00Z
DAY_S = 86400
FIRST_FAULT_S = 3 * DAY_S          # then one every FAULT_EVERY_S
FAULT_EVERY_S = 4 * DAY_S
FAULT_S = 30 * 3600


class Machine:
    """A believable machine: load that wanders, day and night, sensor noise, short stops, and faults.

    Faults alternate between overheating and cooling down (a shutdown nobody planned); they build up over
    six hours and last thirty.
    """

    def __init__(self, seed, faulty=True):
        self._random = random.Random(seed)
        self._faulty = faulty
        self._load = 0.0
        self._stop = 0.0               # degrees below normal because of a short stop; recovers by itself

    def value(self, age_s):
        gauss = self._random.gauss
        self._load += -self._load * INTERVAL_S / (12 * 3600) + gauss(0, 0.75)
        self._stop *= 0.96
        if self._random.random() < INTERVAL_S / (2.5 * DAY_S):
            self._stop += self._random.uniform(10, 25)
        daily = 3 * math.sin(2 * math.pi * age_s / DAY_S)
        return 86 + daily + self._load - self._stop + self._fault(age_s) + gauss(0, 0.75)

    def _fault(self, age_s):
        fault = fault_at(age_s) if self._faulty else None
        if fault is None:
            return 0.0
        number, since_s = fault
        return (38 if number % 2 == 0 else -45) * min(1.0, since_s / (6 * 3600))


def fault_at(age_s):
    """(number of the fault, seconds since it began) if the machine has one at this age, else None."""
    number, since_s = divmod(age_s - FIRST_FAULT_S, FAULT_EVERY_S)
    return (int(number), since_s) if number >= 0 and since_s < FAULT_S else None


def simulated(seed, faulty=True):
    """(time, value) pairs without end."""
    machine = Machine(seed, faulty)
    for age_s in itertools.count(0, INTERVAL_S):
        yield START_S + age_s, round(machine.value(age_s), 3)


def replayed(path):
    """(time, value) pairs of a CSV file; times without a zone are taken as UTC. ValueError for a bad row."""
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            try:
                yield unix_time(row["timestamp"]), round(float(row["value"]), 3)
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path}: row {list(row.values())} is not `timestamp,value` under a header"
                                 f" of these names ({error})") from None


def unix_time(text):
    moment = datetime.datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)).timestamp())


def main():
    parser = argument_parser("sensor", "Publishes a machine's temperature.")
    parser.add_argument("--csv", help="replay this file instead of simulating")
    parser.add_argument("--rate", type=float, default=10.0, help="readings a second (default: %(default)s)")
    parser.add_argument("--count", type=int, help="stop after so many (default: with the data, or never)")
    parser.add_argument("--skip", type=int, default=0, help="leave out so many readings (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the simulation (default: %(default)s)")
    args = parser.parse_args()
    module = Module(args)
    run = os.urandom(3).hex()            # so that ids of two runs never meet
    due = time.monotonic()
    readings = replayed(args.csv) if args.csv else simulated(args.seed)
    wanted = itertools.islice(readings, args.skip, None if args.count is None else args.skip + args.count)
    for number, (time_s, value) in enumerate(wanted, start=1):
        module.publish("readings", {"id": f"{run}-{number}", "machine": "press-1",
                                    "time": time_s, "value": value})
        due += 1 / args.rate
        module.wait_until(due)
        if module.stopping:
            break
    module.finish()


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError) as problem:
        sys.exit(f"sensor: {problem}")
