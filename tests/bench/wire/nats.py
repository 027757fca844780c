"""A NATS leaf node that keeps readings in a stream while nothing is above it, and the server above, which takes them over.

NATS' own protocol instead of its MQTT listener, which would add a header to each message: its best case.
"""

import json
import pathlib
import shutil
import socket

from brokers import BenchError, Broker, free_port
from streams import Reading

AT_ONCE = 500  # messages on their way to the leaf's stream


class Client:
    """Enough of the protocol to publish and to ask: https://docs.nats.io/reference/reference-protocols/nats-protocol."""

    def __init__(self, port: int):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.lines = self.connection.makefile("rb")
        self.lines.readline()  # INFO
        self.connection.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB answers 1\r\n')

    def close(self) -> None:
        self.lines.close()
        self.connection.close()

    def put(self, messages: list[tuple[str, bytes]]) -> list[bytes]:
        """Publishes them; returns an answer to each."""
        self.connection.sendall(b"".join(
            b"PUB %s answers %d\r\n%s\r\n" % (subject.encode(), len(body), body) for subject, body in messages))
        return [self.answer() for _ in messages]

    def answer(self) -> bytes:
        while line := self.lines.readline():
            words = line.split()
            if words[0] == b"PING":
                self.connection.sendall(b"PONG\r\n")
            elif words[0] == b"-ERR":
                raise BenchError(f"NATS says {line.decode().strip()}")
            elif words[0] == b"MSG":
                return self.lines.read(int(words[-1]) + 2)[:-2]
        raise BenchError("NATS closed the connection")

    def ask(self, subject: str, question: dict) -> dict:
        answer = json.loads(self.put([(subject, json.dumps(question).encode())])[0])
        if "error" in answer:
            raise BenchError(f"NATS refuses {subject}: {answer['error'].get('description')}")
        return answer


class Server(Broker):
    name = "NATS"
    domain, more = "", ""

    def command(self) -> list[str]:
        config = self.directory / "nats.conf"
        config.write_text(
            f'server_name: {self.domain}\nlisten: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{self.directory / "streams"}", domain: {self.domain} }}\n{self.more}\n')
        program = shutil.which("nats-server", path="/usr/sbin:/usr/bin:/usr/local/bin")
        if program is None:
            raise BenchError("nats-server is not installed")
        return [program, "--config", str(config)]


class Above(Server):
    """Takes over what the leaf's stream holds."""

    domain = "above"

    def __init__(self, directory: pathlib.Path):
        super().__init__(directory)
        self.leaf_port = free_port()
        self.more = f'leafnodes {{ listen: "127.0.0.1:{self.leaf_port}" }}'

    def begin(self) -> None:
        client = Client(self.port)
        client.ask("$JS.API.STREAM.CREATE.all", {
            "name": "all", "storage": "file", "retention": "limits", "discard": "old", "num_replicas": 1,
            "sources": [{"name": "plant", "external": {"api": "$JS.leaf.API", "deliver": ""}}]})
        client.close()

    def messages(self) -> int:
        client = Client(self.port)
        count = client.ask("$JS.API.STREAM.INFO.all", {})["state"]["messages"]
        client.close()
        return count


class Leaf(Server):
    name, domain = "NATS leaf node", "leaf"

    def __init__(self, directory: pathlib.Path, above: Above):
        super().__init__(directory)
        self.above = above

    def aim(self, port: int) -> None:
        self.more = f'leafnodes {{ reconnect: 1, remotes: [ {{ url: "nats-leaf://127.0.0.1:{port}" }} ] }}'

    def take(self, readings: list[Reading], _per_s: int) -> None:
        client = Client(self.port)
        client.ask("$JS.API.STREAM.CREATE.plant", {
            "name": "plant", "subjects": ["plant.>"], "storage": "file", "retention": "limits", "discard": "old",
            "num_replicas": 1})
        for at in range(0, len(readings), AT_ONCE):
            client.put([(reading.topic.replace("/", "."), reading.body.encode()) for reading in readings[at:at + AT_ONCE]])
        client.close()

    def drained(self, _relay, count: int) -> bool:
        return self.above.messages() >= count
