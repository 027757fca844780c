"""Ports of 127.0.0.1 for what a test starts."""
import socket

given: set[int] = set()  # the system may name one again that nobody listens on yet


def free_port() -> int:
    """Of TCP. No two calls of a process give the same."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in given:
            given.add(port)
            return port
