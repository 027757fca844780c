#include "hub/engine/computation/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hub/engine/computation/state_records.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ProgressTest : public ::testing::Test {
 protected:
  std::vector<std::string> keys_of_next(const std::vector<store::KeyValue>& of_results = {}) {
    std::vector<std::string> keys;
    for (const store::KeyValue& value : progress_.with(of_results)) keys.push_back(value.key);
    return keys;
  }

  testing::ManualClock clock_;
  testing::ManualExecutor executor_;
  testing::MemQueueStore store_{executor_};
  Progress progress_{clock_};
};

TEST_F(ProgressTest, GoesOnWhereTheStoreSaysThatItWas) {
  progress_.reach(5'000);
  ASSERT_TRUE(store_.put(progress_.with({})));
  executor_.run_ready();
  Progress next(clock_);
  next.restore(store_);
  EXPECT_EQ(next.up_to_hub_ms(), 5'000);
  EXPECT_THAT(next.with({}), IsEmpty());
}

TEST_F(ProgressTest, BeginsAnewIfTheStoreHasNothingThatCanBeRead) {
  const store::KeyValue broken{std::string(kComputedUpToKey), std::string("\xff\xff", 2)};
  ASSERT_TRUE(store_.put({&broken, 1}));
  executor_.run_ready();
  progress_.restore(store_);
  EXPECT_EQ(progress_.up_to_hub_ms(), 0);
}

TEST_F(ProgressTest, NeverFalls) {
  progress_.reach(5'000);
  progress_.reach(4'000);
  EXPECT_EQ(progress_.up_to_hub_ms(), 5'000);
}

TEST_F(ProgressTest, SavesHowFarItIsOnlyWhereThatHasChanged) {
  progress_.reach(5'000);
  EXPECT_THAT(keys_of_next(), ElementsAre(kComputedUpToKey));
  progress_.on_saved();
  EXPECT_THAT(keys_of_next(), IsEmpty());
}

TEST_F(ProgressTest, KeepsTheValuesOfARefusedChangeButForThoseOfResults) {
  progress_.reach(5'000);
  progress_.values().push_back({"state/a", "1"});
  EXPECT_THAT(keys_of_next({{"retained/x", "1"}}), ElementsAre("state/a", kComputedUpToKey, "retained/x"));
  progress_.on_refused();
  progress_.values().push_back({"state/b", "2"});
  EXPECT_THAT(keys_of_next({{"retained/y", "1"}}),
              ElementsAre("state/a", kComputedUpToKey, "state/b", "retained/y"));
}

TEST_F(ProgressTest, IsOldASecondAfterTheFirstChange) {
  EXPECT_FALSE(progress_.any());
  progress_.on_change();
  EXPECT_TRUE(progress_.any());
  clock_.advance_ms(Progress::kUnsavedMsMax - 1);
  progress_.on_change();
  EXPECT_FALSE(progress_.is_old());
  clock_.advance_ms(1);
  EXPECT_TRUE(progress_.is_old());
  progress_.on_saved();
  EXPECT_FALSE(progress_.any() || progress_.is_old());
}

TEST_F(ProgressTest, IsLargeOnceItHasTakenManyInputs) {
  for (size_t i = 1; i < Progress::kUnsavedInputsMax; ++i) progress_.on_input();
  EXPECT_FALSE(progress_.is_large());
  progress_.on_input();
  EXPECT_TRUE(progress_.is_large());
}

TEST_F(ProgressTest, ForgetsWhatHasNotHappened) {
  for (size_t i = 0; i < Progress::kUnsavedInputsMax; ++i) progress_.on_input();
  progress_.values().push_back({"state/a", "1"});
  progress_.forget();
  EXPECT_FALSE(progress_.any() || progress_.is_large());
  EXPECT_THAT(keys_of_next(), IsEmpty());
}

}  // namespace
}  // namespace headgate::hub
