#include "core/worker.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace headgate::core {
namespace {

TEST(Worker, RunsWhatItWasGivenInOrderBeforeItStops) {
  std::string ran;
  Worker worker;
  for (const char work : {'a', 'b', 'c'}) worker.post([&ran, work] { ran += work; });
  worker.stop();
  EXPECT_EQ(ran, "abc");
}

TEST(Worker, RunsWhatItsWorkPostsToItWhileItStops) {
  bool ran = false;
  Worker worker;
  worker.post([&] { worker.post([&] { ran = true; }); });
  worker.stop();
  EXPECT_TRUE(ran);
}

TEST(Worker, DropsWhatComesAfterItHasEnded) {
  Worker worker;
  worker.stop();
  worker.stop();
  const auto held = std::make_shared<bool>(false);
  worker.post([held] { *held = true; });
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(*held);
}

TEST(Worker, DestroysWorkBeforeItBeginsTheNext) {
  auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> seen(held);
  bool gone = false;
  Worker worker;
  worker.post([held = std::move(held)] {});
  worker.post([&] { gone = seen.expired(); });
  worker.stop();
  EXPECT_TRUE(gone);
}

}  // namespace
}  // namespace headgate::core
