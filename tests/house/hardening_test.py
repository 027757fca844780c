"""How our programs were hardened: `hardening_test.py READELF --compiled yes|no --commands FILE PROGRAM…`.

cmake/hardening.cmake asks for these; this shows that every one arrived in the programs, or, where a program does
not tell, in each compile command. `--compiled no` is for builds that are hardened only by the linker. Standard
library only.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
from typing import Callable, Iterator


class Program:
    """One ELF file as readelf tells it."""

    def __init__(self, readelf: str, path: str):
        self.path = path
        self.text = subprocess.run([readelf, "-hldW", "--dyn-syms", path], capture_output=True, text=True,
                                   check=True).stdout

    def says(self, pattern: str) -> bool:
        return re.search(pattern, self.text, re.MULTILINE) is not None


LINKED: dict[str, Callable[[Program], bool]] = {
    "is position independent (-pie)": lambda p: p.says(r"^\s*Type:\s+DYN") and p.says(r"FLAGS_1\).*\bPIE\b"),
    "has a read-only relocation segment (-z relro)": lambda p: p.says(r"^\s*GNU_RELRO\s"),
    "binds every symbol at start, so that it is all read-only (-z now)":
        lambda p: p.says(r"FLAGS_1\).*\bNOW\b") or p.says(r"\(BIND_NOW\)"),
    "has a stack that is not executable (-z noexecstack)": lambda p: p.says(r"^\s*GNU_STACK\s.*\sRW\s"),
    "maps nothing both writable and executable": lambda p: not p.says(r"^\s*LOAD\s.*\sRWE\s"),
    "needs no text relocations": lambda p: not p.says(r"\(TEXTREL\)"),
}
COMPILED: dict[str, Callable[[Program], bool]] = {
    "checks its stack (-fstack-protector-strong)": lambda p: p.says(r"\b__stack_chk_fail\b"),
    "calls the checked libc functions (-D_FORTIFY_SOURCE=2)": lambda p: p.says(r"\b__(?!stack_)\w+_chk\b"),
}


def missing(program: Program, compiled: bool) -> Iterator[str]:
    for what, holds in (LINKED | (COMPILED if compiled else {})).items():
        if not holds(program):
            yield f"{program.path}: not so: {what}"


def bare_commands(commands: pathlib.Path, x86: bool) -> Iterator[str]:
    """Ours outside tests/ without a flag that leaves no trace in a program. Debian 12 does not mark its start-up
    objects, so neither does the linker mark a program whose every branch target is marked."""
    flags = ["-fstack-clash-protection"] + (["-fcf-protection=full"] if x86 else [])
    root = pathlib.Path(__file__).resolve().parents[2]
    for entry in json.loads(commands.read_text()):
        if (root / "tests") in pathlib.Path(entry["file"]).parents:
            continue
        for flag in flags:
            if flag not in entry["command"].split():
                yield f"{entry['file']}: compiled without {flag}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("readelf")
    parser.add_argument("--commands", type=pathlib.Path, required=True)
    parser.add_argument("--compiled", choices=["yes", "no"], required=True)
    parser.add_argument("programs", nargs="+")
    arguments = parser.parse_args()
    programs = [Program(arguments.readelf, path) for path in arguments.programs]
    compiled = arguments.compiled == "yes"
    found = [text for program in programs for text in missing(program, compiled)]
    if compiled:
        x86 = programs[0].says(r"^\s*Machine:.*(X86-64|80386)")
        found += bare_commands(arguments.commands, x86)
    print("\n".join(found) or f"{len(arguments.programs)} programs, nothing missing")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
