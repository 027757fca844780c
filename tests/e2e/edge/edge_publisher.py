#!/usr/bin/python3
"""A module or device of Azure IoT that sends numbered events, each until it is acknowledged: ID-0, ID-1, …

edge_publisher.py PORT CA HOST ID KEY FIRST COUNT [BAG]
"""

import base64
import hashlib
import hmac
import sys
import time
import urllib.parse

import paho.mqtt.client as mqtt


def token(host: str, path: str, key: str) -> str:
    resource = urllib.parse.quote(f"{host}/{path}", safe="")
    until = str(int(time.time()) + 3600)
    mac = hmac.new(base64.b64decode(key), f"{resource}\n{until}".encode(), hashlib.sha256).digest()
    return f"SharedAccessSignature sr={resource}&sig={urllib.parse.quote(base64.b64encode(mac), safe='')}&se={until}"


def main() -> int:
    port, ca, host, name, key, first, count = sys.argv[1:8]
    bag = sys.argv[8] if len(sys.argv) > 8 else ""
    device, _, module = name.partition("/")
    path = f"devices/{device}" + (f"/modules/{module}" if module else "")
    client = mqtt.Client(name, clean_session=False)
    client.tls_set(ca)
    client.username_pw_set(f"{host}/{name}/?api-version=2021-04-12", token(host, path, key))
    client.max_inflight_messages_set(100)
    client.connect("localhost", int(port))
    client.loop_start()
    sent = [client.publish(f"{path}/messages/events/{bag}", f"{name}-{n}", qos=1) for n in range(int(first), int(first) + int(count))]
    for one in sent:
        one.wait_for_publish(30)
    done = all(one.is_published() for one in sent)
    client.disconnect()
    client.loop_stop()
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
