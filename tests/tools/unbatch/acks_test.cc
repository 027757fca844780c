// What a reader says it has: never more than it has, and that without a hole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/temp_dir.h"
#include "tools/unbatch/acks/acknowledger.h"
#include "tools/unbatch/unbatch.h"

namespace headgate::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

ChainMark batch(uint64_t number, std::optional<uint64_t> after = {}) {
  ChainMark mark;
  mark.number = number;
  mark.after = after.value_or(number - 1);
  return mark;
}

ChainMark instead_of(Span numbers, uint64_t after, ChainMark mark) {
  mark.instead_of = {{numbers, after, "hash"}};
  return mark;
}

class ReaderProgress : public ::testing::Test {
 protected:
  void take(const ChainMark& mark) { progress_.take(mark, "hash of " + std::to_string(mark.number)); }
  [[nodiscard]] std::pair<uint64_t, uint64_t> has() const {
    const Progress::Stretch* const last = progress_.last();
    return last == nullptr ? std::pair<uint64_t, uint64_t>() : std::pair(last->first, last->last);
  }
  using Has = std::pair<uint64_t, uint64_t>;
  Progress progress_;
};

TEST_F(ReaderProgress, GoesOnWithEachBatch) {
  EXPECT_EQ(has(), Has(0, 0));
  for (uint64_t number = 1; number <= 5; ++number) take(batch(number));
  EXPECT_EQ(has(), Has(1, 5));
  EXPECT_EQ(progress_.last()->hash, "hash of 5");
}

TEST_F(ReaderProgress, StopsAtAHoleUntilItIsFilled) {
  for (const uint64_t number : {1, 2, 4, 5}) take(batch(number));
  EXPECT_EQ(has(), Has(4, 5)) << "so that a hub sees what is missing";
  take(batch(3));
  EXPECT_EQ(has(), Has(1, 3)) << "what is behind it comes again, so that the order is whole";
  for (const uint64_t number : {4, 5}) take(batch(number));
  EXPECT_EQ(has(), Has(1, 5));
  EXPECT_EQ(progress_.last()->hash, "hash of 5");
}

TEST_F(ReaderProgress, IsNotMovedByCopies) {
  for (const uint64_t number : {1, 2, 3, 1, 3, 2}) take(batch(number));
  EXPECT_EQ(has(), Has(1, 3));
}

TEST_F(ReaderProgress, JumpsWithTheChain) {
  take(batch(3, 0));
  take(batch(90, 3));
  EXPECT_EQ(has(), Has(3, 90));
}

TEST_F(ReaderProgress, PassesOverWhatWasGivenUp) {
  take(batch(1, 0));
  take(instead_of({2, 4}, 1, batch(5)));
  EXPECT_EQ(has(), Has(1, 5));
  take(batch(8));
  EXPECT_EQ(has(), Has(8, 8));
  take(instead_of({6, 7}, 5, batch(9)));
  EXPECT_EQ(has(), Has(1, 9)) << "also of what came before it was said";
}

TEST_F(ReaderProgress, PassesOverABatchThatWasGivenUpAndCameAllTheSame) {
  for (const uint64_t number : {1, 2}) take(batch(number));
  take(batch(4));
  take(instead_of({3, 3}, 2, batch(5)));
  EXPECT_EQ(has(), Has(1, 5));
}

TEST_F(ReaderProgress, BeginsInTheMiddleAndSaysSo) {
  take(batch(1003));
  EXPECT_EQ(has(), Has(1003, 1003));
  for (const uint64_t number : {1001, 1002, 1003}) take(batch(number));
  EXPECT_EQ(has(), Has(1001, 1003));
}

TEST_F(ReaderProgress, IsBounded) {
  for (uint64_t number = 2; number < 20'000; number += 2)
    take(instead_of({100'000 + 2 * number, 100'000 + 2 * number}, 1, batch(number)));
  EXPECT_THAT(progress_.state().stretches, SizeIs(Progress::kStretchesMax));
  EXPECT_THAT(progress_.state().given_up, SizeIs(Progress::kGivenUpMax));
}

class Acknowledging : public ::testing::Test {
 protected:
  static constexpr const char* kTopic = "headgate/h/batches";

  void take(uint64_t number, int64_t at_ms = 0, const std::string& stream = "upstream") {
    ChainLink link;
    link.stream = {"h", "E", stream};
    link.mark = batch(number);
    link.hash = "hash of " + std::to_string(number);
    reader_.take(link, kTopic, at_ms);
  }
  [[nodiscard]] static Json said(const std::vector<RetainedNote>& notes) {
    return notes.empty() ? Json() : Json::parse(notes.back().payload);
  }
  Acknowledger reader_{8};
};

TEST_F(Acknowledging, SaysWhatIsSafe) {
  take(3);
  take(4);
  const auto notes = reader_.take_due(1000);
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_EQ(notes[0].topic, "headgate/h/batches/ack/upstream");
  EXPECT_EQ(said(notes),
            Json({{"v", 1}, {"ep", "E"}, {"from", 3}, {"n", 4}, {"hash", "hash of 4"}, {"credit", 8}}));
  EXPECT_THAT(reader_.take_due(9000), IsEmpty()) << "once";
}

TEST_F(Acknowledging, SaysWhichDictionariesItHolds) {
  reader_ = Acknowledger(8, {7, 9});
  take(3);
  EXPECT_EQ(said(reader_.take_due(1000))["dictionaries"], Json({7, 9}));
}

TEST_F(Acknowledging, AsksAgainForWhatItCannotReadButNotForEachOfThem) {
  take(1);
  (void)reader_.take_due(1000);
  reader_.on_unreadable(1'700'000'000'000);
  EXPECT_EQ(said(reader_.take_due(1001))["again"], 1'700'000'000'000);
  reader_.on_unreadable(1'700'000'009'000);
  EXPECT_THAT(reader_.take_due(9'000), IsEmpty());
  reader_.on_unreadable(1'700'000'010'000);
  EXPECT_EQ(said(reader_.take_due(10'000))["again"], 1'700'000'010'000);
}

TEST_F(Acknowledging, WaitsASecondForCompanyButNotForTheLastCredit) {
  take(1, 500);
  EXPECT_THAT(reader_.take_due(1499), IsEmpty());
  EXPECT_THAT(reader_.take_due(1500), SizeIs(1));
  for (uint64_t number = 2; number <= 4; ++number) take(number, 2000);
  EXPECT_THAT(reader_.take_due(2000), IsEmpty());
  take(5, 2000);
  EXPECT_THAT(reader_.take_due(2000), SizeIs(1)) << "half of what the hub may send";
}

TEST_F(Acknowledging, SaysEverythingAtTheEnd) {
  take(1, 0);
  EXPECT_EQ(said(reader_.take_due(0, true))["n"], 1);
}

TEST_F(Acknowledging, KeepsStreamsApart) {
  take(1);
  take(70, 0, "upstream:lte");
  const auto notes = reader_.take_due(1000);
  ASSERT_THAT(notes, SizeIs(2));
  EXPECT_EQ(notes[1].topic, "headgate/h/batches/ack/upstream:lte");
}

TEST_F(Acknowledging, AsksForWhatTheBrokerHasForgotten) {
  take(1);
  reader_.on_connected(true, 5000);
  EXPECT_FALSE(said(reader_.take_due(0)).contains("again"));
  reader_.on_connected(false, 5000);
  EXPECT_EQ(said(reader_.take_due(0))["again"], 5000);
  reader_.on_connected(false, 4000);
  EXPECT_EQ(said(reader_.take_due(0))["again"], 5001) << "another wish, whatever the clock says";
}

TEST_F(Acknowledging, GreetsAHubThatItHasNothingOf) {
  reader_.on_connected(false, 5000);
  reader_.meet({"h", "E", "upstream", 7, "hash"}, "headgate/h/batches/head/upstream");
  reader_.meet({"h", "E", "upstream", 7, "hash"}, "somewhere/else");
  const auto notes = reader_.take_due(0);
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_EQ(said(notes), Json({{"v", 1}, {"ep", "E"}, {"credit", 8}, {"again", 5000}}));
}

TEST_F(Acknowledging, GoesOnAfterARestart) {
  take(1);
  take(2);
  take(9);
  Acknowledger next(8);
  ASSERT_TRUE(next.load(reader_.save()));
  next.on_connected(true, 1);
  EXPECT_EQ(next.take_due(0), reader_.take_due(1000));
  for (const char* wrong : {"", "{}", R"({"v":1,"acknowledged":[{}]})", R"({"v":2,"acknowledged":[]})"})
    EXPECT_FALSE(next.load(wrong)) << wrong;
}

TEST_F(Acknowledging, IsSilentUnlessItIsWanted) {
  Acknowledger silent(0);
  ChainLink link;
  link.mark = batch(1);
  silent.take(link, kTopic, 0);
  silent.meet({"h", "E", "upstream", 7, "hash"}, "headgate/h/batches/head/upstream");
  silent.on_connected(false, 1);
  EXPECT_THAT(silent.take_due(1000, true), IsEmpty());
}

TEST(AcknowledgingReader, NeedsAllThatItsWordDependsOn) {
  const testing::TempDir dir;
  const std::vector<std::string> whole{"--ack",
                                       "--host",
                                       "127.0.0.1",
                                       "--client-id",
                                       "reader",
                                       "--timeout-s",
                                       "1",
                                       "--state",
                                       dir.path() + "/state",
                                       "--sqlite",
                                       dir.path() + "/rows.db"};
  const std::pair<const char*, const char*> needed[] = {{"--host", "give --host"},
                                                        {"--client-id", "needs --client-id"},
                                                        {"--state", "needs --state"},
                                                        {"--sqlite", "needs --sqlite or --to"}};
  for (const auto& [option, why] : needed) {
    std::vector<std::string> args = whole;
    const auto at = std::find(args.begin(), args.end(), option);
    args.erase(at, at + 2);
    std::istringstream in;
    std::ostringstream out, err;
    EXPECT_EQ(run_unbatch(args, in, out, err), 2) << option;
    EXPECT_THAT(err.str(), HasSubstr(why));
  }
}

}  // namespace
}  // namespace headgate::tools
