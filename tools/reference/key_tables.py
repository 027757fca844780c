"""Writes the tables of keys in docs/ from conf/headgate.schema.json, which the hub makes of its table of keys (hub/config/*_keys.cc).

key_tables.py: writes them anew. A table stands between `<!-- keys OBJECT: … -->` and `<!-- end of keys -->`; OBJECT names the keys that
it holds: `all`, or the key whose entries have them. Of a key it says default, unit, what is allowed, and its sentences, in which the
name of a document, such as `operations.md#the-disk`, becomes a link.
"""
import json
import pathlib
import re
import sys
from typing import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = ("docs/configuration.md", "docs/commands.md")
REGION = re.compile(r"(<!-- keys ([\w.]+): [^\n]*-->\n\n).*?(\n<!-- end of keys -->)", re.DOTALL)
HEAD = "| Key | Default | Unit | Allowed | What it does |\n|---|---|---|---|---|\n"

Keys = Iterator[tuple[str, dict]]


def keys_of(schema: dict, path: str = "") -> Keys:
    """Every key with its schema, in the schema's order. Of lists the keys of their entries follow, but of those with a table of their own."""
    for name, inner in schema.get("properties", {}).items():
        key = f"{path}{name}"
        if "description" not in inner:
            yield from keys_of(inner, f"{key}.")
            continue
        yield key, inner
        if key == "listeners":
            yield from keys_of(inner["items"], f"{key}[].")


def keys_for(schema: dict, name: str) -> Keys:
    if name == "all":
        return keys_of(schema)
    for part in name.split("."):
        schema = schema["properties"][part]
    return keys_of(schema["items"] if "items" in schema else schema["additionalProperties"])


def parts_of(description: str) -> tuple[str, str]:
    """What the key does, and the form that its text must have, or nothing."""
    says, _, form = re.sub(r"(?:(?<=\.) A|; a)llowed: ", "\0", description).partition("\0")
    return says if says.endswith(".") or not form else says + ".", form.removesuffix(".")


def one_of(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def of_text(form: str) -> str:
    """The form that a text has, as short as in a table: what paths and texts never have, stands above it."""
    empty = re.search(r'; (or "".*|"" for .*)$', form)
    for long in (r",? without ~.*", r", no control.*", r", the system's limit.*", r', as chmod.*', r'; or ""$'):
        form = re.sub(long, "", form)
    form = re.sub(r": the port goes.* IPv6 has no brackets.*", ", IPv6 without brackets", form)
    form = re.sub(r'"([^"]+)"', r"`\1`", form).replace("without + and #", "without `+` and `#`").replace("with $", "with `$`")
    form = form.replace(" * ", " `*` ")
    form = re.sub(r"(?<!`)(\{\w+\})", r"`\1`", form).replace("no other { or }", "no other `{` or `}`").replace("- . _", "`-` `.` `_`")
    return form + (", or empty" if empty else "")


def allowed(key: str, schema: dict, form: str) -> str:
    number = schema.get("oneOf", [schema])[0]
    reference = schema.get("$ref", "")
    if "minimum" in number:
        return f"{number['minimum']} to {number['maximum']}"
    if "enum" in schema:
        return one_of([f"`{value}`" if isinstance(value, str) else json.dumps(value) for value in schema["enum"]])
    if schema.get("type") == "boolean":
        return "true or false"
    if reference.endswith("/secret"):
        return "the name of a file or of a variable, or empty"
    if reference:
        return f"see [{(file := reference.split('#')[0])}](../conf/{file})"
    if form:
        return of_text(form).replace("|", "\\|")
    if "maxItems" in schema:
        return f"{schema.get('minItems', 0)} to {schema['maxItems']} objects"
    if "maxProperties" in schema:
        return f"up to {schema['maxProperties']} objects by name"
    return {"object": "an object", "array": "a list"}.get(schema["type"], "a text, as behind this")


def unit(key: str, schema: dict) -> str:
    if "oneOf" in schema and "minimum" in schema["oneOf"][0]:
        return "bytes"
    named = re.search(r"_(m?s)(_max|_default)?$", key)
    return named[1] if named else ""


def default(schema: dict) -> str:
    if "default" not in schema:
        return "as below" if "items" in schema else "must be there"
    return f"`{json.dumps(schema['default'], ensure_ascii=False)}`"


def linked(says: str, document: str, texts: dict[str, str]) -> str:
    """The sentence with links in the place of names of documents; within its own document the link has the heading's words."""
    def link(name: re.Match) -> str:
        file, anchor = name[1], name[2] or ""
        if f"docs/{file}" != document:
            return f"[{file}]({file}{anchor})"
        headings = re.findall(r"^#+ (.+)$", texts[document], re.MULTILINE)
        known = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"): heading for heading in headings}
        return f"[{known[anchor[1:]]}]({anchor})"
    return re.sub(r"\b([\w-]+\.md)(#[\w-]+)?", link, says)


def table(schema: dict, name: str, document: str, texts: dict[str, str]) -> str:
    rows = []
    for key, inner in keys_for(schema, name):
        says, form = parts_of(inner["description"])
        cells = [f"`{key}`", default(inner), unit(key, inner), allowed(key, inner, form), linked(says, document, texts)]
        rows.append("| " + " | ".join(cells) + " |\n")
    return HEAD + "".join(rows)


def written(document: str, texts: dict[str, str], schema: dict) -> str:
    """The document with its tables as they have to be."""
    return REGION.sub(lambda found: found[1] + table(schema, found[2], document, texts) + found[3], texts[document])


def read(root: pathlib.Path) -> tuple[dict[str, str], dict]:
    texts = {document: (root / document).read_text(encoding="utf-8") for document in DOCUMENTS}
    return texts, json.loads((root / "conf/headgate.schema.json").read_text(encoding="utf-8"))


def main() -> int:
    texts, schema = read(ROOT)
    for document in DOCUMENTS:
        (ROOT / document).write_text(written(document, texts, schema), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
