#include "hub/shell/descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace headgate::hub {
namespace {

// Size of this process's table, as Linux tells it.
size_t table_size() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("FDSize:")) return std::stoul(line.substr(7));
  }
  return 0;
}

size_t descriptors_max() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

TEST(Descriptors, HaveRoomInTheTableBeforeTheyAreMade) {
  const size_t wanted = std::min(table_size() * 4, descriptors_max());
  reserve_descriptors(wanted);
  EXPECT_GE(table_size(), wanted);
}

TEST(Descriptors, AreReservedUpToTheLimitOfTheProcess) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{64, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  reserve_descriptors(SIZE_MAX);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_GE(table_size(), 64u);
}

}  // namespace
}  // namespace headgate::hub
