import json, subprocess, sys

options = ["-D", sys.argv[2]] if sys.argv[1] == "--dictionary" else []
seen = set()
for path in sys.argv[1 + len(options):]:
    frame = open(path, "rb").read()
    at = 6 - (frame[4] >> 5 & 1)  # of the dictionary's id, 0 to 4 bytes
    needed = int.from_bytes(frame[at:at + (0, 1, 2, 4)[frame[4] & 3]], "little")
    text = subprocess.run(["zstd", "-dc", *options], input=frame, stdout=subprocess.PIPE).stdout
    batch = json.loads(text) if text else sys.exit(f"{path} cannot be read; its --dictionary is {needed or 'none'}")
    for row in batch["m"]:
        identity = batch["hub"], batch["ep"], row["i"]
        if identity not in seen:
            seen.add(identity)
            print(json.dumps([row["i"], row["k"], row.get("b", row.get("s", row.get("x")))]))
