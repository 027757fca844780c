// What every QueueStore does with a full queue, and what the one on disk keeps of it over a crash.
#include <gmock/gmock.h>

#include "tests/store/both_stores.h"

namespace headgate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OverflowContract : public BothStores {
 protected:
  void limit(uint64_t messages, OnFull on_full) { store->set_policy(q, {messages, 0, 0, on_full}); }
  void append_all(const std::string& letters) {
    for (const char letter : letters) append(std::string(1, letter), q);
  }
  core::Errc refused(const std::vector<Target>& targets) {
    return store->append(message("x"), targets).error().code;
  }
  std::string waiting(uint8_t lane = kDefaultLane) {
    std::string all;
    for (const std::string& body : bodies(read(q, lane))) all += body;
    return all;
  }

  QueueId q = queue("$q");
};

TEST_P(OverflowContract, RejectRefusesTheWholeMessageAndChangesNothing) {
  const QueueId other = queue("other");
  limit(2, OnFull::reject);
  append_all("ab");
  settle();
  EXPECT_EQ(refused({{other, 0, 0, ""}, {q, kDefaultLane, 0, ""}}), core::Errc::full);
  EXPECT_EQ(stats(q).in, 2u);
  EXPECT_EQ(stats(q).refused, 1u);
  EXPECT_EQ(stats(other).in, 0u);
}

// Of a message that was refused, and nobody sends again.
TEST_P(OverflowContract, CountsWhatWasTurnedAwayAsDroppedAndAsAGap) {
  limit(2, OnFull::reject);
  append_all("ab");
  const Target target{q, kDefaultLane, 0, ""};
  std::vector<Seq> seqs;
  for (int i = 0; i < 3; ++i) seqs.push_back(store->commit({.turned_away = {&target, 1}}).value());
  settle();
  EXPECT_EQ(waiting(), "ab");
  EXPECT_EQ(stats(q).in, 5u);
  EXPECT_EQ(stats(q).dropped, 3u);
  EXPECT_THAT(store->gaps(q), ElementsAre(Gap{seqs[0], seqs[2], 3, Outcome::dropped}));
}

TEST_P(OverflowContract, TurnsNothingAwayFromAQueueThatIsNotThere) {
  const Target target{q + 100, kDefaultLane, 0, ""};
  EXPECT_EQ(store->commit({.turned_away = {&target, 1}}).error().code, core::Errc::not_found);
}

TEST_P(OverflowContract, SaysThatThereIsRoomOnceAfterItRefused) {
  limit(1, OnFull::reject);
  const Seq a = append("a", q);
  settle();
  refused({{q, kDefaultLane, 0, ""}});
  refused({{q, kDefaultLane, 0, ""}});
  executor.run_ready();
  EXPECT_EQ(events.rooms, 0);
  finish(q, a);
  executor.run_ready();
  EXPECT_EQ(events.rooms, 1);
  append("b", q);
  EXPECT_EQ(store->purge(q).value(), 1u);
  executor.run_ready();
  EXPECT_EQ(events.rooms, 1) << "nobody was refused since";
}

TEST_P(OverflowContract, SaysThatThereIsRoomWhenALimitIsLifted) {
  limit(1, OnFull::reject);
  append("a", q);
  refused({{q, kDefaultLane, 0, ""}});
  store->set_policy(q, {});
  executor.run_ready();
  EXPECT_EQ(events.rooms, 1);
}

TEST_P(OverflowContract, DropOldestKeepsTheNewestAndRecordsTheRest) {
  limit(3, OnFull::drop_oldest);
  append_all("abc");
  settle();
  append_all("de");
  settle();
  EXPECT_EQ(waiting(), "cde");
  EXPECT_EQ(stats(q).in, 5u);
  EXPECT_EQ(stats(q).dropped, 2u);
  ASSERT_EQ(store->gaps(q).size(), 1u);
  EXPECT_EQ(store->gaps(q)[0].count, 2u);
}

TEST_P(OverflowContract, DropOldestTakesWhatIsNotYetDurable) {
  limit(2, OnFull::drop_oldest);
  append_all("abcdef");
  settle();
  EXPECT_EQ(waiting(), "ef");
  EXPECT_EQ(stats(q).dropped, 4u);
}

TEST_P(OverflowContract, DropOldestLeavesOtherQueuesTheirCopy) {
  const QueueId other = queue("other");
  limit(1, OnFull::drop_oldest);
  for (const char* body : {"a", "b", "c"}) append(body, {{q, kDefaultLane, 0, ""}, {other, 0, 0, ""}});
  settle();
  EXPECT_EQ(waiting(), "c");
  EXPECT_THAT(bodies(read(other, 0)), ElementsAre("a", "b", "c"));
}

TEST_P(OverflowContract, DropNewestTakesTheMessageForItsOtherTargets) {
  const QueueId other = queue("other");
  limit(1, OnFull::drop_newest);
  append("a", q);
  const Seq b = append("b", {{q, kDefaultLane, 0, ""}, {other, 0, 0, ""}});
  settle();
  EXPECT_EQ(waiting(), "a");
  EXPECT_THAT(bodies(read(other, 0)), ElementsAre("b"));
  EXPECT_EQ(stats(q).in, 2u);
  EXPECT_EQ(stats(q).dropped, 1u);
  EXPECT_THAT(store->gaps(q), ElementsAre(Gap{b, b, 1, Outcome::dropped}));
}

TEST_P(OverflowContract, DiluteThinsTheOlderHalf) {
  limit(8, OnFull::dilute);
  append_all("abcdefgh");
  settle();
  append_all("ij");
  settle();
  EXPECT_EQ(waiting(), "acefghij");
  EXPECT_EQ(stats(q).dropped, 2u);
}

TEST_P(OverflowContract, TheHubsLimitHoldsOverAllQueues) {
  const QueueId other = queue("other");
  append("a", other);
  store->set_bytes_max(2 * stats(other).waiting_bytes());
  append("b", q);
  EXPECT_EQ(refused({{q, kDefaultLane, 0, ""}}), core::Errc::full);
  EXPECT_EQ(store->purge(other).value(), 1u);
  append("c", q);
}

TEST_P(OverflowContract, WhatIsOlderThanItMayBeExpires) {
  store->set_policy(q, {.age_max_ms = 500});
  const std::vector<Target> targets{{q, 0, 0, ""}};
  ASSERT_TRUE(store->append(message("old", "t", clock.now().hub_ms), targets));
  ASSERT_TRUE(store->append(message("new", "t", clock.now().hub_ms + 1), targets));
  settle();
  clock.advance_ms(500);
  EXPECT_EQ(waiting(0), "new");
  clock.advance_ms(1);
  store->tick(clock.now());
  EXPECT_EQ(stats(q).expired, 2u);
}

TEST_P(OverflowContract, ALoweredLimitEndsWhatIsTooMuch) {
  append_all("abcdef");
  settle();
  limit(2, OnFull::drop_oldest);
  store->tick(clock.now());
  EXPECT_EQ(waiting(), "ef");
}

TEST_P(OverflowContract, ALoweredLimitThatRejectsEndsNothing) {
  append_all("abc");
  limit(1, OnFull::reject);
  settle();
  store->tick(clock.now());
  EXPECT_EQ(waiting(), "abc");
}

INSTANTIATE_TEST_SUITE_P(, OverflowContract, kBothStores, name_of_store);

class RocksOverflow : public RocksTest {
 protected:
  void limit(OnFull on_full) { store->set_policy(q, {2, 0, 0, on_full}); }
  size_t rows_left() {
    store->close();
    store.reset();
    return kept_blocks() + rows_in("idx");
  }

  QueueId q = queue("$q");
};

TEST_F(RocksOverflow, CountsExactlyOverACrash) {
  limit(OnFull::drop_oldest);
  for (const char* body : {"a", "b", "c", "d"}) {
    append(body, q);
    settle();
  }
  append("lost with what it pushed out", q);
  crash();
  EXPECT_THAT(bodies(read(q)), ElementsAre("c", "d"));
  EXPECT_EQ(stats(q).in, 4u);
  EXPECT_EQ(stats(q).dropped, 2u);
}

TEST_F(RocksOverflow, KnowsWhatItTurnedAwayAfterACrash) {
  limit(OnFull::reject);
  append("a", q);
  const Seq b = append("b", q);
  const Target target{q, kDefaultLane, 0, ""};
  ASSERT_TRUE(store->commit({.turned_away = {&target, 1}, .must_sync = true}));
  settle();
  crash();
  EXPECT_EQ(stats(q).in, 3u);
  EXPECT_THAT(store->gaps(q), ElementsAre(Gap{b + 1, b + 1, 1, Outcome::dropped}));
}

TEST_F(RocksOverflow, WritesNothingOfWhatCameAndWentInOneTurn) {
  limit(OnFull::drop_oldest);
  for (int i = 0; i < 2'000; ++i) append("x", q);
  settle();
  EXPECT_EQ(stats(q).dropped, 1'998u);
  EXPECT_LE(rows_left(), 2u) << "the one segment with the last two";
}

// A group is with the writer while the next pushes out what it holds.
TEST_F(RocksOverflow, LeavesNoRowOfWhatWasDroppedWhileItWasWritten) {
  for (const bool clean : {true, false}) {
    limit(OnFull::drop_oldest);
    append("a", q);
    executor.run_ready();
    for (const char* body : {"b", "c", "d"}) append(body, q);
    if (!clean) {
      settle();
      crash();
    }
    EXPECT_EQ(stats(q).waiting(), 2u);
    if (clean) reopen();
    EXPECT_THAT(bodies(read(q)), ElementsAre("c", "d"));
    drain(q);
  }
  EXPECT_EQ(rows_left(), 0u);
}

}  // namespace
}  // namespace headgate::store
