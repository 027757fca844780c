#include "hub/observe/losses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LossesTest : public ::testing::Test {
 protected:
  store::QueueId queue(const std::string& name) {
    return *store_.open_queue(name, {store::QueueKind::input});
  }
  // Messages that are appended, and end at once.
  void end(store::QueueId queue, int messages, store::Outcome how) {
    for (int i = 0; i < messages; ++i) {
      const std::vector<store::Target> targets = {{queue, store::kDefaultLane, 0, ""}};
      const auto seq = store_.append(std::make_shared<core::Message>(), targets);
      executor_.run_ready();
      store_.finish(queue, store::kDefaultLane, *seq, how);
      executor_.run_ready();
    }
  }
  std::vector<std::string> lines_after_s(int64_t s) {
    const size_t before = log_.lines().size();
    clock_.advance_ms(s * 1000);
    losses_.tick(clock_.now());
    std::vector<std::string> lines = log_.lines();
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(before));
    return lines;
  }

  testing::ManualClock clock_;
  testing::ManualExecutor executor_;
  testing::MemQueueStore store_{executor_};
  testing::RecordingLog log_;
  Losses losses_{store_, log_};
};

TEST_F(LossesTest, AreALineAQueueAndMinuteWithTheirNumbers) {
  const store::QueueId a = queue("a");
  end(a, 3, store::Outcome::expired);
  end(a, 2, store::Outcome::dropped);
  EXPECT_THAT(lines_after_s(2), ElementsAre("messages_lost queue=a expired=3 dropped=2"));
  end(a, 1, store::Outcome::expired);
  EXPECT_THAT(lines_after_s(2), IsEmpty()) << "one line a minute";
  end(a, 4, store::Outcome::expired);
  EXPECT_THAT(lines_after_s(60), ElementsAre("messages_lost queue=a expired=5 dropped=0"));
  EXPECT_EQ(losses_.total().expired, 8u);
  EXPECT_EQ(losses_.last_ms(), clock_.now().wall_ms);
}

TEST_F(LossesTest, OfAnEarlierRunAreNotToldAgain) {
  end(queue("a"), 3, store::Outcome::expired);
  losses_.begin();
  EXPECT_THAT(lines_after_s(2), IsEmpty());
  EXPECT_EQ(losses_.total().expired, 0u);
  EXPECT_EQ(losses_.last_ms(), 0);
}

TEST_F(LossesTest, AreNotWhatWasDeliveredOrIsKeptAsADeadLetter) {
  end(queue("a"), 3, store::Outcome::delivered);
  end(queue("a"), 3, store::Outcome::dead);
  EXPECT_THAT(lines_after_s(2), IsEmpty());
}

TEST_F(LossesTest, CountWhatWaitsInAQueueThatIsRemovedAndHasNotMoved) {
  const store::QueueId a = queue("a");
  const std::vector<store::Target> targets = {{a, store::kDefaultLane, 0, ""}};
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(store_.append(std::make_shared<core::Message>(), targets));
  executor_.run_ready();
  losses_.on_removal(a, 2, clock_.now());
  ASSERT_TRUE(store_.remove_queue(a));
  EXPECT_THAT(lines_after_s(2), IsEmpty());
  EXPECT_EQ(losses_.total().dropped, 1u);
}

TEST_F(LossesTest, OfAThousandQueuesShareALine) {
  for (int i = 0; i < 100; ++i) end(queue("q" + std::to_string(i)), 2, store::Outcome::expired);
  EXPECT_EQ(lines_after_s(2).size(), Losses::kLinesMax);
  EXPECT_THAT(lines_after_s(60), ElementsAre("messages_lost more_queues=68 expired=136 dropped=0"));
  EXPECT_EQ(losses_.total().expired, 200u);
}

}  // namespace
}  // namespace headgate::hub
