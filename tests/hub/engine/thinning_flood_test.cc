// Messages that come faster than the second's tick: what the engine tells the thinning of a queue as they come.
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using testing::qos0;
using testing::v5;

class ThinnedFlood : public EngineTest {
 protected:
  // Readings of one moment, in turns of the loop that the tick does not come between.
  void flood(int turns, int messages_a_turn) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    for (int turn = 0; turn < turns; ++turn) {
      for (int i = 0; i < messages_a_turn; ++i) {
        sensor.publish(qos0("plant/t", "{\"v\":" + std::to_string(++number_) + "}"));
      }
      bool over = false;
      executor_.post([&over] { over = true; });
      while (!over) executor_.run_one();
    }
    commit();
  }
  const store::QueueStats& queue() { return store_.stats(*store_.find_queue("$upstream")); }

  const routing::QueueRule rule_{.bytes_max = 32 * 1024, .on_full = core::OnFull::thin};
  int number_ = 0;
};

TEST_F(ThinnedFlood, IsFoldedAsItComes) {
  route("FROM 'plant/#' INTO $upstream", {}, 0, rule_);
  flood(60, 100);
  EXPECT_EQ(engine_->thinners().status().folded, queue().dropped) << "something went for good";
  EXPECT_GT(queue().dropped, 2000u);
}

// A result takes more room than a reading, and a step of a route is one Change.
TEST_F(ThinnedFlood, OfResultsIsFoldedToo) {
  route("SELECT $body.v AS v FROM 'plant/#' WHERE changed($body.v) INTO $upstream", {}, 0, rule_);
  flood(200, 20);
  EXPECT_EQ(engine_->thinners().status().folded, queue().dropped) << "something went for good";
  EXPECT_GT(queue().dropped, 2000u);
  EXPECT_EQ(queue().in, 4000 + engine_->thinners().status().rows);
}

}  // namespace
}  // namespace headgate::hub
