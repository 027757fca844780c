// `headgate deploy render`: modules of a manifest as units, whatever their texts hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/tools/deploy/manifests.h"

namespace headgate::tools {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::ordered_json;

// Says nothing that has no counterpart.
constexpr const char* kHost = R"({"HostConfig": {"Binds": ["/srv/m:/m:ro", "data:/data"],
  "Mounts": [{"Type": "bind", "Source": "/a:b", "Target": "/in", "ReadOnly": true},
             {"Type": "volume", "Source": "cache", "Target": "/cache"}, {"Type": "tmpfs", "Target": "/tmp", "TmpfsOptions": {"SizeBytes": 1024}}],
  "PortBindings": {"8080/tcp": [{"HostPort": "80", "HostIp": "127.0.0.1"}, {"HostPort": "81"}], "53/udp": [{"HostPort": "53", "HostIp": "::1"}]},
  "Devices": [{"PathOnHost": "/dev/ttyUSB0", "PathInContainer": "/dev/tty0", "CgroupPermissions": "rwm"}],
  "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m"}}, "Privileged": true, "CapAdd": ["NET_ADMIN"],
  "ExtraHosts": ["plc:10.0.0.7"]}, "Cmd": ["--rate", "2 s"], "Entrypoint": ["/bin/app", "-v"], "WorkingDir": "/app",
  "User": "1000:1000", "Labels": {"line": "7"}, "Hostname": "press-7", "ExposedPorts": {"9/tcp": {}}, "Env": ["A=1=2"]})";

// The same of what is less usual.
constexpr const char* kMore =
    R"({"Healthcheck": {"Test": ["CMD", "curl", "-f", "it's up"], "Interval": 30000000000, "Timeout": 1500000,
    "StartPeriod": 5000000000, "Retries": 3}, "StopTimeout": 20, "MacAddress": "02:42:ac:11:65:43",
  "HostConfig": {"Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 4096}, {"Name": "memlock", "Soft": -1, "Hard": -1}],
    "UsernsMode": "host", "NanoCpus": 1500000000, "CpuShares": 512, "CpuPeriod": 100000, "CpuQuota": 50000, "MemoryReservation": 1048576,
    "MemorySwap": -1, "MemorySwappiness": 10, "PidsLimit": 100, "OomKillDisable": true, "OomScoreAdj": -500,
    "CgroupParent": "line.slice", "DnsOptions": ["ndots:1"], "DeviceCgroupRules": ["c 188:* rmw"]}})";

class DeployRender : public DeployTest {
 protected:
  Json errors_of(const std::string& manifest) {
    EXPECT_EQ(render(manifest, {"--to", "compose", "--json"}), 1);
    return Json::parse(out_.str())["errors"];
  }
};

TEST_F(DeployRender, MapsEveryUsualOptionToCompose) {
  ASSERT_EQ(render(manifest_with(kHost), {"--to", "compose"}), 3);
  for (const char* line :
       {"    container_name: \"sensor\"\n",
        "    image: \"example/sensor:1\"\n",
        "    restart: \"always\"\n",
        "      - \"/srv/m:/m:ro\"\n      - \"data:/data\"\n",
        "        source: \"/a:b\"\n        target: \"/in\"\n        read_only: true\n",
        "      - \"127.0.0.1:80:8080/tcp\"\n      - \"81:8080/tcp\"\n      - \"[::1]:53:53/udp\"\n",
        "    devices:\n      - \"/dev/ttyUSB0:/dev/tty0:rwm\"\n",
        "    logging:\n      driver: \"json-file\"\n      options:\n        \"max-size\": \"10m\"\n",
        "    privileged: true\n",
        "    cap_add:\n      - \"NET_ADMIN\"\n",
        "    extra_hosts:\n      - \"plc:10.0.0.7\"\n",
        "    command:\n      - \"--rate\"\n      - \"2 s\"\n",
        "    entrypoint:\n      - \"/bin/app\"\n      - \"-v\"\n",
        "    working_dir: \"/app\"\n",
        "    user: \"1000:1000\"\n",
        "    labels:\n      line: \"7\"\n",
        "    hostname: \"press-7\"\n",
        "    expose:\n      - \"9/tcp\"\n",
        "      \"A\": \"1=2\"\n",
        "  data:\n    name: \"data\"\n",
        "  cache:\n    name: \"cache\"\n"})
    EXPECT_THAT(out_.str(), HasSubstr(line));
}

TEST_F(DeployRender, MapsEveryUsualOptionToRunOfAnEngine) {
  ASSERT_EQ(render(manifest_with(kHost), {"--to", "systemd"}), 3);
  for (const char* word :
       {"--volume=/srv/m:/m:ro", "--mount=type=bind,source=/a:b,target=/in,readonly",
        "--mount=type=tmpfs,target=/tmp,tmpfs-size=1024", "--publish=127.0.0.1:80:8080/tcp",
        "\"--publish=[::1]:53:53/udp\"", "--device=/dev/ttyUSB0:/dev/tty0:rwm", "--log-driver=json-file",
        "--log-opt=max-size=10m", "--privileged", "--cap-add=NET_ADMIN", "--add-host=plc:10.0.0.7",
        "--entrypoint=/bin/app", "example/sensor:1 \\\n  -v \\\n  --rate \\\n  \"2 s\"\n", "--workdir=/app",
        "--user=1000:1000", "--label=line=7", "--hostname=press-7", "--expose=9/tcp", "--env=A=1=2"})
    EXPECT_THAT(out_.str(), HasSubstr(std::string("  ") + word));
}

TEST_F(DeployRender, MapsHealthLimitsAndSharesToCompose) {
  ASSERT_EQ(render(manifest_with(kMore), {"--to", "compose"}), 3);
  for (
      const char* line :
      {"    healthcheck:\n      test:\n        - \"CMD\"\n        - \"curl\"\n        - \"-f\"\n        - \"it's up\"\n"
       "      interval: \"30000ms\"\n      timeout: \"2ms\"\n      start_period: \"5000ms\"\n      retries: 3\n",
       "    stop_grace_period: \"20s\"\n", "    mac_address: \"02:42:ac:11:65:43\"\n",
       "    ulimits:\n      nofile:\n        soft: 1024\n        hard: 4096\n      memlock:\n        soft: -1\n        hard: -1\n",
       "    userns_mode: \"host\"\n", "    cpus: 1.5\n", "    cpu_shares: 512\n", "    cpu_period: 100000\n",
       "    cpu_quota: 50000\n", "    mem_reservation: 1048576\n", "    memswap_limit: -1\n",
       "    mem_swappiness: 10\n", "    pids_limit: 100\n", "    oom_kill_disable: true\n",
       "    oom_score_adj: -500\n", "    cgroup_parent: \"line.slice\"\n",
       "    dns_opt:\n      - \"ndots:1\"\n", "    device_cgroup_rules:\n      - \"c 188:* rmw\"\n"})
    EXPECT_THAT(out_.str(), HasSubstr(line));
  EXPECT_THAT(err_.str(), Not(HasSubstr("createOptions")));
}

TEST_F(DeployRender, MapsHealthLimitsAndSharesToRunOfAnEngineAndQuadlet) {
  const char* const words[] = {"--health-interval=30000ms",
                               "--health-timeout=2ms",
                               "--health-start-period=5000ms",
                               "--health-retries=3",
                               "--stop-timeout=20",
                               "--mac-address=02:42:ac:11:65:43",
                               "--ulimit=nofile=1024:4096",
                               "--ulimit=memlock=-1:-1",
                               "--userns=host",
                               "--cpus=1.5",
                               "--cpu-shares=512",
                               "--cpu-period=100000",
                               "--cpu-quota=50000",
                               "--memory-reservation=1048576",
                               "--memory-swap=-1",
                               "--memory-swappiness=10",
                               "--pids-limit=100",
                               "--oom-kill-disable",
                               "--oom-score-adj=-500",
                               "--cgroup-parent=line.slice",
                               "--dns-option=ndots:1"};
  ASSERT_EQ(render(manifest_with(kMore), {"--to", "systemd"}), 3);
  for (const char* word : words) EXPECT_THAT(out_.str(), HasSubstr(std::string("  ") + word + " \\\n"));
  EXPECT_THAT(out_.str(), HasSubstr(R"("--health-cmd='curl' '-f' 'it'\\''s up'")"));
  EXPECT_THAT(out_.str(), HasSubstr("\"--device-cgroup-rule=c 188:* rmw\""));
  ASSERT_EQ(render(manifest_with(kMore), {"--to", "quadlet"}), 3);
  for (const char* word : words) EXPECT_THAT(out_.str(), HasSubstr(std::string("PodmanArgs=") + word + "\n"));
}

TEST_F(DeployRender, TurnsAHealthCheckOffAndKeepsOneOfAShell) {
  const std::string off = manifest_with(R"({"Healthcheck": {"Test": ["NONE"]}})");
  render(off, {"--to", "compose"});
  EXPECT_THAT(out_.str(), HasSubstr("    healthcheck:\n      disable: true\n"));
  render(off, {"--to", "systemd"});
  EXPECT_THAT(out_.str(), HasSubstr("  --no-healthcheck \\\n"));
  render(manifest_with(R"({"Healthcheck": {"Test": ["CMD-SHELL", "test -e /up"]}})"), {"--to", "systemd"});
  EXPECT_THAT(out_.str(), HasSubstr("\"--health-cmd=test -e /up\""));
}

TEST_F(DeployRender, TellsWhatIsWrongInHealthLimitsAndShares) {
  const auto wrong = [&](const std::string& options) {
    const Json errors = errors_of(manifest_with(options));
    return errors[0]["path"].get<std::string>() + ": " + errors[0]["what"].get<std::string>();
  };
  EXPECT_THAT(wrong(R"({"Healthcheck": {"Test": ["curl"]}})"),
              EndsWith(R"(["CMD", …], ["CMD-SHELL", "…"] or ["NONE"])"));
  EXPECT_THAT(wrong(R"({"Healthcheck": {"Interval": "30s"}})"),
              EndsWith("Interval: is string; has to be a whole number"));
  EXPECT_THAT(wrong(R"({"Healthcheck": {"Interval": -1}})"), EndsWith("Interval: is negative"));
  EXPECT_THAT(wrong(R"({"HostConfig": {"Ulimits": [{"Name": "no:file", "Soft": 1}]}})"),
              EndsWith("is no limit such as nofile"));
  EXPECT_THAT(wrong(R"({"HostConfig": {"Ulimits": [{"Soft": 1}]}})"),
              EndsWith("Ulimits[0].Name: is missing"));
  EXPECT_THAT(wrong(R"({"HostConfig": {"NanoCpus": "1.5"}})"),
              EndsWith("NanoCpus: is string; has to be a number"));
}

TEST_F(DeployRender, NamesWhatHasNoCounterpartAndSaysSoByItsExitCode) {
  const std::string manifest = manifest_with(
      R"({"HostConfig": {"Ulimits": [{"Name": "nofile"}], "BlkioWeight": 5}, "ArgsEscaped": true, "Volumes": {}})");
  EXPECT_EQ(render(manifest, {"--to", "compose"}), 3);
  for (const char* name : {"createOptions.HostConfig.Ulimits[0]: has no counterpart",
                           "createOptions.HostConfig.BlkioWeight: ", "createOptions.ArgsEscaped: "})
    EXPECT_THAT(err_.str(), HasSubstr(name));
  EXPECT_THAT(err_.str(), Not(HasSubstr("Volumes")));
  EXPECT_EQ(render(manifest, {"--to", "compose", "--json"}), 3);
  EXPECT_THAT(Json::parse(out_.str())["left_out"].dump(), HasSubstr("ArgsEscaped"));
}

TEST_F(DeployRender, PutsContinuedOptionsTogether) {
  const std::string manifest = manifest_of(
      R"("sensor": {"type": "docker", "settings": {"image": "a", "createOptions": "{\"User\":", "createOptions01": "\"u", "createOptions02": "ser\"}"}})");
  render(manifest, {"--to", "compose"});
  EXPECT_THAT(out_.str(), HasSubstr("user: \"user\""));
}

TEST_F(DeployRender, TellsWhereAManifestIsWrong) {
  const std::string base = R"(modulesContent.$edgeAgent["properties.desired"].modules)";
  const auto first = [&](const std::string& modules) {
    const Json errors = errors_of(manifest_of(modules));
    return errors[0]["path"].get<std::string>() + ": " + errors[0]["what"].get<std::string>();
  };
  EXPECT_EQ(first(R"("m": 5)"), base + ".m: is 5; has to be an object");
  EXPECT_EQ(first(R"("m": {"settings": {}})"), base + ".m.settings.image: is missing");
  EXPECT_EQ(
      first(R"("m": {"settings": {"image": "${MODULES.m}"}})"),
      base + ".m.settings.image: has a placeholder of a template: give the manifest that was made of it");
  EXPECT_EQ(first(R"("m": {"restartPolicy": "often", "settings": {"image": "a"}})"),
            base + ".m.restartPolicy: is \"often\"; allowed: always, on-failure, on-unhealthy, never");
  EXPECT_EQ(first(R"("m": {"env": {"A": 5}, "settings": {"image": "a"}})"),
            base + ".m.env.A: has to be {\"value\": …} with a text, a number or true or false");
  EXPECT_THAT(first(R"("m": {"settings": {"image": "a", "createOptions": "{\"User\": "}})"),
              StartsWith(base + ".m.settings.createOptions:1:"));
  EXPECT_THAT(first(R"("m": {"settings": {"image": "a", "createOptions": "{", "createOptions02": "}"}})"),
              HasSubstr("createOptions01: is missing"));
  EXPECT_EQ(
      first(
          R"("m": {"settings": {"image": "a", "createOptions": "{\"HostConfig\":{\"Binds\":[\"/a:/a\",7]}}"}})"),
      base + ".m.settings.createOptions.HostConfig.Binds[1]: is number; has to be a text");
  EXPECT_THAT(first(R"("a,b": {"settings": {"image": "a"}}, "a:b": {"settings": {"image": "a"}})"),
              EndsWith("its container would be called as that of a,b: rename one"));
  EXPECT_THAT(first(R"("a\nb": {"settings": {"image": "a"}})"), HasSubstr("no module can be called so"));
}

TEST_F(DeployRender, WritesNothingOfAManifestThatIsWrong) {
  EXPECT_EQ(render(manifest_of(R"("m": {"settings": {}})"), {"--to", "quadlet", "--out", dir_ / "units"}), 1);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "units"));
}

TEST_F(DeployRender, ReadsALayeredDeploymentByItsDottedKeys) {
  const std::string manifest = R"({"content": {"modulesContent": {"$edgeAgent": {
    "properties.desired.modules.filter-mod.v2": {"type": "docker", "settings": {"image": "a:1"}},
    "properties.desired.modules.filter-mod.v2.env.X": {"value": "1"},
    "properties.desired.modules.filter-mod.v2.settings.image": "a:2"}}}})";
  render(manifest, {"--to", "compose"});
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("\"filter-mod.v2\":"), HasSubstr("image: \"a:2\""), HasSubstr("\"X\": \"1\"")));
}

TEST_F(DeployRender, NeverPrintsCredentialsOfRegistries) {
  for (const char* kind : {"compose", "quadlet", "systemd"}) {
    render(example(), {"--to", kind});
    EXPECT_THAT(out_.str() + err_.str(), Not(HasSubstr("not-a-real-one")));
    EXPECT_THAT(
        err_.str(),
        HasSubstr(
            "registryCredentials.plant: log in where the containers run, as by docker login registry.example.com"));
    render(example(), {"--to", kind, "--json"});
    EXPECT_THAT(out_.str() + err_.str(), Not(HasSubstr("not-a-real-one")));
  }
}

TEST_F(DeployRender, StartsModulesInTheirOrderAndLeavesStoppedOnesAlone) {
  const std::string manifest = manifest_of(
      R"("late": {"startupOrder": 2, "settings": {"image": "a"}}, "first": {"startupOrder": 1, "settings": {"image": "a"}},
         "off": {"status": "stopped", "restartPolicy": "never", "settings": {"image": "a"}})");
  render(manifest, {"--to", "compose"});
  EXPECT_LT(out_.str().find("  first:"), out_.str().find("  late:"));
  EXPECT_THAT(out_.str(), HasSubstr("depends_on:\n      - \"first\""));
  EXPECT_THAT(out_.str(), HasSubstr("restart: \"no\"\n    profiles:\n      - \"stopped\""));
  render(manifest, {"--to", "systemd"});
  EXPECT_THAT(
      out_.str(),
      HasSubstr("After=network-online.target headgated.service docker.service headgate-first.service\n"));
  const std::string off = out_.str().substr(out_.str().find("# headgate-off.service"));
  EXPECT_THAT(off, AllOf(HasSubstr("Restart=no\n"), Not(HasSubstr("WantedBy"))));
}

TEST_F(DeployRender, GivesEachModuleWhatFromEnvironmentWantsAndOnlyItsOwnSocket) {
  ASSERT_EQ(render_with_gateway(example(), "compose"), 0) << err_.str();
  const std::string text = out_.str();
  const std::string sensor =
      text.substr(text.find("\n  sensor:"), text.find("\n  filter:") - text.find("\n  sensor:"));
  for (const char* line :
       {"IOTEDGE_WORKLOADURI\": \"unix:///run/iotedge/workload.sock", "IOTEDGE_DEVICEID\": \"edge-1",
        "IOTEDGE_MODULEID\": \"sensor", "IOTEDGE_MODULEGENERATIONID\": \"g-sensor",
        "IOTEDGE_IOTHUBHOSTNAME\": \"acme-plant.azure-devices.net", "IOTEDGE_GATEWAYHOSTNAME\": \"gateway-7",
        "IOTEDGE_AUTHSCHEME\": \"sasToken", "gateway-7:host-gateway",
        "source: \"/run/headgate/workload/sensor.sock.d\"\n        target: \"/run/iotedge\""})
    EXPECT_THAT(sensor, HasSubstr(line));
  EXPECT_THAT(sensor, Not(AnyOf(HasSubstr("filter.sock"), HasSubstr("detector.sock"))));
}

TEST_F(DeployRender, NamesModulesThatTheHubDoesNotKnow) {
  EXPECT_EQ(render_with_gateway(manifest_of(R"("new": {"settings": {"image": "a"}})"), "compose"), 3);
  EXPECT_THAT(err_.str(), HasSubstr("headgate identity add edge-1/new, then render again"));
}

TEST_F(DeployRender, SaysThatModulesAreToldNothingWithoutAConfiguration) {
  EXPECT_EQ(render(example(), {"--to", "compose"}), 3);
  EXPECT_THAT(err_.str(),
              HasSubstr("no environment for fromEnvironment, as these are not known: iot_edge.device_id, "));
}

TEST_F(DeployRender, NeverOverwritesAFileUnlessAskedTo) {
  const std::string units = dir_ / "units";
  ASSERT_EQ(render(example(), {"--to", "compose", "--out", units}), 3);
  EXPECT_EQ(render(example(), {"--to", "compose", "--out", units}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("is there already and is not overwritten; say --force"));
  EXPECT_EQ(render(example(), {"--to", "compose", "--out", units, "--force"}), 3);
  EXPECT_EQ(std::filesystem::status(units + "/compose.yaml").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(DeployRender, QuotesHostileTextsForEachReader) {
  render(hostile(), {"--to", "systemd"});
  EXPECT_THAT(out_.str(), HasSubstr(R"("--env=X=a%%h $$HOME \"q\" \\ 'single' \n#c\x09: {} é")"));
  render(hostile(), {"--to", "quadlet"});
  EXPECT_THAT(out_.str(), HasSubstr(R"(Environment="X=a%%h $$HOME \"q\" \\ 'single' \n#c\x09: {} é")"));
  render(hostile(), {"--to", "compose"});
  EXPECT_THAT(out_.str(), HasSubstr(R"("X": "a%h $$HOME \"q\" \\ 'single' \n#c\x09: {} é")"));
}

TEST_F(DeployRender, WritesQuadletFilesAsTheyAreOnRecord) {
  ASSERT_EQ(render_with_gateway(example(), "quadlet", dir_ / "units"), 0) << err_.str();
  for (const char* name : {"headgate-sensor.container", "headgate-filter.container",
                           "headgate-detector.container", "headgate-azure-iot-edge.network"})
    expect_as_on_record(dir_ / "units/" + std::string(name), name);
}

TEST_F(DeployRender, NamesASocketThatIsForSomebodyAlone) {
  const auto closed = [](const std::string& options) {
    return manifest_of(R"("closed": {"settings": {"image": "a", "createOptions": )" + json_text(options) +
                       "}}");
  };
  render_with_gateway(closed("{}"), "compose");
  EXPECT_THAT(err_.str(), HasSubstr(".closed: its workload socket is for :990 alone"));
  render_with_gateway(closed(R"({"HostConfig": {"GroupAdd": ["990"]}})"), "compose");
  EXPECT_THAT(err_.str(), Not(HasSubstr("workload socket")));
}

}  // namespace
}  // namespace headgate::tools
