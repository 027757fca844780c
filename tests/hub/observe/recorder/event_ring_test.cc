#include "hub/observe/recorder/event_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> names(const LogEvents& found) {
  std::vector<std::string> names;
  for (const LogEvent& event : found.events) names.push_back(event.event);
  return names;
}

TEST(EventRing, GivesTheNewestInTheirOrder) {
  EventRing ring;
  for (const char* event : {"a", "b", "c"}) ring.add(core::LogLevel::info, event, {{"client", "c1"}}, 5);
  EXPECT_THAT(names(ring.find({.count = 2})), ElementsAre("b", "c"));
  const LogEvent newest = ring.find({.count = 1}).events[0];
  EXPECT_EQ(newest.number, 3u);
  EXPECT_EQ(newest.at_ms, 5);
  EXPECT_THAT(newest.fields, ElementsAre(std::pair<std::string, std::string>("client", "c1")));
}

TEST(EventRing, GoesOnBehindANumber) {
  EventRing ring;
  for (const char* event : {"a", "b", "c", "d"}) ring.add(core::LogLevel::info, event, {}, 5);
  const LogEvents first = ring.find({.after = 1, .count = 2});
  EXPECT_THAT(names(first), ElementsAre("b", "c"));
  const LogEvents second = ring.find({.after = first.next, .count = 2});
  EXPECT_THAT(names(second), ElementsAre("d"));
  EXPECT_THAT(names(ring.find({.after = second.next})), ElementsAre());
}

TEST(EventRing, FiltersByLevelAndName) {
  EventRing ring;
  ring.add(core::LogLevel::info, "a", {}, 1);
  ring.add(core::LogLevel::warn, "b", {}, 2);
  ring.add(core::LogLevel::error, "a", {}, 3);
  EXPECT_THAT(names(ring.find({.level = core::LogLevel::warn})), ElementsAre("b", "a"));
  EXPECT_THAT(names(ring.find({.event = "a"})), ElementsAre("a", "a"));
  EXPECT_THAT(names(ring.find({.level = core::LogLevel::error, .event = "b"})), ElementsAre());
}

TEST(EventRing, TakesNoMoreMemoryThanItIsGivenAndSaysWhatItForgot) {
  EventRing ring(10'000);
  for (int i = 0; i < 1000; ++i) ring.add(core::LogLevel::info, "event", {{"key", std::string(100, 'x')}}, i);
  EXPECT_LE(ring.bytes(), 10'000u);
  const LogEvents found = ring.find({.count = 1000});
  EXPECT_GT(found.events.size(), 10u);
  EXPECT_EQ(found.forgotten, 1000 - found.events.size());
  ring.add(core::LogLevel::info, "long", {{"key", std::string(100'000, 'x')}}, 1);
  EXPECT_LE(ring.bytes(), 10'000u);
  EXPECT_THAT(names(ring.find({.count = 1})), ElementsAre("long"));
}

}  // namespace
}  // namespace headgate::hub
