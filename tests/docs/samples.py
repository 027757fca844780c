"""Commands that documents show, each with the output below it, and how a real output is compared with it.

A block is fenced by ```; a line of it that begins with `$ ` is a command, the lines below are its output. A block of
`sh` is a script: each line is a command, shown without its output. A block of `log` shows lines of the hub's log.
Compared are words, columns and their order. Numbers, sizes, times and ids are compared by kind: another run has others.
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
# Of a link that is down: what its last attempt came to, and when the next is, differ from one moment to the next.
DOWN = r"\b(link \S+): (?:it connects to|cannot connect to|The connection) .*"
KINDS = ((DOWN, r"\1: <is down>"), (TIME, "<time>"), (ULID, "<id>"), (r"\bauto-\d+-\d+\b", "<id>"), (r"\bhg_[0-9a-f]+\b", "<token>"), (SIZE, "<size>"), (SPAN, "<span>"),
         (NUMBER, "<n>"))
UNSYNCED = ',"clock":"unsynced"| clock=unsynced'  # what a machine without a time service says
LEVELS = r"^(\w+ <size> <size>) (?:-|<n>(?: <n>)*)$"  # of `store stats`: as many as compaction has left


@dataclasses.dataclass
class Sample:
    """One command and the lines below it; `listed`: its block shows no output of any command.

    Without a command the lines are of the hub's log. `section` is the heading above its block, `language` what the fence says.
    """
    document: str
    line: int
    command: str
    output: list[str] = dataclasses.field(default_factory=list)
    listed: bool = False
    section: str = ""
    language: str = ""


@dataclasses.dataclass
class Block:
    """What stands between two fences; `line` is the number of the first line inside."""
    line: int
    language: str
    section: str
    lines: list[str] = dataclasses.field(default_factory=list)


def samples_of(document: str, text: str) -> Iterator[Sample]:
    """The samples of a document, in its order."""
    for block in blocks_of(text):
        if block.language == "sh":
            found = [Sample(document, line, command) for line, command in script_of(block)]
        elif block.language == "log":
            found = [Sample(document, block.line, "", block.lines)]
        else:
            found = session_of(document, block)
        for sample in found:
            sample.section, sample.language = block.section, block.language
            sample.listed = not any(any(other.output) for other in found)
        yield from found


def session_of(document: str, block: Block) -> list[Sample]:
    """What somebody typed at a terminal, and read there."""
    found: list[Sample] = []
    for number, line in enumerate(block.lines, block.line):
        if line.startswith("$ "):
            found.append(Sample(document, number, line[2:]))
        elif found:
            found[-1].output.append(line)
    return found


def script_of(block: Block) -> Iterator[tuple[int, str]]:
    """The commands of a script with their lines: without comments, those that go on in the next line whole."""
    command, ends, began = "", "", block.line
    for number, line in enumerate(block.lines, block.line):
        command += ("\n" if ends else "") + (line if ends else re.sub(r"(^|\s{2,})#.*", "", line))
        if here := re.search(r"<<'(\w+)'", line):
            ends = here[1]
        elif ends and line == ends:
            ends = ""
        elif not ends and command.endswith("\\"):
            command = command[:-1]
            continue
        if command and not ends:
            yield began, command
        if not ends:
            command, began = "", number + 1


def blocks_of(text: str) -> Iterator[Block]:
    block: Block | None = None
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            if block is not None:
                yield block
            block = Block(number + 1, line[3:], section) if block is None else None
        elif block is not None:
            block.lines.append(line)
        elif line.startswith("#"):
            section = line.lstrip("# ")


def pattern_of(lines: list[str], home: pathlib.Path) -> list[str]:
    """Lines with what differs from run to run replaced by its kind. `home` is shown as /tmp/site, and a machine's directories
    below it as its own."""
    shown = []
    for line in lines:
        for part in ("/var/lib/", "/etc/"):
            line = line.replace(f"{home}{part}", part)
        line = re.sub(UNSYNCED, "", line.replace(str(home), "/tmp/site"))
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
