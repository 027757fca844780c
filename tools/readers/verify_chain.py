#!/usr/bin/env python3
"""Tells whether files hold every batch that a hub has sent: docs/batch-format.md, "The chain". Needs zstd, and columns.py beside it.
    verify_chain.py [--key FILE] [--dictionary FILE]… FILE…    batches and heads in the order of arrival, one after the other
Exit code: 0 complete, 1 a batch cannot be read, 3 something is missing or changed."""
import base64, bisect, collections, hashlib, hmac, itertools, json, struct, sys
import columns

def frame_size(data, at):
    """Bytes of the zstd frame at `at` (RFC 8878 section 3.1.1)."""
    flags = data[at + 4]
    single = flags >> 5 & 1
    end = at + 5 + (1 - single) + (0, 1, 2, 4)[flags & 3] + (single, 2, 4, 8)[flags >> 6]
    while True:
        block = int.from_bytes(data[end:end + 3], "little")
        end += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)
        if block & 1:
            return end + 4 * (flags >> 2 & 1) - at

def contents(data, dictionaries):
    """Content of each batch and text of its mark; of a head there is no mark."""
    at = 0
    while at < len(data):
        if (kind := data[at:at + 4]) in (b"\x28\xb5\x2f\xfd", b"HGC1"):
            end = at + (frame_size(data, at) if kind != b"HGC1" else 12 + sum(struct.unpack_from("<II", data, at + 4)))
            content, mark = data[at:end] if kind == b"HGC1" else columns.expand(data[at:end], dictionaries), b""
            if data[end:end + 4] == b"\x5c\x2a\x4d\x18":
                size = int.from_bytes(data[end + 4:end + 8], "little")
                mark, end = data[end + 8:end + 8 + size], end + 8 + size
            yield content, mark
            at = end
        elif data[at:at + 1] in b" \r\n":
            at += 1
        else:
            text = data[at:].decode("utf-8", "surrogateescape")
            content = text[:json.JSONDecoder().raw_decode(text)[1]].encode("utf-8", "surrogateescape")
            at += len(content)
            mark = content.rfind(b',"chain":{')
            yield (content, b"") if mark < 0 else (content[:mark] + b"}", content[mark + 9:-1])

class Stream:
    def __init__(self):
        self.batches, self.given_up, self.head, self.found, self.clock = {}, [], None, [], itertools.count()

    def add(self, batch, mark, digest):
        n, now, rows = mark["n"], next(self.clock), {row["i"]: row for row in batch["m"]}
        known = {"mark": mark, "hash": digest, "rows": rows, "gaps": batch.get("gaps", []), "lane": batch["lane"], "first": now}
        (known := self.batches.setdefault(n, known))["last"] = now
        ids = sorted({*rows, *known["rows"]})
        self.found += [f"batch {n} came twice, with different content; ids {ids}"] * (known["hash"] != digest)

    def up(self, n):
        return any(first <= n <= last for _, first, last, *_ in self.given_up)

    def reopened(self, n):
        return min([first for by, first, *_ in self.given_up if by > n > first], default=n)

    def may_have_held(self, n):
        spans = []
        for lane in {b["lane"] for b in self.batches.values()}:
            ids = {m: sorted(b["rows"]) for m, b in sorted(self.batches.items()) if b["lane"] == lane and b["rows"] and not self.up(m)}
            low, until, marks = [], n, {m: self.batches[m]["mark"] for m in ids}
            for m in [m for m in reversed(ids) if m < n and not marks[m].get("ahead")] + [0]:  # back to before what was given up since
                low.append(ids[m][-1] if m else 0)
                if m < until and (until := self.reopened(m)) == m: break
            before = {i for m in ids if m < n for i in ids[m]}
            high = next((max(i, marks[m].get("over", 0) + 1) for m in ids if m > n
                         for i in ids[m] if i not in before and self.reopened(n) == n), 0)
            came = any(min(low) < i and (not high or i < high) for b in self.batches.values() for i in b["rows"])
            spans += [f"above {min(low)}" + f" and below {high}" * (high > 0) + ", but for those that came" * came] * (
                not high or high - min(low) > 1)
        return ", or ".join(spans + ["of a lane without another batch"])

    def judge(self):
        numbers = sorted(self.batches)
        for n, b in sorted(self.batches.items(), reverse=True):
            self.given_up += [] if self.up(n) else [(n, *each) for each in b["mark"].get("instead_of", [])]
            before = [m for m in numbers if m > n and self.batches[m]["last"] < b["first"] and not self.up(m) and (
                self.head and self.head["n"] >= m or any(k > m and self.batches[k]["first"] > b["first"] for k in numbers))]
            self.found += [f"batch {n} came after batch {m}; ids {sorted(b['rows'])}" for m in before[:1]]
        self.found += [f"batch {n} is missing; the messages have ids {self.may_have_held(n)}" for n in
                       range(numbers[0], max(numbers[-1], self.head["n"] if self.head else 0) + 1)
                       if n not in self.batches and not self.up(n)]
        named = [(b["mark"].get("after", n - 1) * ("prev" in b["mark"]), b["mark"].get("prev"), n) for n, b in self.batches.items()]
        named += [(*up[3:], 0) for up in self.given_up if up[3:]] + ([(self.head["n"], self.head["hash"], 0)] if self.head else [])
        for after, digest, by in named:
            if after in self.batches and self.batches[after]["hash"] != digest:
                self.found.append(f"batch {after} is not as it was sent; ids {sorted(self.batches[after]['rows'])}")
            self.found += [f"batch {n} is beside the chain; ids {sorted(self.batches[n]['rows'])}"
                           for n in numbers[bisect.bisect(numbers, after):bisect.bisect_left(numbers, by)] if not self.up(n)]
        for n in filter(self.up, numbers):
            later = [self.batches[m] for m in numbers if m > n and not self.up(m)]
            for i, row in self.batches[n]["rows"].items():
                others = [b["rows"][i] for b in later if i in b["rows"]]
                if row not in others and (others or not any(g["from"] <= i <= g["to"] for b in later for g in b["gaps"])):
                    self.found.append(f"batch {n} was given up, and nothing explains what became of id {i}")
        return self.found

key, dictionaries, streams, paths = None, {}, collections.defaultdict(Stream), sys.argv[1:]
while paths[:1] in (["--key"], ["--dictionary"]):
    option, path, *paths = paths
    held = open(path, "rb").read()
    key = held.rstrip(b"\r\n") if option == "--key" else key
    dictionaries |= {int.from_bytes(held[4:8], "little"): path} if option == "--dictionary" else {}
for path in paths:
    for content, text in contents(open(path, "rb").read(), dictionaries):
        batch = json.loads(columns.rows_of(content) if content.startswith(b"HGC1") else content)
        stream = streams[batch["hub"], batch["ep"], batch["st"]]
        hashed = text + hashlib.sha256(content).digest()
        digest = hmac.digest(key, hashed, "sha256") if key else hashlib.sha256(hashed).digest()
        if text:
            stream.add(batch, json.loads(text), base64.b64encode(digest).decode())
        elif "hash" in batch and batch["n"] >= (stream.head or batch)["n"]:
            stream.head = batch
found = ["/".join(name) + ": " + what for name, stream in streams.items() if stream.batches for what in stream.judge()]
print("\n".join(found or ["complete: " + "/".join(name) for name, stream in streams.items() if stream.batches]))
sys.exit(3 if found else 0)
