"""Shows each finding of conformance_test.py on a small tree, and none on a good one."""

import unittest

import conformance_test as conformance
import house_test as house


def page(change=lambda name, row: row) -> str:
    lines = []
    for heading, names in conformance.VERSIONS.items():
        lines.append(heading)
        for name in names:
            row = change(name, f"| `{name}` | what it says | – a client's duty |")
            if row:
                lines.append(row)
    return "\n".join(lines) + "\n"


TESTED = "| `MQTT-3.12.4-1` | pings are answered | `Ping.IsAnswered` |"


def good_page() -> str:
    return page(lambda name, row: TESTED if name == "MQTT-3.12.4-1" else row)


GOOD = {
    conformance.PAGE: good_page(),
    "broker/ping.cc": "answer();  // [MQTT-3.12.4-1]; 3.1.1 [MQTT-3.12.4-1]\n",
    "tests/broker/ping_test.cc": "TEST(Ping, IsAnswered) {}\n",
}


class Conformance(unittest.TestCase):
    def found(self, rule, path, text):
        return [str(each) for each in rule(house.Tree({**GOOD, path: text}))]

    def test_good_tree_has_no_findings(self):
        for rule in conformance.RULES:
            self.assertEqual(list(rule(house.Tree(GOOD))), [], rule.__name__)

    def test_counts_are_those_of_the_standards(self):
        self.assertEqual([len(names) for names in conformance.VERSIONS.values()], [251, 141])

    def test_a_missing_row(self):
        text = page(lambda name, row: None if name == "MQTT-4.13.1-1" else row)
        self.assertIn("'## MQTT 5.0' lacks MQTT-4.13.1-1", self.found(conformance.complete, conformance.PAGE, text)[0])

    def test_a_missing_page(self):
        self.assertEqual(len(self.found(conformance.complete, conformance.PAGE, "")), 251 + 141)

    def test_a_row_twice_and_one_of_nothing(self):
        for row, what in [(TESTED, "twice"), (TESTED.replace("12.4-1", "12.4-2"), "no statement")]:
            self.assertIn(what, self.found(conformance.complete, conformance.PAGE, good_page() + row + "\n")[0])

    def test_a_test_that_does_not_exist(self):
        text = good_page().replace("Ping.IsAnswered", "Ping.IsForgotten")
        self.assertIn("Ping.IsForgotten", self.found(conformance.shown, conformance.PAGE, text)[0])

    def test_neither_test_nor_reason(self):
        text = page(lambda name, row: row.replace("– a client's duty", "surely"))
        self.assertIn("neither", self.found(conformance.shown, conformance.PAGE, text)[0])

    def test_tested_but_not_in_the_code(self):
        for code, version in [("// [MQTT-3.12.4-1]", "3.1.1 [MQTT"), ("// 3.1.1 [MQTT-3.12.4-1]", "says [MQTT")]:
            found = self.found(conformance.satisfied, "broker/ping.cc", code)
            self.assertEqual(len(found), 1)
            self.assertIn(version, found[0])

    def test_a_typo_in_the_code_or_a_test(self):
        for path in ["broker/a.cc", "tests/broker/a.cc", "hub/a.h"]:
            for text in ["// [MQTT-3.12.4-2]", "// (MQTT-9.9.9-9)", "// [MQTT-3.12.4-1,\n// MQTT-3.12.4-7]"]:
                self.assertEqual(len(self.found(conformance.spelled, path, text)), 1, text)

    def test_a_statement_of_the_other_version(self):
        found = self.found(conformance.spelled, "broker/a.cc", "// 3.1.1 [MQTT-3.12.4-1, MQTT-1.5.4-1]")
        self.assertEqual(len(found), 1)


if __name__ == "__main__":
    unittest.main()
