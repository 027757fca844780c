"""Looks at a hub from outside while it is soaked, and says whether what it takes is flat."""

import dataclasses
import pathlib
import statistics

PAGE_BYTES = 4096
MIB = 1 << 20


@dataclasses.dataclass
class Sample:
    """What the hub took at a moment."""

    at_s: float
    rss: int
    descriptors: int
    threads: int
    files: int
    disk_bytes: int
    log_lines_lost: int = 0      # since the start, because the log is read slowly
    log_lines_left_out: int = 0  # since the start, because there were enough like them


def look(pid: int, data_dir: pathlib.Path, at_s: float) -> Sample:
    process = pathlib.Path(f"/proc/{pid}")
    sizes = []
    for file in data_dir.rglob("*"):
        try:
            sizes.append(file.lstat().st_blocks * 512)
        except FileNotFoundError:
            continue  # the store has just removed it
    return Sample(at_s=at_s, rss=int((process / "statm").read_text().split()[1]) * PAGE_BYTES,
                  descriptors=len(list((process / "fd").iterdir())),
                  threads=len(list((process / "task").iterdir())),
                  files=len(sizes), disk_bytes=sum(sizes))


# How much more each may be in the last third than in the middle one: a part of it, and a fixed amount.
ALLOWED = {"rss": (0.10, 8 * MIB), "descriptors": (0.05, 20), "threads": (0.0, 3), "files": (0.10, 20),
           "disk_bytes": (0.25, 48 * MIB)}
# How many more may be added to each in the last third than in the middle one.
ALLOWED_MORE = {"log_lines_lost": (0.5, 500), "log_lines_left_out": (0.5, 500)}


def not_flat(samples: list[Sample]) -> list[str]:
    """Compares medians of the middle and of the last third: the first is for growing up."""
    third = len(samples) // 3
    if third < 3:
        return ["too short to judge: there are fewer than nine samples"]
    faults = []
    for field, (part, fixed) in ALLOWED.items():
        before = statistics.median(getattr(sample, field) for sample in samples[third:2 * third])
        after = statistics.median(getattr(sample, field) for sample in samples[2 * third:])
        if after > before * (1 + part) + fixed:
            faults.append(f"{field} grew from {before:,.0f} to {after:,.0f}")
    for field, (part, fixed) in ALLOWED_MORE.items():
        first, middle, last = (getattr(sample, field) for sample in (samples[third], samples[2 * third], samples[-1]))
        if last - middle > (middle - first) * (1 + part) + fixed:
            faults.append(f"{field} grows faster: {middle - first:,} in the middle third, {last - middle:,} in the last")
    return faults
