"""Mosquitto and Headgate as processes that a benchmark starts, measures and stops.

Mosquitto is configured for speed within what its users would accept: no log, no queue limits (so that it
refuses nothing Headgate accepts), TCP_NODELAY, in-flight window unlimited, and persistence only where a
scenario needs its database, at the default autosave interval (it never syncs before an acknowledgement).
Headgate runs on its defaults, which do.
"""

import getpass
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from ports import free_port  # noqa: E402

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
OPEN_FILES_MAX = 20_000  # as many as an unprivileged session often has


class BenchError(Exception):
    """A scenario cannot go on; the text says why and is shown in the table."""


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES_MAX)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Broker:
    """One broker process on a free port with its own directory."""

    name = ""
    niceness = 0

    def __init__(self, directory: pathlib.Path, port: int = 0):
        self.directory = directory
        self.port = port or free_port()
        self.process: subprocess.Popen | None = None
        directory.mkdir(parents=True, exist_ok=True)

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self, within_s: float = 60) -> float:
        """Starts it and waits until it accepts connections; returns how long that took."""
        with open(self.directory / "log", "ab") as log:
            started = time.monotonic()
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
                preexec_fn=self.prepare_process)
        while not accepts(self.port):
            if self.process.poll() is not None:
                raise BenchError(f"{self.name} did not start: {self.last_log_line()}")
            if time.monotonic() - started > within_s:
                raise BenchError(f"{self.name} accepted nothing for {within_s:.0f} s")
            time.sleep(0.001)
        return time.monotonic() - started

    def prepare_process(self) -> None:
        raise_file_limit()
        os.nice(self.niceness)

    def stop(self, within_s: float = 60) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_log_line(self) -> str:
        lines = (self.directory / "log").read_text(errors="replace").splitlines()
        return lines[-1] if lines else "no output"

    def cpu_s(self) -> float:
        """CPU of all its threads: nanoseconds from schedstat, or clock ticks where threads have ended."""
        task = pathlib.Path(f"/proc/{self.process.pid}/task")
        ns = sum(int((thread / "schedstat").read_text().split()[0]) for thread in task.iterdir())
        fields = (task.parent / "stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return max(ns / 1e9, (ticks - 2) / TICKS_PER_S)

    def rss_bytes(self) -> int:
        fields = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * PAGE_BYTES

    def open_files(self) -> int:
        return sum(1 for _ in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir())

    def waiting(self) -> int | None:
        """Messages in durable queues, where the broker can tell exactly."""
        return None

    # What scenarios ask for, in each broker's own words.
    def keep_messages(self) -> None:
        """Before start: messages of `bench/load/#` shall wait in a durable queue."""
        raise NotImplementedError

    def send_upstream(self, cloud_port: int) -> None:
        """Before start: messages of `bench/load/#` shall go to a broker on that port."""
        raise NotImplementedError


class Mosquitto(Broker):
    name = "Mosquitto"

    def __init__(self, directory: pathlib.Path, port: int = 0, tuned: bool = True):
        super().__init__(directory, port)
        self.lines = [
            f"listener {self.port} 127.0.0.1", "allow_anonymous true",
            f"user {getpass.getuser()}"]  # else root becomes `mosquitto`, who cannot write here
        if tuned:
            self.lines += ["log_dest none", "set_tcp_nodelay true", "max_queued_messages 0", "max_queued_bytes 0",
                           "max_inflight_messages 0", "sys_interval 1"]

    def command(self) -> list[str]:
        config = self.directory / "mosquitto.conf"
        config.write_text("\n".join(self.lines) + "\n")
        program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if program is None:
            raise BenchError("mosquitto is not installed")
        return [program, "-c", str(config)]

    def keep_messages(self) -> None:
        self.lines += ["persistence true", f"persistence_location {self.directory}/"]

    def send_upstream(self, cloud_port: int) -> None:
        self.lines += [
            "connection cloud", f"address 127.0.0.1:{cloud_port}", "topic bench/load/# out 1", "try_private false",
            "notifications false", "bridge_protocol_version mqttv311", "restart_timeout 1", "cleansession false"]


class Headgate(Broker):
    name = "Headgate"
    bin_dir = pathlib.Path()

    def __init__(self, directory: pathlib.Path, port: int = 0):
        super().__init__(directory, port)
        self.config = {
            "hub_id": "bench", "data_dir": str(directory / "data"), "log": {"level": "warn"},
            "listeners": [{"address": "127.0.0.1", "port": self.port}],
            "limits": {"connections_max": 12_000}}

    def command(self) -> list[str]:
        program = self.bin_dir / "headgated"
        if not program.exists():
            raise BenchError(f"{program} is not built")
        path = self.directory / "headgate.json"
        path.write_text(json.dumps(self.config))
        return [str(program), "--config", str(path)]

    def status(self) -> dict:
        return self.ask("/v1/status")

    def ask(self, path: str) -> dict:
        """Over the socket: a process for each question would disturb what is measured."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(30)
            admin.connect(str(self.directory / "data/admin.sock"))
            admin.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            answer = b"".join(iter(lambda: admin.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise BenchError(answer.decode(errors="replace"))
        return json.loads(body)

    def waiting(self) -> int | None:
        return self.status()["store"]["waiting"]

    def waiting_in(self, queue: str) -> int:
        """Messages that wait in that queue; 0 if there is none of that name."""
        return sum(known["waiting"] for known in self.ask("/v1/queues")["queues"] if known["name"] == queue)

    def written_bytes(self) -> int:
        """Sent to the disk by the process since its start, as the kernel counts."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/io").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("write_bytes:")))

    def keep_messages(self) -> None:
        self.config["routes"] = {"up": "FROM 'bench/load/#' INTO $upstream"}

    def send_upstream(self, cloud_port: int) -> None:
        self.keep_messages()
        self.config["upstream"] = {
            "host": "127.0.0.1", "port": cloud_port, "topic": "bench/load/batches", "no_subscriber": "deliver",
            "backoff": {"base_ms": 500, "cap_ms": 1000}}
