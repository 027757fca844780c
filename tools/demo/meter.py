"""Counts the bytes between the hub and the cloud, by standing between them on loopback.

The hub connects to the meter instead of to the cloud broker; whatever it writes goes on unchanged, so the
count is what a metered line would have carried: CONNECT, batches, batches sent again, pings. TCP/IP headers
are not in it. The gate is shut until somebody listens on the far side: a broker without a subscriber drops
what it acknowledges.
"""
import socket
import struct
import threading


class Meter:
    def __init__(self):
        self.up_bytes = 0                 # hub to cloud
        self.down_bytes = 0               # cloud to hub
        self.connections = 0
        self._cloud_port = None           # None while the gate is shut
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def open(self, cloud_port):
        self._cloud_port = cloud_port

    def shut(self):
        """Refuses new connections; those that exist end when the broker's process does."""
        self._cloud_port = None

    def _accept(self):
        while True:
            hub, _ = self._listener.accept()
            port = self._cloud_port
            try:
                if port is None:
                    raise ConnectionRefusedError
                cloud = socket.create_connection(("127.0.0.1", port))
            except OSError:
                # Closing with zero linger resets the connection, as a host without the service would.
                hub.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                hub.close()
                continue
            self.connections += 1
            for sock in (hub, cloud):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pump, args=(hub, cloud, "up_bytes"), daemon=True).start()
            threading.Thread(target=self._pump, args=(cloud, hub, "down_bytes"), daemon=True).start()

    def _pump(self, source, target, counter):
        try:
            while data := source.recv(65536):
                # Each counter is added to by one thread at a time: the hub has one connection.
                setattr(self, counter, getattr(self, counter) + len(data))
                target.sendall(data)
        except OSError:
            pass          # either end is gone; the other is told below
        for sock in (source, target):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass      # already closed by its peer
