// Findings about a hub: one for each of the usual mistakes, and none where all is well.
#include "hub/doctor/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::ordered_json;

constexpr int64_t kNowMs = 1'800'000'000'000;
constexpr int64_t kOneDayMs = 86'400'000;

// "warning link lte: is not connected", a line each.
std::vector<std::string> lines_of(const std::vector<Finding>& findings) {
  std::vector<std::string> lines;
  for (const Finding& it : findings) {
    EXPECT_NE(it.todo, "");
    lines.push_back(std::string(name_of(it.severity)) + " " + it.check + " " + it.where + ": " + it.what);
  }
  return lines;
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

}  // namespace
}  // namespace headgate::hub
