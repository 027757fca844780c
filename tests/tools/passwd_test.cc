#include "tools/headgate/commands/passwd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/commands.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class Passwd : public ::testing::Test {
 protected:
  // The cheapest there is: the cost has its own test.
  int set(const std::string& user, const std::string& password) {
    return run_passwd(
        {file_, user, false, {8, 1, 1}}, [&] { return core::Result(password); }, out_, err_);
  }
  int remove(const std::string& user) { return run_passwd({file_, user, true, {}}, nullptr, out_, err_); }
  [[nodiscard]] std::string text() const {
    std::ostringstream text;
    text << std::ifstream(file_, std::ios::binary).rdbuf();
    return text.str();
  }

  testing::TempDir dir_;
  std::string file_ = dir_ / "users";
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(Passwd, MakesAFileThatOnlyItsOwnerReads) {
  ASSERT_EQ(set("ann", "secret"), kExitOk) << err_.str();
  struct stat info {};
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_THAT(text(),
              MatchesRegex("ann:\\$argon2id\\$v=19\\$m=8,t=1,p=1\\$[A-Za-z0-9+/]+\\$[A-Za-z0-9+/]+\n"));
}

TEST_F(Passwd, HashesAsOwaspSaysUnlessToldOtherwise) {
  run_passwd(
      {file_, "ann", false, {}}, [] { return core::Result<std::string>("secret"); }, out_, err_);
  EXPECT_THAT(text(), StartsWith("ann:$argon2id$v=19$m=19456,t=2,p=1$"));
}

TEST_F(Passwd, LeavesEveryOtherLineAsItIs) {
  dir_.write("users", "# the site's\n\nann:old\nbob:$7$x\r\n");
  set("ann", "secret");
  EXPECT_THAT(text(), StartsWith("# the site's\n\nann:$argon2id$"));
  EXPECT_THAT(text(), HasSubstr("\nbob:$7$x\r\n"));
  EXPECT_EQ(remove("ann"), kExitOk);
  EXPECT_EQ(text(), "# the site's\n\nbob:$7$x\r\n");
}

TEST_F(Passwd, MakesAFileThatTheGroupOfItsDirectoryMayReadWhereThatIsHandedDown) {
  ASSERT_EQ(::chmod(dir_.path().c_str(), 02750), 0);
  set("ann", "secret");
  struct stat info {};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
}

TEST_F(Passwd, KeepsAFileReadableForWhoeverCouldReadIt) {
  dir_.write("users", "ann:x\n");
  ASSERT_EQ(::chmod(file_.c_str(), 0640), 0);
  set("bob", "secret");
  struct stat info {};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
}

// A hub takes an empty file for one that is being written.
TEST_F(Passwd, LeavesACommentBehindTheLastUser) {
  set("ann", "secret");
  EXPECT_EQ(remove("ann"), kExitOk);
  EXPECT_EQ(text(), "# no users\n");
}

TEST_F(Passwd, SaltsEachTime) {
  set("ann", "secret");
  const std::string first = text();
  set("ann", "secret");
  EXPECT_NE(text(), first);
}

TEST_F(Passwd, AddsBehindALastLineWithoutItsEnd) {
  dir_.write("users", "bob:x");
  set("ann", "secret");
  EXPECT_THAT(text(), StartsWith("bob:x\nann:$argon2id$"));
}

TEST_F(Passwd, DoesNotTakeAUserForAnotherWhoseNameBeginsAlike) {
  dir_.write("users", "ann2:x\n");
  EXPECT_EQ(remove("ann"), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("has no user 'ann'"));
  EXPECT_EQ(text(), "ann2:x\n");
}

TEST_F(Passwd, RefusesNamesThatAFileCannotHold) {
  for (const char* user : {"", "a:b", "a\nb", "#a", "\x7F", "\xFF"}) {
    EXPECT_EQ(set(user, "secret"), kExitFailed) << user;
  }
  EXPECT_EQ(text(), "");
}

TEST_F(Passwd, RefusesAnEmptyPasswordAndKeepsTheOldOne) {
  dir_.write("users", "ann:x\n");
  EXPECT_EQ(set("ann", ""), kExitFailed);
  EXPECT_EQ(text(), "ann:x\n");
}

TEST_F(Passwd, LeavesNothingBehindWhereItCannotWrite) {
  file_ = dir_ / "nowhere/users";
  EXPECT_EQ(set("ann", "secret"), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("nowhere/users"));
}

}  // namespace
}  // namespace headgate::tools
