"""What rows of hostile clients are made of: counters of the hub, packets, and clients that the hub has to end. See hostile_clients.py."""

import base64
import collections.abc
import hmac
import socket
import ssl

import raw_clients
from raw_clients import Closed, connected, expect, packet, quote, text, token

Play = collections.abc.Callable[[], None]
Counted = dict[str, int]
Rows = collections.abc.Iterator[tuple[str, Play, Counted]]

EVIL, LEAF, NAMESAKE = "edge-1/evil", "leaf-evil", "leaf-1/filter"
EVENTS = "devices/edge-1/modules/evil/messages/events/"
REPORT = "$iothub/twin/PATCH/properties/reported/?$rid="
RESULTS = "$iothub/twin/res/#"
METHODS = "$iothub/methods/POST/#"
API = "?api-version=2021-04-12"
ADMIN_SOCKET = ""

# What rows may change; all else that these families count has to stay.
FAMILIES = ("clients_closed_total", "connections_refused_total", "messages_dropped_total", "publishes_denied_total",
            "subscribes_denied_total", "twin_requests_total", "method_calls_total", "method_answers_stray_total",
            "door_requests_total")
REFUSED: Counted = {'connections_refused_total{reason="not_authorized"}': 1}
NO_HANDSHAKE: Counted = {'connections_refused_total{reason="handshake_failed"}': 1}


def ended(reason: str) -> Counted:
    return {f'clients_closed_total{{reason="{reason}"}}': 1}


UNREADABLE = ended("request_that_cannot_be_read")


def no_client(reason: str) -> Counted:
    return {f'connections_refused_total{{reason="{reason}"}}': 1}


def twins(**results: int) -> Counted:
    return {f'twin_requests_total{{result="{result}"}}': count for result, count in results.items()}


def calls(**results: int) -> Counted:
    return {f'method_calls_total{{result="{result}"}}': count for result, count in results.items()}


def door(result: str, count: int = 1) -> Counted:
    return {f'door_requests_total{{result="{result}"}}': count}


# ---- the hub's own counters ----

def ask(path: str) -> str:
    with socket.socket(socket.AF_UNIX) as admin:
        admin.connect(ADMIN_SOCKET)
        admin.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        answer = b"".join(iter(lambda: admin.recv(65536), b""))
    return answer.partition(b"\r\n\r\n")[2].decode()


def counters() -> Counted:
    found = {}
    for line in ask("/metrics").splitlines():
        name, _, value = line.removeprefix("headgate_").rpartition(" ")
        if name.partition("{")[0] in FAMILIES:
            found[name] = int(float(value))
    return found


def counted(before: Counted) -> Counted:
    now = counters()
    return {name: now[name] - before.get(name, 0) for name in now if now[name] != before.get(name, 0)}


# ---- CONNECT ----

def connect_packet(client_id: str, user: str | bytes | None, password: str | bytes | None, will: tuple[str, int] | None = None,
                   head: bytes = text("MQTT") + b"\x04") -> bytes:
    """`will`: its topic, and its bits among the flags."""
    flags = (0x80 if user is not None else 0) | (0x40 if password is not None else 0) | (0x04 | will[1] if will else 0)
    body = head + bytes([flags]) + b"\0\xb4" + text(client_id)
    if will:
        body += text(will[0]) + text("gone")
    return packet(0x10, body + b"".join(text(part) for part in (user, password) if part is not None))


def signed(resource: str, until: object, key: bytes) -> str:
    """A token with these very fields, signed as they stand."""
    made = hmac.new(key, f"{resource}\n{until}".encode(), "sha256").digest()
    return f"SharedAccessSignature sr={resource}&sig={quote(base64.b64encode(made).decode())}&se={until}"


def user_of(client: str, host: str = raw_clients.HOST, properties: str = API) -> str:
    return f"{host}/{client}/{properties}"


# ---- a client that is let in, and then ends ----

def ends(topic: str | bytes, body: bytes = b"1", qos: int = 1, who: str = EVIL, web_socket: bool = False) -> Play:
    def play() -> None:
        one = connected(who, web_socket)
        one.publish(topic, body, qos)
        expect(one.is_closed(), "it is not closed")
    return play


def sends(data: bytes) -> Play:
    def play() -> None:
        one = connected(EVIL)
        one.send(data)
        expect(one.is_closed(), "it is not closed")
    return play


# ---- HTTPS ----

class Https:
    """One connection to the door, and what it answers."""

    def __init__(self) -> None:
        context = ssl.create_default_context(cafile=raw_clients.CA_FILE)
        plain = socket.create_connection(("127.0.0.1", raw_clients.WSS_PORT), raw_clients.PATIENCE_S)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self.held = b""

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # answered and closed before all was sent

    def more(self) -> bool:
        try:
            came = self.socket.recv(65536)
        except (ConnectionError, ssl.SSLError):
            came = b""
        self.held += came
        return came != b""

    def answer(self) -> tuple[int, str]:
        while b"\r\n\r\n" not in self.held:
            if not self.more():
                raise Closed()
        head, _, self.held = self.held.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
        length = int(fields.get("content-length", "0"))
        while len(self.held) < length and self.more():
            pass
        body, self.held = self.held[:length], self.held[length:]
        return int(head.split(b" ")[1]), body.decode()

    def is_closed(self) -> bool:
        try:
            return not self.more() and self.held == b""
        except TimeoutError:
            return False


def call(target: str, body: bytes, caller: str = "edge-1/good", password: str | None = None) -> bytes:
    return (f"POST {target} HTTP/1.1\r\nHost: localhost\r\nx-ms-edge-moduleId: {caller}\r\n"
            f"Authorization: {token(caller) if password is None else password}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
