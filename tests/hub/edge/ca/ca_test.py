"""`headgate ca` with the real programs: openssl verifies what it makes, and a TLS client that trusts it gets in.

usage: ca_test.py BIN   (the directory of headgate and headgated)
"""
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
sys.dont_write_bytecode = True

from ports import free_port  # noqa: E402

WAIT_S = 20
BIN = pathlib.Path(sys.argv.pop(1))


def headgate(*args: str) -> subprocess.CompletedProcess:
    return subprocess.run([BIN / "headgate", *args], capture_output=True, text=True, check=False)


def handshake(directory: pathlib.Path, name: str) -> str:
    """The version of TLS that both agree on; raises what the client has against the server."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(directory / "server.pem", directory / "server.key")
    client_context = ssl.create_default_context(cafile=str(directory / "ca.pem"))
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    while waiting:
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                pass
    return client.version()


class OwnAuthority(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = pathlib.Path(folder.name)
        self.ca = self.data / "ca"
        made = headgate("ca", "init", "--data", str(self.data), "--name", "gateway-7", "--name", "10.0.0.7")
        self.assertEqual(made.returncode, 0, made.stderr)

    def test_openssl_verifies_the_chain(self) -> None:
        done = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "gateway-7",
                               "-CAfile", self.ca / "ca.pem", self.ca / "server.pem"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_client_that_trusts_it_gets_in_under_each_name_only(self) -> None:
        for name in ("gateway-7", "10.0.0.7"):
            self.assertEqual(handshake(self.ca, name), "TLSv1.3")
        with self.assertRaises(ssl.SSLCertVerificationError):
            handshake(self.ca, "gateway-8")

    def test_export_prints_the_authority_alone(self) -> None:
        self.assertEqual(headgate("ca", "export", "--data", str(self.data)).stdout, (self.ca / "ca.pem").read_text())

    def test_renewed_it_is_trusted_as_before_and_nothing_is_made_twice(self) -> None:
        root, chain = (self.ca / "ca.pem").read_text(), (self.ca / "server.pem").read_text()
        again = headgate("ca", "init", "--dir", str(self.ca), "--name", "gateway-7")
        self.assertEqual(again.returncode, 1)
        self.assertIn("is there already and is not overwritten", again.stderr)
        self.assertEqual(headgate("ca", "renew", "--dir", str(self.ca)).returncode, 0)
        self.assertEqual((self.ca / "ca.pem").read_text(), root)
        self.assertNotEqual((self.ca / "server.pem").read_text(), chain)
        self.assertEqual(handshake(self.ca, "10.0.0.7"), "TLSv1.3")

    @unittest.skipUnless(os.geteuid() == 0, "only root makes files for others")
    def test_made_by_root_it_belongs_to_the_owner_of_the_data_directory(self) -> None:
        os.chown(self.data, 12345, 12346)
        other = self.data / "other"
        self.assertEqual(headgate("ca", "init", "--dir", str(other), "--name", "a").returncode, 0)
        for path in (other, *other.iterdir()):
            self.assertEqual((path.stat().st_uid, path.stat().st_gid), (12345, 12346), path)


class FirstStart(unittest.TestCase):
    """A hub whose listener is to use an authority of its own, which nobody has made."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = pathlib.Path(folder.name) / "data"
        self.ca = self.data / "ca"
        self.config = pathlib.Path(folder.name) / "headgate.json"
        self.log = pathlib.Path(folder.name) / "log"
        self.write(["gateway-7", "127.0.0.1"])

    def write(self, names: list[str]) -> None:
        self.config.write_text(json.dumps({
            "data_dir": str(self.data), "hub_id": "site-7", "log": {"file": str(self.log)},
            "iot_edge": {"hub_host_name": "acme.azure-devices.net", "device_id": "edge-1", "gateway_names": names},
            "listeners": [{"transport": "tls", "address": "127.0.0.1", "port": free_port(), "dialect": "iot-edge",
                           "tls": {"cert_file": str(self.ca / "server.pem"), "key_file": str(self.ca / "server.key")}}]}), encoding="utf-8")

    def check(self) -> subprocess.CompletedProcess:
        return subprocess.run([BIN / "headgated", "--check", self.config], capture_output=True, text=True, check=False)

    def run_hub(self) -> int:
        """Starts a hub and ends it once it is up, or has ended by itself."""
        hub = subprocess.Popen([BIN / "headgated", "--config", self.config], stderr=subprocess.DEVNULL)
        self.addCleanup(hub.kill)
        end = time.monotonic() + WAIT_S
        while hub.poll() is None and subprocess.run([BIN / "headgate", "status", "--data", self.data], capture_output=True,
                                                    check=False).returncode != 0:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        hub.terminate()
        return hub.wait(WAIT_S)

    def test_makes_it_once_and_logs_it_by_name(self) -> None:
        checked = self.check()
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertIn("the hub makes it when it starts", checked.stdout + checked.stderr)
        self.assertFalse(self.data.exists(), "a check writes nothing")
        self.assertEqual(self.run_hub(), 0)
        for name in ("gateway-7", "127.0.0.1"):
            self.assertEqual(handshake(self.ca, name), "TLSv1.3")
        self.assertRegex(self.log.read_text(encoding="utf-8"), "authority_made .*names=.*gateway-7 127.0.0.1")
        made = {path.name: path.read_bytes() for path in self.ca.iterdir()}
        self.assertEqual(self.run_hub(), 0)
        self.assertEqual({path.name: path.read_bytes() for path in self.ca.iterdir()}, made)
        self.assertEqual(self.log.read_text(encoding="utf-8").count("authority_made"), 1)

    def test_overwrites_nothing_that_is_there(self) -> None:
        self.ca.mkdir(parents=True)
        (self.ca / "ca.key").write_text("somebody's", encoding="utf-8")
        self.assertNotEqual(self.check().returncode, 0)
        self.assertNotEqual(self.run_hub(), 0)
        self.assertEqual([(path.name, path.read_text()) for path in self.ca.iterdir()], [("ca.key", "somebody's")])

    def test_wants_names_of_the_gateway(self) -> None:
        self.write([])
        self.assertIn("iot_edge.gateway_names", self.check().stdout + self.check().stderr)
        self.assertNotEqual(self.run_hub(), 0)
        self.assertFalse(self.ca.exists())


if __name__ == "__main__":
    unittest.main()
