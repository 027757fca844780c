// Windows while nobody knows whether the hub's clock is right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/hub/engine/computation/windows_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;

const core::UserProperty kUnsynced{"clock", "unsynced"};

class UnsyncedWindows : public Windows {
 protected:
  void route_by_minute(const std::string& time = "") {
    route("SELECT count(*) AS n FROM 'plant/#' " + time + " GROUP BY Tumbling(1m) INTO $upstream");
  }
  // Of each result, in their order.
  std::vector<bool> unsynced() {
    std::vector<bool> all;
    for (const store::Entry& entry : entries("$upstream")) {
      const auto& properties = entry.message->props().user;
      all.push_back(std::ranges::find(properties, kUnsynced) != properties.end());
    }
    return all;
  }
};

TEST_F(UnsyncedWindows, SaySoInTheirResults) {
  clock_.doubt();
  route_by_minute();
  publish("plant/1", "{}");
  pass(60'000);
  EXPECT_THAT(unsynced(), ElementsAre(true));
}

TEST_F(UnsyncedWindows, ByEventTimeSaySoAsWell) {
  clock_.doubt();
  route_by_minute("TIMESTAMP BY $body.ts");
  publish("plant/1", R"({"ts":)" + std::to_string(clock_.now().hub_ms) + "}");
  pass(120'000);
  EXPECT_THAT(unsynced(), ElementsAre(true));
}

TEST_F(UnsyncedWindows, DoNotOnceTheClockIsRight) {
  route_by_minute();
  publish("plant/1", "{}");
  pass(60'000);
  EXPECT_THAT(unsynced(), ElementsAre(false));
}

TEST_F(UnsyncedWindows, StillSaySoWhenTheClockIsRightByTheirEndAndOverACrash) {
  core::DoubtfulStretches doubtful;  // as the store remembers them
  const int64_t now_ms = clock_.now().hub_ms;
  doubtful.add({now_ms - 5'000, now_ms + 5'000});
  engine_->doubt(&doubtful);
  route_by_minute();
  publish("plant/1", "{}");
  pass(1'000);
  store_.remember_commits();
  crash();
  engine_->doubt(&doubtful);
  pass(60'000);
  publish("plant/1", "{}");
  pass(60'000);
  EXPECT_THAT(unsynced(), ElementsAre(true, false));
}

TEST_F(UnsyncedWindows, SayNothingOfMessagesThatArePassedOn) {
  clock_.doubt();
  route("FROM 'plant/#' WHERE changed($body.n) INTO $upstream");
  publish("plant/1", R"({"n":1})");
  EXPECT_THAT(unsynced(), ElementsAre(false));
}

}  // namespace
}  // namespace headgate::hub
