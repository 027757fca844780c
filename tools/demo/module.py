"""What every module of the demo shares: a durable conversation with the hub, in about a hundred lines.

A module connects with a persistent session and speaks QoS 2 in both directions. When the hub dies, paho
keeps what was not acknowledged and sends it again under the same packet ids when the hub is back, and the
hub does the same: nothing is lost and nothing is counted twice. One thread does everything, so there is no
locking.

What a module has accepted lives in its memory until it is acknowledged: a module that is itself killed loses
that. Stop it with SIGTERM, which lets it finish.
"""
import argparse
import collections
import json
import random
import signal
import socket
import sys
import time

import paho.mqtt.client as mqtt

IN_FLIGHT_MAX = 100        # messages given to the hub and not yet acknowledged
BACKOFF_BASE_S = 0.2       # first wait before connecting again; doubles, with jitter, up to the cap
BACKOFF_CAP_S = 5.0
KEEP_ALIVE_S = 15


def argument_parser(name, description):
    """The options that every module has; add your own to it."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1", help="the hub's address")
    parser.add_argument("--port", type=int, default=1883, help="the hub's port")
    parser.add_argument("--name", default=name, help="this module's name in routes (default: %(default)s)")
    parser.add_argument("--journal", help="a file to note arrivals in, as `in ID`, and what the hub"
                                          " acknowledged, as `out ID BYTES`")
    return parser


class Module:
    def __init__(self, args):
        self.name = args.name
        self.stopping = False
        self._address = (args.host, args.port)
        self._journal = open(args.journal, "a", encoding="utf-8") if args.journal else None
        self._handlers = {}                     # topic -> function(body)
        self._waiting = collections.deque()     # (id, topic, payload) not yet given to paho
        self._unacknowledged = {}               # packet id -> "id bytes" for the journal
        self._connected = False
        self._subscribed = False
        self._backoff_s = BACKOFF_BASE_S
        self._connect_at = 0.0
        # The session, and with it the subscriptions, outlives the connection and the hub's process.
        self._client = mqtt.Client(client_id=self.name, clean_session=False, protocol=mqtt.MQTTv311)
        # Paho 1.6 miscounts what is in flight when it also receives, so the window is kept here.
        self._client.max_inflight_messages_set(0)
        self._client.on_socket_open = self._on_socket_open
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def on_input(self, name):
        """Decorator: call the function with the JSON body of each message that comes to this input."""
        def register(handler):
            self._handlers[f"modules/{self.name}/inputs/{name}"] = handler
            return handler
        return register

    def publish(self, output, body):
        """Publishes body, with its unique "id", on an output. Returns at once; finish() waits."""
        payload = json.dumps(body, separators=(",", ":")).encode()
        self._waiting.append((body["id"], f"modules/{self.name}/outputs/{output}", payload))
        self._send_waiting()

    def wait_until(self, when):
        """Talks to the hub until the monotonic time `when`, and longer if it is behind with acknowledging."""
        while not self.stopping and (self._waiting or time.monotonic() < when):
            self._turn(min(0.1, max(0.0, when - time.monotonic())))

    def run(self):
        """Serves the inputs until SIGTERM or SIGINT."""
        while not self.stopping:
            self._turn(0.1)

    def finish(self):
        """Waits until all that was published is acknowledged, then disconnects; the hub keeps the session."""
        while self._waiting or self._unacknowledged:
            self._turn(0.1)
        self._client.disconnect()
        while self._client.socket() is not None and self._client.loop(0.1) == mqtt.MQTT_ERR_SUCCESS:
            pass
        if self._journal:
            self._journal.close()

    def log(self, text):
        print(f"{self.name}: {text}", file=sys.stderr, flush=True)

    def _turn(self, wait_s):
        if self._client.socket() is None:
            self._connect(wait_s)
        else:
            self._client.loop(wait_s)
        self._send_waiting()
        if self._journal:
            self._journal.flush()

    def _connect(self, wait_s):
        pause_s = self._connect_at - time.monotonic()
        if pause_s > 0:
            time.sleep(min(pause_s, max(wait_s, 0.01)))
            return
        self._connect_at = time.monotonic() + self._backoff_s * random.uniform(0.5, 1.0)
        self._backoff_s = min(self._backoff_s * 2, BACKOFF_CAP_S)
        self._keep_released()
        try:
            self._client.connect(*self._address, keepalive=KEEP_ALIVE_S)
        except OSError as error:
            self.log(f"no hub at {self._address[0]}:{self._address[1]} ({error}); trying again")

    def _keep_released(self):
        # Before each attempt to connect Paho 1.6 notes what to send again. At the second attempt in a row it
        # takes a message whose PUBREC had come for one to publish anew, which would then arrive twice.
        for message in self._client._out_messages.values():
            if message.state == mqtt.mqtt_ms_resend_pubrel:
                message.state = mqtt.mqtt_ms_wait_for_pubcomp

    def _send_waiting(self):
        while self._connected and self._waiting and len(self._unacknowledged) < IN_FLIGHT_MAX:
            message_id, topic, payload = self._waiting.popleft()
            info = self._client.publish(topic, payload, qos=2)
            self._unacknowledged[info.mid] = f"{message_id} {len(payload)}"

    def _note(self, what, words):
        if self._journal:
            self._journal.write(f"{what} {words}\n")

    def _on_socket_open(self, _client, _userdata, sock):
        # A QoS 2 handshake is small packets only, which Nagle's algorithm would hold back.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_connect(self, client, _userdata, flags, code):
        if code != 0:
            self.log(f"the hub refused the connection: {mqtt.connack_string(code)}")
            return
        self._connected = True
        self._backoff_s = BACKOFF_BASE_S
        kept = bool(flags["session present"])
        self.log("connected, session " + ("kept" if kept else "new"))
        if self._handlers and not (kept and self._subscribed):
            client.subscribe([(topic, 2) for topic in self._handlers])

    def _on_disconnect(self, _client, _userdata, _code):
        self._connected = False
        if not self.stopping:
            self.log("the connection is gone")

    def _on_subscribe(self, _client, _userdata, _mid, granted):
        if any(qos != 2 for qos in granted):
            raise RuntimeError(f"the hub granted {granted} for {list(self._handlers)}, wanted QoS 2")
        self._subscribed = True

    def _on_message(self, _client, _userdata, message):
        body = json.loads(message.payload)
        self._note("in", body["id"])
        self._handlers[message.topic](body)

    def _on_publish(self, _client, _userdata, mid):
        self._note("out", self._unacknowledged.pop(mid))

    def _on_signal(self, _number, _frame):
        self.stopping = True
