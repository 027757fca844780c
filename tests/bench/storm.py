"""A disturbance (disturbance.py): a crowd of TLS clients that all connect to a hub at once."""

import json
import os
import subprocess

from brokers import BenchError, Headgate, free_port

NICE = 10
HEAD_START_S = 0.3  # those who are measured are there before the crowd comes


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
        """The crowd leaves as soon as all of it is there."""
        command = self.bench.load_command(self.ports[hub], "conns", insecure=True, clients=self.clients,
                                          at_once=self.clients, keep_alive=0, connect_timeout=20, duration=0.001)
        self.crowds[hub] = subprocess.Popen(
            ["sh", "-c", f'sleep {HEAD_START_S}; exec "$@"', "crowd", *command], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=lambda: os.nice(NICE))

    def goes_on(self, hub: Headgate) -> bool:
        return self.crowds[hub].poll() is None

    def connect_s(self, hub: Headgate) -> float:
        """From the first client's connect to the last one's CONNACK. Call when it has ended."""
        report = json.loads(self.crowds[hub].communicate(timeout=60)[0] or "{}")
        if report.get("connected") != self.clients:
            raise BenchError(f"{report.get('connected')} of {self.clients} came in: {report.get('errors')}")
        return report["connect_s"]

    def stop(self) -> None:
        for crowd in self.crowds.values():
            crowd.kill()
            crowd.wait()
        for hub in self.ports:
            hub.stop()
