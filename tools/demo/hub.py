"""A hub of the demo: headgated with its configuration, its meter, and the questions put to it."""
import json
import os
import shlex
import subprocess
import time

from hours import ALERT_ABOVE, ANOMALOUS
from meter import Meter
from processes import DemoError, accepts, free_port, wait_for

READY_S = 15.0                     # for a hub to do what it is started for

# Of the site: what its modules find and what the hub computes goes to the cloud, readings do not.
SITE_ROUTES = {
    "readings-to-detector":
        "FROM /messages/modules/sensor/outputs/readings"
        " INTO BrokeredEndpoint('/modules/detector/inputs/readings')",
    "scores-to-filter":
        "FROM /messages/modules/detector/outputs/scores"
        " INTO BrokeredEndpoint('/modules/filter/inputs/scores')",
    "alerts-up": {
        "route": "SELECT $body.machine AS machine, $body.time AS time, $body.value AS value, $body.score AS score"
                 " FROM /messages/modules/detector/outputs/scores"
                 f" WHERE rising($body.score > {ALERT_ABOVE}) OVER ($body.machine)"
                 " INTO Upstream('alerts/{$body.machine}')",
        "priority": 0},
    "alarms-up": {
        "route": "FROM /messages/modules/filter/outputs/anomalies"
                 " WHERE $body.state = 'open' INTO $upstream",
        "priority": 0},
    "summaries-up": {
        "route": "FROM /messages/modules/filter/outputs/anomalies"
                 " WHERE $body.state = 'closed' INTO $upstream",
        "priority": 1},
    "hours-up": {
        "route": "SELECT $body.machine AS machine, $window.start AS since, $window.rev AS rev, count(*) AS readings,"
                 " avg($body.value) AS average, min($body.value) AS lowest, max($body.value) AS peak,"
                 f" count_if($body.score >= {ANOMALOUS}) AS anomalies"
                 " FROM /messages/modules/detector/outputs/scores"
                 " TIMESTAMP BY $body.time OVER $body.machine"
                 " GROUP BY $body.machine, Tumbling(1h) INTO $upstream",
        "priority": 5},
}

# Of the hub beside it, to compare with: all readings as they are.
RAW_ROUTES = {
    "readings-up": {
        "route": "FROM /messages/modules/sensor/outputs/readings INTO $upstream",
        "priority": 9},
}


class Hub:
    """Outlives its process: start() after kill() goes on with the same data directory, ports and meter."""

    def __init__(self, name, folder, bin_folder, processes, routes):
        self.name = name
        self.port = free_port()
        self.http_port = free_port()
        self.meter = Meter()
        self.process = None
        self._folder = os.path.join(folder, name)
        self._bin = bin_folder
        self._processes = processes
        self._routes = routes
        os.mkdir(self._folder)

    def start(self):
        """Returns how long it took until it accepted connections, in seconds."""
        config = self._path("headgate.json")
        with open(config, "w", encoding="utf-8") as file:
            json.dump(self._config(), file, indent=2)
        began = time.monotonic()
        command = [os.path.join(self._bin, "headgated"), "--config", config]
        self.process = self._processes.start(self.name, command)
        wait_for(lambda: accepts(self.port), READY_S, f"{self.name} listens", self.process)
        took_s = time.monotonic() - began
        wait_for(lambda: self._queue_ls().returncode == 0, READY_S, f"{self.name} answers `headgate`", self.process)
        return took_s

    def console(self):
        """Where its page is, and how to get the token that opens it."""
        headgate = shlex.join([os.path.join(self._bin, "headgate"), "--data", self._path("data")])
        return f"http://localhost:{self.http_port}/", f"{headgate} http token"

    def upstream_queue(self):
        """The hub's account of what goes to the cloud."""
        done = self._queue_ls()
        if done.returncode != 0:
            raise DemoError(f"`{' '.join(done.args)}` failed: {done.stderr.strip()}")
        for queue in json.loads(done.stdout)["queues"]:
            if queue["name"] == "$upstream":
                return queue
        raise DemoError(f"{self.name} has no queue $upstream, only: {done.stdout.strip()}")

    def waiting(self):
        return self.upstream_queue()["waiting"]

    def _config(self):
        """What headgated gets; conf/headgate.json lists every key."""
        return {
            "hub_id": self.name,
            "data_dir": self._path("data"),
            "listeners": [{"address": "127.0.0.1", "port": self.port}],
            "admin": {"socket": self._path("admin.sock"), "http": {"port": self.http_port}},
            "upstream": {"host": "127.0.0.1", "port": self.meter.port,
                         "backoff": {"base_ms": 200, "cap_ms": 2000}},
            "routes": self._routes,
        }

    def _queue_ls(self):
        command = [os.path.join(self._bin, "headgate"), "queue", "ls", "--json",
                   "--socket", self._path("admin.sock")]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=READY_S)

    def _path(self, name):
        return os.path.join(self._folder, name)
