#include "store/disk/names.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/store/rocks/names_on_disk.h"
#include "tests/support/temp_dir.h"

namespace headgate::store {
namespace {

namespace fs = std::filesystem;

class Names : public ::testing::Test {
 protected:
  testing::TempDir dir;
  testing::NamesOnDisk on_disk{dir.path()};
};

TEST_F(Names, OfDirectoriesAreSyncedUpToTheFirstThatWasThere) {
  ASSERT_TRUE(make_directories(dir / "a/b/c"));
  on_disk.cut_power();
  EXPECT_TRUE(fs::exists(dir / "a/b/c"));
}

TEST_F(Names, OfDirectoriesThatSomebodyMadeAndDidNotSyncAreSyncedToo) {
  fs::create_directories(dir / "a/b/c");
  ASSERT_TRUE(make_directories(dir / "a/b/c"));
  on_disk.cut_power();
  EXPECT_TRUE(fs::exists(dir / "a/b/c"));
}

TEST_F(Names, AreForgottenWithoutASyncOfTheirDirectory) {
  fs::create_directories(dir / "a/b");
  on_disk.cut_power();
  EXPECT_FALSE(fs::exists(dir / "a"));
}

TEST_F(Names, AreSyncedByTheDirectoryThatHoldsThemHoweverTheyAreWritten) {
  for (const std::string path : {"plain", "slash/", "./dot", "link/behind-a-link"}) {
    fs::create_directories(dir / "real");
    if (!fs::is_symlink(dir / "link")) fs::create_directory_symlink(dir / "real", dir / "link");
    ASSERT_TRUE(sync_directory(dir.path()));
    fs::create_directories(dir / path);
    ASSERT_TRUE(sync_name(dir / path));
    on_disk.cut_power();
    EXPECT_TRUE(fs::exists(dir / path)) << path;
  }
}

TEST_F(Names, ThatCannotBeMadeSayWhere) {
  dir.write("file", "");
  const auto made = make_directories(dir / "file/below");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().what.find("file/below: cannot make it"), std::string::npos) << made.error().what;
}

}  // namespace
}  // namespace headgate::store
