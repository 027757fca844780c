// The system's file system, and the reserve on it.
#include "store/disk/volume.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/store/units.h"
#include "tests/support/temp_dir.h"

namespace headgate::store {
namespace {

class SystemVolumeTest : public ::testing::Test {
 protected:
  uint64_t reserved() { return volume->space().value().reserved_bytes; }

  testing::TempDir dir;
  std::shared_ptr<Volume> volume = system_volume(dir / ".");
};

TEST_F(SystemVolumeTest, ReallyTakesTheBlocksOfTheReserve) {
  EXPECT_EQ(reserved(), 0u);
  ASSERT_TRUE(volume->set_aside(2 * kMiB));
  EXPECT_GE(reserved(), 2 * kMiB);
  EXPECT_EQ(std::filesystem::file_size(dir / "RESERVE"), 2 * kMiB);
}

TEST_F(SystemVolumeTest, MakesTheReserveSmallerToo) {
  ASSERT_TRUE(volume->set_aside(2 * kMiB));
  ASSERT_TRUE(volume->set_aside(kMiB));
  EXPECT_EQ(std::filesystem::file_size(dir / "RESERVE"), kMiB);
}

TEST_F(SystemVolumeTest, GivesTheReserveBackOnce) {
  ASSERT_TRUE(volume->set_aside(kMiB));
  EXPECT_TRUE(volume->give_back());
  EXPECT_FALSE(volume->give_back());
  EXPECT_EQ(reserved(), 0u);
  EXPECT_FALSE(std::filesystem::exists(dir / "RESERVE"));
}

TEST_F(SystemVolumeTest, LeavesNothingOfAReserveThatDoesNotFit) {
  EXPECT_FALSE(volume->set_aside(uint64_t{1} << 62));
  EXPECT_EQ(reserved(), 0u);
}

TEST_F(SystemVolumeTest, MeasuresWhereADirectoryIsStillToBeMade) {
  const auto space = system_volume(dir / "new/store")->space();
  ASSERT_TRUE(space) << space.error().what;
  EXPECT_EQ(space->total_bytes, volume->space()->total_bytes);
  EXPECT_TRUE(system_volume("not-there-yet")->space());
}

TEST_F(SystemVolumeTest, SaysWhereItCannotLook) {
  const std::string file = dir.write("file", "");
  const auto space = system_volume(file + "/store")->space();
  ASSERT_FALSE(space);
  EXPECT_EQ(space.error().code, core::Errc::io);
  EXPECT_NE(space.error().what.find(file), std::string::npos);
}

}  // namespace
}  // namespace headgate::store
