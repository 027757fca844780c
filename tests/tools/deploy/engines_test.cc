// What `headgate deploy render` writes, read by the programs that it is for, where they are installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/tools/deploy/manifests.h"
#include "tools/headgate/daemon.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

bool is_installed(const std::string& program) { return run_program(program, {"--version"}).has_value(); }

class DeployEngines : public DeployTest {
 protected:
  // What a YAML reader makes of a file.
  static Json yaml(const std::string& path) {
    const auto read = run_program(
        "/usr/bin/python3",
        {"-c", "import json, sys, yaml\nprint(json.dumps(yaml.safe_load(open(sys.argv[1]))))", path});
    EXPECT_TRUE(read && read->exit_code == 0) << (read ? read->err : read.error().what);
    return read ? Json::parse(read->out, nullptr, false) : Json();
  }
  void verify_units(const std::string& manifest) {
    // No engine is needed to read a unit, but its program has to be there.
    const std::string units = dir_ / "units";
    const int rendered =
        render(manifest, {"--to", "systemd", "--out", units, "--force", "--engine", "/bin/true"});
    ASSERT_TRUE(rendered == 0 || rendered == 3) << err_.str();
    for (const auto& entry : std::filesystem::directory_iterator(units)) {
      const auto verified = run_program("systemd-analyze", {"verify", "--man=no", entry.path().string()});
      ASSERT_TRUE(verified);
      EXPECT_EQ(verified->exit_code, 0) << verified->err;
      EXPECT_THAT(verified->err, Not(HasSubstr(entry.path().filename().string() + ":")))
          << text_of_file(entry.path());
    }
  }
};

TEST_F(DeployEngines, SystemdReadsTheUnitsOfTheExampleAndOfHostileTexts) {
  if (!is_installed("systemd-analyze")) GTEST_SKIP() << "systemd-analyze is not installed";
  verify_units(example());
  verify_units(hostile());
}

TEST_F(DeployEngines, ComposeReadsHealthLimitsAndShares) {
  if (!is_installed("docker-compose")) GTEST_SKIP() << "docker-compose is not installed";
  const std::string manifest = manifest_with(
      R"({"Healthcheck": {"Test": ["CMD", "up"], "Interval": 30000000000, "Retries": 3}, "StopTimeout": 20, "HostConfig": {
        "Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 4096}], "UsernsMode": "host", "NanoCpus": 1500000000, "PidsLimit": 100,
        "MemorySwap": -1, "MemorySwappiness": 10, "OomScoreAdj": -500, "CpuShares": 512, "CpuQuota": 50000, "CgroupParent": "a.slice",
        "DnsOptions": ["ndots:1"], "DeviceCgroupRules": ["c 188:* rmw"]}})");
  ASSERT_EQ(render(manifest, {"--to", "compose", "--out", dir_.path(), "--force"}), 3) << err_.str();
  const auto config = run_program("docker-compose", {"-f", dir_ / "compose.yaml", "config"});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->exit_code, 0) << config->err;
  dir_.write("config.yaml", config->out);
  const Json sensor = yaml(dir_ / "config.yaml")["services"]["sensor"];
  EXPECT_EQ(sensor["healthcheck"]["test"], Json({"CMD", "up"}));
  EXPECT_EQ(sensor["ulimits"]["nofile"], Json({{"hard", 4096}, {"soft", 1024}}));
  EXPECT_EQ(sensor["cpus"], 1.5);
}

TEST_F(DeployEngines, ComposeReadsTheFileAndTextsAreWhatTheyWere) {
  if (!is_installed("docker-compose")) GTEST_SKIP() << "docker-compose is not installed";
  for (const std::string& manifest : {example(), hostile()}) {
    ASSERT_EQ(render(manifest, {"--to", "compose", "--out", dir_.path(), "--force"}), 3) << err_.str();
    const auto config = run_program("docker-compose", {"-f", dir_ / "compose.yaml", "config"});
    ASSERT_TRUE(config);
    EXPECT_EQ(config->exit_code, 0) << config->err;
    dir_.write("config.yaml", config->out);
  }
  // What it prints has dollars doubled again.
  const Json sensor = yaml(dir_ / "config.yaml")["services"]["sensor"];
  EXPECT_EQ(sensor["environment"]["X"], "a%h $$HOME \"q\" \\ 'single' \n#c\t: {} é");
  EXPECT_EQ(sensor["labels"]["k$$ %"], "v\u0085\u2028\u007f");
  EXPECT_EQ(sensor["labels"]["on"], "yes");
  EXPECT_EQ(sensor["command"], Json({"$${A}", ";", "\\;", "-", "", "tail "}));
}

}  // namespace
}  // namespace headgate::tools
