#!/usr/bin/env python3
"""What the store costs at depth: store_bench at several depths, each in a process of its own, and how the deep
ones compare with the shallow one. Bars are those of docs/benchmarks.md."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
COLUMNS = [  # measure, heading, the most it may be against the first depth (None: no bar)
    ("append_us", "append us", 1.2), ("read_us", "read us", 1.2), ("open_ms", "open ms", None),
    ("rss_mib", "RSS MiB", None), ("disk_mib", "disk MiB", None), ("disk_drained_mib", "drained MiB", None),
    ("written_per_payload", "written/payload", None), ("fill_per_s", "fill/s", None)]


def measure(bench: pathlib.Path, directory: pathlib.Path, depth: int, queues: int) -> dict:
    run = subprocess.run([str(bench), str(directory / "store"), str(depth), f"--queues={queues}"],
                         capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if run.returncode != 0:
        sys.exit(f"store_bench at depth {depth}: {run.stderr or run.stdout}")
    return json.loads(run.stdout)


def line(cells: list[str]) -> str:
    return cells[0].rjust(12) + cells[1].rjust(8) + "".join(cell.rjust(16) for cell in cells[2:])


def verdicts(first: dict, last: dict) -> list[str]:
    said = []
    for name, heading, bar in COLUMNS:
        if bar is not None and first[name] > 0:
            ratio = last[name] / first[name]
            said.append(f"{heading} at {last['depth']:,} against {first['depth']:,}: {ratio:.2f} x, bar {bar} x, "
                        + ("reached" if ratio <= bar else "not reached"))
    amplification = last["written_per_payload"]
    said.append(f"bytes written per byte of payload: {amplification:.2f}, bar 2.5, "
                + ("reached" if amplification <= 2.5 else "not reached"))
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("depths", nargs="*", type=int, default=[1_000, 1_000_000, 10_000_000])
    parser.add_argument("--queues", type=int, default=1, help="the messages are spread over that many (default 1)")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--dir", type=pathlib.Path, help="where the store is made (default: a temporary directory)")
    parser.add_argument("--json", type=pathlib.Path, help="also write the values there")
    arguments = parser.parse_args()
    print(line(["depth", "queues"] + [heading for _, heading, _ in COLUMNS]))
    results = []
    with tempfile.TemporaryDirectory(prefix="headgate-store-", dir=arguments.dir) as directory:
        for depth in arguments.depths:
            result = measure(arguments.bin / "store_bench", pathlib.Path(directory), depth, arguments.queues)
            results.append(result)
            print(line([f"{depth:,}", str(arguments.queues)] + [f"{result[name]:,.2f}" for name, _, _ in COLUMNS]),
                  flush=True)
    if len(results) > 1:
        print("\n".join(verdicts(results[0], results[-1])))
    if arguments.json:
        arguments.json.write_text(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
