// Random operations on the real store and on the in-memory model must be answered alike, also over clean
// restarts and crashes at random points. A failure prints its seed; HEADGATE_SEED repeats it.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <tuple>

#include "store/dead_letter.h"
#include "tests/store/rocks/fixture.h"
#include "tests/support/mem_queue_store.h"
#include "tests/support/number_from.h"

namespace headgate::store {
namespace {

constexpr std::array<uint8_t, 3> kLanes{0, 4, kDefaultLane};
constexpr int kDead = 4;  // the queue of dead letters, after four others

// A message in both stores.
struct Twin {
  Seq mem = 0;
  Seq rocks = 0;
};

class Model {
 public:
  explicit Model(unsigned seed) : random_(seed) {
    mem_.store = std::make_unique<testing::MemQueueStore>(mem_.executor);
    mem_.store->set_events(&mem_.events);
    rocks_.options.tail_bytes = std::array<size_t, 3>{0, 4'000, 4u << 20}[seed % 3];
    rocks_.options.holes_max = std::array<size_t, 3>{64, 2, 8}[seed % 3];
    rocks_.open();
    for (int i = 0; i <= kDead; ++i) open_queue(i);
  }
  ~Model() { rocks_.expect_sound(); }

  void step() {
    const unsigned dice = below(100);
    if (dice < 40)
      append();
    else if (dice < 46)
      burst();
    else if (dice < 64)
      finish_some();
    else if (dice < 70)
      change();
    else if (dice < 74)
      put();
    else if (dice < 80)
      expire();
    else if (dice < 83)
      purge();
    else if (dice < 85)
      remove();
    else if (dice < 87)
      drop_gaps();
    else if (dice < 88)
      requeue();
    else if (dice < 90)
      limit();
    else if (dice < 93)
      restart();
    else
      compare();
  }

  void compare() {
    settle();
    for (int i = 0; i < 4; ++i) {
      compare_stats(i);
      for (const uint8_t lane : kLanes) compare_lane(i, lane);
    }
    compare_stats(kDead);
    compare_letters();
    EXPECT_EQ(values(mem_), values(rocks_));
  }

  // Ends everything, half of it entry by entry: no row may be left.
  void expect_nothing_left_on_disk() {
    settle();
    for (const auto& [mem_queue, rocks_queue] : queues_) {
      for (const uint8_t lane : kLanes) {
        if (chance(50)) rocks_.drain(rocks_queue, lane);
      }
      ASSERT_TRUE(rocks_.store->purge(rocks_queue));
    }
    for (int i = 0; i < 60; ++i) rocks_.settle();
    rocks_.store->close();
    rocks_.store.reset();
    EXPECT_EQ(rocks_.kept_blocks(), 0u);
    EXPECT_EQ(rocks_.rows_in("idx"), 0u);
    rocks_.open();
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_()) % n; }
  bool chance(unsigned percent) { return below(100) < percent; }

  void open_queue(int i) {
    std::string name = (i % 2 == 0 ? "$queue-" : "queue-") + std::to_string(i);
    if (i == kDead) name = kDeadQueue;
    queues_[i] = {mem_.queue(name), rocks_.queue(name)};
    policies_[i] = {};
  }

  void append() {
    std::vector<Target> mem_targets, rocks_targets;
    for (int i = 0; i < 4; ++i) {
      if (!chance(35)) continue;
      const Target target{0, kLanes[below(3)], chance(20) ? mem_.clock.now().hub_ms + below(500) : 0,
                          chance(10) ? std::string(below(255), 't') : ""};
      mem_targets.push_back(target);
      mem_targets.back().queue = queues_[i].first;
      rocks_targets.push_back(target);
      rocks_targets.back().queue = queues_[i].second;
    }
    std::string body = std::to_string(twins_.size()) + "/";
    body.append(chance(3) ? 60'000 : below(300), 'b');
    const std::vector<KeyValue> values{{"last", body.substr(0, 9)}};
    const auto made = message(body, "topic", 1'000 + static_cast<int64_t>(twins_.size()));
    const auto mem = mem_.store->append(made, mem_targets, values);
    const auto rocks = rocks_.store->append(made, rocks_targets, values);
    ASSERT_EQ(mem.has_value(), rocks.has_value());
    if (mem) twins_.push_back({*mem, *rocks});
  }

  // Limits for a queue or for all, or none any more.
  void limit() {
    const int i = static_cast<int>(below(5));
    const QueuePolicy policy{below(3) * 40, below(3) * 5'000, below(3) * 150, static_cast<OnFull>(below(4))};
    limit_both(i, policy);
    const uint64_t bytes_max = chance(30) ? 20'000 : 0;
    mem_.store->set_bytes_max(bytes_max);
    rocks_.store->set_bytes_max(bytes_max);
    bytes_max_ = bytes_max;
  }

  void limit_both(int i, const QueuePolicy& policy) {
    mem_.store->set_policy(queues_[i].first, policy);
    rocks_.store->set_policy(queues_[i].second, policy);
    policies_[i] = policy;
  }

  void burst() {
    for (unsigned left = chance(10) ? 2'500 : 30; left > 0; --left) append();
  }

  void settle() {
    mem_.settle();
    rocks_.settle();
    rocks_.executor.run_ready();
  }

  // Ends some entries of a lane, in any order, some of them twice.
  void finish_some() {
    settle();
    const int i = static_cast<int>(below(4));
    const uint8_t lane = kLanes[below(3)];
    const ReadLimit limit{below(400) + 1, 1 << 20};
    auto entries = rocks_.read(queues_[i].second, lane, 0, limit);
    EXPECT_EQ(mem_.read(queues_[i].first, lane, 0, limit).size(), entries.size());
    std::ranges::shuffle(entries, random_);
    if (chance(50)) entries.resize(entries.size() / 2);
    if (!entries.empty() && chance(20)) entries.push_back(entries.front());
    for (const Entry& entry : entries) {
      const auto outcome = static_cast<Outcome>(chance(70) ? 0 : below(4));
      if (outcome == Outcome::dead && chance(70)) {
        die(i, lane, entry);
        continue;
      }
      rocks_.finish(queues_[i].second, entry.seq, outcome, lane);
      mem_.finish(queues_[i].first, twins_[number(entry)].mem, outcome, lane);
    }
  }

  void die(int i, uint8_t lane, const Entry& entry) {
    const Death death{"reason " + std::to_string(below(10)), 5, below(10), "first", 3, "last", 4};
    const Seq rocks = rocks_.store->dead_letter(queues_[i].second, lane, entry.seq, death);
    const Seq mem = mem_.store->dead_letter(queues_[i].first, lane, twins_[number(entry)].mem, death);
    EXPECT_EQ(rocks == 0, mem == 0);
  }

  // Puts a dead letter into some queue, as a message of its own.
  void requeue() {
    settle();
    const auto mem = mem_.read(queues_[kDead].first), rocks = rocks_.read(queues_[kDead].second);
    ASSERT_EQ(bodies(mem), bodies(rocks));
    if (mem.empty()) return;
    const size_t at = below(static_cast<unsigned>(mem.size()));
    const auto& to = queues_[static_cast<int>(below(4))];
    const uint8_t lane = kLanes[below(3)];
    const auto made = message(std::to_string(twins_.size()) + "/again", "topic", 1'000);
    const auto a = mem_.store->requeue(queues_[kDead].first, kDefaultLane, mem[at].seq, made,
                                       {to.first, lane, 0, "again"});
    const auto b = rocks_.store->requeue(queues_[kDead].second, kDefaultLane, rocks[at].seq, made,
                                         {to.second, lane, 0, "again"});
    ASSERT_EQ(a.has_value(), b.has_value());
    if (a) twins_.push_back({*a, *b});
  }

  // As a computation: ends some entries of a lane, in any order and some of them twice, has results for several
  // queues, and sets a value, all at once.
  void change() {
    settle();
    const int i = static_cast<int>(below(4));
    const uint8_t lane = kLanes[below(3)];
    const ReadLimit limit{below(100) + 1, 1 << 20};
    auto entries = rocks_.read(queues_[i].second, lane, 0, limit);
    ASSERT_EQ(mem_.read(queues_[i].first, lane, 0, limit).size(), entries.size());
    std::ranges::shuffle(entries, random_);
    if (chance(50)) entries.resize(entries.size() / 2);
    if (!entries.empty() && chance(20)) entries.push_back(entries.front());
    std::vector<End> mem_ends, rocks_ends;
    for (const Entry& entry : entries) {
      const auto outcome = static_cast<Outcome>(chance(80) ? 0 : below(4));
      const bool dies = outcome == Outcome::dead && chance(70);
      mem_ends.push_back({queues_[i].first, lane, twins_[number(entry)].mem, outcome});
      rocks_ends.push_back({queues_[i].second, lane, entry.seq, outcome});
      if (dies) mem_ends.back().death = rocks_ends.back().death = &kDeath;
    }
    commit_both(mem_ends, rocks_ends);
  }

  void commit_both(std::span<const End> mem_ends, std::span<const End> rocks_ends) {
    std::array<std::vector<Target>, 3> mem_targets, rocks_targets;
    std::vector<Append> mem_appends, rocks_appends;
    const unsigned results = below(4);
    for (unsigned n = 0; n < results; ++n) {
      for (int i = 0; i < 4; ++i) {
        if (!chance(40)) continue;
        const uint8_t lane = kLanes[below(3)];
        mem_targets[n].push_back({queues_[i].first, lane, 0, "result"});
        rocks_targets[n].push_back({queues_[i].second, lane, 0, "result"});
      }
      const std::string body = std::to_string(twins_.size() + n) + "/result";
      const auto made = message(body, "topic", 1'000 + static_cast<int64_t>(twins_.size()));
      mem_appends.push_back({made, mem_targets[n]});
      rocks_appends.push_back({made, rocks_targets[n]});
    }
    const std::vector<KeyValue> values{{"state", std::to_string(random_())}};
    const auto if_lost = chance(50) ? IfLost::undo : IfLost::redo;
    const auto mem = mem_.store->commit(
        {.ends = mem_ends, .appends = mem_appends, .values = values, .must_sync = true, .if_lost = if_lost});
    const auto rocks = rocks_.store->commit({.ends = rocks_ends,
                                             .appends = rocks_appends,
                                             .values = values,
                                             .must_sync = true,
                                             .if_lost = if_lost});
    ASSERT_EQ(mem.has_value(), rocks.has_value());
    if (!mem) return;
    for (size_t left = mem_appends.size(); left > 0; --left)
      twins_.push_back({*mem + 1 - left, *rocks + 1 - left});
  }

  void put() {
    const std::string key = "k/" + std::to_string(below(20));
    const std::vector<KeyValue> one{
        {key, chance(30) ? std::nullopt : std::optional(std::to_string(random_()))}};
    ASSERT_TRUE(mem_.store->put(one));
    ASSERT_TRUE(rocks_.store->put(one, chance(50)));
  }

  void expire() {
    settle();
    // A wall clock that is set, here in each store at another time, changes nothing.
    const int64_t jump_ms = chance(10) ? static_cast<int64_t>(below(1'000'000)) - 500'000 : 0;
    for (StoreDriver* driver : {&mem_, static_cast<StoreDriver*>(&rocks_)}) {
      driver->clock.advance_ms(100);
      driver->clock.jump_wall_ms(driver == &mem_ ? jump_ms : -jump_ms);
    }
    mem_.store->tick(mem_.clock.now());
    rocks_.store->tick(rocks_.clock.now());
  }

  void purge() {
    const int i = static_cast<int>(below(4));
    EXPECT_EQ(mem_.store->purge(queues_[i].first).value(), rocks_.store->purge(queues_[i].second).value());
  }

  void remove() {
    const int i = static_cast<int>(below(4));
    ASSERT_TRUE(mem_.store->remove_queue(queues_[i].first));
    ASSERT_TRUE(rocks_.store->remove_queue(queues_[i].second));
    open_queue(i);
  }

  void drop_gaps() {
    if (twins_.empty()) return;
    settle();
    for (const auto& [mem_queue, rocks_queue] : queues_) {
      mem_.store->drop_gaps(mem_queue, ~Seq{0});
      rocks_.store->drop_gaps(rocks_queue, ~Seq{0});
    }
  }

  void restart() {
    settle();
    if (chance(50)) rocks_.store->close();
    rocks_.expect_sound();
    rocks_.open();
    rocks_.store->set_bytes_max(bytes_max_);
    for (int i = 0; i <= kDead; ++i) rocks_.store->set_policy(queues_[i].second, policies_[i]);
  }

  static inline const Death kDeath{"of a change", 5, 1, "first", 3, "last", 4};

  static size_t number(const Entry& entry) { return std::stoul(entry.message->body); }

  void compare_stats(int i) {
    const QueueStats& mem = mem_.stats(queues_[i].first);
    const QueueStats& rocks = rocks_.stats(queues_[i].second);
    EXPECT_EQ(std::tie(mem.name, mem.in, mem.delivered, mem.expired, mem.dropped, mem.dead),
              std::tie(rocks.name, rocks.in, rocks.delivered, rocks.expired, rocks.dropped, rocks.dead));
    for (const uint8_t lane : kLanes) {
      const LaneStats& m = mem.lanes[lane];
      const LaneStats& r = rocks.lanes[lane];
      EXPECT_EQ(std::tie(m.waiting, m.waiting_bytes), std::tie(r.waiting, r.waiting_bytes));
      EXPECT_EQ(mem_.store->oldest_ms(mem.id, lane), rocks_.store->oldest_ms(rocks.id, lane));
    }
    EXPECT_EQ(lost(mem_, queues_[i].first), lost(rocks_, queues_[i].second));
  }

  static std::map<Outcome, uint64_t> lost(StoreDriver& driver, QueueId queue) {
    std::map<Outcome, uint64_t> sums;
    for (const Gap& gap : driver.store->gaps(queue)) sums[gap.why] += gap.count;
    return sums;
  }

  void compare_lane(int i, uint8_t lane) {
    const size_t at = twins_.empty() ? 0 : below(static_cast<unsigned>(twins_.size()));
    const Twin after = twins_.empty() || chance(50) ? Twin{} : twins_[at];
    const ReadLimit limit{below(600) + 1, below(100'000)};
    const auto mem = mem_.read(queues_[i].first, lane, after.mem, limit);
    const auto rocks = rocks_.read(queues_[i].second, lane, after.rocks, limit);
    ASSERT_EQ(bodies(mem), bodies(rocks));
    for (size_t k = 0; k < mem.size(); ++k) {
      EXPECT_EQ(std::tie(mem[k].expires_ms, mem[k].tag), std::tie(rocks[k].expires_ms, rocks[k].tag));
      EXPECT_EQ(rocks[k].seq, twins_[number(rocks[k])].rocks);
    }
  }

  void compare_letters() {
    const auto mem = mem_.read(queues_[kDead].first), rocks = rocks_.read(queues_[kDead].second);
    ASSERT_EQ(bodies(mem), bodies(rocks));
    for (size_t k = 0; k < mem.size(); ++k) {
      DeadLetter expected = decode_dead_letter(mem[k].tag).value();
      expected.seq = twins_[number(rocks[k])].rocks;
      EXPECT_EQ(decode_dead_letter(rocks[k].tag).value(), expected);
    }
  }

  static std::map<std::string, std::string> values(StoreDriver& driver) {
    std::map<std::string, std::string> all;
    EXPECT_TRUE(driver.store->for_each("", [&](std::string_view key, std::string_view value) {
      all.emplace(key, value);
      return core::Status();
    }));
    return all;
  }

  std::mt19937 random_;
  StoreDriver mem_;
  RocksDriver rocks_;
  std::array<std::pair<QueueId, QueueId>, kDead + 1> queues_;
  std::vector<Twin> twins_;
  std::array<QueuePolicy, kDead + 1> policies_{};
  uint64_t bytes_max_ = 0;
};

TEST(StoreModel, AnswersLikeTheModelWhateverHappens) {
  const bool fixed = std::getenv("HEADGATE_SEED") != nullptr;
  const unsigned first = testing::number_from("HEADGATE_SEED", 1);
  const unsigned seeds = fixed ? 1 : testing::number_from("HEADGATE_SEEDS", 8);
  for (unsigned seed = first; seed < first + seeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("HEADGATE_SEED=" + std::to_string(seed));
    Model model(seed);
    for (int i = 0; i < 150 && !::testing::Test::HasFailure(); ++i) model.step();
    model.compare();
    model.expect_nothing_left_on_disk();
  }
}

}  // namespace
}  // namespace headgate::store
