#!/usr/bin/env python3
"""Turns batches of Headgate, in columns or in rows, into JSON with rows, one batch a line:
columns.py [--dictionary FILE]… FILE… > rows.ndjson
docs/batch-format.md says what the bytes mean. Standard library and the zstd command."""

import datetime
import json
import subprocess
import sys

ALL_BITS = (1 << 64) - 1
EPOCH = datetime.datetime(1970, 1, 1)


class Data:
    """Three parts, each read from its front: texts, planes and bits."""

    def __init__(self, data, text_bytes, plane_bytes):
        self.data = data
        self.text_at, self.plane_at, self.bit_at = 0, text_bytes, 8 * (text_bytes + plane_bytes)

    def text(self):
        end = self.data.index(0, self.text_at)
        text = self.data[self.text_at:end].decode()
        self.text_at = end + 1
        return text

    def numbers(self, count):
        self.text_at += count
        return self.data[self.text_at - count:self.text_at]

    def plane(self):
        self.plane_at += 1
        return self.data[self.plane_at - 1]

    def bits(self, count):
        first, last = self.bit_at // 8, (self.bit_at + count + 7) // 8
        value = int.from_bytes(self.data[first:last], "little") >> self.bit_at % 8
        self.bit_at += count
        return value & ((1 << count) - 1)


def signed(value):
    value &= ALL_BITS
    return value - (1 << 64) if value >> 63 else value


def integers(plan, rows, columns, data):
    low_bits, order, group, last, *bases = (int(number) for number in plan)
    numbers, pasts, values = {}, {}, []
    for row in range(rows):
        rest = 0
        if low_bits >= 0:
            above = data.plane()
            rest = data.bits(64) if above == 255 else above << low_bits | data.bits(low_bits)
        key = columns[group][row] if group >= 0 else ""
        number = numbers.setdefault(key, len(numbers))
        value = (rest >> 1 ^ -(rest & 1)) + bases[number if order == 0 else 0]
        if order > 0:
            known, step = pasts.get(key, (None, 0))
            value += (last if known is None else known) + (step if order == 2 else 0)
            last = signed(value)
            pasts[key] = (last, 0 if known is None else last - known)
        values.append(signed(value))
    return values


def decimal(value, decimals, decimals_min):
    digits = str(abs(value)).rjust(decimals + 1, "0")
    whole, fraction = digits[:len(digits) - decimals], digits[len(digits) - decimals:]
    while len(fraction) > decimals_min and fraction.endswith("0"):
        fraction = fraction[:-1]
    return ("-" if value < 0 else "") + whole + ("." + fraction if fraction else "")


def time(count, decimals, between, zone):
    seconds, fraction = divmod(count, 10 ** decimals)
    text = (EPOCH + datetime.timedelta(seconds=seconds)).strftime(f"%Y-%m-%d{between}%H:%M:%S")
    return text + (f".{fraction:0{decimals}}" if decimals else "") + zone


def column(form, rows, columns, data):
    """The texts of one column, one for each row."""
    kind = form[0]
    if kind == "c":
        return [data.text()] * rows
    if kind == "s":
        return [data.text() for _ in range(rows)]
    if kind == "w":
        words = [data.text() for _ in range(form[1])]
        numbers = data.numbers(rows) if len(words) <= 256 else integers(form[2], rows, [], data)
        return [words[number] for number in numbers]
    if kind == "d":
        texts = [decimal(value, form[1], form[2]) for value in integers(form[3], rows, columns, data)]
        others = form[4:]
    elif kind == "t":
        texts = [time(value, *form[1:4]) for value in integers(form[4], rows, columns, data)]
        others = form[5:]
    else:
        raise ValueError(f"a column of kind {kind}: a newer version of the format")
    for row in others:
        texts[row] = data.text()
    return texts


def rows_of(content):
    """The JSON text of a batch in columns, as it would be in rows."""
    head_bytes = int.from_bytes(content[4:8], "little")
    head = content[12:12 + head_bytes].decode()
    form = json.loads(head)["m"]
    data = Data(content[12 + head_bytes:], *form["bytes"])
    count = form["n"]
    seqs, times = (integers(form[key], count, [], data) for key in ("i", "t"))
    shapes = [data.text() for _ in range(form["shapes"])]
    shape_of = data.numbers(count) if len(shapes) > 1 else bytes(count)
    forms, texts = iter(form["columns"]), []
    for number, shape in enumerate(shapes):
        columns = []
        for _ in range(shape.count("\1")):
            columns.append(column(next(forms), shape_of.count(number), columns, data))
        texts.append(zip(*columns))
    rows = []
    for row in range(count):
        parts = shapes[shape_of[row]].split("\1")
        values = next(texts[shape_of[row]]) + ("",)
        text = "".join(part + value for part, value in zip(parts, values))
        rows.append(f'{{"i":{seqs[row]},"t":{times[row]},{text}}}')
    return head[:head.rindex(',"m":{')] + ',"m":[' + ",".join(rows) + "]}"


def expand(frame, dictionaries):
    """Content of a zstd frame; `dictionaries` are files by the ids that frames name (RFC 8878 section 3.1.1.1)."""
    at = 6 - (frame[4] >> 5 & 1)
    needed = int.from_bytes(frame[at:at + (0, 1, 2, 4)[frame[4] & 3]], "little")
    if needed and needed not in dictionaries:
        sys.exit(f"a batch needs the dictionary {needed}: --dictionary FILE")
    command = ["zstd", "-dcq"] + (["-D", dictionaries[needed]] if needed else [])
    return subprocess.run(command, input=frame, check=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    paths, by_id = sys.argv[1:], {}
    while paths[:1] == ["--dictionary"]:
        _, path, *paths = paths
        by_id[int.from_bytes(open(path, "rb").read(8)[4:], "little")] = path
    for path in paths:
        payload = open(path, "rb").read()
        content = expand(payload, by_id) if payload.startswith(b"\x28\xb5\x2f\xfd") else payload
        sys.stdout.buffer.write((rows_of(content).encode() if content.startswith(b"HGC1") else content) + b"\n")
