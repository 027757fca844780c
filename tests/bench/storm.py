"""A disturbance (disturbance.py): a crowd of TLS clients that all connect to a hub at once."""

import json
import os
import signal
import subprocess

from brokers import BenchError, Headgate, free_port

NICE = 10
HEAD_START_S = 0.3  # those who are measured are there before the crowd comes
AT_MOST_S = 60


def sessions_of(hub: Headgate) -> int:
    """How many clients have got as far as CONNECT."""
    return hub.status()["sessions"]


def make_certificate(directory, key: str) -> None:
    """hub.pem and hub.key there, which nobody is asked to believe; `key` in the words of `openssl req -newkey`."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", *key.split(), "-nodes", "-days", "2", "-subj", "/CN=hub",
                    "-keyout", str(directory / "hub.key"), "-out", str(directory / "hub.pem")],
                   check=True, capture_output=True)


class Storm:
    """The clients run below the hub, as on machines of their own."""

    def __init__(self, bench, clients: int, key: str = "ec -pkeyopt ec_paramgen_curve:P-256"):
        self.bench = bench
        self.clients = clients
        self.ports: dict[Headgate, int] = {}
        self.crowds: dict[Headgate, subprocess.Popen] = {}
        self.before: dict[Headgate, int] = {}
        make_certificate(bench.directory, key)

    def hub(self, name: str) -> Headgate:
        """A hub that is up."""
        hub = Headgate(self.bench.directory / name)
        self.ports[hub] = free_port()
        files = {"cert_file": str(self.bench.directory / "hub.pem"), "key_file": str(self.bench.directory / "hub.key")}
        hub.config["listeners"].append(
            {"transport": "tls", "address": "127.0.0.1", "port": self.ports[hub], "tls": files})
        hub.start()
        return hub

    def begin(self, hub: Headgate) -> None:
        """The crowd stays until somebody asks how long it took."""
        self.before[hub] = sessions_of(hub)
        command = self.bench.load_command(self.ports[hub], "conns", insecure=True, clients=self.clients,
                                          at_once=self.clients, keep_alive=0, connect_timeout=20, duration=AT_MOST_S)
        self.crowds[hub] = subprocess.Popen(
            ["sh", "-c", f'sleep {HEAD_START_S}; exec "$@"', "crowd", *command], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=lambda: os.nice(NICE))

    def goes_on(self, hub: Headgate) -> bool:
        return self.crowds[hub].poll() is None and sessions_of(hub) < self.before[hub] + self.clients

    def connect_s(self, hub: Headgate) -> float:
        """From the first client's connect to the last one's CONNACK. Call when the storm is over: the crowd leaves."""
        self.crowds[hub].send_signal(signal.SIGINT)
        report = json.loads(self.crowds[hub].communicate(timeout=AT_MOST_S)[0] or "{}")
        if report.get("connected") != self.clients:
            raise BenchError(f"{report.get('connected')} of {self.clients} came in: {report.get('errors')}")
        return report["connect_s"]

    def stop(self) -> None:
        for crowd in self.crowds.values():
            crowd.kill()
            crowd.wait()
        for hub in self.ports:
            hub.stop()
