#include "hub/engine/publish/held_publishes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;

class HeldPublishesTest : public EngineTest {
 protected:
  // A publish for that queue.
  void hold(const std::string& client_id, uint16_t packet_id, store::QueueId queue = 1, size_t body_bytes = 1,
            uint8_t qos = 1) {
    core::Message message;
    message.topic = "t" + std::to_string(queue);
    message.body = std::string(body_bytes, 'x');
    const auto made = std::make_shared<const core::Message>(std::move(message));
    held_.add(session(client_id), {{packet_id, qos, 0, 1}, {made, {}}, {{queue}, {made->topic}}});
  }
  broker::Session& session(const std::string& client_id) {
    auto found = engine_->broker().find(client_id);
    if (!found) {
      engine_->broker().restore({client_id, 60, 0}, clock_.now());
      found = engine_->broker().find(client_id);
    }
    return *found;
  }
  [[nodiscard]] bool paused(const std::string& client_id) { return session(client_id).paused(); }
  // Tries; publishes of `stuck` ("a1": client and packet id) have no luck.
  void retry(const std::string& stuck, size_t failures_max = 9) {
    tried_.clear();
    held_.retry(
        [&](const broker::Session& from, const HeldPublish& publish, const Claims&) {
          tried_.push_back(from.client_id() + std::to_string(publish.token.packet_id));
          return stuck.find(tried_.back()) == std::string::npos;
        },
        failures_max);
  }

  HeldPublishes held_{{.publishes_max = 3, .bytes_max = 10'000, .total_bytes_max = 28'500}};
  std::vector<std::string> tried_;
};

TEST_F(HeldPublishesTest, AreTriedInTheOrderOfTheirSession) {
  hold("a", 1);
  hold("a", 2);
  retry("");
  EXPECT_THAT(tried_, ElementsAre("a1", "a2"));
  EXPECT_TRUE(held_.empty());
  EXPECT_EQ(held_.bytes(), 0u);
}

TEST_F(HeldPublishesTest, OfAStuckSessionHoldUpNobodyElse) {
  hold("a", 1);
  hold("a", 2);
  hold("b", 1);
  retry("a1");
  EXPECT_THAT(tried_, ElementsAre("a1", "b1"));
}

TEST_F(HeldPublishesTest, ForAnotherQueueAreNotHeldUpAndKeepTheirOwnOrder) {
  hold("a", 1, 1);
  hold("a", 2, 2);
  hold("a", 3, 1);
  retry("a1");
  EXPECT_THAT(tried_, ElementsAre("a1", "a2"));
  retry("");
  EXPECT_THAT(tried_, ElementsAre("a1", "a3"));
}

TEST_F(HeldPublishesTest, TakeTurnsWhenFewAreTried) {
  for (const char* id : {"a", "b", "c"}) hold(id, 1);
  retry("a1 b1 c1", 2);
  EXPECT_THAT(tried_, ElementsAre("a1", "b1"));
  retry("a1 b1 c1", 1);
  EXPECT_THAT(tried_, ElementsAre("c1"));
}

TEST_F(HeldPublishesTest, PauseTheirSessionAtTheBoundAndNoOther) {
  for (uint16_t id = 1; id <= 2; ++id) hold("a", id);
  EXPECT_FALSE(paused("a"));
  hold("a", 3);
  hold("b", 1);
  EXPECT_TRUE(paused("a"));
  EXPECT_FALSE(paused("b"));
  retry("a2");
  EXPECT_FALSE(paused("a"));
}

TEST_F(HeldPublishesTest, PauseTheirSessionAtTheBoundOfBytes) {
  hold("a", 1, 1, 10'000);
  EXPECT_TRUE(paused("a"));
}

TEST_F(HeldPublishesTest, OfAllTogetherPauseWhoeverAddsToThemAndLetGoWhenThereIsRoom) {
  for (const char* id : {"a", "b", "c"}) hold(id, 1, 1, 9'000);
  for (const char* id : {"a", "b"}) hold(id, 2, 2);
  hold("d", 1);
  EXPECT_TRUE(paused("d"));
  retry("b1 c1 d1");
  EXPECT_FALSE(paused("d"));
  EXPECT_FALSE(paused("b"));
}

TEST_F(HeldPublishesTest, OfAConnectionThatIsGoneAreForgottenButForQos2) {
  hold("a", 1);
  hold("a", 2, 2, 1, 2);
  hold("a", 3);
  held_.on_disconnected(session("a"));
  EXPECT_FALSE(paused("a"));
  EXPECT_FALSE(held_.claims_of(session("a"))->hold_up({{1}, {}})) << "what is forgotten is in nobody's way";
  retry("");
  EXPECT_THAT(tried_, ElementsAre("a2"));
}

}  // namespace
}  // namespace headgate::hub
