// Files of a store that are damaged: what can be read goes on, what cannot is counted and told, and no
// damaged body is ever handed out.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "tests/store/rocks/faulty_env.h"
#include "tests/store/rocks/file_damage.h"
#include "tests/store/rocks/fixture.h"

namespace headgate::store {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// ---- vocabulary ----

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

}  // namespace
}  // namespace headgate::store
