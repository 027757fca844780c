"""Commands that documents show, each with the output below it, and how a real output is compared with it.

A block is fenced by ```; a line of it that begins with `$ ` is a command, the lines below are its output. Compared
are words, columns and their order. Numbers, sizes, times and ids are compared by kind: another run has others.
"""
import dataclasses
import pathlib
import re
from typing import Iterator

ULID = r"\b[0-9A-HJKMNP-TV-Z]{26}\b"
TIME = r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
SIZE = r"\b\d[\d,]*(?:\.\d+)? (?:B|KiB|MiB|GiB|TiB)(?![\w/])"
SPAN = r"\b\d+d \d\dh\b|\b\d+h \d\dm\b|\b\d+m \d\ds\b|\b\d+(?:\.\d+)? ?(?:us|ms|s)\b"
NUMBER = r"(?<![\w.])\d[\d,]*(?:\.\d+)*(?![\d])"
KINDS = ((TIME, "<time>"), (ULID, "<id>"), (r"\bauto-\d+-\d+\b", "<id>"), (r"\bhg_[0-9a-f]+\b", "<token>"), (SIZE, "<size>"), (SPAN, "<span>"),
         (NUMBER, "<n>"))
LEVELS = r"^(\w+ <size> <size>) (?:-|<n>(?: <n>)*)$"  # of `store stats`: as many as compaction has left


@dataclasses.dataclass
class Sample:
    """One command and the lines below it; `listed`: its block shows no output of any command."""
    document: str
    line: int
    command: str
    output: list[str] = dataclasses.field(default_factory=list)
    listed: bool = False


def samples_of(document: str, text: str) -> Iterator[Sample]:
    """The samples of a document, in its order."""
    for start, block in blocks_of(text):
        found: list[Sample] = []
        for number, line in enumerate(block, start):
            if line.startswith("$ "):
                found.append(Sample(document, number, line[2:]))
            elif found:
                found[-1].output.append(line)
        for sample in found:
            sample.listed = not any(any(other.output) for other in found)
        yield from found


def blocks_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """The fenced blocks: number of the first line inside, and the lines."""
    block: list[str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            if block is not None:
                yield number - len(block), block
            block = [] if block is None else None
        elif block is not None:
            block.append(line)


def pattern_of(lines: list[str], home: pathlib.Path) -> list[str]:
    """Lines with what differs from run to run replaced by its kind. `home` is shown as /tmp/site."""
    shown = []
    for line in lines:
        line = line.replace(str(home), "/tmp/site")
        for kind, name in KINDS:
            line = re.sub(kind, name, line)
        line = re.sub(r"\s+", " ", line).rstrip()
        shown.append(re.sub(LEVELS, r"\1 <levels>", line))
    while shown and not shown[-1]:
        shown.pop()
    return shown


def difference(sample: Sample, output: list[str], home: pathlib.Path) -> str:
    """Empty if `output` is of the sample's kind, else the first lines that differ."""
    if sample.listed:
        return ""
    wanted, got = pattern_of(sample.output, home), pattern_of(output, home)
    if wanted == got:
        return ""
    for number, (left, right) in enumerate(zip(wanted + ["(end)"], got + ["(end)"])):
        if left != right:
            break
    shown = "\n".join("    " + line for line in output)
    return f"line {number + 1} of the output\n  shown:  {left}\n  really: {right}\n  whole:\n{shown}"
