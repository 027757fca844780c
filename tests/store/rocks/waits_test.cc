// RocksDB waits for ever for some things that a frozen disk never does. The store does not.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <future>

#include "store/rocks/db/database.h"
#include "tests/store/rocks/faulty_env.h"
#include "tests/support/temp_dir.h"

namespace headgate::store {
namespace {

constexpr std::chrono::seconds kPatience{100};

// What waits for ever cannot be ended but with the process.
void expect_to_end(const std::function<void()>& work) {
  auto done = std::async(std::launch::async, work);
  if (done.wait_for(kPatience) == std::future_status::ready) return;
  ADD_FAILURE() << "it waits for ever";
  std::abort();
}

class FrozenDisk : public ::testing::TestWithParam<testing::FaultyFileSystem::Fault> {
 protected:
  FrozenDisk() {
    options.dir = dir / "store";
    options.env = env.get();
    db = RocksDb::open(options, RocksDb::Mode::make).value();
  }
  ~FrozenDisk() override { db.reset(); }

  void put(int rows) {
    for (int i = 0; i < rows; ++i)
      db->db()
          .Put({}, db->blk(), block_key(static_cast<Seq>(++rows_)), std::string(1'000, 'x'))
          .PermitUncheckedError();
  }

  testing::TempDir dir;
  std::shared_ptr<testing::FaultyFileSystem> disk = std::make_shared<testing::FaultyFileSystem>();
  std::unique_ptr<rocksdb::Env> env = testing::make_faulty_env(disk);
  StoreOptions options;
  std::unique_ptr<RocksDb> db;

 private:
  uint64_t rows_ = 0;
};

TEST_P(FrozenDisk, EndsEveryWaitForRocksDbWhereverItFreezes) {
  for (uint64_t operation = 0; operation < 40; ++operation) {
    SCOPED_TRACE("the disk fails from operation " + std::to_string(operation));
    db.reset();
    disk->heal();
    db = RocksDb::open(options, RocksDb::Mode::read_write).value();
    put(50);
    disk->fail_from(operation, GetParam());
    expect_to_end([&] {
      db->set_compacts(false);
      put(50);
      db->set_compacts(false);
      put(50);
      db->reclaim(Reclaim::everything, 100, 1u << 30);
      db.reset();
    });
  }
}

TEST_P(FrozenDisk, EndsAWaitThatBeganBeforeItFroze) {
  put(50);
  const auto* family = db->blk();
  db->stop_long_work();
  expect_to_end([&] { EXPECT_FALSE(db->flush(const_cast<rocksdb::ColumnFamilyHandle*>(family))); });
}

INSTANTIATE_TEST_SUITE_P(, FrozenDisk,
                         ::testing::Values(testing::FaultyFileSystem::Fault::gone,
                                           testing::FaultyFileSystem::Fault::no_space),
                         [](const auto& fault) {
                           return fault.param == testing::FaultyFileSystem::Fault::gone ? "Gone" : "Full";
                         });

}  // namespace
}  // namespace headgate::store
