"""Runs the steps of docs/operations.md from nothing to TLS with users, and the hub as its unit runs it.

install_test.py PROGRAMS: the directory of headgated and headgate. Everything happens below a directory of its own, which
takes the place of /: its users are those that systemd-sysusers makes there, and setpriv gives the hub the unit's user
and none of root's rights. Exit code 77 (skipped) where this is not root.
"""
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

import who_runs  # noqa: E402
from ports import free_port  # noqa: E402

SKIPPED = 77
WAIT_S = 20


def commands() -> list[str]:
    return [*who_runs.steps("Install"), *who_runs.steps("From nothing to TLS with users")]


def unit() -> dict[str, str]:
    lines = (ROOT / "conf/headgated.service").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


class Machine:
    """A directory in the place of /, and the unit that runs on it."""

    def __init__(self, programs: pathlib.Path):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="headgate-machine-"))
        self.root.chmod(0o755)
        self.programs = programs
        self.ports = {"1883": free_port(), "8883": free_port()}
        self.hub: subprocess.Popen | None = None
        self.user: tuple[int, int] = (0, 0)
        for directory in ("usr/local/bin", "etc/systemd/system", "var/lib"):
            (self.root / directory).mkdir(parents=True)

    def here(self, command: str) -> str:
        command = re.sub(r"(?<![\w.])/(etc|usr|var)/", rf"{self.root}/\1/", command)
        command = command.replace("build/release/bin/", f"{self.programs}/").replace("-g headgate", f"-g {self.user[1]}")
        for port, real in self.ports.items():
            command = command.replace(f"-p {port}", f"-p {real}")
        return re.sub(r"(^|\| )headgate ", rf"\1{self.root}/usr/local/bin/headgate ", command)

    def run(self, command: str) -> None:
        """One step of the document; those that cannot run here have somebody in their place."""
        instead = {"tools/dev build release headgated headgate": lambda: None, "systemd-sysusers": self.make_user,
                   "systemctl daemon-reload": lambda: None, "systemctl enable --now headgated": self.enable,
                   "systemctl restart headgated": self.restart, "systemctl reload headgated": self.reload}
        assert set(instead) <= set(who_runs.STAND_INS), "another stand-in than the list names"
        if command in instead:
            instead[command]()
        else:
            done = subprocess.run(["bash", "-c", "umask 022; " + self.here(command)], cwd=ROOT, capture_output=True,
                                  text=True, timeout=60, check=False)
            if done.returncode != 0:
                raise AssertionError(f"{command}\n{done.stdout}{done.stderr}\nthe hub: {self.log()}")
            self.move_ports()

    def make_user(self) -> None:
        subprocess.run(["systemd-sysusers", f"--root={self.root}"], check=True, capture_output=True)
        for line in (self.root / "etc/passwd").read_text(encoding="utf-8").splitlines():
            name, _, uid, gid, *_ = line.split(":")
            if name == unit()["User"]:
                self.user = (int(uid), int(gid))
        assert self.user != (0, 0), "no such user was made"

    def move_ports(self) -> None:
        """In the configuration: a test has no port of its own, and paths below its own root."""
        config = self.root / "etc/headgate/headgate.json"
        if not config.exists():
            return
        text = config.read_text(encoding="utf-8")
        moved = re.sub(r'"port": (1883|8883)\b', lambda port: f'"port": {self.ports[port[1]]}', text)
        moved = re.sub(r'"/(etc|var)/', rf'"{self.root}/\1/', moved).replace("0.0.0.0", "127.0.0.1")
        if moved != text:
            config.write_text(moved, encoding="utf-8")  # owner and mode stay

    def log(self) -> str:
        log = self.root / "hub.log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def enable(self) -> None:
        """By the real systemctl, which makes the links of a unit without a systemd that runs."""
        done = subprocess.run(["systemctl", f"--root={self.root}", "enable", "headgated"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert (self.root / "etc/systemd/system/multi-user.target.wants/headgated.service").is_symlink(), "is not enabled"
        self.restart()

    def restart(self) -> None:
        self.stop()
        self.start()

    def reload(self) -> None:
        assert unit()["ExecReload"] == "/bin/kill -HUP $MAINPID", unit()["ExecReload"]
        self.hub.send_signal(signal.SIGHUP)
        self.wait_for(" reloaded ")

    def start(self) -> None:
        """As the unit says: its user, its directory, its umask, no capability and no way to gain any."""
        said = unit()
        state = self.root / "var/lib" / said["StateDirectory"]
        state.mkdir(exist_ok=True)
        state.chmod(int(said["StateDirectoryMode"], 8))
        os.chown(state, *self.user)
        words = ["setpriv", f"--reuid={self.user[0]}", f"--regid={self.user[1]}", "--clear-groups", "--no-new-privs",
                 "--bounding-set=-all", "--inh-caps=-all", *shlex.split(self.here(said["ExecStart"]))]
        with open(self.root / "hub.log", "ab") as log:
            self.hub = subprocess.Popen(words, cwd=self.here(said["WorkingDirectory"] + "/"), stdout=log, stderr=log,
                                        umask=int(said["UMask"], 8))
        self.wait_for(" started ")

    began = 0  # where the log of this run begins

    def wait_for(self, event: str) -> None:
        ends = time.monotonic() + WAIT_S
        while event not in self.log()[self.began:]:
            if self.hub.poll() is not None or time.monotonic() > ends:
                raise AssertionError(f"the hub has not{event}:\n{self.log()}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.hub:
            self.hub.terminate()
            assert self.hub.wait(WAIT_S) == 0, self.log()
            self.began = len(self.log())
        self.hub = None

    def refuses_and_says_who_must_read(self) -> None:
        """A file that only root can read, as a tool that knows nothing of the group leaves it."""
        self.stop()
        users = self.root / "etc/headgate/users"
        os.chown(users, 0, 0)
        users.chmod(0o600)
        try:
            self.start()
        except AssertionError:
            code, said = self.hub.wait(), self.log()[self.began:]
            assert code == 2, code
            assert "Permission denied; user '" in said and "is root:root with mode 0600: chgrp " in said, said
            return
        raise AssertionError("a hub has read a file that is not for it")

    def end(self) -> None:
        if self.hub and self.hub.poll() is None:
            self.hub.kill()
            self.hub.wait()
        shutil.rmtree(self.root)


def main() -> int:
    if os.geteuid() != 0 or not shutil.which("systemd-sysusers") or not shutil.which("setpriv"):
        print("skipped: needs root, systemd-sysusers and setpriv")
        return SKIPPED
    machine = Machine(pathlib.Path(sys.argv[1]).resolve())
    try:
        for command in commands():
            machine.run(command)
        machine.refuses_and_says_who_must_read()
    finally:
        machine.end()
    print(f"{len(commands())} commands, and the hub as its unit runs it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
