"""`headgate ca` with the real programs: openssl verifies what it makes, and a TLS client that trusts it gets in.

usage: ca_test.py BIN   (the directory of headgate and headgated)
"""
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import unittest

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


if __name__ == "__main__":
    unittest.main()
