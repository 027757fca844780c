"""Paho against a broker: subscribe, publish ten messages, receive each once and in order.

usage: paho_round_trip.py PORT PROTOCOL(4|5) QOS [tcp|websockets [CA_FILE]]; exit code 0 when everything came.
"""

import queue
import sys

import paho.mqtt.client as mqtt

PATIENCE_S = 15


def main() -> int:
    port, protocol, qos = (int(word) for word in sys.argv[1:4])
    arrived: queue.Queue = queue.Queue()
    subscribed: queue.Queue = queue.Queue()
    transport, *authority = sys.argv[4:] or ["tcp"]
    client = mqtt.Client(client_id=f"paho-{protocol}-{qos}", protocol=protocol, transport=transport)
    if authority:
        client.tls_set(*authority)
    client.on_connect = lambda c, *_: c.subscribe("paho/+/echo", qos)
    client.on_subscribe = lambda _client, _data, _mid, granted, *_: subscribed.put(int(getattr(granted[0], "value", granted[0])))
    client.on_message = lambda _client, _data, message: arrived.put((message.topic, message.payload, message.qos))
    client.connect("localhost" if authority else "127.0.0.1", port)
    client.loop_start()
    granted = subscribed.get(timeout=PATIENCE_S)
    expected = [("paho/1/echo", f"message {i}".encode(), qos) for i in range(10)]
    for topic, payload, _ in expected:
        client.publish(topic, payload, qos).wait_for_publish(PATIENCE_S)
    got = [arrived.get(timeout=PATIENCE_S) for _ in expected]
    client.disconnect()
    client.loop_stop()
    if granted != qos or got != expected or not arrived.empty():
        print(f"granted {granted}, got {got}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
