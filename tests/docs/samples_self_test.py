"""A sample that is not true is found, one that differs in a run's own numbers only is not."""
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True

import commands_test  # noqa: E402
import scenes  # noqa: E402
import who_runs  # noqa: E402
from samples import Sample, difference, samples_of  # noqa: E402

HOME = pathlib.Path("/tmp/headgate-site-x")
STATUS = """listening   127.0.0.1:1883
clients     1 connected, 1 sessions
started     2026-11-22T12:47:29.214Z, up 30s"""
QUEUES = """QUEUE      WAITING  SIZE  OLDEST                    FULL
$upstream        1  34 B  2026-11-22T12:57:40.553Z  -"""


def compared(shown: str, real: str) -> str:
    return difference(Sample("d.md", 1, "c", shown.split("\n")), real.split("\n"), HOME)


class Comparison(unittest.TestCase):
    def test_takes_what_a_run_alone_decides(self):
        for real in (STATUS.replace("1883", "40001"), STATUS.replace("1 connected", "12 connected"),
                     STATUS.replace("up 30s", "up 2m 05s"), STATUS.replace("12:47:29.214", "09:00:00.001"), STATUS + "\n\n"):
            self.assertEqual(compared(STATUS, real), "", real)
        self.assertEqual(compared(QUEUES, QUEUES.replace("34 B", "1.5 KiB").replace("  ", "     ")), "")
        self.assertEqual(compared("/tmp/site/backup: 3 files", f"{HOME}/backup: 14 files"), "")
        self.assertEqual(compared('{"epoch":"01M81N6P0XGXXCX4Y8M4D15W2R"}', '{"epoch":"01KB5A7Q3V8ZC9M2N4P6R8S0TV"}'), "")

    def test_finds_a_column_more_or_less(self):
        self.assertIn("line 1", compared(QUEUES, QUEUES.replace("  FULL", "")))
        self.assertIn("line 1", compared(QUEUES.replace("  FULL", ""), QUEUES))

    def test_finds_a_line_more_or_less(self):
        self.assertIn("(end)", compared(STATUS, STATUS + "\ndisk   5.1 GiB free"))
        self.assertIn("(end)", compared(STATUS + "\ndisk   5.1 GiB free", STATUS))

    def test_finds_other_words_and_other_kinds(self):
        for real in (STATUS.replace("sessions", "session"), STATUS.replace("listening", "listens"),
                     STATUS.replace("127.0.0.1:1883", "nowhere"), STATUS.replace("30s", "-")):
            self.assertIn("shown:", compared(STATUS, real), real)
        self.assertIn("line 2", compared(QUEUES, QUEUES.replace("34 B", "34")))


class Reading(unittest.TestCase):
    def test_takes_commands_and_what_is_below_them_in_order(self):
        found = list(samples_of("d.md", "$ no\n```\n$ a\n1\n$ b\n```\n```json\nnot one\n```\n```\n$ c\n```"))
        self.assertEqual([(one.line, one.command, one.output, one.listed) for one in found],
                         [(3, "a", ["1"], False), (5, "b", [], False), (11, "c", [], True)])

    def test_takes_each_command_of_a_script_whole_and_without_its_comment(self):
        script = "```sh\nfirst 'a/#'    # why\ncat > f <<'END'\n# kept\nEND\nlong \\\n  line\n```"
        self.assertEqual([(one.line, one.command, one.listed) for one in samples_of("d.md", script)],
                         [(2, "first 'a/#'", True), (3, "cat > f <<'END'\n# kept\nEND", True), (6, "long   line", True)])

    def test_takes_lines_of_the_log_and_the_section_that_they_stand_in(self):
        found = list(samples_of("d.md", "## One\n```log\nx info started\n```\n```\n# no heading\n$ a\n```\n### Two\n```sh\nb\n```"))
        self.assertEqual([(one.command, one.output, one.section) for one in found],
                         [("", ["x info started"], "One"), ("a", [], "One"), ("b", [], "Two")])

    def test_finds_a_line_that_is_not_in_the_log(self):
        class Hub:
            home = HOME

            def printed(self, _):
                return ["2026-11-22T12:47:29.214Z info started waiting=3", "2026-11-22T12:47:30.000Z warning disk_low"]

        def missing(line: str) -> str:
            return commands_test.not_logged(Sample("d.md", 1, "", [line]), Hub())

        self.assertEqual(missing("2026-11-30T04:10:11.157Z info started waiting=5"), "")
        self.assertIn("is not in the log", missing("2026-11-30T04:10:11.157Z error started waiting=5"))

    def test_finds_a_scene_that_no_document_needs(self):
        texts = {document: (commands_test.ROOT / document).read_text(encoding="utf-8")
                 for document in commands_test.DOCUMENTS}
        self.assertEqual(commands_test.forgotten(texts), [])
        scenes.NOT_RUN[("README.md", "rm -rf /")] = "a reason"
        self.assertEqual(len(commands_test.forgotten(texts)), 1)
        del scenes.NOT_RUN[("README.md", "rm -rf /")]
        scenes.SECTIONS[("README.md", "No such heading")] = scenes.plain_hub
        self.assertEqual(len(commands_test.forgotten(texts)), 1)
        del scenes.SECTIONS[("README.md", "No such heading")]


class Coverage(unittest.TestCase):
    def test_refuses_blocks_that_nobody_runs(self):
        for block in ("```bash\nheadgate status\n```", "```console\n$ headgate status\n```", "```\nheadgate status --json\n```",
                      "```text\nmosquitto_sub -t a | wc\n```", "```\ntools/dev build\n```", "```shell\nls\n```"):
            self.assertEqual(len(list(who_runs.nobody_runs("d.md", block))), 1, block)
        for block in ("```sh\nheadgate status\n```", "```\n$ headgate status\nheadgate 0.1.0\n```", "```\nheadgate unbatch: a/b: missing\n```",
                      "```json\n{}\n```", "```route\nFROM 'a' INTO $upstream\n```", "```\nheadgated: b.json: unknown\n```"):
            self.assertEqual(list(who_runs.nobody_runs("d.md", block)), [], block)

    def test_takes_each_step_on_a_machine_of_its_own(self):
        self.assertEqual(who_runs.steps("Install")[-3:], ["systemctl daemon-reload", "systemctl enable --now headgated",
                                                          "headgate --data /var/lib/headgate/headgate-data status"])
        self.assertEqual(who_runs.runner(Sample("docs/operations.md", 1, "reboot", section="Looking", language="sh")), "")
        self.assertEqual(who_runs.runner(Sample("docs/operations.md", 1, "reboot", section="Install")), "")

    def test_misses_a_stand_in_that_the_page_does_not_show(self):
        who_runs.STAND_INS["systemctl isolate headgated"] = "a reason"
        self.assertEqual(len(who_runs.forgotten_steps()), 1)
        del who_runs.STAND_INS["systemctl isolate headgated"]

    def test_finds_words_that_a_program_does_not_know(self):
        option = who_runs.Entry
        peek = who_runs.Command(["queue", "peek"], options=[option(["-n", "--count"], "UINT", ""), option(["--payload"], "", "")])
        queue = who_runs.Command(["queue"], commands=[peek, who_runs.Command(["queue", "ls"])])
        tree = {"headgate": who_runs.Command([], options=[option(["--data"], "TEXT", "")], commands=[queue])}
        for code in ("headgate queue ls|peek", "headgate queue peek Q -n 5 --payload", "headgate --data ls queue ls", "headgate VERB --data=x",
                     "headgate queue peek '$upstream' | wc --nothing"):
            self.assertEqual(who_runs.misspoken(code, tree), "", code)
        for code, wrong in (("headgate queue show", "headgate queue has no show"), ("headgate queue ls -n 5", "headgate queue ls has no -n"),
                            ("headgate queue ls|look", "headgate queue has no look"), ("tools/dev explode", "tools/dev has no explode")):
            self.assertEqual(who_runs.misspoken(code, tree), wrong)
        self.assertEqual([code for _, code in who_runs.spoken("Say `headgate queue ls`.\n```\n`headgate no`\n```")], ["headgate queue ls"])


if __name__ == "__main__":
    unittest.main()
