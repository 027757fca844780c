"""Who said what, and who heard it: reads the modules' journals and the cloud's messages, and compares."""
import collections
import json


class Lines:
    """The complete lines that were appended to a file since the last look."""

    def __init__(self, path):
        self._path = path
        self._file = None
        self._rest = ""

    def new(self):
        if self._file is None:
            try:
                self._file = open(self._path, encoding="utf-8")
            except FileNotFoundError:
                return []
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        return lines


class Journal:
    """What one module received and had acknowledged."""

    def __init__(self, path):
        self._lines = Lines(path)
        self.received = collections.Counter()      # id -> times
        self.acknowledged = {}                     # id -> payload bytes

    def refresh(self):
        for line in self._lines.new():
            what, message_id, *size = line.split()
            if what == "in":
                self.received[message_id] += 1
            else:
                self.acknowledged[message_id] = int(size[0])


class Arrivals:
    """What `headgate unbatch` printed: messages, without the copies it dropped, and declared losses."""

    def __init__(self, path):
        self._lines = Lines(path)
        self.gaps = []
        self.bodies = collections.defaultdict(list)     # topic -> bodies in the order of arrival

    def refresh(self):
        for line in self._lines.new():
            message = json.loads(line)
            if "gap" in message:
                self.gaps.append(message["gap"])
            else:
                self.bodies[message["topic"]].append(message["body"])

    def count(self, topic):
        return len(self.bodies[topic])

    def below(self, prefix):
        """Bodies of the topics that begin so."""
        return [body for topic, bodies in self.bodies.items() if topic.startswith(prefix) for body in bodies]

    def count_below(self, prefix):
        return len(self.below(prefix))

    def total(self):
        return sum(len(bodies) for bodies in self.bodies.values())


class Stream:
    """The account of one stream: what was sent at one end against what arrived at the other."""

    def __init__(self, name, sent, arrived):
        times = collections.Counter(arrived)
        self.name = name
        self.sent = len(sent)
        self.arrived = len(times)
        self.lost = [message_id for message_id in sent if message_id not in times]
        self.duplicates = sum(count - 1 for count in times.values())
        self.unknown = [message_id for message_id in times if message_id not in sent]
        self.wrong = None           # (id, values) that differ from what was sent; None: values are not compared

    def good(self):
        return not self.lost and not self.duplicates and not self.unknown and not self.wrong


def plain_publish_bytes(topic, body_bytes):
    """The size of this message as one MQTT 3.1.1 PUBLISH with QoS 1: fixed header, topic, packet id, body."""
    remaining = 2 + len(topic.encode()) + 2 + body_bytes
    length_bytes = 1
    while remaining >= 128 ** length_bytes:
        length_bytes += 1
    return 1 + length_bytes + remaining


class Score:
    """Alarms against the windows in which something is known to have been wrong; times in Unix seconds."""

    def __init__(self, alarms, windows):
        self.rows = [self._window(alarms, *window) for window in windows]
        self.found = sum(row["found"] for row in self.rows)
        self.false_alarms = [alarm for alarm in alarms
                             if not any(_overlap(alarm, window) > 0 for window in windows)]
        alarm_s = sum(end - begin for begin, end in alarms)
        inside_s = sum(max(0, _overlap(alarm, window)) for alarm in alarms for window in windows)
        self.precision = inside_s / alarm_s if alarm_s else 0.0     # share of the alarms' time in a window

    @staticmethod
    def _window(alarms, begin, end):
        hits = [alarm for alarm in alarms if _overlap(alarm, (begin, end)) > 0]
        inside_s = sum(_overlap(alarm, (begin, end)) for alarm in hits)
        alarm_s = sum(alarm[1] - alarm[0] for alarm in hits)
        return {"begin": begin, "found": bool(hits), "recall": inside_s / (end - begin),
                "precision": inside_s / alarm_s if alarm_s else 0.0,
                "first_alarm_s": max(0, min(hits)[0] - begin) if hits else None}


def _overlap(one, other):
    return min(one[1], other[1]) - max(one[0], other[0])
