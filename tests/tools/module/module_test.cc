// `headgate module`: modules among the clients, and whose command has a module's log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/canned_admin_client.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/module/commands.h"

namespace headgate::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

class ModuleCommands : public ::testing::Test {
 protected:
  [[nodiscard]] ModuleLogOptions options(bool follow = false, uint32_t lines = 0) const {
    return {.module = "press 7", .follow = follow, .lines = lines, .dirs = {dir_ / "none", dir_.path()}};
  }

  const testing::TempDir dir_;
};

TEST_F(ModuleCommands, LsShowsModulesAndNoOtherClients) {
  testing::CannedAdminClient hub;
  hub.answers_["/v1/clients"] = R"({"clients": [
    {"client_id": "edge-1/filter", "device": "edge-1", "module": "filter", "connected": true, "since_ms": 1795000000000,
     "last_seen_ms": 1795000060000, "messages_in": 7, "messages_out": 9, "connects": 3},
    {"client_id": "phone", "device": "", "module": "", "connected": true}]})";
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run_module_ls({hub, out, err, false}), 0) << err.str();
  EXPECT_THAT(
      out.str(),
      ::testing::ContainsRegex(
          "MODULE  STATE      SINCE +LAST SEEN +IN  OUT  CONNECTS  DEVICE  CLIENT *\n"
          "filter  connected  2026-11-18T[0-9:.]+Z  2026-11-18T[0-9:.]+Z +7    9         3  edge-1  edge-1/filter"));
  EXPECT_THAT(out.str(), Not(HasSubstr("phone")));
  out.str("");
  EXPECT_EQ(run_module_ls({hub, out, err, true}), 0);
  EXPECT_EQ(Json::parse(out.str())["modules"].size(), 1U);
}

TEST_F(ModuleCommands, TailOfAModuleIsOfItsOutputsInputsAndEvents) {
  testing::CannedAdminClient hub;
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run_tail({hub, out, err, false}, {.module = "filter"}), kExitFailed);
  EXPECT_THAT(hub.asked_, ElementsAre("/v1/tail?filter=modules%2Ffilter%2F%23"));
}

TEST_F(ModuleCommands, LogsAreAskedOfWhoeverTheUnitIsFor) {
  dir_.write(
      "compose.yaml",
      "# Written by headgate deploy render.\nservices:\n  \"press-7\":\n    container_name: \"press-7\"\n");
  ASSERT_TRUE(log_command(options()));
  EXPECT_THAT(*log_command(options()), ElementsAre("docker", "logs", "press-7"));
  dir_.write("headgate-press-7.service",
             "# Written by headgate deploy render.\n[Service]\nExecStart=/usr/bin/podman \\\n  run\n");
  EXPECT_THAT(*log_command(options(true, 10)),
              ElementsAre("/usr/bin/podman", "logs", "--follow", "--tail=10", "press-7"));
  dir_.write("headgate-press-7.container", "# Written by headgate deploy render.\n[Container]\n");
  EXPECT_THAT(*log_command(options(true)), ElementsAre("podman", "logs", "--follow", "press-7"));
}

TEST_F(ModuleCommands, LogsOfAModuleWithoutAUnitSayWhereTheyWereLookedFor) {
  EXPECT_THAT(log_command(options()).error().what,
              HasSubstr("no unit of module press 7 that headgate deploy render has written is in " +
                        dir_.path() + "/none, " + dir_.path()));
  dir_.write("headgate-press-7.service", "[Service]\nExecStart=/bin/evil\n");
  dir_.write("compose.yaml",
             "# Written by headgate deploy render.\nservices:\n  other:\n    container_name: \"press-70\"\n");
  EXPECT_FALSE(log_command(options()));
}

}  // namespace
}  // namespace headgate::tools
