#include "core/os/priority.h"

#include <gtest/gtest.h>
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

}  // namespace
}  // namespace headgate::core
