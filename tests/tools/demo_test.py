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
from hours import Due, Results, alert_of, hour_of  # noqa: E402
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


class DueTest(unittest.TestCase):
    def due(self, readings):
        return Due(readings, load_model(MODEL))

    def test_sums_up_each_hour_of_the_machine(self):
        hours = self.due([(0, 80.0), (300, 90.0), (3600, 70.0), (7200, 70.0)]).hours
        self.assertEqual(list(hours), [("press-1", 0), ("press-1", 3600_000)])
        self.assertEqual(hours["press-1", 0],
                         {"readings": 2, "average": 85.0, "lowest": 80.0, "peak": 90.0, "anomalies": 0})

    def test_leaves_the_last_hour_open(self):
        due = self.due([(0, 80.0), (3600, 70.0)])
        self.assertEqual((list(due.hours), list(due.open)), ([("press-1", 0)], [("press-1", 3600_000)]))

    def test_refuses_a_reading_whose_hour_is_over(self):
        self.due([(3000, 80.0), (0, 80.0), (3600, 80.0)])
        with self.assertRaises(ValueError):
            self.due([(0, 80.0), (3600, 80.0), (3599, 80.0)])

    def test_counts_high_scores_and_one_alert_for_each_rise(self):
        due = self.due(list(itertools.islice(simulated(1), 3000)))
        self.assertEqual([fault_at(time_s - START_S)[0] for _, time_s in due.alerts], [0, 1])
        high = [key for key, hour in due.hours.items() if hour["anomalies"]]
        self.assertGreater(len(high), 24)
        self.assertEqual(len(due.hours), 249)

    def test_tells_how_far_into_an_hour_the_readings_are(self):
        due = self.due([(300 * number, 80.0) for number in range(30)])
        self.assertEqual([due.into_the_hour(count) for count in (0, 1, 12, 13, 27, 31)],
                         [(0, 0), (1, 12), (12, 12), (1, 12), (3, 6), (0, 0)])


class ResultsTest(unittest.TestCase):
    DUE = {("m", 0): {"readings": 2, "average": 0.3}, ("m", 1): {"readings": 1, "average": 5}}

    def account(self, *arrived, maybe=None):
        return Results("hours", self.DUE, list(arrived), maybe)

    def whole(self):
        return [(key, dict(values)) for key, values in self.DUE.items()]

    def test_is_good_if_every_result_is_there_once_with_its_values(self):
        account = self.account(*self.whole())
        self.assertTrue(account.good())
        self.assertEqual((account.sent, account.arrived), (2, 2))

    def test_takes_the_rounding_of_a_sum_for_no_difference(self):
        self.assertTrue(self.account(self.whole()[1], (("m", 0), {"readings": 2, "average": 0.1 + 0.2})).good())

    def test_misses_a_window(self):
        account = self.account(self.whole()[0])
        self.assertFalse(account.good())
        self.assertEqual(account.lost, [("m", 1)])

    def test_finds_a_window_that_came_twice(self):
        account = self.account(*self.whole(), self.whole()[0])
        self.assertFalse(account.good())
        self.assertEqual(account.duplicates, 1)

    def test_finds_a_value_that_differs(self):
        for values in ({"readings": 3, "average": 0.3}, {"readings": 2, "average": 0.3001}, {"readings": 2},
                       {"readings": 2, "average": "0.3"}, {"readings": 2, "average": 0.3, "peak": 1}):
            account = self.account(self.whole()[1], (("m", 0), values))
            self.assertFalse(account.good())
            self.assertEqual(account.wrong, [(("m", 0), values)])

    def test_finds_a_window_that_nobody_expected(self):
        self.assertFalse(self.account(*self.whole(), (("m", 2), {"readings": 1})).good())

    def test_lets_an_open_window_come_or_not_but_only_as_it_is(self):
        maybe = {("m", 2): {"readings": 7}}
        self.assertTrue(self.account(*self.whole(), maybe=maybe).good())
        self.assertTrue(self.account(*self.whole(), (("m", 2), {"readings": 7}), maybe=maybe).good())
        self.assertFalse(self.account(*self.whole(), (("m", 2), {"readings": 6}), maybe=maybe).good())

    def test_takes_no_revision_for_the_result(self):
        body = {"machine": "m", "since": 0, "rev": 0, "readings": 2, "average": 0.3}
        self.assertEqual(hour_of(body), (("m", 0), {"readings": 2, "average": 0.3}))
        self.assertFalse(self.account(*self.whole(), hour_of(body | {"rev": 1})).good())

    def test_knows_an_alert_by_machine_and_time(self):
        self.assertEqual(alert_of({"machine": "m", "time": 7, "score": 0.9}), (("m", 7), {"score": 0.9}))


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

    def test_gathers_the_topics_below_a_prefix(self):
        arrivals = Arrivals(self.file('{"topic":"a/1","body":1}\n{"topic":"b","body":2}\n{"topic":"a/2","body":3}\n'))
        arrivals.refresh()
        self.assertEqual((arrivals.below("a/"), arrivals.count_below("a/")), ([1, 3], 2))

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
