"""Makes the detector's model from readings of a machine that is well: of a CSV file, or simulated.

It needs no labels. What it learns: the distribution of the temperature, and how far the mean of half a day
strays from the median of a week while nothing is wrong. The committed model.json was made with

    /usr/bin/python3 tools/demo/train.py --simulate --seed 7 --readings 4032 --output tools/demo/model.json
"""
import argparse
import itertools
import json
import math
import sys

from detector import MODEL, Detector
from sensor import replayed, simulated

RECENT_S = 12 * 3600
USUAL_S = 7 * 86400
READINGS_MIN = 576         # two days of five-minute readings; with less the spread is guesswork


def train(readings, source):
    """readings: (time, value) pairs in order. Returns the model."""
    values = sorted(value for _, value in readings)
    quantiles = [values[(len(values) - 1) * percent // 100] for percent in range(101)]
    model = {"format": 1, "source": source, "readings": len(readings),
             "recent_s": RECENT_S, "usual_s": USUAL_S, "sigma": 1.0, "quantiles": quantiles}
    detector = Detector(model)
    departures = [detector.departure(time_s, value)[0] for time_s, value in readings]
    model["sigma"] = round(math.sqrt(sum(d * d for d in departures) / len(departures)), 4)
    return model


def main():
    parser = argparse.ArgumentParser(description="Makes model.json for detector.py.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--csv", help="learn from the first rows of this file")
    source.add_argument("--simulate", action="store_true", help="learn from the simulated machine, well")
    parser.add_argument("--readings", type=int, default=2016, help="how many (default: %(default)s, a week)")
    parser.add_argument("--seed", type=int, default=7, help="of the simulation (default: %(default)s)")
    parser.add_argument("--output", default=MODEL, help="where to write (default: %(default)s)")
    args = parser.parse_args()
    everything = replayed(args.csv) if args.csv else simulated(args.seed, faulty=False)
    readings = list(itertools.islice(everything, args.readings))
    if len(readings) < READINGS_MIN:
        sys.exit(f"{args.csv}: {len(readings)} readings are too few to learn from; it takes {READINGS_MIN}")
    model = train(readings, "csv" if args.csv else f"simulation, seed {args.seed}")
    with open(args.output, "w", encoding="utf-8") as file:
        json.dump(model, file, indent=1)
        file.write("\n")
    print(f"{args.output}: sigma {model['sigma']} from {len(readings)} readings")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError) as problem:
        sys.exit(f"train: {problem}")
