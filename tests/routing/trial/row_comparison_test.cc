// Rows of two versions of routes: which are one, which came, went or changed.
#include "routing/trial/row_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TimedRow row_at(int64_t at_ms, std::string body, const std::string& route = "r") {
  TimedRow timed{route, at_ms, {}};
  timed.row.to = "$upstream";
  timed.row.topic = "t";
  timed.row.body = std::move(body);
  return timed;
}

TimedRow of_window(int64_t start_ms, std::string body, uint32_t rev = 0) {
  TimedRow timed = row_at(start_ms + 60, std::move(body));
  timed.row.start_ms = start_ms;
  timed.row.end_ms = start_ms + 60;
  timed.row.rev = rev;
  return timed;
}

// "+ body", "- body", "~ body < before".
std::vector<std::string> lines_of(RowComparison& rows) {
  std::vector<std::string> lines;
  for (const RowChange& change : rows.finish()) {
    const bool changed = change.kind == RowChange::Kind::changed;
    const std::string sign = changed ? "~ " : change.kind == RowChange::Kind::added ? "+ " : "- ";
    lines.push_back(sign + change.row.row.body + (changed ? " < " + change.before.row.body : ""));
  }
  return lines;
}

TEST(RowComparisonTest, EqualRowsAreNoDifference) {
  RowComparison rows;
  rows.add_before(row_at(1, "a"));
  rows.add_before(row_at(2, "a"));
  rows.add_after(row_at(1, "a"));
  rows.add_after(row_at(2, "a"));
  EXPECT_THAT(lines_of(rows), IsEmpty());
  EXPECT_EQ(rows.counts().at("r"), (RowComparison::Counts{2, 0, 0, 0}));
}

TEST(RowComparisonTest, AreComparedWhicheverVersionComesFirst) {
  RowComparison rows;
  rows.add_after(row_at(1, "a"));
  rows.add_before(row_at(1, "a"));
  EXPECT_EQ(rows.counts().at("r").same, 1u);
}

TEST(RowComparisonTest, RowsThatComeAndGoAreToldInTheOrderOfTime) {
  RowComparison rows;
  rows.add_before(row_at(3, "c"));
  rows.add_after(row_at(1, "a"));
  rows.add_after(row_at(2, "b"));
  EXPECT_THAT(lines_of(rows), ElementsAre("+ a", "+ b", "- c"));
  EXPECT_EQ(rows.counts().at("r"), (RowComparison::Counts{0, 2, 1, 0}));
}

TEST(RowComparisonTest, ARowOfOneMomentThatSaysSomethingElseHasChanged) {
  RowComparison rows;
  rows.add_before(row_at(1, R"({"t":1})"));
  rows.add_after(row_at(1, R"({"t":2})"));
  EXPECT_THAT(lines_of(rows), ElementsAre(R"(~ {"t":2} < {"t":1})"));
}

TEST(RowComparisonTest, TwoEqualRowsOfWhichOneIsLeftAreOneThatWent) {
  RowComparison rows;
  rows.add_before(row_at(1, "a"));
  rows.add_before(row_at(1, "a"));
  rows.add_after(row_at(1, "a"));
  EXPECT_THAT(lines_of(rows), ElementsAre("- a"));
}

TEST(RowComparisonTest, AWindowIsTheSameWhenItComesAtAnotherTime) {
  RowComparison rows;
  TimedRow later = of_window(0, "{}");
  later.at_ms += 5;
  rows.add_before(of_window(0, "{}"));
  rows.add_after(later);
  EXPECT_THAT(lines_of(rows), IsEmpty());
}

TEST(RowComparisonTest, RevisionsAndWindowsAreRowsOfTheirOwn) {
  RowComparison rows;
  rows.add_before(of_window(0, "{}"));
  rows.add_after(of_window(0, "{}", 1));
  rows.add_after(of_window(60, "{}"));
  EXPECT_THAT(lines_of(rows), ElementsAre("- {}", "+ {}", "+ {}"));
}

TEST(RowComparisonTest, AWindowThatIsNotCompleteAnyMoreHasChanged) {
  RowComparison rows;
  TimedRow partial = of_window(0, "{}");
  partial.row.complete = false;
  rows.add_before(of_window(0, "{}"));
  rows.add_after(partial);
  EXPECT_EQ(rows.finish().size(), 1u);
  EXPECT_EQ(rows.counts().at("r").changed, 1u);
}

TEST(RowComparisonTest, GroupsOfAWindowAreFoundByWhatTheyHaveInCommon) {
  RowComparison rows;
  for (const char* asset : {"a", "b", "c"})
    rows.add_before(of_window(0, R"({"mean":1,"asset":")" + std::string(asset) + "\"}"));
  for (const char* asset : {"c", "b"})
    rows.add_after(of_window(0, R"({"mean":2,"asset":")" + std::string(asset) + "\"}"));
  EXPECT_THAT(lines_of(rows), ElementsAre(R"(- {"mean":1,"asset":"a"})",
                                          R"(~ {"mean":2,"asset":"b"} < {"mean":1,"asset":"b"})",
                                          R"(~ {"mean":2,"asset":"c"} < {"mean":1,"asset":"c"})"));
}

TEST(RowComparisonTest, RowsOfAWindowWithNothingInCommonCameAndWent) {
  RowComparison rows;
  rows.add_before(of_window(0, "a"));
  rows.add_before(of_window(0, "b"));
  rows.add_after(of_window(0, "c"));
  EXPECT_THAT(lines_of(rows), ElementsAre("- a", "- b", "+ c"));
}

TEST(RowComparisonTest, RoutesAreComparedEachWithItself) {
  RowComparison rows;
  rows.add_before(row_at(1, "a", "one"));
  rows.add_after(row_at(1, "a", "two"));
  EXPECT_THAT(lines_of(rows), ElementsAre("- a", "+ a"));
  EXPECT_EQ(rows.counts().at("one").gone, 1u);
  EXPECT_EQ(rows.counts().at("two").added, 1u);
}

TEST(RowComparisonTest, ManyGroupsAreComparedInNoTime) {
  RowComparison rows;
  constexpr int kGroups = 20'000;
  for (int i = 0; i < kGroups; ++i) rows.add_before(of_window(0, std::to_string(i)));
  for (int i = kGroups; i > 0; --i) rows.add_after(of_window(0, std::to_string(i - 1)));
  EXPECT_THAT(lines_of(rows), IsEmpty());
  RowComparison others;
  for (int i = 0; i < kGroups; ++i) others.add_before(of_window(0, "x" + std::to_string(i)));
  EXPECT_EQ(others.finish().size(), size_t{kGroups});
}

}  // namespace
}  // namespace headgate::routing
