#include "hub/thinning/sweep.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/hub/thinning/lane_of_readings.h"

namespace headgate::hub {
namespace {

using store::Entry;
using testing::kNoonMs;
using testing::message_of;
using testing::reading_at;
using Met = Sweep::Met;

class Sweeps : public ::testing::Test {
 protected:
  // A reading of each of `topics` every second, in [from_s, to_s).
  void readings(int64_t from_s, int64_t to_s, size_t topics) {
    for (int64_t second = from_s; second < to_s; ++second) {
      for (size_t topic = 0; topic < topics; ++topic)
        meet(reading_at(next_seq_++, kNoonMs + second * 1000, R"({"v":20.25,"unit":"bar"})",
                        "t/" + std::to_string(topic)));
    }
  }
  Met meet(const Entry& entry) {
    const Met met = sweep_.meet(entry);
    take_closed();
    return met;
  }
  void close_early() {
    while (sweep_.close_early()) {
    }
    take_closed();
  }
  void take_closed() {
    for (ClosedWindow closed = sweep_.take_closed(); !closed.folds.empty(); closed = sweep_.take_closed())
      closed_.push_back(std::move(closed));
  }
  // Appends the rows of all closed windows to the lane, as the hub does.
  std::vector<Entry> rows() {
    std::vector<Entry> rows;
    for (const ClosedWindow& window : closed_) {
      for (const Fold& fold : window.folds) rows.push_back({next_seq_++, fold.row(), 0, fold.tag()});
    }
    closed_.clear();
    return rows;
  }

  Sweep sweep_;
  std::vector<ClosedWindow> closed_;
  store::Seq next_seq_ = 1;
};

TEST_F(Sweeps, FoldReadingsAKeyAndMinute) {
  readings(0, 121, 3);
  ASSERT_EQ(closed_.size(), 2u);
  ASSERT_EQ(closed_[0].folds.size(), 3u);
  EXPECT_EQ(closed_[0].after, 0u);
  EXPECT_EQ(closed_[1].after, 180u);
  EXPECT_EQ(closed_[1].folds[2].entries().size(), 60u);
  EXPECT_EQ(closed_[1].folds[2].entries().front(), 183u);
}

TEST_F(Sweeps, FoldRowsOfMinutesAKeyAndQuarterAndLeaveTheRowsOfThat) {
  readings(0, 31 * 60, 2);
  const auto minutes = rows();
  ASSERT_EQ(minutes.size(), 30u * 2);
  for (const Entry& row : minutes) EXPECT_EQ(meet(row), Met::taken);
  ASSERT_EQ(closed_.size(), 1u);
  const auto quarters = rows();
  ASSERT_EQ(quarters.size(), 2u);
  EXPECT_EQ(testing::body_of(quarters[0].message)["n"], 900);
  for (const Entry& row : quarters) EXPECT_EQ(meet(row), Met::left);
}

TEST_F(Sweeps, LeaveIrregularBodiesAlone) {
  const Entry text{1, message_of("t", "on", kNoonMs), 0, {}};
  EXPECT_EQ(meet(text), Met::irregular);
  EXPECT_EQ(meet(reading_at(2, kNoonMs, R"({"state":"on"})")), Met::irregular);
  EXPECT_EQ(meet(reading_at(3, kNoonMs, R"({"v":[1,2,3]})")), Met::irregular);
  EXPECT_EQ(meet(reading_at(4, kNoonMs, R"({"v":9007199254740993})")), Met::irregular);
  auto typed = message_of("t", R"({"v":1})", kNoonMs);
  core::Properties properties;
  properties.content_type = "application/cbor";
  typed->properties = std::make_shared<const core::Properties>(properties);
  EXPECT_EQ(meet({5, typed, 0, {}}), Met::irregular);
  EXPECT_EQ(meet(reading_at(6, kNoonMs, R"({"v":1})")), Met::taken);
}

TEST_F(Sweeps, KeepKeysWithOtherPropertiesOrTagsApart) {
  for (int i = 0; i < 40; ++i) {
    auto message = message_of("t", R"({"v":1})", kNoonMs);
    core::Properties properties;
    properties.user = {{"line", i % 2 == 0 ? "A" : "B"}};
    message->properties = std::make_shared<const core::Properties>(properties);
    meet({next_seq_++, message, 0, i % 4 < 2 ? "x" : "y"});
  }
  meet(reading_at(next_seq_++, kNoonMs + kMinuteMs, "1"));
  ASSERT_EQ(closed_.size(), 1u);
  EXPECT_EQ(closed_[0].folds.size(), 4u);
}

TEST_F(Sweeps, CloseAWindowThatHoldsAsMuchAsMemoryAllows) {
  for (size_t i = 0; i < OpenWindow::kKeyEntriesMax + 1; ++i) meet(reading_at(next_seq_++, kNoonMs, "1.5"));
  ASSERT_EQ(closed_.size(), 1u);
  EXPECT_EQ(closed_[0].folds[0].entries().size(), OpenWindow::kKeyEntriesMax);
  closed_.clear();
  for (size_t i = 0; i < OpenWindow::kKeysMax + 2; ++i)
    meet(reading_at(next_seq_++, kNoonMs, "1.5", std::to_string(i)));
  EXPECT_EQ(closed_.size(), 1u);
}

TEST_F(Sweeps, FoldSparseReadingsAQuarterTheSecondTime) {
  std::vector<Entry> sparse;
  for (int64_t half_minute = 0; half_minute < 45; ++half_minute)
    sparse.push_back(reading_at(next_seq_++, kNoonMs + half_minute * 30'000, R"({"v":20.25})"));
  for (const Entry& entry : sparse) meet(entry);
  for (const ClosedWindow& window : closed_) EXPECT_EQ(window.folds[0].row(), nullptr);
  closed_.clear();
  sweep_.begin_again();
  for (const Entry& entry : sparse) meet(entry);
  ASSERT_EQ(closed_.size(), 1u);
  EXPECT_NE(closed_[0].folds[0].row(), nullptr);
}

TEST_F(Sweeps, JoinRowsOfPartsOfAQuarterTheSecondTime) {
  std::vector<Entry> lane;
  for (int64_t part = 0; part < 4; ++part) {
    readings(part * 180, part * 180 + 120, 2);
    close_early();
    for (const Entry& minute : rows()) meet(minute);
    close_early();
    for (const Entry& quarter : rows()) lane.push_back(quarter);
  }
  ASSERT_EQ(lane.size(), 8u) << "four parts of two topics";
  for (const Entry& part : lane) EXPECT_EQ(meet(part), Met::left);
  sweep_.begin_again();
  for (const Entry& part : lane) EXPECT_EQ(meet(part), Met::taken);
  close_early();
  const auto joined = rows();
  ASSERT_EQ(joined.size(), 2u);
  EXPECT_EQ(testing::body_of(joined[0].message)["n"], 480);
  for (const Entry& row : joined) EXPECT_EQ(meet(row), Met::left);
  sweep_.begin_again();
  for (const Entry& row : joined) meet(row);
  close_early();
  EXPECT_TRUE(closed_.empty()) << "there is nothing to join";
}

TEST_F(Sweeps, SayWhatTheyHoldUntilItIsTaken) {
  readings(0, 2, 1);
  EXPECT_TRUE(sweep_.holds_any_up_to(1));
  sweep_.skip_to(7);
  sweep_.restart();
  EXPECT_FALSE(sweep_.holds_any_up_to(1000));
  EXPECT_EQ(sweep_.position(), 0u);
}

TEST_F(Sweeps, SurviveAClockThatIsSetBack) {
  readings(0, 60, 1);
  readings(-120, 0, 1);
  ASSERT_EQ(closed_.size(), 2u);
  EXPECT_EQ(closed_[1].folds[0].entries().size(), 60u);
}

}  // namespace
}  // namespace headgate::hub
