"""The filter: of many scores keeps what somebody should hear about.

An anomaly opens after a few high scores in a row and closes after the score has been low for a while, so
that a score that dances round the threshold is one anomaly and not twenty. Two messages leave for each: one
when it opens, which is urgent, and one with its summary when it is over.

    input  scores      {"id", "reading", "machine", "time", "value", "expected", "score"}
    output anomalies   {"id", "state": "open" | "closed", "from", "scores": {"first", "last", "count"}, ...}
"""
from module import Module, argument_parser

OPEN_AT = 0.8         # a score from here up counts towards opening
OPEN_AFTER = 3        # this many in a row open an anomaly
CLOSE_BELOW = 0.5     # a score below counts towards closing
CLOSE_AFTER = 12      # this many in a row close it


class Filter:
    """Scores in, anomalies out; no I/O."""

    def __init__(self):
        self._run = []             # high scores in a row, before an anomaly opens
        self._anomaly = None       # the open one
        self._low_in_a_row = 0

    def take(self, score):
        """Takes one score; returns a message to send on, or None."""
        if self._anomaly is None:
            return self._watch(score)
        self._extend(score)
        return self.close() if self._low_in_a_row >= CLOSE_AFTER else None

    def close(self):
        """Ends the open anomaly, if there is one, and returns its summary."""
        anomaly, self._anomaly = self._anomaly, None
        if anomaly is None:
            return None
        return anomaly | {"id": anomaly["id"].replace("open-", "closed-"), "state": "closed"}

    def _watch(self, score):
        self._run = self._run + [score] if score["score"] >= OPEN_AT else []
        if len(self._run) < OPEN_AFTER:
            return None
        first = self._run[0]
        self._anomaly = {"id": "open-" + first["id"], "state": "open",
                         "from": first["time"], "to": first["time"], "expected": first["expected"],
                         "peak_score": 0.0, "peak_value": first["value"],
                         "scores": {"first": first["id"], "last": first["id"], "count": 0}}
        self._low_in_a_row = 0
        for earlier in self._run:
            self._extend(earlier)
        self._run = []
        return dict(self._anomaly)

    def _extend(self, score):
        anomaly = self._anomaly
        anomaly["scores"] = {"first": anomaly["scores"]["first"], "last": score["id"],
                             "count": anomaly["scores"]["count"] + 1}
        self._low_in_a_row = self._low_in_a_row + 1 if score["score"] < CLOSE_BELOW else 0
        if score["score"] >= CLOSE_BELOW:
            anomaly["to"] = score["time"]
        if score["score"] > anomaly["peak_score"]:
            anomaly["peak_score"] = score["score"]
            anomaly["peak_value"] = score["value"]


def main():
    module = Module(argument_parser("filter", "Turns scores into anomalies.").parse_args())
    events = Filter()

    def send(anomaly):
        if anomaly is not None:
            module.publish("anomalies", anomaly)

    @module.on_input("scores")
    def on_score(score):
        send(events.take(score))

    module.run()
    send(events.close())
    module.finish()


if __name__ == "__main__":
    main()
