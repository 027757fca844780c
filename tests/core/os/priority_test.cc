#include "core/os/priority.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <thread>

namespace headgate::core {
namespace {

TEST(Priority, SteppingBackIsOfTheCallingThreadAlone) {
  const int before = ::getpriority(PRIO_PROCESS, 0);
  int stepped = 0;
  std::thread([&] {
    step_back();
    stepped = ::getpriority(PRIO_PROCESS, 0);
  }).join();
  EXPECT_GT(stepped, before);
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), before);
}

TEST(Priority, SteppingFarBackTakesNoCoreFromAnybody) {
  int stepped = 0;
  int policy = SCHED_OTHER;
  std::thread([&] {
    step_far_back();
    stepped = ::getpriority(PRIO_PROCESS, 0);
    policy = ::sched_getscheduler(0);
  }).join();
  EXPECT_EQ(stepped, 19);
  EXPECT_EQ(policy, SCHED_BATCH);
  EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
}

}  // namespace
}  // namespace headgate::core
