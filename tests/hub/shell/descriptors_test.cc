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

TEST(DescriptorShares, LeaveTheStoreWhatItNeedsAndClientsTheRest) {
  constexpr DescriptorShares kWanted{.tables_open_max = 256, .connections_max = 10'000};
  EXPECT_EQ(share_descriptors(65'536, kWanted).connections_max, 10'000u);
  const DescriptorShares few = share_descriptors(1'024, kWanted);
  EXPECT_EQ(few.tables_open_max, 256u);
  EXPECT_EQ(few.connections_max, 1'024u - 256 - 128);
}

TEST(DescriptorShares, OfVeryFewStillLetSomebodyIn) {
  for (const size_t limit : {0u, 64u, 148u, 200u}) {
    const DescriptorShares few =
        share_descriptors(limit, {.tables_open_max = 256, .connections_max = 10'000});
    EXPECT_GE(few.connections_max, 1u) << limit;
    EXPECT_LE(few.tables_open_max, std::max<size_t>(20, limit / 4)) << limit;
  }
}

TEST(DescriptorShares, AddUpToTheLimit) {
  const DescriptorShares wanted{.tables_open_max = 256, .connections_max = 10'000};
  for (size_t limit = 300; limit < 12'000; limit += 100)
    EXPECT_LE(descriptors_for(share_descriptors(limit, wanted)), limit) << limit;
}

}  // namespace
}  // namespace headgate::hub
