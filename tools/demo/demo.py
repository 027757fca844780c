"""The demo: a site with a sensor, a detector and a filter on Headgate, and a cloud that goes away.

The hub of the site sends no readings to the cloud but what its routes compute of them: averages and counts of
anomalies for each hour of the machine's time, and alerts. A second hub beside it sends the same readings as they are,
to compare with. Everything is on loopback, with a data directory of its own. The demo kills the cloud broker, lets the
backlog grow, kills both hubs with kill -9 and starts them again, and brings the cloud back. Then it compares every id
that the modules had acknowledged with every id that arrived in the cloud, and every computed result with one that it
computes itself. Exit code 0 if nothing was lost, nothing arrived twice and no value differs, 1 if not, 2 if the demo
could not run.
"""
import argparse
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

try:
    from sensor import FAULT_EVERY_S, FAULT_S, FIRST_FAULT_S, INTERVAL_S, START_S, replayed, simulated, unix_time
except ModuleNotFoundError as missing:
    sys.exit(f"demo: {sys.executable} has no module {missing.name}; Debian's python3-paho-mqtt, which"
             " `tools/dev deps` installs, is for /usr/bin/python3")
import iot_edge_demo
from detector import MODEL, load_model
from hours import Due
from hub import RAW_ROUTES, READY_S, SITE_ROUTES, Hub
from ledger import Arrivals, Journal
from processes import DemoError, Processes, accepts, free_port, wait_for
from report import ALERTS, ANOMALIES, HOURS, READINGS, Report

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "release", "bin")
STAY_RATE = 10                     # readings a second once the story is told
SIMULATED_READINGS = 4500          # fifteen days of the machine's time: three faults and most of a fourth
TRAINING_READINGS = 2016           # of a CSV: a week of five-minute readings

STREAMS = {ANOMALIES: "filter", READINGS: "twin"}        # ids that go to the cloud, and who publishes them
BATCHES = "headgate/+/batches"

CSV_WANTED = ("--csv needs a file of readings in the order of time, with the columns `timestamp` (ISO 8601, UTC unless"
              " it names a zone) and `value` under a header, for example machine_temperature_system_failure.csv of the"
              " Numenta Anomaly Benchmark (data/realKnownCause of github.com/numenta/NAB), which is not shipped here")

# What happens when, in parts of the sensor's running time.
CLOUD_DIES_AT = 0.25
HUB_DIES_AT = 0.50
CLOUD_RETURNS_AT = 0.72
HUB_DOWN_S = 1.5

LATE_S = 120.0                     # that the sensor may take longer than planned
MIDDLE_S = 2.0                     # to wait for a moment in the middle of an hour
STALL_S = 20.0                     # without any progress while draining: what is missing then is lost


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
        self._cloud_port = free_port()
        self._site = Hub("demo-site", folder, args.bin, processes, SITE_ROUTES)
        self._raw = Hub("raw-site", folder, args.bin, processes, RAW_ROUTES)
        self._hubs = (self._site, self._raw)
        self._journals = {name: Journal(self._path(name + ".journal"))
                          for name in ("sensor", "detector", "filter", "twin")}
        self._arrivals = Arrivals(self._path("arrived.ndjson"))
        self._modules = {}
        self._cloud = self._consumer = self._report = self._due = None
        self._told_at = 0.0
        self._began = time.monotonic()

    def run(self):
        """Returns True if the account is good."""
        model, readings = self._prepare()
        self._say("starting a cloud broker, two hubs, a detector and a filter")
        self._start_site(model)
        self._tell_console()
        self._say(f"the sensor starts, and its twin at the second hub: {readings:,} readings in about"
                  f" {self._args.seconds:.0f} s")
        source = ["--csv", self._args.csv] if self._args.csv else ["--seed", str(self._args.seed)]
        pace = ["--count", str(readings), "--rate", str(readings / self._args.seconds)]
        self._start_module("sensor", self._site, "sensor", *source, *pace)
        self._start_module("twin", self._raw, "sensor", *source, *pace)
        self._play()
        self._drain()
        self._stop()
        self._report.seconds = time.monotonic() - self._began
        good = self._report.print(*self._windows())
        if self._args.stay:
            self._stay(model, source, readings)
        return good

    # --- the story ---

    def _start_site(self, model):
        self._start_cloud()
        for hub in self._hubs:
            hub.start()
        self._start_module("detector", self._site, "detector", "--model", model)
        self._start_module("filter", self._site, "filter")

    def _tell_console(self):
        """A page takes the token once and keeps a cookie, so it stays open while hubs are killed."""
        address, token = self._site.console()
        self._say(f"watch it at {address}, with the token that this prints:")
        self._say(f"  {token}")

    def _play(self):
        acts = [(CLOUD_DIES_AT, self._kill_cloud),
                (HUB_DIES_AT, self._kill_hubs),
                (CLOUD_RETURNS_AT, self._restore_cloud)]
        sensors = [self._modules[name] for name in ("sensor", "twin")]
        began = time.monotonic()
        while acts or any(sensor.running() for sensor in sensors):
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
        for hub in self._hubs:
            hub.meter.shut()
        self._cloud.kill()

    def _kill_hubs(self):
        waiting = [f"{hub.waiting():,}" for hub in self._hubs]
        self._wait_for_the_middle_of_an_hour()
        for hub in self._hubs:
            hub.process.kill()
        self._say(f"KILL -9 both hubs, while {waiting[0]} results and {waiting[1]} readings wait for the cloud")
        part, whole = self._into_the_hour()
        self._say(f"  {part} of the {whole} scores of the hour that was open then had been acknowledged")
        time.sleep(HUB_DOWN_S)
        took_s = max(hub.start() for hub in self._hubs)
        waiting = [f"{hub.waiting():,}" for hub in self._hubs]
        self._say(f"the hubs are back, {took_s:.2f} s after their start at most; {waiting[0]} results and"
                  f" {waiting[1]} readings wait, with what came since")

    def _wait_for_the_middle_of_an_hour(self):
        deadline = time.monotonic() + MIDDLE_S
        while time.monotonic() < deadline:
            part, whole = self._into_the_hour()
            if whole < 4 * part < 3 * whole:
                return
            time.sleep(0.002)

    def _into_the_hour(self):
        self._journals["detector"].refresh()
        return self._due.into_the_hour(len(self._journals["detector"].acknowledged))

    def _restore_cloud(self):
        self._say("the cloud broker comes back")
        self._start_cloud()

    def _drain(self):
        self._say("the sensors are done, all their readings are acknowledged; waiting for what is on its way")
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
                and self._arrivals.count(HOURS) >= len(self._due.hours)
                and self._arrivals.count_below(ALERTS) >= len(self._due.alerts)
                and not any(hub.waiting() for hub in self._hubs))

    def _stop(self):
        self._report.queues = {hub.name: hub.upstream_queue() for hub in self._hubs}
        for hub in self._hubs:
            hub.process.stop()
        time.sleep(0.5)                # for a copy that is still on its way to show itself
        self._consumer.stop()
        self._cloud.stop()
        self._arrivals.refresh()
        self._report.copies = json.loads(self._consumer.last_words(1))["duplicates"]
        self._report.wire_bytes = {hub.name: hub.meter.up_bytes for hub in self._hubs}
        self._report.connections = {hub.name: hub.meter.connections for hub in self._hubs}

    def _stay(self, model, source, readings):
        """Everything runs again, more slowly and with the readings that come next, until somebody ends it."""
        print(flush=True)
        self._consumer = None
        self._start_site(model)
        for name, hub in (("sensor", self._site), ("twin", self._raw)):
            self._start_module(name, hub, "sensor", *source, "--skip", str(readings), "--rate", str(STAY_RATE))
        self._say("everything runs again, until Ctrl-C")
        self._tell_console()
        try:
            while True:
                self._check_alive()
                time.sleep(1)
        except KeyboardInterrupt:
            print(flush=True)

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
        for hub in self._hubs:
            hub.meter.open(self._cloud_port)

    def _start_consumer(self):
        command = [os.path.join(self._args.bin, "headgate"), "unbatch", "--host", "127.0.0.1",
                   "--port", str(self._cloud_port), "--topic", BATCHES, "--gaps", "--summary"]
        return self._processes.start("consumer", command, output_path=self._path("arrived.ndjson"))

    def _start_module(self, name, hub, program, *options):
        command = [sys.executable, os.path.join(HERE, program + ".py"), "--port", str(hub.port),
                   "--journal", self._path(name + ".journal"), *options]
        self._modules[name] = self._processes.start(name, command)

    def _prepare(self):
        """Computes what is due. Returns (path of the detector's model, number of readings)."""
        try:
            readings = list(self._readings())
            model = self._model(len(readings))
            self._due = Due(readings, load_model(model))
        except ValueError as error:
            raise DemoError(error) from None
        self._report = Report(self._journals, self._arrivals, STREAMS, self._due)
        return model, len(readings)

    def _readings(self):
        if self._args.csv:
            return replayed(self._args.csv)
        return itertools.islice(simulated(self._args.seed), SIMULATED_READINGS)

    def _model(self, readings):
        if self._args.model or not self._args.csv:
            return self._args.model or MODEL
        model = self._path("model.json")
        self._say(f"training on the first {min(TRAINING_READINGS, readings):,} readings, without labels")
        command = [sys.executable, os.path.join(HERE, "train.py"), "--csv", self._args.csv,
                   "--readings", str(TRAINING_READINGS), "--output", model]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DemoError(f"the model cannot be trained: {done.stderr.strip()}; give one with --model")
        return model

    def _check_alive(self):
        for name, process in self._everyone().items():
            finished = name in ("sensor", "twin") and process.exit_code() == 0
            if not process.running() and not finished:
                raise DemoError(f"the {name} ended by itself; it said:\n{process.last_words()}")

    def _everyone(self):
        return {**self._modules, **{hub.name: hub.process for hub in self._hubs}, "consumer": self._consumer}

    # --- looking ---

    def _look(self):
        for journal in self._journals.values():
            journal.refresh()
        self._arrivals.refresh()
        if time.monotonic() < self._told_at + self._args.every:
            return
        self._told_at = time.monotonic()
        for hub in self._hubs:
            self._report.saw_waiting(hub.name, hub.waiting())
        self._say(f"  {len(self._journals['sensor'].acknowledged):6,} readings published;"
                  f" arrived: {self._arrivals.count(HOURS):,} hours, {self._arrivals.count_below(ALERTS)} alerts,"
                  f" {self._arrivals.count(READINGS):,} readings of the second hub;"
                  f" waiting: {self._report.waiting_now()}")

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
    parser.add_argument("--csv", nargs="?", const="",
                        help="replay `timestamp,value` readings from this file, by the time in it")
    parser.add_argument("--labels", help="with --csv: a JSON list of [begin, end] windows with its anomalies")
    parser.add_argument("--model",
                        help="for the detector (default: model.json; with --csv it is trained first)")
    parser.add_argument("--seed", type=int, default=1, help="of the simulated machine (default: %(default)s)")
    parser.add_argument("--every", type=float, default=3.0,
                        help="seconds between progress lines (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with configs, logs and data")
    parser.add_argument("--stay", action="store_true",
                        help="when the account is printed, run everything again until Ctrl-C")
    parser.add_argument("--iot-edge", action="store_true",
                        help="the demo with modules on Azure IoT's SDK instead; its arguments: --iot-edge --help")
    args = parser.parse_args()
    if args.labels and not args.csv:
        parser.error("--labels needs --csv")
    if args.seconds < 5:
        parser.error("--seconds must be at least 5, or the story does not fit")
    if args.csv is not None and not os.path.isfile(args.csv):
        parser.error((f"there is no file {args.csv}; " if args.csv else "") + CSV_WANTED)
    for path in (args.labels, args.model):
        if path and not os.path.isfile(path):
            parser.error(f"there is no file {path}")
    for program in ("headgated", "headgate"):
        if not os.access(os.path.join(args.bin, program), os.X_OK):
            parser.error(f"--bin {args.bin} has no {program}; `tools/dev build` makes it")
    return args


def main():
    if "--iot-edge" in sys.argv[1:]:
        return iot_edge_demo.main([word for word in sys.argv[1:] if word != "--iot-edge"])
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
