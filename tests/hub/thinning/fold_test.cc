#include "hub/thinning/fold.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "tests/hub/thinning/lane_of_readings.h"

namespace headgate::hub {
namespace {

using store::Entry;
using testing::body_of;
using testing::kNoonMs;
using testing::reading_at;

class Folds : public ::testing::Test {
 protected:
  // The row of these entries; null: there is none.
  core::MessagePtr fold(const std::vector<Entry>& entries, Resolution into) {
    Fold fold(entries.front(), into);
    for (const Entry& entry : entries) {
      const auto leaves = reader_.read(entry.message->body, kRowLeavesMax);
      if (!leaves || !fold.add(entry, resolution_of(*entry.message, *leaves), *leaves)) return nullptr;
    }
    expires_ms_ = fold.expires_ms();
    return fold.row();
  }

  static Entry entry_of(store::Seq seq, core::MessagePtr row) { return {seq, std::move(row), 0, {}}; }

  // So many readings, a second apart, with two decimals.
  std::vector<Entry> walk(size_t count, uint64_t seed, store::Seq first = 1, int64_t at_ms = kNoonMs) {
    std::mt19937_64 random(seed);
    std::vector<Entry> entries;
    int64_t hundredths = 8125;
    for (size_t i = 0; i < count; ++i) {
      hundredths += static_cast<int64_t>(random() % 41) - 20;
      std::string digits = std::to_string(std::abs(hundredths % 100));
      if (digits.size() == 1) digits.insert(0, "0");
      entries.push_back(reading_at(first + i, at_ms + static_cast<int64_t>(i) * 1000,
                                   "{\"v\":" + std::to_string(hundredths / 100) + "." + digits + "}"));
    }
    return entries;
  }

  LeafReader reader_;
  int64_t expires_ms_ = -1;
};

std::string written(const Entry& entry) {
  const std::string& body = entry.message->body;
  return body.substr(5, body.size() - 6);
}

double number_in(const Entry& entry) { return std::stod(written(entry)); }

TEST_F(Folds, OfAMinuteHaveCountSumExtremesAndEnds) {
  std::vector<Entry> entries;
  const std::vector<std::string> values = {"81.25", "81.0", "81.50", "81.5", "81.25", "82", "81.75"};
  const std::string topic = "plant/7/line/3/machine/12/temperature/inside";
  for (size_t i = 0; i < values.size(); ++i)
    entries.push_back(
        reading_at(10 + i * 3, kNoonMs + static_cast<int64_t>(i) * 500, "{\"v\":" + values[i] + "}", topic));
  const auto row = fold(entries, Resolution::minute);
  ASSERT_TRUE(row) << "it is not smaller";
  EXPECT_EQ(
      row->body,
      "{\"fold\":60,\"n\":7,\"from\":10,\"to\":28,\"last\":1787000403000,\"of\":{\"/v\":{\"n\":7,\"sum\":570.25,"
      "\"min\":81.0,\"max\":82,\"first\":81.25,\"last\":81.75}}}");
  EXPECT_EQ(row->topic, topic);
  EXPECT_EQ(row->arrived_ms, kNoonMs);
  EXPECT_EQ(row->props().content_type, kFoldType);
  EXPECT_EQ(row->source, nullptr);
}

TEST_F(Folds, KeepExtremesAndEndsExactlyAndSumsToTwelveDigits) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const auto entries = walk(60, seed);
    const auto of = body_of(fold(entries, Resolution::minute))["of"]["/v"];
    const auto less = [](const Entry& a, const Entry& b) { return number_in(a) < number_in(b); };
    EXPECT_EQ(of["min"], number_in(*std::ranges::min_element(entries, less))) << seed;
    EXPECT_EQ(of["max"], number_in(*std::ranges::max_element(entries, less))) << seed;
    EXPECT_EQ(of["first"].dump(), nlohmann::json::parse(written(entries.front())).dump());
    EXPECT_EQ(of["last"].dump(), nlohmann::json::parse(written(entries.back())).dump());
    long double sum = 0;
    for (const Entry& entry : entries) sum += number_in(entry);
    EXPECT_NEAR(of["sum"].get<double>(), static_cast<double>(sum),
                1e-12 * std::fabs(static_cast<double>(sum)));
  }
}

TEST_F(Folds, LoseNothingOfSumsThatCancel) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < 20; ++i) {
    entries.push_back(reading_at(1 + 2 * i, kNoonMs, "{\"v\":1e16}"));
    entries.push_back(
        reading_at(2 + 2 * i, kNoonMs, i == 7 ? "{\"v\":-9999999999999999.0}" : "{\"v\":-1e16}"));
  }
  EXPECT_EQ(body_of(fold(entries, Resolution::minute))["of"]["/v"]["sum"], 40 - 40 + 0.0);
}

TEST_F(Folds, AreTheSameInWhateverOrderTheReadingsCome) {
  auto entries = walk(60, 7);
  const auto row = fold(entries, Resolution::minute);
  std::mt19937_64 random(1);
  for (int i = 0; i < 20; ++i) {
    std::ranges::shuffle(entries, random);
    EXPECT_EQ(fold(entries, Resolution::minute)->body, row->body);
  }
}

TEST_F(Folds, OfAQuarterAreTheSameByMinutesInAnyOrder) {
  std::vector<Entry> minutes;
  std::vector<Entry> all;
  for (size_t minute = 0; minute < 15; ++minute) {
    const auto readings =
        walk(60, minute, 1 + minute * 60, kNoonMs + static_cast<int64_t>(minute) * kMinuteMs);
    all.insert(all.end(), readings.begin(), readings.end());
    minutes.push_back(entry_of(2000 + minute, fold(readings, Resolution::minute)));
  }
  auto at_once = body_of(fold(all, Resolution::quarter));
  std::mt19937_64 random(1);
  std::string row;
  for (int i = 0; i < 20; ++i) {
    auto by_minutes = fold(minutes, Resolution::quarter);
    if (row.empty()) row = by_minutes->body;
    EXPECT_EQ(by_minutes->body, row);
    EXPECT_EQ(by_minutes->arrived_ms, kNoonMs);
    std::ranges::shuffle(minutes, random);
  }
  auto body = nlohmann::json::parse(row);
  EXPECT_EQ(body["fold"], 900);
  const double sum = at_once["of"]["/v"]["sum"];
  EXPECT_NEAR(body["of"]["/v"]["sum"].get<double>(), sum, 1e-12 * sum);
  body["of"]["/v"].erase("sum");
  at_once["of"]["/v"].erase("sum");
  EXPECT_EQ(body, at_once);
}

TEST_F(Folds, KeepWhatIsNoNumberIfItIsTheSameInAll) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    entries.push_back(reading_at(i + 1, kNoonMs + static_cast<int64_t>(i),
                                 "{\"unit\":\"b\\u0061r\",\"v\":" + n + ",\"at\":\"t" + n + "\"" +
                                     (i == 3 ? "" : ",\"ok\":true") + "}"));
  }
  const auto row = fold(entries, Resolution::minute);
  EXPECT_EQ(body_of(row)["same"], nlohmann::json::parse(R"({"/unit":"bar"})"));
  const auto quarter = fold({entry_of(30, row), entry_of(31, row)}, Resolution::quarter);
  EXPECT_EQ(body_of(quarter)["same"], nlohmann::json::parse(R"({"/unit":"bar"})"));
  EXPECT_EQ(body_of(quarter)["n"], 40);
}

TEST_F(Folds, NameMembersByTheirPointersAlsoOnTheSecondWay) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < 30; ++i)
    entries.push_back(reading_at(i + 1, kNoonMs, R"({"a/b":{"c~d":1.5},"":2,"e~1":"x"})"));
  const auto row = fold(entries, Resolution::minute);
  EXPECT_EQ(body_of(row)["of"].size(), 2u);
  const auto quarter = body_of(fold({entry_of(50, row), entry_of(51, row)}, Resolution::quarter));
  EXPECT_EQ(quarter["of"]["/a~1b/c~0d"]["n"], 60);
  EXPECT_EQ(quarter["of"]["/"]["sum"], 120);
  EXPECT_EQ(quarter["same"]["/e~01"], "x");
}

TEST_F(Folds, CountEachNumberThatIsNotInAllReadings) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < 30; ++i)
    entries.push_back(reading_at(i + 1, kNoonMs, i < 10 ? R"({"v":1,"w":2})" : R"({"v":1,"w":"-"})"));
  const auto body = body_of(fold(entries, Resolution::minute));
  EXPECT_EQ(body["of"]["/v"]["n"], 30);
  EXPECT_EQ(body["of"]["/w"]["n"], 10);
}

TEST_F(Folds, AreNotMadeWhereTheyWouldBeLarger) {
  EXPECT_EQ(fold(walk(2, 1), Resolution::minute), nullptr);
  EXPECT_NE(fold(walk(60, 1), Resolution::minute), nullptr);
}

TEST_F(Folds, AreNotMadeOfSumsBeyondADouble) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < 60; ++i) entries.push_back(reading_at(i + 1, kNoonMs, R"({"v":1.7e308})"));
  EXPECT_EQ(fold(entries, Resolution::minute), nullptr);
}

TEST_F(Folds, ExpireWithTheLastOfTheirEntries) {
  auto entries = walk(60, 1);
  for (size_t i = 0; i < entries.size(); ++i) entries[i].expires_ms = kNoonMs + 500 - static_cast<int64_t>(i);
  ASSERT_NE(fold(entries, Resolution::minute), nullptr);
  EXPECT_EQ(expires_ms_, kNoonMs + 500);
  entries[30].expires_ms = 0;
  ASSERT_NE(fold(entries, Resolution::minute), nullptr);
  EXPECT_EQ(expires_ms_, 0);
}

TEST_F(Folds, RefuseARowThatIsNotWhole) {
  const auto row = fold(walk(60, 1), Resolution::minute);
  for (const std::string_view gone : {"\"n\":60,\"from\"", "\"last\":1787", "\"max\""}) {
    auto broken = std::make_shared<core::Message>(*row);
    const size_t at = broken->body.find(gone);
    ASSERT_NE(at, std::string::npos) << gone;
    broken->body[at + 1] = 'z';
    EXPECT_EQ(fold({entry_of(90, broken), entry_of(91, row)}, Resolution::quarter), nullptr) << gone;
  }
}

TEST_F(Folds, TakeNoRowOfAClientForTheirs) {
  auto forged = std::make_shared<core::Message>(*fold(walk(60, 1), Resolution::minute));
  forged->source = std::make_shared<const core::Source>();
  const auto leaves = reader_.read(forged->body, kRowLeavesMax);
  EXPECT_EQ(resolution_of(*forged, *leaves), Resolution::reading);
}

}  // namespace
}  // namespace headgate::hub
