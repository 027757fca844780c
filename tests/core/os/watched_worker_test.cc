#include "core/os/watched_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "core/system_clock.h"

namespace headgate::core {
namespace {

using ::testing::Contains;
using ::testing::Not;

int64_t in_ten_seconds() { return SystemClock().now().mono_ms + WatchedWorker::kStuckMs; }

TEST(WatchedWorker, IsStuckOnceItHasBeenAtOnePieceOfWorkForTenSeconds) {
  WatchedWorker worker("mill");
  std::promise<void> begun;
  std::promise<void> go_on;
  worker.post([&] {
    begun.set_value();
    go_on.get_future().wait();
  });
  begun.get_future().wait();
  const int64_t now_mono_ms = SystemClock().now().mono_ms;
  EXPECT_THAT(WatchedWorker::stuck(now_mono_ms), Not(Contains("mill")));
  EXPECT_THAT(WatchedWorker::stuck(now_mono_ms + WatchedWorker::kStuckMs), Contains("mill"));
  go_on.set_value();
  worker.stop();
  EXPECT_THAT(WatchedWorker::stuck(in_ten_seconds()), Not(Contains("mill")));
}

TEST(WatchedWorker, IsNotStuckWhenItHasNothingToDoOrIsGone) {
  {
    WatchedWorker worker("idle");
    EXPECT_THAT(WatchedWorker::stuck(in_ten_seconds()), Not(Contains("idle")));
  }
  EXPECT_THAT(WatchedWorker::stuck(in_ten_seconds()), Not(Contains("idle")));
}

TEST(WatchedWorker, RunsWhatItIsGivenInOrder) {
  std::vector<int> done;
  WatchedWorker worker("mill");
  for (int i = 0; i < 3; ++i) worker.post([&done, i] { done.push_back(i); });
  worker.stop();
  EXPECT_THAT(done, ::testing::ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace headgate::core
