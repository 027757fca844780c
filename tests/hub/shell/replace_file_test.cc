#include "hub/shell/replace_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

size_t files_in(const std::string& dir) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(dir), fs::directory_iterator()));
}

TEST(ReplaceFile, PutsTheWholeTextThereAndLeavesNothingBeside) {
  const testing::TempDir dir;
  dir.write("a.json", "before");
  ASSERT_TRUE(replace_file(dir.path(), "a.json", "after"));
  ASSERT_TRUE(replace_file(dir.path(), "b.json", "new"));
  EXPECT_EQ(content(dir.path() + "/a.json"), "after");
  EXPECT_EQ(content(dir.path() + "/b.json"), "new");
  EXPECT_EQ(files_in(dir.path()), 2u);
}

TEST(ReplaceFile, WritesAnewWhatWasCutOffBefore) {
  const testing::TempDir dir;
  dir.write(".a.json.new", "half of an earl");
  ASSERT_TRUE(replace_file(dir.path(), "a.json", "whole"));
  EXPECT_EQ(content(dir.path() + "/a.json"), "whole");
  EXPECT_EQ(files_in(dir.path()), 1u);
}

TEST(ReplaceFile, LeavesLinksAndDirectoriesAlone) {
  const testing::TempDir dir;
  dir.write("real", "secret");
  fs::create_symlink(dir.path() + "/real", dir.path() + "/a.json");
  fs::create_directory(dir.path() + "/b.json");
  for (const char* name : {"a.json", "b.json"})
    EXPECT_THAT(replace_file(dir.path(), name, "x").error().what, HasSubstr("is not a regular file"));
  EXPECT_EQ(content(dir.path() + "/real"), "secret");
}

TEST(ReplaceFile, GoesNowhereElse) {
  const testing::TempDir dir;
  for (const std::string& name :
       {std::string("../a.json"), std::string("a/b.json"), std::string("/etc/a.json"), std::string(".."),
        std::string(".a.json"), std::string("a\0b.json", 8), std::string("a\nb.json"), std::string(),
        std::string(300, 'a')})
    EXPECT_EQ(replace_file(dir.path(), name, "x").error().code, core::Errc::invalid) << name;
  EXPECT_EQ(files_in(dir.path()), 0u);
}

TEST(ReplaceFile, SaysWhyItCannot) {
  EXPECT_THAT(replace_file("/none", "a.json", "x").error().what,
              HasSubstr("/none: cannot be opened: No such file or directory"));
}

}  // namespace
}  // namespace headgate::hub
