// The disk fails for a while, beginning with the N-th operation of a scripted run, for every N, and then
// works again: the store opens its database anew by itself, has everything that was reported durable and
// everything that was finished, and goes on.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "store/dead_letter.h"
#include "tests/store/rocks/faulty_env.h"
#include "tests/store/rocks/fixture.h"

namespace headgate::store {
namespace {

using Fault = testing::FaultyFileSystem::Fault;

struct Trouble {
  const char* name;
  Fault fault;
  uint64_t operations;
};

class HealingDisk : public ::testing::TestWithParam<Trouble>, protected RocksDriver {
 protected:
  HealingDisk() { options.env = env.get(); }
  ~HealingDisk() override { expect_sound(); }

  void start() {
    expect_sound();
    std::error_code ignored;
    std::filesystem::remove_all(options.dir, ignored);
    promised.clear();
    finished.clear();
    open();
    first = queue("$first");
    second = queue("second");
    settle();
  }

  // Fan-out, finishing out of order, values, a queue that comes and one that goes. What is not acknowledged
  // is sent again, as by a publisher.
  void run_script() {
    for (int round = 0; round < 8; ++round) {
      store->tick(clock.now());
      if (round == 3) third = store->open_queue("third", {}).value();
      if (round == 5) {
        ASSERT_TRUE(store->remove_queue(second));
      }
      std::vector<std::string> unsent;
      for (int i = 0; i < 4; ++i) unsent.push_back(std::to_string(round * 4 + i));
      while (!unsent.empty() && !HasFailure()) send(unsent, round);
      finish_half();
    }
    settle_through_trouble();
  }

  void send(std::vector<std::string>& unsent, int round) {
    recover();
    std::map<Seq, std::string> sent;
    for (const std::string& body : unsent) {
      std::vector<Target> targets{{first, 0, 0, ""}};
      if (round < 5) targets.push_back({second, 0, 0, ""});
      if (round > 3) targets.push_back({third, 0, 0, ""});
      const auto seq = store->append(message(body), targets);
      if (seq) sent[*seq] = body;
    }
    const auto last = store->put(std::vector<KeyValue>{{"round", std::to_string(round)}});
    ASSERT_TRUE(last);
    const size_t failures = events.failures.size();
    executor.run_until([&] { return events.durable_up_to() >= *last || events.failures.size() > failures; });
    if (events.durable_up_to() >= *last) {
      for (const auto& [seq, body] : sent) {
        promised.insert(body);
        std::erase(unsent, body);
      }
    }
  }

  void finish_half() {
    recover();
    auto entries = store->read(first, 0, 0, {}, clock.now());
    ASSERT_TRUE(entries) << entries.error().what;
    for (size_t i = 1; i < entries->size(); i += 2) {
      const Entry& entry = (*entries)[i];
      store->finish(first, 0, entry.seq, Outcome::delivered);
      finished.insert(entry.seq);
    }
  }

  auto failed_openings() const {
    const auto lines = log.lines();
    return std::ranges::count_if(lines,
                                 [](const auto& line) { return line.starts_with("store_not_opened"); });
  }

  // Ticks until the store has come back, if it is away.
  void recover() {
    for (int i = 0; i < 100 && events.recoveries < events.failures.size(); ++i) {
      const auto tries = failed_openings();
      clock.advance_ms(60'000);
      store->tick(clock.now());
      executor.run_until(
          [&] { return events.recoveries >= events.failures.size() || failed_openings() > tries; });
    }
    ASSERT_GE(events.recoveries, events.failures.size()) << "the disk is well again and the store is not";
  }

  void settle_through_trouble() {
    for (int i = 0; i < 20; ++i) {
      recover();
      const size_t failures = events.failures.size();
      const Seq last = store->put({}).value();
      executor.run_until([&] { return events.durable_up_to() >= last || events.failures.size() > failures; });
      if (events.durable_up_to() >= last) return;
    }
    ADD_FAILURE() << "no write succeeds any more";
  }

  void expect_promises_kept() {
    std::multiset<std::string> there;
    for (const Entry& entry : read(first, 0)) {
      there.insert(entry.message->body);
      EXPECT_FALSE(finished.contains(entry.seq)) << entry.seq << " came back";
    }
    EXPECT_EQ(there.size() + finished.size(), stats(first).in);
    EXPECT_EQ(stats(first).delivered, finished.size());
    EXPECT_EQ(promised.size(), 32u);
    std::multiset<std::string> in_third;
    for (const Entry& entry : read(third, 0)) in_third.insert(entry.message->body);
    for (int i = 16; i < 32; ++i) EXPECT_GE(in_third.count(std::to_string(i)), 1u) << i << " is lost";
    EXPECT_EQ(store->get("round").value(), "7");
    EXPECT_FALSE(store->find_queue("second"));
    EXPECT_EQ(store->find_queue("third"), third);
  }

  std::shared_ptr<testing::FaultyFileSystem> disk = std::make_shared<testing::FaultyFileSystem>();
  std::unique_ptr<rocksdb::Env> env = testing::make_faulty_env(disk);
  QueueId first = 0;
  QueueId second = 0;
  QueueId third = 0;
  std::set<std::string> promised;
  std::set<Seq> finished;
};

TEST_P(HealingDisk, LosesNothingAcknowledgedAndGoesOnByItself) {
  start();
  disk->heal();
  run_script();
  const uint64_t operations = disk->operations();
  expect_promises_kept();
  for (uint64_t n = 1; n <= operations && !HasFailure(); ++n) {
    SCOPED_TRACE("the disk fails from operation " + std::to_string(n));
    disk->heal();
    start();
    disk->fail_from(n, GetParam().fault, GetParam().operations);
    run_script();
    if (!HasFailure()) expect_promises_kept();
    reopen();
    if (!HasFailure()) expect_promises_kept();
  }
}

TEST_P(HealingDisk, RefusesMessagesAndKeepsValuesWhileItIsBroken) {
  start();
  append("lost", first, 0);
  disk->fail_from(1, Fault::gone);
  executor.run_until([&] { return !events.failures.empty(); });
  EXPECT_EQ(store->append(message("b"), std::vector<Target>{{first, 0, 0, ""}}).error().code, core::Errc::io);
  EXPECT_EQ(store->purge(first).error().code, core::Errc::io);
  EXPECT_EQ(store->read(first, 0, 0, {}, clock.now()).error().code, core::Errc::unavailable);
  const Seq kept = store->put(std::vector<KeyValue>{{"k", "v"}}).value();
  disk->heal();
  recover();
  executor.run_until([&] { return events.durable_up_to() >= kept; });
  EXPECT_EQ(store->get("k").value(), "v");
  EXPECT_EQ(stats(first).in, 0u);
  EXPECT_GT(append("c", first, 0), kept);
  settle_through_trouble();
  EXPECT_EQ(bodies(read(first, 0)), std::vector<std::string>{"c"});
}

TEST_P(HealingDisk, TellsConsumersToReadAgain) {
  start();
  append("a", first, 0);
  settle();
  events.available.clear();
  disk->fail_from(1, Fault::gone, 1);
  ASSERT_TRUE(store->put({}));
  executor.run_until([&] { return !events.failures.empty(); });
  recover();
  executor.run_ready();
  EXPECT_THAT(events.available, ::testing::Contains(first));
  EXPECT_EQ(bodies(read(first, 0)), std::vector<std::string>{"a"});
}

// A message dies and goes back again and again, each as soon as the store takes it.
class HealingDiskWithLetters : public HealingDisk {
 protected:
  void run_letters() {
    settle_through_trouble();
    dead = store->open_queue(kDeadQueue, {QueueKind::dead}).value();
    for (int i = 0; i < 6; ++i) append_through_trouble(std::to_string(i));
    for (int i = 0; i < 6 && !HasFailure(); ++i) {
      recover();
      const auto alive = read(first, 0);
      if (!alive.empty()) store->dead_letter(first, 0, alive.front().seq, {"poison", 1, 5, "", 0, "", 0});
      if (i % 2 == 0) settle_through_trouble();
      const auto letters = read_through_trouble(dead);
      if (letters.empty()) continue;
      const auto again = message("again " + letters.front().message->body);
      (void)store->requeue(dead, kDefaultLane, letters.front().seq, again, {first, 4, 0, ""});
    }
    settle_through_trouble();
  }

  // What was written and not acknowledged may be there as well, under a name of its own.
  void append_through_trouble(const std::string& name) {
    for (int i = 0; i < 20; ++i) {
      recover();
      const std::string body = name + "." + std::to_string(i);
      const auto seq = store->append(message(body), std::vector<Target>{{first, 0, 0, ""}});
      if (!seq) continue;
      const size_t failures = events.failures.size();
      executor.run_until([&] { return events.durable_up_to() >= *seq || events.failures.size() > failures; });
      if (events.durable_up_to() < *seq) continue;
      promised.insert(body);
      return;
    }
    ADD_FAILURE() << "no append succeeds any more";
  }

  std::vector<Entry> read_through_trouble(QueueId queue) {
    recover();
    return read(queue);
  }

  // Each message once, in one of the places where it may be.
  void expect_each_once() {
    std::vector<std::string> all = bodies(read(first, 0));
    for (const std::string& body : bodies(read(dead))) all.push_back(body);
    for (const std::string& body : bodies(read(first, 4))) all.push_back(body.substr(body.rfind(' ') + 1));
    std::ranges::sort(all);
    EXPECT_TRUE(std::ranges::includes(all, promised)) << "a message is in neither";
    EXPECT_TRUE(std::ranges::adjacent_find(all) == all.end()) << "a message is in both";
    EXPECT_EQ(stats(first).dead, stats(dead).in);
    EXPECT_EQ(stats(dead).delivered, read(first, 4).size());
    testing::expect_accounts_balance(*store);
  }

  QueueId dead = 0;
};

TEST_P(HealingDiskWithLetters, HasEachDeadMessageInOneQueueWhicheverOperationFails) {
  start();
  disk->heal();
  run_letters();
  const uint64_t operations = disk->operations();
  expect_each_once();
  EXPECT_GT(stats(dead).in, 4u);
  for (uint64_t n = 1; n <= operations && !HasFailure(); ++n) {
    SCOPED_TRACE("the disk fails from operation " + std::to_string(n));
    disk->heal();
    start();
    disk->fail_from(n, GetParam().fault, GetParam().operations);
    run_letters();
    if (!HasFailure()) expect_each_once();
    disk->heal();
    reopen();
    if (!HasFailure()) expect_each_once();
  }
}

TEST_P(HealingDiskWithLetters, BuriesAfterwardsWhatDiedWhileItWasBroken) {
  start();
  dead = store->open_queue(kDeadQueue, {QueueKind::dead}).value();
  const Seq seq = append("poison", first, 0);
  settle();
  disk->fail_from(1, Fault::gone);
  ASSERT_TRUE(store->put({}));
  executor.run_until([&] { return !events.failures.empty(); });
  EXPECT_EQ(store->dead_letter(first, 0, seq, {"poison", 1, 5, "", 0, "", 0}), 0u);
  EXPECT_EQ(store->requeue(dead, 0, 1, message("x"), {first, 0, 0, ""}).error().code, core::Errc::io);
  disk->heal();
  settle_through_trouble();
  EXPECT_EQ(bodies(read(dead)), std::vector<std::string>{"poison"});
  EXPECT_EQ(stats(first).dead, 1u);
}

// A computation: consumes its input in pairs, has a sum for each, and counts the pairs in its state. Each pair is one
// Change. What is undone it does again from the state that is durable, as it would after a restart.
class HealingComputation : public HealingDiskWithLetters {
 protected:
  static constexpr int kPairs = 3;

  void compute_through_trouble(IfLost if_lost) {
    for (int i = 0; i < 2 * kPairs; ++i) append_through_trouble(std::to_string(i));
    settle_through_trouble();
    to_consume = read_through_trouble(first, 0).size() / 2;
    for (size_t turn = 0; turn < 40 && !HasFailure(); ++turn) {
      settle_through_trouble();  // a Change that is not durable yet may still be undone
      if (done() >= to_consume) return;
      commit_next(if_lost);
      while_away(if_lost);
    }
    settle_through_trouble();
  }

  [[nodiscard]] size_t done() {
    recover();
    const auto state = store->get("pairs");
    return state ? std::stoul(*state) : 0;
  }

  // From what is durable: after a Change that is on its way it would take the same entries again.
  void commit_next(IfLost if_lost) {
    settle_through_trouble();
    const auto in = read_through_trouble(first, 0);
    if (in.size() < 2) return;
    const std::vector<End> ends{{.queue = first, .lane = 0, .seq = in[1].seq},
                                {.queue = first, .lane = 0, .seq = in[0].seq}};
    const std::vector<Target> targets{{.queue = second, .lane = 0}};
    const std::vector<Append> appends{{message(in[0].message->body + "+" + in[1].message->body), targets}};
    const std::vector<KeyValue> values{{"pairs", std::to_string(done() + 1)}};
    (void)store->commit(
        {.ends = ends, .appends = appends, .values = values, .must_sync = true, .if_lost = if_lost});
  }

  // While the store is away, nothing that appends is taken, and nothing of it happens later.
  void while_away(IfLost if_lost) {
    executor.run_ready();
    if (events.recoveries >= events.failures.size()) return;
    const std::vector<Target> targets{{.queue = second, .lane = 0}};
    const std::vector<Append> appends{{message("never"), targets}};
    const std::vector<KeyValue> values{{"never", "1"}};
    EXPECT_EQ(store->commit({.appends = appends, .values = values, .if_lost = if_lost}).error().code,
              core::Errc::io);
  }

  // Every pair was consumed once, has one sum, and is counted.
  void expect_each_pair_once() {
    std::vector<std::string> sums = bodies(read(second, 0));
    EXPECT_EQ(sums.size(), to_consume);
    std::ranges::sort(sums);
    EXPECT_TRUE(std::ranges::adjacent_find(sums) == sums.end()) << "a Change was done twice";
    EXPECT_EQ(store->get("pairs").value(), std::to_string(to_consume));
    EXPECT_EQ(stats(first).delivered, 2 * to_consume);
    EXPECT_FALSE(store->get("never"));
    testing::expect_accounts_balance(*store);
  }

  std::vector<Entry> read_through_trouble(QueueId queue, uint8_t lane) {
    recover();
    return read(queue, lane);
  }

  size_t to_consume = 0;
};

TEST_P(HealingComputation, HasEachOfItsChangesWholeAndOnceWhicheverOperationFails) {
  for (const IfLost if_lost : {IfLost::undo, IfLost::redo}) {
    start();
    disk->heal();
    compute_through_trouble(if_lost);
    const uint64_t operations = disk->operations();
    expect_each_pair_once();
    for (uint64_t n = 1; n <= operations && !HasFailure(); ++n) {
      SCOPED_TRACE("the disk fails from operation " + std::to_string(n));
      disk->heal();
      start();
      disk->fail_from(n, GetParam().fault, GetParam().operations);
      compute_through_trouble(if_lost);
      if (!HasFailure()) expect_each_pair_once();
      disk->heal();
      reopen();
      if (!HasFailure()) expect_each_pair_once();
    }
  }
}

TEST_P(HealingComputation, IsDoneAgainByTheStoreOrByItsMakerAsItSays) {
  for (const IfLost if_lost : {IfLost::undo, IfLost::redo}) {
    start();
    append("a", first, 0);
    append("b", first, 0);
    settle();
    disk->fail_from(1, Fault::gone, 1);
    const auto in = read(first, 0);
    const std::vector<End> ends{{.queue = first, .lane = 0, .seq = in[0].seq}};
    const std::vector<Target> targets{{.queue = second, .lane = 0}};
    const std::vector<Append> appends{{message("result"), targets}};
    const std::vector<KeyValue> values{{"state", "1"}};
    ASSERT_TRUE(store->commit(
        {.ends = ends, .appends = appends, .values = values, .must_sync = true, .if_lost = if_lost}));
    executor.run_until([&] { return !events.failures.empty(); });
    disk->heal();
    settle_through_trouble();
    const bool done = if_lost == IfLost::redo;
    EXPECT_EQ(read(first, 0).size(), done ? 1u : 2u);
    EXPECT_EQ(read(second, 0).size(), done ? 1u : 0u);
    EXPECT_EQ(store->get("state").has_value(), done);
  }
}

const auto kTroubles =
    ::testing::Values(Trouble{"OneOperationFails", Fault::gone, 1}, Trouble{"GoneForAWhile", Fault::gone, 25},
                      Trouble{"FullForAWhile", Fault::no_space, 25});
std::string name_of(const ::testing::TestParamInfo<Trouble>& trouble) { return trouble.param.name; }
INSTANTIATE_TEST_SUITE_P(, HealingDisk, kTroubles, name_of);
INSTANTIATE_TEST_SUITE_P(, HealingDiskWithLetters, kTroubles, name_of);
INSTANTIATE_TEST_SUITE_P(, HealingComputation, kTroubles, name_of);

}  // namespace
}  // namespace headgate::store
