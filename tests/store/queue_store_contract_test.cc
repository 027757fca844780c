// What every QueueStore promises, run over the in-memory model and the real one.
#include <gmock/gmock.h>

#include "store/open.h"
#include "store/report/check.h"
#include "tests/store/store_fixture.h"
#include "tests/support/mem_queue_store.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace headgate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Kind {
  std::string name;
  std::function<std::unique_ptr<QueueStore>(core::Executor&, core::Log&, const std::string& dir)> make;
};

Kind mem_kind() {
  return {"Mem", [](core::Executor& executor, core::Log&, const std::string&) {
            return std::make_unique<testing::MemQueueStore>(executor);
          }};
}

Kind rocks_kind(const char* name, Durability durability) {
  return {name, [durability](core::Executor& executor, core::Log& log, const std::string& dir) {
            StoreOptions options;
            options.dir = dir;
            options.hub_id = "hub-1";
            options.durability = durability;
            options.space = {};
            return open_queue_store(options, executor, log).value();
          }};
}

class QueueStoreContract : public ::testing::TestWithParam<Kind>, protected StoreDriver {
 protected:
  QueueStoreContract() {
    store = GetParam().make(executor, log, dir.path());
    store->set_events(&events);
    q = queue("$q");
  }
  ~QueueStoreContract() override {
    testing::expect_accounts_balance(*store);
    store->close();
    store.reset();
    if (GetParam().name == "Mem") return;
    const auto report = check_store(dir.path());
    EXPECT_TRUE(report && report->sound()) << (report ? report_json(*report) : report.error().what);
  }

  testing::TempDir dir;
  testing::RecordingLog log;
  QueueId q = 0;
};

TEST_P(QueueStoreContract, GivesEachAppendAGreaterSeq) {
  const Seq first = append("a", q);
  EXPECT_GE(first, 1u);
  EXPECT_GT(append("b", q), first);
}

TEST_P(QueueStoreContract, ReadsOnlyWhatIsDurable) {
  append("a", q);
  EXPECT_THAT(read(q), IsEmpty());
  settle();
  EXPECT_THAT(bodies(read(q)), ElementsAre("a"));
}

TEST_P(QueueStoreContract, SaysDurableThenAvailableOncePerQueue) {
  append("a", q);
  const Seq last = append("b", q);
  settle();
  EXPECT_GE(events.durable_up_to(), last);
  EXPECT_THAT(events.available, ElementsAre(q));
}

TEST_P(QueueStoreContract, CallsNobodyFromInsideAppend) {
  append("a", q);
  EXPECT_THAT(events.durable, IsEmpty());
}

TEST_P(QueueStoreContract, KeepsOrderWithinALaneWhateverTheTargets) {
  const QueueId other = queue("other");
  for (int i = 0; i < 6; ++i) {
    std::vector<Target> targets{{q, 3, 0, ""}};
    if (i % 2 == 1) targets.push_back({other, 0, 0, ""});
    append(std::to_string(i), targets);
  }
  settle();
  EXPECT_THAT(bodies(read(q, 3)), ElementsAre("0", "1", "2", "3", "4", "5"));
  EXPECT_THAT(bodies(read(other, 0)), ElementsAre("1", "3", "5"));
}

TEST_P(QueueStoreContract, ReadsOnFromASeq) {
  append("a", q);
  const Seq second = append("b", q);
  append("c", q);
  settle();
  EXPECT_THAT(bodies(read(q, kDefaultLane, second)), ElementsAre("c"));
}

TEST_P(QueueStoreContract, StopsAtEitherLimitButReturnsAtLeastOne) {
  for (const char* body : {"aaaa", "bbbb", "cccc"}) append(body, q);
  settle();
  EXPECT_THAT(bodies(read(q, kDefaultLane, 0, {.messages = 2, .bytes = 100})), ElementsAre("aaaa", "bbbb"));
  EXPECT_THAT(bodies(read(q, kDefaultLane, 0, {.messages = 9, .bytes = 8})), ElementsAre("aaaa", "bbbb"));
  EXPECT_THAT(bodies(read(q, kDefaultLane, 0, {.messages = 9, .bytes = 1})), ElementsAre("aaaa"));
}

TEST_P(QueueStoreContract, GivesBackTagAndExpiry) {
  append("a", {{q, 4, 1'800'000'000'000, "tag"}});
  settle();
  const auto entries = read(q, 4);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].tag, "tag");
  EXPECT_EQ(entries[0].expires_ms, 1'800'000'000'000);
}

TEST_P(QueueStoreContract, RefusesAnUnknownQueueOrLane) {
  EXPECT_EQ(store->append(message("a"), std::vector<Target>{{q + 99, 0, 0, ""}}).error().code,
            core::Errc::not_found);
  EXPECT_EQ(store->append(message("a"), std::vector<Target>{{q, kLaneCount, 0, ""}}).error().code,
            core::Errc::not_found);
  EXPECT_EQ(store->read(q + 99, 0, 0, {}, clock.now()).error().code, core::Errc::not_found);
}

TEST_P(QueueStoreContract, CountsWhatWaitsAndHowOldItIs) {
  ASSERT_TRUE(store->append(message("12345", "tt", 500), std::vector<Target>{{q, 2, 0, ""}}));
  ASSERT_TRUE(store->append(message("1", "tt", 700), std::vector<Target>{{q, 2, 0, ""}}));
  settle();
  EXPECT_EQ(stats(q).in, 2u);
  EXPECT_EQ(stats(q).lanes[2].waiting, 2u);
  EXPECT_EQ(stats(q).lanes[2].waiting_bytes, 10u);
  EXPECT_EQ(store->oldest_ms(q, 2), 500);
}

TEST_P(QueueStoreContract, FinishedEntriesLeaveAndAreCounted) {
  const Seq a = append("a", q);
  const Seq b = append("b", q);
  append("c", q);
  settle();
  finish(q, a);
  finish(q, b, Outcome::dead);
  EXPECT_THAT(bodies(read(q)), ElementsAre("c"));
  EXPECT_EQ(stats(q).delivered, 1u);
  EXPECT_EQ(stats(q).dead, 1u);
  EXPECT_EQ(stats(q).waiting(), 1u);
}

TEST_P(QueueStoreContract, FinishingTwiceCountsOnce) {
  const Seq a = append("a", q);
  const Seq b = append("b", q);
  settle();
  for (const Seq seq : {a, a, b, b, a}) finish(q, seq);
  EXPECT_EQ(stats(q).delivered, 2u);
  EXPECT_EQ(stats(q).waiting(), 0u);
}

TEST_P(QueueStoreContract, FinishingWhatWasNeverThereDoesNothing) {
  append("a", q, 1);
  const Seq elsewhere = append("b", q, 2);
  settle();
  finish(q, elsewhere, Outcome::delivered, 1);
  finish(q, elsewhere + 100, Outcome::delivered, 1);
  EXPECT_EQ(stats(q).delivered, 0u);
}

TEST_P(QueueStoreContract, FinishesInAnyOrder) {
  std::vector<Seq> seqs;
  for (int i = 0; i < 8; ++i) seqs.push_back(append(std::to_string(i), q));
  settle();
  for (const int i : {7, 2, 5, 3}) finish(q, seqs[i]);
  EXPECT_THAT(bodies(read(q)), ElementsAre("0", "1", "4", "6"));
  for (const int i : {0, 6, 1, 4}) finish(q, seqs[i]);
  EXPECT_THAT(read(q), IsEmpty());
  EXPECT_EQ(stats(q).lanes[kDefaultLane].waiting_bytes, 0u);
}

TEST_P(QueueStoreContract, RecordsAGapForWhatWasNotDelivered) {
  const Seq a = append("a", q);
  append("other", queue("other"));
  const Seq b = append("b", q);
  const Seq c = append("c", q);
  settle();
  finish(q, a, Outcome::dropped);
  finish(q, b, Outcome::dropped);
  finish(q, c);
  EXPECT_THAT(store->gaps(q), ElementsAre(Gap{a, b, 2, Outcome::dropped}));
  store->drop_gaps(q, b);
  EXPECT_THAT(store->gaps(q), IsEmpty());
}

TEST_P(QueueStoreContract, EndsWhatItFindsExpiredWhileReading) {
  const Seq held = append("held", q);
  const Seq late = append("late", {{q, kDefaultLane, clock.now().hub_ms + 5, ""}});
  append("c", q);
  settle();
  clock.advance_ms(5);
  EXPECT_THAT(bodies(read(q, kDefaultLane, held)), ElementsAre("c"));
  EXPECT_EQ(stats(q).expired, 1u);
  EXPECT_THAT(store->gaps(q), ElementsAre(Gap{late, late, 1, Outcome::expired}));
}

TEST_P(QueueStoreContract, RecordsNoGapsForAQueueThatDeclaresNone) {
  const QueueId session = queue("session/a");
  const Seq a = append("a", session);
  append("b", session);
  settle();
  finish(session, a, Outcome::dropped);
  EXPECT_EQ(store->purge(session).value(), 1u);
  EXPECT_EQ(stats(session).dropped, 2u);
  EXPECT_THAT(store->gaps(session), IsEmpty());
}

TEST_P(QueueStoreContract, PurgeDropsEverythingAndSaysHowMuch) {
  const Seq a = append("a", q);
  const Seq b = append("b", q);
  settle();
  EXPECT_EQ(store->purge(q).value(), 2u);
  EXPECT_THAT(read(q), IsEmpty());
  EXPECT_EQ(stats(q).dropped, 2u);
  EXPECT_THAT(store->gaps(q), ElementsAre(Gap{a, b, 2, Outcome::dropped}));
}

TEST_P(QueueStoreContract, PeakIsTheMostThatWaitedWhateverBecomesOfIt) {
  const Seq a = append("a", q);
  append("b", q);
  settle();
  const uint64_t bytes = stats(q).waiting_bytes();
  finish(q, a, Outcome::delivered);
  EXPECT_EQ(store->purge(q).value(), 1u);
  append("c", q);
  settle();
  EXPECT_EQ(stats(q).lanes[kDefaultLane].waiting_peak, 2u);
  EXPECT_EQ(stats(q).lanes[kDefaultLane].waiting_bytes_peak, bytes);
}

TEST_P(QueueStoreContract, PurgeTakesWhatIsNotYetDurable) {
  append("a", q);
  EXPECT_EQ(store->purge(q).value(), 1u);
  append("b", q);
  settle();
  EXPECT_THAT(bodies(read(q)), ElementsAre("b"));
}

TEST_P(QueueStoreContract, ARemovedQueueIsForgottenAndItsNameStartsAnew) {
  append("a", {{q, 0, 0, ""}, {queue("other"), 0, 0, ""}});
  settle();
  ASSERT_TRUE(store->remove_queue(q));
  EXPECT_FALSE(store->find_queue("$q"));
  const QueueId again = queue("$q");
  settle();
  EXPECT_NE(again, q);
  EXPECT_EQ(stats(again).in, 0u);
  EXPECT_THAT(bodies(read(queue("other"), 0)), ElementsAre("a"));
}

TEST_P(QueueStoreContract, FindsQueuesByName) {
  EXPECT_EQ(store->open_queue("$q", link_attributes()).value(), q);
  EXPECT_EQ(store->find_queue("$q"), q);
  EXPECT_EQ(store->find_queue("r"), std::nullopt);
  const QueueId r = queue("r");
  EXPECT_THAT(store->queues(), ElementsAre(q, r));
  EXPECT_EQ(stats(r).name, "r");
}

TEST_P(QueueStoreContract, LeavesOutWhatHasExpired) {
  append("stays", {{q, 0, 0, ""}});
  append("goes", {{q, 0, clock.now().hub_ms + 10, ""}});
  settle();
  EXPECT_EQ(read(q, 0).size(), 2u);
  clock.advance_ms(10);
  EXPECT_THAT(bodies(read(q, 0)), ElementsAre("stays"));
}

TEST_P(QueueStoreContract, TickEndsWhatExpiredAtTheHead) {
  const Seq a = append("a", {{q, 0, clock.now().hub_ms + 10, ""}});
  const Seq b = append("b", {{q, 0, clock.now().hub_ms + 10, ""}});
  append("c", {{q, 0, clock.now().hub_ms + 99, ""}});
  settle();
  clock.advance_ms(10);
  store->tick(clock.now());
  EXPECT_EQ(stats(q).expired, 2u);
  EXPECT_EQ(stats(q).waiting(), 1u);
  EXPECT_THAT(store->gaps(q), ElementsAre(Gap{a, b, 2, Outcome::expired}));
}

TEST_P(QueueStoreContract, TickEndsWhatExpiredWhereverInTheLane) {
  const int64_t soon = clock.now().hub_ms + 10;
  append("stays", q);
  const Seq a = append("a", {{q, kDefaultLane, soon, ""}});
  const Seq b = append("b", {{q, kDefaultLane, soon + 10, ""}});
  append("stays too", q);
  settle();
  for (const Seq seq : {a, b}) {
    EXPECT_EQ(stats(q).lanes[kDefaultLane].waiting, seq == a ? 4u : 3u);
    clock.advance_ms(10);
    store->tick(clock.now());
    executor.run_ready();
  }
  EXPECT_EQ(stats(q).expired, 2u);
  EXPECT_THAT(bodies(read(q)), ElementsAre("stays", "stays too"));
  EXPECT_THAT(store->gaps(q), ElementsAre(Gap{a, b, 2, Outcome::expired}));
}

TEST_P(QueueStoreContract, TickEndsWhatExpiredBeforeItWasDurable) {
  append("stays", q);
  append("a", {{q, kDefaultLane, clock.now().hub_ms - 10, ""}});
  store->tick(clock.now());
  EXPECT_EQ(stats(q).expired, 0u);
  settle();
  store->tick(clock.now());
  executor.run_ready();
  EXPECT_EQ(stats(q).expired, 1u);
}

TEST_P(QueueStoreContract, AWallClockThatIsSetEndsNothingAndProlongsNothing) {
  append("stays", q);
  append("a", {{q, kDefaultLane, clock.now().hub_ms + 60'000, ""}});
  append("b", {{q, kDefaultLane, clock.now().hub_ms + 7'200'000, ""}});
  settle();
  for (const int64_t jump_ms : {259'200'000, -520'000'000, 1}) {
    clock.jump_wall_ms(jump_ms);
    store->tick(clock.now());
    executor.run_ready();
    EXPECT_THAT(bodies(read(q)), ElementsAre("stays", "a", "b"));
  }
  clock.advance_ms(60'000);
  store->tick(clock.now());
  executor.run_ready();
  EXPECT_EQ(stats(q).expired, 1u);
  EXPECT_THAT(bodies(read(q)), ElementsAre("stays", "b"));
}

TEST_P(QueueStoreContract, TheAgeOfAMessageCountsFromItsArrivalInHubTime) {
  store->set_policy(q, {.age_max_ms = 60'000});
  const auto stamped_early = std::make_shared<core::Message>(*message("stamped early", "t", 1'000));
  stamped_early->arrived_hub_ms = clock.now().hub_ms;
  ASSERT_TRUE(store->append(stamped_early, std::vector<Target>{{q, kDefaultLane, 0, ""}}));
  settle();
  store->tick(clock.now());
  executor.run_ready();
  EXPECT_THAT(bodies(read(q)), ElementsAre("stamped early"));
  clock.advance_ms(60'000);
  store->tick(clock.now());
  executor.run_ready();
  EXPECT_EQ(stats(q).expired, 1u);
}

TEST_P(QueueStoreContract, KeepsSmallValues) {
  ASSERT_TRUE(store->put(std::vector<KeyValue>{{"s/1", "one"}, {"s/2", "two"}, {"t/1", "x"}}));
  settle();
  EXPECT_EQ(store->get("s/1").value(), "one");
  ASSERT_TRUE(store->put(std::vector<KeyValue>{{"s/1", std::nullopt}}, false));
  settle();
  EXPECT_EQ(store->get("s/1").error().code, core::Errc::not_found);
}

TEST_P(QueueStoreContract, WritesValuesWithAnAppendAndWithAFinish) {
  const Seq a =
      store->append(message("a"), std::vector<Target>{{q, 0, 0, ""}}, std::vector<KeyValue>{{"k", "1"}})
          .value();
  settle();
  EXPECT_EQ(store->get("k").value(), "1");
  store->finish(q, 0, a, Outcome::delivered, std::vector<KeyValue>{{"k", "2"}});
  store->finish(q, 0, a, Outcome::delivered, std::vector<KeyValue>{{"l", "3"}});
  settle();
  EXPECT_EQ(store->get("k").value(), "2");
  EXPECT_EQ(store->get("l").value(), "3") << "the caller's state is written even if the entry was gone";
}

TEST_P(QueueStoreContract, VisitsValuesByPrefixInOrderUntilAVisitFails) {
  ASSERT_TRUE(store->put(std::vector<KeyValue>{
      {"s/2", "b"}, {"s/1", "a"}, {"s", "no"}, {"s0", "no"}, {"s/3", "c"}, {"s/\xff", "d"}}));
  settle();
  std::string seen;
  const auto visited = store->for_each("s/", [&](std::string_view, std::string_view value) -> core::Status {
    seen += value;
    if (value == "c") return core::fail(core::Errc::corrupt, "no more");
    return {};
  });
  EXPECT_EQ(seen, "abc");
  ASSERT_FALSE(visited);
  EXPECT_EQ(visited.error(), (core::Error{core::Errc::corrupt, "no more"}));
}

TEST_P(QueueStoreContract, AppendsWithoutTargetsOnlyTakeTheirValues) {
  ASSERT_TRUE(store->append(message("retained"), {}, std::vector<KeyValue>{{"r/t", "retained"}}));
  settle();
  EXPECT_EQ(store->get("r/t").value(), "retained");
}

TEST_P(QueueStoreContract, RefusesAppendsOnceClosed) {
  append("a", q);
  store->close();
  EXPECT_EQ(store->append(message("b"), std::vector<Target>{{q, 0, 0, ""}}).error().code, core::Errc::io);
  EXPECT_EQ(executor.run_ready() > 0 && !events.durable.empty(), false);
}

INSTANTIATE_TEST_SUITE_P(, QueueStoreContract,
                         ::testing::Values(mem_kind(), rocks_kind("RocksSync", {Durability::Mode::sync}),
                                           rocks_kind("RocksInterval", {Durability::Mode::interval, 5})),
                         [](const auto& kind) { return kind.param.name; });

TEST(MemQueueStore, FailsACommitWhenToldAndRecovers) {
  testing::ManualExecutor executor;
  testing::RecordingStoreEvents events;
  testing::MemQueueStore store(executor);
  store.set_events(&events);
  store.fail_next_commit({core::Errc::io, "disk gone"});
  ASSERT_TRUE(store.put({}));
  executor.run_ready();
  EXPECT_EQ(events.failures.size(), 1u);
  EXPECT_TRUE(events.durable.empty());
  EXPECT_EQ(store.append(message("b"), {}).error().code, core::Errc::io);
  store.recover();
  executor.run_ready();
  EXPECT_EQ(events.recoveries, 1u);
  EXPECT_EQ(events.durable.size(), 1u);
}

}  // namespace
}  // namespace headgate::store
