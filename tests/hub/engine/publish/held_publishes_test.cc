#include "hub/engine/publish/held_publishes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;

class HeldPublishesTest : public EngineTest {
 protected:
  void hold(const std::string& client_id, uint16_t packet_id) {
    held_.add(session(client_id), {{packet_id, 1, 0, 1}, {nullptr, {}}});
  }
  broker::Session& session(const std::string& client_id) {
    auto found = engine_->broker().find(client_id);
    if (!found) {
      engine_->broker().restore({client_id, 60, 0}, clock_.now());
      found = engine_->broker().find(client_id);
    }
    return *found;
  }
  // Tries; publishes of `stuck` have no luck.
  void retry(const std::string& stuck, size_t failures_max = 9) {
    held_.retry(
        [&](const broker::Session& from, const HeldPublish& publish) {
          tried_.push_back(from.client_id() + std::to_string(publish.token.packet_id));
          return stuck.find(from.client_id()) == std::string::npos;
        },
        failures_max);
  }

  HeldPublishes held_;
  std::vector<std::string> tried_;
};

TEST_F(HeldPublishesTest, AreTriedInTheOrderOfTheirSession) {
  hold("a", 1);
  hold("a", 2);
  retry("");
  EXPECT_THAT(tried_, ElementsAre("a1", "a2"));
  EXPECT_TRUE(held_.empty());
}

TEST_F(HeldPublishesTest, OfAStuckSessionHoldUpNobodyElse) {
  for (const char* id : {"a", "a", "b"}) hold(id, 1);
  retry("a");
  EXPECT_THAT(tried_, ElementsAre("a1", "b1"));
  EXPECT_EQ(held_.sessions(), 1u);
}

TEST_F(HeldPublishesTest, TakeTurnsWhenFewAreTried) {
  for (const char* id : {"a", "b", "c"}) hold(id, 1);
  retry("abc", 2);
  retry("abc", 1);
  EXPECT_THAT(tried_, ElementsAre("a1", "b1", "c1"));
}

}  // namespace
}  // namespace headgate::hub
