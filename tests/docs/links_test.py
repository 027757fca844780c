"""Links among documents lead somewhere, every document can be found, and pictures can be read in light and dark.

Files and folders that links name, their anchors, and the way from docs/README.md to each page are checked; the glossary
defines a word once.
"""
import pathlib
import posixpath
import re
import sys
import unittest
import xml.etree.ElementTree as xml
from collections import Counter
from typing import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
START = "docs/README.md"
README_LINES_MAX = 60


def documents(root: pathlib.Path) -> dict[str, str]:
    """The texts by path: what stands at the root, and below docs/."""
    paths = [*root.glob("*.md"), *root.glob("docs/**/*.md")]
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in sorted(paths)}


def prose(text: str) -> str:
    """The text without its fenced blocks, each line where it was."""
    return re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The names that a code host gives to headings."""
    found: Counter[str] = Counter()
    names = set()
    for heading in re.findall(r"^#+ +(.+?) *#*$", prose(text), re.MULTILINE):
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        name = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        names.add(f"{name}-{found[name]}" if found[name] else name)
        found[name] += 1
    return names


def links(path: str, text: str) -> Iterator[tuple[str, str, str]]:
    """Of each link within the repository: as it is written, the path it names, and the anchor."""
    without_code = re.sub(r"`[^`\n]*`", lambda code: "x" * len(code[0]), prose(text))
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code):
        file, _, anchor = target.partition("#")
        if not re.match(r"\w+:", target):
            yield target, posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path, anchor


def dead_links(texts: dict[str, str], root: pathlib.Path) -> list[str]:
    found = []
    for path, text in texts.items():
        for target, file, anchor in links(path, text):
            if file not in texts and not (root / file).exists():
                found.append(f"{path}: {target}: there is no {file}")
            elif anchor and anchor not in anchors(texts.get(file, "")):
                found.append(f"{path}: {target}: {file} has no such heading")
    return found


def lost_pages(texts: dict[str, str]) -> list[str]:
    """Pages below docs/ to which no way leads from the start. A link to a folder leads to all that is in it."""
    seen: set[str] = set()
    ahead = [START]
    while ahead:
        page = ahead.pop()
        if page in seen:
            continue
        seen.add(page)
        ahead += [file for _, file, _ in links(page, texts.get(page, "")) if file.startswith("docs/")]
    return [page for page in texts if page.startswith("docs/") and page not in seen
            and posixpath.dirname(page) not in seen]


def words(glossary: str) -> list[str]:
    return [word.strip().lower() for row in re.findall(r"^\| ([^|]+) \|", glossary, re.MULTILINE)
            for word in row.split(",") if row not in ("Word", "---")]


class Documents(unittest.TestCase):
    texts = documents(ROOT)

    def test_link_only_to_what_is_there(self):
        self.assertEqual(dead_links(self.texts, ROOT), [])

    def test_can_all_be_reached_from_their_index(self):
        self.assertEqual(lost_pages(self.texts), [])

    def test_begin_with_a_page_of_one_screen(self):
        self.assertLessEqual(self.texts["README.md"].count("\n"), README_LINES_MAX)

    def test_define_each_word_once(self):
        defined = Counter(words(self.texts["docs/glossary.md"]))
        self.assertGreater(len(defined), 80)
        self.assertEqual([word for word, times in defined.items() if times > 1], [])

    def test_have_pictures_that_are_read_in_light_and_dark_and_aloud(self):
        pictures = sorted((ROOT / "docs/pictures").glob("*.svg"))
        self.assertTrue(pictures)
        for picture in pictures:
            text = picture.read_text(encoding="utf-8")
            names = {element.tag.split("}")[-1] for element in xml.fromstring(text).iter()}
            self.assertLessEqual({"title", "desc", "style"}, names, picture)
            self.assertIn("@media (prefers-color-scheme: dark)", text, picture)
            light, dark = re.split(r"@media[^{]*\{", text.partition("</style>")[0])
            styled = {name for name in re.findall(r"\.(\w+) \{[^}]*(?:fill|stroke): #", light)}
            self.assertLessEqual(styled, set(re.findall(r"\.(\w+) \{", dark)), f"{picture}: light only")
            self.assertTrue(any(picture.name in page for page in self.texts.values()), f"nobody shows {picture}")


class Checks(unittest.TestCase):
    def test_find_a_dead_link_a_wrong_anchor_and_a_lost_page(self):
        texts = {START: "# Index\n[a](a.md#first-part) [b](#index) [c](../README.md) [web](https://example.org/x)\n",
                 "docs/a.md": "# A\n## First *part*\n`[not](a/link)`\n```\n[nor](this)\n# nor this\n```\n", "README.md": "# R\n"}
        self.assertEqual((dead_links(texts, ROOT), lost_pages(texts)), ([], []))
        self.assertEqual(len(dead_links(texts | {"docs/a.md": "# A\n[x](gone.md) [y](#nor-this)\n"}, ROOT)), 3)
        self.assertEqual(lost_pages(texts | {"docs/lost.md": ""}), ["docs/lost.md"])

    def test_name_headings_as_a_code_host_does(self):
        self.assertEqual(anchors("# `$SYS`\n## A [link](x.md), and more\n## Twice\n## Twice\n"),
                         {"sys", "a-link-and-more", "twice", "twice-1"})

    def test_read_the_words_of_a_glossary(self):
        self.assertEqual(words("| Word | Meaning |\n|---|---|\n| seq | a |\n| Lane, row | b |\n"), ["seq", "lane", "row"])


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
