// `headgate doctor`: a finding each for the usual mistakes, and none where all is well.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/canned_admin_client.h"
#include "tests/support/daemon/in_process.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/doctor/commands.h"
#include "tools/headgate/doctor/gather.h"

namespace headgate::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::ordered_json;

constexpr int64_t kNowMs = 1'800'000'000'000;
constexpr int64_t kOneDayMs = 86'400'000;

// "warning clock this machine", a line each.
std::vector<std::string> lines_of(const std::vector<Diagnosis>& findings) {
  std::vector<std::string> lines;
  for (const Diagnosis& it : findings) {
    EXPECT_NE(it.todo, "");
    const char* const severity = it.severity == Severity::error     ? "error"
                                 : it.severity == Severity::warning ? "warning"
                                                                    : "info";
    lines.push_back(std::string(severity) + " " + it.check + " " + it.where + ": " + it.what);
  }
  return lines;
}

TEST(DoctorOfTheMachine, SaysNothingWhereAllIsWell) {
  const Machine well{.now_ms = kNowMs,
                     .clock_synced = true,
                     .paths = {{"/d", "the data directory", false, 0700}},
                     .certificates = {{"tls", "/c", "", kNowMs + 31 * kOneDayMs}},
                     .disk = DiskSeen{"/d", 50, 100, 900},
                     .descriptors = DescriptorsSeen{20'000, 10, 10'000}};
  EXPECT_THAT(examine(well), IsEmpty());
  EXPECT_THAT(examine(Machine{}), IsEmpty());
}

TEST(DoctorOfTheMachine, FindsAClockThatNobodySets) {
  EXPECT_THAT(lines_of(examine(Machine{.clock_synced = false})),
              ElementsAre("warning clock this machine: the clock is not synchronised"));
}

TEST(DoctorOfTheMachine, FindsSecretsThatAreMissingOrOpenToEverybody) {
  const Machine machine{
      .paths = {{"/d", "the data directory", false, 0755}, {"/s", "upstream.password_file", true, 0}}};
  EXPECT_THAT(lines_of(examine(machine)),
              ElementsAre("warning permissions /d: the data directory is open to everybody on this machine",
                          "error permissions /s: upstream.password_file is not there"));
}

TEST(DoctorOfTheMachine, FindsCertificatesThatExpireExpiredOrCannotBeRead) {
  const Machine machine{.now_ms = kNowMs,
                        .certificates = {{"a", "/a", "", kNowMs + 3 * kOneDayMs},
                                         {"b", "/b", "", kNowMs - 1},
                                         {"c", "/c", "cannot be read: no", 0}}};
  EXPECT_THAT(lines_of(examine(machine)),
              ElementsAre(HasSubstr("warning certificates a /a: expires in 3 days"),
                          HasSubstr("error certificates b /b: expired 2027-01-15"),
                          "error certificates c /c: cannot be read: no"));
}

TEST(DoctorOfTheMachine, FindsADiskThatIsFullOrSlow) {
  const Machine machine{.disk = DiskSeen{"/d", 5 << 20, 100 << 20, 80'000}};
  EXPECT_THAT(lines_of(examine(machine)),
              ElementsAre("warning disk /d: the file system has 5.0 MiB of 100.0 MiB left",
                          HasSubstr("warning disk /d: a sync takes 80 ms")));
}

TEST(DoctorOfTheMachine, FindsTooFewDescriptors) {
  EXPECT_THAT(lines_of(examine(Machine{.descriptors = DescriptorsSeen{1024, 10, 10'000}})),
              ElementsAre(HasSubstr("warning descriptors the hub's process: may open 1024 files")));
  EXPECT_THAT(lines_of(examine(Machine{.descriptors = DescriptorsSeen{1024, 1000, 10}})),
              ElementsAre(HasSubstr("error descriptors the hub's process: 1000 of 1024")));
}

class DoctorTest : public ::testing::Test {
 protected:
  int run(const DoctorOptions& options, bool json = false) {
    return run_doctor({hub_, testing::answer_in_process, out_, err_, json}, options);
  }

  const testing::TempDir dir_;
  testing::CannedAdminClient hub_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(DoctorTest, AddsWhatTheHubFindsOfItself) {
  hub_.answers_["/v1/status"] = R"({"now_ms": 1, "data_dir": ")" + dir_.path() + R"("})";
  hub_.answers_["/v1/doctor"] = R"({"findings": [{"severity": "error", "check": "store", "where": ")" +
                                dir_.path() +
                                R"(", "what": "the store does not write: full", "todo": "make room"}]})";
  EXPECT_EQ(run({.socket = "/none.sock"}), 1);
  EXPECT_THAT(out_.str(),
              HasSubstr("error  store  " + dir_.path() + "\n  the store does not write: full\n  do: "));
}

TEST_F(DoctorTest, AHubThatIsOlderIsNoReasonToSayThatAllIsWell) {
  hub_.answers_["/v1/status"] = R"({"now_ms": 1, "data_dir": "./elsewhere", "clock_unsynced": 0})";
  EXPECT_EQ(run({.socket = "/none.sock"}), 1);
  EXPECT_THAT(out_.str(), HasSubstr("warning  hub  its own findings\n  the hub does not tell them: "));
}

TEST_F(DoctorTest, TakesTheHubsWordForItsClockAndLooksAtNoDirectoryThatItDoesNotFind) {
  hub_.answers_["/v1/doctor"] = R"({"findings": []})";
  hub_.answers_["/v1/status"] = R"({"now_ms": 1, "data_dir": "./elsewhere", "clock_unsynced": 1})";
  EXPECT_EQ(run({.socket = "/none.sock"}), 1);
  EXPECT_THAT(out_.str(), HasSubstr("the clock is not synchronised"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("elsewhere")));
  hub_.answers_["/v1/status"] = R"({"now_ms": 1, "data_dir": "./elsewhere", "clock_unsynced": 0})";
  EXPECT_EQ(run({.socket = "/none.sock"}), 0);
}

TEST_F(DoctorTest, WithNothingToLookAtItSaysHowToNameIt) {
  EXPECT_EQ(run({.socket = "/none.sock"}), 1);
  EXPECT_EQ(
      err_.str(),
      "headgate: no hub answers on /none.sock: start headgated, or name what to look at with --data DIR or --config FILE\n");
}

TEST_F(DoctorTest, LooksAtTheFilesThatAConfigurationNames) {
  const std::string password = dir_.write("password", "secret\n");
  std::filesystem::permissions(password, std::filesystem::perms(0644));
  const std::string config = dir_.write(
      "hub.json",
      R"({"upstream": {"host": "h", "password_file": ")" + password +
          R"("}, "listeners": [{"transport": "tls", "tls": {"cert_file": "/none/c.pem", "key_file": "/none/k.pem"}}]})");
  EXPECT_EQ(run({.config = config, .socket = "/none.sock"}, true), 1);
  const Json said = Json::parse(out_.str());
  EXPECT_EQ(said["ok"], false);
  const std::string text = said.dump();
  EXPECT_THAT(text, HasSubstr(R"("where":")" + password +
                              R"(","what":"upstream.password_file is open to everybody)"));
  EXPECT_THAT(text, HasSubstr("listeners[0].tls.key_file is not there"));
  EXPECT_THAT(text, HasSubstr("listeners[0].tls.cert_file /none/c.pem"));
  EXPECT_THAT(text, HasSubstr("messages are deleted on the broker's word"));
  EXPECT_THAT(text, Not(HasSubstr("secret\\n")));
}

TEST_F(DoctorTest, LeavesTheDataDirectoryAsItWas) {
  (void)dir_.write("file", "x");
  const auto before = std::filesystem::last_write_time(dir_.path());
  EXPECT_TRUE(look_at_disk(dir_.path()).has_value());
  (void)run({.data = dir_.path(), .socket = "/none.sock"});
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_.path()), {}), 1);
  EXPECT_EQ(std::filesystem::last_write_time(dir_.path()), before);
}

TEST_F(DoctorTest, ACertificateThatIsNoneSaysSo) {
  EXPECT_EQ(look_at_certificate(dir_.write("c.pem", "hello"), "tls").trouble, "holds no certificate (PEM)");
  EXPECT_THAT(look_at_certificate("/none/c.pem", "tls").trouble, HasSubstr("cannot be read"));
}

TEST_F(DoctorTest, ACertificateOfTheGatewaysOwnAuthorityIsRenewedByACommand) {
  EXPECT_EQ(look_at_certificate(dir_.write("server.pem", "hello"), "tls").renewal, "");
  dir_.write("ca.key", "secret");
  CertificateSeen seen = look_at_certificate(dir_ / "server.pem", "tls");
  EXPECT_EQ(seen.renewal, "headgate ca renew --dir " + dir_.path() + ", then headgate reload");
  seen.trouble = "";
  seen.expires_ms = 1;
  const auto found = examine(Machine{.now_ms = 2, .clock_synced = true, .certificates = {seen}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].todo, seen.renewal);
}

TEST_F(DoctorTest, TheGatewaysOwnAuthorityIsLookedAtWhereItIs) {
  Machine machine;
  look_at_own_files(dir_.path(), machine);
  EXPECT_TRUE(machine.certificates.empty());
  std::filesystem::create_directory(dir_ / "ca");
  dir_.write("ca/ca.pem", "hello");
  look_at_own_files(dir_.path(), machine);
  ASSERT_EQ(machine.certificates.size(), 1U);
  EXPECT_EQ(machine.certificates[0].trouble, "holds no certificate (PEM)");
}

TEST_F(DoctorTest, KeysOfModulesAreLookedAtOnce) {
  std::filesystem::create_directory(dir_ / "ca");
  for (const char* name : {"ca/ca.key", "identities.json", "workload.key"}) dir_.write(name, "secret");
  std::filesystem::permissions(dir_ / "workload.key", std::filesystem::perms(0644));
  Machine machine{.clock_synced = true};
  look_at_settings(Json{{{"key", "iot_edge.identities_file"}, {"value", dir_ / "identities.json"}}}, machine);
  look_at_own_files(dir_.path(), machine);
  std::vector<std::string> whats;
  for (const PrivatePath& it : machine.paths) whats.push_back(it.what);
  EXPECT_THAT(whats, ElementsAre("iot_edge.identities_file", "the key of the gateway's own authority",
                                 "the secret of the workload API"));
  EXPECT_THAT(lines_of(examine(machine)),
              ::testing::Contains(HasSubstr("workload.key: the secret of the workload API is open")));
}

TEST_F(DoctorTest, FindingsComeTheWorstFirstAndInfoIsNoFailure) {
  const Diagnosis info{Severity::info, "a", "w", "x", "y"};
  const Diagnosis error{Severity::error, "b", "w", "x", "y"};
  EXPECT_EQ(show_findings({info}, false, out_), 0);
  EXPECT_THAT(out_.str(), ::testing::EndsWith("nothing is wrong\n"));
  out_.str("");
  EXPECT_EQ(show_findings({info, error}, false, out_), 1);
  EXPECT_THAT(out_.str(), ::testing::StartsWith("error  b  w\n"));
}

}  // namespace
}  // namespace headgate::tools
