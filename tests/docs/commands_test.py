"""Runs every command that the documents show, and compares what it prints with the sample.

commands_test.py PROGRAMS [[but] DOCUMENT…]: the directory of headgated and headgate, and which documents, if not all.
samples.py says what is compared, scenes.py and symptoms.py how each command finds its site.
"""
import pathlib
import re
import signal
import sys
import time

sys.dont_write_bytecode = True

import scenes  # noqa: E402
import who_runs  # noqa: E402
from samples import Sample, difference, pattern_of, samples_of  # noqa: E402
from site_under_test import Site, wait_for  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
LOOKING_S = 45  # how long a command that only looks is asked again, until it shows what the sample shows
LOG_LINES = 30  # of a log that does not have what a document shows
LOOKS = re.compile(r"$|(build/release/bin/)?headgate (status|bench|tail|(queue|client|dlq|route) ls|queue peek|store stats|upstream status)\b")


def as_run(site: Site, sample: Sample) -> str:
    """The command, its letters those that are there, and its broker where the site's is."""
    command = sample.command
    if re.search(r"dlq \w+ (--payload )?\d", command):
        letters = [str(letter["seq"]) for letter in site.json("dlq ls")["dead_letters"]]
        for shown, real in zip(re.findall(r"\b\d+\b", command), letters):
            command = command.replace(shown, real)
    return command + f" -p {site.ports['1883']}" if command.startswith("headgate bench ") else command


def watched(site: Site, sample: Sample, command: str) -> tuple[int, list[str]]:
    """A command during which something happens."""
    site.start("watched", command)
    if sample.command in scenes.ENDLESS:
        time.sleep(1)  # it says nothing when it is ready
    scenes.MEANWHILE[sample.command](site)
    if sample.command not in scenes.ENDLESS:
        return site.finish("watched")
    try:
        wait_for(lambda: len(site.printed("watched")) > len(sample.output), sample.command)
    except TimeoutError:
        pass  # it was not ready: the difference is found, and it is asked again
    site.stop("watched", signal.SIGINT)
    return 0, site.printed("watched")


def run(site: Site, sample: Sample) -> str:
    """Empty if it is as shown."""
    if not sample.command:
        return not_logged(sample, site)
    if instead := scenes.INSTEAD.get((sample.document, sample.command)):
        instead(site)
        return ""
    command = as_run(site, sample)
    if sample.command in scenes.MEANWHILE:
        code, output = watched(site, sample, command)
    else:
        code, output = site.run(command, scenes.ANSWERS.get(sample.command))
    wanted = scenes.EXITS.get(sample.command, 0)
    if code != wanted:
        return f"exit code {code}, not {wanted}:\n    " + "\n    ".join(output)
    return difference(sample, output, site.home)


def not_logged(sample: Sample, site: Site) -> str:
    """Empty if the hub has written lines of these kinds, whatever stands between them."""
    written = pattern_of(site.printed("hub"), site.home)
    missing = [line for line in pattern_of(sample.output, site.home) if line not in written]
    return "" if not missing else "is not in the log: " + "\n  ".join(missing + ["the log:"] + site.printed("hub")[:LOG_LINES])


def settled_run(site: Site, sample: Sample) -> str:
    end = time.monotonic() + LOOKING_S
    while (found := run(site, sample)) and LOOKS.match(sample.command) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def check(document: str, text: str, programs: pathlib.Path) -> list[str]:
    """What is wrong in a document; its commands are one session at one site, unless a section has a scene of its own."""
    samples = [sample for sample in samples_of(document, text) if not scenes.why_not_run(document, sample)]
    found = []
    if not samples:
        return found
    section, reason = "", ""
    with Site(programs) as site:
        for sample in samples:
            if (scene := scenes.SECTIONS.get((document, sample.section))) and section != sample.section:
                site.anew()
                reason = begun(scene, site)
            if reason:
                continue
            section = sample.section
            scenes.BEFORE.get((document, sample.command), lambda _: None)(site)
            if wrong := settled_run(site, sample):
                found.append(f"{document}:{sample.line}: $ {sample.command}\n  {wrong}")
    return found


def begun(scene: scenes.Scene, site: Site) -> str:
    """Empty, or why this machine cannot show the section."""
    try:
        scene(site)
        return ""
    except scenes.symptoms.Skipped as skipped:
        print(f"skipped: {skipped}")
        return str(skipped)


def forgotten(texts: dict[str, str]) -> list[str]:
    """Scenes and reasons for commands that no document shows."""
    samples = [sample for document, text in texts.items() for sample in samples_of(document, text)]
    shown = {(sample.document, sample.command) for sample in samples}
    commands = {command for _, command in shown}
    left = [place for place in (*scenes.BEFORE, *scenes.INSTEAD, *scenes.NOT_RUN) if place not in shown]
    left += set(scenes.SECTIONS) - {(sample.document, sample.section) for sample in samples}
    left += [("scenes.py", command) for table in (scenes.MEANWHILE, scenes.ENDLESS, scenes.EXITS, scenes.ANSWERS)
             for command in table if command not in commands]
    named = {file for reason in scenes.NOT_RUN.values() for file in re.findall(r"tests/[\w/.]+", reason)}
    gone = [f"scenes.py: there is no {file}" for file in named if not (ROOT / file).exists()]
    return [f"{place}: nobody shows `{command}`" for place, command in left] + gone + who_runs.forgotten_steps()


def spoken_wrong(document: str, text: str, programs: dict[str, who_runs.Command]) -> list[str]:
    """Blocks that nobody runs, and commands of ours that our programs do not know: in sentences, and of those that do not run."""
    found = list(who_runs.nobody_runs(document, text))
    named = list(who_runs.spoken(text))
    named += [(sample.line, sample.command) for sample in samples_of(document, text)
              if scenes.why_not_run(document, sample) and who_runs.is_ours(sample.command)]
    for line, command in named:
        if wrong := who_runs.misspoken(command, programs):
            found.append(f"{document}:{line}: `{command}`: {wrong}")
    return found


def meant(words: list[str], documents: list[str]) -> list[str]:
    if words[:1] == ["but"]:
        return [document for document in documents if document not in words]
    return words or documents


def main() -> int:
    programs = pathlib.Path(sys.argv[1])
    texts = {document: (ROOT / document).read_text(encoding="utf-8") for document in DOCUMENTS}
    found = forgotten(texts)
    trees = {name: who_runs.read([str(programs / name)]) for name in ("headgate", "headgated")}
    for document in meant(sys.argv[2:], list(texts)):
        found += spoken_wrong(document, texts[document], trees)
        found += check(document, texts[document], programs)
    print("\n".join(found))
    shown = sum(len(list(samples_of(document, text))) for document, text in texts.items())
    print(f"{shown} commands shown, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
