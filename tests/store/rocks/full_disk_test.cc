// A disk that is full: the store refuses messages before it is, goes on with all else, and takes messages
// again by itself once there is room. Shown on a disk that its own messages fill, and on one that somebody
// else fills at the N-th operation of a scripted run, for every N.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/store/rocks/faulty_env.h"
#include "tests/store/rocks/fixture.h"
#include "tests/store/rocks/small_disk.h"
#include "tests/store/units.h"

namespace headgate::store {
namespace {

using core::Errc;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr size_t kBodyBytes = 32 * 1024;

std::vector<std::string> names(const testing::RecordingLog& log) {
  std::vector<std::string> all;
  for (const std::string& line : log.lines()) all.push_back(line.substr(0, line.find(' ')));
  return all;
}

class SmallDiskDriver : protected RocksDriver {
 protected:
  // 8 MiB are to stay free, or an eighth, beside a reserve of 4 MiB, or a sixteenth.
  void use_disk(uint64_t bytes, SpaceLimits limits = {8 * kMiB, 4 * kMiB}) {
    disk = std::make_shared<testing::SmallDisk>(bytes);
    env = testing::make_faulty_env(disk);
    options.env = env.get();
    options.volume = disk;
    options.space = limits;
  }
  void second(int64_t ms = 1'000) {
    clock.advance_ms(ms);
    store->tick(clock.now());
    write();
    write();  // what was asked of the disk by the first is answered now
  }
  // As settle(), also after a failure that is over.
  void write() {
    const Seq seq = store->put({}).value();
    executor.run_until([&] { return events.durable_up_to() >= seq; });
  }
  core::Result<Seq> try_append(const std::string& body, QueueId to) {
    return store->append(message(body), std::vector<Target>{{to, kDefaultLane, 0, ""}});
  }

  std::shared_ptr<testing::SmallDisk> disk;
  std::unique_ptr<rocksdb::Env> env;
};

// ---- filled by its own messages ----

class FullOfMessages : public ::testing::Test, protected SmallDiskDriver {
 protected:
  FullOfMessages() {
    use_disk(48 * kMiB);
    options.cache_bytes = 4 * kMiB;
    open();
    q = queue("$q");
    second();
  }
  ~FullOfMessages() override { expect_sound(); }

  // Appends until the store refuses for good: what it guesses first is on the safe side. Returns how many it
  // took.
  size_t fill() { return fill(q); }
  size_t fill(QueueId queue) {
    size_t count = 0;
    for (bool refused = false; !HasFailure(); ++count) {
      const auto seq = try_append(noise(), queue);
      if (!seq) {
        EXPECT_EQ(seq.error().code, Errc::full) << seq.error().what;
        EXPECT_THAT(seq.error().what, HasSubstr("nearly full"));
        if (std::exchange(refused, true)) break;
        second();
        --count;
        continue;
      }
      refused = false;
      if (count % 32 == 0) settle();
    }
    return count;
  }
  // Fills again until `least` were taken: a merge that is under way takes room for a while, and gives more back.
  size_t fill_with(size_t least) {
    size_t taken = fill();
    for (int i = 0; i < 1000 && taken < least && !HasFailure(); ++i) {
      rest();
      taken += fill();
    }
    EXPECT_GE(taken, least);
    return taken;
  }
  // Cannot be compressed.
  std::string noise() {
    if (pool.empty()) {
      pool.resize(kMiB);
      std::ranges::generate(pool, [this] { return static_cast<char>(random()); });
    }
    return pool.substr(random() % (kMiB - kBodyBytes), kBodyBytes);
  }
  void drain_some(size_t entries) {
    for (; entries > 0; --entries) {
      const auto next = read(q, kDefaultLane, 0, {1, 1});
      ASSERT_FALSE(next.empty());
      finish(q, next.front().seq);
      settle();
    }
  }

  // The housekeeper has a thread, and the time of others.
  void rest_until_free(uint64_t bytes) {
    const auto done = [&] {
      const DiskState state = store->disk();
      return !state.refuses(RoomFor::publishers) && state.reserve_bytes > 0 &&
             disk->space()->free_bytes >= bytes;
    };
    for (int i = 0; i < 1000 && !done(); ++i) rest();
    EXPECT_TRUE(done()) << disk->space()->free_bytes << " bytes are free";
  }

  std::minstd_rand random;
  std::string pool;
  QueueId q = 0;
};

TEST_F(FullOfMessages, RefusesBeforeTheDiskIsFullAndSaysSo) {
  fill_with(700);
  EXPECT_GT(disk->space()->free_bytes, 4 * kMiB);
  EXPECT_TRUE(store->disk().refuses(RoomFor::publishers));
  second();
  EXPECT_THAT(names(log), Contains("disk_low"));
  EXPECT_TRUE(events.failures.empty());
  EXPECT_EQ(stats(q).in, stats(q).waiting());
}

TEST_F(FullOfMessages, GoesOnWithAllElse) {
  fill();
  const auto first = read(q, kDefaultLane, 0, {1, 1}).front();
  store->finish(q, kDefaultLane, first.seq, Outcome::delivered, std::vector<KeyValue>{{"cursor", "1"}});
  ASSERT_TRUE(store->put(std::vector<KeyValue>{{"session", "s"}}));
  const QueueId other = queue("other");
  settle();
  EXPECT_EQ(store->get("cursor").value(), "1");
  EXPECT_EQ(store->get("session").value(), "s");
  EXPECT_EQ(stats(q).delivered, 1u);
  EXPECT_TRUE(store->append(message("x"), std::vector<Target>{{other, 0, 0, "", true}})) << "only moved";
  EXPECT_TRUE(store->append(message("x"), {}, std::vector<KeyValue>{{"qos2-in", ""}})) << "stores none";
}

TEST_F(FullOfMessages, StopsForSessionsFirstThenForPublishersAndLastForConsumers) {
  const QueueId session = store->open_queue("session/s", {QueueKind::session}).value();
  fill(session);
  EXPECT_EQ(store->disk().stopped, RoomFor::sessions);
  const std::vector<Target> both{{session}, {q}};
  EXPECT_TRUE(store->append(message(noise()), both)) << "what is stored anyway the session gets too";
  EXPECT_GT(fill(), 0u);
  EXPECT_EQ(store->disk().stopped, RoomFor::publishers);
  const std::vector<Target> targets{{q}};
  const Append result{message(noise()), targets, false, true};
  EXPECT_TRUE(store->commit({.appends = {&result, 1}, .must_sync = true}));
  settle();
}

TEST_F(FullOfMessages, RefusesRetainedOnesToo) {
  fill();
  auto retained = std::make_shared<core::Message>(*message("x"));
  retained->retain = true;
  const std::vector<KeyValue> values{{"retained/t", "x"}};
  EXPECT_EQ(store->append(retained, {}, values).error().code, Errc::full);
  retained->body.clear();
  EXPECT_TRUE(store->append(retained, {}, values)) << "erases";
}

TEST_F(FullOfMessages, TakesMessagesAgainOnceTheyAreDrained) {
  const size_t count = fill();
  const int rooms = events.rooms;
  EXPECT_EQ(drain(q), count);
  rest_until_free(40 * kMiB);
  EXPECT_EQ(events.rooms, rooms + 1);
  EXPECT_THAT(names(log), Contains("disk_room"));
  fill_with(count / 2);
  EXPECT_TRUE(events.failures.empty());
}

TEST_F(FullOfMessages, TakesMessagesAgainThoughHalfOfThemStay) {
  const size_t count = fill();
  drain_some(count / 2);
  rest_until_free(16 * kMiB);
  fill_with(count / 10);
  EXPECT_TRUE(events.failures.empty());
}

TEST_F(FullOfMessages, FillsAndDrainsAgainAndAgain) {
  size_t waiting = 0;
  for (int round = 0; round < 6 && !HasFailure(); ++round) {
    const uint64_t room = disk->space()->free_bytes - 12 * kMiB;
    waiting += fill_with(room / kBodyBytes / 3);  // log and table hold it twice for a while
    drain_some(waiting * 3 / 4);
    waiting -= waiting * 3 / 4;
    rest_until_free(20 * kMiB);
  }
  EXPECT_TRUE(events.failures.empty());
}

// Memtables are as large as on a real hub: what they hold is flushed before a compaction, which wants room too.
class FullWithLargeMemtables : public FullOfMessages {
 protected:
  FullWithLargeMemtables() {
    store->close();
    store.reset();
    use_disk(96 * kMiB, {64 * kMiB, 32 * kMiB});
    options.cache_bytes = 16 * kMiB;
    std::filesystem::remove_all(options.dir);
    open();
    q = queue("$q");
    second();
  }

  // Ends the input with the output that it causes; while there is no room for that it waits, as a module's output does.
  void turn_into_output(const Entry& input, QueueId outputs) {
    const std::vector<Target> targets{{outputs}};
    const Append output{message(noise().substr(0, 1'000)), targets, false, true};
    const End end{q, kDefaultLane, input.seq, Outcome::delivered};
    for (int seconds = 0; seconds < 100; ++seconds) {
      const auto done = store->commit({.ends = {&end, 1}, .appends = {&output, 1}, .must_sync = true});
      if (done) return;
      ASSERT_EQ(done.error().code, Errc::full) << done.error().what;
      rest();
    }
    FAIL() << "there is no room for outputs though nothing else comes";
  }
};

TEST_F(FullWithLargeMemtables, NeverRunsOutOfRoomWhileAChainTurnsInputsIntoOutputs) {
  const QueueId outputs = queue("$outputs");
  const size_t inputs = fill();
  for (size_t made = 0; made < inputs && !HasFailure(); ++made) {
    const auto next = read(q, kDefaultLane, 0, {1, 1});
    ASSERT_FALSE(next.empty());
    turn_into_output(next.front(), outputs);
    if (made % 16 == 0) second(100);
  }
  EXPECT_TRUE(events.failures.empty());
  EXPECT_EQ(stats(outputs).waiting(), inputs);
  EXPECT_EQ(stats(q).waiting(), 0u);
}

TEST_F(FullOfMessages, OpensAgainAfterACrashAndIsStillFull) {
  const size_t count = fill();
  crash();
  const size_t more = fill();
  EXPECT_LT(more, count / 4) << "opening has emptied the log, and no more";
  EXPECT_EQ(drain(q), count + more);
}

// ---- filled by somebody else ----

class FilledDisk : public ::testing::TestWithParam<bool>, protected SmallDiskDriver {
 protected:
  static constexpr int kRounds = 10;
  static constexpr int kClearedOut = 6;  // the round before which the disk gets its room back
  ~FilledDisk() override { expect_sound(); }

  [[nodiscard]] static bool with_reserve() { return GetParam(); }

  void start() {
    expect_sound();
    store.reset();
    std::error_code ignored;
    std::filesystem::remove_all(options.dir, ignored);
    use_disk(256 * kMiB, {8 * kMiB, with_reserve() ? 4 * kMiB : 0});
    promised.clear();
    finished.clear();
    unsent.clear();
    open();
    first = queue("$first");
    second_queue = queue("second");
    second();
    second();
    executor.run_until([this] { return !with_reserve() || store->disk().reserve_bytes > 0; });
  }

  void run_script() {
    for (int round = 0; round < kRounds && !HasFailure(); ++round) {
      if (round == kClearedOut) disk->clear_out();
      for (int i = 0; i < 4; ++i) unsent.push_back(std::to_string(round * 4 + i));
      tick_until_open();
      send(round);
      finish_half();
    }
    for (int i = 0; i < 20 && !unsent.empty(); ++i) {
      tick_until_open();
      send(kRounds);
    }
  }

  auto failed_openings() const {
    const auto lines = log.lines();
    return std::ranges::count_if(lines,
                                 [](const auto& line) { return line.starts_with("store_not_opened"); });
  }

  // Without a reserve it may stay closed as long as the disk is full, with one never.
  void tick_until_open() {
    for (int i = 0; i < 40; ++i) {
      const auto tries = failed_openings();
      const bool away = events.recoveries < events.failures.size();
      clock.advance_ms(60'000);
      store->tick(clock.now());
      if (away) {
        executor.run_until(
            [&] { return events.recoveries >= events.failures.size() || failed_openings() > tries; });
      }
      if (events.recoveries >= events.failures.size()) return;
      if (!with_reserve() && disk->filled()) return;
    }
    FAIL() << "the store does not come back";
  }

  void send(int round) {
    std::map<Seq, std::string> sent;
    for (const std::string& body : unsent) {
      const auto seq =
          store->append(message(body), std::vector<Target>{{first, 0, 0, ""}, {second_queue, 0, 0, ""}});
      if (seq) sent[*seq] = body;
    }
    const auto last = store->put(std::vector<KeyValue>{{"round", std::to_string(round)}});
    ASSERT_TRUE(last) << "puts are not refused";
    if (!wait_for(*last)) return;
    for (const auto& [seq, body] : sent) {
      promised.insert(body);
      std::erase(unsent, body);
    }
  }

  // False if the store failed before. That happens at most twice: where somebody fills the disk, and if it
  // was filled in the middle of opening again.
  bool wait_for(Seq seq) {
    const size_t failures = events.failures.size();
    if (events.recoveries < failures) return false;
    executor.run_until([&] { return events.durable_up_to() >= seq || events.failures.size() > failures; });
    return events.durable_up_to() >= seq;
  }

  void finish_half() {
    const auto entries = store->read(first, 0, 0, {}, clock.now());
    for (size_t i = 1; entries && i < entries->size(); i += 2) {
      store->finish(first, 0, (*entries)[i].seq, Outcome::delivered);
      finished.insert((*entries)[i].seq);
    }
  }

  void expect_promises_kept() {
    tick_until_open();
    write();
    EXPECT_EQ(promised.size(), size_t{4 * kRounds}) << "messages are taken again";
    std::multiset<std::string> there;
    for (const Entry& entry : read(first, 0)) {
      there.insert(entry.message->body);
      EXPECT_FALSE(finished.contains(entry.seq)) << entry.seq << " came back";
    }
    EXPECT_EQ(there.size() + finished.size(), stats(first).in);
    EXPECT_EQ(stats(first).delivered, finished.size());
    std::multiset<std::string> in_second;
    for (const Entry& entry : read(second_queue, 0)) in_second.insert(entry.message->body);
    for (const std::string& body : promised) EXPECT_TRUE(in_second.contains(body)) << body << " is lost";
    EXPECT_FALSE(store->disk().refuses(RoomFor::publishers));
  }

  QueueId first = 0;
  QueueId second_queue = 0;
  std::set<std::string> promised;
  std::set<Seq> finished;
  std::vector<std::string> unsent;
};

TEST_P(FilledDisk, AtAnyOperationLosesNothingAcknowledgedAndGoesOnByItself) {
  start();
  disk->fill_up_at(testing::SmallDisk::kNever);
  run_script();
  const uint64_t operations = disk->operations();
  expect_promises_kept();
  for (uint64_t n = 1; n <= operations && !HasFailure(); ++n) {
    SCOPED_TRACE("the disk is full from operation " + std::to_string(n));
    start();
    disk->fill_up_at(n);
    run_script();
    if (!HasFailure()) expect_promises_kept();
    if (with_reserve()) {
      EXPECT_LE(events.failures.size(), 2u);
    }
    reopen();
    if (!HasFailure()) expect_promises_kept();
  }
}

TEST_P(FilledDisk, RefusesMessagesAndWithAReserveFinishesGoOn) {
  start();
  append("a", first, 0);
  append("b", first, 0);
  settle();
  disk->fill_up_at(1);
  (void)wait_for(store->put(std::vector<KeyValue>{{"k", "v"}}).value());
  tick_until_open();
  EXPECT_EQ(try_append("c", first).error().code, with_reserve() ? Errc::full : Errc::io);
  if (!with_reserve()) return disk->clear_out(), tick_until_open();
  finish(first, read(first, 0).front().seq, Outcome::delivered, 0);
  write();
  EXPECT_EQ(stats(first).delivered, 1u);
  EXPECT_EQ(store->get("k").value(), "v");
  EXPECT_THAT(names(log), Contains("disk_reserve_given_back"));
  disk->clear_out();
  second();
  EXPECT_TRUE(try_append("d", first));
  executor.run_until([this] { return store->disk().reserve_bytes == 4 * kMiB; });  // it is made again
}

TEST_P(FilledDisk, StartsWithTheReserveAfterACrash) {
  start();
  append("a", first, 0);
  settle();
  store.reset();
  disk->fill_up_at(1);
  (void)disk->take("foreign", 0);
  events = {};
  auto opened = try_open();
  EXPECT_EQ(opened.has_value(), with_reserve());
  if (!opened) {
    EXPECT_EQ(opened.error().code, Errc::full);
    disk->clear_out();
    opened = try_open();
  }
  ASSERT_TRUE(opened) << opened.error().what;
  store = *std::move(opened);
  store->set_events(&events);
  EXPECT_EQ(bodies(read(first, 0)), std::vector<std::string>{"a"});
  EXPECT_EQ(store->disk().refuses(RoomFor::publishers), with_reserve());
}

INSTANTIATE_TEST_SUITE_P(, FilledDisk, ::testing::Bool(), [](const auto& reserve) {
  return reserve.param ? "WithReserve" : "WithoutReserve";
});

}  // namespace
}  // namespace headgate::store
