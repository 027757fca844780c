#include "hub/observe/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/canned_readings.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Readings refused(uint64_t not_authorized, uint64_t malformed) {
  return testing::canned_readings({{"headgate_connections_refused_total",
                                    {{"malformed_packet", malformed}, {"not_authorized", not_authorized}}}},
                                  is_trouble);
}

TEST(History, KnowsWhenEachCounterLastGrew) {
  History history;
  history.look(refused(0, 0), 1000);
  EXPECT_THAT(history.grew_ms(), IsEmpty());
  history.look(refused(2, 0), 2000);
  history.look(refused(2, 1), 3000);
  history.look(refused(2, 1), 4000);
  EXPECT_THAT(history.grew_ms(), ElementsAre(Pair("clients/refused/malformed_packet", 3000),
                                             Pair("clients/refused/not_authorized", 2000)));
}

TEST(History, IsAboutCountersOfTroubleAlone) {
  for (const Metric& metric : metrics()) {
    if (metric.status == "messages_in" || metric.status == "clients/accepted") {
      EXPECT_FALSE(is_trouble(metric));
    }
    if (metric.status == "lost/expired" || metric.status == "publishes/refused") {
      EXPECT_TRUE(is_trouble(metric));
    }
  }
}

TEST(Since, IsTheTimeOfTheLastChangeWhileItIsSo) {
  Since low;
  EXPECT_EQ(low.ms(), 0);
  low.note(true, 1000);
  low.note(true, 2000);
  EXPECT_EQ(low.ms(), 1000);
  low.note(false, 3000);
  EXPECT_EQ(low.ms(), 0);
  low.note(true, 4000);
  EXPECT_EQ(low.ms(), 4000);
}

}  // namespace
}  // namespace headgate::hub
