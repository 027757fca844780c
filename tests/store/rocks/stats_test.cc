// What the store says it takes.
#include <nlohmann/json.hpp>

#include "tests/store/rocks/fixture.h"

namespace headgate::store {
namespace {

class StoreStatsTest : public RocksTest {
 protected:
  // Bodies of 1,000 bytes that do not compress away.
  void append_many(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      std::string body;
      while (body.size() < 1'000) body += std::to_string(++number_ * 2'654'435'761u);
      body.resize(1'000);
      append(body, q_);
    }
    settle();
  }
  static const FamilyStats& family(const StoreStats& stats, const std::string& name) {
    return *std::ranges::find(stats.families, name, &FamilyStats::name);
  }

  QueueId q_ = queue("$q");

 private:
  uint64_t number_ = 0;
};

TEST_F(StoreStatsTest, CountWhatWasWrittenForWhat) {
  append_many(100);
  const StoreStats stats = durable->store_stats();
  EXPECT_EQ(stats.written->payload_bytes, 100'000u);
  EXPECT_GT(stats.written->wal_bytes, 100'000u);
  EXPECT_LT(stats.written->wal_bytes, 150'000u);
  EXPECT_EQ(stats.wal_bytes, stats.written->wal_bytes) << "none of it is let go yet";
  EXPECT_EQ(stats.queued, 100u);
  EXPECT_EQ(stats.queued_bytes, durable->stats(q_).waiting_bytes());
}

TEST_F(StoreStatsTest, CountFilesAndForgetTheLogThatIsInThem) {
  append_many(2'000);
  bool flushed = false;
  durable->back_up(dir / "copy", [&flushed](const auto&) { flushed = true; });
  executor.run_until([&flushed] { return flushed; });
  const StoreStats stats = durable->store_stats();
  EXPECT_GT(family(stats, "blk").file_bytes, 1'000'000u);
  EXPECT_GT(family(stats, "blk").live_bytes, 1'000'000u);
  EXPECT_GE(stats.written->table_bytes, family(stats, "blk").file_bytes);
  EXPECT_LT(stats.wal_bytes, stats.written->wal_bytes);
}

TEST_F(StoreStatsTest, MemoryStaysWithinItsBudget) {
  options.tail_bytes = 64'000;
  reopen();
  append_many(500);
  const StoreMemory memory = durable->store_memory();
  for (const MemoryPart& part :
       {memory.cache, memory.memtables, memory.tail, memory.index, memory.in_flight}) {
    EXPECT_LE(part.bytes, part.bytes_max);
  }
  EXPECT_GT(memory.tail.bytes, 32'000u);
  EXPECT_GT(memory.memtables.bytes, 500'000u);
  EXPECT_GT(memory.index.bytes, 0u);
  EXPECT_EQ(memory.in_flight.bytes, 0u);
  EXPECT_LE(memory.bytes(), memory.bytes_max());
}

TEST_F(StoreStatsTest, SeeWhatWaitsToBeWritten) {
  append("a", q_);
  EXPECT_GT(durable->store_memory().in_flight.bytes, 0u);
  settle();
  EXPECT_EQ(durable->store_memory().in_flight.bytes, 0u);
}

TEST_F(StoreStatsTest, CountSyncsAndNotWhatRidesAlong) {
  settle();
  const uint64_t before = durable->sync_times().count();
  append("a", q_);
  settle();
  EXPECT_EQ(durable->sync_times().count(), before + 1);
  const KeyValue value{"k", "v"};
  ASSERT_TRUE(store->put({&value, 1}, false));
  executor.run_until([this] { return store->get("k").has_value(); });
  EXPECT_EQ(durable->sync_times().count(), before + 1);
}

TEST_F(StoreStatsTest, PeakBeginsWithWhatWaitsWhenTheStoreIsOpened) {
  append_many(3);
  ASSERT_TRUE(store->purge(q_));
  append_many(2);
  reopen();
  const LaneStats& lane = store->stats(q_).lanes[kDefaultLane];
  EXPECT_EQ(lane.waiting_peak, 2u);
  EXPECT_EQ(lane.waiting_bytes_peak, lane.waiting_bytes);
}

TEST_F(StoreStatsTest, AreReadFromAStoppedHubsFilesToo) {
  append_many(10);
  expect_sound();
  const auto stats = read_store_stats(options.dir);
  ASSERT_TRUE(stats) << stats.error().what;
  EXPECT_EQ(stats->queued, 10u);
  EXPECT_GT(stats->wal_bytes, 10'000u);
  const auto json = nlohmann::json::parse(store_stats_json(*stats));
  EXPECT_EQ(json["written"], nullptr);
  EXPECT_EQ(json["families"][1]["name"], "blk");
}

TEST_F(StoreStatsTest, HaveSyncsAndWhatRocksDbDoes) {
  append_many(2'000);
  bool flushed = false;
  durable->back_up(dir / "copy", [&flushed](const auto&) { flushed = true; });
  executor.run_until([&flushed] { return flushed; });
  StoreStats stats = durable->store_stats();
  ASSERT_TRUE(stats.sync && stats.rocks);
  EXPECT_EQ(stats.sync->count(), durable->sync_times().count());
  EXPECT_FALSE(stats.rocks->stalled);
  uint64_t files = 0;
  uint64_t bytes = 0;
  for (const LevelStats& level : stats.rocks->levels) {
    files += level.files;
    bytes += level.bytes;
  }
  EXPECT_GT(files, 0u);
  EXPECT_GT(bytes, 1'000'000u);
  stats.mode = "sync";
  const auto json = nlohmann::json::parse(store_stats_json(stats));
  EXPECT_EQ(json["mode"], "sync");
  EXPECT_EQ(json["sync"]["buckets"].size(), core::Histogram::kBuckets);
  EXPECT_EQ(json["sync"]["buckets"][0]["le_us"], 100);
  EXPECT_EQ(json["sync"]["buckets"].back()["le_us"], nullptr);
  EXPECT_EQ(json["rocksdb"]["levels"][0]["level"], 0);
}

TEST_F(StoreStatsTest, OfAStoppedHubHaveNoneOfThat) {
  const auto json = nlohmann::json::parse(store_stats_json(StoreStats()));
  for (const char* const part : {"mode", "sync", "rocksdb"}) EXPECT_EQ(json[part], nullptr) << part;
}

TEST_F(StoreStatsTest, SayBytesWrittenForEachOfPayload) {
  StoreStats stats;
  stats.written = WriteStats{100, 40, 10, 60};
  EXPECT_EQ(nlohmann::json::parse(store_stats_json(stats))["written"]["per_payload_byte"], 2.5);
}

}  // namespace
}  // namespace headgate::store
