// A store that is started again and again with something waiting in it, as on a site whose power fails daily.
#include <gmock/gmock.h>

#include "tests/store/rocks/file_damage.h"
#include "tests/store/rocks/fixture.h"

namespace headgate::store {
namespace {

constexpr int kRestarts = 120;
constexpr size_t kFilesMax = 60;  // of five families; each restart used to leave two

// Has its minimum free and little more: RocksDB does not compact by itself on such a disk.
class TightDisk : public Volume {
 public:
  core::Result<DiskSpace> space() override { return DiskSpace{80u << 20, 1u << 30, 0}; }
  core::Status set_aside(uint64_t) override { return {}; }
  bool give_back() override { return false; }
};

class Restarts : public RocksTest {
 protected:
  void publish_and_crash(int count) {
    for (int i = 0; i < count; ++i) {
      append("waits", queue("$q"));
      settle();
      crash();
    }
  }
  size_t tables() {
    settle();
    store.reset();
    const size_t count = files_with(options.dir, ".sst").size();
    open();
    return count;
  }
};

TEST_F(Restarts, LeaveFilesByWhatWaitsAndNotByTheirNumber) {
  publish_and_crash(kRestarts);
  EXPECT_LE(tables(), kFilesMax);
  EXPECT_EQ(stats(queue("$q")).waiting(), static_cast<uint64_t>(kRestarts));
  EXPECT_EQ(read(queue("$q")).size(), static_cast<size_t>(kRestarts));
}

TEST_F(Restarts, OfAStoreInWhichNothingIsNewLeaveNoFilesEither) {
  publish_and_crash(1);
  for (int i = 0; i < kRestarts; ++i) crash();
  EXPECT_LE(tables(), kFilesMax);
}

TEST_F(Restarts, AfterCleanStopsLeaveNoMoreThanAfterCrashes) {
  for (int i = 0; i < kRestarts; ++i) {
    append("waits", queue("$q"));
    reopen();
  }
  EXPECT_LE(tables(), kFilesMax);
}

TEST_F(Restarts, AreBoundedOnADiskWithTooLittleRoomToCompactToo) {
  options.volume = std::make_shared<TightDisk>();
  options.space = {.min_free_bytes = 64u << 20, .reserve_bytes = 0};
  crash();
  publish_and_crash(kRestarts);
  EXPECT_LE(tables(), kFilesMax);
  EXPECT_EQ(read(queue("$q")).size(), static_cast<size_t>(kRestarts));
}

}  // namespace
}  // namespace headgate::store
