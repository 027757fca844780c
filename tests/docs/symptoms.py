"""What is wrong at the site of each symptom that docs/troubleshooting.md shows."""
import json
import os
import secrets
import signal
from typing import Callable

from site_under_test import Site, wait_for

Scene = Callable[[Site], None]

UP = "FROM 'plant/#' INTO $upstream"
CERTIFICATE = ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=hub "
               "-addext subjectAltName=DNS:localhost,IP:127.0.0.1")


def write(site: Site, name: str, config: dict) -> None:
    (site.home / name).write_text(json.dumps(config), encoding="utf-8")


def hub(site: Site, config: dict, before: str = "") -> None:
    write(site, "site.json", {"hub_id": "site-7", **config})
    site.start_hub("site.json", before)


def upstream(site: Site, **keys) -> dict:
    return {"host": "127.0.0.1", "port": int(site.ports["18851"]), "backoff": {"base_ms": 50, "cap_ms": 200}, **keys}


def quietly(site: Site, command: str) -> None:
    code, lines = site.run(command)
    if code != 0:
        raise RuntimeError(f"{command}: {lines}")


def logged(site: Site, event: str, times: int = 1) -> None:
    wait_for(lambda: sum(f" {event} " in line for line in site.printed("hub")) >= times, f"{times} {event}")


def mistyped(site: Site) -> None:
    write(site, "wrong.json", {"listenrs": [], "store": {"durability": "fast"}, "listeners": [{"address": "0.0.0.0"}]})


def two_hubs(site: Site) -> None:
    hub(site, {})
    write(site, "second.json", {"listeners": [{"port": 0}]})


def taken_port(site: Site) -> None:
    hub(site, {})
    write(site, "second.json", {"listeners": [{"port": int(site.ports["1883"])}], "data_dir": "other"})


def another_id(site: Site) -> None:
    hub(site, {})
    site.stop("hub")
    write(site, "second.json", {"hub_id": "site-8", "listeners": [{"port": 0}]})


def nothing_runs(_: Site) -> None:
    pass


def plain(site: Site) -> None:
    hub(site, {})


def user_ann(site: Site) -> None:
    quietly(site, "echo s3cret | headgate passwd users ann")
    rule = {"who": {"users": ["ann"]}, "allow": ["publish", "subscribe", "receive"], "topics": ["plant/#"]}
    hub(site, {"auth": {"password_file": "users"}, "access": {"rules": [rule]}})


def door_with_tls(site: Site, days: int = 365) -> None:
    quietly(site, f"{CERTIFICATE} -days {days} -keyout hub.key -out hub.pem")
    quietly(site, f"{CERTIFICATE} -days 1 -keyout other.key -out other.pem")
    open_door_with_tls(site)


def open_door_with_tls(site: Site) -> None:
    """With the certificate that is there."""
    tls = {"cert_file": "hub.pem", "key_file": "hub.key"}
    hub(site, {"listeners": [{"port": int(site.ports["1883"])},
                             {"transport": "tls", "port": int(site.ports["8883"]), "tls": tls}]})


def certificate_near_its_end(site: Site) -> None:
    door_with_tls(site, 10)


def two_of_one_id(site: Site) -> None:
    hub(site, {})
    for name in ("first", "second"):
        site.start(name, "mosquitto_sub -p 1883 -i pump-1 -t plant/cmd")
    logged(site, "client_taken_over")


def one_seat(site: Site) -> None:
    hub(site, {"listeners": [{"port": int(site.ports["1883"]), "connections_max": 1}]})
    site.start("first", "mosquitto_sub -p 1883 -i pump-1 -t plant/cmd")
    logged(site, "client_connected")


def small_packets(site: Site) -> None:
    hub(site, {"limits": {"packet_bytes_max": 1024}})
    (site.home / "large").write_text("x" * 2000, encoding="utf-8")


def misread_body(site: Site) -> None:
    route = "FROM 'plant/+/temperature' WHERE $body.Celsius > 80 INTO $upstream"
    hub(site, {"routes": {"hot": route}})
    site.publish("plant/7/temperature", '{"celsius": 81}')


def mistaken_route(site: Site) -> None:
    hub(site, {"routes": {"hot": "FROM 'plant/#' WHERE $body.celsius > 80 INTO $upstrem"}})


def module_away(site: Site) -> None:
    hub(site, {"routes": {"in": "FROM 'plant/#' INTO BrokeredEndpoint('/modules/filter/inputs/readings')"}})
    site.start("filter", "mosquitto_sub -p 1883 -i filter -q 1 -t modules/filter/inputs/reading")
    logged(site, "client_connected")
    site.publish("plant/7/temperature", "81")


def full_queue(site: Site) -> None:
    hub(site, {"routes": {"up": {"route": UP, "queue": {"maxMessages": 2}}}})
    for celsius in (81, 82):
        site.publish("plant/7/temperature", str(celsius))


def full_queue_and_mqtt_3(site: Site) -> None:
    full_queue(site)
    site.start("pump", "mosquitto_pub -p 1883 -i pump-1 -q 1 -t plant/7/temperature -m 83")
    logged(site, "no_room_in_queue")


def queue_that_drops(site: Site) -> None:
    hub(site, {"routes": {"up": {"route": UP, "queue": {"maxMessages": 2, "onFull": "drop-oldest"}}}})
    for celsius in (81, 82, 83):
        site.publish("plant/7/temperature", str(celsius))


def sleeping_reader(site: Site) -> None:
    hub(site, {"limits": {"write_buffer_bytes_max": 1024, "queued_bytes_max": 1024}})
    site.start("panel", "mosquitto_sub -p 1883 -i panel -t plant/# -q 1")
    wait_for(lambda: site.json("client ls")["clients"], "a reader")
    os.kill(site.running["panel"].pid, signal.SIGSTOP)
    (site.home / "large").write_text("x" * 1000000, encoding="utf-8")
    for _ in range(20):
        quietly(site, "mosquitto_pub -p 1883 -t plant/7/picture -q 1 -f large")
    logged(site, "messages_dropped")


def session_left(site: Site) -> None:
    hub(site, {})
    quietly(site, "mosquitto_sub -p 1883 -c -i old-panel -q 1 -t plant/# -E")
    for celsius in (81, 82):
        site.publish("plant/7/temperature", str(celsius))


def many_retained(site: Site) -> None:
    hub(site, {"limits": {"retained_messages_max": 1}})
    for machine in (7, 8):
        quietly(site, f"mosquitto_pub -p 1883 -r -q 1 -t plant/{machine}/state -m on")


def circle(site: Site) -> None:
    hub(site, {"routes": {"there": "FROM 'a/#' INTO Topic('b/x')", "back": "FROM 'b/#' INTO Topic('a/x')"}})
    site.publish("a/x", "1")


def no_cloud(site: Site) -> None:
    hub(site, {"routes": {"up": UP}, "upstream": upstream(site)})
    site.publish("plant/7/temperature", "81")


def hub_with_a_reading(site: Site) -> None:
    """A hub that sends what the reader waits for."""
    no_cloud(site)


def cloud_of_another_authority(site: Site) -> None:
    quietly(site, f"{CERTIFICATE} -days 1 -keyout cloud.key -out cloud.pem")
    quietly(site, f"{CERTIFICATE} -days 1 -keyout other.key -out other.pem")
    start_cloud(site, f"certfile {site.home}/cloud.pem", f"keyfile {site.home}/cloud.key", "allow_anonymous true")
    hub(site, {"upstream": upstream(site, host="localhost", tls={"ca_file": "other.pem"})})


def start_cloud(site: Site, *settings: str) -> None:
    """A Mosquitto that lets in whom these settings let in. It stays the user that it is, to read its files."""
    lines = [f"listener {site.ports['18851']} 127.0.0.1", "user root", *settings]
    (site.home / "strict.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    site.start("cloud", "mosquitto -c strict.conf")
    wait_for(lambda: any("running" in line for line in site.printed("cloud")), "a cloud")


def unknown_to_the_cloud(site: Site) -> None:
    quietly(site, "touch nobody && chmod 600 nobody")
    start_cloud(site, "allow_anonymous false", "password_file nobody")
    (site.home / "secret").write_text("wrong\n", encoding="utf-8")
    hub(site, {"upstream": upstream(site, username="site-7", password_file="secret")})
    logged(site, "upstream_refused_for_good")


def unheard(site: Site) -> None:
    site.start_cloud()
    hub(site, {"routes": {"up": UP}, "upstream": upstream(site)})
    site.publish("plant/7/temperature", "81")
    logged(site, "upstream_nobody_subscribed")


def used_up(site: Site) -> None:
    site.start_cloud()
    site.start("reader", "mosquitto_sub -p 18851 -q 1 -t headgate/site-7/batches -N")
    wait_for(lambda: any("Sending SUBACK" in line for line in site.printed("cloud")), "a reader at the cloud")
    link = {"host": "127.0.0.1", "port": int(site.ports["18851"]), "budget": {"day_bytes": 2000}}
    hub(site, {"routes": {"up": UP}, "links": {"lte": link}})
    site.publish("plant/7/noise", secrets.token_hex(2000))


def own_upstream(site: Site) -> None:
    hub(site, {"routes": {"up": "FROM '#' INTO $upstream"},
               "upstream": {"host": "127.0.0.1", "port": int(site.ports["1883"])}})
    site.start("reader", "mosquitto_sub -p 1883 -i reader -t headgate/#")
    site.publish("plant/7/temperature", "81")


def edited_badly(site: Site) -> None:
    hub(site, {"routes": {"hot": UP}})
    keys = json.loads((site.home / "site.json").read_text(encoding="utf-8"))
    keys |= {"routes": {"hot": "FROM 'plant/# INTO $upstream"}, "sys_interval_s": 5}
    write(site, "site.json", keys)


def few_descriptors(site: Site) -> None:
    hub(site, {}, "prlimit --nofile=500 ")


def small_disk(site: Site) -> None:
    """A file system of 96 MiB that only the hub sees."""
    site.environment["HEADGATE_SOCKET"] = "admin.sock"
    (site.home / "headgate-data").mkdir()
    (site.home / "small").write_text('mount -t tmpfs -o size=96m headgate-test headgate-data && exec "$@"\n', encoding="utf-8")
    if site.run("unshare -m bash small true")[0] != 0:
        raise Skipped("needs root, for a small file system")
    hub(site, {"admin": {"socket": "admin.sock"}, "routes": {"up": UP}}, "unshare -m bash small ")
    logged(site, "disk_reserve_set_aside")
    inside = f"nsenter -t {site.running['hub'].pid} -m"
    free = int(site.run(f"{inside} df --output=avail -B1 {site.home}/headgate-data")[1][1])
    quietly(site, f"{inside} fallocate -l {free - (8 << 20)} {site.home}/headgate-data/other")
    wait_for(lambda: any(" stopped=publishers " in line for line in site.printed("hub")), "a disk that is low")


class Skipped(Exception):
    """This machine cannot show it."""


def three_letters(site: Site) -> None:
    """A cloud that takes small packets only, and readings that no compression makes small."""
    site.start_cloud("message_size_limit 2000")
    site.start("reader", "mosquitto_sub -p 18851 -q 1 -t headgate/site-7/batches -N")
    wait_for(lambda: any("Sending SUBACK" in line for line in site.printed("cloud")), "a reader at the cloud")
    hub(site, {"routes": {"up": UP}, "upstream": upstream(site)})
    for celsius in (91, 92, 93):
        site.publish("plant/7/temperature", f'{{"celsius": {celsius}, "noise": "{secrets.token_hex(4000)}"}}')
    logged(site, "upstream_dead_letter", 3)


SECTIONS: dict[str, Scene] = {
    "The hub ends at once, with exit code 2": mistyped,
    'The hub ends with "Address already in use"': taken_port,
    'The hub ends with "is in use by process"': two_hubs,
    'The hub ends with "belongs to hub"': another_id,
    "headgate says that no hub answers": nothing_runs,
    '"Connection refused" from another machine': plain,
    '"bad user name or password"': user_ann,
    '"A TLS error occurred"': door_with_tls,
    "The log says certificate_expires": certificate_near_its_end,
    "A client comes and goes all the time": two_of_one_id,
    "The connection is lost at once": one_seat,
    "The connection is lost when a client publishes": small_packets,
    'A publish is "not authorized", or goes nowhere': user_ann,
    "A route takes nothing": misread_body,
    "A route is left out": mistaken_route,
    "The log says hop_limit": circle,
    "A module gets nothing": module_away,
    'A publish hangs, or fails with "Quota exceeded"': full_queue_and_mqtt_3,
    "Messages are lost in a queue": queue_that_drops,
    "A subscriber misses messages": sleeping_reader,
    "The store grows, and nobody reads": session_left,
    "A new subscriber does not get the last value": many_retained,
    "The link is down": no_cloud,
    "The link fails with a TLS error": cloud_of_another_authority,
    "The cloud refuses the hub": unknown_to_the_cloud,
    "The link is up, and everything waits": unheard,
    "The link is idle although something waits": used_up,
    "Dead letters wait": three_letters,
    "The log says own_batch_came_back": own_upstream,
    "A reload does not take what was written": edited_badly,
    "The disk is low": small_disk,
    "The log says descriptors_few": few_descriptors,
}

# Exit codes of commands that fail as shown.
EXITS = {
    "headgated --check wrong.json": 2,
    "headgate --data ./elsewhere status": 1,
    "mosquitto_pub -p 1883 -u ann -P guess -t plant/7/temperature -m 81 -q 1": 4,
    "mosquitto_pub -p 1883 -t plant/7/temperature -m 81 -q 1": 7,
    "mosquitto_pub -p 1883 -i camera -t plant/7/picture -f large -q 1": 7,
    "headgate reload": 1,
}
