"""What an operator's tools keep of modules and devices of IoT Edge, and what they never show, on a real hub.

usage: operator_test.py BIN   (the directory of headgate and headgated)
"""
import base64
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "tests/e2e/edge")]
sys.dont_write_bytecode = True

import raw_clients  # noqa: E402
from ports import free_port  # noqa: E402

BIN = pathlib.Path(sys.argv.pop(1))
WAIT_S = 20
INPUTS = "devices/edge-1/modules/sensor/inputs/#"


class Hub:
    """A hub with a listener of the dialect, and an authority of its own from its first start on."""

    def __init__(self, home: pathlib.Path, identities: pathlib.Path) -> None:
        self.data = home / "data"
        self.config = home / "headgate.json"
        self.settings = {
            "data_dir": str(self.data), "hub_id": "site-7", "log": {"file": str(home / "log")},
            "iot_edge": {"hub_host_name": raw_clients.HOST, "device_id": "edge-1", "gateway_names": ["localhost"],
                         "identities_file": str(identities), "workload_dir": str(home / "workload")},
            "listeners": [{"transport": "tls", "address": "127.0.0.1", "port": free_port(), "dialect": "iot-edge",
                           "tls": {"cert_file": str(self.data / "ca/server.pem"), "key_file": str(self.data / "ca/server.key")}}]}
        self.write(self.settings)
        self.process = None

    def write(self, settings: dict, name: str = "headgate.json") -> pathlib.Path:
        path = self.config.with_name(name)
        path.write_text(json.dumps(settings), encoding="utf-8")
        return path

    def headgate(self, *args: str) -> subprocess.CompletedProcess:
        return subprocess.run([BIN / "headgate", *args, "--socket", self.data / "admin.sock"], capture_output=True, text=True, check=False)

    def ask(self, *args: str) -> str:
        done = self.headgate(*args)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        self.process = subprocess.Popen([BIN / "headgated", "--config", self.config])
        end = time.monotonic() + WAIT_S
        while self.headgate("status").returncode != 0:
            if time.monotonic() > end or self.process.poll() is not None:
                raise TimeoutError
            time.sleep(0.05)
        raw_clients.TLS_PORT = self.settings["listeners"][0]["port"]
        raw_clients.CA_FILE = str(self.data / "ca/ca.pem")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(WAIT_S)
            self.process = None


class Operator(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.identities = self.home / "identities.json"
        self.identities.write_text(json.dumps({"identities": [
            {"id": name, "generation_id": f"gen-{name}", "primary_key": base64.b64encode(raw_clients.KEYS[name]).decode()}
            for name in ("edge-1/sensor", "leaf-1")]}), encoding="utf-8")
        self.identities.chmod(0o600)
        self.hub = self.started(self.home)

    def started(self, home: pathlib.Path) -> Hub:
        hub = Hub(home, self.identities)
        self.addCleanup(hub.stop)
        hub.start()
        return hub

    def sessions(self, hub: Hub) -> list[str]:
        return [client["client_id"] for client in json.loads(hub.ask("client", "ls", "--json"))["clients"]]

    def subscribe(self) -> None:
        client = raw_clients.Client("edge-1/sensor")
        self.assertEqual(client.connect(), (0, 0))
        self.assertEqual(client.subscribe(INPUTS), 1)
        client.leave()

    def test_a_backup_has_twins_messages_to_devices_and_sessions(self) -> None:
        self.subscribe()
        self.hub.ask("twin", "set", "edge-1/sensor", '{"interval": 7}')
        self.hub.ask("c2d", "send", "leaf-1", "wake up")
        copy = self.home / "copy"
        copy.mkdir()
        self.hub.ask("store", "backup", str(copy / "data"))
        self.hub.stop()
        second = self.started(copy)
        self.assertEqual(json.loads(second.ask("twin", "get", "edge-1/sensor", "--json"))["desired"]["interval"], 7)
        waiting = json.loads(second.ask("c2d", "ls", "leaf-1", "--json", "--payload"))["messages"]
        self.assertEqual([message["payload"] for message in waiting], ["wake up"])
        self.assertEqual(self.sessions(second), ["edge-1/sensor"])
        sensor = raw_clients.Client("edge-1/sensor")
        self.assertEqual(sensor.connect(), (1, 0), "its session was not there")
        sensor.leave()

    def test_a_removed_identity_leaves_what_it_had_until_it_is_purged(self) -> None:
        self.subscribe()
        self.hub.ask("twin", "set", "edge-1/sensor", '{"interval": 7}')
        kept = self.identities.read_text(encoding="utf-8")
        done = self.hub.ask("identity", "rm", "edge-1/sensor", "--file", str(self.identities))
        self.assertIn("--purge", done)
        self.hub.ask("reload")
        self.assertNotEqual(self.hub.headgate("twin", "get", "edge-1/sensor").returncode, 0)
        self.identities.write_text(kept, encoding="utf-8")
        self.hub.ask("reload")
        self.assertEqual(json.loads(self.hub.ask("twin", "get", "edge-1/sensor", "--json"))["desired"]["interval"], 7)
        self.assertEqual(self.sessions(self.hub), ["edge-1/sensor"])
        done = self.hub.ask("identity", "rm", "edge-1/sensor", "--purge", "--file", str(self.identities))
        self.assertIn("its session, its twin, 0 messages", done)
        self.assertEqual(self.sessions(self.hub), [])
        self.identities.write_text(kept, encoding="utf-8")
        self.hub.ask("reload")
        self.assertNotIn("interval", json.loads(self.hub.ask("twin", "get", "edge-1/sensor", "--json"))["desired"])

    def test_a_bundle_has_no_key_no_token_and_no_certificate_of_the_authority(self) -> None:
        self.subscribe()
        refused = raw_clients.Client("edge-1/sensor")
        bad = raw_clients.token("edge-1/sensor", b"another key")
        self.assertEqual(refused.connect(password=bad)[1], 5)
        refused.socket.close()
        archive = self.home / "bundle.tar.gz"
        self.hub.ask("bundle", str(archive), "--config", str(self.hub.config))
        with tarfile.open(archive) as tar:
            texts = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
        self.assertIn(b"edge-1/sensor", b"".join(texts.values()), "the bundle is about another hub")
        secrets = [base64.b64encode(raw_clients.KEYS[name]) for name in ("edge-1/sensor", "leaf-1")]
        secrets += [b"PRIVATE KEY", b"SharedAccessSignature", b"sig=", *(self.data_secrets())]
        for name, text in texts.items():
            for secret in secrets:
                self.assertNotIn(secret, text, name)

    def data_secrets(self) -> list[bytes]:
        """A line of each file that is for its owner alone."""
        return [max(path.read_bytes().splitlines(), key=len) for path in (self.hub.data / "ca/ca.key", self.hub.data / "ca/server.key")]

    def test_a_plan_names_keys_of_the_dialect_and_what_they_take(self) -> None:
        settings = json.loads(json.dumps(self.hub.settings))
        settings["iot_edge"] |= {"gateway_names": ["localhost", "gateway-7"], "trust_bundle_file": str(self.hub.data / "ca/ca.pem")}
        planned = self.hub.headgate("plan", str(self.hub.write(settings, "next.json")), "--json")
        plan = json.loads(planned.stdout)
        self.assertEqual(sorted(plan["needs_restart"]), ["iot_edge.gateway_names", "iot_edge.trust_bundle_file"])
        settings["iot_edge"]["device_id"] = "a/b"
        refused = self.hub.headgate("plan", str(self.hub.write(settings, "next.json")))
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("iot_edge.device_id", refused.stdout + refused.stderr)

    def test_a_client_of_amqp_is_told_of_in_the_log(self) -> None:
        client = raw_clients.Client("leaf-1")
        client.send(b"AMQP\3\1\0\0")
        self.assertTrue(client.is_closed())
        client.socket.close()
        self.hub.stop()  # all lines are in the log then
        self.assertRegex((self.home / "log").read_text(encoding="utf-8"), "other_protocol_refused .*TransportType.Mqtt_Tcp_Only")

    def test_the_doctor_names_who_is_refused(self) -> None:
        for _ in range(2):
            client = raw_clients.Client("leaf-1")
            self.assertEqual(client.connect(password=raw_clients.token("leaf-1", b"another key"))[1], 5)
            client.socket.close()
        found = json.loads(self.hub.headgate("doctor", "--json").stdout)["findings"]
        whats = [one["what"] for one in found if one["check"] == "identities"]
        self.assertEqual(len(whats), 1, found)
        self.assertIn("the token is signed by another key; refused 2 times", whats[0])


if __name__ == "__main__":
    unittest.main()
