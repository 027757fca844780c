"""Requests at the door of HTTPS, and WebSockets."""

import struct

from hostile_kit import EVIL, LEAF, NAMESAKE, NO_HANDSHAKE, Https, Play, Rows, call, calls, connect_packet, door, ended, user_of
from raw_clients import connected, expect, token


# ---- the door of HTTPS ----

def asked(status: int, data: bytes, stays: bool = True) -> Play:
    """The door answers with that status; `stays`: it answers on the same connection again."""
    def play() -> None:
        one = Https()
        one.send(data)
        expect((said := one.answer())[0] == status, said)
        if stays:
            one.send(b"GET /again HTTP/1.1\r\nHost: localhost\r\n\r\n")
            expect((said := one.answer())[0] == 404, said)
        else:
            expect(one.is_closed(), "it is not closed")
    return play


def request(head: str, body: bytes = b"", target: str = "/x", method: str = "POST") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode() + body


def many_callers() -> None:
    """Connections that say half a request and stay, 10 of them nothing; one that says all of it is answered at once."""
    idle = [Https() for _ in range(40)]
    for number, one in enumerate(idle):
        one.send([b"", b"P", b"POST /twins", request("Content-Length: 100\r\n", b"{")][number % 4])
    one = Https()
    one.send(call("/twins/leaf-1/methods", b'{"methodName":"a"}'))
    expect(one.answer()[0] == 404, "no answer beside idle ones")
    for one in idle:
        one.socket.close()


def slow_caller() -> None:
    """Byte by byte, it is answered all the same."""
    one = Https()
    for byte in call("/twins/leaf-1/methods", b'{"methodName":"a"}'):
        one.send(bytes([byte]))
    expect(one.answer()[0] == 404, "not answered")


def pipelined() -> None:
    one = Https()
    one.send(3 * request("Content-Length: 1\r\n", b"x"))
    expect([one.answer()[0] for _ in range(3)] == [404] * 3, "not one answer each")


def https_rows() -> Rows:
    target, body = "/twins/leaf-1/methods", b'{"methodName":"a"}'
    again = door("not_found")
    denied = {
        "another's token": call(target, body, "edge-1/good", token("edge-1/filter")), "another key": call(target, body, password=token("edge-1/good", b"x")),
        "no token": call(target, body, password=""), "an unknown caller": call(target, body, "edge-1/nobody", token("edge-1/good")),
        "a caller of another device": call(target, body, NAMESAKE), "a device": call(target, body, LEAF),
        "the hub's name": call(target, body, "edge-1/$edgeHub"), "a caller of 7 kB": call(target, body, "edge-1/" + "x" * 7_000, "x"),
    }
    for name, data in denied.items():
        yield f"a call with {name}", asked(401, data), door("unauthorized") | again
    deep = b'{"methodName":"a","payload":' + b"[" * 60_000 + b"]" * 60_000 + b"}"
    bodies = {
        "nothing": b"", "no JSON": b"{", "a list": b"[]", "no name": b'{"payload":1}', "a name that is none": b'{"methodName":"a b"}',
        "a name of 101 letters": b'{"methodName":"' + b"n" * 101 + b'"}', "a name with a wildcard": b'{"methodName":"#"}', "a name with a slash": b'{"methodName":"a/b"}',
        "a timeout of 4 s": b'{"methodName":"a","responseTimeoutInSeconds":4}', "a timeout below 0": b'{"methodName":"a","connectTimeoutInSeconds":-1}',
        "a payload of 130 kB": b'{"methodName":"a","payload":"' + b"x" * 133_000 + b'"}', "60,000 levels": deep, "levels without an end": deep[:50_000],
        "no text": b'{"methodName":"a","payload":"\xff"}', "a NUL": b'{"methodName":"a"}\0garbage',
    }
    for name, said in bodies.items():
        yield f"a call: {name}", asked(400, call(target, said)), door("invalid") | again
    yield "a call without the caller's name", asked(400, request("Content-Length: 0\r\n", target=target)), door("invalid") | again
    for path in ("/", "/v1/status", "/metrics", "/twins/", "/twins/%zz/methods", "/twins/a%2Fb/methods", "/twins/../v1/status", "//twins/a/methods",
                 "/twins/a/modules//methods", "*", "http://localhost/v1/status"):
        yield f"a request for {path}", asked(404, request("Content-Length: 0\r\n", target=path)), door("not_found", 2)
    wrong = {
        "both lengths": request("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        "both, turned round": request("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", b"0\r\n\r\n"),
        "two lengths": request("Content-Length: 3\r\nContent-Length: 4\r\n", b"abcd"), "a length below 0": request("Content-Length: -3\r\n", b"abc"),
        "a length in hexadecimal": request("Content-Length: 0x3\r\n", b"abc"), "an endless length": request("Content-Length: 99999999999999999999\r\n"),
        "another coding": request("Transfer-Encoding: xchunked\r\n", b"abc"), "a coding after chunked": request("Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"),
        "a blank before the colon": request("Content-Length : 3\r\n", b"abc"), "a header without a colon": request("Content-Length\r\n"),
        "a chunk that is none": request("Transfer-Encoding: chunked\r\n", b"zz\r\n\r\n"),
        "a chunk beyond all": request("Transfer-Encoding: chunked\r\n", b"fffffffffffffffff\r\n"),
        "a chunk with more to it": request("Transfer-Encoding: chunked\r\n", b"1;" + b"x" * 9_000 + b"\r\na\r\n0\r\n\r\n"),
        "headers behind the chunks": request("Transfer-Encoding: chunked\r\n", b"1\r\na\r\n0\r\nA: " + b"x" * 9_000 + b"\r\n\r\n"),
        "line feeds alone": b"GET / HTTP/1.1\n\n", "HTTP/1.2": b"GET / HTTP/1.2\r\n\r\n", "a NUL": request("A: \0\r\n"), "tabs": b"POST\t/\tHTTP/1.1\r\n\r\n",
        "headers of 9 kB": request("A: " + "x" * 9_000 + "\r\n"), "HTTP/0.9": b"GET /\r\n\r\n", "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "no HTTP": b"\0\1\2\3\r\n\r\n", "MQTT": connect_packet(EVIL, user_of(EVIL), token(EVIL)) + b"\r\n\r\n",
    }
    for name, data in wrong.items():
        yield f"a request with {name}", asked(400, data, stays=False), NO_HANDSHAKE
    yield "a request that announces 1 MB", asked(413, request("Content-Length: 1000000\r\n"), stays=False), NO_HANDSHAKE
    yield "a request with a chunk of 1 MB", asked(413, request("Transfer-Encoding: chunked\r\n", b"fffff\r\n"), stays=False), NO_HANDSHAKE
    yield "requests behind one another", pipelined, door("not_found", 3)
    yield "40 callers that say nothing more", many_callers, (
        door("not_found") | calls(unreachable=1) | {'connections_refused_total{reason="handshake_failed"}': 30})
    yield "a caller that is slow", slow_caller, door("not_found") | calls(unreachable=1)


# ---- WebSocket ----

UPGRADE = ("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: glsklZ8McDEJE54akGFNKw==\r\n")


def upgrade(status: int, protocols: str | None, head: str = UPGRADE, method: str = "GET", target: str = "/$iothub/websocket", body: bytes = b"") -> Play:
    def play() -> None:
        one = Https()
        one.send(request(head + ("" if protocols is None else f"Sec-WebSocket-Protocol: {protocols}\r\n"), body, target, method))
        expect((said := one.answer())[0] == status, said)
        expect(status == 101 or one.is_closed(), "it is not closed")
    return play


def framed(data: bytes, first: int = 0x82, masked: bool = True, length: int | None = None) -> bytes:
    """One frame; a mask of zeros masks nothing."""
    size = len(data) if length is None else length
    mask = 0x80 if masked else 0
    head = bytes([first, mask | size]) if size < 126 else bytes([first, mask | 127]) + struct.pack(">Q", size)
    return head + (b"\0\0\0\0" if masked else b"") + data


def frames(*sent: bytes) -> Play:
    """After CONNACK; the connection ends."""
    def play() -> None:
        one = connected(EVIL, True)
        for data in sent:
            one.socket.sendall(data)
        expect(one.is_closed(), "it is not closed")
    return play


def pings_and_parts() -> None:
    """All of it is right: control frames between the parts of a message, empty frames, and one MQTT packet in many messages."""
    one = connected(EVIL, True)
    one.socket.sendall(framed(b"\xc0", 0x02) + framed(b"x" * 125, 0x89) + framed(b"", 0x00) + framed(b"", 0x8a) + framed(b"\0", 0x80))
    while True:
        one.receive()
        if one.bytes.endswith(b"\xd0\0"):
            return


def web_socket_rows() -> Rows:
    for protocols in (None, "", "MQTT", "Mqtt", "mqttt", "soap", ",,,", "mqtt5", '"mqtt"', "mqtt;q=1", ", ".join(f"p{n}" for n in range(900))):
        yield f"WebSocket with the subprotocol {str(protocols)[:10]}", upgrade(400, protocols), NO_HANDSHAKE
    yield "WebSocket with AMQP", upgrade(400, "AMQPWSB10"), {}
    for protocols in ("mqtt", "AMQPWSB10, mqtt", " mqtt ,x", ",,mqtt", ", ".join([f"p{n}" for n in range(900)] + ["mqtt"])):
        yield f"WebSocket with mqtt among {protocols[:12]}", upgrade(101, protocols), {}
    yield "WebSocket at another path", upgrade(101, "mqtt", target="/v1/status?x=/../"), {}
    yield "WebSocket by POST", upgrade(426, "mqtt", method="POST"), NO_HANDSHAKE
    yield "WebSocket with a body", upgrade(400, "mqtt", UPGRADE + "Content-Length: 3\r\n", body=b"abc"), NO_HANDSHAKE
    yield "WebSocket with MQTT before the answer", upgrade(400, "mqtt", body=b"\x10"), NO_HANDSHAKE
    yield "WebSocket without Connection", upgrade(426, "mqtt", UPGRADE.replace("Connection: Upgrade\r\n", "")), NO_HANDSHAKE
    yield "WebSocket of version 8", upgrade(426, "mqtt", UPGRADE.replace("13", "8")), NO_HANDSHAKE
    yield "WebSocket without a key", upgrade(400, "mqtt", UPGRADE.replace("Sec-WebSocket-Key: glsklZ8McDEJE54akGFNKw==\r\n", "")), NO_HANDSHAKE
    yield "a text frame", frames(framed(b"{}", 0x81)), NO_HANDSHAKE
    broken = {
        "a text frame of no text": framed(b"\xc0\0", 0x81), "a frame without a mask": framed(b"\xc0\0", masked=False),
        "a frame of 2^62 bytes": framed(b"", length=1 << 62),
        "a frame of 10 MB": framed(b"", length=10_000_000), "an unknown frame": framed(b"", 0x83), "reserved bits": framed(b"", 0xf2),
        "a ping of 126 bytes": framed(b"x" * 126, 0x89), "a ping in parts": framed(b"", 0x09), "a part without a first": framed(b"", 0x80),
        "a first part amid another": framed(b"", 0x02) + framed(b"", 0x02), "a close frame with a wrong code": framed(b"\0\1", 0x88),
        "a close frame of one byte": framed(b"x", 0x88),
    }
    for name, data in broken.items():
        yield name, frames(data), ended("bad_WebSocket_frame")
    yield "a frame of 100,000 MQTT bytes of nothing", frames(framed(b"\0" * 100_000)), ended("malformed_packet")
    yield "control frames between parts", pings_and_parts, {}
