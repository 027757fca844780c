"""Whoever is not let in, and is told so by CONNACK 5."""

import base64
import time

import raw_clients
from hostile_kit import EVENTS, EVIL, REFUSED, Https, Play, Rows, connect_packet, ended, no_client, signed, user_of
from raw_clients import Client, expect, packet, quote, text, token


def refused_with(code: int, data: bytes, web_socket: bool = False) -> None:
    one = Client("", web_socket)
    one.send(data)
    expect(one.read() == (0x20, bytes([0, code])), f"CONNACK is not {code}")
    expect(one.is_closed(), "it is not closed")


def refused(client_id: str = EVIL, user: str | None = None, password: str | None = None, code: int = 5, **how: object) -> Play:
    """CONNACK 5; what is not said is right."""
    def play() -> None:
        name = user_of(client_id) if user is None else user
        refused_with(code, connect_packet(client_id, name, token(EVIL) if password is None else password, **how))
    return play


def only_closed(data: bytes, web_socket: bool = False) -> Play:
    """No client yet, and nothing is said."""
    def play() -> None:
        one = Client("", web_socket)
        one.send(data)
        expect(one.is_closed(), "it is not closed")
    return play


def silent() -> None:
    """One that says nothing over TLS, half a CONNECT, half of an upgrade: the hub's limits.connect_timeout_s is short here."""
    nothing, half, upgrading = Client(""), Client(""), Https()
    half.send(connect_packet(EVIL, user_of(EVIL), token(EVIL))[:-10])
    upgrading.send(b"GET /$iothub/websocket HTTP/1.1\r\nUpgrade: websoc")
    expect(nothing.is_closed() and half.is_closed() and upgrading.is_closed(), "not closed")


def out_of_life() -> None:
    one = Client(EVIL)
    one.send(connect_packet(EVIL, user_of(EVIL), token(EVIL)).replace(b"\xc0\0\xb4", b"\xc0\0\x01", 1))
    expect(one.read() == (0x20, b"\0\0") and one.is_closed(), "not closed")


def connect_rows() -> Rows:
    key, now = raw_clients.KEYS[EVIL], int(time.time())
    own = quote(f"{raw_clients.HOST}/devices/edge-1/modules/evil")
    good = signed(own, now + 3600, key)
    sr, sig, se = good.removeprefix("SharedAccessSignature ").split("&")
    scheme = "SharedAccessSignature "
    passwords = {
        "another key": signed(own, now + 3600, b"another key"),
        "another identity's key": signed(own, now + 3600, raw_clients.KEYS["edge-1/filter"]),
        "another identity's token": token("edge-1/filter"),
        "its device's audience": signed(quote(f"{raw_clients.HOST}/devices/edge-1"), now + 3600, key),
        "another hub's audience": signed(quote("other.azure-devices.net/devices/edge-1/modules/evil"), now + 3600, key),
        "an audience that goes on": signed(own + "%2Fx", now + 3600, key),
        "an audience of more letters": signed(own + "x", now + 3600, key),
        "an audience in capitals": signed(own.replace("evil", "EVIL"), now + 3600, key),
        "an audience encoded three times": signed(quote(quote(own)), now + 3600, key),
        "an audience with a broken escape": signed(own + "%2", now + 3600, key),
        "an empty audience": signed("", now + 3600, key),
        "an audience changed after it was signed": good.replace("evil", "filter"),
        "an expiry changed after it was signed": good.replace(se, f"se={now + 7200}"),
        "a token that has expired": signed(own, now - 301, key),
        "an expiry before all time": signed(own, -1, key),
        "an expiry in hexadecimal": signed(own, hex(now + 3600), key),
        "an expiry with a fraction": signed(own, f"{now + 3600}.5", key),
        "an empty expiry": signed(own, "", key),
        "an endless expiry of another key": signed(own, "9" * 400, b"another key"),
        "no audience": scheme + f"{sig}&{se}",
        "no signature": scheme + f"{sr}&{se}",
        "an empty signature": scheme + f"{sr}&sig=&{se}",
        "a signature with a broken escape": scheme + f"{sr}&sig=%zz&{se}",
        "no expiry": scheme + f"{sr}&{sig}",
        "two audiences": good + f"&{sr}",
        "two signatures": good + f"&{sig}",
        "a field without a value": good + "&skn",
        "another scheme": good.replace("SharedAccessSignature", "Bearer"),
        "no scheme": good.removeprefix(scheme),
        "two blanks": good.replace(" ", "  "),
        "a blank at the end": good + " ",
        "60 kB of fields": scheme + "&".join(f"f{number}=1" for number in range(8000)),
        "an empty password": "",
        "the key itself": base64.b64encode(key).decode(),
    }
    for name, password in passwords.items():
        yield f"CONNECT with {name}", refused(password=password), REFUSED
    users = {
        "another's user name": user_of("edge-1/filter"), "another host": user_of(EVIL, "evil.azure-devices.net"),
        "no host": user_of(EVIL, ""), "no api-version": user_of(EVIL, properties="?DeviceClientType=x"),
        "an empty api-version": user_of(EVIL, properties="?api-version="), "no properties": f"{raw_clients.HOST}/{EVIL}",
        "five segments": user_of(EVIL + "/x"), "an encoded user name": user_of(quote(EVIL)), "an empty user name": "",
        "slashes alone": "///",
    }
    for name, user in users.items():
        yield f"CONNECT with {name}", refused(user=user), REFUSED
    for client_id in ("leaf-9", "edge-1", "EDGE-1/evil", "edge-1/Evil", "edge-1/", "/evil", "edge-1/evil/x", "edge-1/evil ", "#", "+/+",
                      "edge-1/$edgeHub", "edge-1/$edgeAgent", "x" * 10_000):
        yield f"CONNECT as {client_id[:20]}", refused(client_id), REFUSED
    yield "CONNECT as who is disabled", refused("leaf-off", password=token("leaf-off")), REFUSED
    yield "CONNECT as the hub, with its key", refused("edge-1/$edgeHub", password=token("edge-1/$edgeHub")), REFUSED
    yield "CONNECT with another's client id", refused("edge-1/filter", user=user_of(EVIL)), REFUSED
    yield "CONNECT without a client id", refused("", user=user_of(EVIL)), REFUSED
    for name, will in {"another's events": ("devices/edge-1/modules/filter/messages/events/", 0), "the hub's topics": ("modules/evil/outputs/x", 0),
                       "a request": ("$iothub/twin/GET/?$rid=1", 0), "QoS 2": (EVENTS, 0x10), "a bad escape": (EVENTS + "a=%zz", 0)}.items():
        yield f"CONNECT with a will: {name}", refused(will=will), REFUSED
    yield "CONNECT without a user name", lambda: refused_with(5, connect_packet(EVIL, None, None)), REFUSED
    yield "CONNECT without a password", lambda: refused_with(5, connect_packet(EVIL, user_of(EVIL), None)), REFUSED
    yield ("CONNECT of MQTT 5", refused(code=1, head=text("MQTT") + b"\x05"), no_client("unsupported_protocol_version"))
    yield ("CONNECT of MQTT 3.1", refused(code=1, head=text("MQIsdp") + b"\x03"), no_client("unsupported_protocol_version"))
    yield "CONNECT with no text", only_closed(packet(0x10, text("MQTT") + b"\x04\xc0\0\xb4" + text(b"\xff\xfe") + text("u") + text("p"))), no_client("malformed_packet")
    yield "no CONNECT first", only_closed(packet(0x32, text(EVENTS) + b"\0\1x")), no_client("protocol_error")
    yield "no MQTT", only_closed(b"GET / HTTP/1.1\r\n\r\n"), no_client("malformed_packet")
    yield "CONNECT over WebSocket with another key", (
        lambda: refused_with(5, connect_packet(EVIL, user_of(EVIL), signed(own, now + 3600, b"another key")), True)), REFUSED
    yield "who never says who he is", silent, {'connections_refused_total{reason="no_CONNECT_in_time"}': 3}
    yield "who is silent longer than his keep-alive", out_of_life, ended("keep_alive_timeout")
