"""The detector: scores every reading by how far the machine has lately been from where it usually is.

The usual level is the median of the last week, the recent one an exponentially weighted mean over half a
day; their difference, in units of its spread while the model was trained (z), is mapped to a score from 0
to 1: z = 2 is 0.5 and z = 4 is 0.8. A median shrugs off an anomaly that a mean would learn, and half a day
of smoothing shrugs off the short stops that a machine makes every other day.

    input  readings   {"id", "machine", "time", "value"}
    output scores     {"id", "reading", "machine", "time", "value", "expected", "score"}
"""
import bisect
import collections
import json
import math
import os
import sys

from module import Module, argument_parser

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "model.json")


class Detector:
    """The model at work: its parameters, and the window of readings that it compares with."""

    def __init__(self, model):
        self._recent_s = model["recent_s"]
        self._usual_s = model["usual_s"]
        self._sigma = model["sigma"]
        self._quantiles = model["quantiles"]    # stand in for the first week until it has passed
        self._window = collections.deque()      # (time, value), oldest first
        self._sorted = []                       # the window's values
        self._recent = 0.0
        self._last_time = None

    def departure(self, time_s, value):
        """Takes in one reading; returns (how far the recent mean is from the usual level, that level)."""
        if self._last_time is None:
            self._start(time_s)
        elapsed_s = max(0.0, time_s - self._last_time)
        self._last_time = time_s
        self._recent += (1 - math.exp(-elapsed_s / self._recent_s)) * (value - self._recent)
        usual = self._median()
        self._remember(time_s, value)
        return self._recent - usual, usual

    def score(self, time_s, value):
        """Takes in one reading; returns (score, usual level)."""
        departure, usual = self.departure(time_s, value)
        z = departure / self._sigma
        return z * z / (z * z + 4), usual

    def _start(self, time_s):
        self._window.extend((time_s, value) for value in self._quantiles)
        self._sorted = sorted(self._quantiles)
        self._recent = self._median()
        self._last_time = time_s

    def _remember(self, time_s, value):
        self._window.append((time_s, value))
        bisect.insort(self._sorted, value)
        while self._window[0][0] < time_s - self._usual_s:
            _, oldest = self._window.popleft()
            del self._sorted[bisect.bisect_left(self._sorted, oldest)]

    def _median(self):
        return self._sorted[len(self._sorted) // 2]


def load_model(path):
    with open(path, encoding="utf-8") as file:
        model = json.load(file)
    if model.get("format") != 1:
        sys.exit(f"{path}: the model's format is {model.get('format')!r}, this detector reads 1;"
                 " make it anew with train.py")
    return model


def main():
    parser = argument_parser("detector", "Scores readings for anomalies.")
    parser.add_argument("--model", default=MODEL, help="what train.py wrote (default: %(default)s)")
    args = parser.parse_args()
    detector = Detector(load_model(args.model))
    module = Module(args)

    @module.on_input("readings")
    def on_reading(reading):
        score, usual = detector.score(reading["time"], reading["value"])
        module.publish("scores", {"id": "s-" + reading["id"], "reading": reading["id"],
                                  "machine": reading["machine"], "time": reading["time"],
                                  "value": reading["value"],
                                  "expected": round(usual, 2), "score": round(score, 4)})

    module.run()
    module.finish()


if __name__ == "__main__":
    main()
