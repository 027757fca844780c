// What every QueueStore promises about a Change: all of it or nothing, over both stores.
#include "store/change.h"
#include "store/dead_letter.h"
#include "tests/store/both_stores.h"

namespace headgate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ChangeContract : public BothStores {
 protected:
  // Entries of `from` that end, a message that comes to `to`, and a value, as of a computation.
  core::Result<Seq> compute(const std::vector<Seq>& consumed, const std::string& result,
                            const std::string& state) {
    std::vector<End> ends;
    for (const Seq seq : consumed) ends.push_back({.queue = from, .seq = seq});
    const std::vector<Target> targets{{.queue = to}};
    const Append append{message(result), targets};
    const KeyValue value{"state", state};
    return store->commit({.ends = ends, .appends = {&append, 1}, .values = {&value, 1}, .must_sync = true});
  }

  std::vector<Seq> append_some(std::initializer_list<const char*> some) {
    std::vector<Seq> seqs;
    for (const char* body : some) seqs.push_back(append(body, from));
    settle();
    return seqs;
  }

  QueueId from = queue("from");
  QueueId to = queue("to");
};

TEST_P(ChangeContract, EndsAppendsAndSetsValuesAtOnce) {
  const auto in = append_some({"a", "b", "c"});
  const Seq seq = compute({in[2], in[0]}, "ac", "2").value();
  EXPECT_GT(seq, in[2]);
  EXPECT_THAT(read(to), IsEmpty()) << "it is not durable yet";
  settle();
  EXPECT_GE(events.durable_up_to(), seq);
  EXPECT_THAT(bodies(read(from)), ElementsAre("b"));
  EXPECT_THAT(bodies(read(to)), ElementsAre("ac"));
  EXPECT_EQ(store->get("state").value(), "2");
}

TEST_P(ChangeContract, EndsWhatHasEndedOnlyOnce) {
  const auto in = append_some({"a", "b"});
  ASSERT_TRUE(compute({in[0], in[0]}, "x", "1"));
  ASSERT_TRUE(compute({in[0], in[1], in[1] + 1'000}, "y", "2"));
  settle();
  EXPECT_EQ(stats(from).delivered, 2u);
  EXPECT_THAT(bodies(read(to)), ElementsAre("x", "y"));
}

TEST_P(ChangeContract, GivesEachMessageASeqInOrderAndReturnsTheLast) {
  const std::vector<Target> targets{{.queue = to}};
  const std::vector<Append> appends{{message("a"), targets}, {message("b"), targets}, {message("c"), {}}};
  const Seq seq = store->commit({.appends = appends, .must_sync = true}).value();
  settle();
  const auto entries = read(to);
  ASSERT_EQ(bodies(entries), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(entries[0].seq + 1, entries[1].seq);
  EXPECT_EQ(entries[1].seq + 1, seq);
}

TEST_P(ChangeContract, TellsInOneGapWhereTheContentOfFoldedEntriesWent) {
  const QueueId up = queue("$up");
  for (const char* body : {"a", "b", "c", "d"}) append(body, up);
  settle();
  std::vector<End> ends;
  for (const Seq seq : {Seq{1}, Seq{3}})
    ends.push_back({.queue = up, .seq = seq, .outcome = Outcome::dropped, .required = true, .folded = true});
  const std::vector<Target> targets{{.queue = up}};
  const std::vector<Append> appends{{message("a+c"), targets}, {message("more"), targets}};
  const Folded folded{up, 1, 3, 2};
  const Seq last = store->commit({.ends = ends, .appends = appends, .folded = {&folded, 1}}).value();
  settle();
  EXPECT_EQ(store->gaps(up), (std::vector<Gap>{{1, 3, 2, Outcome::dropped, last - 1, last}}));
  EXPECT_THAT(bodies(read(up)), ElementsAre("b", "d", "a+c", "more"));
  EXPECT_EQ(stats(up).dropped, 2u);
  EXPECT_EQ(stats(up).in, 6u);
  if (GetParam() == StoreKind::rocks) reopen();
  EXPECT_EQ(store->gaps(up), (std::vector<Gap>{{1, 3, 2, Outcome::dropped, last - 1, last}}));
}

TEST_P(ChangeContract, WithAFoldOfWhatHasEndedHasNotHappened) {
  const QueueId up = queue("$up");
  append("a", up);
  append("b", up);
  settle();
  finish(up, 2);
  const std::vector<End> ends{
      {.queue = up, .seq = 1, .outcome = Outcome::dropped, .required = true, .folded = true},
      {.queue = up, .seq = 2, .outcome = Outcome::dropped, .required = true, .folded = true}};
  const std::vector<Target> targets{{.queue = up}};
  const Append append{message("a+b"), targets};
  const Folded folded{up, 1, 2, 2};
  const auto refused = store->commit({.ends = ends, .appends = {&append, 1}, .folded = {&folded, 1}});
  EXPECT_EQ(refused.error().code, core::Errc::not_found);
  settle();
  EXPECT_THAT(bodies(read(up)), ElementsAre("a"));
  EXPECT_THAT(store->gaps(up), IsEmpty());
}

TEST_P(ChangeContract, OfEndsAloneNeedsNoSeq) {
  const auto in = append_some({"a", "b"});
  const std::vector<End> ends{{.queue = from, .seq = in[0]}, {.queue = from, .seq = in[1]}};
  EXPECT_EQ(store->commit({.ends = ends}).value(), 0u);
  settle();
  EXPECT_EQ(stats(from).delivered, 2u);
}

TEST_P(ChangeContract, ThatIsRefusedAsFullHasNotHappened) {
  store->set_policy(to, {.messages_max = 2, .on_full = OnFull::reject});
  append("there", to);
  const auto in = append_some({"a", "b"});
  const std::vector<Target> targets{{.queue = to}};
  const std::vector<Append> appends{{message("x"), targets}, {message("y"), targets}};
  const End end{.queue = from, .seq = in[0]};
  const KeyValue value{"state", "1"};
  const auto refused = store->commit({.ends = {&end, 1}, .appends = appends, .values = {&value, 1}});
  EXPECT_EQ(refused.error().code, core::Errc::full);
  settle();
  EXPECT_THAT(bodies(read(from)), ElementsAre("a", "b"));
  EXPECT_THAT(bodies(read(to)), ElementsAre("there"));
  EXPECT_FALSE(store->get("state"));
}

TEST_P(ChangeContract, FillsTheRoomThatItMakes) {
  const auto in = append_some({"aaaa", "bbbb"});
  store->set_bytes_max(stats(from).waiting_bytes());
  EXPECT_EQ(store->append(message("cccc"), std::vector<Target>{{.queue = to}}).error().code,
            core::Errc::full);
  ASSERT_TRUE(compute({in[0]}, "cccc", "1")) << "a hub that is full goes on computing";
  settle();
  EXPECT_THAT(bodies(read(to)), ElementsAre("cccc"));
}

TEST_P(ChangeContract, CountsAnEndThatIsNamedTwiceAsRoomOnce) {
  const auto in = append_some({"aaaa", "bbbb"});
  store->set_bytes_max(stats(from).waiting_bytes());
  EXPECT_EQ(compute({in[0], in[0]}, "ccccc", "1").error().code, core::Errc::full);
  EXPECT_TRUE(compute({in[0], in[0]}, "cccc", "1"));
  settle();
}

TEST_P(ChangeContract, NeedsTheEntriesThatItRequires) {
  const auto in = append_some({"a"});
  const End end{.queue = from, .seq = in[0] + 1, .required = true};
  const KeyValue value{"state", "1"};
  EXPECT_EQ(store->commit({.ends = {&end, 1}, .values = {&value, 1}}).error().code, core::Errc::not_found);
  settle();
  EXPECT_FALSE(store->get("state"));
}

TEST_P(ChangeContract, BuriesWhatEndsWithADeath) {
  const QueueId dead = queue(std::string(kDeadQueue));
  const auto in = append_some({"poison", "good"});
  const Death death{"reason", 5, 3, "first", 3, "last", 4};
  const std::vector<End> ends{{.queue = from, .seq = in[0], .outcome = Outcome::dead, .death = &death},
                              {.queue = from, .seq = in[1]}};
  const KeyValue value{"state", "1"};
  ASSERT_TRUE(store->commit({.ends = ends, .values = {&value, 1}, .if_lost = IfLost::redo}));
  settle();
  EXPECT_THAT(bodies(read(dead)), ElementsAre("poison"));
  EXPECT_EQ(stats(from).dead, 1u);
  EXPECT_EQ(stats(from).delivered, 1u);
}

TEST_P(ChangeContract, RefusesAnUnknownTargetWhole) {
  const auto in = append_some({"a"});
  const std::vector<Target> targets{{.queue = to + 99}};
  const Append append{message("x"), targets};
  const End end{.queue = from, .seq = in[0]};
  EXPECT_EQ(store->commit({.ends = {&end, 1}, .appends = {&append, 1}}).error().code, core::Errc::not_found);
  EXPECT_EQ(stats(from).waiting(), 1u);
}

INSTANTIATE_TEST_SUITE_P(, ChangeContract, kBothStores, name_of_store);

// ---- failed writes ----

TEST(MemQueueStoreChanges, UndoesAFailedChangeOrDoesItAgainAsItSays) {
  for (const IfLost if_lost : {IfLost::undo, IfLost::redo}) {
    StoreDriver driver;
    auto mem = std::make_unique<testing::MemQueueStore>(driver.executor);
    testing::MemQueueStore& store = *mem;
    driver.store = std::move(mem);
    store.set_events(&driver.events);
    const QueueId from = driver.queue("from"), to = driver.queue("to");
    const Seq in = driver.append("a", from);
    driver.settle();
    store.fail_next_commit({core::Errc::io, "disk gone"});
    const End end{.queue = from, .seq = in};
    const std::vector<Target> targets{{.queue = to}};
    const Append append{message("x"), targets};
    const KeyValue value{"state", "1"};
    ASSERT_TRUE(store.commit(
        {.ends = {&end, 1}, .appends = {&append, 1}, .values = {&value, 1}, .if_lost = if_lost}));
    driver.executor.run_ready();
    ASSERT_EQ(driver.events.failures.size(), 1u);
    store.recover();
    driver.executor.run_ready();
    const bool done = if_lost == IfLost::redo;
    EXPECT_EQ(bodies(driver.read(from)).size(), done ? 0u : 1u);
    EXPECT_EQ(bodies(driver.read(to)).size(), done ? 1u : 0u);
    EXPECT_EQ(store.get("state").has_value(), done);
  }
}

}  // namespace
}  // namespace headgate::store
