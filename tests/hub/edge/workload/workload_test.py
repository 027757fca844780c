"""The workload API of a real hub: each module's socket signs for it alone, over restarts and reloads.

usage: workload_test.py BIN   (the directory of headgate and headgated)
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
sys.dont_write_bytecode = True

from ports import free_port  # noqa: E402

BIN = pathlib.Path(sys.argv.pop(1))
WAIT_S = 20
KEYS = {"sensor": b"sensor-key", "filter": b"filter-key"}
DATA = b"acme-plant.azure-devices.net%2Fdevices%2Fedge-1%2Fmodules%2Fsensor\n1795337351"


class OverSocket(http.client.HTTPConnection):
    def __init__(self, path: str):
        super().__init__("localhost", timeout=WAIT_S)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def ask(path: str, method: str, target: str, body: dict | None = None) -> tuple[int, dict]:
    connection = OverSocket(path)
    connection.request(method, target + "?api-version=2018-06-28", json.dumps(body) if body else None,
                       {"content-type": "application/json"})
    answer = connection.getresponse()
    assert answer.getheader("Content-Type") == "application/json"
    read = json.loads(answer.read())
    connection.close()
    return answer.status, read


def wait_for(done) -> None:
    end = time.monotonic() + WAIT_S
    while not done():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.05)


class Workload(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.workload = self.home / "workload"
        subprocess.run([BIN / "headgate", "ca", "init", "--dir", self.home / "ca", "--name", "localhost"], check=True,
                       capture_output=True)
        self.write_identities(["sensor", "filter"])
        config = {"data_dir": str(self.home), "hub_id": "site-7", "log": {"file": str(self.home / "log")},
                  "iot_edge": {"hub_host_name": "acme-plant.azure-devices.net", "device_id": "edge-1", "gateway_names": ["localhost"],
                               "identities_file": str(self.home / "identities.json"), "workload_dir": str(self.workload)},
                  "listeners": [{"transport": "tls", "address": "127.0.0.1", "port": free_port(), "dialect": "iot-edge",
                                 "tls": {"cert_file": str(self.home / "ca/server.pem"), "key_file": str(self.home / "ca/server.key")}}]}
        (self.home / "headgate.json").write_text(json.dumps(config), encoding="utf-8")
        self.hub = None
        self.addCleanup(self.stop)
        self.start()

    def write_identities(self, modules: list[str]) -> None:
        entries = [{"id": f"edge-1/{module}", "generation_id": f"gen-{module}",
                    "primary_key": base64.b64encode(KEYS.get(module, b"new")).decode()} for module in modules]
        entries.append({"id": "leaf-1/sensor", "generation_id": "gen-sensor", "primary_key": base64.b64encode(b"leaf").decode()})
        (self.home / "identities.json").write_text(json.dumps({"identities": entries}), encoding="utf-8")

    def start(self) -> None:
        self.hub = subprocess.Popen([BIN / "headgated", "--config", self.home / "headgate.json"])
        wait_for(lambda: subprocess.run([BIN / "headgate", "status", "--data", self.home], capture_output=True, check=False).returncode == 0)

    def stop(self) -> None:
        if self.hub is not None:
            self.hub.terminate()
            self.hub.wait(WAIT_S)
            self.hub = None

    def sign(self, module: str, path: str = "", of: str = "") -> tuple[int, dict]:
        return ask(path or str(self.workload / f"{module}.sock"), "POST", f"/modules/{of or module}/genid/gen-{of or module}/sign",
                   {"keyId": "primary", "algo": "HMACSHA256", "data": base64.b64encode(DATA).decode()})

    def digest(self, module: str) -> dict:
        return {"digest": base64.b64encode(hmac.new(KEYS.get(module, b"new"), DATA, hashlib.sha256).digest()).decode()}

    def test_signs_for_the_module_of_the_socket_alone(self) -> None:
        for module in KEYS:
            self.assertEqual(self.sign(module), (200, self.digest(module)))
        self.assertEqual(self.sign("filter", of="sensor")[0], 403)
        log = (self.home / "log").read_text(encoding="utf-8")
        self.assertRegex(log, r"workload_refused.*module=filter")
        self.assertEqual(sorted(path.name for path in self.workload.iterdir()),
                         ["filter.sock", "filter.sock.d", "sensor.sock", "sensor.sock.d"])

    def test_the_trust_bundle_is_whoever_vouches_for_the_listener(self) -> None:
        answer = ask(str(self.workload / "sensor.sock"), "GET", "/trust-bundle")
        self.assertEqual(answer, (200, {"certificate": (self.home / "ca/ca.pem").read_text()}))

    def test_a_module_gets_a_certificate_that_the_authority_vouches_for(self) -> None:
        status, made = ask(str(self.workload / "sensor.sock"), "POST", "/modules/sensor/genid/gen-sensor/certificate/server",
                           {"commonName": "sensor", "expiration": "2100-01-01T00:00:00Z"})
        self.assertEqual(status, 201)
        (self.home / "sensor.pem").write_text(made["certificate"], encoding="utf-8")
        done = subprocess.run(["openssl", "verify", "-CAfile", self.home / "ca/ca.pem", "-verify_hostname", "sensor", self.home / "sensor.pem"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_module_gets_a_certificate_as_a_client_under_its_whole_name(self) -> None:
        status, made = ask(str(self.workload / "sensor.sock"), "POST", "/modules/sensor/genid/gen-sensor/certificate/identity", {})
        self.assertEqual(status, 201)
        (self.home / "sensor.pem").write_text(made["certificate"], encoding="utf-8")
        done = subprocess.run(["openssl", "verify", "-CAfile", self.home / "ca/ca.pem", "-purpose", "sslclient", self.home / "sensor.pem"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        shown = subprocess.run(["openssl", "x509", "-noout", "-subject", "-ext", "subjectAltName", "-in", self.home / "sensor.pem"],
                               capture_output=True, text=True, check=True).stdout
        self.assertIn("CN = edge-1/sensor", shown)
        self.assertIn("URI:azureiot://acme-plant.azure-devices.net/devices/edge-1/modules/sensor", shown)

    def cipher(self, module: str, verb: str, body: dict) -> tuple[int, dict]:
        return ask(str(self.workload / f"{module}.sock"), "POST", f"/modules/{module}/genid/gen-{module}/{verb}",
                   {**body, "initializationVector": "aXY="})

    def test_what_is_encrypted_for_a_module_is_decrypted_for_it_alone_over_restarts(self) -> None:
        self.assertFalse((self.home / "workload.key").exists(), "made before it was needed")
        status, made = self.cipher("sensor", "encrypt", {"plaintext": "c2VjcmV0"})
        self.assertEqual(status, 200)
        self.assertEqual(stat.S_IMODE((self.home / "workload.key").stat().st_mode), 0o600)
        self.stop()
        self.start()
        self.assertEqual(self.cipher("sensor", "decrypt", made), (200, {"plaintext": "c2VjcmV0"}))
        self.assertEqual(self.cipher("filter", "decrypt", made)[0], 400)

    def test_a_secret_that_others_may_read_is_not_used(self) -> None:
        (self.home / "workload.key").write_bytes(b"k" * 32)
        (self.home / "workload.key").chmod(0o644)
        status, answer = self.cipher("sensor", "encrypt", {"plaintext": "c2VjcmV0"})
        self.assertEqual(status, 503)
        self.assertIn("chmod 600", answer["message"])

    def test_what_is_mounted_into_a_container_signs_after_a_restart_of_the_hub(self) -> None:
        mounted = os.open(self.workload / "sensor.sock.d", os.O_RDONLY)
        self.addCleanup(os.close, mounted)
        inside = f"/proc/self/fd/{mounted}/workload.sock"
        self.assertEqual(self.sign("sensor", path=inside), (200, self.digest("sensor")))
        self.stop()
        self.start()
        self.assertEqual(self.sign("sensor", path=inside), (200, self.digest("sensor")))

    def test_a_reload_takes_new_modules_and_lets_go_of_those_that_are_gone(self) -> None:
        self.write_identities(["sensor", "new"])
        self.hub.send_signal(signal.SIGHUP)
        wait_for((self.workload / "new.sock").exists)
        self.assertEqual(self.sign("new"), (200, self.digest("new")))
        self.assertFalse((self.workload / "filter.sock").exists())

    def write_socket(self, **rights: str) -> None:
        entries = json.loads((self.home / "identities.json").read_text(encoding="utf-8"))
        entries["identities"][0].update(rights)
        (self.home / "identities.json").write_text(json.dumps(entries), encoding="utf-8")
        self.hub.send_signal(signal.SIGHUP)

    def mode_of_sensor(self) -> int:
        path = self.workload / "sensor.sock.d/workload.sock"
        return stat.S_IMODE(path.stat().st_mode) if path.exists() else 0

    def test_a_socket_has_the_owner_and_mode_that_its_identity_names_from_a_reload_on(self) -> None:
        self.write_socket(socket_mode="0600")
        wait_for(lambda: self.mode_of_sensor() == 0o600)
        self.assertEqual(self.sign("sensor"), (200, self.digest("sensor")))
        group = os.getgroups()[-1] if os.getgroups() else os.getgid()
        self.write_socket(socket_mode="", socket_owner=f":{group}")
        wait_for(lambda: self.mode_of_sensor() == 0o660)
        self.assertEqual((self.workload / "sensor.sock").stat().st_gid, group)
        self.assertEqual(self.sign("sensor"), (200, self.digest("sensor")))

    def test_a_socket_that_cannot_be_given_to_its_owner_is_nobodys(self) -> None:
        self.write_socket(socket_owner="nobody-of-that-name")
        wait_for(lambda: not (self.workload / "sensor.sock").exists())
        wait_for(lambda: "there is no such user nobody-of-that-name" in (self.home / "log").read_text(encoding="utf-8"))
        self.assertFalse((self.workload / "sensor.sock.d/workload.sock").exists())
        self.assertEqual(self.sign("filter"), (200, self.digest("filter")))

    def test_others_of_this_machine_do_not_get_into_the_directory(self) -> None:
        self.assertEqual(stat.S_IMODE(self.workload.stat().st_mode) & 0o007, 0)
        self.assertEqual(stat.S_IMODE((self.workload / "sensor.sock").stat().st_mode), 0o666)


if __name__ == "__main__":
    unittest.main()
