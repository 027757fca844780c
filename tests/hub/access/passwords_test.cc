// Files of users, their hashes, the memory of what was verified, and the queue of what is to be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "hub/access/password_file.h"
#include "hub/access/password_hash.h"
#include "hub/access/password_queue.h"
#include "hub/access/verified_passwords.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_hasher.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Made by mosquitto_passwd 2.0.11, plain and with -H sha512; the last is one of argon2's own test vectors.
constexpr const char* kPbkdf2 =
    "$7$101$1v0RqSWPB+xitsVV$7yBSrJzFWoogFDThPu1YUMingSmTepmw04jgpUVZDzbWAY2cBdQefEH9H1UEnca/"
    "VsR/KSvLcPYvJgWJ9X4X4Q==";
constexpr const char* kSha512 =
    "$6$HJsWXO4+nwqxv1rL$62ELsMp2kgAJpI9diQEdyK9bw8RN761kWKdMD5muQvhXJjb6aijl55NLPN2KgfOkvx/xmQ/"
    "E9RwKCn41tBdFlA==";

constexpr const char* kArgon2id =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

TEST(PasswordHash, VerifiesArgon2id) {
  EXPECT_TRUE(check_password_hash(kArgon2id));
  EXPECT_TRUE(password_fits(kArgon2id, "password"));
  EXPECT_FALSE(password_fits(kArgon2id, "passwore"));
}

TEST(PasswordHash, VerifiesWhatMosquittoPasswdWrote) {
  EXPECT_TRUE(check_password_hash(kPbkdf2));
  EXPECT_TRUE(password_fits(kPbkdf2, "secret"));
  EXPECT_FALSE(password_fits(kPbkdf2, "Secret"));
  EXPECT_TRUE(check_password_hash(kSha512));
  EXPECT_TRUE(password_fits(kSha512, "pass word"));
  EXPECT_FALSE(password_fits(kSha512, ""));
}

TEST(PasswordHash, MeasuresNobodyLikeSomebody) {
  EXPECT_TRUE(check_password_hash(nobodys_hash()));
  EXPECT_FALSE(password_fits(nobodys_hash(), ""));
}

TEST(PasswordHash, RefusesWhatIsNoHashOfAKnownKind) {
  const std::string pbkdf2(kPbkdf2);
  const std::vector<std::string> wrong = {"",
                                          "secret",
                                          "$1$salt$hash",
                                          "$7$0" + pbkdf2.substr(6),
                                          "$7$x" + pbkdf2.substr(6),
                                          pbkdf2.substr(0, pbkdf2.size() - 4),
                                          pbkdf2 + "$",
                                          "$6$!!!!$" + pbkdf2.substr(24),
                                          "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ",
                                          "$argon2id$v=16$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
                                          "$argon2id$v=19$m=8,t=1$c2FsdHNhbHQ$aGFzaGhhc2g",
                                          "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"};
  for (const std::string& hash : wrong) EXPECT_FALSE(check_password_hash(hash)) << hash;
}

TEST(PasswordHash, RefusesAHashThatCostsTooMuch) {
  for (const char* cost : {"m=2097152,t=1,p=1", "m=8,t=1000,p=1", "m=8,t=1,p=99", "m=0,t=1,p=1"}) {
    const auto checked =
        check_password_hash("$argon2id$v=19$" + std::string(cost) + "$c2FsdHNhbHQ$aGFzaGhhc2g");
    ASSERT_FALSE(checked) << cost;
    EXPECT_THAT(checked.error().what, HasSubstr("costs too much"));
  }
}

TEST(PasswordFile, TakesMosquittosAsTheyAre) {
  const auto file =
      PasswordFile::parse("# users\n\nbob:" + std::string(kPbkdf2) + "\r\nold:" + kSha512, "users");
  ASSERT_TRUE(file) << file.error().what;
  EXPECT_EQ(*file->find("bob"), kPbkdf2);
  EXPECT_EQ(*file->find("old"), kSha512);
  EXPECT_EQ(file->find("eve"), nullptr);
}

TEST(PasswordFile, NamesEveryBadLineAndRefusesTheWhole) {
  const std::string hash(kSha512);
  const auto file = PasswordFile::parse(
      "bob:" + hash + "\nann:secret\nnonsense\n:x\nbob:" + hash + "\neve:$6$cut\n", "/etc/users");
  ASSERT_FALSE(file);
  EXPECT_EQ(
      file.error().what,
      "/etc/users:2: the password of 'ann' is not hashed, or in a way that is not known here; set it with "
      "`headgate passwd` or mosquitto_passwd\n"
      "/etc/users:3: is no line of the form user:hash\n"
      "/etc/users:4: is no line of the form user:hash\n"
      "/etc/users:5: has user 'bob' a second time; keep one of them\n"
      "/etc/users:6: the password of 'eve' is cut or changed; set it with `headgate passwd` or "
      "mosquitto_passwd");
}

TEST(PasswordFile, SaysWhatToDoAboutAMissingOne) {
  const auto file = PasswordFile::load("/nonexistent/users");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().what, AllOf(HasSubstr("/nonexistent/users"), HasSubstr("headgate passwd")));
}

TEST(PasswordFile, HasADecoyForEverybody) {
  EXPECT_EQ(PasswordFile().decoy(7), nobodys_hash());
  const auto file = PasswordFile::parse("a:" + std::string(kPbkdf2) + "\nb:" + kSha512, "users");
  EXPECT_EQ(file->decoy(0), kPbkdf2);
  EXPECT_EQ(file->decoy(3), kSha512);
}

TEST(VerifiedPasswords, KnowsAPasswordOnlyWithItsUserAndHash) {
  VerifiedPasswords verified({1, 2, 3});
  verified.add("bob", "hash", "secret");
  EXPECT_TRUE(verified.has("bob", "hash", "secret"));
  EXPECT_FALSE(verified.has("bob", "hash", "Secret"));
  EXPECT_FALSE(verified.has("bob", "new hash", "secret"));
  EXPECT_FALSE(verified.has("ann", "hash", "secret"));
  EXPECT_FALSE(verified.has("bob", "hashs", "ecret")) << "the parts do not run into each other";
}

class Queue : public ::testing::Test {
 protected:
  bool add(const std::string& address, const std::string& password, bool can_fit = true) {
    PasswordQueue::Check check;
    check.wanted = wanted_;
    check.address = address;
    check.hash = "hash of right";
    check.password = password;
    check.can_fit = can_fit;
    check.done = [this, address, password](bool fits, core::Now) {
      done_.push_back(address + " " + password + (fits ? " fits" : " does not"));
    };
    return queue_.add(std::move(check), clock_.now());
  }
  void pass_s(int64_t s) {
    clock_.advance_ms(s * 1000);
    queue_.tick(clock_.now());
  }
  std::vector<std::string> done() { return std::exchange(done_, {}); }

  testing::ManualClock clock_;
  testing::ManualHasher hasher_;
  PasswordQueue queue_{
      hasher_, clock_, {.waiting_max = 10, .waiting_per_address = 6, .waiting_per_offender = 2}};
  std::shared_ptr<int> wanted_ = std::make_shared<int>();
  std::vector<std::string> done_;
};

TEST_F(Queue, ChecksOneAtATime) {
  EXPECT_TRUE(add("a", "right"));
  EXPECT_TRUE(add("a", "wrong"));
  EXPECT_EQ(hasher_.asked(), 1u);
  hasher_.finish_all();
  EXPECT_THAT(done(), ElementsAre("a right fits", "a wrong does not"));
}

TEST_F(Queue, NeverLetsADecoyFit) {
  EXPECT_TRUE(add("a", "right", false));
  hasher_.finish_all();
  EXPECT_THAT(done(), ElementsAre("a right does not"));
}

TEST_F(Queue, ServesAddressesInTurn) {
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(add("a", "right"));
  EXPECT_TRUE(add("b", "right"));
  hasher_.finish_next();
  hasher_.finish_next();
  EXPECT_THAT(done(), ElementsAre("a right fits", "b right fits"));
}

TEST_F(Queue, TurnsAwayWhatIsTooMuch) {
  for (int i = 0; i < 7; ++i) EXPECT_TRUE(add("a", "right"));  // one is under way
  EXPECT_FALSE(add("a", "right")) << "for one address";
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(add("b", "right"));
  EXPECT_FALSE(add("c", "right")) << "in all";
}

TEST_F(Queue, LetsAnOffenderWaitEverLongerAndNobodyElse) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(add("a", "wrong"));
    hasher_.finish_all();
  }
  EXPECT_TRUE(add("a", "right"));
  EXPECT_FALSE(hasher_.busy()) << "the fourth failure costs a second";
  EXPECT_TRUE(add("b", "right"));
  EXPECT_TRUE(hasher_.busy());
  hasher_.finish_all();
  done();
  pass_s(1);
  hasher_.finish_all();
  EXPECT_THAT(done(), ElementsAre("a right fits"));
  for (const int64_t delay_s : {2, 4, 8, 8}) {
    EXPECT_TRUE(add("a", "wrong"));
    hasher_.finish_all();
    EXPECT_TRUE(add("a", "right"));
    pass_s(delay_s - 1);
    EXPECT_FALSE(hasher_.busy()) << delay_s;
    pass_s(1);
    EXPECT_TRUE(hasher_.busy()) << delay_s;
    hasher_.finish_all();
  }
}

TEST_F(Queue, KeepsFewOfAnOffender) {
  EXPECT_TRUE(add("a", "wrong"));
  hasher_.finish_all();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(add("a", "wrong"));
  EXPECT_FALSE(add("a", "wrong"));
  EXPECT_TRUE(add("b", "right"));
}

TEST_F(Queue, ForgetsAnOffenderAfterAMinute) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(add("a" + std::to_string(i % 2), "wrong"));
  hasher_.finish_all();
  EXPECT_EQ(queue_.addresses(), 2u);
  pass_s(61);
  hasher_.finish_all();
  pass_s(61);
  EXPECT_EQ(queue_.addresses(), 0u);
}

TEST_F(Queue, WorksNothingOutThatNobodyWaitsFor) {
  EXPECT_TRUE(add("a", "right"));
  EXPECT_TRUE(add("a", "right"));
  wanted_.reset();
  hasher_.finish_all();
  EXPECT_EQ(hasher_.asked(), 1u);
  EXPECT_EQ(queue_.waiting(), 0u);
  EXPECT_THAT(done(), IsEmpty());
}

}  // namespace
}  // namespace headgate::hub
