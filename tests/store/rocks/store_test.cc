// What only a store on disk can promise: surviving, giving space back, refusing what it must not open.
#include <gmock/gmock.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "store/format/varint.h"
#include "tests/store/rocks/fixture.h"

namespace headgate::store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RocksQueueStore : public RocksTest {
 protected:
  QueueId q = queue("$q");
};

TEST_F(RocksQueueStore, KeepsMessagesQueuesAndValuesOverAReopen) {
  append("a", q, 3);
  append("b", q, 3);
  ASSERT_TRUE(store->put(std::vector<KeyValue>{{"k", "v"}}));
  reopen();
  EXPECT_EQ(store->find_queue("$q"), q);
  EXPECT_THAT(bodies(read(q, 3)), ElementsAre("a", "b"));
  EXPECT_EQ(store->get("k").value(), "v");
}

TEST_F(RocksQueueStore, KeepsWhatWasSaidDurableOverACrash) {
  append("a", q);
  settle();
  crash();
  EXPECT_THAT(bodies(read(q)), ElementsAre("a"));
  EXPECT_EQ(stats(q).in, 1u);
}

TEST_F(RocksQueueStore, KeepsCountersAndGapsExactOverReopenAndCrash) {
  std::vector<Seq> seqs;
  for (int i = 0; i < 6; ++i) seqs.push_back(append(std::to_string(i), q));
  settle();
  finish(q, seqs[0]);
  finish(q, seqs[1], Outcome::dropped);
  finish(q, seqs[4], Outcome::dead);
  settle();
  const QueueStats before = stats(q);
  for (int round = 0; round < 2; ++round) {
    round == 0 ? reopen() : crash();
    EXPECT_EQ(stats(q).delivered, 1u);
    EXPECT_EQ(stats(q).dropped, 1u);
    EXPECT_EQ(stats(q).dead, 1u);
    EXPECT_EQ(stats(q).lanes[kDefaultLane].waiting_bytes, before.lanes[kDefaultLane].waiting_bytes);
    EXPECT_EQ(store->oldest_ms(q, kDefaultLane), 1'000);
    EXPECT_THAT(bodies(read(q)), ElementsAre("2", "3", "5"));
    EXPECT_EQ(store->gaps(q).size(), 2u);
  }
}

TEST_F(RocksQueueStore, NeverUsesASeqTwice) {
  append("a", q);
  settle();
  const Seq unwritten = append("b", q);
  crash();
  EXPECT_GT(append("c", q), unwritten);
  settle();
  const Seq last = append("d", q);
  reopen();
  EXPECT_GT(append("e", q), last);
}

TEST_F(RocksQueueStore, KeepsItsIdentity) {
  const Identity before = store->identity();
  EXPECT_EQ(before.hub, "hub-1");
  EXPECT_EQ(before.epoch.size(), 26u);
  crash();
  EXPECT_EQ(store->identity().epoch, before.epoch);
}

TEST_F(RocksQueueStore, FreesASharedBodyWhenTheLastQueueIsDone) {
  const QueueId other = queue("other");
  const Seq seq = append("body", {{q, 0, 0, ""}, {other, 0, 0, ""}});
  settle();
  finish(q, seq, Outcome::delivered, 0);
  settle();
  store->close();
  store.reset();
  EXPECT_EQ(rows_in("blk"), 1u);
  open();
  EXPECT_THAT(bodies(read(other, 0)), ElementsAre("body"));
  finish(other, seq, Outcome::delivered, 0);
  store->close();
  store.reset();
  EXPECT_EQ(rows_in("blk"), 0u);
  EXPECT_EQ(rows_in("idx"), 0u);
}

TEST_F(RocksQueueStore, ALaggingQueuePinsOnlyItsOwnBodies) {
  const QueueId lagging = queue("lagging");
  append("shared", {{q, 0, 0, ""}, {lagging, 0, 0, ""}});
  for (int i = 0; i < 20; ++i) {
    append("own", q, 0);
    settle();
  }
  EXPECT_EQ(drain(q, 0), 21u);
  EXPECT_THAT(bodies(read(lagging, 0)), ElementsAre("shared"));
  store->close();
  store.reset();
  EXPECT_EQ(rows_in("blk"), 1u);
  EXPECT_EQ(rows_in("idx"), 1u);
}

TEST_F(RocksQueueStore, ALaggingQueuePinsOnlyItsOwnBodiesInFilesToo) {
  const QueueId lagging = queue("lagging");
  append("late", lagging, 0);
  settle();
  for (int i = 0; i < 20; ++i) {
    append("own", q, 0);
    settle();
  }
  reopen();  // all is in files now
  EXPECT_EQ(drain(q, 0), 20u);
  store->close();
  store.reset();
  EXPECT_EQ(rows_in("blk"), 1u);
  open();
}

// Its deletion would make the file that holds it overlap with all that lie between.
TEST_F(RocksQueueStore, DeletesNoBlockThatGoesWithItsFile) {
  for (int i = 0; i < 20; ++i) {
    append("x", q, 0);
    settle();
  }
  reopen();
  append("y", q, 0);
  settle();
  EXPECT_EQ(drain(q, 0), 21u);
  store->close();
  store.reset();
  EXPECT_EQ(rows_in("blk"), 20u) << "what was in a memtable is deleted there";
  EXPECT_EQ(kept_blocks(), 0u);
  // A file that the compaction after an opening works on is given back by a later look.
  for (int looks = 0; looks < 100 && rows_in("blk") > 0; ++looks) {
    open();
    rest();
    store->close();
    store.reset();
  }
  EXPECT_EQ(rows_in("blk"), 0u) << "given back";
}

TEST_F(RocksQueueStore, ReadsAheadOfAConsumerThatWorksThroughABacklog) {
  std::vector<std::string> sent;
  for (int i = 0; i < 40; ++i) {
    sent.push_back(std::to_string(i));
    append(sent.back(), q, 0);
    settle();
  }
  reopen();  // all is in files now
  EXPECT_THAT(bodies(read(q, 0, 0, {1, 1})), ElementsAre("0"));
  const uint64_t two_rows = durable->store_memory().index.bytes;
  executor.run_until([&] { return durable->store_memory().index.bytes >= 4 * two_rows; });
  EXPECT_EQ(bodies(read(q, 0)), sent);
}

TEST_F(RocksQueueStore, AnOpenConsumerAtTheHeadPinsOnlyWhatItHolds) {
  const Seq held = append("held", q);
  settle();
  for (int i = 0; i < 20; ++i) {
    const Seq seq = append("done", q);
    settle();
    finish(q, seq);
  }
  reopen();
  EXPECT_THAT(bodies(read(q)), ElementsAre("held"));
  finish(q, held);
  store->close();
  store.reset();
  EXPECT_EQ(rows_in("blk"), 0u);
}

TEST_F(RocksQueueStore, APurgeLeavesNothingOnDisk) {
  const QueueId other = queue("other");
  for (int i = 0; i < 300; ++i) {
    append("x", i % 2 == 0 ? std::vector<Target>{{q, 0, 0, ""}}
                           : std::vector<Target>{{q, 5, 0, ""}, {other, 0, 0, ""}});
    if (i % 3 == 0) settle();
  }
  EXPECT_EQ(store->purge(q).value(), 300u);
  for (int i = 0; i < 10; ++i) settle();
  EXPECT_EQ(drain(other, 0), 150u);
  store->close();
  store.reset();
  EXPECT_EQ(rows_in("blk"), 0u);
  EXPECT_EQ(rows_in("idx"), 0u);
}

TEST_F(RocksQueueStore, GoesOnWithAPurgeAfterACrash) {
  for (int i = 0; i < 300; ++i) {
    append("x", q);
    settle();
  }
  ASSERT_TRUE(store->remove_queue(q));
  settle();
  crash();
  EXPECT_FALSE(store->find_queue("$q"));
  for (int i = 0; i < 10; ++i) settle();
  store->close();
  store.reset();
  EXPECT_EQ(rows_in("idx"), 0u);
  EXPECT_EQ(kept_blocks(), 0u);
  EXPECT_EQ(rows_in("cur"), 0u);
}

TEST_F(RocksQueueStore, PacksALoadIntoFewRows) {
  for (int i = 0; i < 1'000; ++i) append(std::string(200, 'x'), q);
  store->close();
  store.reset();
  EXPECT_LE(rows_in("blk") + rows_in("idx"), 5u);
}

TEST_F(RocksQueueStore, ReadsADeepQueueFromDiskInOrder) {
  options.tail_bytes = 0;
  reopen();
  for (int i = 0; i < 5'000; ++i) {
    append(std::to_string(i), q, i % 7 == 0 ? 1 : 0);
    if (i % 900 == 0) settle();
  }
  reopen();
  std::vector<std::string> seen;
  Seq after = 0;
  for (auto entries = read(q, 0); !entries.empty(); entries = read(q, 0, after)) {
    for (const Entry& entry : entries) seen.push_back(entry.message->body);
    after = entries.back().seq;
  }
  ASSERT_EQ(seen.size(), 5'000u - 715);
  EXPECT_TRUE(std::ranges::is_sorted(seen, {}, [](const std::string& body) { return std::stoi(body); }));
}

TEST_F(RocksQueueStore, ExpiresAWholeBacklogInPieces) {
  for (int i = 0; i < 20'000; ++i) {
    append("x", {{q, 0, clock.now().hub_ms + 5, ""}});
    if (i % 5'000 == 0) settle();
  }
  settle();
  clock.advance_ms(5);
  store->tick(clock.now());
  executor.run_ready();
  EXPECT_EQ(stats(q).expired, 20'000u);
  EXPECT_EQ(store->gaps(q).size(), 1u);
}

TEST_F(RocksQueueStore, PassesAnExpiredBacklogInBoundedStepsThatAskToReadAgain) {
  for (int i = 0; i < 5'000; ++i) append("x", {{q, 0, clock.now().hub_ms + 5, ""}});
  append("last", q, 0);
  settle();
  clock.advance_ms(5);
  EXPECT_THAT(read(q, 0), IsEmpty());
  EXPECT_LT(stats(q).expired, 2'000u);
  events.available.clear();
  executor.run_ready();
  EXPECT_THAT(events.available, ElementsAre(q));
  for (int turn = 0; turn < 5 && read(q, 0).empty(); ++turn) executor.run_ready();
  EXPECT_THAT(bodies(read(q, 0)), ElementsAre("last"));
  EXPECT_EQ(stats(q).expired, 5'000u);
}

TEST_F(RocksQueueStore, RefusesMoreThanItCanHoldForASlowDisk) {
  const std::string body(1 << 20, 'x');
  core::Errc refused = core::Errc::invalid;
  for (int i = 0; i < 40 && refused == core::Errc::invalid; ++i) {
    const auto seq = store->append(message(body), std::vector<Target>{{q, 0, 0, ""}});
    if (!seq) refused = seq.error().code;
  }
  EXPECT_EQ(refused, core::Errc::full);
  settle();
  EXPECT_TRUE(store->append(message(body), std::vector<Target>{{q, 0, 0, ""}}));
}

TEST_F(RocksQueueStore, RefusesADirectoryThatIsInUse) {
  const auto second = try_open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, core::Errc::unavailable);
}

TEST_F(RocksQueueStore, RefusesAnotherHubsStore) {
  store->close();
  store.reset();
  options.hub_id = "hub-2";
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, core::Errc::invalid);
  EXPECT_THAT(opened.error().what, AllOf(HasSubstr("hub-1"), HasSubstr("hub-2")));
}

TEST_F(RocksQueueStore, RefusesANewerFormat) {
  store->close();
  store.reset();
  edit_rows(options.dir, [](rocksdb::DB& db, RowsOf rows) {
    ASSERT_TRUE(db.Put(rocksdb::WriteOptions(), rows.meta, "format", rocksdb::Slice("\0\0\0\3", 4)).ok());
  });
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, core::Errc::invalid);
  EXPECT_THAT(opened.error().what, HasSubstr("newer Headgate (format 3"));
}

class DamagedBlock : public RocksQueueStore {
 protected:
  // `count` messages in a block each, "0" and on.
  std::vector<Seq> append_blocks(int count) {
    std::vector<Seq> seqs;
    for (int i = 0; i < count; ++i) {
      seqs.push_back(append(std::to_string(i), q));
      settle();
    }
    return seqs;
  }
  void stop_and_delete_blocks(const std::vector<Seq>& ids) {
    damaged = true;
    store.reset();
    edit_rows(options.dir, [&](rocksdb::DB& db, RowsOf rows) {
      for (const Seq id : ids) ASSERT_TRUE(db.Delete(rocksdb::WriteOptions(), rows.blk, key_of(id)).ok());
    });
  }
  static std::string key_of(Seq id) {
    std::string key;
    put_u64_be(key, id);
    return key;
  }
};

TEST_F(DamagedBlock, TakesNothingWithItButItsMessages) {
  const auto seqs = append_blocks(4);
  stop_and_delete_blocks({seqs[1], seqs[2]});
  open();
  EXPECT_THAT(bodies(read(q)), ElementsAre("0"));
  EXPECT_THAT(bodies(read(q, kDefaultLane, seqs[0])), ElementsAre("3"));
  EXPECT_EQ(stats(q).dead, 2u);
  EXPECT_THAT(store->gaps(q), ElementsAre(Gap{seqs[1], seqs[2], 2, Outcome::dead}));
  EXPECT_THAT(log.lines(),
              ::testing::Contains(HasSubstr("message_unreadable queue=$q seq=" + std::to_string(seqs[1]))));
}

TEST_F(DamagedBlock, IsNotHandedOutWhenItsTextIsOverwritten) {
  const auto seqs = append_blocks(2);
  damaged = true;
  store.reset();
  edit_rows(options.dir, [&](rocksdb::DB& db, RowsOf rows) {
    ASSERT_TRUE(db.Put(rocksdb::WriteOptions(), rows.blk, key_of(seqs[0]), "garbage").ok());
  });
  open();
  EXPECT_THAT(bodies(read(q)), ElementsAre("1"));
  EXPECT_EQ(stats(q).dead, 1u);
}

TEST_F(DamagedBlock, IsPassedInBoundedStepsThatAskToReadAgain) {
  const auto seqs = append_blocks(150);
  stop_and_delete_blocks({seqs.begin(), seqs.end() - 1});
  open();
  EXPECT_THAT(read(q), IsEmpty());
  EXPECT_LT(stats(q).dead, 149u);
  for (size_t turn = 0; turn < 5 && read(q).empty(); ++turn) executor.run_ready();
  EXPECT_THAT(bodies(read(q)), ElementsAre("149"));
  EXPECT_EQ(stats(q).dead, 149u);
  EXPECT_THAT(events.available, ::testing::Contains(q));
}

TEST_F(DamagedBlock, IsPassedOverOffline) {
  const auto seqs = append_blocks(3);
  stop_and_delete_blocks({seqs[0], seqs[2]});
  auto reader = open_queue_reader(options.dir);
  ASSERT_TRUE(reader) << reader.error().what;
  EXPECT_THAT(bodies((*reader)->read(q, kDefaultLane, 0, {}, clock.now()).value()), ElementsAre("1"));
  const auto rest = (*reader)->read(q, kDefaultLane, seqs[1], {}, clock.now());
  ASSERT_FALSE(rest);
  EXPECT_EQ(rest.error().code, core::Errc::corrupt);
}

TEST_F(RocksQueueStore, RefusesADirectoryWithOtherThingsInIt) {
  std::ofstream(dir / "holiday.jpg") << "x";
  options.dir = dir.path();
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, core::Errc::invalid);
  EXPECT_THAT(opened.error().what, HasSubstr("not a Headgate store"));
}

TEST_F(RocksQueueStore, RefusesAForeignDatabase) {
  options.dir = dir / "foreign";
  rocksdb::Options foreign;
  foreign.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(foreign, options.dir, &db).ok());
  ASSERT_TRUE(db->Put({}, "their", "data").ok());
  delete db;
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, core::Errc::invalid);
}

TEST_F(RocksQueueStore, RefusesADamagedManifest) {
  store->close();
  store.reset();
  std::ofstream(dir / "store/CURRENT") << "garbage";
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, core::Errc::corrupt) << opened.error().what;
  EXPECT_THAT(opened.error().what, HasSubstr(options.dir));
}

TEST_F(RocksQueueStore, SaysWhyAPathCannotBeADirectory) {
  std::ofstream(dir / "file") << "x";
  options.dir = dir / "file/store";
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, core::Errc::io);
  EXPECT_THAT(opened.error().what, HasSubstr(options.dir));
}

TEST_F(RocksQueueStore, CanBeReadWhileStopped) {
  append("a", q, 2);
  settle();
  const Identity identity = store->identity();
  EXPECT_EQ(open_queue_reader(options.dir).error().code, core::Errc::unavailable);
  store.reset();
  auto reader = open_queue_reader(options.dir);
  ASSERT_TRUE(reader) << reader.error().what;
  EXPECT_EQ((*reader)->identity().epoch, identity.epoch);
  EXPECT_EQ((*reader)->oldest_ms(q, 2), 1'000);
  EXPECT_THAT(bodies((*reader)->read(q, 2, 0, {}, clock.now()).value()), ElementsAre("a"));
  EXPECT_EQ(open_queue_reader(dir / "nowhere").error().code, core::Errc::not_found);
}

TEST_F(RocksQueueStore, CloseWritesWhatIsOpen) {
  append("a", q);
  store->close();
  EXPECT_THAT(events.durable, IsEmpty());
  store.reset();
  open();
  EXPECT_THAT(bodies(read(q)), ElementsAre("a"));
}

uint64_t bytes_under(const std::string& dir) {
  uint64_t sum = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(dir)) {
    std::error_code gone;  // unlinked meanwhile
    const uint64_t size = file.is_regular_file(gone) ? file.file_size(gone) : 0;
    if (!gone) sum += size;
  }
  return sum;
}

TEST_F(RocksQueueStore, GivesItsDiskSpaceBackThoughAnotherQueueLags) {
  const QueueId lagging = queue("lagging");
  append("wanted", {{q, kDefaultLane, 0, ""}, {lagging, 0, 0, ""}});
  for (int i = 0; i < 60'000; ++i) {
    append(std::string(1'000, 'x'), q);
    if (i % 500 == 0) settle();
  }
  settle();
  const uint64_t full = bytes_under(options.dir);
  EXPECT_GT(full, 60'000'000u);
  EXPECT_EQ(drain(q), 60'001u);
  // The clock runs ahead of the housekeeper, which waits for a real disk.
  for (int round = 0; round < 100 && bytes_under(options.dir) >= full / 20; ++round) rest();
  store->close();
  store.reset();  // waits for the housekeeper and for files to be unlinked
  EXPECT_LT(bytes_under(options.dir), full / 20);
  open();
  EXPECT_THAT(bodies(read(lagging, 0)), ElementsAre("wanted"));
}

}  // namespace
}  // namespace headgate::store
