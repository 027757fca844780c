import json, subprocess, sys

seen = set()
for path in sys.argv[1:]:
    text = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout
    batch = json.loads(text)
    for row in batch["m"]:
        identity = batch["hub"], batch["ep"], row["i"]
        if identity not in seen:
            seen.add(identity)
            print(json.dumps([row["i"], row["k"], row.get("b", row.get("s", row.get("x")))]))
