// What the hub says of itself upstream.
#include "hub/config/presence_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/manual_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"

namespace headgate::hub {
namespace {

using nlohmann::json;

class PresenceText : public ::testing::Test {
 protected:
  [[nodiscard]] std::string text() { return online_text(presence_, store_, clock_.now()); }

  testing::ManualClock clock_;
  testing::ManualExecutor executor_;
  testing::MemQueueStore store_{executor_};
  Presence presence_{.hub = "site-7", .link = "lte", .version = "0.1.0", .health = "ok", .epoch = "E1"};
};

TEST_F(PresenceText, HoldsTheHeadsOfAllStreams) {
  presence_.heads = {{"upstream", 1050, "aGVhZA=="}, {"upstream:lte", 7, "aGVhZDI="}};
  const json said = json::parse(text());
  EXPECT_EQ(said["ep"], "E1");
  EXPECT_EQ(said["heads"], json::parse(R"([{"st":"upstream","n":1050,"hash":"aGVhZA=="},
                                           {"st":"upstream:lte","n":7,"hash":"aGVhZDI="}])"));
}

TEST_F(PresenceText, SaysNothingOfHeadsThatNobodyKnows) {
  EXPECT_FALSE(json::parse(text()).contains("heads"));
  EXPECT_FALSE(json::parse(text()).contains("ep"));
}

TEST_F(PresenceText, NamesABoundedNumberOfHeads) {
  for (uint64_t i = 1; i <= 100; ++i) presence_.heads.push_back({"s" + std::to_string(i), i, "aGVhZA=="});
  EXPECT_EQ(json::parse(text())["heads"].size(), kPresenceHeadsMax);
}

TEST_F(PresenceText, SaysHowModulesAreThoseThatAreAwayFirst) {
  EXPECT_FALSE(json::parse(text()).contains("modules"));
  presence_.modules = {{"filter", true, 1, 1'795'000'000'000},
                       {"flapping", true, 40, 1'795'000'000'000},
                       {"sensor", false, 2, 1'794'000'000'000},
                       {"new", false, 0, 0}};
  EXPECT_EQ(json::parse(text())["modules"], json::parse(R"({"connected": 2, "away": 2, "more": 0, "list": [
              {"id": "sensor", "connected": false, "connects": 2, "last_seen": 1794000000000},
              {"id": "new", "connected": false, "connects": 0, "last_seen": 0},
              {"id": "flapping", "connected": true, "connects": 40, "last_seen": 1795000000000},
              {"id": "filter", "connected": true, "connects": 1, "last_seen": 1795000000000}]})"));
}

TEST_F(PresenceText, NamesABoundedNumberOfModulesAndCountsAll) {
  for (int i = 0; i < 500; ++i)
    presence_.modules.push_back({std::string(257, 'm') + std::to_string(i), i % 2 == 0});
  const json modules = json::parse(text())["modules"];
  EXPECT_EQ(modules["list"].size(), kPresenceModulesMax);
  EXPECT_EQ(modules["more"], 500 - kPresenceModulesMax);
  EXPECT_EQ(modules["connected"], 250);
  EXPECT_EQ(modules["away"], 250);
  EXPECT_LT(text().size(), 8'192U);
}

}  // namespace
}  // namespace headgate::hub
