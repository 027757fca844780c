#!/usr/bin/python3
"""Bars of computing routes that need no daemon: the engine alone, on one core.

    tools/dev bench routing [--repetitions N] [--json FILE]

Runs the benchmarks beside it in turn, N times (default 3), and prints medians. eKuiper's figures are those that its
project publishes, for its own machines; they stand beside ours to show the order of magnitude, and nothing more.
"""

import argparse
import dataclasses
import json
import pathlib
import statistics
import subprocess
import sys
from collections.abc import Callable

ROOT = pathlib.Path(__file__).resolve().parents[3]
# By program, which of its benchmarks are run.
PROGRAMS = {
    "route_windows_bench": "Tumbling|Deadband|Projection|AnHourHoppingEachSecond",
    "routing_bench": "(TopicFilters|ModuleOutputs)/1(000)?$",
    "nexmark_bench": ".",
}

# From the README of lf-edge/ekuiper ("Performance test result") and its issue 137: JSON of two numbers, from MQTT.
EKUIPER_PI = "12,000/s, 70 % of a Raspberry Pi 3B+, filter into a file"
EKUIPER_T2 = "10,000/s, 25 % of an AWS t2.micro, filter into a file"
EKUIPER_EDGEX = "11,400/s, 75 % of an AWS t2.micro, filter into nothing"
NOT_PUBLISHED = "not published"

Values = dict[str, dict[str, float]]  # by benchmark, by measure


def per_s(name: str) -> Callable[[Values], float]:
    return lambda values: values[name]["items_per_second"]


def ratio(name: str, base: str) -> Callable[[Values], float]:
    return lambda values: values[name]["cpu_time"] / values[base]["cpu_time"]


@dataclasses.dataclass(frozen=True)
class Bar:
    what: str
    unit: str
    value: Callable[[Values], float]
    limit: float = 0
    kind: str = ""  # "<=", ">="; empty: nothing is promised
    ekuiper: str = ""

    def verdict(self, value: float) -> str:
        if not self.kind:
            return "-"
        return "yes" if (value <= self.limit if self.kind == "<=" else value >= self.limit) else "no"


BARS = [
    Bar("Tumbling average, 1,000 keys, 220 B of JSON", "msg/s", per_s("TumblingAverage"), 500_000, ">="),
    Bar("Tumbling p95, 1,000 keys", "msg/s", per_s("TumblingPercentile")),
    Bar("Tumbling average by event time, 1,000 keys", "msg/s", per_s("TumblingAverageByEventTime")),
    Bar("Deadband by machine, 1,000 keys", "msg/s", per_s("DeadbandByMachine")),
    Bar("Projection without a window, 220 B of JSON", "msg/s", per_s("Projection"), 1_000_000, ">="),
    Bar("Hopping 1 h / 1 s against tumbling 1 h, 100 keys", "x",
        ratio("AnHourHoppingEachSecond", "AnHourTumbling"), 1.3, "<="),
    Bar("  its state, of 16 MiB by default", "MiB",
        lambda values: values["AnHourHoppingEachSecond"]["state_bytes"] / 2**20, 16, "<="),
    Bar("  groups that were evicted for lack of room", "", lambda values: values["AnHourHoppingEachSecond"]["evicted"],
        0, "<="),
    Bar("1,000 routes of which one matches against one, by topic", "x", ratio("TopicFilters/1000", "TopicFilters/1"),
        1.2, "<="),
    Bar("1,000 routes of which one matches against one, by module", "x",
        ratio("ModuleOutputs/1000", "ModuleOutputs/1"), 1.2, "<="),
    Bar("NEXMark map", "msg/s", per_s("Map"), ekuiper=EKUIPER_T2),
    Bar("NEXMark filter", "msg/s", per_s("Filter"), ekuiper=EKUIPER_PI),
    Bar("NEXMark filter", "msg/s", per_s("Filter"), ekuiper=EKUIPER_EDGEX),
    Bar("NEXMark hopping top", "msg/s", per_s("HoppingTop"), ekuiper=NOT_PUBLISHED),
    Bar("NEXMark tumbling maximum", "msg/s", per_s("TumblingMaximum"), ekuiper=NOT_PUBLISHED),
    Bar("NEXMark session count", "msg/s", per_s("SessionCount"), ekuiper=NOT_PUBLISHED),
]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the engine of computing routes.")
    parser.add_argument("--repetitions", type=int, default=3, metavar="N")
    parser.add_argument("--min-time", type=float, default=0.5, metavar="S", help="for each benchmark (default 0.5)")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR",
                        help="where the benchmarks are (default build/release/bin)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="also write every run's values there")
    return parser.parse_args()


def run(program: pathlib.Path, wanted: str, min_time_s: float) -> Values:
    output = subprocess.run([str(program), "--benchmark_format=json", f"--benchmark_filter={wanted}",
                             f"--benchmark_min_time={min_time_s}"], capture_output=True, text=True, check=True).stdout
    return {result["name"]: {key: value for key, value in result.items() if isinstance(value, (int, float))}
            for result in json.loads(output)["benchmarks"]}


def medians(runs: list[Values]) -> Values:
    return {name: {measure: statistics.median(run[name][measure] for run in runs) for measure in measures}
            for name, measures in runs[0].items()}


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def print_table(values: Values) -> None:
    lines = [["what", "measured", "unit", "bar", "reached", "eKuiper publishes"]]
    for bar in BARS:
        value = bar.value(values)
        limit = f"{bar.kind} {number(bar.limit)}" if bar.kind else "-"
        lines.append([bar.what, number(value), bar.unit, limit, bar.verdict(value), bar.ekuiper])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        cells = [cell.rjust(width) if i == 1 else cell.ljust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())


def main() -> int:
    arguments = parse_arguments()
    missing = [name for name in PROGRAMS if not (arguments.bin / name).exists()]
    if missing:
        print(f"{', '.join(missing)}: not built in {arguments.bin}: run tools/dev bench routing", file=sys.stderr)
        return 2
    runs = []
    for _ in range(arguments.repetitions):
        runs.append({})
        for name, wanted in PROGRAMS.items():
            print(f"{name} …", file=sys.stderr, flush=True)
            runs[-1] |= run(arguments.bin / name, wanted, arguments.min_time)
    print_table(medians(runs))
    if arguments.json:
        arguments.json.write_text(json.dumps(runs, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
