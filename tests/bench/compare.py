#!/usr/bin/python3
"""Compares Headgate with Debian's Mosquitto on this machine, in pairs: A B, A B, …, medians.

    tools/dev bench [--quick] [--rows NAME,NAME…] [--pairs N] [--json FILE] [--against DIR]

With --against it is another build of Headgate that takes Mosquitto's place, and the bars say that nothing has
become more than 5 % worse.

What is compared is broker CPU per message, rates, memory and latency at the same load: ratios, never
absolute times. A scenario that cannot run says so in the table and the others go on. Exit code: 0 when every
scenario ran, 1 otherwise; missing a bar is a result, not a failure.
"""

import argparse
import dataclasses
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import computing
import scenarios
from brokers import BenchError, Broker, Headgate, Mosquitto
from scenarios import Bench, Measures, Row

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCENARIOS = scenarios.SCENARIOS | computing.SCENARIOS
ROWS = scenarios.ROWS + computing.ROWS
WORSE_MAX = 1.05  # with --against


class Other(Headgate):
    """Another build of Headgate."""

    name = "Other"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare Headgate with Mosquitto on this machine.")
    parser.add_argument("--quick", action="store_true", help="less of everything: under two minutes")
    parser.add_argument("--rows", "--only", action="append", default=[], metavar="NAME[,NAME…]",
                        help="run these scenarios; repeatable: " + ", ".join(SCENARIOS))
    parser.add_argument("--pairs", type=int, default=0, help="how often each pair runs (default 3, quick 1)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="also write every run's values there")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR",
                        help="where headgated and headgate are (default build/release/bin)")
    parser.add_argument("--against", type=pathlib.Path, metavar="DIR",
                        help="compare with the headgated there, not with Mosquitto")
    arguments = parser.parse_args()
    arguments.bin = arguments.bin.resolve()
    arguments.brokers = (Other if arguments.against else Mosquitto, Headgate)
    arguments.rows = [name for names in arguments.rows for name in names.split(",")] or list(SCENARIOS)
    for name in arguments.rows:
        if name not in SCENARIOS:
            parser.error(f"no scenario '{name}'; there are {', '.join(SCENARIOS)}")
    arguments.pairs = arguments.pairs or (1 if arguments.quick else 3)
    return arguments


def run_once(name: str, kind: type[Broker], arguments: argparse.Namespace) -> Measures:
    """One scenario with one broker. Data lies on the disk that the build is on: /tmp may be memory."""
    scratch = arguments.bin.parent / "bench"
    scratch.mkdir(exist_ok=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=scratch))
    try:
        return SCENARIOS[name].run(Bench(directory, arguments.bin, arguments.quick), kind)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def run_pairs(name: str, arguments: argparse.Namespace) -> dict:
    """{broker: {"runs": [measures…], "error": text or None}}, the brokers taking turns."""
    results = {kind.name: {"runs": [], "error": None} for kind in arguments.brokers}
    for _ in range(1 if SCENARIOS[name].once else arguments.pairs):
        for kind in arguments.brokers:
            result = results[kind.name]
            if result["error"]:
                continue
            try:
                result["runs"].append(run_once(name, kind, arguments))
            except (BenchError, OSError, subprocess.SubprocessError) as error:
                result["error"] = str(error)
    return results


def median(result: dict, measure: str) -> float | None:
    values = [run[measure] for run in result["runs"] if measure in run]
    return statistics.median(values) if values else None


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def bar_text(row: Row) -> str:
    if not row.kind:
        return "-"
    sign = "<=" if row.kind.endswith("<=") else ">="
    return f"{sign} {row.bar:.3g}" + (" x" if row.kind.startswith("ratio") else f" {row.unit}")


def not_worse(row: Row) -> Row:
    """The row of a comparison with another build: what is promised of a measure tells which way is worse."""
    if not row.kind:
        return row
    more_is_better = row.kind.endswith(">=")
    return dataclasses.replace(row, kind="ratio>=" if more_is_better else "ratio<=",
                               bar=1 / WORSE_MAX if more_is_better else WORSE_MAX)


def table_line(row: Row, results: dict, reference: type[Broker]) -> list[str]:
    compared = median(results[reference.name], row.measure)
    headgate = median(results["Headgate"], row.measure)
    ratio = headgate / compared if headgate is not None and compared else None
    row = row if reference is Mosquitto else not_worse(row)
    reached = row.reached(compared, headgate) if headgate is not None else None
    verdict = {True: "yes", False: "no", None: "not run" if row.kind else "-"}[reached]
    return [row.what, number(compared), number(headgate), row.unit, number(ratio), bar_text(row), verdict]


def print_table(all_results: dict, reference: type[Broker]) -> None:
    lines = [["what", reference.name, "Headgate", "unit", "ratio", "bar", "reached"]]
    lines += [table_line(row, all_results[row.scenario], reference) for row in ROWS if row.scenario in all_results]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        cells = [cell.ljust(width) if i in (0, 3, 5, 6) else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())
    for name, results in all_results.items():
        for broker, result in results.items():
            if result["error"]:
                print(f"{name}: {broker} could not run: {result['error']}")


def main() -> int:
    arguments = parse_arguments()
    Headgate.bin_dir = arguments.bin
    Other.bin_dir = arguments.against.resolve() if arguments.against else arguments.bin
    if not (arguments.bin / "headgate").exists():
        print(f"{arguments.bin / 'headgate'} is not built: run tools/dev build release", file=sys.stderr)
        return 2
    started = time.monotonic()
    all_results = {}
    for name in arguments.rows:
        print(f"{name} …", file=sys.stderr, flush=True)
        all_results[name] = run_pairs(name, arguments)
    print_table(all_results, arguments.brokers[0])
    print(f"in {time.monotonic() - started:.0f} s", file=sys.stderr)
    if arguments.json:
        arguments.json.write_text(json.dumps(all_results, indent=2) + "\n")
    return 1 if any(r["error"] for results in all_results.values() for r in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
