// How often the disk is asked for its room.
#include <gtest/gtest.h>

#include <atomic>

#include "tests/store/rocks/fixture.h"

namespace headgate::store {
namespace {

constexpr uint64_t kFloorBytes = 64u << 20;

class CountingVolume : public Volume {
 public:
  core::Result<DiskSpace> space() override {
    ++asked;
    return DiskSpace{free_bytes, uint64_t{1} << 40, 0};
  }
  core::Status set_aside(uint64_t) override { return {}; }
  bool give_back() override { return false; }

  std::atomic<int> asked = 0;
  std::atomic<uint64_t> free_bytes = 100 * kFloorBytes;
};

class IdleDisk : public RocksTest {
 protected:
  void SetUp() override {
    RocksTest::SetUp();
    options.volume = volume;
    options.space = {.min_free_bytes = kFloorBytes, .reserve_bytes = 0};
    reopen();
    second();
  }
  void second() {
    clock.advance_ms(1'000);
    store->tick(clock.now());
    settle();
  }
  int asked_in_16_seconds() {
    const int before = volume->asked;
    for (int i = 0; i < 16; ++i) second();
    return volume->asked - before;
  }

  std::shared_ptr<CountingVolume> volume = std::make_shared<CountingVolume>();
};

TEST_F(IdleDisk, WithPlentyOfRoomIsAskedEveryEightSeconds) {
  const int asked = asked_in_16_seconds();
  EXPECT_GE(asked, 2);
  EXPECT_LE(asked, 3) << "one more, if the store has just written something of its own";
}

TEST_F(IdleDisk, WithLittleMoreThanTheFloorIsAskedEachSecond) {
  volume->free_bytes = 2 * kFloorBytes;
  for (int i = 0; i < 8; ++i) second();
  EXPECT_EQ(asked_in_16_seconds(), 16);
}

TEST_F(IdleDisk, IsAskedInTheSecondInWhichSomethingCame) {
  for (int i = 0; i < 3; ++i) second();
  const int before = volume->asked;
  append("comes", queue("$q"));
  settle();
  second();
  EXPECT_EQ(volume->asked - before, 1);
}

}  // namespace
}  // namespace headgate::store
