// The real store in a directory of its own, with reopening and crashing as words.
#pragma once

#include <functional>

#include "store/open.h"
#include "tests/store/store_fixture.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace rocksdb {
class DB;
class ColumnFamilyHandle;
}  // namespace rocksdb

namespace headgate::store {

// The column families of an open database.
struct RowsOf {
  rocksdb::ColumnFamilyHandle* meta;
  rocksdb::ColumnFamilyHandle* blk;
  rocksdb::ColumnFamilyHandle* idx;
  rocksdb::ColumnFamilyHandle* cur;
};

// Changes the rows of a store that is not open, behind its back.
void edit_rows(const std::string& store_dir, const std::function<void(rocksdb::DB&, RowsOf)>& edit);

class RocksDriver : public StoreDriver {
 public:
  testing::TempDir dir;
  testing::RecordingLog log;
  StoreOptions options;
  DurableStore* durable = nullptr;  // `store`

  RocksDriver() {
    options.dir = dir / "store";
    options.hub_id = "hub-1";
    options.cache_bytes = 16u << 20;
    options.tail_bytes = 4u << 20;
    options.space = {};  // the machine's disk is not asked
  }

  core::Result<std::unique_ptr<DurableStore>> try_open() {
    auto opened = open_queue_store(options, executor, log);
    if (opened) opened_dir_ = options.dir;
    return opened;
  }

  void open() {
    events = {};
    auto opened = try_open();
    ASSERT_TRUE(opened) << opened.error().what;
    durable = opened->get();
    store = *std::move(opened);
    store->set_events(&events);
  }

  // A clean stop and start.
  void reopen() {
    store->close();
    store.reset();
    open();
  }

  // What the process had not handed to the operating system is lost, as with kill -9.
  void crash() {
    store.reset();
    open();
  }

  // Does what the loop would do in some seconds of rest: ticks until housekeeping has nothing to do.
  void rest() {
    for (int second = 0; second < 15; ++second) {
      clock.advance_ms(1'000);
      store->tick(clock.now());
      settle();
    }
  }

  // Reads and finishes everything in a lane; returns how many entries that were.
  size_t drain(QueueId queue, uint8_t lane = kDefaultLane) {
    size_t count = 0;
    for (auto entries = read(queue, lane); !entries.empty(); entries = read(queue, lane)) {
      for (const Entry& entry : entries) finish(queue, entry.seq, Outcome::delivered, lane);
      count += entries.size();
    }
    settle();
    return count;
  }

  // Kills the store and checks the accounts, and then every row that it left. Says nothing of a store that
  // the test has damaged, or closed.
  void expect_sound();

  bool damaged = false;

  // Rows in a column family ("blk", "idx", "cur", "kv"). Only while the store is closed.
  size_t rows_in(const std::string& family);

  // Blocks that are not dead, or should have been deleted. Only while the store is closed.
  size_t kept_blocks();

 private:
  std::string opened_dir_;
};

class RocksTest : public ::testing::Test, protected RocksDriver {
 protected:
  RocksTest() { open(); }
  ~RocksTest() override { expect_sound(); }
};

}  // namespace headgate::store
