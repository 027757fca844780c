"""What must be so before each command that a document shows, in the document's order."""
import json
import secrets
import shutil
import signal
from typing import Callable

import symptoms
import who_runs
from site_under_test import Site, wait_for

Scene = Callable[[Site], None]

HOT = "FROM 'plant/+/temperature' WHERE $body.celsius > 80 INTO $upstream"
ROUTES = {
    "hot-up": {"route": HOT, "priority": 0},
    "to-display": "FROM 'plant/#' INTO BrokeredEndpoint('/modules/display/inputs/readings')",
    "broken": "FROM 'plant/#' WHERE $body.celsius > 'x' INTO $upstrem",
}


def configure(site: Site, name: str) -> None:
    upstream = {"host": "127.0.0.1", "port": int(site.ports["18851"]), "backoff": {"base_ms": 50, "cap_ms": 200}}
    config = {"hub_id": "site-7", "routes": ROUTES, "upstream": upstream}
    (site.home / name).write_text(json.dumps(config), encoding="utf-8")


def recorded(site: Site) -> None:
    """A recording of two readings, and routes to try on it."""
    route = "SELECT avg($body.celsius) AS celsius FROM 'plant/#' GROUP BY Count(2) INTO $upstream"
    (site.home / "routes.json").write_text(json.dumps({"routes": {"means": route}}), encoding="utf-8")
    plain_hub(site)
    site.start("recorder", RECORDING)
    site.run("sleep 1")  # it says nothing when it is ready
    two_readings(site)
    wait_for(lambda: (site.home / "sample.ndjson").read_text(encoding="utf-8").count("\n") == 2, "a recording")
    site.stop("recorder", signal.SIGINT)


def a_routes_dir(site: Site) -> None:
    (site.home / "etc/headgate/routes").mkdir(parents=True)


def own_hub(site: Site) -> None:
    """The hub of the document's own site.json."""
    site.start_hub("site.json")


def afresh(site: Site) -> None:
    """As before anything was published."""
    site.stop("hub")
    shutil.rmtree(site.home / "headgate-data")
    own_hub(site)


def power_cut(site: Site) -> None:
    site.stop("hub", signal.SIGKILL)


def three_readings(site: Site) -> None:
    for celsius in (78, 81, 84):
        site.publish("plant/7/temperature", f'{{"celsius": {celsius}}}')


def plain_hub(site: Site) -> None:
    (site.home / "site.json").write_text("{}", encoding="utf-8")
    site.start_hub("site.json")


def hub_with_http(site: Site) -> None:
    config = {"hub_id": "site-7", "admin": {"http": {"port": int(site.ports["9180"])}}, "routes": {"up": HOT}}
    (site.home / "site.json").write_text(json.dumps(config), encoding="utf-8")
    site.start_hub("site.json")
    site.publish("plant/7/temperature", '{"celsius": 81}')


def measured_plant(site: Site) -> None:
    configure(site, "site.json")
    site.start_hub("site.json")
    site.start("phone", "mosquitto_sub -p 1883 -c -i phone -q 1 -t alerts")
    wait_for(lambda: site.json("client ls")["clients"], "the phone")
    for celsius in (81, 79, 95):
        site.publish("plant/7/temperature", f'{{"celsius": {celsius}}}')


def two_readings(site: Site) -> None:
    for celsius in (81, 79):
        site.publish("plant/7/temperature", f'{{"celsius": {celsius}}}')


def three_configurations(site: Site) -> None:
    up = "FROM 'plant/#' INTO $upstream"
    files = {"site.json": {"hub_id": "site-7", "routes": {"up": up}},
             "new.json": {"hub_id": "site-8", "routes": {"up": up.replace("#", "+/t")}, "store": {"bytes_max": "1GiB"}},
             "mistaken.json": {"hub_id": "site-7", "listeners": [{"port": 99999}], "stor": {}}}
    for name, config in files.items():
        (site.home / name).write_text(json.dumps(config), encoding="utf-8")


def mosquittos_files(site: Site) -> None:
    (site.home / "acl").write_text("user ann\ntopic plant/#\npattern read home/%u/#\n", encoding="utf-8")
    (site.home / "users").write_text("# nobody yet\n", encoding="utf-8")
    (site.home / "mosquitto.conf").write_text(
        "pid_file /run/mosquitto/mosquitto.pid\npersistence true\n\nlistener 1883 127.0.0.1\n"
        "password_file users\nacl_file acl\n\n# up\nconnection cloud\naddress mqtt.example.com\n"
        'topic plant/# out 0 "" sites/7/\n', encoding="utf-8")


def mistaken_route(site: Site) -> None:
    route = "FROM /messages/* WHERE $body.x >> 3 INTO $upstream"
    (site.home / "r.json").write_text(json.dumps({"routes": {"a": route}}), encoding="utf-8")


def restart(site: Site) -> None:
    if "hub" not in site.running:
        site.start_hub("site.json")


def restart_and_read(site: Site) -> None:
    restart(site)
    two_readings(site)


def stop_hub(site: Site) -> None:
    if "hub" in site.running:
        site.stop("hub")


def cloud_and_reader(site: Site) -> None:
    """The cloud, and a hub that waits with its batch until somebody reads there."""
    site.stop("hub")
    site.start_cloud()


def link_up(site: Site) -> None:
    wait_for(lambda: any("Sending SUBACK" in line for line in site.printed("cloud")), "a reader at the cloud")
    site.start_hub("site.json")


def three_letters(site: Site) -> None:
    """A cloud that takes small packets only, and readings that no compression makes small."""
    site.stop("cloud")
    site.start_cloud("message_size_limit 2000")
    site.start("reader", "mosquitto_sub -p 18851 -q 1 -t headgate/site-7/batches -N")
    wait_for(lambda: any("Sending SUBACK" in line for line in site.printed("cloud")), "a reader at the cloud")
    for celsius in (91, 92, 93):
        site.publish("plant/7/temperature", f'{{"celsius": {celsius}, "noise": "{secrets.token_hex(4000)}"}}')
    settled(site, 3)


def settled(site: Site, letters: int) -> None:
    """Until nothing is on its way upstream and `letters` have died again."""
    def done() -> bool:
        queues = {queue["name"]: queue for queue in site.json("queue ls")["queues"]}
        return queues["$upstream"]["waiting"] == 0 and queues["$dead"]["waiting"] == letters
    wait_for(done, f"{letters} dead letters")


def letters_back(letters: int) -> Scene:
    return lambda site: settled(site, letters)


def room_for_backup(site: Site) -> None:
    restart(site)
    (site.home / "backup").mkdir(exist_ok=True)


def kept_plant(site: Site) -> None:
    """A hub with a history of three readings, and a route that somebody wants to change."""
    stop_hub(site)
    configure(site, "site.json")
    config = json.loads((site.home / "site.json").read_text(encoding="utf-8"))
    config["history"] = {"filter": "plant/#"}
    (site.home / "site.json").write_text(json.dumps(config), encoding="utf-8")
    hotter = {"routes": {"hot-up": {"route": HOT.replace("80", "90"), "priority": 0}}}
    (site.home / "hotter.json").write_text(json.dumps(hotter), encoding="utf-8")
    site.start_hub("site.json")
    for celsius in (81, 79, 95):
        site.publish("plant/7/temperature", f'{{"celsius": {celsius}}}')
    wait_for(lambda: any(queue["name"] == "$history" and queue["waiting"] == 3
                         for queue in site.json("queue ls")["queues"]), "the history")


def hub_with_routes_dir(site: Site) -> None:
    configure(site, "site.json")
    config = json.loads((site.home / "site.json").read_text(encoding="utf-8"))
    del config["routes"]["broken"]
    (site.home / "site.json").write_text(json.dumps(config | {"routes_dir": "routes"}), encoding="utf-8")
    (site.home / "routes").mkdir()
    (site.home / "routes/none.json").write_text('{"routes": {}}', encoding="utf-8")
    site.start_hub("site.json")


def configured_hub(site: Site) -> None:
    (site.home / "site.json").write_text('{"hub_id": "site-7", "routes": {}}', encoding="utf-8")
    site.start_hub("site.json")


def a_document(site: Site) -> None:
    document = '{"routes": {"night": "FROM \'plant/+/night\' INTO $upstream"}, "time_to_live_s": 86400}\n'
    (site.home / "night.json").write_text(document, encoding="utf-8")


def hub_that_takes_documents(site: Site) -> None:
    site.start_cloud()
    configure(site, "site.json")
    config = json.loads((site.home / "site.json").read_text(encoding="utf-8"))
    config["routes"] = {}
    config["upstream"]["remote_config"] = {"key_file": "fleet.pub"}
    (site.home / "site.json").write_text(json.dumps(config), encoding="utf-8")
    site.start_hub("site.json")
    wait_for(lambda: any("Sending SUBACK" in line for line in site.printed("cloud")), "a hub that listens")


def document_confirmed(site: Site) -> None:
    read = "mosquitto_sub -p 18851 -C 1 -W 5 -t headgate/site-7/reported"
    wait_for(lambda: '"state":"confirmed"' in "\n".join(site.run(read)[1]), "a document that is confirmed")


def hub_with_users(site: Site) -> None:
    """A hub that lets users in and nobody else, and knows none yet."""
    (site.home / "users").write_text("# nobody yet\n", encoding="utf-8")
    (site.home / "users").chmod(0o600)
    config = {"auth": {"password_file": "users"}, "listeners": [{"port": int(site.ports["1883"]), "anonymous": False}],
              "access": {"rules": [{"who": {"users": "*"}, "allow": ["publish"], "topics": ["#"]}]}}
    (site.home / "site.json").write_text(json.dumps(config), encoding="utf-8")
    site.start_hub("site.json")


def typed_password(site: Site) -> None:
    """At a terminal, each time once it is asked for."""
    code, said = site.type("headgate passwd users ann", [": ", ": "], "s3cret\n")
    if code != 0 or "s3cret" in said:
        raise RuntimeError(f"exit code {code}: {said}")


def reload_users(site: Site) -> None:
    """As the unit does; from then on who was added comes in, and nobody who was removed."""
    site.running["hub"].send_signal(signal.SIGHUP)
    wait_for(lambda: site.run("mosquitto_pub -p 1883 -u ann -P s3cret -t hello -m world -q 1")[0] == 0, "ann")
    if site.run("mosquitto_pub -p 1883 -u bob -P s3cret -t hello -m world -q 1")[0] == 0:
        raise RuntimeError("bob comes in")


def edge_gateway(site: Site) -> None:
    """The files of somebody who moves a gateway: the manifest, and the next one."""
    shown = who_runs.ROOT / "conf/examples/iot-edge/deployment.json"
    shutil.copy(shown, site.home / "deployment.json")
    after = json.loads(shown.read_text(encoding="utf-8"))
    modules = after["modulesContent"]["$edgeAgent"]["properties.desired"]["modules"]
    modules["detector"]["settings"]["image"] = "registry.example.com/line/detector:2.1"
    modules["detector"]["env"]["THRESHOLD"]["value"] = "0.9"
    after["modulesContent"]["$edgeHub"]["properties.desired"]["routes"]["hourlyUp"]["priority"] = 3
    (site.home / "next.json").write_text(json.dumps(after), encoding="utf-8")
    a_routes_dir(site)
    (site.home / "var/lib/headgate").mkdir(parents=True)


QUICK, HOW, README = "docs/quick-start.md", "docs/how-to.md", "README.md"

# Before a command that is not here, nothing is done.
BEFORE: dict[tuple[str, str], Scene] = {
    ("docs/access.md", "headgate passwd users ann"): hub_with_users,
    ("docs/benchmarks.md", "headgate bench fan-in -n 200000 -q 1"): plain_hub,
    ("docs/http.md", "curl -s http://localhost:9180/readyz"): hub_with_http,
    ("docs/coming-from.md", "headgate import mosquitto mosquitto.conf -o imported.json"): mosquittos_files,
    ("docs/from-iot-edge.md", "headgate route check deployment.json"): edge_gateway,
    ("docs/mqtt.md", "mosquitto_pub -p 1883 -V 5 -t modules/x/inputs/y -q 1 -m hi"): plain_hub,
    (QUICK, "mosquitto_pub -p 1883 -t plant/7/temperature -q 1 -m '{\"celsius\": 78}'"): afresh,
    ("docs/coming-from.md", "headgate route import deployment.json --out /etc/headgate/routes"): a_routes_dir,
    ("docs/security.md", "mosquitto_pub -h localhost -p 8883 --cafile hub.pem -t hello -m world"): symptoms.open_door_with_tls,
    ("docs/operations.md", "headgate config check site.json"): three_configurations,
    ("docs/operations.md", "headgate route ls"): measured_plant,
    ("docs/operations.md", "headgate route check r.json"): mistaken_route,
    ("docs/operations.md", "headgate unbatch --host 127.0.0.1 --port 18851 --count 1 --summary"): cloud_and_reader,
    ("docs/operations.md", "headgate dlq ls"): three_letters,
    ("docs/operations.md", "headgate dlq replay --all"): letters_back(3),
    ("docs/operations.md", "headgate dlq purge 24 25"): letters_back(3),
    ("docs/operations.md", "headgate store check --data ./headgate-data"): stop_hub,
    ("docs/operations.md", "headgate store stats"): restart_and_read,
    ("docs/operations.md", "headgate store backup backup/monday"): room_for_backup,
    ("docs/operations.md", "mv headgate-data headgate-data.old"): stop_hub,
    ("docs/operations.md", "headgate route replay hotter.json --since 1h --diff"): kept_plant,
    ("docs/remote-configuration.md", "headgate remote keygen fleet"): a_document,
    ("docs/remote-configuration.md", "mosquitto_pub -p 18851 -q 1 -r -t headgate/site-7/desired -f night.signed"):
        hub_that_takes_documents,
    ("docs/remote-configuration.md", "mosquitto_sub -p 18851 -C 1 -t headgate/site-7/reported"): document_confirmed,
}

READING = ("headgate unbatch --host 127.0.0.1 --port 18851 --client-id store-1 --state reader.json --sqlite readings.db "
           "--count 1 2> reader.log")
RECORDING = "headgate tail --json --payload 'plant/#' > sample.ndjson"

# What the test does in the place of commands that do not end, or that would concern more than the site.
INSTEAD: dict[tuple[str, str], Scene] = {
    (HOW, "headgated --config site.json"): own_hub,
    (HOW, "systemctl stop headgated"): stop_hub,
    (HOW, "systemctl start headgated"): own_hub,
    (README, "build/release/bin/headgated"): plain_hub,
    (QUICK, "headgated --config site.json"): own_hub,
    (QUICK, "kill -9 $(pidof headgated)"): power_cut,
    (QUICK, "mosquitto -p 18851"): lambda site: site.start_cloud(),
    ("docs/access.md", "headgate passwd users ann"): typed_password,
    ("docs/access.md", "systemctl reload headgated"): reload_users,
    ("docs/route-language.md", RECORDING): recorded,
}

# Sections that begin with a site of their own, and how it is.
SECTIONS: dict[tuple[str, str], Scene] = {
    (HOW, "Let others in, with TLS and users"): symptoms.nothing_runs,
    (HOW, "Chain modules"): symptoms.nothing_runs,
    (HOW, "Change routes without surprises"): hub_with_routes_dir,
    (HOW, "Change the configuration safely"): configured_hub,
    (HOW, "Run a site on a thin line"): symptoms.nothing_runs,
    (HOW, "Send what is urgent first"): symptoms.nothing_runs,
    (HOW, "Add a second link"): lambda site: site.start_cloud(),
    (HOW, "Read batches in the cloud"): lambda site: site.start_cloud(),
    (HOW, "Bound a queue"): symptoms.nothing_runs,
    (HOW, "Back up and restore"): symptoms.no_cloud,
    (HOW, "Move a hub to another machine"): symptoms.no_cloud,
    (HOW, "Watch a hub"): symptoms.plain,
    **{("docs/troubleshooting.md", section): scene for section, scene in symptoms.SECTIONS.items()},
}

# While these run, something happens.
MEANWHILE: dict[str, Scene] = {
    READING: symptoms.hub_with_a_reading,
    "mosquitto_sub -p 1883 -t 'plant/#' -v": three_readings,
    "headgate tail 'plant/#' --payload": two_readings,
    "headgate unbatch --host 127.0.0.1 --port 18851 --count 1 --summary": link_up,
}

# These end only when they are interrupted.
ENDLESS = {"headgate tail 'plant/#' --payload", "mosquitto_sub -p 1883 -t 'plant/#' -v"}

# Exit codes other than 0.
EXITS = {
    **symptoms.EXITS,
    "headgate config check mistaken.json": 1,
    "headgate deploy diff deployment.json next.json": 1,
    "headgate route check r.json": 1,
    "mosquitto_sub -p 1883 -t '$SYS/broker/uptime' -t '$SYS/broker/clients/#' -t '$SYS/headgate/link/state' -v -W 1": 27,
}

# These ask, and are answered.
ANSWERS = {"headgate dlq replay --all": "y\n", "headgate dlq purge 24 25": "y\n", "headgate dlq purge --all": "y\n"}

# Commands of which a test machine has no way to run them, or that another test runs, each with its reason.
BUILDS = "what runs this test has built"
JQ = "jq is no package of tools/dev deps; the test BatchFormatDoc reads the same batch"
READERS = "tests/e2e/chain/many_sites_test.cc runs such readers at real brokers"
RABBIT = "tools/dev deps installs it, and tests/e2e/chain/many_sites_test.cc has its plugin enabled"
NOT_RUN: dict[tuple[str, str], str] = {
    (README, "tools/dev build release headgated headgate"): BUILDS,
    (README, "tools/dev demo"): "tests/tools/demo_test.py plays its parts",
    (QUICK, "tools/dev build release headgated headgate"): BUILDS,
    ("docs/batch-format.md", "mosquitto_sub -h cloud -t 'headgate/+/batches' -C 1 -N | zstd -dc | jq ."): JQ,
    ("docs/batch-format.md", "mosquitto_sub -h cloud -t 'headgate/+/batches' -C 1 -N > batch && "
                             "python3 tools/readers/columns.py batch | jq ."): JQ,
    ("docs/batch-format.md", "mosquitto_sub -h broker.example.com -t 'headgate/+/batches' -C 300 -F %x | "
                             "tools/readers/train_dictionary.py plant.dict"):
        "tests/e2e/readers/readers_test.cc makes a dictionary of batches by it",
    ("docs/configuration.md", "headgate unbatch --host broker.example.com --client-id store-1 --state "
                              "/var/lib/unbatch/state --sqlite readings.db --ack"):
        "tests/e2e/readers/acknowledgement_test.cc runs such a reader",
    ("docs/many-sites.md", "headgate unbatch --host broker --protocol 4 --client-id reader-2 --shard 2/5 "
                           "  --state /var/lib/headgate/reader-2.json --sqlite /var/lib/headgate/reader-2.db"): READERS,
    ("docs/many-sites.md", "headgate unbatch --host broker --client-id reader-2 --shard 2/5 --state "
                           "/var/lib/headgate/reader-2.json   --to mqtts://loader@warehouse.example --to-password-file "
                           "/etc/headgate/loader --to-topic 'sites/{hub}/{topic}'"): READERS,
    ("docs/http.md", "ssh -L 9180:localhost:9180 gateway"): "there is no second machine",
    ("docs/many-sites.md", "apt-get install rabbitmq-server"): RABBIT,
    ("docs/many-sites.md", "rabbitmq-plugins enable rabbitmq_mqtt"): RABBIT,
}


def why_not_run(document: str, sample) -> str:
    """Empty for a command that the test runs."""
    if test := who_runs.runner(sample):
        return f"{test} runs it"
    return NOT_RUN.get((document, sample.command), "")
