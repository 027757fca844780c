"""Runs the modules that docs/demo.md shows in Python as somebody would who copies them: beside tools/demo/module.py, at a hub with routes.

demo_test.py PROGRAMS: the directory of headgated and headgate.
"""
import json
import pathlib
import shutil
import sys
import unittest

sys.dont_write_bytecode = True

from samples import blocks_of  # noqa: E402
from site_under_test import Site, wait_for  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else ROOT / "build/dev/bin"
ROUTES = {"numbers": "FROM 'numbers' INTO BrokeredEndpoint('/modules/doubler/inputs/numbers')"}


def shown() -> list[str]:
    text = (ROOT / "docs/demo.md").read_text(encoding="utf-8")
    return ["\n".join(block.lines) + "\n" for block in blocks_of(text) if block.language == "python"]


class DemoDocument(unittest.TestCase):
    def test_the_only_module_in_python_is_the_doubler(self) -> None:
        self.assertEqual([text.count('"doubler"') for text in shown()], [1], "another block: run it here, too")

    def test_the_doubler_doubles_what_comes_and_ends_in_order(self) -> None:
        with Site(PROGRAMS) as site:
            (site.home / "site.json").write_text(json.dumps({"routes": ROUTES}), encoding="utf-8")
            (site.home / "doubler.py").write_text(shown()[0], encoding="utf-8")
            shutil.copy(ROOT / "tools/demo/module.py", site.home)
            site.start_hub("site.json")
            reader = "mosquitto_sub -p 1883 -c -i reader -q 1 -t modules/doubler/outputs/doubled"
            self.assertEqual(site.run(reader + " -E")[0], 0)
            site.start("reader", reader + " -C 2")
            site.start("doubler", "/usr/bin/python3 doubler.py --port 1883")
            for number in (21, 4):  # they wait if it is not there yet
                site.publish("numbers", f'{{"id": "{number}", "value": {number}}}')
            wait_for(lambda: site.running["reader"].poll() is not None, f"two numbers: {site.printed('doubler')}")
            self.assertEqual([json.loads(line) for line in site.printed("reader") if line],
                             [{"id": "d-21", "value": 42}, {"id": "d-4", "value": 8}])
            doubler = site.running["doubler"]
            site.stop("doubler")
            self.assertEqual(doubler.returncode, 0, site.printed("doubler"))
            inputs = {queue["name"]: queue["waiting"] for queue in site.json("queue ls")["queues"]}
            self.assertEqual(inputs["modules/doubler/inputs/numbers"], 0)


if __name__ == "__main__":
    unittest.main()
