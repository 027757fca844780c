"""Which test runs a command that a document shows, where commands_test.py does not; and blocks that no test would run.

Steps on a machine are those of some sections, most of them of docs/operations.md. A test that runs such a section takes its commands from the
document (`steps`), runs each as it is shown, and does for those in STAND_INS what is said there.
"""
import functools
import pathlib
import re
import shlex
import subprocess
import sys
from typing import Iterator

from samples import Sample, blocks_of, samples_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/package"))

from help_tree import Command, Entry, read  # noqa: E402,F401

MACHINE, SECURITY = "docs/operations.md", "docs/security.md"
SECTIONS = {
    (MACHINE, "Packages"): "tests/package/root_test.py",
    (MACHINE, "In a container"): "tests/package/container_test.py",
    (MACHINE, "Install"): "tests/docs/install_test.py",
    (MACHINE, "From nothing to TLS with users"): "tests/docs/install_test.py",
    (SECURITY, "Rights"): "tests/package/root_test.py",
}

# Steps that no test runs as they are shown, and what is done for each.
STAND_INS = {
    "tools/dev build release headgated headgate": "what runs these tests has built",
    "systemd-sysusers": "install_test.py runs it with --root, so that this machine gets no user",
    "systemctl daemon-reload": "no systemd runs; files_test.py has systemd-analyze read the unit and its drop-in",
    "systemctl enable --now headgated": "install_test.py enables the unit with --root, and starts the hub as the unit says",
    "systemctl restart headgated": "the tests end the hub and start it as the unit says",
    "systemctl reload headgated": "the tests send the signal of the unit's ExecReload",
    "editor /etc/headgate/headgate.json": "root_test.py edits the file",
    "podman run -v headgate-data:/var/lib/headgate -v ./headgate.json:/etc/headgate/headgate.json:ro -p 8883:8883 headgate":
        "container_test.py holds its paths against the image, and runs that by buildah",
}

# What a fence may say of its block: whoever reads the block runs no command in it.
LANGUAGES = r"|sh|log|sql|text|yaml|ndjson|python|js|route|route edgehub|input|result|json( schema)?( [\w.]+)?|csv [\w.]+"
SCRIPTS = {("docs/batch-format.md", "shell"): "tests/tools/unbatch/batch_format_doc_test.cc"}

PROGRAMS = (r"headgated?|mosquitto(_\w+)?|tools/[\w/.]+|build/\S+|systemctl|journalctl|curl|apt(-get)?|dpkg|install|openssl|buildah|podman|docker|"
            r"git|ssh|scp|cp|mv|rm|ls|cat|sudo|python3|node|npm|jq|zstd|promtool|prometheus|nats(-server)?|ip")
COMMAND = re.compile(rf"({PROGRAMS}) (?!(\w+:|[=:│─]))\S")  # and no line of a log, such as `headgate unbatch: …`


NO_COMMANDS = ("headgate version …",)  # what stands under a topic of $SYS


@functools.cache
def usage_of_dev() -> str:
    return subprocess.run([ROOT / "tools/dev", "help"], capture_output=True, text=True, check=True).stdout


def steps(section: str, document: str = MACHINE) -> list[str]:
    """What a section of a page tells to do, in its order; what `&&` joins are steps of their own."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [step for sample in samples_of(document, text) if sample.section == section and sample.language == "sh"
            for step in re.split(r" +&& +", sample.command.strip())]


def runner(sample: Sample) -> str:
    """The test that runs a step on a machine; empty for whatever is none."""
    return SECTIONS.get((sample.document, sample.section), "") if sample.language == "sh" else ""


def nobody_runs(document: str, text: str) -> Iterator[str]:
    """Blocks whose commands are neither run nor read: of a kind that no test knows, or without the `$ ` of a command."""
    for block in blocks_of(text):
        place = f"{document}:{block.line}"
        if not re.fullmatch(LANGUAGES, block.language) and (document, block.language) not in SCRIPTS:
            yield f"{place}: no test reads a block of {block.language!r}; commands are in blocks of sh, or behind `$ `"
        elif block.language in ("", "text") and not any(line.startswith("$ ") for line in block.lines):
            yield from (f"{place}: no test runs `{line}`; say ```sh, or put `$ ` before it"
                        for line in block.lines if COMMAND.match(line))


def forgotten_steps() -> list[str]:
    """Sections and stand-ins that no page has, and tests that do not take their section from the page."""
    shown = [step for document, section in SECTIONS for step in steps(section, document)]
    left = [f"who_runs.py: nobody shows `{step}`" for step in STAND_INS if step not in shown]
    left += [f"{test}: does not run the section {section!r}" for (document, section), test in SECTIONS.items()
             if not steps(section, document) or f'"{section}"' not in (ROOT / test).read_text(encoding="utf-8")]
    return left


def spoken(text: str) -> Iterator[tuple[int, str]]:
    """Commands of ours within sentences and tables, with their lines."""
    without_blocks = re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), text, flags=re.MULTILINE | re.DOTALL)
    for number, line in enumerate(without_blocks.split("\n"), 1):
        yield from ((number, code) for code in re.findall(r"(?<!`)`((?:headgated?|tools/dev) [^`]+)`", line))


def is_ours(command: str) -> bool:
    return re.match(r"(headgated?|tools/dev) ", command) is not None


def misspoken(code: str, programs: dict[str, Command]) -> str:
    """Empty, or the word of a command that its program does not know. Words in capitals stand for something."""
    if code in NO_COMMANDS:
        return ""
    program, *words = shlex.split(code.replace("\\|", "|"))
    if program == "tools/dev":
        return "" if re.search(rf"^  {words[0]}\b", usage_of_dev(), re.MULTILINE) else f"tools/dev has no {words[0]}"
    above = [programs[program]]
    while words:
        word = words.pop(0)
        if word in ("|", ">", "<", "&&", "2>") or word.startswith(("…", "...")):
            break
        if re.match(r"-\w|--\w", word):
            names, _, value = word.partition("=")
            for name in names.split("|"):
                option = next((known for command in above for known in command.options if name.strip("[]") in known.names), None)
                if option is None:
                    return f"{' '.join([program, *above[-1].path])} has no {name}"
                if option.type and not value and words:
                    words.pop(0)
        elif above[-1].commands and not word.isupper():
            known = {command.path[-1]: command for command in above[-1].commands}
            if unknown := [name for name in word.split("|") if name not in known]:
                return f"{' '.join([program, *above[-1].path])} has no {unknown[0]}"
            above.append(known[word.split("|")[-1]])
    return ""
