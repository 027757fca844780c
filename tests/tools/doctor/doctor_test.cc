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

class DoctorOfTheHub : public ::testing::Test {
 protected:
  std::vector<std::string> found() {
    return lines_of(examine(HubAnswers{status_, queues_, later_, routes_, clients_, upstream_, identities_}));
  }
  static Json queue(const std::string& name, uint64_t waiting, uint64_t delivered, int64_t oldest_ms) {
    return {{"name", name},
            {"waiting", waiting},
            {"waiting_bytes", waiting * 1024},
            {"delivered", delivered},
            {"oldest_ms", oldest_ms}};
  }

  Json status_ = {{"now_ms", kNowMs}, {"uptime_s", 7200}, {"data_dir", "/d"}};
  Json queues_ = {{"queues", Json::array()}};
  Json later_ = queues_;
  Json routes_ = {{"routes", Json::array()}};
  Json clients_ = {{"clients", Json::array()}};
  Json upstream_ = {{"links", Json::array()}};
  Json identities_ = {{"identities", Json::array()}};
};

TEST_F(DoctorOfTheHub, SaysNothingWhereAllIsWell) {
  queues_["queues"] = Json::array({queue("$upstream", 5, 9, kNowMs - 1000)});
  later_["queues"] = Json::array({queue("$upstream", 7, 20, kNowMs - 1000)});
  routes_["routes"] = {{{"name", "a"}, {"active", true}, {"matched", 3}, {"evaluated", 3}}};
  clients_["clients"] = {{{"client_id", "c"}, {"connected", true}, {"persistent", true}, {"since_ms", 1}}};
  upstream_["links"] = {{{"name", "upstream"}, {"state", "connected"}, {"last_error", "before"}}};
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(DoctorOfTheHub, AHubThatSaysLessIsNoReasonToFail) {
  status_ = queues_ = later_ = routes_ = clients_ = upstream_ = identities_ = Json();
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(DoctorOfTheHub, FindsAStoreThatDoesNotWriteAndADiskThatIsLow) {
  status_["store"] = {{"error", "I/O error"},
                      {"disk", {{"low", true}, {"free_bytes", 1024}, {"resume_bytes", 4096}}}};
  EXPECT_THAT(found(), ElementsAre("error store /d: the store does not write: I/O error",
                                   "error disk /d: too little is free: 1.0 KiB, and messages are refused"));
}

TEST_F(DoctorOfTheHub, FindsRoutesThatNeverMatchAndSaysHowFarTheyCame) {
  routes_["routes"] = {
      {{"name", "nothing-comes"}, {"active", true}, {"matched", 0}, {"evaluated", 0}},
      {{"name", "never-true"}, {"active", true}, {"matched", 0}, {"evaluated", 8}},
      {{"name", "no-value"}, {"active", true}, {"matched", 0}, {"evaluated", 8}, {"undefined", 8}},
      {{"name", "off"}, {"active", false}, {"matched", 0}, {"evaluated", 0}}};
  EXPECT_THAT(
      found(),
      ElementsAre(
          "warning routes nothing-comes: no message has come from where it takes them",
          "warning routes never-true: has matched none of 8 messages",
          "warning routes no-value: has matched none of 8 messages; for 8 its condition had no value"));
  status_["uptime_s"] = 60;
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(DoctorOfTheHub, FindsRoutesThatAreWrong) {
  routes_["routes"] = {
      {{"name", "a"}, {"file", "r.json"}, {"error", "no such field\n  FROM x"}, {"kept", true}}};
  EXPECT_THAT(
      found(),
      ElementsAre(
          "error routes a: is wrong in its file, and the last good version is in force: no such field"));
}

TEST_F(DoctorOfTheHub, FindsQueuesThatGrowAndNobodyReads) {
  queues_["queues"] =
      Json::array({queue("display/in", 5, 0, kNowMs - 1000), queue("read/in", 5, 3, kNowMs - 1000)});
  later_["queues"] =
      Json::array({queue("display/in", 9, 0, kNowMs - 1000), queue("read/in", 9, 4, kNowMs - 1000)});
  EXPECT_THAT(
      found(),
      ElementsAre(
          "warning queues display/in: 9 messages, 9.0 KiB, wait, more each second, and nobody takes any"));
}

TEST_F(DoctorOfTheHub, FindsPausedQueues) {
  later_["queues"] = Json::array({queue("$upstream", 5, 9, kNowMs - 1000)});
  later_["queues"][0]["paused"] = true;
  EXPECT_THAT(found(),
              ElementsAre("warning queues $upstream: is paused: it hands out nothing of its 5 messages"));
}

TEST_F(DoctorOfTheHub, FindsQueuesWhoseReaderHasStopped) {
  queues_["queues"] =
      Json::array({queue("display/in", 5, 7, kNowMs - 11'000), queue("burst/in", 5, 7, kNowMs - 9'000),
                   queue("read/in", 5, 7, kNowMs - 11'000)});
  later_["queues"] =
      Json::array({queue("display/in", 9, 7, kNowMs - 11'000), queue("burst/in", 9, 7, kNowMs - 9'000),
                   queue("read/in", 9, 8, kNowMs - 11'000)});
  EXPECT_THAT(
      found(),
      ElementsAre(
          "warning queues display/in: 9 messages, 9.0 KiB, wait, more each second, and nobody takes any"));
}

TEST_F(DoctorOfTheHub, FindsQueuesWhoseMessagesHaveWaitedForDays) {
  queues_["queues"] = Json::array({queue("display/in", 5, 7, kNowMs - 3 * kOneDayMs)});
  later_ = queues_;
  EXPECT_THAT(found(),
              ElementsAre("warning queues display/in: 5 messages, 5.0 KiB, wait, the oldest for 3 days"));
}

TEST_F(DoctorOfTheHub, FindsDeadLetters) {
  later_["queues"] = Json::array({queue("$dead", 2, 0, kNowMs - 9 * kOneDayMs)});
  EXPECT_THAT(found(), ElementsAre("warning queues $dead: 2 dead letters, which nobody could take"));
}

TEST_F(DoctorOfTheHub, FindsSessionsThatNobodyComesBackTo) {
  clients_["clients"] = {
      {{"client_id", "gone"},
       {"connected", false},
       {"persistent", true},
       {"since_ms", kNowMs - 9 * kOneDayMs},
       {"queued_messages", 4}},
      {{"client_id", "out"}, {"connected", false}, {"persistent", true}, {"since_ms", kNowMs - kOneDayMs}}};
  EXPECT_THAT(found(),
              ElementsAre("warning sessions gone: has been away for 9 days, and 4 messages wait for it"));
}

TEST_F(DoctorOfTheHub, FindsLinksThatAreDownOrRefusedWithTheirLastError) {
  upstream_["links"] = {{{"name", "lte"},
                         {"state", "waiting"},
                         {"host", "h"},
                         {"port", 1883},
                         {"last_error", "no route"},
                         {"hopeless", false}},
                        {{"name", "fiber"},
                         {"state", "waiting"},
                         {"host", "h"},
                         {"port", 8883},
                         {"last_error", "bad password"},
                         {"hopeless", true}}};
  EXPECT_THAT(found(),
              ElementsAre("warning link lte: is not connected to h:1883; the last error: no route",
                          "error link fiber: is not connected to h:8883; the last error: bad password"));
}

TEST_F(DoctorOfTheHub, FindsABrokerThatLosesWhatItAcknowledged) {
  status_["upstream"] = {
      {"host", "cloud"}, {"batches_sent_again", 3}, {"unheard_topic", "t"}, {"unheard_since_ms", 5}};
  EXPECT_THAT(
      found(),
      ElementsAre(HasSubstr("warning link t: nobody subscribes"),
                  HasSubstr("warning broker cloud: 3 batches that the broker had taken were missing")));
}

Json identity(const std::string& id, bool seen, const std::string& why = "") {
  return {{"id", id},
          {"enabled", true},
          {"connected", false},
          {"seen", seen},
          {"refused", why.empty() ? 0 : 7},
          {"last_refusal", why},
          {"last_refused_ms", kNowMs}};
}

TEST_F(DoctorOfTheHub, FindsIdentitiesThatAreRefusedAndWhy) {
  identities_["identities"] = {identity("edge-1/sensor", true, "the token has expired"),
                               identity("edge-1/filter", true)};
  EXPECT_THAT(found(),
              ElementsAre("warning identities edge-1/sensor: is not let in: the token has expired; refused 7 "
                          "times, the last 2027-01-15T08:00:00.000Z"));
  identities_["identities"][0]["connected"] = true;  // somebody else comes by its name
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(DoctorOfTheHub, FindsIdentitiesThatNeverCameInOnceTheyHadAnHour) {
  for (int i = 0; i < 7; ++i)
    identities_["identities"].push_back(identity("leaf-" + std::to_string(i), i == 0));
  identities_["identities"][1]["enabled"] = false;
  EXPECT_THAT(
      found(),
      ElementsAre("warning identities 5 identities: never came in: leaf-2, leaf-3, leaf-4, leaf-5, leaf-6"));
  identities_["identities"][1]["enabled"] = true;
  EXPECT_THAT(found(),
              ElementsAre(HasSubstr(
                  "6 identities: never came in: leaf-1, leaf-2, leaf-3, leaf-4, leaf-5 and 1 more")));
  status_["uptime_s"] = 60;
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(DoctorOfTheHub, SaysThatNoTokenExpiresWhileTheClockIsNotSet) {
  status_["clock_unsynced"] = 1;
  EXPECT_THAT(found(), IsEmpty()) << "nobody has a token";
  identities_["identities"] = {identity("edge-1/sensor", true)};
  EXPECT_THAT(found(),
              ElementsAre(HasSubstr(
                  "warning clock tokens and certificates: while the clock is not known to be right")));
}

class DoctorTest : public ::testing::Test {
 protected:
  int run(const DoctorOptions& options, bool json = false) {
    return run_doctor({hub_, testing::answer_in_process, [this] { ++waits_; }, out_, err_, json}, options);
  }

  const testing::TempDir dir_;
  testing::CannedAdminClient hub_;
  int waits_ = 0;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(DoctorTest, LooksTwiceAtTheQueuesOfAHubThatAnswers) {
  hub_.answers_["/v1/status"] =
      R"({"now_ms": 1, "data_dir": ")" + dir_.path() + R"(", "store": {"error": "full"}})";
  EXPECT_EQ(run({.socket = "/none.sock"}), 1);
  EXPECT_EQ(waits_, 1);
  EXPECT_EQ(std::ranges::count(hub_.asked_, "/v1/queues"), 2);
  EXPECT_THAT(out_.str(),
              HasSubstr("error  store  " + dir_.path() + "\n  the store does not write: full\n  do: "));
}

TEST_F(DoctorTest, TakesTheHubsWordForItsClockAndLooksAtNoDirectoryThatItDoesNotFind) {
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
