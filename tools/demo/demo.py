"""The demo: a site with a sensor, a detector and a filter on Headgate, and a cloud that goes away.

It starts everything on loopback with a data directory of its own, kills the cloud broker, lets the backlog
grow, kills the hub with kill -9 and starts it again, brings the cloud back, and compares every id that the
modules had acknowledged with every id that arrived in the cloud. Exit code 0 if nothing was lost and nothing
arrived twice, 1 if not, 2 if the demo could not run.
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

try:
    from sensor import FAULT_EVERY_S, FAULT_S, FIRST_FAULT_S, INTERVAL_S, START_S, replayed, unix_time
except ModuleNotFoundError as missing:
    sys.exit(f"demo: {sys.executable} has no module {missing.name}; Debian's python3-paho-mqtt, which"
             " `tools/dev deps` installs, is for /usr/bin/python3")
from ledger import Arrivals, Journal
from meter import Meter
from processes import DemoError, Processes, accepts, free_port, wait_for
from report import Report

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "release", "bin")
SIMULATED_READINGS = 4500          # fifteen days of the machine's time: three faults and most of a fourth
TRAINING_READINGS = 2016           # of a CSV: a week of five-minute readings

READINGS = "modules/sensor/outputs/readings"
ANOMALIES = "modules/filter/outputs/anomalies"
STREAMS = {READINGS: "sensor", ANOMALIES: "filter"}      # what goes to the cloud, and who publishes it
BATCHES = "headgate/+/batches"

# What happens when, in parts of the sensor's running time.
CLOUD_DIES_AT = 0.25
HUB_DIES_AT = 0.50
CLOUD_RETURNS_AT = 0.72
HUB_DOWN_S = 1.5

READY_S = 15.0                     # for a process to do what it is started for
LATE_S = 120.0                     # that the sensor may take longer than planned
STALL_S = 20.0                     # without any progress while draining: what is missing then is lost


def hub_config(folder, port, cloud_port):
    """What headgated gets; conf/headgate.json lists every key."""
    return {
        "hub_id": "demo-site",
        "data_dir": os.path.join(folder, "data"),
        "listeners": [{"address": "127.0.0.1", "port": port}],
        "admin": {"socket": os.path.join(folder, "admin.sock")},
        "upstream": {"host": "127.0.0.1", "port": cloud_port, "backoff": {"base_ms": 200, "cap_ms": 2000}},
        "routes": {
            "readings-to-detector":
                "FROM /messages/modules/sensor/outputs/readings"
                " INTO BrokeredEndpoint('/modules/detector/inputs/readings')",
            "scores-to-filter":
                "FROM /messages/modules/detector/outputs/scores"
                " INTO BrokeredEndpoint('/modules/filter/inputs/scores')",
            "alarms-up": {
                "route": "FROM /messages/modules/filter/outputs/anomalies"
                         " WHERE $body.state = 'open' INTO $upstream",
                "priority": 0},
            "summaries-up": {
                "route": "FROM /messages/modules/filter/outputs/anomalies"
                         " WHERE $body.state = 'closed' INTO $upstream",
                "priority": 1},
            "readings-up": {
                "route": "FROM /messages/modules/sensor/outputs/readings INTO $upstream",
                "priority": 9},
        },
    }


CLOUD_CONFIG = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
log_type error
log_type warning
log_type notice
log_type subscribe
"""


class Demo:
    def __init__(self, args, folder, processes):
        self._args = args
        self._folder = folder
        self._processes = processes
        self._hub_port = free_port()
        self._cloud_port = free_port()
        self._meter = Meter()
        self._journals = {name: Journal(self._path(name + ".journal"))
                          for name in ("sensor", "detector", "filter")}
        self._arrivals = Arrivals(self._path("arrived.ndjson"))
        self._report = Report(self._journals, self._arrivals, STREAMS)
        self._modules = {}
        self._hub = self._cloud = self._consumer = None
        self._told_at = 0.0
        self._began = time.monotonic()

    def run(self):
        """Returns True if the account is good."""
        model, readings = self._prepare()
        self._say("starting a cloud broker, the hub, a detector and a filter")
        self._start_cloud()
        self._start_hub()
        self._start_module("detector", "--model", model)
        self._start_module("filter")
        self._say(f"the sensor starts: {readings:,} readings in about {self._args.seconds:.0f} s")
        source = ["--csv", self._args.csv] if self._args.csv else ["--seed", str(self._args.seed)]
        rate = readings / self._args.seconds
        self._start_module("sensor", *source, "--count", str(readings), "--rate", str(rate))
        self._play()
        self._drain()
        self._stop()
        self._report.seconds = time.monotonic() - self._began
        return self._report.print(*self._windows())

    # --- the story ---

    def _play(self):
        acts = [(CLOUD_DIES_AT, self._kill_cloud),
                (HUB_DIES_AT, self._kill_hub),
                (CLOUD_RETURNS_AT, self._restore_cloud)]
        sensor = self._modules["sensor"]
        began = time.monotonic()
        while acts or sensor.running():
            elapsed_s = time.monotonic() - began
            if acts and elapsed_s >= acts[0][0] * self._args.seconds:
                acts.pop(0)[1]()
            self._look()
            self._check_alive()
            if elapsed_s > self._args.seconds + LATE_S:
                raise DemoError(f"the sensor is not through after {elapsed_s:.0f} s: the hub acknowledges too"
                                " slowly, or not at all")
            time.sleep(0.1)

    def _kill_cloud(self):
        self._say("KILL -9 the cloud broker")
        self._meter.shut()
        self._cloud.kill()

    def _kill_hub(self):
        before = self._upstream_queue()["waiting"]
        self._say(f"KILL -9 the hub, while {before:,} messages wait for the cloud")
        self._hub.kill()
        time.sleep(HUB_DOWN_S)
        took_s = self._start_hub()
        after = self._upstream_queue()["waiting"]
        self._say(f"the hub is back, {took_s:.2f} s after its start; {after:,} wait, with what came since")

    def _restore_cloud(self):
        self._say("the cloud broker comes back")
        self._start_cloud()

    def _drain(self):
        self._say("the sensor is done, all its readings are acknowledged; waiting for what is on its way")
        for sender, receiver in (("sensor", "detector"), ("detector", "filter")):
            sent, received = self._journals[sender].acknowledged, self._journals[receiver].received
            self._until(lambda s=sent, r=received: len(r) >= len(s),
                        f"the {receiver} has all that the {sender} sent")
            self._modules[receiver].stop()
            self._look()
        self._until(self._all_arrived, "everything is in the cloud")

    def _all_arrived(self):
        return (all(self._arrivals.count(topic) >= len(self._journals[module].acknowledged)
                    for topic, module in STREAMS.items())
                and self._upstream_queue()["waiting"] == 0)

    def _stop(self):
        self._report.queue = self._upstream_queue()
        self._hub.stop()
        time.sleep(0.5)                # for a copy that is still on its way to show itself
        self._consumer.stop()
        self._cloud.stop()
        self._arrivals.refresh()
        self._report.copies = json.loads(self._consumer.last_words(1))["duplicates"]
        self._report.wire_bytes = self._meter.up_bytes
        self._report.connections = self._meter.connections

    # --- processes ---

    def _start_cloud(self):
        config, log = self._path("cloud.conf"), self._path("cloud.log")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CLOUD_CONFIG.format(port=self._cloud_port))
        subscribed_before = count_in(log, BATCHES)
        self._cloud = self._processes.start("cloud", [find("mosquitto"), "-c", config])
        wait_for(lambda: accepts(self._cloud_port), READY_S, "the cloud broker listens", self._cloud)
        if self._consumer is None:
            self._consumer = self._start_consumer()
        wait_for(lambda: count_in(log, BATCHES) > subscribed_before, READY_S,
                 "the consumer subscribes in the cloud", self._consumer)
        self._meter.open(self._cloud_port)

    def _start_consumer(self):
        command = [self._tool("headgate"), "unbatch", "--host", "127.0.0.1", "--port", str(self._cloud_port),
                   "--topic", BATCHES, "--gaps", "--summary"]
        return self._processes.start("consumer", command, output_path=self._path("arrived.ndjson"))

    def _start_hub(self):
        """Returns how long it took until it accepted connections, in seconds."""
        config = self._path("headgate.json")
        with open(config, "w", encoding="utf-8") as file:
            json.dump(hub_config(self._folder, self._hub_port, self._meter.port), file, indent=2)
        began = time.monotonic()
        self._hub = self._processes.start("hub", [self._tool("headgated"), "--config", config])
        wait_for(lambda: accepts(self._hub_port), READY_S, "the hub listens", self._hub)
        took_s = time.monotonic() - began
        wait_for(lambda: self._queue_ls().returncode == 0, READY_S, "the hub answers `headgate`", self._hub)
        return took_s

    def _start_module(self, name, *options):
        command = [sys.executable, os.path.join(HERE, name + ".py"), "--port", str(self._hub_port),
                   "--journal", self._path(name + ".journal"), *options]
        self._modules[name] = self._processes.start(name, command)

    def _prepare(self):
        """Returns (path of the detector's model, number of readings)."""
        if not self._args.csv:
            return self._args.model or os.path.join(HERE, "model.json"), SIMULATED_READINGS
        try:
            readings = sum(1 for _ in replayed(self._args.csv))
        except ValueError as error:
            raise DemoError(error) from None
        if self._args.model:
            return self._args.model, readings
        model = self._path("model.json")
        self._say(f"training on the first {min(TRAINING_READINGS, readings):,} readings, without labels")
        command = [sys.executable, os.path.join(HERE, "train.py"), "--csv", self._args.csv,
                   "--readings", str(TRAINING_READINGS), "--output", model]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DemoError(f"the model cannot be trained: {done.stderr.strip()}; give one with --model")
        return model, readings

    def _check_alive(self):
        for name, process in {**self._modules, "hub": self._hub, "consumer": self._consumer}.items():
            finished = name == "sensor" and process.exit_code() == 0
            if not process.running() and not finished:
                raise DemoError(f"the {name} ended by itself; it said:\n{process.last_words()}")

    # --- looking ---

    def _queue_ls(self):
        command = [self._tool("headgate"), "queue", "ls", "--json", "--socket", self._path("admin.sock")]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=READY_S)

    def _upstream_queue(self):
        """The hub's account of what goes to the cloud."""
        done = self._queue_ls()
        if done.returncode != 0:
            raise DemoError(f"`{' '.join(done.args)}` failed: {done.stderr.strip()}")
        for queue in json.loads(done.stdout)["queues"]:
            if queue["name"] == "$upstream":
                return queue
        raise DemoError(f"the hub has no queue $upstream, only: {done.stdout.strip()}")

    def _look(self):
        for journal in self._journals.values():
            journal.refresh()
        self._arrivals.refresh()
        if time.monotonic() < self._told_at + self._args.every:
            return
        self._told_at = time.monotonic()
        waiting = self._upstream_queue()["waiting"]
        self._report.backlog_peak = max(self._report.backlog_peak, waiting)
        self._say(f"  {len(self._journals['sensor'].acknowledged):6,} readings and"
                  f" {len(self._journals['filter'].acknowledged)} anomaly messages published,"
                  f" {self._arrivals.total():6,} arrived, {waiting:6,} waiting")

    def _until(self, condition, what):
        """Waits for as long as anything moves; what is still missing then is for the report to tell."""
        progress, moved_at = None, time.monotonic()
        while not condition():
            self._look()
            now = (self._arrivals.total(), [len(journal.received) for journal in self._journals.values()])
            if now != progress:
                progress, moved_at = now, time.monotonic()
            if time.monotonic() > moved_at + STALL_S:
                self._say(f"gave up waiting until {what}: nothing has moved for {STALL_S:.0f} s")
                return
            time.sleep(0.1)

    def _windows(self):
        """(windows in which something is known to be wrong, what they are); (None, "") when nobody knows."""
        if self._args.labels:
            with open(self._args.labels, encoding="utf-8") as file:
                windows = json.load(file)
            return [(unix_time(begin), unix_time(end)) for begin, end in windows], "labelled windows"
        if self._args.csv:
            return None, ""
        end = START_S + SIMULATED_READINGS * INTERVAL_S
        begins = range(START_S + FIRST_FAULT_S, end, FAULT_EVERY_S)
        return [(begin, min(begin + FAULT_S, end)) for begin in begins], "simulated faults"

    def _say(self, text):
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", flush=True)

    def _path(self, name):
        return os.path.join(self._folder, name)

    def _tool(self, name):
        return os.path.join(self._args.bin, name)


def count_in(path, text):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().count(text)
    except FileNotFoundError:
        return 0


def find(program):
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise DemoError(f"{program} is not installed; `tools/dev deps` installs what the demo needs")
    return path


def arguments():
    parser = argparse.ArgumentParser(description="Headgate at work: an outage, a kill -9, and nothing lost.")
    parser.add_argument("--bin", default=BIN, help="where headgated and headgate are (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=45.0,
                        help="how long the sensor runs (default: %(default)s)")
    parser.add_argument("--csv", help="replay `timestamp,value` readings from this file")
    parser.add_argument("--labels", help="with --csv: a JSON list of [begin, end] windows with its anomalies")
    parser.add_argument("--model",
                        help="for the detector (default: model.json; with --csv it is trained first)")
    parser.add_argument("--seed", type=int, default=1, help="of the simulated machine (default: %(default)s)")
    parser.add_argument("--every", type=float, default=3.0,
                        help="seconds between progress lines (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with configs, logs and data")
    args = parser.parse_args()
    if args.labels and not args.csv:
        parser.error("--labels needs --csv")
    if args.seconds < 5:
        parser.error("--seconds must be at least 5, or the story does not fit")
    for path in (args.csv, args.labels, args.model):
        if path and not os.path.isfile(path):
            parser.error(f"there is no file {path}")
    for program in ("headgated", "headgate"):
        if not os.access(os.path.join(args.bin, program), os.X_OK):
            parser.error(f"--bin {args.bin} has no {program}; `tools/dev build` makes it")
    return args


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    folder = tempfile.mkdtemp(prefix="headgate-demo-")
    good = False
    try:
        with Processes(folder) as processes:
            good = Demo(args, folder, processes).run()
        return 0 if good else 1
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 2
    finally:
        if good and not args.keep:
            shutil.rmtree(folder)
        else:
            print(f"configs, logs and data are in {folder}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
