// Deployment manifests, and `headgate deploy` run on them in process.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json_fwd.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"
#include "tools/headgate/command_line.h"
#include "tools/headgate/commands/deploy/commands.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {

class DeployTest : public ::testing::Test {
 protected:
  static std::string text_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // The chain of sensor, filter and detector.
  static std::string example() { return text_of_file(HEADGATE_DEPLOYMENT); }

  static std::string manifest_of(const std::string& modules) {
    return R"({"modulesContent": {"$edgeAgent": {"properties.desired": {"schemaVersion": "1.1", "modules": {)" +
           modules + "}}}}}";
  }
  static std::string json_text(const std::string& text);
  // One module called "sensor" with these createOptions.
  static std::string manifest_with(const std::string& options) {
    return manifest_of(
        R"("sensor": {"type": "docker", "restartPolicy": "always", "settings": {"image": "example/sensor:1", "createOptions": )" +
        json_text(options) + "}}");
  }
  // A variable and a label with whatever has a meaning to one of the readers.
  static std::string hostile() {
    return manifest_of(
        R"("sensor": {"settings": {"image": "a", "createOptions": {"Labels": {"on": "yes", "k$ %": "v\u0085\u2028\u007f"},
      "Cmd": ["${A}", ";", "\\;", "-", "", "tail "]}}, "env": {"X": {"value": "a%h $HOME \"q\" \\ 'single' \n#c\t: {} é"}}})");
  }

  int render(const std::string& manifest, std::vector<std::string> more) {
    out_.str("");
    err_.str("");
    std::vector<std::string> args = {"deploy", "render", dir_.write("deployment.json", manifest)};
    args.insert(args.end(), more.begin(), more.end());
    return run_headgate(std::move(args), out_, err_);
  }

  // With a hub whose configuration and identities are known.
  int render_with_gateway(const std::string& manifest, const std::string& to, const std::string& units = "") {
    out_.str("");
    err_.str("");
    const std::string identities = dir_.write("identities.json", R"({"identities": [
      {"id": "edge-1"}, {"id": "edge-1/sensor", "generation_id": "g-sensor"}, {"id": "edge-1/filter", "generation_id": "g-filter"},
      {"id": "edge-1/closed", "generation_id": "g-closed", "socket_owner": ":990"},
      {"id": "edge-1/detector", "generation_id": "g-detector"}, {"id": "leaf-1/sensor", "generation_id": "another"}]})");
    const auto ask = [&](const std::vector<std::string>& args) -> core::Result<DaemonAnswer> {
      EXPECT_EQ(args.back(), "headgate.json");
      return DaemonAnswer{0,
                          R"({"keys": [{"key": "iot_edge.device_id", "value": "edge-1"},
        {"key": "iot_edge.hub_host_name", "value": "acme-plant.azure-devices.net"},
        {"key": "iot_edge.gateway_names", "value": ["gateway-7", "10.0.0.1"]},
        {"key": "iot_edge.workload_dir", "value": "/run/headgate/workload"},
        {"key": "iot_edge.identities_file", "value": ")" +
                              identities + R"("}]})",
                          ""};
    };
    return run_deploy_render({read_text, ask, out_, err_},
                             {.manifest = dir_.write("deployment.json", manifest),
                              .to = to,
                              .out = units,
                              .config = "headgate.json"});
  }

  // HEADGATE_GOLDEN_WRITE=1 puts the text on record instead.
  static void expect_as_on_record(const std::string& path, const std::string& name) {
    const std::string record = std::string(HEADGATE_DEPLOY_RECORDS) + "/" + name;
    if (std::getenv("HEADGATE_GOLDEN_WRITE") != nullptr)
      std::ofstream(record, std::ios::binary) << text_of_file(path);
    EXPECT_EQ(text_of_file(path), text_of_file(record)) << name;
  }

  const testing::TempDir dir_;
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace headgate::tools
