"""The demo's child processes: each with a log file, each ended by its pid, whatever happens."""
import os
import signal
import socket
import subprocess
import time

STOP_S = 10.0


class DemoError(Exception):
    """The demo cannot go on; the text says why to the person who started it."""


class Process:
    def __init__(self, name, command, log_path, output_path=None):
        self.name = name
        self.log_path = log_path
        with open(log_path, "ab") as log, open(output_path or log_path, "ab") as output:
            # In a session of its own a Ctrl-C in the terminal does not reach the child before we do.
            self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=log,
                                           start_new_session=True)

    @property
    def pid(self):
        return self._child.pid

    def running(self):
        return self._child.poll() is None

    def exit_code(self):
        """None while it runs."""
        return self._child.poll()

    def kill(self):
        """kill -9: no chance to tidy up."""
        self._child.kill()
        self._child.wait()

    def stop(self):
        """SIGTERM, and time to finish. Returns the exit code."""
        if self.running():
            self._child.terminate()
        try:
            return self._child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise DemoError(f"{self.name} did not stop within {STOP_S:.0f} s of SIGTERM") from None

    def last_words(self, lines=3):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-lines:]).strip()


class Processes:
    """Starts children and, as a context manager, leaves none behind."""

    def __init__(self, folder):
        self._folder = folder
        self._all = []

    def start(self, name, command, output_path=None):
        process = Process(name, command, os.path.join(self._folder, name + ".log"), output_path)
        self._all.append(process)
        return process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self._all):
            if process.running():
                os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + 2.0
        for process in self._all:
            while process.running() and time.monotonic() < deadline:
                time.sleep(0.02)
            if process.running():
                process.kill()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        return True
    except OSError:
        return False


def wait_for(condition, timeout_s, what, process=None):
    """Polls until condition(); a DemoError after timeout_s or as soon as the process it needs is dead."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if process is not None and not process.running():
            raise DemoError(f"{what}: {process.name} ended by itself; it said:\n{process.last_words()}")
        if time.monotonic() > deadline:
            raise DemoError(f"{what}: not within {timeout_s:.0f} s")
        time.sleep(0.05)
