"""What the demo's own parts promise."""
import itertools
import os
import sys
import tempfile
import unittest

DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "demo")
sys.path.insert(0, DEMO)
sys.dont_write_bytecode = True

from detector import MODEL, Detector, load_model  # noqa: E402
from filter import CLOSE_AFTER, OPEN_AFTER, Filter  # noqa: E402
from ledger import Arrivals, Journal, Score, Stream, plain_publish_bytes  # noqa: E402
from sensor import fault_at, simulated, START_S  # noqa: E402


def scored(number, score):
    return {"id": f"s-{number}", "time": 300 * number, "value": 80.0, "expected": 85.0, "score": score}


def anomalies(scores):
    events = Filter()
    return [anomaly for number, score in enumerate(scores) if (anomaly := events.take(scored(number, score)))]


class DetectorTest(unittest.TestCase):
    def scores(self, seed, faulty, readings=3000):
        detector = Detector(load_model(MODEL))
        return [(time_s - START_S, detector.score(time_s, value)[0])
                for time_s, value in itertools.islice(simulated(seed, faulty), readings)]

    def test_scores_every_simulated_fault_above_the_threshold(self):
        for seed in range(1, 6):
            high = [age_s for age_s, score in self.scores(seed, True) if score >= 0.8]
            hit = {fault_at(age_s)[0] for age_s in high if fault_at(age_s)}
            self.assertEqual(hit, {0, 1}, f"seed {seed}")

    def test_leaves_a_machine_alone_that_is_well(self):
        for seed in range(1, 6):
            high = sum(score >= 0.8 for _, score in self.scores(seed, False))
            self.assertLess(high, 60, f"seed {seed}")

    def test_survives_a_gap_in_the_readings(self):
        detector = Detector(load_model(MODEL))
        detector.score(0, 86.0)
        self.assertLess(detector.score(30 * 86400, 86.0)[0], 0.1)


class FilterTest(unittest.TestCase):
    def test_ignores_a_single_high_score(self):
        self.assertEqual(anomalies([0.1, 0.9, 0.1] * 20), [])

    def test_opens_after_enough_high_scores_in_a_row(self):
        opened, = anomalies([0.1] + [0.9] * OPEN_AFTER)
        self.assertEqual(opened["state"], "open")
        self.assertEqual(opened["scores"], {"first": "s-1", "last": "s-3", "count": 3})

    def test_makes_one_anomaly_of_a_score_that_dances_round_the_threshold(self):
        scores = [0.9] * 5 + [0.7, 0.85] * 20 + [0.1] * CLOSE_AFTER
        self.assertEqual([anomaly["state"] for anomaly in anomalies(scores)], ["open", "closed"])

    def test_gives_the_open_and_the_closed_message_different_ids(self):
        opened, closed = anomalies([0.9] * 5 + [0.1] * CLOSE_AFTER)
        self.assertEqual((opened["id"], closed["id"]), ("open-s-0", "closed-s-0"))


class LedgerTest(unittest.TestCase):
    def file(self, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "lines")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_tells_lost_duplicate_and_unknown_ids_apart(self):
        stream = Stream("x", {"a": 1, "b": 1}, ["b", "b", "c"])
        self.assertEqual((stream.lost, stream.duplicates, stream.unknown), (["a"], 1, ["c"]))

    def test_keeps_messages_and_declared_gaps_apart(self):
        arrivals = Arrivals(self.file('{"topic":"t","body":{"id":"a"}}\n{"gap":{"from":1}}\n'))
        arrivals.refresh()
        self.assertEqual((dict(arrivals.bodies), arrivals.gaps), ({"t": [{"id": "a"}]}, [{"from": 1}]))

    def test_reads_a_line_only_when_it_is_complete(self):
        journal = Journal(self.file("in a\nout b 12\nin c"))
        journal.refresh()
        self.assertEqual((dict(journal.received), journal.acknowledged), ({"a": 1}, {"b": 12}))

    def test_counts_a_publish_as_mqtt_frames_it(self):
        self.assertEqual(plain_publish_bytes("t/1", 10), 1 + 1 + 2 + 3 + 2 + 10)
        self.assertEqual(plain_publish_bytes("t/1", 121), 1 + 2 + 2 + 3 + 2 + 121)

    def test_scores_alarms_against_windows(self):
        score = Score([(10, 20), (100, 110)], [(0, 20), (200, 300)])
        self.assertEqual((score.found, score.false_alarms, score.precision), (1, [(100, 110)], 0.5))


if __name__ == "__main__":
    unittest.main()
