#include "core/os/file_rights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

#include "tests/support/temp_dir.h"

namespace headgate::core {
namespace {

TEST(FileRights, AreExplainedWithWhoMustBeAbleToRead) {
  const testing::TempDir dir;
  const std::string file = dir.write("users", "x");
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  const std::string why = why_unreadable(file, EACCES);
  EXPECT_THAT(why, ::testing::StartsWith("Permission denied; user '"));
  EXPECT_THAT(why, ::testing::HasSubstr(" with mode 0600: chgrp "));
  EXPECT_THAT(why, ::testing::EndsWith(" && chmod g+r " + file));
}

TEST(FileRights, AreThoseOfTheDirectoryWhereTheFileCannotBeSeen) {
  EXPECT_THAT(why_unreadable("/proc/none/users", EACCES),
              ::testing::EndsWith("must be able to enter every directory of the path"));
}

TEST(FileRights, AreNotBlamedForWhatIsNotThere) {
  EXPECT_EQ(why_unreadable("/none", ENOENT), "No such file or directory");
}

}  // namespace
}  // namespace headgate::core
