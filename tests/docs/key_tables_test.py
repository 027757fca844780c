"""The tables of keys in the documents are those that `tools/dev generate` writes, and say of each key what the schema says."""
import pathlib
import re
import sys
import unittest

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/reference"))

import key_tables  # noqa: E402

SCHEMA = {"properties": {
    "data_dir": {"description": "Directory; see a.md#the-disk. Allowed: a path, not empty, without ~, $NAME and patterns, which nobody "
                                "replaces here.", "type": "string", "default": "./d"},
    "listeners": {"description": "Where clients connect.", "type": "array", "minItems": 1, "maxItems": 64,
                  "items": {"properties": {"tls": {"properties": {
                      "identity": {"description": "Who. See b.md#own-part.", "enum": ["cn", "none", True], "default": "cn"}}}}}},
    "log": {"description": "Log; allowed: a path without ~ and $NAME; \"\" for stderr.", "type": "string", "default": ""},
    "store": {"properties": {
        "bytes_max": {"description": "Bytes.", "oneOf": [{"type": "integer", "minimum": 0, "maximum": 9}, {"$ref": "#/$defs/size"}],
                      "default": 0},
        "age_s_max": {"description": "Age.", "type": "integer", "minimum": 1, "maximum": 7, "default": 3}}}}}


class Documents(unittest.TestCase):
    texts, schema = key_tables.read(ROOT)

    def test_have_the_tables_that_are_made_of_the_keys(self):
        for document in key_tables.DOCUMENTS:
            self.assertEqual(self.texts[document], key_tables.written(document, self.texts, self.schema), "tools/dev generate writes it anew")

    def test_have_a_table_for_every_object_of_keys(self):
        names = [name for text in self.texts.values() for _, name, _ in key_tables.REGION.findall(text)]
        self.assertEqual(names, ["all", "links", "upstream.downstream"])

    def test_lead_only_to_headings_that_are_there(self):
        for row in re.findall(r"^\| `.*$", self.texts["docs/configuration.md"], re.MULTILINE):
            self.assertNotRegex(re.sub(r"\[[^\]]*\]\([^)]*\)", "", row), r"\w+\.md\b", "a document is named, and no link leads there")


class Tables(unittest.TestCase):
    def test_say_default_unit_form_and_sentence_of_each_key(self):
        texts = {"docs/b.md": "# B\n## Own part\n<!-- keys all: x -->\n\n| old |\n\n<!-- end of keys -->\nbehind"}
        rows = key_tables.written("docs/b.md", texts, SCHEMA).split("\n")[6:-3]
        self.assertEqual(rows, [
            '| `data_dir` | `"./d"` |  | a path, not empty | Directory; see [a.md](a.md#the-disk). |',
            "| `listeners` | as below |  | 1 to 64 objects | Where clients connect. |",
            '| `listeners[].tls.identity` | `"cn"` |  | `cn`, `none` or true | Who. See [Own part](#own-part). |',
            '| `log` | `""` |  | a path, or empty | Log. |',
            "| `store.bytes_max` | `0` | bytes | 0 to 9 | Bytes. |",
            "| `store.age_s_max` | `3` | s | 1 to 7 | Age. |"])

    def test_refuse_a_heading_that_is_not_there(self):
        texts = {"docs/b.md": "# B\n<!-- keys all: x -->\n\n\n<!-- end of keys -->\n"}
        self.assertRaises(KeyError, key_tables.written, "docs/b.md", texts, SCHEMA)


if __name__ == "__main__":
    unittest.main()
