#include "upstream/drain/batcher.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace headgate::upstream {
namespace {

class BatcherTest : public ::testing::Test {
 protected:
  void add(size_t body_bytes = 10) { add_to(batcher_, body_bytes); }
  void add_to(Batcher& batcher, size_t body_bytes = 10) {
    auto message = std::make_shared<core::Message>();
    message->topic = "t";
    message->body = std::string(body_bytes, 'x');
    message->arrived_hub_ms = clock_.now().hub_ms;
    batcher.add({++seq_, message, 0, ""}, clock_.now());
  }
  [[nodiscard]] bool ready() const { return batcher_.ready(clock_.now()); }

  testing::ManualClock clock_;
  BatchOptions options_{.messages_max = 4, .bytes_max = 4000, .compressed_bytes_max = 500, .linger_ms = 1000};
  Batcher batcher_{options_, 5};
  store::Seq seq_ = 0;
};

TEST_F(BatcherTest, ClosesOnCount) {
  for (int i = 0; i < 3; ++i) add();
  EXPECT_FALSE(ready());
  EXPECT_EQ(batcher_.room().messages, 1U);
  add();
  EXPECT_TRUE(ready());
  EXPECT_EQ(batcher_.take().size(), 4U);
  EXPECT_FALSE(ready());
}

TEST_F(BatcherTest, ClosesOnExpectedCompressedBytes) {  // 500 bytes at the first guess of 4:1
  add(1000);
  EXPECT_FALSE(ready());
  add(1000);
  EXPECT_TRUE(ready());
}

TEST_F(BatcherTest, ClosesOnBytesHoweverWellTheyCompress) {
  for (int i = 0; i < 100; ++i) batcher_.learn(100000, 100);
  add(3000);
  EXPECT_FALSE(ready());
  add(1000);
  EXPECT_TRUE(ready());
}

TEST_F(BatcherTest, LearnsHowWellTheLaneCompresses) {
  for (int i = 0; i < 100; ++i) batcher_.learn(10000, 10000);
  add(500);
  EXPECT_TRUE(ready());
}

TEST_F(BatcherTest, LearnsNothingFromTinyBatches) {
  for (int i = 0; i < 100; ++i) batcher_.learn(100, 100);
  add(500);
  EXPECT_FALSE(ready());
}

TEST_F(BatcherTest, ClosesWhenTheFirstMessageHasLingered) {
  add();
  clock_.advance_ms(600);
  add();
  EXPECT_FALSE(ready());
  clock_.advance_ms(400);
  EXPECT_EQ(batcher_.ready_at(), clock_.now().mono_ms);
  EXPECT_TRUE(ready());
}

TEST_F(BatcherTest, CountsLingerFromArrivalAndNotFromReading) {
  auto old = std::make_shared<core::Message>();
  old->arrived_hub_ms = clock_.now().hub_ms - 5000;
  batcher_.add({1, old, 0, ""}, clock_.now());
  EXPECT_TRUE(ready());
}

TEST_F(BatcherTest, NeverWaitsLongerThanLingerWhenTheWallClockJumpsBack) {
  auto early = std::make_shared<core::Message>();
  early->arrived_hub_ms = clock_.now().hub_ms + 3600000;
  batcher_.add({1, early, 0, ""}, clock_.now());
  clock_.advance_ms(1000);
  EXPECT_TRUE(ready());
}

TEST_F(BatcherTest, SendsLaneZeroAtOnce) {
  Batcher alerts(options_, 0);
  add_to(alerts);
  EXPECT_TRUE(alerts.ready(clock_.now()));
}

TEST_F(BatcherTest, TakesAMessageThatIsLargerThanABatch) {
  add(100000);
  EXPECT_TRUE(ready());
  EXPECT_EQ(batcher_.take().size(), 1U);
}

TEST_F(BatcherTest, IsNeverReadyWhileEmpty) {
  clock_.advance_ms(100000);
  EXPECT_FALSE(ready());
  EXPECT_EQ(batcher_.ready_at(), Batcher::kNever);
}

}  // namespace
}  // namespace headgate::upstream
