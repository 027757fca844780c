// A changed configuration on a real hub: planned, put in force, confirmed, or taken back by a crash.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <string>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"
#include "tests/e2e/support/wait.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ChangedConfiguration : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["admin"]["http"]["port"] = free_port();
    config["routes"] = {{"old", "FROM 'old/#' INTO BrokeredEndpoint('/modules/old/inputs/in')"}};
  }
  // The file that is to come, with a route of its own.
  [[nodiscard]] std::string new_file() {
    nlohmann::json config = hub_.config;
    config["routes"] = {{"new", "FROM 'new/#' INTO $upstream"}};
    scratch_.write("new.json", config.dump(2));
    return (scratch_.path() / "new.json").string();
  }
  [[nodiscard]] std::string in_file() const {
    std::ifstream file(hub_.config_file());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::string routes() const { return hub_.cli({"route", "ls"}).out; }

  ScratchDir scratch_;
};

TEST_F(ChangedConfiguration, APlanTellsWhatIsDrainedAndChangesNothing) {
  ASSERT_TRUE(client()->publish_and_wait("old/1", "waits", 1));
  const std::string before = in_file();
  const Finished planned = hub_.cli({"plan", new_file()});
  EXPECT_EQ(planned.exit_code, 0) << planned.out;
  for (const char* part : {"modules/old/inputs/in", "drained", "added", "removed",
                           "Fingerprint: ", "Routes over 1 message of the last hour"})
    EXPECT_THAT(planned.out, HasSubstr(part));
  const nlohmann::json replayed = hub_.cli_json({"plan", new_file()})["routes_replayed"];
  EXPECT_EQ(replayed["routes"][0]["route"], "old") << replayed;
  EXPECT_EQ(replayed["routes"][0]["lost"], 1);
  EXPECT_EQ(in_file(), before);
  EXPECT_THAT(routes(), HasSubstr("old"));
}

TEST_F(ChangedConfiguration, AfterAKillTheUnconfirmedVersionIsGoneAndTheConfirmedOneStays) {
  const std::string before = in_file();
  const std::string file = new_file();
  ASSERT_EQ(hub_.cli({"apply", file, "--confirm-within", "10m"}).exit_code, 0);
  EXPECT_THAT(routes(), HasSubstr("new"));
  hub_.config = nlohmann::json::parse(in_file());
  restart_hard();
  EXPECT_EQ(nlohmann::json::parse(in_file()), nlohmann::json::parse(before));
  EXPECT_THAT(routes(), Not(HasSubstr("new")));

  ASSERT_EQ(hub_.cli({"apply", file, "--confirm-within", "10m"}).exit_code, 0);
  ASSERT_EQ(hub_.cli({"apply", "--confirm"}).exit_code, 0);
  hub_.config = nlohmann::json::parse(in_file());
  restart_hard();
  EXPECT_THAT(routes(), HasSubstr("new"));
}

TEST_F(ChangedConfiguration, AVersionThatTheReloadCannotTakeOverIsTakenBackAtOnce) {
  const std::string before = in_file();
  std::ofstream(hub_.data_dir() + "/http-token") << "no token\n";
  const Finished applied = hub_.cli({"apply", new_file()});
  EXPECT_EQ(applied.exit_code, 1);
  EXPECT_THAT(applied.out, HasSubstr("the version before is in force again: the HTTP tokens in force stay"));
  EXPECT_EQ(in_file(), before);
  EXPECT_THAT(routes(), Not(HasSubstr("new")));
  EXPECT_TRUE(hub_.logs("config_rolled_back"));
}

TEST_F(ChangedConfiguration, WhatHasChangedSinceThePlanOrTakesARestartIsRefusedByName) {
  const std::string file = new_file();
  const std::string fingerprint = hub_.cli_json({"plan", file})["fingerprint"];
  ASSERT_EQ(hub_.cli({"apply", file, "--fingerprint", fingerprint}).exit_code, 0);
  EXPECT_THAT(hub_.cli({"apply", file, "--fingerprint", fingerprint}).out,
              HasSubstr("have changed since the plan was made"));
  nlohmann::json config = nlohmann::json::parse(in_file());
  config["limits"]["receive_maximum"] = 7;
  scratch_.write("new.json", config.dump());
  const Finished refused = hub_.cli({"apply", file});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out, HasSubstr("limits.receive_maximum"));
}

TEST_F(ChangedConfiguration, KeysThatTakeARestartAreInForceOnceTheHubHasStartedAgainByItself) {
  ASSERT_TRUE(client()->publish_and_wait("old/1", "stays", 1));
  nlohmann::json config = hub_.config;
  config["limits"]["receive_maximum"] = 7;
  scratch_.write("new.json", config.dump());
  const Finished applied = hub_.cli({"apply", (scratch_.path() / "new.json").string(), "--restart"});
  EXPECT_EQ(applied.exit_code, 0) << applied.out;
  EXPECT_THAT(applied.out, HasSubstr("the hub starts again now, for: limits.receive_maximum"));
  ASSERT_TRUE(hub_.logs("config_confirmed"));
  EXPECT_EQ(nlohmann::json::parse(in_file())["limits"]["receive_maximum"], 7);
  EXPECT_THAT(hub_.cli({"reload"}).out, Not(HasSubstr("needs a restart")));
  EXPECT_THAT(hub_.cli({"queue", "ls", "--json"}).out, HasSubstr("\"waiting\":1"));
}

TEST_F(ChangedConfiguration, AVersionThatDoesNotComeUpIsFollowedByTheOneBefore) {
  const std::string before = in_file();
  nlohmann::json config = hub_.config;
  config["listeners"].push_back(
      {{"address", "192.0.2.1"}, {"port", 1883}, {"insecure", true}});  // no address of this machine
  scratch_.write("new.json", config.dump());
  ASSERT_EQ(hub_.cli({"apply", (scratch_.path() / "new.json").string(), "--restart"}).exit_code, 0);
  ASSERT_TRUE(hub_.logs("the version before is in force again"));
  EXPECT_TRUE(eventually([&] { return hub_.cli({"status"}).exit_code == 0; }));
  EXPECT_EQ(nlohmann::json::parse(in_file()), nlohmann::json::parse(before));
}

}  // namespace
}  // namespace headgate::e2e
