"""docs/mqtt-conformance.md against the code: every normative statement of both versions is in it, is shown by
tests that exist or says why not, and stands in the code where it is satisfied.

Run as house_test.py is; conformance_self_test.py shows each finding.
"""

import pathlib
import re
import sys
from typing import Iterator

import house_test as house

PAGE = "docs/mqtt-conformance.md"

# The numbers of the normative statements of a section: how many from 1 on, or which.
STATEMENTS_5 = {
    "1.5.4": 3, "1.5.5": 1, "1.5.7": 1, "2.1.3": 1, "2.2.1": range(2, 7), "2.2.2": 1, "3.1.0": 2, "3.1.2": 30,
    "3.1.3": 12, "3.1.4": 6, "3.2.0": 2, "3.2.2": 22, "3.3.1": 13, "3.3.2": 20, "3.3.4": 10, "3.4.2": 3,
    "3.5.2": 3, "3.6.1": 1, "3.6.2": 3, "3.7.2": 3, "3.8.1": 1, "3.8.3": 5, "3.8.4": 8, "3.9.2": 2, "3.9.3": 2,
    "3.10.1": 1, "3.10.3": 2, "3.10.4": 6, "3.11.2": 2, "3.11.3": 2, "3.12.4": 1, "3.14.0": 1, "3.14.1": 1,
    "3.14.2": 4, "3.14.4": 3, "3.15.1": 1, "3.15.2": 3, "4.1.0": 2, "4.2": 1, "4.3.1": 1, "4.3.2": 5,
    "4.3.3": 13, "4.4.0": 2, "4.5.0": 2, "4.6.0": 6, "4.7.0": 1, "4.7.1": 2, "4.7.2": 1, "4.7.3": 4, "4.8.2": 6,
    "4.9.0": 3, "4.12.0": 7, "4.12.1": 2, "4.13.1": 1, "4.13.2": 1, "6.0.0": 4,
}
STATEMENTS_3 = {
    "1.5.3": 3, "2.2.2": 2, "2.3.1": 7, "3.1.0": 2, "3.1.2": 24, "3.1.3": 11, "3.1.4": 5, "3.2.0": 1, "3.2.2": 6,
    "3.3.1": 12, "3.3.2": 3, "3.3.4": 1, "3.3.5": 2, "3.6.1": 1, "3.8.1": 1, "3.8.3": 3,
    "3-8.3": [4],  # so spelled in the standard
    "3.8.4": 6, "3.9.3": 2, "3.10.1": 1, "3.10.3": 2, "3.10.4": 6, "3.12.4": 1, "3.14.1": 1, "3.14.4": 3,
    "4.1.0": 2, "4.3.1": 1, "4.3.2": 2, "4.3.3": 2, "4.4.0": 1, "4.5.0": 2, "4.6.0": 6, "4.7.1": 3, "4.7.2": 1,
    "4.7.3": 4, "4.8.0": 2, "6.0.0": 4, "7.0.0": 2, "7.1.1": 1, "7.1.2": 1,
}


def ids_of(sections) -> list[str]:
    numbers = {section: range(1, count + 1) if isinstance(count, int) else count
               for section, count in sections.items()}
    return [f"MQTT-{section}-{number}" for section, some in numbers.items() for number in some]


VERSIONS = {"## MQTT 5.0": ids_of(STATEMENTS_5), "## MQTT 3.1.1": ids_of(STATEMENTS_3)}
ID = r"MQTT-\d[\d.-]*-\d+"
REASON = "– "  # begins a row's last column that names no test but says why


def rows(text: str) -> Iterator[tuple[int, str, str, str]]:
    """(line, heading, id, what shows it) of each row of the two tables."""
    heading = ""
    for number, line in house.numbered_lines(text):
        if line.startswith("## "):
            heading = line
        match = re.match(rf"\| `({ID})` \| [^|]+ \| ([^|]*) \|$", line)
        if match:
            yield number, heading, match.group(1), match.group(2)


def cited(tree: house.Tree) -> dict[str, set[str]]:
    """The ids in the code by heading: `[MQTT-…]` is one of 5.0, `3.1.1 [MQTT-…]` one of 3.1.1."""
    found = {heading: set() for heading in VERSIONS}
    for _, _, heading, name in citations(tree, r"(core|broker|hub|routing)/.*\.(h|cc)"):
        found[heading].add(name)
    return found


def citations(tree: house.Tree, where: str) -> Iterator[tuple[str, int, str, str]]:
    for path, text in tree.files(where):
        for match in re.finditer(rf"(3\.1\.1 )?[\[(]({ID}[^\])]*)[\])]", text):
            heading = "## MQTT 3.1.1" if match.group(1) else "## MQTT 5.0"
            line = text.count("\n", 0, match.start()) + 1
            for name in re.findall(ID, match.group(2)):
                yield path, line, heading, name


def complete(tree: house.Tree) -> Iterator[house.Finding]:
    """Each statement of each version has one row, and no row is of something else."""
    seen = {heading: [] for heading in VERSIONS}
    for number, heading, name, _ in rows(tree.texts.get(PAGE, "")):
        if name not in VERSIONS.get(heading, []):
            yield house.Finding(PAGE, number, f"{name} is no statement of '{heading}'")
        elif name in seen[heading]:
            yield house.Finding(PAGE, number, f"{name} is here twice")
        else:
            seen[heading].append(name)
    for heading, names in VERSIONS.items():
        for name in names:
            if name not in seen[heading]:
                yield house.Finding(PAGE, 1, f"'{heading}' lacks {name}")


def shown(tree: house.Tree) -> Iterator[house.Finding]:
    """Each row names tests that exist, or gives a reason."""
    known = {f"{suite}.{name}" for _, text in tree.files(r"tests/.*\.cc")
             for _, suite, name in house.declared_tests(text)}
    for number, _, name, by in rows(tree.texts.get(PAGE, "")):
        tests = re.findall(r"`([A-Z]\w+\.[A-Z]\w+)`", by)
        for test in tests:
            if test not in known:
                yield house.Finding(PAGE, number, f"names a test that does not exist: {test}")
        if not tests and not by.startswith(REASON):
            yield house.Finding(PAGE, number, f"{name}: neither a test nor, behind a dash, a reason")


def satisfied(tree: house.Tree) -> Iterator[house.Finding]:
    """What is marked as tested stands in the code, at the line that satisfies it."""
    found = cited(tree)
    for number, heading, name, by in rows(tree.texts.get(PAGE, "")):
        if not by.startswith(REASON) and heading in found and name not in found[heading]:
            prefix = "3.1.1 " if heading == "## MQTT 3.1.1" else ""
            yield house.Finding(PAGE, number, f"no line of the code says {prefix}[{name}]")


def spelled(tree: house.Tree) -> Iterator[house.Finding]:
    """Nobody cites a statement that does not exist; a table of tests may say the version elsewhere."""
    known = {name for names in VERSIONS.values() for name in names}
    for path, line, heading, name in citations(tree, r"(core|broker|hub|routing|tests)/.*\.(h|cc)"):
        if name not in (known if path.startswith("tests/") else VERSIONS[heading]):
            yield house.Finding(path, line, f"{name} is no statement of '{heading}'")


RULES = [complete, shown, satisfied, spelled]


def main() -> int:
    tree = house.Tree.read(pathlib.Path(__file__).resolve().parents[2])
    findings = [finding for rule in RULES for finding in rule(tree)]
    for finding in findings:
        print(finding)
    print(f"conformance: {sum(map(len, VERSIONS.values()))} statements, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
