// The disk fails for a while, beginning with the N-th operation of a scripted run, for every N, and then
// works again: the store opens its database anew by itself, has everything that was reported durable and
// everything that was finished, and goes on.
#include <algorithm>
#include <map>
#include <set>

#include "tests/store/rocks_faulty_env.h"
#include "tests/store/rocks_fixture.h"

namespace headgate::store {
namespace {

struct Trouble {
  const char* name;
  testing::FaultyFileSystem::Fault fault;
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
      if (round == 3) third = store->open_queue("third").value();
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

  // Ticks until the store has come back, if it is away.
  void recover() {
    for (int i = 0; i < 100 && events.recoveries < events.failures.size(); ++i) {
      const size_t lines = log.lines().size();
      clock.advance_ms(60'000);
      store->tick(clock.now());
      executor.run_until(
          [&] { return events.recoveries >= events.failures.size() || log.lines().size() > lines; });
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
  disk->fail_from(1, testing::FaultyFileSystem::Fault::gone);
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
  disk->fail_from(1, testing::FaultyFileSystem::Fault::gone, 1);
  ASSERT_TRUE(store->put({}));
  executor.run_until([&] { return !events.failures.empty(); });
  recover();
  executor.run_ready();
  EXPECT_THAT(events.available, ::testing::Contains(first));
  EXPECT_EQ(bodies(read(first, 0)), std::vector<std::string>{"a"});
}

using Fault = testing::FaultyFileSystem::Fault;
INSTANTIATE_TEST_SUITE_P(, HealingDisk,
                         ::testing::Values(Trouble{"OneOperationFails", Fault::gone, 1},
                                           Trouble{"GoneForAWhile", Fault::gone, 25},
                                           Trouble{"FullForAWhile", Fault::no_space, 25}),
                         [](const auto& trouble) { return trouble.param.name; });

}  // namespace
}  // namespace headgate::store
