// The disk dies at the N-th operation of a scripted run, for every N, with and without losing what was not
// synced: whatever was reported durable is there after a restart, and the accounts balance.
#include <gmock/gmock.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/store/rocks/faulty_env.h"
#include "tests/store/rocks/fixture.h"

namespace headgate::store {
namespace {

enum class After { process_crash, power_cut, power_cut_with_torn_write };

class DyingDisk : public ::testing::TestWithParam<After>, protected RocksDriver {
 protected:
  ~DyingDisk() override { expect_sound(); }

  // Starts on an empty directory whose disk dies at operation `n`; false if it was too early to open.
  bool start(uint64_t n) {
    store.reset();
    std::error_code ignored;
    std::filesystem::remove_all(options.dir, ignored);
    promised.clear();
    finished.clear();
    disk = std::make_shared<testing::FaultyFileSystem>();
    env = testing::make_faulty_env(disk);
    options.env = env.get();
    disk->fail_from(n);
    events = {};
    auto opened = try_open();
    if (!opened) return false;
    store = *std::move(opened);
    store->set_events(&events);
    return true;
  }

  // Fan-out, priorities, finishing out of order, values: fifteen synced groups. Stops when the store fails.
  void run_script() {
    const auto first = store->open_queue("first", {}), second = store->open_queue("second", {});
    if (!first || !second) return;
    for (int round = 0; round < 15 && events.failures.empty(); ++round) {
      std::map<Seq, std::string> waiting;
      for (int i = 0; i < 5; ++i) {
        const std::string body = std::to_string(round * 5 + i);
        std::vector<Target> targets{{*first, static_cast<uint8_t>(i % 2), 0, ""}};
        if (i % 3 == 0) targets.push_back({*second, 0, 0, ""});
        const auto seq = store->append(message(body), targets, std::vector<KeyValue>{{"last", body}});
        if (!seq) return;
        waiting[*seq] = body;
      }
      const Seq last = waiting.rbegin()->first;
      executor.run_until([&] { return events.durable_up_to() >= last || !events.failures.empty(); });
      if (events.durable_up_to() < last) return;
      for (const auto& [seq, body] : waiting) promised.insert(body);
      finish_half(*first);
    }
  }

  void finish_half(QueueId queue) {
    auto entries = store->read(queue, 0, 0, {}, clock.now());
    if (!entries) return;
    for (size_t i = 1; i < entries->size(); i += 2) {
      const Entry& entry = (*entries)[i];
      store->finish(queue, 0, entry.seq, Outcome::delivered);
      finished.insert(entry.message->body);
    }
  }

  void restart_on_a_good_disk() {
    store.reset();
    executor.run_ready();
    disk->heal();
    if (GetParam() != After::process_crash) {
      const bool torn = GetParam() == After::power_cut_with_torn_write;
      disk->cut_power([&](uint64_t unsynced) { return torn ? unsynced / 2 : 0; });
    }
    options.env = nullptr;
    open();
  }

  std::multiset<std::string> bodies_in(const char* name) {
    std::multiset<std::string> seen;
    const auto queue = store->find_queue(name);
    if (!queue) return seen;
    for (const uint8_t lane : {uint8_t{0}, uint8_t{1}}) {
      for (const Entry& entry : read(*queue, lane)) seen.insert(entry.message->body);
    }
    EXPECT_EQ(seen.size(), store->stats(*queue).waiting());
    return seen;
  }

  void expect_promises_kept() {
    const auto first = bodies_in("first"), second = bodies_in("second");
    for (const std::string& body : promised) {
      EXPECT_TRUE(first.contains(body) || finished.contains(body)) << body << " is lost";
      EXPECT_EQ(second.count(body), std::stoi(body) % 5 % 3 == 0 ? 1u : 0u) << body;
    }
    if (!promised.empty()) {
      const int last = std::stoi(store->get("last").value());
      EXPECT_GE(last, static_cast<int>(promised.size()) - 1);
    }
  }

  std::shared_ptr<testing::FaultyFileSystem> disk;
  std::unique_ptr<rocksdb::Env> env;
  std::set<std::string> promised;
  std::set<std::string> finished;
};

TEST_P(DyingDisk, NeverLosesWhatWasReportedDurable) {
  ASSERT_TRUE(start(~uint64_t{0}));
  // Opening on a dying disk is tried here and there, and in one mode: it promises nothing yet.
  const uint64_t opened = disk->operations();
  const uint64_t first = GetParam() == After::process_crash ? 1 : opened;
  run_script();
  const uint64_t operations = disk->operations();
  EXPECT_EQ(promised.size(), 75u);
  size_t runs = 0;
  for (uint64_t n = first; n <= operations && !HasFailure(); n += n < opened ? 7 : 1) {
    SCOPED_TRACE("the disk dies at operation " + std::to_string(n));
    if (!start(n)) continue;
    ++runs;
    run_script();
    restart_on_a_good_disk();
    if (!HasFailure()) expect_promises_kept();
    expect_sound();
  }
  EXPECT_GT(runs, 20u);
}

TEST_P(DyingDisk, SaysOnceThatItFailedAndTakesNoMessageMore) {
  ASSERT_TRUE(start(~uint64_t{0}));
  const QueueId q = queue("q");
  settle();
  disk->fail_from(1);
  append("a", q);
  executor.run_until([&] { return !events.failures.empty(); });
  for (int i = 0; i < 5; ++i) {
    clock.advance_ms(60'000);
    store->tick(clock.now());
    finish(q, 1);
    executor.run_ready();
  }
  EXPECT_EQ(events.failures.size(), 1u);
  EXPECT_EQ(store->append(message("b"), std::vector<Target>{{q, 0, 0, ""}}).error().code, core::Errc::io);
  EXPECT_EQ(store->purge(q).error().code, core::Errc::io);
  EXPECT_EQ(events.recoveries, 0u);
}

class PowerCut : public RocksTest {
 protected:
  PowerCut() : env_(testing::make_faulty_env(disk_)) { store.reset(); }
  ~PowerCut() override { expect_sound(); }  // while there is the file system it is on

  QueueId start(Durability durability) {
    options.durability = durability;
    options.env = env_.get();
    options.dir = dir / "cut";
    open();
    return queue("q");
  }
  void cut_power() {
    store.reset();
    disk_->cut_power([](uint64_t) { return 0; });
    open();
  }
  // As settle(), but without asking for a sync.
  void write() {
    const Seq seq = store->put({}, false).value();
    executor.run_until([&] { return events.durable_up_to() >= seq || !events.failures.empty(); });
  }
  void finish_oldest(QueueId queue, size_t count) {
    for (Seq after = 0; count > 0;) {
      const auto entries = read(queue, kDefaultLane, after, {std::min<size_t>(count, 1'000), 8u << 20});
      for (const Entry& entry : entries) finish(queue, entry.seq);
      after = entries.back().seq;
      count -= entries.size();
    }
  }
  // 7,500 messages wait when files of the 14,500 before them are dropped.
  void give_space_back_beside_unfinished(QueueId queue) {
    for (int i = 0; i < 22'000; ++i) {
      append(std::string(4'096, static_cast<char>('a' + i % 26)), queue);
      if (i % 500 == 0) settle();
    }
    settle();
    finish_oldest(queue, 14'500);
    store->tick(clock.now());
    write();
  }
  size_t count_readable(QueueId queue) {
    size_t count = 0;
    Seq after = 0;
    for (auto entries = read(queue); !entries.empty(); entries = read(queue, kDefaultLane, after)) {
      count += entries.size();
      after = entries.back().seq;
    }
    return count;
  }

 private:
  std::shared_ptr<testing::FaultyFileSystem> disk_ = std::make_shared<testing::FaultyFileSystem>();
  std::unique_ptr<rocksdb::Env> env_;
};

TEST_F(PowerCut, TakesNothingInModeSync) {
  const QueueId q = start({Durability::Mode::sync});
  append("a", q);
  settle();
  cut_power();
  EXPECT_EQ(bodies(read(q)), std::vector<std::string>{"a"});
}

TEST_F(PowerCut, MayTakeAQoS0MessageThatNobodyWasPromised) {
  const QueueId q = start({Durability::Mode::sync});
  settle();
  auto unpromised = std::make_shared<core::Message>(*message("b"));
  unpromised->qos = 0;
  const Seq seq = store->append(unpromised, std::vector<Target>{{q, kDefaultLane, 0, ""}}).value();
  executor.run_until([&] { return events.durable_up_to() >= seq; });
  cut_power();
  EXPECT_THAT(read(q), ::testing::IsEmpty());
}

TEST_F(PowerCut, TakesOnlyWhatIsYoungerThanTheInterval) {
  const QueueId q = start({Durability::Mode::interval, 500});
  append("old", q);
  settle();
  clock.advance_ms(500);
  store->tick(clock.now());
  append("young", q);
  settle();
  cut_power();
  EXPECT_EQ(bodies(read(q)), std::vector<std::string>{"old"});
}

TEST_F(PowerCut, LeavesAConsistentStoreAndUnusedSeqsInModeMemory) {
  start({Durability::Mode::memory});
  settle();
  const Seq lost = append("lost", queue("r"));
  settle();
  cut_power();
  EXPECT_GT(append("new", queue("r")), lost);
  settle();
  EXPECT_EQ(bodies(read(queue("r"))), std::vector<std::string>{"new"});
}

TEST_F(PowerCut, LosesNothingUnfinishedThoughSpaceWasGivenBack) {
  const QueueId q = start({Durability::Mode::sync});
  give_space_back_beside_unfinished(q);
  cut_power();
  EXPECT_GE(stats(q).waiting(), 7'500u);
  EXPECT_EQ(count_readable(q), stats(q).waiting());
}

TEST_F(PowerCut, LosesNothingUnfinishedThoughSpaceWasGivenBackInModeMemory) {
  const QueueId q = start({Durability::Mode::memory});
  give_space_back_beside_unfinished(q);
  cut_power();
  EXPECT_EQ(count_readable(q), stats(q).waiting());
}

INSTANTIATE_TEST_SUITE_P(, DyingDisk,
                         ::testing::Values(After::process_crash, After::power_cut,
                                           After::power_cut_with_torn_write),
                         [](const auto& after) {
                           switch (after.param) {
                             case After::process_crash:
                               return "ProcessCrash";
                             case After::power_cut:
                               return "PowerCut";
                             case After::power_cut_with_torn_write:
                               return "TornWrite";
                           }
                           return "";
                         });

}  // namespace
}  // namespace headgate::store
