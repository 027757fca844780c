// What expires behind the head of a lane: in time, at a bounded cost, and without a trace in memory.
#include <gmock/gmock.h>
#include <rocksdb/perf_context.h>

#include "store/accounts/queue_state.h"
#include "store/rocks/db/database.h"
#include "tests/store/rocks/fixture.h"

namespace headgate::store {
namespace {

using ::testing::ElementsAre;

class RocksExpiry : public RocksTest {
 protected:
  // Entries 0, 1, … in one lane; every `nth` expires in a second.
  void append_mixed(int count, int nth, bool each_in_its_own_group = false) {
    const int64_t soon_ms = clock.now().hub_ms + 1'000;
    for (int i = 0; i < count; ++i) {
      append(std::to_string(i), {{q, kDefaultLane, i % nth == nth - 1 ? soon_ms : 0, ""}});
      if (each_in_its_own_group) settle();
    }
    settle();
  }

  void tick_after_ms(int64_t ms) {
    clock.advance_ms(ms);
    store->tick(clock.now());
    for (int i = 0; i < 4; ++i) {
      settle();
      executor.run_ready();
    }
  }

  // Finished ranges that the lane keeps, as stored. The store is closed and opened for it.
  size_t holes() {
    store->close();
    store.reset();
    QueueState state;
    edit_rows(options.dir, [&](rocksdb::DB& db, RowsOf rows) {
      std::string bytes;
      ASSERT_TRUE(db.Get({}, rows.cur, queue_state_key(q), &bytes).ok());
      ASSERT_TRUE(decode_queue_state(bytes, state));
    });
    open();
    return state.lane(kDefaultLane).progress.above().ranges().size();
  }

  // Times that a tick looks for a row in the database.
  uint64_t seeks_of_a_tick() {
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
    rocksdb::get_perf_context()->Reset();
    store->tick(clock.now());
    executor.run_ready();
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
    return rocksdb::get_perf_context()->seek_on_memtable_count;
  }

  QueueId q = queue("$q");
};

TEST_F(RocksExpiry, EndsInOneTickWhatIsDueInADeepLane) {
  append_mixed(5'000, 10);
  tick_after_ms(999);
  EXPECT_EQ(stats(q).expired, 0u);
  tick_after_ms(1);
  EXPECT_EQ(stats(q).expired, 500u);
  EXPECT_EQ(drain(q), 4'500u);
}

TEST_F(RocksExpiry, KeepsNoTraceInMemoryOfWhatEndedInTheMiddle) {
  append_mixed(6'000, 2);
  tick_after_ms(1'000);
  EXPECT_EQ(stats(q).expired, 3'000u);
  EXPECT_LE(holes(), options.holes_max);
  EXPECT_EQ(drain(q), 3'000u);
  EXPECT_EQ(holes(), 0u);
}

TEST_F(RocksExpiry, KeepsNoTraceOfRowsThatEndedWholeEither) {
  options.holes_max = 8;
  reopen();
  append_mixed(200, 2, true);
  tick_after_ms(1'000);
  EXPECT_LE(holes(), 8u);
  EXPECT_EQ(drain(q), 100u);
}

TEST_F(RocksExpiry, KeepsNoTraceOfWhatAFullQueueWasThinnedOf) {
  store->set_policy(q, {.messages_max = 1'000, .on_full = OnFull::dilute});
  for (int i = 0; i < 1'500; ++i) {
    append(std::to_string(i), q);
    if (i % 100 == 0) settle();
  }
  for (int i = 0; i < 4; ++i) settle();
  EXPECT_EQ(stats(q).dropped, 500u);
  EXPECT_LE(holes(), options.holes_max);
}

TEST_F(RocksExpiry, LeavesTheRestInOrderOverACrashAtAnyTime) {
  options.holes_max = 4;
  reopen();
  append_mixed(400, 3);
  for (int i = 0; i < 4; ++i) {
    clock.advance_ms(500);
    store->tick(clock.now());
    if (i % 2 == 1) settle();
    crash();
  }
  tick_after_ms(1'000);
  const auto left = read(q, kDefaultLane, 0, {1'000, 1 << 20});
  ASSERT_EQ(left.size(), 267u);
  for (size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i].message->body, std::to_string(i + i / 2));
}

TEST_F(RocksExpiry, FinishesInAnyOrderWhatIsLeft) {
  options.holes_max = 4;
  reopen();
  append_mixed(300, 2);
  tick_after_ms(1'000);
  auto left = read(q, kDefaultLane, 0, {1'000, 1 << 20});
  for (size_t i = 1; i < left.size(); i += 2) finish(q, left[i].seq);
  settle();
  for (size_t i = 0; i < left.size(); i += 2) finish(q, left[i].seq);
  settle();
  EXPECT_EQ(stats(q).delivered, 150u);
  EXPECT_EQ(holes(), 0u);
}

TEST_F(RocksExpiry, FreesSharedBodiesOnceTheLastQueueIsDone) {
  options.holes_max = 4;
  reopen();
  const QueueId other = queue("other");
  for (int i = 0; i < 600; ++i) {
    append("both", {{q, kDefaultLane, clock.now().hub_ms + (i % 2 == 0 ? 1'000 : 9'999'999), ""},
                    {other, kDefaultLane, 0, ""}});
    if (i % 50 == 0) settle();
  }
  tick_after_ms(1'000);
  drain(q);
  drain(other);
  store->close();
  store.reset();
  EXPECT_EQ(rows_in("blk"), 0u);
  open();
}

TEST_F(RocksExpiry, LooksAtNoRowWhileNothingIsDue) {
  append_mixed(2'000, 2);
  store->tick(clock.now());
  clock.advance_ms(999);
  EXPECT_EQ(seeks_of_a_tick(), 0u);
  clock.advance_ms(1);
  EXPECT_GT(seeks_of_a_tick(), 0u);
  settle();
  executor.run_ready();
  EXPECT_EQ(seeks_of_a_tick(), 0u);
}

TEST_F(RocksExpiry, KnowsAfterARestartWhenTheNextIsDue) {
  append_mixed(2'000, 2);
  crash();
  (void)store->oldest_ms(q, kDefaultLane);  // finds the oldest entry
  EXPECT_EQ(seeks_of_a_tick(), 0u);
  tick_after_ms(1'000);
  EXPECT_EQ(stats(q).expired, 1'000u);
}

TEST_F(RocksExpiry, LooksAtABoundedPartInASecond) {
  append("stays", q);
  const int64_t soon_ms = clock.now().hub_ms + 1'000;
  for (int i = 0; i < 90'000; ++i) {
    append("goes", {{q, kDefaultLane, soon_ms, ""}});
    if (i % 10'000 == 0) settle();
  }
  settle();
  tick_after_ms(1'000);
  const uint64_t in_a_second = stats(q).expired;
  EXPECT_GT(in_a_second, 30'000u);
  EXPECT_LT(in_a_second, 90'000u) << "everything at once holds up the hub";
  tick_after_ms(1'000);
  EXPECT_EQ(stats(q).expired, 90'000u);
}

TEST_F(RocksExpiry, TakesTurnsBetweenLanes) {
  const QueueId other = queue("other");
  const int64_t soon_ms = clock.now().hub_ms + 1'000;
  append("stays", {{q, 0, 0, ""}, {other, 0, 0, ""}});
  for (int i = 0; i < 70'000; ++i) {
    append("goes", {{q, 0, soon_ms, ""}});
    if (i % 10'000 == 0) settle();
  }
  append("goes", {{other, 0, soon_ms, ""}});
  settle();
  tick_after_ms(1'000);
  EXPECT_EQ(stats(other).expired, 1u) << "a lane with little to end waits for no other";
}

}  // namespace
}  // namespace headgate::store
