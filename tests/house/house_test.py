"""The house rules that a machine can check, run over the whole repository.

Each rule is a function from a Tree to findings; house_self_test.py shows each of them failing.
Findings fail the test; warnings are only printed. Standard library only.
"""

import collections
import os
import pathlib
import posixpath
import re
import sys
from typing import Iterator, NamedTuple

# Who may include whom. A folder may always include itself.
ARROWS = {
    "core": set(),
    "routing": {"core"},
    "store": {"core"},
    "broker": {"core"},
    "upstream": {"core", "store"},
    "hub": {"core", "routing", "store", "broker", "upstream"},
    "tools": {"core", "store", "routing"},
}
FOLDERS = set(ARROWS)
TESTS_OF_EVERYTHING = {"e2e", "bench", "fuzz", "crash", "support"}

# Third-party headers and the files that may include them.
FENCES = [
    (r"rocksdb/", r"(tests/)?store/rocks/"),
    (r"mosquitto", r"((tests/)?upstream/link/|(tests/)?tools/unbatch/|tests/(e2e|bench)/)"),
    (r"boost/(asio|beast)", r"((tests/)?broker/net/|(tests/)?hub/((shell|http)/|hub\.|main\.)"
                            r"|(tests/)?tools/|(tests/)?upstream/link/|tests/(e2e|bench)/)"),
    (r"openssl/ssl", r"(tests/)?broker/net/|hub/http/tls|upstream/link/|tools/bench/stream|tests/e2e/"),
    (r"spdlog/", r"(tests/)?hub/observe/|hub/main\.cc"),
    (r"(valijson|re2)/", r"routing/schema/|tests/e2e/http/contract"),
    (r"argon2", r"hub/access/password_hash|tools/headgate/commands/passwd"),
]
# Folders that only their parent (and its tests) may look into.
INNER = [
    ("store/rocks/", r"(tests/)?store/"),
]
# Slow to compile, so not for headers. Where a header has to, it is one that a fence keeps narrow.
HEAVY = r"nlohmann/json\.hpp|spdlog/|simdjson|CLI/"

# Words that are forbidden in code: (pattern, where, except where, why).
WORDS = [
    (r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(", r"tests/", r"tests/(e2e|bench)/|.*_bench\.cc",
     "a unit test does not sleep: time is an argument"),
    (r"\b(system_clock|steady_clock)::now\b|\btime\(nullptr\)", r"(core|routing|broker|upstream)/",
     r"core/system_clock|upstream/link/mosquitto_link", "logic does not read a clock: core::Now is an argument"),
    (r"\bstd::random_device\b|\bs?rand\s*\(", r"(core|routing|store|broker|upstream)/", r"store/rocks/",
     "logic does not make randomness: it is an argument"),
    (r"\bstd::(recursive_|shared_)?mutex\b", r"(core|routing|broker|upstream)/",
     r"core/worker\.|core/os/watched_worker\.|upstream/link/mosquitto_link", "the loop thread owns all state: no mutex in logic"),
    (r"\busing namespace (?!std::\w*literals)", r".*\.h$", None, "no 'using namespace' in a header"),
    (r"^\s*#if 0\b", r".*\.(h|cc)$", None, "no code that is switched off"),
    (r"\bfor \([^;()]* : (?:\*[\w.:>-]+\(|[\w.:>-]+\((?:[^()]|\([^()]*\))*\)(?:\[|\.at\())", r".*\.(h|cc)$", None,
     "a loop over a part of what a call returns reads it after its end: give the whole a name first"),
]

# What core/ includes beyond the standard library: the priority of a thread has no word in it.
# Nor have the owner of a file and who this process is.
CORE_SYSTEM_HEADERS = {
    ("core/os/priority.cc", header) for header in ("sched.h", "sys/resource.h", "sys/syscall.h", "unistd.h")} | {
    ("core/os/file_rights.cc", header) for header in ("grp.h", "pwd.h", "sys/stat.h", "unistd.h")}

FUNCTION_LINES_MAX = 70
FOLDER_FILES_MAX = 26

# A comment that begins so means something that stands on another line, or has no verb.
RIDDLE = re.compile(r"(what|of|as|the same|it|its|that|those|these|this is|which|so|such|one|both)\b", re.IGNORECASE)
RIDDLES_MAX = 0  # every comment stands alone


class Finding(NamedTuple):
    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


class Tree:
    """The repository's files by their path from its root."""

    def __init__(self, texts: dict[str, str]):
        self.texts = texts

    @staticmethod
    def read(root: pathlib.Path) -> "Tree":
        suffixes = {".h", ".cc", ".cpp", ".hpp", ".py", ".md", ".txt", ".json", ".service"}
        skipped = {"build", ".git", ".cache", "__pycache__", "headgate-data"}
        texts = {}
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if name not in skipped)  # builds may hold whole systems
            for path in (pathlib.Path(folder, name) for name in sorted(names)):
                readable = path.suffix in suffixes
                texts[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8") if readable else ""
        return Tree(texts)

    def files(self, pattern: str) -> Iterator[tuple[str, str]]:
        return ((path, text) for path, text in self.texts.items() if re.fullmatch(pattern, path))

    def has(self, path: str) -> bool:
        return path in self.texts or any(known.startswith(path.rstrip("/") + "/") for known in self.texts)


CPP = r"(core|routing|store|broker|upstream|hub|tools|tests)/.*\.(h|cc)"
SOURCES = r"(core|routing|store|broker|upstream|hub|tools)/.*\.(h|cc)"
HEADERS = r"(core|routing|store|broker|upstream|hub|tools)/.*\.h"


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    return enumerate(text.splitlines(), start=1)


def without_comment(line: str) -> str:
    return line.split("//", 1)[0]


def includes(text: str, opening: str) -> Iterator[tuple[int, str]]:
    for number, line in numbered_lines(text):
        match = re.match(rf'\s*#include {opening}([^>"]+)', line)
        if match:
            yield number, match.group(1)


def may_include(path: str) -> set[str]:
    """The folders that the file may include from."""
    folder, _, rest = path.partition("/")
    if folder != "tests":
        return ARROWS[folder] | {folder}
    tested = rest.split("/")[0]
    if tested in TESTS_OF_EVERYTHING:
        return FOLDERS | {"tests"}
    return ARROWS.get(tested, set()) | {tested, "tests"}


def arrows(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.files(CPP):
        for number, name in includes(text, '"'):
            folder = name.split("/")[0]
            if folder not in FOLDERS | {"tests"}:
                yield Finding(path, number, f'"{name}" is not rooted at the repository')
            elif folder not in may_include(path):
                yield Finding(path, number, f"forbidden arrow: this may not include {folder}/ ({name})")
            elif not tree.has(name):
                yield Finding(path, number, f'"{name}" does not exist')


def link_arrows(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.files(rf"({'|'.join(FOLDERS)})/CMakeLists\.txt"):
        for number, line in numbered_lines(text):
            for linked in re.findall(r"\bheadgate::(\w+)", line):
                if linked in FOLDERS and linked not in may_include(path):
                    yield Finding(path, number, f"forbidden arrow: this may not link headgate::{linked}")


def fences(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.files(CPP):
        for number, name in includes(text, "<"):
            for fenced, allowed in FENCES:
                if re.match(fenced, name) and not re.match(allowed, path):
                    yield Finding(path, number, f"<{name}> may only be included by {allowed}")
            if path.startswith("core/") and ("/" in name or "." in name) and (path, name) not in CORE_SYSTEM_HEADERS:
                yield Finding(path, number, f"core/ includes the standard library only, not <{name}>")


def inner_folders(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.files(CPP):
        for number, name in includes(text, '"'):
            for folder, allowed in INNER:
                if name.startswith(folder) and not re.match(allowed, path):
                    yield Finding(path, number, f'"{name}" may only be included by {allowed}')


def full_folders(tree: Tree) -> Iterator[Finding]:
    held = collections.Counter(posixpath.dirname(path) for path, _ in tree.files(CPP))
    for folder, count in sorted(held.items()):
        if count > FOLDER_FILES_MAX:
            yield Finding(folder, 1, f"{count} sources and headers (at most {FOLDER_FILES_MAX}): make rooms")


def repeated_names(tree: Tree) -> Iterator[Finding]:
    for path, _ in tree.files(SOURCES):
        folder, name = posixpath.split(path)
        if name.startswith(posixpath.basename(folder) + "_"):
            yield Finding(path, 1, "the name repeats its folder's")


def repeated_types(tree: Tree) -> Iterator[Finding]:
    """Two types of one name in a namespace: whichever destructor the linker keeps is run for both."""
    opening = re.compile(r"^(?:struct|class|enum class) (\w+)(?: final)?(?: :[^;{]*)? \{", re.MULTILINE)
    seen: dict[tuple[str, str], str] = {}
    for path, text in tree.files(HEADERS):
        space = re.search(r"^namespace (headgate(?:::\w+)*) \{", text, re.MULTILINE)
        for found in opening.finditer(text) if space else ():
            other = seen.setdefault((space[1], found[1]), path)
            if other != path:
                yield Finding(path, text.count("\n", 0, found.start()) + 1, f"{found[1]} is another type in {other}")


def heavy_headers(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.files(HEADERS):
        for number, name in includes(text, "<"):
            if re.match(HEAVY, name):
                yield Finding(path, number, f"<{name}> is slow to compile: include it in a .cc file")


def words(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.files(CPP):
        rules = [(re.compile(pattern), why) for pattern, where, but, why in WORDS
                 if re.match(where, path) and not (but and re.match(but, path))]
        for number, line in numbered_lines(text):
            for pattern, why in rules:
                if pattern.search(without_comment(line)):
                    yield Finding(path, number, why)


def left_notes(tree: Tree) -> Iterator[Finding]:
    note = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    for path, text in tree.files(r".*(\.h|\.cc|\.py|CMakeLists\.txt)"):
        for number, line in numbered_lines(text):
            if note.search(line):
                yield Finding(path, number, "do it, or file an issue: no notes to self in code")


def test_names(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.files(r"tests/.*\.cc"):
        for number, suite, name in declared_tests(text):
            if "_" in suite + name:
                yield Finding(path, number, f"test name with an underscore: {suite}.{name}")


def declared_tests(text: str) -> Iterator[tuple[int, str, str]]:
    for match in re.finditer(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def file_names(tree: Tree) -> Iterator[Finding]:
    for path, _ in tree.files(r"(core|routing|store|broker|upstream|hub|tools|tests)/.*"):
        name = posixpath.basename(path)
        if re.search(r"\.(cpp|hpp|cxx|c)$", name):
            yield Finding(path, 1, "C++ files end in .h and .cc")
        if re.search(r"\.(h|cc|py|cpp|hpp)$", name) and not re.fullmatch(r"[a-z][a-z0-9_]*\.\w+", name):
            yield Finding(path, 1, "file names are snake_case")


def headers(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.files(r"(core|routing|store|broker|upstream|hub|tools|tests)/.*\.h"):
        folder = path.split("/")[0]
        if not re.search(r"^#pragma once$", text, re.MULTILINE):
            yield Finding(path, 1, "a header needs #pragma once")
        if not text.startswith("//"):
            yield Finding(path, 1, "a header begins with a comment: what it is")
        if folder != "tests" and not re.search(rf"^namespace headgate::{folder}\b", text, re.MULTILINE):
            yield Finding(path, 1, f"a header here lives in namespace headgate::{folder}")


def orphans(tree: Tree) -> Iterator[Finding]:
    lists = dict(tree.files(r"(.*/)?CMakeLists\.txt"))
    for path, text in lists.items():
        for number, line in numbered_lines(text):
            if re.search(r"\bfile\s*\(\s*GLOB", line):
                yield Finding(path, number, "sources are listed, not globbed")
    listed = {source for path, text in lists.items() for source in listed_files(path, text)}
    for path, _ in tree.files(CPP):
        if path.endswith(".cc") and path not in listed:
            yield Finding(path, 1, "no CMakeLists.txt lists this file")


def listed_files(path: str, text: str) -> Iterator[str]:
    root = "${PROJECT_SOURCE_DIR}/"
    for word in re.split(r"[\s()\"]+", text):
        if word.startswith(root):
            yield word.removeprefix(root)
        else:
            yield posixpath.normpath(posixpath.join(posixpath.dirname(path), word))


def unused_headers(tree: Tree) -> Iterator[Finding]:
    included = {name for _, text in tree.files(CPP) for _, name in includes(text, '"')}
    for path, _ in tree.files(HEADERS):
        if path not in included:
            yield Finding(path, 1, "nothing includes this header")


def riddles(tree: Tree) -> Iterator[Finding]:
    """Comments that cannot be understood without the line above: none in excess of those that are known."""
    found = [Finding(path, number, f"begin this comment with a noun or a verb: {comment[:60]}")
             for path, text in tree.files(SOURCES)
             for number, comment in standing_comments(text) if RIDDLE.match(comment)]
    if len(found) > RIDDLES_MAX:
        yield from found


def standing_comments(text: str) -> Iterator[tuple[int, str]]:
    """First line of each run of comment lines, and the run's text."""
    run: list[str] = []
    for number, line in numbered_lines(text + "\n"):
        comment = re.match(r"\s*// ?(.*)", line)
        if comment:
            run.append(comment.group(1))
        elif run:
            yield number - len(run), " ".join(run)
            run = []
    if run:
        yield text.count("\n") + 2 - len(run), " ".join(run)


def changelog(tree: Tree) -> Iterator[Finding]:
    if not re.search(r"^## \[Unreleased\]", tree.texts.get("CHANGELOG.md", ""), re.MULTILINE):
        yield Finding("CHANGELOG.md", 1, "has no '## [Unreleased]' heading")


def doc_links(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.files(r"(docs/.*|[A-Z]+|conf/.*)\.md"):
        for number, line in numbered_lines(text):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                file = target.split("#")[0]
                if re.match(r"\w+:", target) or not file:
                    continue
                if not tree.has(posixpath.normpath(posixpath.join(posixpath.dirname(path), file))):
                    yield Finding(path, number, f"dead link: {target}")


def named_files(tree: Tree) -> Iterator[Finding]:
    """A source that a document names is there: `store/accounts/lane.h`, `store/rocks/db/disk_guard.*`."""
    stems = {path.rsplit(".", 1)[0] for path in tree.texts}
    for path, text in tree.files(r"(docs/.*|[A-Z]+)\.md"):
        for number, line in numbered_lines(text):
            for name in re.findall(rf"`((?:{'|'.join(FOLDERS)}|tests)/[\w/]+\.(?:h|cc|py|\*))`", line):
                if not (tree.has(name) or (name.endswith(".*") and name[:-2] in stems)):
                    yield Finding(path, number, f"names a file that does not exist: {name}")


def guarantees(tree: Tree) -> Iterator[Finding]:
    """`Suite.Name` and `tests/path[::name]` in the guarantees must exist."""
    path = "docs/guarantees.md"
    known = {f"{suite}.{name}" for _, text in tree.files(r"tests/.*\.cc")
             for _, suite, name in declared_tests(text)}
    for number, line in numbered_lines(tree.texts.get(path, "")):
        for name in re.findall(r"`([A-Z]\w+\.[A-Z]\w+)`", line):
            if name not in known:
                yield Finding(path, number, f"names a test that does not exist: {name}")
        for file, _, function in re.findall(r"`(tests/[\w/.]+)(::(\w+))?`", line):
            if not tree.has(file) or function not in tree.texts.get(file, ""):
                yield Finding(path, number, f"names a test that does not exist: {file} {function}")


def walks(tree: Tree) -> Iterator[Finding]:
    """A document that sends its reader to `file`, `Class::function` is right about both."""
    for path, text in tree.files(r"docs/[\w-]+\.md"):
        for number, line in numbered_lines(text):
            for file, names in re.findall(r"`([\w/]+\.(?:h|cc))`((?:(?:,| and) `\w+(?:::\w+)*`)+)", line):
                for name in re.findall(r"`(?:(\w+)::)?(\w+)`", names):
                    if not defines(tree.texts.get(file, ""), *name):
                        yield Finding(path, number, f"{file} has no {'::'.join(filter(None, name))}")


def defines(text: str, owner: str, name: str) -> bool:
    """True if a source has `owner::name`, or a header the class and in it the name."""
    if not owner:
        return re.search(rf"\b{name}\b", text) is not None
    return f"{owner}::{name}" in text or bool(re.search(rf"\b(class|struct) {owner}\b", text)
                                              and re.search(rf"\b{name}\(", text))


def long_functions(tree: Tree) -> Iterator[Finding]:
    """A heuristic that trusts clang-format: a function ends at the first brace of its own indentation."""
    for path, text in tree.files(CPP):
        lines = text.splitlines()
        for opening, line in enumerate(lines):
            start = statement_start(lines, opening)
            if not line.endswith("{") or not opens_function(" ".join(lines[start:opening + 1])):
                continue
            closing = re.match(" *", lines[start]).group() + "}"
            last = next((n for n in range(opening + 1, len(lines)) if lines[n].startswith(closing)), opening)
            if last - start + 1 > FUNCTION_LINES_MAX:
                yield Finding(path, start + 1,
                              f"function of {last - start + 1} lines (at most {FUNCTION_LINES_MAX})")


def statement_start(lines: list[str], at: int) -> int:
    before = re.compile(r"([;{}>]|private:|public:)$|^\s*(#|//|case\b|default:)|^\s*$")
    while at > 0 and not before.search(lines[at - 1]):
        at -= 1
    return at


def opens_function(statement: str) -> bool:
    other = r"\s*(inline )?(namespace|class|struct|enum|union|extern|if|for|while|switch|else|do|try|})\b"
    signature = re.search(r"\)[^()=]*\{$", statement)  # not a brace initialiser
    return bool(signature) and "](" not in statement and not re.match(other, statement)


RULES = [arrows, link_arrows, fences, inner_folders, full_folders, repeated_names, repeated_types, heavy_headers, words,
         left_notes, test_names, file_names, headers, orphans, riddles, changelog, doc_links,
         named_files, guarantees, walks]
WARNINGS = [long_functions, unused_headers]


def main() -> int:
    tree = Tree.read(pathlib.Path(__file__).resolve().parents[2])
    for rule in WARNINGS:
        for warning in rule(tree):
            print(f"warning: {warning}")
    findings = [finding for rule in RULES for finding in rule(tree)]
    for finding in findings:
        print(finding)
    print(f"house rules: {len(tree.texts)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
