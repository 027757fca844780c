// Looking at what waits beside its consumer, and stopping what leaves: both kinds of store.
#include <gmock/gmock.h>

#include "tests/store/both_stores.h"

namespace headgate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LookContract : public BothStores {
 protected:
  LookContract() {
    q_ = queue("$q");
    for (const char* body : {"a", "b", "c", "d"}) seqs_.push_back(append(body, q_));
    settle();
  }

  // Looks, and waits for the answer; what the judge saw is in seen_.
  Looked look(Look what, size_t stop_after = SIZE_MAX) {
    seen_.clear();
    std::optional<core::Result<Looked>> answer;
    store->look(
        what,
        [this, stop_after](const Entry& entry) {
          seen_.push_back(entry.message->body);
          return seen_.size() < stop_after;
        },
        [&answer](const core::Result<Looked>& looked) { answer = looked; });
    executor.run_until([&] { return answer.has_value(); });
    EXPECT_TRUE(*answer) << (*answer ? "" : answer->error().what);
    return *answer ? **answer : Looked{};
  }

  QueueId q_ = 0;
  std::vector<Seq> seqs_;
  std::vector<std::string> seen_;
};

TEST_P(LookContract, ShowsWhatWaitsAndEndsNothing) {
  finish(q_, seqs_[1]);
  const Looked looked = look({.queue = q_, .now = clock.now()});
  EXPECT_THAT(seen_, ElementsAre("a", "c", "d"));
  EXPECT_EQ(looked.entries, 3u);
  EXPECT_TRUE(look({.queue = q_, .after = looked.after, .now = clock.now()}).done);
  EXPECT_THAT(seen_, IsEmpty());
  EXPECT_EQ(stats(q_).waiting(), 3u);
}

TEST_P(LookContract, StopsWhereItsJudgeOrItsBoundSaysAndGoesOnBehind) {
  Looked looked = look({.queue = q_, .now = clock.now()}, 2);
  EXPECT_THAT(seen_, ElementsAre("a", "b"));
  EXPECT_EQ(looked.after, seqs_[1]);
  looked = look({.queue = q_, .after = looked.after, .entries_max = 1, .now = clock.now()});
  EXPECT_THAT(seen_, ElementsAre("c"));
  EXPECT_FALSE(looked.done);
  look({.queue = q_, .after = looked.after, .now = clock.now()});
  EXPECT_THAT(seen_, ElementsAre("d"));
}

TEST_P(LookContract, OfNoQueueIsAnError) {
  std::string error;
  store->look(
      {.queue = 99}, [](const Entry&) { return true; },
      [&](const core::Result<Looked>& looked) { error = looked ? "" : looked.error().what; });
  EXPECT_NE(error, "");
}

TEST_P(LookContract, APausedQueueTakesInAndSaysSoUntilItGoesOn) {
  ASSERT_TRUE(store->set_paused(q_, true));
  append("e", q_);
  settle();
  EXPECT_TRUE(store->is_paused(q_));
  EXPECT_TRUE(stats(q_).attributes.paused);
  EXPECT_EQ(queue("$q"), q_);
  EXPECT_TRUE(store->is_paused(q_)) << "whatever it is opened with";
  events.available.clear();
  ASSERT_TRUE(store->set_paused(q_, false));
  executor.run_until([&] { return !events.available.empty(); });
  EXPECT_THAT(events.available, ::testing::Contains(q_));
  EXPECT_FALSE(store->is_paused(q_));
  EXPECT_FALSE(store->set_paused(99, true));
  EXPECT_FALSE(store->is_paused(99));
}

INSTANTIATE_TEST_SUITE_P(Stores, LookContract, kBothStores, name_of_store);

class LooksOnDisk : public RocksTest {};

TEST_F(LooksOnDisk, APausedQueueIsPausedAfterACrashAndARestart) {
  const QueueId q = queue("$q");
  ASSERT_TRUE(store->set_paused(q, true));
  settle();
  crash();
  EXPECT_TRUE(store->is_paused(queue("$q")));
  reopen();
  EXPECT_TRUE(store->is_paused(queue("$q")));
  ASSERT_TRUE(store->set_paused(queue("$q"), false));
  settle();
  crash();
  EXPECT_FALSE(store->is_paused(queue("$q")));
}

TEST_F(LooksOnDisk, GoesThroughManyRowsInBoundedStepsWithoutAnyConsumer) {
  const QueueId q = queue("$q");
  constexpr size_t kMany = 3'000;
  for (size_t i = 0; i < kMany; ++i) {
    append(std::string(1'000, 'x') + std::to_string(i), q);
    if (i % 50 == 49) settle();
  }
  settle();
  size_t seen = 0;
  size_t steps = 0;
  Looked at;
  while (!at.done) {
    bool answered = false;
    store->look(
        {.queue = q, .after = at.after, .entries_max = 1'000'000, .now = clock.now()},
        [&seen](const Entry&) { return ++seen > 0; },
        [&](const core::Result<Looked>& looked) {
          answered = true;
          at = looked.value();
        });
    executor.run_until([&] { return answered; });
    ++steps;
  }
  EXPECT_EQ(seen, kMany);
  EXPECT_GT(steps, 2u) << "a step reads about a mebibyte";
}

TEST_F(LooksOnDisk, AViewOfALiveStoreHasWhatWasWrittenAndLeavesEveryByte) {
  const QueueId q = queue("$q");
  append("a", q);
  settle();
  const testing::TempDir scratch;
  const auto view = open_live_reader(options.dir, scratch.path());
  ASSERT_TRUE(view) << view.error().what;
  append("b", q);
  settle();
  const auto entries = (*view)->read(*(*view)->find_queue("$q"), kDefaultLane, 0, {}, clock.now());
  ASSERT_TRUE(entries) << entries.error().what;
  EXPECT_THAT(bodies(*entries), ElementsAre("a"));
  EXPECT_EQ(stats(q).waiting(), 2u);
}

}  // namespace
}  // namespace headgate::store
