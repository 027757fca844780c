"""A site to show commands at: a directory, the hub and its tool as they were built, Mosquitto as the cloud."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Callable

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from ports import free_port  # noqa: E402

WAIT_S = 20


def wait_for(done: Callable[[], bool], what: str, wait_s: float = WAIT_S) -> None:
    end = time.monotonic() + wait_s
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {wait_s:.0f} s for {what}")
        time.sleep(0.05)


class Site:
    """Lives in a `with`; what it started ends with it. Ports that documents name become free ones."""

    def __init__(self, programs: pathlib.Path):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="headgate-site-")).resolve()
        self.ports = {shown: free_port() for shown in ("1883", "8883", "18851", "9180")}
        self.environment = dict(os.environ, PATH=f"{self.home}/build/release/bin:{os.environ['PATH']}", LC_ALL="C")
        self.environment.pop("HEADGATE_SOCKET", None)
        self.programs = programs.resolve()
        self.running: dict[str, subprocess.Popen] = {}
        self.anew()

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_) -> None:
        self.end()
        shutil.rmtree(self.home, ignore_errors=True)

    def end(self) -> None:
        for name in list(self.running):
            self.stop(name, signal.SIGKILL)

    def anew(self) -> None:
        """Ends what runs, and leaves the programs alone in the directory."""
        self.end()
        self.environment.pop("HEADGATE_SOCKET", None)
        for entry in self.home.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        (self.home / "build/release").mkdir(parents=True)
        (self.home / "build/release/bin").symlink_to(self.programs)

    def run(self, command: str, typed: str | None = None) -> tuple[int, list[str]]:
        """Exit code and lines of a shell's command. `typed` is typed at a terminal."""
        words = ["bash", "-c", self.with_ports(command)]
        if typed is not None:
            words = ["script", "-qec", self.with_ports(command), "/dev/null"]
        done = subprocess.run(words, cwd=self.home, env=self.environment, input=typed, text=True, timeout=60,
                              stdin=None if typed is not None else subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.split("\n")

    def type(self, command: str, asked: list[str], answer: str) -> tuple[int, str]:
        """Exit code and text of a command at a terminal, where `answer` is typed behind each text that it ends a question with."""
        with subprocess.Popen(["script", "-qec", command, "/dev/null"], cwd=self.home, env=self.environment, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            said = ""
            for end in asked:
                begun = len(said)
                while end not in said[begun:]:
                    if not (more := process.stdout.read(1)):
                        break
                    said += more
                process.stdin.write(answer)
                process.stdin.flush()
            return process.wait(WAIT_S), said + process.stdout.read()

    def json(self, command: str):
        """The answer of a `headgate` command that must succeed."""
        code, lines = self.run(f"headgate {command} --json")
        if code != 0:
            raise RuntimeError(f"headgate {command}: {lines}")
        return json.loads("\n".join(lines))

    def with_ports(self, command: str) -> str:
        """The command with ports that are the site's, also in what it writes into a file, and paths below its home."""
        command = re.sub(r"(?<![\w./])/(etc|var/lib)/headgate", rf"{self.home}/\1/headgate", command)
        command = command.replace("0.0.0.0", "127.0.0.1")
        return re.sub(r"((?:-p|--port|\"port\":) |localhost:)(1883|8883|18851|9180)\b",
                      lambda port: port[1] + str(self.ports[port[2]]), command)

    def start(self, name: str, command: str) -> None:
        """In the background; what it prints goes to the file `name`.out."""
        with open(self.home / f"{name}.out", "w", encoding="utf-8") as out:
            self.running[name] = subprocess.Popen(["bash", "-c", "exec " + self.with_ports(command)], cwd=self.home,
                                                  env=self.environment, stdin=subprocess.DEVNULL, stdout=out,
                                                  stderr=subprocess.STDOUT)

    def stop(self, name: str, how: int = signal.SIGTERM) -> None:
        process = self.running.pop(name)
        process.send_signal(how)
        process.wait(WAIT_S)

    def finish(self, name: str) -> tuple[int, list[str]]:
        """Waits for the end of what start() began."""
        code = self.running.pop(name).wait(WAIT_S)
        return code, self.printed(name)

    def printed(self, name: str) -> list[str]:
        return (self.home / f"{name}.out").read_text(encoding="utf-8").split("\n")

    def start_hub(self, config: str, before: str = "") -> None:
        """With the file `config` of the site, its listener on the site's port. `before` stands before its command."""
        path = self.home / config
        keys = json.loads(path.read_text(encoding="utf-8"))
        keys.setdefault("listeners", [{"port": self.ports["1883"]}])
        path.write_text(json.dumps(keys), encoding="utf-8")
        self.start("hub", f"{before}headgated --config {config}")
        wait_for(lambda: self.run("headgate status")[0] == 0, f"a hub with {config}: {self.printed('hub')}")

    def start_cloud(self, *settings: str) -> None:
        """A Mosquitto where documents say 18851."""
        lines = [f"listener {self.ports['18851']} 127.0.0.1", "allow_anonymous true", "log_type all", *settings]
        (self.home / "cloud.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.start("cloud", "mosquitto -c cloud.conf")
        wait_for(lambda: any("running" in line for line in self.printed("cloud")), "a cloud")

    def publish(self, topic: str, body: str) -> None:
        code, lines = self.run(f"mosquitto_pub -p 1883 -t {topic} -q 1 -m '{body}'")
        if code != 0:
            raise RuntimeError(f"publishing to {topic}: {lines}")
