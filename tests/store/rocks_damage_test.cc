// Files of a store that are damaged: what can be read goes on, what cannot is counted and told, and no
// damaged body is ever handed out. A failure of BitFlips prints its seed; HEADGATE_SEED begins with it.
// HEADGATE_FLIPS: how many a kind of file.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "store/rocks_store.h"
#include "tests/store/rocks_faulty_env.h"
#include "tests/store/rocks_fixture.h"

namespace headgate::store {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// ---- vocabulary ----

std::vector<fs::path> files_with(const std::string& dir, const std::string& part) {
  std::vector<fs::path> found;
  for (const auto& file : fs::directory_iterator(dir)) {
    if (file.is_regular_file() && file.path().filename().string().find(part) != std::string::npos &&
        file.file_size() > 0)
      found.push_back(file.path());
  }
  std::ranges::sort(found);
  return found;
}

void flip_bit(const fs::path& path, uint64_t bit) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(bit / 8));
  const int byte = file.get() ^ 1 << bit % 8;
  file.seekp(static_cast<std::streamoff>(bit / 8));
  file.put(static_cast<char>(byte));
}

// The place of `text` in a file; fails the test if it is not there.
uint64_t place_of(const fs::path& path, const std::string& text) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const size_t at = bytes.find(text);
  EXPECT_NE(at, std::string::npos) << text << " is not in " << path;
  return at;
}

class DamagedStore : public ::testing::Test, protected RocksDriver {
 protected:
  DamagedStore() {
    open();
    q = queue("$q");
  }
  ~DamagedStore() override { expect_sound(); }

  Seq append_synced(const std::string& body) {
    const Seq seq = append(body, q);
    settle();
    return seq;
  }
  void stop() {
    epoch = store->identity().epoch;
    store.reset();
  }
  fs::path newest(const std::string& part) { return files_with(options.dir, part).back(); }
  Json report() { return Json::parse(store->damage()); }
  std::string kept(const std::string& part) {
    const std::string folder = report().at("directory");
    return files_with(folder, part).empty() ? "" : files_with(folder, part).front().filename().string();
  }

  QueueId q = 0;
  std::string epoch;
};

// ---- the log ----

TEST_F(DamagedStore, WhoseLogIsDamagedInTheMiddleLosesOnlyWhatWasThere) {
  append_synced("first");
  const Seq lost = append_synced("second-" + std::string(40'000, 'x'));
  append_synced("third-" + std::string(40'000, 'y'));
  append_synced("fourth");
  stop();
  flip_bit(newest(".log"), 8 * (place_of(newest(".log"), "second-") + 1'000));
  open();
  EXPECT_THAT(log.lines(), ::testing::Contains(HasSubstr("store_damaged")));
  EXPECT_NE(store->identity().epoch, epoch);
  EXPECT_EQ(bodies(read(q)).front(), "first");
  EXPECT_EQ(bodies(read(q)).back(), "fourth");
  EXPECT_EQ(stats(q).in, 4u);
  EXPECT_EQ(stats(q).dead, 4 - stats(q).waiting());
  ASSERT_EQ(store->gaps(q).size(), 1u);
  EXPECT_LE(store->gaps(q)[0].from, lost);
  EXPECT_GE(store->gaps(q)[0].to, lost);
  EXPECT_EQ(report()["epoch_before"], epoch);
  EXPECT_EQ(report()["lost"], stats(q).dead);
  EXPECT_EQ(report()["lost_log_seqs"][0]["from"], lost);
  EXPECT_THAT(kept(".log"), Not(IsEmpty()));
}

TEST_F(DamagedStore, WhoseLogEndsBeforeWhatWasSyncedSaysWhatIsMissing) {
  append_synced("first");
  const Seq lost = append_synced("second");
  stop();
  fs::resize_file(newest(".log"), place_of(newest(".log"), "second"));
  open();
  EXPECT_THAT(bodies(read(q)), ElementsAre("first"));
  EXPECT_NE(store->identity().epoch, epoch);
  EXPECT_EQ(report()["lost_log_seqs"][0]["from"], lost);
  EXPECT_EQ(report()["lost_log_seqs"][0]["to"], lost + 1);  // what settle() put
  EXPECT_GT(append("third", q), lost + 1);
}

TEST_F(DamagedStore, IsNotWhatATornEndThatWasNeverSyncedMakesIt) {
  append_synced("first");
  stop();
  std::ofstream(newest(".log"), std::ios::binary | std::ios::app) << std::string(500, '\x55');
  open();
  EXPECT_THAT(bodies(read(q)), ElementsAre("first"));
  EXPECT_EQ(store->identity().epoch, epoch);
  EXPECT_THAT(store->damage(), IsEmpty());
  EXPECT_FALSE(fs::exists(dir / "store/quarantine"));
}

TEST_F(DamagedStore, IsMendedOnce) {
  append_synced("first");
  append_synced("second");
  stop();
  fs::resize_file(newest(".log"), place_of(newest(".log"), "second"));
  open();
  const std::string mended = store->identity().epoch;
  const std::string told = store->damage();
  crash();
  EXPECT_EQ(store->identity().epoch, mended);
  EXPECT_EQ(store->damage(), told);
  EXPECT_EQ(files_with(report().at("directory"), "report.json").size(), 1u);
}

class LogsCutApart : public RocksDriver, public ::testing::Test {
 protected:
  LogsCutApart() {
    options.cache_bytes = 512u << 10;  // a family is written out, and a new log begun, all few hundred KiB
    options.env = env.get();
    open();
    q = queue("$q");
    settle();
  }
  ~LogsCutApart() override { expect_sound(); }

  // As groups of their own, which promise nothing and are not synced.
  void append_unsynced(int count) {
    for (int i = 0; i < count; ++i) {
      auto quiet = std::make_shared<core::Message>(*message(std::string(2'000, 'x')));
      quiet->qos = 0;
      ASSERT_TRUE(store->append(quiet, std::array{Target{q, kDefaultLane, 0, ""}}));
      const KeyValue step{"step", std::to_string(i)};
      const Seq seq = store->put(std::array{step}, false).value();
      executor.run_until([&] { return events.durable_up_to() >= seq; });
    }
  }
  // The newest log keeps all, the others lose what was not synced.
  void cut_power_between_logs() {
    logs = files_with(options.dir, ".log").size();
    disk->fail_from(0);
    store.reset();
    executor.drop_ready();
    size_t seen = 0;
    disk->cut_power([&](uint64_t unsynced) { return ++seen == logs ? unsynced : 0; });
    disk->heal();
  }

  std::shared_ptr<testing::FaultyFileSystem> disk = std::make_shared<testing::FaultyFileSystem>();
  std::unique_ptr<rocksdb::Env> env = testing::make_faulty_env(disk);
  size_t logs = 0;
  QueueId q = 0;
};

TEST_F(LogsCutApart, AreReplayedUpToWhereTheyAre) {
  append_unsynced(400);
  cut_power_between_logs();
  ASSERT_GE(logs, 2u) << "it shows nothing with one log";
  open();
  EXPECT_THAT(store->damage(), IsEmpty()) << "nothing that was promised is lost";
  const auto step = store->get("step");
  const uint64_t steps = step ? std::stoull(*step) + 1 : 0;
  EXPECT_LT(steps, 400u);
  EXPECT_EQ(stats(q).in, steps) << "the later log was replayed behind the hole";
}

// ---- tables ----

class DamagedTable : public DamagedStore {
 protected:
  DamagedTable() { options.tail_bytes = 0; }

  // Messages of which a few fill a block of a table, written out as tables.
  void fill_tables() {
    reopen();
    for (int i = 0; i < 300; ++i) append_synced(body(i));
    store->close();
    store.reset();
    open();  // writes its log out
    crash();
    epoch = store->identity().epoch;
  }
  static std::string body(int i) {
    std::mt19937_64 random(static_cast<uint64_t>(i));
    std::string text = "body-" + std::to_string(i) + "-";
    while (text.size() < 1'000) text += static_cast<char>('!' + random() % 90);
    return text;
  }
  // In the table that holds the body: behind the damage a table is whole.
  void damage_body(int i) {
    for (const fs::path& table : files_with(options.dir, ".sst")) {
      std::ifstream file(table, std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      const size_t at = bytes.find(body(i).substr(0, 200));
      if (at == std::string::npos) continue;
      file.close();
      return flip_bit(table, 8 * (at + 100));
    }
    FAIL() << "no table holds " << i;
  }
  // Reads and finishes everything; the store may open itself again meanwhile. Returns how many entries.
  std::set<Seq> deliver_all() {
    std::set<Seq> delivered;
    for (int round = 0; round < 4; ++round) {
      const auto entries = store->read(q, kDefaultLane, 0, {1'000, 1u << 30}, clock.now());
      for (const Entry& entry : entries ? *entries : std::vector<Entry>()) {
        delivered.insert(entry.seq);
        finish(q, entry.seq);
      }
      clock.advance_ms(1'000);
      store->tick(clock.now());
      executor.run_until([&] { return events.recoveries >= events.failures.size(); });
    }
    return delivered;
  }
};

TEST_F(DamagedTable, LosesOnlyTheBlockThatIsDamagedAndMendsItselfWhileRunning) {
  fill_tables();
  damage_body(150);
  const size_t delivered = deliver_all().size();
  EXPECT_LT(delivered, 300u);
  EXPECT_GT(delivered, 290u) << store->damage();
  EXPECT_NE(store->identity().epoch, epoch);
  EXPECT_EQ(stats(q).dead, 300 - delivered);
  EXPECT_EQ(stats(q).delivered, delivered);
  EXPECT_THAT(kept(".sst"), Not(IsEmpty()));
  events = {};
  append_synced("it goes on");
  EXPECT_THAT(bodies(read(q)), ElementsAre("it goes on"));
}

TEST_F(DamagedTable, ThatCannotBeOpenedAtAllIsDoneWithout) {
  fill_tables();
  store.reset();
  for (const fs::path& table : files_with(options.dir, ".sst")) {
    if (fs::file_size(table) > 100'000) fs::resize_file(table, 100);
  }
  open();
  EXPECT_NE(store->identity().epoch, epoch);
  EXPECT_GT(stats(q).dead, 0u);
  EXPECT_EQ(deliver_all().size() + stats(q).dead, 300u);
  EXPECT_EQ(report()["lost"], stats(q).dead);
}

// ---- trouble while it is mended ----

class MendedOnABadDisk : public DamagedTable {
 protected:
  ~MendedOnABadDisk() override { expect_sound(); }  // while its disk is there

  // A copy of the damaged store, on a disk whose operations fail from the `operation`th on, until the power
  // is cut. True if nothing failed.
  bool opens_on_a_disk_that_fails_from(uint64_t operation) {
    fs::remove_all(options.dir);
    fs::copy(whole, options.dir, fs::copy_options::recursive);
    disk->fail_from(operation);
    const auto opened = try_open();
    const bool survived = disk->operations() < operation;
    EXPECT_TRUE(opened || !survived) << opened.error().what;
    return survived;
  }
  void cut_power() {
    disk->fail_from(0);
    executor.drop_ready();
    disk->cut_power([](uint64_t unsynced) { return unsynced / 2; });
    disk->heal();
  }

  std::shared_ptr<testing::FaultyFileSystem> disk = std::make_shared<testing::FaultyFileSystem>();
  std::unique_ptr<rocksdb::Env> env = testing::make_faulty_env(disk);
  std::string whole = dir / "whole";
};

TEST_F(MendedOnABadDisk, IsMendedInTheEndWhereverThePowerWasCut) {
  fill_tables();
  damage_body(150);
  append_synced("in the log-" + std::string(40'000, 'x'));
  append_synced("behind it-" + std::string(40'000, 'y'));
  append_synced("last");
  store.reset();
  flip_bit(newest(".log"), 8 * (place_of(newest(".log"), "in the log-") + 1'000));
  fs::rename(options.dir, whole);
  options.env = env.get();
  uint64_t operation = 1;
  for (bool survived = false; !survived && !HasFailure(); operation += 5) {
    SCOPED_TRACE("the disk fails from operation " + std::to_string(operation));
    survived = opens_on_a_disk_that_fails_from(operation);
    cut_power();
    open();
    EXPECT_NE(store->identity().epoch, epoch);
    EXPECT_GE(report()["lost"], 1u);
    const auto delivered = deliver_all();
    EXPECT_GT(delivered.size(), 295u);
    EXPECT_EQ(stats(q).in, delivered.size() + stats(q).dead);
    expect_sound();
  }
  EXPECT_GT(operation, 30u);
}

// ---- random places ----

unsigned number_of(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

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
    const auto files = files_with(options.dir, part);
    const fs::path& file = files[below(files.size())];
    const uint64_t bit = below(fs::file_size(file) * 8);
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

  void make() {
    open();
    for (const char* name : {"$up", "one", "two"}) queues_.push_back(queue(name));
    for (int group = 0; group < 220; ++group) {
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
      (void)store->for_each("", [](std::string_view, std::string_view) { return true; });
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
  const unsigned flips = number_of("HEADGATE_FLIPS", 20);
  const unsigned first = number_of("HEADGATE_SEED", 1);
  unsigned opened = 0;
  unsigned great_losses = 0;
  for (unsigned seed = first; seed < first + (flips + 19) / 20 && !HasFailure(); ++seed) {
    SCOPED_TRACE("HEADGATE_SEED=" + std::to_string(seed));
    FlipRun run(seed);
    for (unsigned flip = 0; flip < 20 && !HasFailure(); ++flip) opened += run.flip_once(GetParam()) ? 1 : 0;
    great_losses += run.great_losses();
  }
  RecordProperty("opened", static_cast<int>(opened));
  if (std::string(GetParam()) == "MANIFEST") return;  // most of them are refused
  EXPECT_GT(opened, flips / 2) << "most of what is damaged can be mended";
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
