"""What the hub's computing routes must come to, computed a second time and in another way.

The hub computes while messages pass, through outages and a kill -9. Here the same readings are scored and added
up in one go after the sensor's own source, with nothing of the hub in between, and the two are compared.
"""
import collections
import math

from detector import Detector
from ledger import Stream

MACHINE = "press-1"
HOUR_S = 3600                # a window of the machine's own time: twelve readings
ANOMALOUS = 0.8              # a score from here up counts as an anomaly
ALERT_ABOVE = 0.9            # a score that rises above it raises an alert; z = 6
CLOSE = 1e-9                 # relative difference of two averages that were added up in different orders


class Due:
    """The results that are due for the readings of one machine: (time, value) in the order of sending."""

    def __init__(self, readings, model):
        scored = _scored(readings, Detector(model))
        self.hours = _hours(scored)            # (machine, start in ms) -> values
        self.alerts = _alerts(scored)          # (machine, time) -> values
        self._hour_of = [time_s // HOUR_S for time_s, _, _ in scored]
        latest = max((time_s for time_s, _, _ in scored), default=0)
        # The hour of the last reading ends when a reading of the next one comes, which there is not.
        self.open = {key: self.hours.pop(key) for key in list(self.hours)
                     if key[1] + HOUR_S * 1000 > latest * 1000}

    def into_the_hour(self, count):
        """(readings that the hour of the last of `count` readings has among these, and in the end)"""
        if not 0 < count <= len(self._hour_of):
            return 0, 0
        hour = self._hour_of[count - 1]
        return self._hour_of[:count].count(hour), self._hour_of.count(hour)


class Results(Stream):
    """The account of what one route computed: what is due against what arrived, by key and by value."""

    def __init__(self, name, due, arrived, maybe=None):
        """arrived: (key, values) pairs; maybe: results that may come or not, but only with these values."""
        came = {key for key, _ in arrived}
        known = {**due, **{key: values for key, values in (maybe or {}).items() if key in came}}
        super().__init__(name, known, [key for key, _ in arrived])
        self.wrong = [(key, values) for key, values in arrived if key in known and not same(values, known[key])]


def hour_of(body):
    """(key, values) of a result of the route for hours. A revision has no place: no reading comes late."""
    key = (body.get("machine"), body.get("since"))
    return (*key, body["rev"]) if body.get("rev") else key, _without(body, "machine", "since", "rev")


def alert_of(body):
    """(key, values) of a result of the route for alerts."""
    return (body.get("machine"), body.get("time")), _without(body, "machine", "time")


def same(one, other):
    """Whether two results have the same members with the same values, but for the rounding of sums."""
    return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)


def _equal(one, other):
    numbers = all(isinstance(value, (int, float)) for value in (one, other))
    return math.isclose(one, other, rel_tol=CLOSE) if numbers else one == other


def _without(body, *names):
    return {name: value for name, value in body.items() if name not in names}


def _scored(readings, detector):
    """(time, value, score) of each reading, rounded as the detector publishes it."""
    scored = []
    latest = -math.inf
    for time_s, value in readings:
        if time_s // HOUR_S * HOUR_S + HOUR_S <= latest:
            raise ValueError(f"a reading of {time_s} (Unix seconds) stands behind one of {latest}: its hour is"
                             " over by then. The demo wants rows in the order of time")
        latest = max(latest, time_s)
        scored.append((time_s, value, round(detector.score(time_s, value)[0], 4)))
    return scored


def _hours(scored):
    windows = collections.defaultdict(list)
    for time_s, value, score in scored:
        windows[MACHINE, time_s // HOUR_S * HOUR_S * 1000].append((value, score))
    return {key: _summary(*zip(*rows)) for key, rows in windows.items()}


def _summary(values, scores):
    return {"readings": len(values), "average": math.fsum(values) / len(values), "lowest": min(values),
            "peak": max(values), "anomalies": sum(score >= ANOMALOUS for score in scores)}


def _alerts(scored):
    alerts, before = {}, 0.0
    for time_s, value, score in scored:
        if score > ALERT_ABOVE >= before:
            alerts[MACHINE, time_s] = {"value": value, "score": score}
        before = score
    return alerts
