"""What a program of ours says with --help, as a tree: its commands, their options and their arguments.

CLI11 prints it, in columns: names and types up to column 30, a sentence behind them or in the next line.
"""

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

COLUMN = 30
TITLES = {"Positionals": "arguments", "Options": "options", "Subcommands": "commands"}


@dataclass
class Entry:
    """An option or an argument."""

    names: list[str]
    type: str  # what CLI11 prints behind the names: TEXT, UINT:INT in [1 - 1000]=10, …; "" for a flag
    says: str

    @property
    def metavar(self) -> str:
        """The kind of its value in small letters, "" for a flag."""
        found = re.match(r"(TEXT|UINT|INT|FLOAT)\b", self.type)
        return {"TEXT": "text", "UINT": "number", "INT": "number", "FLOAT": "number"}[found[1]] if found else ""

    @property
    def default(self) -> str:
        found = re.search(r"=(\S+)", self.type)
        return found[1] if found else ""

    @property
    def choices(self) -> list[str]:
        found = re.search(r":\{([^}]*)\}", self.type)
        return found[1].split(",") if found else []

    @property
    def range(self) -> str:
        found = re.search(r"\bin \[(\S+) - (\S+)\]", self.type)
        return f"{found[1]} to {found[2]}" if found else ""

    @property
    def environment(self) -> str:
        found = re.search(r"\(Env:(\w+)\)", self.type)
        return found[1] if found else ""

    @property
    def required(self) -> bool:
        return re.search(r"\bREQUIRED\b", self.type) is not None

    @property
    def many(self) -> bool:
        return re.search(r"(^|\s)\.\.\.(\s|$)", self.type) is not None


@dataclass
class Command:
    path: list[str]  # without the program's own name
    says: str = ""
    usage: str = ""
    options: list[Entry] = field(default_factory=list)
    arguments: list[Entry] = field(default_factory=list)
    commands: list["Command"] = field(default_factory=list)

    def all(self):
        """This one and everything below it, in the order of the help."""
        yield self
        for command in self.commands:
            yield from command.all()

    def leaves(self):
        return (command for command in self.all() if not command.commands)


def entry_of(lines: list[str]) -> Entry:
    """From the first line of an entry and those that go on in its column."""
    first, rest = lines[0], [line.strip() for line in lines[1:]]
    left, says = first, rest
    if re.match(r"  \S.*? +$", first[:COLUMN]) and len(first) > COLUMN and (first[COLUMN - 2] == " " or not rest):
        left, says = first[:COLUMN], [first[COLUMN:], *rest]
    names, _, kind = left.strip().partition(" ")
    return Entry(names.split(","), kind.strip(), " ".join(says))


def parse(path: list[str], text: str) -> Command:
    command = Command(path)
    section, entries = "", []
    for line in text.splitlines():
        title = re.fullmatch(r"(\w[\w ]*):", line)
        if title:
            section = title[1]
        elif line.startswith("Usage: "):
            command.usage = line.removeprefix("Usage: ")
        elif not section and line.strip() and not command.usage:
            command.says = f"{command.says} {line.strip()}".strip()
        elif line.startswith(" " * COLUMN) and entries:
            entries[-1][1].append(line)
        elif line.startswith("  ") and line.strip():
            entries.append((section, [line]))
    for section, lines in entries:
        entry = entry_of(lines)
        if section not in TITLES:
            raise ValueError(f"{' '.join(path)} --help: a part {section!r} that help_tree.py does not know")
        if section == "Subcommands":
            command.commands.append(Command([*path, entry.names[0]], entry.says))
        else:
            getattr(command, TITLES[section]).append(entry)
    return command


def printed(program: list[str], *words: str) -> str:
    """What the program prints, with nothing of this shell's settings in it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADGATE_")}
    done = subprocess.run([*program, *words], capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join([*program, *words])} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def read(program: list[str], path: list[str] | None = None) -> Command:
    """The whole tree of a program, given as the words that start it."""
    path = path or []
    command = parse(path, printed(program, *path, "--help"))
    if not command.usage:
        raise ValueError(f"{Path(program[-1]).name} {' '.join(path)} --help prints no usage")
    command.commands = [read(program, below.path) for below in command.commands]
    return command
