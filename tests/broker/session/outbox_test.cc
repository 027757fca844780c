// The in-flight window by itself: ids, order and what it costs a client that acknowledges oddly.
#include "broker/session/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace headgate::broker {
namespace {

class OutboxTest : public ::testing::Test {
 protected:
  uint16_t start() { return outbox_.start({}).packet_id; }
  std::vector<uint16_t> start_many(int count) {
    std::vector<uint16_t> ids;
    for (int i = 0; i < count; ++i) ids.push_back(start());
    return ids;
  }
  std::vector<uint16_t> in_order() {
    std::vector<uint16_t> ids;
    outbox_.for_each([&](const Outbox::InFlight& flight) { ids.push_back(flight.packet_id); });
    return ids;
  }

  Outbox outbox_{1000};
};

using ::testing::ElementsAre;

TEST_F(OutboxTest, CountsTheWindowDownAndUp) {
  start_many(3);
  EXPECT_EQ(outbox_.window(), 997u);
  outbox_.finish(2);
  EXPECT_EQ(outbox_.window(), 998u);
  outbox_.set_window_max(1);
  EXPECT_EQ(outbox_.window(), 0u);
}

TEST_F(OutboxTest, KeepsTheOrderOfSendingWhateverIsAcknowledgedFirst) {
  start_many(5);
  outbox_.finish(3);
  outbox_.finish(1);
  EXPECT_THAT(in_order(), ElementsAre(2, 4, 5));
  EXPECT_FALSE(outbox_.find(3));
  EXPECT_EQ(outbox_.find(4)->packet_id, 4);
}

TEST_F(OutboxTest, FindsEveryIdAroundTheTurn) {
  start_many(100);
  for (int round = 0; round < 700; ++round) {  // more than once round
    const uint16_t first = in_order().front();
    for (const uint16_t id : in_order()) ASSERT_TRUE(outbox_.find(id)) << id;
    for (int i = 0; i < 100; ++i) {
      outbox_.finish(in_order().front());
      ASSERT_NE(start(), 0);
    }
    ASSERT_FALSE(outbox_.find(first));
  }
}

TEST_F(OutboxTest, GivesNoIdTwiceWhileItIsInUse) {  // [MQTT-2.2.1-2]
  ASSERT_TRUE(outbox_.start_as(3, {}));
  ASSERT_TRUE(outbox_.start_as(65'535, {}));
  EXPECT_FALSE(outbox_.start_as(3, {}));
  EXPECT_FALSE(outbox_.start_as(0, {}));
  std::set<uint16_t> seen{3, 65'535};
  for (int i = 0; i < 70'000; ++i) {
    const uint16_t id = start();
    ASSERT_TRUE(seen.insert(id).second) << id;
    seen.erase(id);
    outbox_.finish(id);
  }
}

TEST_F(OutboxTest, DoesNotGrowWhenTheFirstIsNeverAcknowledged) {
  start();
  for (int i = 0; i < 200'000; ++i) outbox_.finish(start());
  EXPECT_LE(outbox_.slots(), 1000u);
  EXPECT_EQ(in_order().front(), 1);
}

TEST_F(OutboxTest, RestoresAReleasedDeliveryOnce) {
  outbox_.restore_released(7);
  outbox_.restore_released(7);
  EXPECT_EQ(outbox_.in_flight(), 1u);
  EXPECT_EQ(outbox_.find(7)->stage, Outbox::Stage::released);
}

}  // namespace
}  // namespace headgate::broker
