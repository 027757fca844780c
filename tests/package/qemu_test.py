"""Runs the hub of packages for another architecture by qemu: qemu_test.py ROOT MESSAGES DEB…, where ROOT is the Debian that built
them, with /proc.

The hub gets that many messages for a client that is away, is killed, and gives every one of them to the client that comes back.
Beside them it may take 40 MiB more than the same hub without. Only what needs the other architecture is tried here: an upgrade is
tried with the packages of this machine's own. Needs root.
"""

import contextlib
import itertools
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from ports import free_port  # noqa: E402

WAIT_S = 120  # for anything that should happen soon, on a busy machine
WARM_UP = 2_000  # messages that have qemu translate what a message takes, so that its memory is not counted
AT_A_TIME = 500  # publishes without an answer
RSS_MORE_MAX_KIB = 40 * 1024
PLACE = "tmp/headgate-qemu"  # in ROOT


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


def text(value: str) -> bytes:
    return struct.pack("!H", len(value)) + value.encode()


def packet(first: int, body: bytes) -> bytes:
    expect(len(body) < 128, "this client sends short packets only")
    return bytes([first, len(body)]) + body


class Client:
    """MQTT 3.1.1, with a session that stays."""

    def __init__(self, port: int, name: str):
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()
        self.send(packet(0x10, text("MQTT") + bytes([4, 0, 0, 0]) + text(name)))
        self.packets(1)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def packets(self, at_least: int) -> list[tuple[int, bytes]]:
        """Packets that have come, as their first byte and what is behind the length."""
        found: list[tuple[int, bytes]] = []
        start = 0
        while True:
            while len(self.received) - start >= 2 and len(self.received) - start >= 2 + self.received[start + 1]:
                expect(self.received[start + 1] < 128, "this client takes short packets only")
                end = start + 2 + self.received[start + 1]
                found.append((self.received[start], bytes(self.received[start + 2 : end])))
                start = end
            if len(found) >= at_least:
                del self.received[:start]
                return found
            more = self.socket.recv(1 << 16)
            expect(more != b"", "the hub ended the connection")
            self.received += more

    def subscribe(self, topic: str) -> None:
        self.send(packet(0x82, b"\0\1" + text(topic) + b"\1"))
        self.packets(1)

    def publish(self, numbers: range, topic: str) -> None:
        """QoS 1; returns once the hub has acknowledged all."""
        ids, waiting, left = itertools.cycle(range(1, 65_536)), 0, iter(numbers)
        while True:
            some = list(itertools.islice(left, AT_A_TIME - waiting))
            self.send(b"".join(packet(0x32, text(topic) + struct.pack("!H", next(ids)) + str(number).encode()) for number in some))
            waiting += len(some)
            if waiting == 0:
                return
            waiting -= len(self.packets(1))

    def take(self, numbers: range) -> int:
        """Takes messages until each number has come. Returns how many came twice."""
        missing, again = set(numbers), 0
        while missing:
            answers = bytearray()
            for first, body in self.packets(1):
                if first >> 4 != 3:
                    continue
                after = 2 + struct.unpack("!H", body[:2])[0]
                answers += b"\x40\x02" + body[after : after + 2]
                number = int(body[after + 2 :])
                again += number not in missing
                missing.discard(number)
            self.send(bytes(answers))
        return again

    def close(self) -> None:
        self.send(b"\xe0\0")
        self.socket.close()


class Hub:
    """The hub of the packages, in the Debian that built them."""

    def __init__(self, root: pathlib.Path, name: str):
        self.root, self.port = root, free_port()
        self.place = pathlib.Path("/", PLACE, name)
        (root / PLACE / name).mkdir()
        config = {"data_dir": str(self.place / "data"), "listeners": [{"port": self.port}]}
        (root / PLACE / name / "headgate.json").write_text(json.dumps(config), encoding="utf-8")
        self.process = self.start()

    def emulated(self, program: str, *words) -> list[str]:
        return ["chroot", str(self.root), "qemu-aarch64", f"/{PLACE}/usr/bin/{program}", *map(str, words)]

    def output(self, program: str, *words) -> str:
        return subprocess.run(self.emulated(program, *words), capture_output=True, text=True, check=True, timeout=WAIT_S).stdout

    def start(self) -> subprocess.Popen:
        process = subprocess.Popen(self.emulated("headgated", "--config", self.place / "headgate.json"), stderr=subprocess.DEVNULL)
        ends = time.monotonic() + WAIT_S
        while time.monotonic() < ends and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return process
            time.sleep(0.1)
        raise AssertionError("the hub does not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(WAIT_S)

    def restart_hard(self) -> None:
        self.kill()
        self.process = self.start()

    def stop(self) -> None:
        self.process.terminate()
        expect(self.process.wait(WAIT_S) == 0, "the hub does not stop")

    def rss_kib(self) -> int:
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("the hub is gone")

    def status(self) -> dict:
        return json.loads(self.output("headgate", "--socket", self.place / "data/admin.sock", "status", "--json"))

    def warm_up(self) -> None:
        """Has been idle since it gave away a few messages."""
        subscriber, publisher = Client(self.port, "warm-up"), Client(self.port, "publisher")
        subscriber.subscribe("warm/up")
        publisher.publish(range(WARM_UP), "warm/up")
        subscriber.take(range(WARM_UP))
        for client in (subscriber, publisher):
            client.close()


def idle_rss_kib(root: pathlib.Path) -> int:
    hub = Hub(root, "idle")
    try:
        hub.warm_up()
        hub.restart_hard()
        hub.warm_up()
        rss = hub.rss_kib()
        hub.stop()
        return rss
    finally:
        hub.kill()


def keeps_messages_over_a_kill(root: pathlib.Path, count: int) -> int:
    """Returns the most memory that it took."""
    hub = Hub(root, "full")
    try:
        expect(" for aarch64, " in hub.output("headgated", "--version"), "the hub is for another architecture")
        hub.warm_up()
        client = Client(hub.port, "away")
        client.subscribe("kept")
        client.close()
        publisher = Client(hub.port, "publisher")
        publisher.publish(range(count), "kept")
        publisher.close()
        most = hub.rss_kib()
        hub.restart_hard()
        hub.warm_up()
        waiting = hub.status()["store"]["waiting"]
        expect(waiting == count, f"{waiting} messages wait after the kill, not {count}")
        most = max(most, hub.rss_kib())
        client = Client(hub.port, "away")
        again = client.take(range(count))
        expect(again == 0, f"{again} messages came twice, and nobody had any before the kill")
        most = max(most, hub.rss_kib())
        client.close()
        hub.stop()
        return most
    finally:
        hub.kill()


def main() -> int:
    root, count, debs = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]), sys.argv[3:]
    if os.geteuid() != 0:
        print("needs root, for the chroot", file=sys.stderr)
        return 2
    place = root / PLACE
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        for deb in debs:
            architecture = subprocess.run(["dpkg-deb", "--field", deb, "Architecture"], capture_output=True, text=True, check=True)
            expect(architecture.stdout.strip() == "arm64", f"{deb} is for {architecture.stdout}")
            subprocess.run(["dpkg-deb", "-x", deb, place], check=True)
        idle = idle_rss_kib(root)
        most = keeps_messages_over_a_kill(root, count)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    expect(most - idle <= RSS_MORE_MAX_KIB, f"{most} KiB, and {idle} KiB for an idle hub: more than {RSS_MORE_MAX_KIB} KiB beside it")
    print(f"{count} messages queued, the hub killed, all of them drained; {most - idle} KiB more than the {idle} KiB of an idle hub")
    return 0


if __name__ == "__main__":
    sys.exit(main())
