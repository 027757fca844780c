// Random work on the real store, cut off at a random operation of the disk: what was not synced is gone, the
// last write is torn, files, directories and renames that no sync covered never happened. After each cut the store must
// be, entry by entry and counter by counter, as it was after some step that is not older than the last one
// that was promised to be durable; and every row must agree with every other.
// A failure prints its seed; HEADGATE_SEED begins with it. HEADGATE_CUTS: how many, 250 by default: each run draws others.
#include <rocksdb/env.h>

#include <iostream>
#include <map>
#include <random>
#include <tuple>

#include "store/dead_letter.h"
#include "store/rocks/store.h"
#include "tests/store/rocks/faulty_env.h"
#include "tests/store/rocks/fixture.h"
#include "tests/support/number_from.h"

namespace headgate::store {
namespace {

constexpr std::array<uint8_t, 3> kLanes{0, 4, kDefaultLane};
constexpr core::Now kBeforeAnyExpiry{0, 0};

// ---- what the store must hold ----

struct ModelEntry {
  std::string body;
  int64_t expires_ms = 0;
  std::string died_in;  // of a dead letter: queue, lane and seq that it had

  friend bool operator==(const ModelEntry&, const ModelEntry&) = default;
  friend std::ostream& operator<<(std::ostream& out, const ModelEntry& entry) {
    return out << entry.body.substr(0, 8) << " expires " << entry.expires_ms << entry.died_in;
  }
};

struct ModelQueue {
  uint64_t in = 0;
  std::array<uint64_t, 4> ended{};  // by Outcome
  std::array<uint64_t, 4> gaps{};   // entries in them, by Outcome
  std::map<uint8_t, std::map<Seq, ModelEntry>> lanes;
  bool is_dead = false;  // $dead

  void end(uint8_t lane, Seq seq, Outcome outcome) {
    if (lanes[lane].erase(seq) == 1) count(outcome, 1);
  }
  void count(Outcome outcome, uint64_t entries) {
    ended[static_cast<size_t>(outcome)] += entries;
    if (outcome != Outcome::delivered && !is_dead) gaps[static_cast<size_t>(outcome)] += entries;
  }
  void purge() {
    for (auto& [number, lane] : lanes) {
      count(Outcome::dropped, lane.size());
      lane.clear();
    }
  }
};

struct ModelState {
  std::map<std::string, ModelQueue> queues;
  std::map<std::string, std::string> values;
};

// ---- the run ----

class CutRun : private RocksDriver {
 public:
  explicit CutRun(unsigned seed) : random_(seed) {
    const auto mode = std::array{Durability::Mode::interval, Durability::Mode::memory};
    if (below(5) == 0) options.durability = {mode[below(2)], 200};
    options.cache_bytes = std::array<size_t, 3>{512u << 10, 1u << 20, 16u << 20}[below(3)];
    options.tail_bytes = chance(50) ? 0 : 4u << 20;
    options.holes_max = chance(50) ? 2 : 64;
    options.env = env_.get();
    options.dir = dir / "site/gateway/store";
    disk_->keep_names(dir.path());
  }
  ~CutRun() { store.reset(); }  // before its disk

  // Works until the disk goes, then cuts the power and looks at what is there.
  void cut_once() {
    const uint64_t survives = 1 + below(chance(50) ? 20 : 200);
    if (!store || chance(80)) disk_->heal();
    if (!store && !reopen_and_compare(survives)) return;
    disk_->fail_from(survives);
    for (int i = 0; i < 400 && events.failures.empty(); ++i) step();
    cut();
  }

  void finish() {
    disk_->heal();
    if (!reopen_and_compare(testing::FaultyFileSystem::kForEver)) ADD_FAILURE() << "a good disk was refused";
  }

  [[nodiscard]] uint64_t lost_steps() const { return lost_steps_; }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_()) % n; }
  bool chance(unsigned percent) { return below(100) < percent; }

  void cut() {
    if (chance(5) && events.failures.empty()) {
      disk_->heal();
      store->close();
      steps_promised_ = last_step_;
    }
    disk_->fail_from(0);
    store.reset();
    executor.drop_ready();
    const bool torn = chance(70);
    disk_->cut_power([&](uint64_t unsynced) {
      return torn ? std::uniform_int_distribution<uint64_t>(0, unsynced)(random_) : 0;
    });
  }

  // False if the disk did not survive the opening; nothing may be lost by that.
  bool reopen_and_compare(uint64_t survives) {
    const bool cut_early = chance(15) && survives != testing::FaultyFileSystem::kForEver;
    disk_->fail_from(cut_early ? survives : testing::FaultyFileSystem::kForEver);
    events = {};
    auto opened = try_open();
    if (!opened) {
      EXPECT_TRUE(cut_early) << opened.error().what;
      disk_->fail_from(0);
      disk_->cut_power([](uint64_t unsynced) { return unsynced / 2; });
      return false;
    }
    store = *std::move(opened);
    store->set_events(&events);
    compare();
    return true;
  }

  // ---- comparing ----

  void compare() {
    const StoreReport report = static_cast<RocksStore&>(*store).check();
    EXPECT_TRUE(report.sound()) << report_json(report);
    EXPECT_EQ(store->damage(), "") << "what a power cut leaves is taken for damage";
    const auto marked = store->get("step");
    const uint64_t step = marked ? std::stoull(*marked) : 0;
    ASSERT_GE(step, steps_promised_) << "a step that was durable is lost";
    ASSERT_TRUE(step == 0 || history_.contains(step)) << step;
    lost_steps_ += last_step_ - step;
    now_ = step == 0 ? ModelState{} : history_[step];
    history_ = {{step, now_}};
    last_step_ = steps_promised_ = step;
    EXPECT_EQ(store->queues().size(), now_.queues.size());
    for (const auto& [name, queue] : now_.queues) compare_queue(name, queue);
    EXPECT_EQ(values_of_store(), now_.values);
    testing::expect_accounts_balance(*store);
    durable_seq_ = greatest_seq_;
  }

  void compare_queue(const std::string& name, const ModelQueue& queue) {
    const auto id = store->find_queue(name);
    ASSERT_TRUE(id) << name;
    const QueueStats& s = stats(*id);
    EXPECT_EQ(std::tie(s.in, s.delivered, s.expired, s.dropped, s.dead),
              std::tie(queue.in, queue.ended[0], queue.ended[1], queue.ended[2], queue.ended[3]))
        << name;
    for (const uint8_t lane : kLanes) {
      const auto found = queue.lanes.find(lane);
      EXPECT_EQ(entries_of(*id, lane), found == queue.lanes.end() ? decltype(found->second)() : found->second)
          << name;
    }
    if (!s.attributes.keeps_gaps) return;
    std::array<uint64_t, 4> gaps{};
    for (const Gap& gap : store->gaps(*id)) gaps[static_cast<size_t>(gap.why)] += gap.count;
    EXPECT_EQ(gaps, queue.gaps) << name;
  }

  std::map<Seq, ModelEntry> entries_of(QueueId id, uint8_t lane) {
    std::map<Seq, ModelEntry> all;
    Seq after = 0;
    for (;;) {
      const auto entries = store->read(id, lane, after, {1'000, 8u << 20}, kBeforeAnyExpiry);
      EXPECT_TRUE(entries) << entries.error().what;
      if (!entries || entries->empty()) return all;
      for (const Entry& entry : *entries) {
        const auto letter = decode_dead_letter(entry.tag);
        all[entry.seq] = {entry.message->body, entry.expires_ms,
                          letter ? place(letter->queue, letter->lane, letter->seq) : ""};
      }
      after = entries->back().seq;
    }
  }

  static std::string place(const std::string& queue, uint8_t lane, Seq seq) {
    return queue + "/" + std::to_string(lane) + "/" + std::to_string(seq);
  }

  std::map<std::string, std::string> values_of_store() {
    std::map<std::string, std::string> all;
    EXPECT_TRUE(store->for_each("", [&](std::string_view key, std::string_view value) {
      if (key != "step") all.emplace(key, value);
      return core::Status();
    }));
    return all;
  }

  // ---- working ----

  // Some operations, all in one group, and the group written.
  void step() {
    promises_ = false;
    if (chance(30)) tick();
    for (unsigned left = 1 + below(5); left > 0; --left) operate();
    const uint64_t number = ++steps_;
    history_[number] = now_;
    last_step_ = number;
    const auto seq = store->put(std::vector<KeyValue>{{"step", std::to_string(number)}}, false);
    if (!seq) return;
    executor.run_until([&] { return events.durable_up_to() >= *seq || !events.failures.empty(); });
    if (events.durable_up_to() < *seq) return;
    durable_seq_ = *seq;
    if (promises_ && options.durability.mode == Durability::Mode::sync) steps_promised_ = number;
    std::erase_if(history_, [&](const auto& one) { return one.first < steps_promised_; });
  }

  void operate() {
    const unsigned dice = below(100);
    const std::string name = (dice % 2 == 0 ? "$queue-" : "queue-") + std::to_string(below(3));
    if (dice < 43)
      append();
    else if (dice < 45)
      requeue();
    else if (dice < 72)
      finish_one();
    else if (dice < 80)
      change();
    else if (dice < 88)
      put();
    else if (dice < 91)
      purge(name);
    else if (dice < 94)
      remove(name);
    else if (dice < 97)
      drop_gaps(name);
    else
      open_one(chance(30) ? std::string(kDeadQueue) : name);
  }

  void open_one(const std::string& name) {
    if (store->open_queue(name, attributes_by_name(name))) now_.queues[name].is_dead = name == kDeadQueue;
  }

  void append() {
    std::vector<Target> targets;
    std::string body = std::to_string(below(1'000'000));
    body.append(chance(3) ? below(60'000) : below(300), 'b');
    std::vector<std::pair<ModelQueue*, uint8_t>> to;
    for (auto& [name, queue] : now_.queues) {
      if (!chance(40) || queue.is_dead) continue;
      const uint8_t lane = kLanes[below(3)];
      const int64_t expires_ms = chance(20) ? clock.now().hub_ms + below(3'000) : 0;
      targets.push_back({*store->find_queue(name), lane, expires_ms, ""});
      to.emplace_back(&queue, lane);
    }
    auto made = std::make_shared<core::Message>(*message(body));
    made->qos = chance(20) ? 0 : 1;
    const std::vector<KeyValue> values{{"last", body.substr(0, 5)}};
    const bool with_values = chance(20);
    const auto seq = store->append(made, targets, with_values ? std::span(values) : std::span<KeyValue>());
    if (!seq) return;
    EXPECT_GT(*seq, greatest_seq_) << "a seq was used twice";
    greatest_seq_ = *seq;
    promises_ |= made->qos > 0 || with_values;
    if (with_values) now_.values["last"] = body.substr(0, 5);
    for (size_t i = 0; i < to.size(); ++i) {
      ++to[i].first->in;
      to[i].first->lanes[to[i].second][*seq] = {body, targets[i].expires_ms, ""};
    }
  }

  // A durable entry near the head, mostly the first.
  void finish_one() {
    for (auto& [name, queue] : now_.queues) {
      const uint8_t lane = kLanes[below(3)];
      auto& entries = queue.lanes[lane];
      if (entries.empty()) continue;
      auto at = entries.begin();
      if (chance(40)) std::advance(at, below(static_cast<unsigned>(std::min<size_t>(entries.size(), 20))));
      if (at->first > durable_seq_) continue;
      const auto outcome = static_cast<Outcome>(chance(70) ? 0 : below(4));
      const Seq seq = at->first;
      if (outcome == Outcome::dead && chance(80)) {
        die(name, lane, *at);
        continue;
      }
      store->finish(*store->find_queue(name), lane, seq, outcome);
      queue.end(lane, seq, outcome);
    }
  }

  // As a computation: ends what is first in some lanes, has a result for each of some queues, and counts in a
  // value how often it did. All of that is in one step, so that compare() finds a Change of which a part is lost.
  void change() {
    std::vector<End> ends;
    std::vector<std::pair<ModelQueue*, uint8_t>> ended;
    for (auto& [name, queue] : now_.queues) {
      const uint8_t lane = kLanes[below(3)];
      for (const auto& [seq, entry] : queue.lanes[lane]) {
        if (seq > durable_seq_ || ends.size() > 20) break;
        if (!chance(60)) continue;
        ends.push_back({.queue = *store->find_queue(name), .lane = lane, .seq = seq});
        ended.emplace_back(&queue, lane);
      }
    }
    std::vector<Target> targets;
    std::vector<ModelQueue*> to;
    for (auto& [name, queue] : now_.queues) {
      if (queue.is_dead || !chance(50)) continue;
      targets.push_back({.queue = *store->find_queue(name), .lane = kDefaultLane});
      to.push_back(&queue);
    }
    const std::string body = "result " + std::to_string(below(1'000));
    const std::vector<Append> appends{{message(body), targets}};
    const std::vector<KeyValue> values{{"state", body}};
    const bool must_sync = chance(50);
    const auto seq = store->commit({.ends = ends,
                                    .appends = appends,
                                    .values = values,
                                    .must_sync = must_sync,
                                    .if_lost = chance(50) ? IfLost::undo : IfLost::redo});
    if (!seq) return;
    greatest_seq_ = *seq;
    promises_ |= must_sync;
    for (size_t i = 0; i < ends.size(); ++i)
      ended[i].first->end(ended[i].second, ends[i].seq, Outcome::delivered);
    for (ModelQueue* queue : to) {
      ++queue->in;
      queue->lanes[kDefaultLane][*seq] = {body, 0, ""};
    }
    now_.values["state"] = body;
  }

  void die(const std::string& name, uint8_t lane, std::pair<Seq, ModelEntry> entry) {
    const Death death{"reason", 5, 3, "first", 1, std::string(below(600), 'e'), 2};
    const Seq letter = store->dead_letter(*store->find_queue(name), lane, entry.first, death);
    if (!events.failures.empty()) return;  // a tick has just met it
    const auto dead = now_.queues.find(std::string(kDeadQueue));
    now_.queues[name].end(lane, entry.first, Outcome::dead);
    if (dead == now_.queues.end() || dead->first == name) {
      EXPECT_EQ(letter, 0u);
      return;
    }
    EXPECT_GT(letter, greatest_seq_) << "a seq was used twice, or there is no letter";
    greatest_seq_ = letter;
    ++dead->second.in;
    dead->second.lanes[kDefaultLane][letter] = {entry.second.body, 0, place(name, lane, entry.first)};
  }

  // The oldest dead letter goes into some queue.
  void requeue() {
    const auto dead = now_.queues.find(std::string(kDeadQueue));
    if (dead == now_.queues.end() || dead->second.lanes[kDefaultLane].empty()) return;
    const auto [letter, entry] = *dead->second.lanes[kDefaultLane].begin();
    for (auto& [name, queue] : now_.queues) {
      if (queue.is_dead || !chance(50)) continue;
      const uint8_t lane = kLanes[below(3)];
      const auto moved = store->requeue(*store->find_queue(kDeadQueue), kDefaultLane, letter,
                                        message(entry.body), {*store->find_queue(name), lane, 0, ""});
      EXPECT_EQ(moved.has_value(), letter <= durable_seq_ && events.failures.empty());
      if (!moved) return;
      greatest_seq_ = *moved;
      promises_ = true;
      dead->second.end(kDefaultLane, letter, Outcome::delivered);
      ++queue.in;
      queue.lanes[lane][*moved] = {entry.body, 0, ""};
      return;
    }
  }

  void put() {
    const std::string key = "k/" + std::to_string(below(10));
    const bool erase = chance(30), must_sync = chance(50);
    const std::string value = std::to_string(below(1'000));
    if (!store->put(std::vector<KeyValue>{{key, erase ? std::nullopt : std::optional(value)}}, must_sync))
      return;
    promises_ |= must_sync;
    if (erase)
      now_.values.erase(key);
    else
      now_.values[key] = value;
  }

  void purge(const std::string& name) {
    const auto id = store->find_queue(name);
    if (id && store->purge(*id)) now_.queues[name].purge();
  }

  void remove(const std::string& name) {
    const auto id = store->find_queue(name);
    if (id && store->remove_queue(*id)) now_.queues.erase(name);
  }

  void drop_gaps(const std::string& name) {
    const auto id = store->find_queue(name);
    if (!id) return;
    store->drop_gaps(*id, ~Seq{0});
    now_.queues[name].gaps = {};
  }

  // Ends what has expired; every tenth tick is late enough for the housekeeper to compact.
  void tick() {
    clock.advance_ms(chance(10) ? 11'000 : 300);
    store->tick(clock.now());
    for (auto& [name, queue] : now_.queues) {
      for (auto& [number, lane] : queue.lanes) {
        for (auto next = lane.begin(); next != lane.end() && next->first <= durable_seq_;) {
          const auto& [seq, entry] = *next++;
          if (entry.expires_ms != 0 && entry.expires_ms <= clock.now().hub_ms)
            queue.end(number, seq, Outcome::expired);
        }
      }
    }
  }

  std::mt19937 random_;
  std::shared_ptr<testing::FaultyFileSystem> disk_ = std::make_shared<testing::FaultyFileSystem>();
  std::unique_ptr<rocksdb::Env> env_ = testing::make_faulty_env(disk_);
  ModelState now_;
  std::map<uint64_t, ModelState> history_;  // by step, from the last that was promised
  uint64_t steps_ = 0;                      // numbers given out
  uint64_t last_step_ = 0;
  uint64_t steps_promised_ = 0;
  Seq durable_seq_ = 0;
  Seq greatest_seq_ = 0;
  bool promises_ = false;  // this step holds something that is to be synced
  uint64_t lost_steps_ = 0;
};

TEST(PowerCuts, AtRandomOperationsLoseNothingPromisedAndKeepEveryCountExact) {
  constexpr unsigned kCutsOfAStore = 25;
  const unsigned cuts = testing::number_from("HEADGATE_CUTS", 250);
  const unsigned first = testing::number_from("HEADGATE_SEED", std::random_device{}() % 1'000'000);
  std::cout << "HEADGATE_SEED=" << first << " HEADGATE_CUTS=" << cuts << std::endl;  // RocksDB may abort
  uint64_t lost_steps = 0;
  for (unsigned done = 0; done < cuts && !::testing::Test::HasFailure(); done += kCutsOfAStore) {
    SCOPED_TRACE("HEADGATE_SEED=" + std::to_string(first + done / kCutsOfAStore));
    CutRun run(first + done / kCutsOfAStore);
    for (unsigned i = 0; i < kCutsOfAStore && !::testing::Test::HasFailure(); ++i) run.cut_once();
    if (!::testing::Test::HasFailure()) run.finish();
    lost_steps += run.lost_steps();
  }
  EXPECT_GT(lost_steps, 0u) << "no cut took anything that was not promised: the disk forgets nothing";
}

}  // namespace
}  // namespace headgate::store
