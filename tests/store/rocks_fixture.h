// The real store in a directory of its own, with reopening and crashing as words.
#pragma once

#include "store/rocks_queue_store.h"
#include "tests/store/store_fixture.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace headgate::store {

class RocksDriver : public StoreDriver {
 public:
  testing::TempDir dir;
  testing::RecordingLog log;
  StoreOptions options;

  RocksDriver() {
    options.dir = dir / "store";
    options.hub_id = "hub-1";
  }

  core::Result<std::unique_ptr<QueueStore>> try_open() { return open_queue_store(options, executor, log); }

  void open() {
    events = {};
    auto opened = try_open();
    ASSERT_TRUE(opened) << opened.error().what;
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

  // Rows in a column family ("blk", "idx", "cur", "kv"). Only while the store is closed.
  size_t rows_in(const std::string& family);
};

class RocksTest : public ::testing::Test, protected RocksDriver {
 protected:
  RocksTest() { open(); }
  ~RocksTest() override {
    if (store) testing::expect_accounts_balance(*store);
  }
};

}  // namespace headgate::store
