#!/usr/bin/python3
"""A night of an operator, who has the documents and `headgate`, and nothing else.

    tools/dev night [--outage SECONDS] [--bin DIR]

A sensor publishes all night at QoS 1, and counts what is acknowledged. Things go wrong one after the other: the link, the
disk, a message that the broker above cannot take, a reader that sleeps, a route with a typo, a certificate, the clock, a
client that flaps, the power of the hub, its directory. Each time the tool has to say what is wrong, in the words that
stand here, and what it says to do has to help. Every command that the operator types stands in docs/. In the morning all
that was acknowledged has to be at the broker above. As root: the small disk is a file system of its own.
"""
import argparse
import json
import os
import pathlib
import signal
import sys
import threading
import time
from typing import Callable

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/docs"))

import paho.mqtt.client as mqtt  # noqa: E402
from site_under_test import WAIT_S, Site, wait_for  # noqa: E402

DOCUMENTS = "\n".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md")))
FAKE_TIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
CERTIFICATE = ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=hub "
               "-addext subjectAltName=DNS:localhost -keyout hub.key -out hub.pem")
POISON_BYTES = 4000


class Sensor:
    """Publishes numbers in a thread of its own, and remembers those that were acknowledged."""

    def __init__(self, port: int):
        self.acknowledged: set[int] = set()
        self.client = mqtt.Client("sensor", clean_session=False)
        self.client.on_publish = lambda _client, _data, message: self.note(message)
        self.client.max_inflight_messages_set(20)
        self.client.reconnect_delay_set(1, 1)
        self.number_of: dict[int, int] = {}
        self.early: set[int] = set()  # acknowledged before publish() has said what number they have
        self.ended = threading.Event()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.thread = threading.Thread(target=self.publish)
        self.thread.start()

    def note(self, message: int) -> None:
        self.early.add(message)
        self.settle(message)

    # In either thread: whoever comes second finds what the other has left.
    def settle(self, message: int) -> None:
        number = self.number_of.get(message)
        if number is None or message not in self.early:
            return
        self.acknowledged.add(number)
        self.early.discard(message)
        self.number_of.pop(message, None)

    def publish(self) -> None:
        number = 0
        while not self.ended.wait(0.005):
            if len(self.number_of) >= 20:
                continue  # the hub holds what it has no room for
            number += 1
            body = json.dumps({"n": number, "celsius": 20 + number % 7})
            sent = self.client.publish("plant/7/temperature", body, qos=1)
            self.number_of[sent.mid] = number
            self.settle(sent.mid)

    def goes_on(self) -> None:
        before = len(self.acknowledged)
        wait_for(lambda: len(self.acknowledged) > before + 20, "publishes that are acknowledged")

    def end(self) -> None:
        self.ended.set()
        self.thread.join()
        wait_for(lambda: not self.number_of, "the last acknowledgements")
        self.client.disconnect()
        self.client.loop_stop()


class Night:
    def __init__(self, site: Site, outage_s: float):
        self.site, self.outage_s = site, outage_s
        self.port = int(site.ports["1883"])

    # ---- what the operator does ----

    def types(self, command: str, expect_code: int | None = 0) -> str:
        """A command of the documents; what it printed."""
        verb = " ".join(command.split()[:2])
        if verb not in DOCUMENTS:
            raise AssertionError(f"no document says: {verb}")
        code, lines = self.site.run(command)
        if expect_code is not None and code != expect_code:
            raise AssertionError(f"{command} ended with {code}: {lines}")
        return "\n".join(lines)

    def sees(self, command: str, *words: str) -> str:
        """Asks until the answer has those words: what is wrong takes its time to be noticed."""
        answer = ""

        def said() -> bool:
            nonlocal answer
            answer = self.types(command, None)
            return all(word in answer for word in words)

        try:
            wait_for(said, f"{words} of {command}")
        except TimeoutError:
            raise AssertionError(f"{command} does not say {words}, but:\n{answer}") from None
        shown = [line for line in answer.splitlines() if any(word in line for word in words)]
        print(f"    $ {command}", *(f"      {line[:150]}" for line in shown[:4]), sep="\n", flush=True)
        return answer

    # ---- the site ----

    def cloud(self, bytes_max: int) -> None:
        self.site.start_cloud(f"message_size_limit {bytes_max}", "persistence true",
                              f"persistence_location {self.site.home}/", "max_queued_messages 0", "user root")

    def reader(self) -> None:
        self.readers = getattr(self, "readers", 0) + 1
        self.site.start(f"reader{self.readers}", "mosquitto_sub -p 18851 -c -i reader -q 1 -t headgate/site-7/batches -N")

    def away(self, *names: str, how: int = signal.SIGTERM) -> None:
        for name in names:
            self.site.stop(name, how)

    def starts_hub(self) -> None:
        clock = f"env LD_PRELOAD={FAKE_TIME} FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_NO_CACHE=1 " \
                f"FAKETIME_TIMESTAMP_FILE={self.site.home}/clock "
        self.site.start_hub("site.json", clock)

    def set_clock(self, offset: str) -> None:
        (self.site.home / "clock.new").write_text(offset + "\n", encoding="utf-8")
        (self.site.home / "clock.new").rename(self.site.home / "clock")

    def certificate(self, when: str, days: int) -> None:
        code, lines = self.site.run(f"{when}{CERTIFICATE} -days {days}")
        if code != 0:
            raise AssertionError(f"openssl made no certificate: {lines}")

    def route(self, text: str) -> None:
        (self.site.home / "routes/up.json").write_text(json.dumps({"routes": {"up": text}}), encoding="utf-8")

    def begins(self) -> None:
        site = self.site
        site.environment["HEADGATE_SOCKET"] = "admin.sock"
        self.set_clock("+0")
        self.certificate(f"env LD_PRELOAD={FAKE_TIME} FAKETIME=-10d ", days=2)
        (site.home / "site.json").write_text(json.dumps({
            "hub_id": "site-7", "admin": {"socket": "admin.sock"},
            "listeners": [{"port": self.port}, {"transport": "tls", "port": int(site.ports["8883"]),
                                                "tls": {"cert_file": "hub.pem", "key_file": "hub.key"}}],
            "routes_dir": "routes",
            "upstream": {"host": "127.0.0.1", "port": int(site.ports["18851"]),
                         "backoff": {"base_ms": 100, "cap_ms": 1000}}}), encoding="utf-8")
        (site.home / "routes").mkdir()
        self.route("FROM 'plant/#' INTO $upstream")
        self.cloud(2000)
        self.reader()
        self.starts_hub()
        self.sensor = Sensor(self.port)
        self.sensor.goes_on()

    # ---- what goes wrong ----

    def link_down(self) -> None:
        self.away("reader1", "cloud")
        time.sleep(self.outage_s)
        self.sees("headgate upstream status", "cannot connect", "Connection refused")
        self.sees("headgate doctor", "Connection refused", "do:")
        self.sensor.goes_on()
        self.cloud(2000)
        self.reader()
        self.drained()

    def drained(self) -> None:
        wait_for(lambda: all(queue["waiting"] < 500 for queue in self.site.json("queue ls")["queues"]
                             if queue["name"] == "$upstream"), "a queue that drains", WAIT_S + self.outage_s / 5)

    def disk_full(self) -> None:
        data = self.site.home / "headgate-data"
        if not os.path.ismount(data):
            print("    left out: it takes root to mount a small disk")
            return
        space = os.statvfs(data)
        with open(data / "somebody-elses", "wb") as other:
            os.posix_fallocate(other.fileno(), 0, space.f_bavail * space.f_bsize - (8 << 20))
        self.sees("headgate status", "LOW: no message")
        self.sees("headgate doctor", "too little is free", "make room")
        (data / "somebody-elses").unlink()
        self.sensor.goes_on()

    def poison(self) -> None:
        noise = os.urandom(POISON_BYTES // 2).hex()
        self.site.publish("plant/7/picture", json.dumps({"noise": noise}))
        self.sees("headgate status", "1 dead letter waits")
        letter = self.site.json("dlq ls")["dead_letters"][0]
        self.sees(f"headgate dlq show {letter['seq']}", "plant/7/picture")
        self.away("reader2", "cloud")
        self.cloud(1_000_000)
        self.reader()
        self.sees("headgate upstream status", "up")
        self.types("headgate dlq replay --all --yes")
        wait_for(lambda: not self.site.json("dlq ls")["dead_letters"], "a dead letter that has gone")

    def sleeping_reader(self) -> None:
        self.site.start("panel", "mosquitto_sub -p 1883 -c -i panel -q 1 -t plant/#")
        wait_for(lambda: "panel" in self.types("headgate client ls"), "a panel")
        os.kill(self.site.running["panel"].pid, signal.SIGSTOP)
        self.sees("headgate doctor", "panel", "do:")
        self.sensor.goes_on()
        self.sees("headgate client ls", "panel")
        self.types("headgate client kick panel")
        self.types("headgate session rm panel --yes")
        self.away("panel", how=signal.SIGKILL)
        self.sensor.goes_on()

    def route_with_a_typo(self) -> None:
        self.route("FROM 'plant/#' INTO $upstrem")
        self.sees("headgate route check routes/up.json", "there is no sink", "1:21")
        if "kept" not in self.types("headgate reload", 1):
            raise AssertionError("the reload does not say that the last good route is kept")
        self.sees("headgate doctor", "the last good version is in force", "there is no sink")
        self.sensor.goes_on()
        self.route("FROM 'plant/#' INTO $upstream")
        self.types("headgate reload")

    def certificate_expired(self) -> None:
        self.sees("headgate doctor --config site.json", "certificate", "expired")
        self.certificate("", days=60)
        self.types("headgate reload")
        code, lines = self.site.run("mosquitto_pub -h localhost -p 8883 --cafile hub.pem -q 1 -t panel/state -m on")
        if code != 0:
            raise AssertionError(f"TLS with the new certificate: {lines}")

    def clock_step(self) -> None:
        self.set_clock("+3h")
        self.logged("clock_set")
        self.sensor.goes_on()
        self.set_clock("+0")
        self.logged("clock_set", 2)
        self.sensor.goes_on()

    def logged(self, event: str, times: int = 1) -> None:
        if event not in DOCUMENTS:
            raise AssertionError(f"no document says what {event} is")
        def lines() -> list[str]:
            return [line for line in self.site.printed("hub") if f" {event} " in line]

        wait_for(lambda: len(lines()) >= times, f"{times} {event}")
        print(f"      {lines()[times - 1][:150]}", flush=True)

    def flapping_client(self) -> None:
        for name in ("first", "second"):
            self.site.start(name, "mosquitto_sub -p 1883 -i pump-1 -t plant/cmd")
        self.logged("client_taken_over")
        self.sensor.goes_on()
        self.away("first", "second")

    def power_cut(self) -> None:
        self.away("hub", how=signal.SIGKILL)
        self.sees("headgate status", "no hub answers")
        self.starts_hub()
        self.sees("headgate status", "site-7")
        self.sensor.goes_on()

    def restore(self) -> None:
        """While the sensor pauses: what comes after a backup is not in it."""
        self.sensor.end()
        home = self.site.home
        self.types("headgate store backup monday")
        self.away("hub", how=signal.SIGKILL)
        for table in (home / "headgate-data/store").glob("*.sst"):
            table.write_bytes(b"\0" * table.stat().st_size)
        (home / "headgate-data/store/CURRENT").write_text("nonsense\n", encoding="utf-8")
        self.site.start("broken", "headgated --config site.json")
        code, lines = self.site.finish("broken")
        print(f"      {[line for line in lines if line][-1][:150]}")
        if code == 0 or not any("backup" in line or "restore" in line for line in lines):
            raise AssertionError(f"a hub with a broken directory says nothing of a backup: {lines}")
        self.types("headgate store check --data monday")
        for entry in (home / "headgate-data").iterdir():
            self.site.run(f"rm -r {entry}")
        self.site.run("cp -a monday/. headgate-data/")
        self.starts_hub()
        self.sees("headgate status", "site-7")

    # ---- the morning ----

    def lost(self) -> set[int]:
        """Numbers that were acknowledged and are not above."""
        wait_for(lambda: not self.site.json("queue ls")["queues"] or all(
            queue["waiting"] == 0 for queue in self.site.json("queue ls")["queues"] if queue["name"] == "$upstream"),
            "a queue that is empty")
        missing = self.sensor.acknowledged

        def all_there() -> bool:
            nonlocal missing
            missing = self.sensor.acknowledged - self.above()
            return not missing

        try:
            wait_for(all_there, "everything above")
        except TimeoutError:
            pass
        return missing

    def above(self) -> set[int]:
        numbers = set()
        for number in range(1, self.readers + 1):
            self.site.run(f"headgate unbatch reader{number}.out > above.jsonl")
            for line in (self.site.home / "above.jsonl").read_text(encoding="utf-8").splitlines():
                body = json.loads(line).get("body")
                if isinstance(body, dict) and "n" in body:
                    numbers.add(body["n"])
        return numbers

    def played(self) -> int:
        """Exit code."""
        self.begins()
        scenes: list[Callable[[], None]] = [
            self.link_down, self.disk_full, self.poison, self.sleeping_reader, self.route_with_a_typo,
            self.certificate_expired, self.clock_step, self.flapping_client, self.power_cut, self.restore]
        try:
            for scene in scenes:
                print(scene.__name__.replace("_", " "), flush=True)
                scene()
        finally:
            if not self.sensor.ended.is_set():
                self.sensor.ended.set()
                self.sensor.thread.join()
        missing = self.lost()
        print(f"morning: {len(self.sensor.acknowledged):,} were acknowledged, {len(missing)} of them are not above")
        return 1 if missing else 0


def with_a_file_system_of_its_own() -> None:
    """Starts again where nobody else sees what is mounted."""
    if os.geteuid() == 0 and "HEADGATE_NIGHT" not in os.environ:
        os.environ["HEADGATE_NIGHT"] = "1"
        os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, *sys.argv])


def main() -> int:
    parser = argparse.ArgumentParser(description="A night of an operator, who has the documents and the tool.")
    parser.add_argument("--outage", type=float, default=20, metavar="SECONDS", help="how long the link is down (default 20)")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR",
                        help="where headgated and headgate are (default build/release/bin)")
    arguments = parser.parse_args()
    with_a_file_system_of_its_own()
    with Site(arguments.bin) as site:
        (site.home / "headgate-data").mkdir(mode=0o700)
        mounted = os.geteuid() == 0 and site.run("mount -t tmpfs -o size=160m night headgate-data")[0] == 0
        try:
            return Night(site, arguments.outage).played()
        except (AssertionError, TimeoutError) as error:
            print(f"night: {error}", file=sys.stderr)
            return 1
        finally:
            site.end()
            if mounted:
                site.run("umount -l headgate-data")


if __name__ == "__main__":
    sys.exit(main())
