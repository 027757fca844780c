#include "upstream/drain/flight.h"

#include <gtest/gtest.h>

namespace headgate::upstream {
namespace {

class FlightTest : public ::testing::Test {
 protected:
  // A wide window, and a batch of two messages in each lane named.
  std::vector<Token> add(std::initializer_list<uint8_t> lanes, size_t window_max = 4) {
    for (int i = 0; i < 10; ++i) flight_.widen_window({}, window_max, false, now_);
    std::vector<Token> tokens;
    for (const uint8_t lane : lanes) {
      Batch batch;
      batch.lane = lane;
      batch.seqs = {1, 2};
      tokens.push_back(flight_.add(std::move(batch)).token);
    }
    return tokens;
  }
  // The tokens published now.
  std::vector<Token> publish() {
    std::vector<Token> tokens;
    while (Batch* batch = flight_.next_to_publish()) {
      flight_.on_published(now_);
      tokens.push_back(batch->token);
    }
    return tokens;
  }

  Flight flight_;
  core::Now now_{1000, 5000};
};

TEST_F(FlightTest, PublishesInTheOrderOfAddingWhateverTheEncoderDoes) {
  const auto tokens = add({5, 5, 0});
  (void)flight_.on_encoded(tokens[2]);
  (void)flight_.on_encoded(tokens[1]);
  EXPECT_TRUE(publish().empty());
  (void)flight_.on_encoded(tokens[0]);
  EXPECT_EQ(publish(), tokens);
}

TEST_F(FlightTest, CountsABatchIntoTheWindowFromTheStart) {
  const auto tokens = add({5, 5, 5});
  EXPECT_TRUE(flight_.open());
  add({5});
  EXPECT_FALSE(flight_.open());
  (void)flight_.on_encoded(tokens[0]);
  publish();
  EXPECT_FALSE(flight_.open());
  EXPECT_TRUE(flight_.on_answered(tokens[0], now_).has_value());
  EXPECT_TRUE(flight_.open());
}

TEST_F(FlightTest, HasFewBatchesEncodedAtATimeHoweverWideTheWindow) {
  const auto tokens = add({5, 5, 5, 5}, 10);
  EXPECT_FALSE(flight_.open());
  (void)flight_.on_encoded(tokens[1]);
  EXPECT_TRUE(flight_.open());
  add({5}, 10);
  EXPECT_FALSE(flight_.open());
  flight_.give_up_all();
  EXPECT_FALSE(flight_.open());
  (void)flight_.on_encoded(tokens[0]);
  EXPECT_TRUE(flight_.open());
}

TEST_F(FlightTest, KeepsThePlaceOfWhatWasGivenUpUntilItsEncodingIsBack) {
  const auto tokens = add({5, 5, 5, 5});
  flight_.give_up_all();
  EXPECT_EQ(flight_.size(), 0U);
  EXPECT_FALSE(flight_.open());
  EXPECT_FALSE(flight_.idle());
  for (const Token token : tokens) EXPECT_EQ(flight_.on_encoded(token), nullptr);
  EXPECT_TRUE(flight_.open());
  EXPECT_TRUE(flight_.idle());
}

TEST_F(FlightTest, GivesUpOnlyWhatIsOfTheLaneUnpublishedAndBehindTheToken) {
  const auto tokens = add({5, 5, 3, 5});
  (void)flight_.on_encoded(tokens[0]);
  publish();
  EXPECT_EQ(flight_.give_up_unpublished(5, tokens[1]).messages, 2U);
  EXPECT_EQ(flight_.size(), 3U);
  EXPECT_EQ(flight_.give_up_unpublished(5).messages, 2U);
  EXPECT_EQ(flight_.size(), 2U);
  EXPECT_TRUE(flight_.has_published_of(5));
  EXPECT_TRUE(flight_.has_any_of(3));
}

TEST_F(FlightTest, TakesNoAnswerForWhatIsNotPublished) {
  const auto tokens = add({5});
  EXPECT_FALSE(flight_.on_answered(tokens[0], now_).has_value());
  (void)flight_.on_encoded(tokens[0]);
  EXPECT_FALSE(flight_.on_answered(tokens[0], now_).has_value());
  EXPECT_EQ(flight_.on_encoded(tokens[0]), nullptr);  // a second time
  publish();
  EXPECT_TRUE(flight_.on_answered(tokens[0], now_).has_value());
  EXPECT_FALSE(flight_.on_answered(tokens[0], now_).has_value());
}

TEST_F(FlightTest, WaitsForAnAnswerFromTheFirstPublishOn) {
  const auto tokens = add({5, 5});
  EXPECT_EQ(flight_.waiting_since(), Flight::kNever);
  (void)flight_.on_encoded(tokens[0]);
  publish();
  EXPECT_EQ(flight_.waiting_since(), 1000);
  now_.mono_ms = 3000;
  (void)flight_.on_encoded(tokens[1]);
  publish();
  EXPECT_EQ(flight_.waiting_since(), 1000);
  EXPECT_TRUE(flight_.on_answered(tokens[0], now_).has_value());
  EXPECT_EQ(flight_.waiting_since(), 3000);
  EXPECT_EQ(flight_.published().front().token, tokens[1]);
}

TEST_F(FlightTest, WaitsForTheOldestHoweverManyYoungerOnesAreAnswered) {
  const auto tokens = add({5, 5, 5});
  for (const Token token : tokens) {
    (void)flight_.on_encoded(token);
    publish();
    now_.mono_ms += 1000;
  }
  EXPECT_TRUE(flight_.on_answered(tokens[1], now_).has_value());
  EXPECT_TRUE(flight_.on_answered(tokens[2], now_).has_value());
  EXPECT_EQ(flight_.waiting_since(), 1000);
}

}  // namespace
}  // namespace headgate::upstream
