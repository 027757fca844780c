#!/usr/bin/env python3
"""Makes a dictionary of zstd from batches: train_dictionary.py DICTIONARY FILE… — or, without files, from lines of hexadecimal:

    mosquitto_sub -h BROKER -t 'headgate/+/batches' -C 300 -F %x | train_dictionary.py plant.dict

Some hundred batches, of the size that is to become smaller. docs/batch-format.md says what it is for. Standard library and the
zstd command.
"""

import pathlib
import subprocess
import sys
import tempfile

BYTES_MAX = 4096  # more gains nothing in small batches, and each of them costs the time to read it


def contents(payloads):
    for payload in payloads:
        frame = subprocess.run(["zstd", "-dcq"], input=payload, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        if frame.returncode == 0 and frame.stdout:
            yield frame.stdout


def main(dictionary, files):
    payloads = ([pathlib.Path(file).read_bytes() for file in files] if files
                else (bytes.fromhex(line) for line in sys.stdin if line.strip()))
    with tempfile.TemporaryDirectory() as directory:
        samples = []
        for number, content in enumerate(contents(payloads)):
            samples.append(pathlib.Path(directory, str(number)))
            samples[-1].write_bytes(content)
        if len(samples) < 50:
            sys.exit(f"{len(samples)} batches could be read; a dictionary needs 50 or more, and a few hundred are better")
        subprocess.run(["zstd", "--train", "-q", "-f", f"--maxdict={BYTES_MAX}", "-o", dictionary, *samples], check=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
