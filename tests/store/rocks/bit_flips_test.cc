// A bit flipped anywhere in the files of a store: it is mended or refused, and no damaged body is ever handed
// out. A failure prints its seed; HEADGATE_SEED begins with it. HEADGATE_FLIPS: how many a kind of file.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <utility>

#include "store/rocks/store.h"
#include "tests/store/rocks/file_damage.h"
#include "tests/store/rocks/fixture.h"
#include "tests/support/number_from.h"

namespace headgate::store {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;

// A store with all kinds of rows in all kinds of files, and what must come out of it.
class FlipRun : private RocksDriver {
 public:
  explicit FlipRun(unsigned seed) : random_(seed) {
    options.cache_bytes = 512u << 10;
    options.tail_bytes = 0;
    make();
    fs::rename(options.dir, whole_);
  }
  ~FlipRun() { store.reset(); }

  // Flips a bit in one of the files of that name. Returns whether the store could be opened.
  bool flip_once(const std::string& part) {
    store.reset();
    executor.drop_ready();
    fs::remove_all(options.dir);
    fs::copy(whole_, options.dir, fs::copy_options::recursive);
    const auto [file, bit] = any_bit(files_with(options.dir, part));
    SCOPED_TRACE(file.filename().string() + " bit " + std::to_string(bit));
    flip_bit(file, bit);
    events = {};
    auto opened = try_open();
    if (!opened) {
      EXPECT_THAT(opened.error().what, HasSubstr(options.dir));
      return false;
    }
    store = *std::move(opened);
    store->set_events(&events);
    deliver_all();
    compare();
    return true;
  }

  // Times that more than a tenth of all messages was lost.
  [[nodiscard]] unsigned great_losses() const { return great_losses_; }

 private:
  struct Sent {
    std::string body;
    std::set<QueueId> queues;
  };

  uint64_t below(uint64_t n) { return random_() % n; }

  // Every bit of the files is as likely: damage to a disk does not look for small files.
  std::pair<fs::path, uint64_t> any_bit(const std::vector<fs::path>& files) {
    uint64_t bits = 0;
    for (const fs::path& file : files) bits += 8 * fs::file_size(file);
    uint64_t bit = below(bits);
    size_t at = 0;
    for (; bit >= 8 * fs::file_size(files[at]); ++at) bit -= 8 * fs::file_size(files[at]);
    return {files[at], bit};
  }

  void make() {
    open();
    for (const char* name : {"$up", "one", "two"}) queues_.push_back(queue(name));
    for (int group = 0; group < 220; ++group) {
      if (group == 110) reopen();  // writes its log out: there are tables, whenever RocksDB's threads come
      for (uint64_t i = 0; i < 1 + below(12); ++i) send();
      if (group % 3 == 0) put_value();
      settle();
      if (group % 4 == 0) finish_some();
    }
    settle();
    if (below(2) == 0) store->close();
    store.reset();
  }

  void put_value() {
    const KeyValue value{"key" + std::to_string(below(40)), body()};
    ASSERT_TRUE(store->put(std::array{value}));
  }

  std::string body() {
    std::string text(20 + below(700), 'a');
    for (char& c : text) c = static_cast<char>(random_());
    return text;
  }

  void send() {
    Sent sent{body(), {}};
    std::vector<Target> targets;
    for (const QueueId queue : queues_) {
      if (below(2) == 0) targets.push_back({queue, lane_of(queue), 0, ""});
    }
    if (targets.empty()) targets.push_back({queues_[0], lane_of(queues_[0]), 0, ""});
    for (const Target& target : targets) sent.queues.insert(target.queue);
    sent_.emplace(append(sent.body, targets), std::move(sent));
  }
  static uint8_t lane_of(QueueId queue) { return static_cast<uint8_t>(queue % 3); }

  void finish_some() {
    const QueueId queue = queues_[below(queues_.size())];
    for (const Entry& entry : read(queue, lane_of(queue), 0, {1 + below(40), 1u << 20})) {
      if (below(5) == 0) continue;
      finish(queue, entry.seq, Outcome::delivered, lane_of(queue));
      sent_[entry.seq].queues.erase(queue);
    }
  }

  void deliver_all() {
    for (int round = 0; round < 6; ++round) {
      for (const QueueId queue : queues_) deliver(queue);
      (void)store->for_each("", [](std::string_view, std::string_view) { return core::Status(); });
      tick_and_recover();
    }
  }

  void tick_and_recover() {
    clock.advance_ms(1'000);
    store->tick(clock.now());
    executor.run_until([&] { return events.recoveries >= events.failures.size(); });
  }

  void deliver(QueueId queue) {
    if (!store->find_queue(store->stats(queue).name)) return;
    Seq after = 0;
    for (;;) {
      const auto entries = store->read(queue, lane_of(queue), after, {}, clock.now());
      if (!entries || entries->empty()) return;
      for (const Entry& entry : *entries) {
        ASSERT_GT(entry.seq, after) << "out of order";
        ASSERT_TRUE(sent_.contains(entry.seq));
        ASSERT_EQ(entry.message->body, sent_[entry.seq].body) << "a damaged body was handed out";
        delivered_.insert({queue, entry.seq});
        after = entry.seq;
        finish(queue, entry.seq, Outcome::delivered, lane_of(queue));
      }
      if (events.failures.empty()) settle();
    }
  }

  // What was promised and not delivered is counted, and within what was told.
  void compare() {
    settle();
    testing::expect_accounts_balance(*store);
    // Damage where nobody has read is met by this, and mended.
    if (!static_cast<RocksStore&>(*store).check().sound()) tick_and_recover();
    const StoreReport check = static_cast<RocksStore&>(*store).check();
    EXPECT_TRUE(check.sound()) << report_json(check);
    const Json damage = store->damage().empty() ? Json() : Json::parse(store->damage());
    std::map<QueueId, uint64_t> missing;
    for (const auto& [seq, sent] : sent_) {
      for (const QueueId queue : sent.queues) {
        if (!delivered_.contains({queue, seq}) && !told(damage, seq)) ++missing[queue];
      }
    }
    uint64_t lost = 0;
    for (const auto& [queue, count] : missing) lost += count;
    if (lost > sent_.size() / 10) ++great_losses_;
    for (const auto& [queue, count] : missing)
      EXPECT_LE(count, stats(queue).dead) << "lost without a word in " << stats(queue).name << damage.dump();
    delivered_.clear();
  }

  static bool told(const Json& damage, Seq seq) {
    if (damage.is_null()) return false;
    return std::ranges::any_of(damage["lost_log_seqs"], [&](const Json& range) {
      return seq >= range["from"].get<Seq>() && seq <= range["to"].get<Seq>();
    });
  }

  unsigned great_losses_ = 0;
  std::mt19937_64 random_;
  std::string whole_ = dir / "whole";
  std::vector<QueueId> queues_;
  std::map<Seq, Sent> sent_;
  std::set<std::pair<QueueId, Seq>> delivered_;
};

class BitFlips : public ::testing::TestWithParam<const char*> {};

TEST_P(BitFlips, AreMendedOrRefusedAndNeverDeliverADamagedBody) {
  constexpr unsigned kFlipsOfAStore = 20;
  const unsigned flips = testing::number_from("HEADGATE_FLIPS", kFlipsOfAStore);
  unsigned seed = testing::number_from("HEADGATE_SEED", 1);
  unsigned flipped = 0;
  unsigned opened = 0;
  unsigned great_losses = 0;
  for (; flipped < flips && !HasFailure(); ++seed) {
    SCOPED_TRACE("HEADGATE_SEED=" + std::to_string(seed));
    FlipRun run(seed);
    for (unsigned i = 0; i < kFlipsOfAStore && !HasFailure(); ++i, ++flipped)
      opened += run.flip_once(GetParam()) ? 1 : 0;
    great_losses += run.great_losses();
  }
  RecordProperty("opened", static_cast<int>(opened));
  if (std::string(GetParam()) == "MANIFEST") return;  // almost all of them are refused
  // Of a hundred bits of tables one or two are in one of the meta rows, without which a store is refused. Of
  // 20 flips three are there once in some hundred runs, five in some ten thousand.
  EXPECT_GE(10 * opened, 8 * flipped) << "what is damaged can be mended";
  EXPECT_LT(great_losses, opened / 3) << "one bit, and not only the block with it is lost";
}

INSTANTIATE_TEST_SUITE_P(Of, BitFlips, ::testing::Values(".log", ".sst", "MANIFEST", "synced"),
                         [](const auto& kind) {
                           std::string name(kind.param);
                           std::erase(name, '.');
                           return name;
                         });

}  // namespace
}  // namespace headgate::store
