// Posting to the loop, from its thread and from others.
#include "hub/shell/loop.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace headgate::hub {
namespace {

class LoopExecutor : public ::testing::Test {
 protected:
  // Blocks until `done`.
  void run_until(const std::function<bool()>& done) {
    io_.restart();
    while (!done()) io_.run_one();
  }

  boost::asio::io_context io_{1};
  std::unique_ptr<AsioExecutor> executor_ = std::make_unique<AsioExecutor>(io_);
};

TEST_F(LoopExecutor, RunsWhatAnotherThreadPostsInItsOrder) {
  std::vector<int> ran;
  std::thread([&] {
    for (int i = 0; i < 5; ++i) executor_->post([&ran, i] { ran.push_back(i); });
  }).join();
  EXPECT_TRUE(ran.empty());
  run_until([&] { return ran.size() == 5; });
  EXPECT_EQ(ran, (std::vector{0, 1, 2, 3, 4}));
}

TEST_F(LoopExecutor, RunsNothingInsidePost) {
  bool inside = true;
  bool ran = false;
  executor_->post([&] {
    executor_->post([&] {
      EXPECT_FALSE(inside);
      ran = true;
    });
    inside = false;
  });
  run_until([&] { return ran; });
}

TEST_F(LoopExecutor, LosesNothingOfThreadsThatPostTogether) {
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  std::vector<int> ran(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        executor_->post([&ran, t, i] { EXPECT_EQ(ran[static_cast<size_t>(t)]++, i); });
      }
    });
  }
  run_until([&] { return ran == std::vector<int>(kThreads, kEach); });
  for (std::thread& thread : threads) thread.join();
}

TEST_F(LoopExecutor, WakesALoopThatWaits) {
  std::atomic<bool> waits = false;
  bool ran = false;
  std::thread other([&] {
    waits.wait(false);
    executor_->post([&] { ran = true; });
  });
  executor_->post([&] {
    waits = true;
    waits.notify_one();
  });
  run_until([&] { return ran; });
  other.join();
}

TEST_F(LoopExecutor, LetsGoOfWhatNeverRan) {
  auto kept = std::make_shared<int>(0);
  executor_->post([kept] {});
  executor_->post([kept] {});
  EXPECT_EQ(kept.use_count(), 3);
  executor_.reset();
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace headgate::hub
