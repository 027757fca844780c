"""The demo on Azure IoT's own SDK: `tools/dev demo --iot-edge`.

Three modules that are written on the Node SDK, a sensor, a detector and a filter, run against the hub with the connection strings that it
makes for them. The deployment manifest gives the routes. The cloud goes away and the hub is killed while they run; a call of a
direct method and a patch of a twin change the detector's threshold. Exit code 0 if every anomaly of the filter came to the cloud once, 1 if
not, 2 if the demo could not run.
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from hub import READY_S
from processes import DemoError, Processes, accepts, free_port, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BIN = os.path.join(ROOT, "build", "release", "bin")
SDK = os.path.join(ROOT, "tests", "e2e", "iot-edge")  # where its versions are pinned
CLOUD = "acme-plant.azure-devices.net"
DEVICE = "edge-1"
MODULES = ("sensor", "detector", "filter")
DRAINED_S = 60.0
INSTALLED_S = 300.0


def say(text):
    print(text, flush=True)


def installed_sdk(folder):
    """The folder of the SDK's packages, installed by its lock file where nothing else is."""
    modules = os.path.join(folder, "node_modules")
    if os.path.isdir(os.path.join(modules, "azure-iot-device")):
        return modules
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(SDK, name), folder)
    say("Installing Azure IoT's SDK for Node …")
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=False,
                          capture_output=True, text=True, timeout=INSTALLED_S)
    if done.returncode != 0:
        raise DemoError(f"npm could not install the SDK: {done.stderr.strip()[-300:]}")
    return modules


class EdgeDemo:
    def __init__(self, args, folder, processes):
        self._args = args
        self._folder = folder
        self._processes = processes
        self._cloud_port, self._port = free_port(), free_port()
        self._sdk = installed_sdk(args.sdk)
        self._cloud = self._hub = None
        self._batches = self._path("arrived.ndjson")

    def run(self):
        self._prepare()
        self._start_cloud()
        self._start_hub()
        self._start_reader()
        detector = self._start_module("detector")
        self._start_module("filter")
        sensor = self._start_module("sensor", READINGS=str(self._args.readings))
        self._watch()
        self._change_threshold(detector)
        self._outage()
        return self._finish(sensor)

    # ---- what it takes ----

    def _prepare(self):
        self._tool("ca", "init", "--dir", self._path("ca"), "--name", "localhost", "--name", "127.0.0.1")
        files = {"cert_file": self._path("ca/server.pem"), "key_file": self._path("ca/server.key")}
        os.mkdir(self._path("routes"))
        shutil.copy(os.path.join(HERE, "iot_edge", "deployment.json"), self._path("routes"))
        config = {
            "hub_id": "demo-site", "data_dir": self._path("data"), "routes_dir": self._path("routes"),
            "listeners": [{"transport": "tls", "address": "127.0.0.1", "port": self._port, "dialect": "iot-edge", "tls": files}],
            "iot_edge": {"hub_host_name": CLOUD, "device_id": DEVICE, "gateway_names": ["localhost"],
                         "identities_file": self._path("identities.json")},
            "upstream": {"host": "127.0.0.1", "port": self._cloud_port, "backoff": {"base_ms": 200, "cap_ms": 2000}},
        }
        with open(self._path("headgate.json"), "w", encoding="utf-8") as file:
            json.dump(config, file, indent=2)
        for module in MODULES:
            self._tool("identity", "add", f"{DEVICE}/{module}", "--file", self._path("identities.json"))
        say(f"The hub will be {DEVICE} of {CLOUD}: an authority, a certificate for localhost and three identities are made.")

    def _start_cloud(self):
        config = self._path("cloud.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"listener {self._cloud_port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                       f"persistence_location {self._folder}/\nmax_queued_messages 0\n")
        program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if program is None:
            raise DemoError("mosquitto is not installed; `tools/dev deps` installs what the demo needs")
        self._cloud = self._processes.start("cloud", [program, "-c", config])
        wait_for(lambda: accepts(self._cloud_port), READY_S, "the cloud listens", self._cloud)

    def _start_hub(self):
        self._hub = self._processes.start("hub", [self._program("headgated"), "--config", self._path("headgate.json")])
        wait_for(lambda: self._tool("status", check=False).returncode == 0, READY_S, "the hub answers", self._hub)

    def _start_reader(self):
        """The consumer's side: batches become messages, each once."""
        self._processes.start("unbatch", [self._program("headgate"), "unbatch", "--host", "127.0.0.1", "--port", str(self._cloud_port),
                                          "--client-id", "demo-reader", "--state", self._path("reader")], self._batches)

    def _start_module(self, name, **more):
        words = self._tool("identity", "connection-string", f"{DEVICE}/{name}", "--config", self._path("headgate.json")).stdout
        text = re.sub(r"GatewayHostName=[^;]*", f"GatewayHostName=localhost:{self._port}", words.strip())
        # `env` hands the variables over, as a container's engine would.
        return self._processes.start(name, [
            "env", f"NODE_PATH={self._sdk}", f"EdgeHubConnectionString={text}",
            f"EdgeModuleCACertificateFile={self._path('ca/ca.pem')}", *(f"{key}={value}" for key, value in more.items()),
            "node", os.path.join(HERE, "iot_edge", name + ".js")])

    # ---- the story ----

    def _watch(self):
        wait_for(lambda: self._out_of("sensor") > 40, READY_S, "readings come")
        say("\nheadgate module ls")
        say(self._tool("module", "ls").stdout)
        say("headgate tail --module detector, for a second")
        say(self._tail("detector"))

    def _change_threshold(self, detector):
        answer = self._tool("method", "invoke", f"{DEVICE}/detector", "setThreshold", '{"threshold":15}').stdout.strip()
        say(f"A method call has set the detector's threshold: {answer}")
        self._tool("twin", "patch", f"{DEVICE}/detector", '{"threshold":12}')
        wait_for(lambda: self._reported("detector").get("threshold") == 12, READY_S, "the detector takes its desired threshold", detector)
        say(f"So has its twin, and it reports {json.dumps(self._reported('detector'))}")

    def _outage(self):
        self._cloud.kill()
        say("The cloud is gone.")
        wait_for(lambda: self._waiting() >= 2, DRAINED_S, "a backlog grows", self._hub)
        self._hub.kill()
        self._start_hub()
        say(f"The hub was killed and is back, with {self._waiting()} messages that wait; its modules come back by themselves.")

    def _finish(self, sensor):
        self._start_cloud()
        say("The cloud is back.")
        wait_for(lambda: sensor.exit_code() is not None, DRAINED_S + self._args.readings / 10, "the sensor has sent all")
        if sensor.exit_code() != 0:
            raise DemoError(f"the sensor ended with {sensor.exit_code()}: {sensor.last_words()}")
        wait_for(lambda: self._inputs_are_empty() and self._waiting() == 0, DRAINED_S, "all is drained", self._hub)
        queue = self._queue("$upstream")
        wait_for(lambda: len(self._arrived()) >= queue["delivered"], DRAINED_S, "all arrives")
        ids = self._arrived()
        acknowledged = sensor.last_words(1)
        say(f"\nThe sensor: {acknowledged} readings. The way up: {queue['in']} in, {queue['delivered']} delivered,"
            f" {queue['in'] - queue['delivered']} lost. In the cloud: {len(ids)} anomalies, {len(set(ids))} different.")
        return len(ids) == len(set(ids)) == queue["in"] == queue["delivered"] > 0

    # ---- looking ----

    def _queues(self):
        return json.loads(self._tool("queue", "ls", "--json").stdout)["queues"]

    def _queue(self, name):
        return next((queue for queue in self._queues() if queue["name"] == name), {"waiting": 0, "in": 0, "delivered": 0})

    def _waiting(self):
        return self._queue("$upstream")["waiting"]

    def _inputs_are_empty(self):
        return all(queue["waiting"] == 0 for queue in self._queues() if "/inputs/" in queue["name"])

    def _out_of(self, module):
        modules = json.loads(self._tool("module", "ls", "--json").stdout)["modules"]
        return next((one["messages_in"] for one in modules if one["module"] == module), 0)

    def _reported(self, module):
        return json.loads(self._tool("twin", "get", f"{DEVICE}/{module}", "--json").stdout)["reported"]

    def _arrived(self):
        """Ids of the messages that came to the cloud."""
        with open(self._batches, encoding="utf-8") as file:
            messages = [json.loads(line) for line in file if line.endswith("\n")]
        return [(message["hub"], message["epoch"], message["seq"]) for message in messages]

    def _tool(self, *words, check=True):
        command = [self._program("headgate"), *words]
        if words[0] not in ("ca", "identity"):
            command += ["--socket", self._path("data/admin.sock")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if check and done.returncode != 0:
            raise DemoError(f"`headgate {' '.join(words)}` failed: {done.stderr.strip()}")
        return done

    def _tail(self, module):
        """Some lines of what a module says; the command itself goes on until it is ended."""
        command = [self._program("headgate"), "tail", "--module", module, "--socket", self._path("data/admin.sock")]
        try:
            said = subprocess.run(command, capture_output=True, check=False, timeout=1.0).stdout
        except subprocess.TimeoutExpired as over:
            said = over.stdout or b""
        return "\n".join(said.decode("utf-8", "replace").splitlines()[:3])

    def _program(self, name):
        return os.path.join(self._args.bin, name)

    def _path(self, name):
        return os.path.join(self._folder, name)


def arguments(words):
    parser = argparse.ArgumentParser(prog="tools/dev demo --iot-edge", description="Unmodified IoT Edge modules on Headgate.")
    parser.add_argument("--bin", default=BIN, help="where headgated and headgate are (default: %(default)s)")
    parser.add_argument("--readings", type=int, default=800, help="of the sensor, twenty a second (default: %(default)s)")
    parser.add_argument("--sdk", default=os.path.join(ROOT, "build", "iot-edge-sdk"), metavar="DIR",
                        help="where the SDK's packages are, or are installed by npm (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with configs, logs and data")
    return parser.parse_args(words)


def main(words):
    args = arguments(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    folder = tempfile.mkdtemp(prefix="headgate-demo-")
    good = False
    try:
        with Processes(folder) as processes:
            good = EdgeDemo(args, folder, processes).run()
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
