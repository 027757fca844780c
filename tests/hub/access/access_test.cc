// Who is let in, as whom: by certificate, by password, or anonymously; and who stays after a reload.
#include "hub/access/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "hub/access/hub_user.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_hasher.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

using broker::Credentials;
using broker::Identity;
using broker::ReasonCode;
using ::testing::Contains;
using ::testing::HasSubstr;

// Valid hashes that the hasher is told to read.
const std::string kAnns = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YW5ucyBoYXNo";
const std::string kBobs = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$Ym9icyBoYXNo";

class Admitting : public ::testing::Test {
 protected:
  Admitting() {
    hasher_.fits_really = [](const std::string& hash, const std::string& password) {
      return (hash == kAnns && password == "anns") || (hash == kBobs && password == "bobs");
    };
    write("ann:" + kAnns + "\nbob:" + kBobs + "\nedge-1/sensor:" + kBobs + "\n");
    settings_.password_file = dir_ / "users";
    settings_.own_device = "hub-7";
    use();
  }
  void write(const std::string& users) { dir_.write("users", users); }
  void use() {
    const auto used = access_.use(settings_);
    ASSERT_TRUE(used) << used.error().what;
  }

  void ask(std::optional<std::string> username, std::optional<std::string> password) {
    auto credentials = std::make_shared<Credentials>();
    credentials->client_id = client_id_;
    credentials->username = std::move(username);
    credentials->password = std::move(password);
    credentials->certificate_name = certificate_;
    credentials->peer = "192.0.2.7:4711";
    credentials->policy = std::make_shared<broker::ListenerPolicy>(policy_);
    asked_ = credentials;
    answer_.reset();
    access_.authenticate(credentials, clock_.now(),
                         [this](const auto& verdict, core::Now) { answer_ = verdict; });
  }
  // Asks, and lets the hasher do what it has to.
  ReasonCode judge(std::optional<std::string> username, std::optional<std::string> password) {
    ask(std::move(username), std::move(password));
    hasher_.finish_all();
    EXPECT_TRUE(answer_);
    return answer_ ? answer_->reason : ReasonCode::unspecified_error;
  }
  [[nodiscard]] const Identity& identity() const { return *answer_->grant.identity; }
  [[nodiscard]] bool still_somebody(const Identity& one) const {
    return access_.renew(one, client_id_).identity != nullptr;
  }

  testing::TempDir dir_;
  testing::ManualClock clock_;
  testing::ManualHasher hasher_;
  testing::RecordingLog log_;
  AccessSettings settings_;
  Access access_{hasher_, {1, 2, 3}, clock_, log_};

  broker::ListenerPolicy policy_;
  std::string client_id_ = "c";
  std::optional<std::string> certificate_;
  std::shared_ptr<const Credentials> asked_;
  std::optional<broker::AccessControl::Verdict> answer_;
};

TEST_F(Admitting, TakesARightPasswordAndNoWrongOne) {
  EXPECT_EQ(judge("ann", "anns"), ReasonCode::success);
  EXPECT_EQ(identity().username, "ann");
  EXPECT_EQ(judge("ann", "bobs"), ReasonCode::bad_user_name_or_password);
  EXPECT_EQ(judge("eve", "anns"), ReasonCode::bad_user_name_or_password);
}

TEST_F(Admitting, LetsNobodyElseHaveTheClientIdOfWhoIsRegistered) {
  settings_.speaks_iot_edge = true;
  settings_.iot_edge.identities_file =
      dir_.write("identities", R"({"identities":[{"id":"leaf-1","primary_key":"a2V5a2V5a2V5a2V5"}]})");
  use();
  for (const auto& [client_id, expected] : {std::pair("leaf-1", ReasonCode::not_authorized),
                                            {"leaf-2", ReasonCode::success},
                                            {"#", ReasonCode::success}}) {
    client_id_ = client_id;
    EXPECT_EQ(judge("ann", "anns"), expected) << client_id;
    EXPECT_EQ(judge(std::nullopt, std::nullopt), expected) << client_id;
  }
}

TEST_F(Admitting, AnswersOnlyWhenThePasswordWasChecked) {
  ask("ann", "anns");
  EXPECT_FALSE(answer_);
  hasher_.finish_next();
  EXPECT_TRUE(answer_);
}

TEST_F(Admitting, MeasuresAnUnknownUserLikeAKnownOne) {
  ask("eve", "x");
  ASSERT_TRUE(hasher_.busy());
  EXPECT_THAT(hasher_.hash(), ::testing::AnyOf(kAnns, kBobs));
}

TEST_F(Admitting, NeverLetsAnUnknownUserInByTheDecoysPassword) {
  for (const char* password : {"anns", "bobs"})
    EXPECT_EQ(judge("eve", password), ReasonCode::bad_user_name_or_password);
}

TEST_F(Admitting, DoesNotCheckAVerifiedPasswordAgain) {
  judge("ann", "anns");
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(judge("ann", "anns"), ReasonCode::success);
  EXPECT_EQ(hasher_.asked(), 1u);
  EXPECT_EQ(judge("ann", "wrong"), ReasonCode::bad_user_name_or_password);
}

TEST_F(Admitting, WantsUserNameAndPassword) {
  EXPECT_EQ(judge("ann", std::nullopt), ReasonCode::bad_user_name_or_password);
  EXPECT_EQ(judge(std::nullopt, "anns"), ReasonCode::bad_user_name_or_password);
  EXPECT_EQ(judge("", ""), ReasonCode::bad_user_name_or_password);
}

TEST_F(Admitting, LetsAnonymousClientsInWhereTheListenerDoes) {
  EXPECT_EQ(judge(std::nullopt, std::nullopt), ReasonCode::success);
  EXPECT_TRUE(identity().anonymous());
  policy_.allow_anonymous = false;
  EXPECT_EQ(judge(std::nullopt, std::nullopt), ReasonCode::not_authorized);
}

TEST_F(Admitting, TakesNobodysWordWhereThereAreNoUsers) {
  settings_.password_file = "";
  use();
  EXPECT_EQ(judge("ann", "whatever"), ReasonCode::success);
  EXPECT_TRUE(identity().anonymous());
  policy_.allow_anonymous = false;
  EXPECT_EQ(judge("ann", "anns"), ReasonCode::bad_user_name_or_password);
}

TEST_F(Admitting, KnowsTheUsersOfTheListener) {
  dir_.write("others", "eve:" + kAnns + "\n");
  policy_.password_file = dir_ / "others";
  settings_.listener_files = {policy_.password_file};
  use();
  EXPECT_EQ(judge("eve", "anns"), ReasonCode::success);
  EXPECT_EQ(judge("ann", "anns"), ReasonCode::bad_user_name_or_password);
}

TEST_F(Admitting, TakesACertificateWithoutAPassword) {
  certificate_ = "press-4";
  EXPECT_EQ(judge(std::nullopt, std::nullopt), ReasonCode::success);
  EXPECT_EQ(identity().username, "press-4");
  EXPECT_EQ(judge("press-4", std::nullopt), ReasonCode::success);
  EXPECT_EQ(hasher_.asked(), 0u);
}

TEST_F(Admitting, PutsAVerifiedUserNameOverTheCertificates) {
  certificate_ = "press-4";
  EXPECT_EQ(judge("ann", std::nullopt), ReasonCode::bad_user_name_or_password);
  EXPECT_EQ(judge("ann", "wrong"), ReasonCode::bad_user_name_or_password);
  EXPECT_EQ(judge("ann", "anns"), ReasonCode::success);
  EXPECT_EQ(identity().username, "ann");
  settings_.password_file = "";
  use();
  EXPECT_EQ(judge("ann", "anns"), ReasonCode::not_authorized) << "nothing verifies it";
}

TEST_F(Admitting, IgnoresACertificateThatTheListenerDoesNotTrust) {
  certificate_ = "press-4";
  policy_.trusts_certificate = false;
  policy_.allow_anonymous = false;
  EXPECT_EQ(judge(std::nullopt, std::nullopt), ReasonCode::not_authorized);
}

TEST_F(Admitting, MakesModulesOfUsersAndCertificates) {
  settings_.identities = {{"ann", "", "detector"}, {"press-*", "press-*", ""}};
  use();
  judge("ann", "anns");
  EXPECT_EQ(identity().kind, Identity::Kind::module);
  EXPECT_EQ(identity().module, "detector");
  EXPECT_EQ(identity().device, "hub-7");
  certificate_ = "press-4";
  judge(std::nullopt, std::nullopt);
  EXPECT_EQ(identity().kind, Identity::Kind::device);
  EXPECT_EQ(identity().device, "press-4");
}

TEST_F(Admitting, KnowsIotEdgeModulesUnderTheirClientIdOnly) {
  const std::string name = "h.azure-devices.net/edge-1/sensor/?api-version=2021-04-12";
  EXPECT_EQ(judge(name, "bobs"), ReasonCode::not_authorized);
  client_id_ = "edge-1/sensor";
  EXPECT_EQ(judge(name, "bobs"), ReasonCode::success);
  EXPECT_EQ(identity().module, "sensor");
  EXPECT_EQ(identity().device, "edge-1");
  const Identity known = identity();
  EXPECT_EQ(access_.renew(known, client_id_).identity->module, "sensor");
}

TEST_F(Admitting, KnowsAfterAReloadWhoIsNobodyAnyMore) {
  judge("ann", "anns");
  const Identity ann = identity();
  judge("bob", "bobs");
  const Identity bob = identity();
  judge(std::nullopt, std::nullopt);
  const Identity anonymous = identity();
  certificate_ = "press-4";
  judge(std::nullopt, std::nullopt);
  const Identity press = identity();
  write("ann:" + kBobs + "\n");  // a new password, and bob is gone
  use();
  EXPECT_FALSE(still_somebody(ann));
  EXPECT_FALSE(still_somebody(bob));
  EXPECT_TRUE(still_somebody(anonymous));
  EXPECT_TRUE(still_somebody(press));
  certificate_.reset();
  EXPECT_EQ(judge("ann", "anns"), ReasonCode::bad_user_name_or_password) << "the old password is forgotten";
}

TEST_F(Admitting, DoesNotLetInByAnOldPasswordThatWasBeingChecked) {
  ask("ann", "anns");
  write("ann:" + kBobs + "\n");
  use();
  hasher_.finish_all();
  EXPECT_EQ(answer_->reason, ReasonCode::bad_user_name_or_password);
}

TEST_F(Admitting, KeepsWhatIsInForceWhenTheNewIsWrong) {
  write("ann:secret\n");
  EXPECT_FALSE(access_.use(settings_));
  EXPECT_EQ(judge("ann", "anns"), ReasonCode::success);
}

TEST_F(Admitting, TakesAFileThatHasBecomeEmptyForOneThatIsBeingWritten) {
  write("\n");
  const auto used = access_.use(settings_);
  ASSERT_FALSE(used);
  EXPECT_THAT(used.error().what, HasSubstr("is empty, and had 3 users"));
  EXPECT_EQ(judge("ann", "anns"), ReasonCode::success);
  write("# no users\n");
  use();
  EXPECT_EQ(judge("ann", "anns"), ReasonCode::bad_user_name_or_password);
}

TEST_F(Admitting, TellsWhetherAnythingIsAnotherThanBefore) {
  EXPECT_FALSE(*access_.use(settings_));
  write("ann:" + kBobs + "\n");
  EXPECT_TRUE(*access_.use(settings_));
  settings_.own_device = "hub-8";
  EXPECT_TRUE(*access_.use(settings_));
}

TEST_F(Admitting, TurnsAFloodAway) {
  std::vector<std::shared_ptr<const Credentials>> flood;
  for (int i = 0; i < 200 && !answer_; ++i) {
    ask("ann", "wrong");
    flood.push_back(asked_);
  }
  ASSERT_TRUE(answer_);
  EXPECT_EQ(answer_->reason, ReasonCode::server_busy);
}

TEST_F(Admitting, DoesNotAnswerWhoIsGone) {
  ask("ann", "anns");
  asked_.reset();
  hasher_.finish_all();
  EXPECT_FALSE(answer_);
}

TEST_F(Admitting, WarnsOfUsersThatCanDoNothing) {
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("users_without_rules count=3 users=ann, bob, edge-1/sensor")));
}

TEST_F(Admitting, LetsTheHubPublishAllUntilARuleNamesIt) {
  Identity hub;
  hub.username = std::string(kHubUser);
  EXPECT_TRUE(access_.renew(hub, "").rights->may_publish("a/b"));
  AccessRule rule;
  rule.who.users = {"*"};
  rule.actions = broker::kAllActions;
  rule.topics = {"public/#"};
  settings_.rules = {rule};
  use();
  EXPECT_TRUE(access_.renew(hub, "").rights->may_publish("a/b"));
  rule.who.users = {std::string(kHubUser)};
  rule.topics = {"a/b"};
  settings_.rules.push_back(rule);
  use();
  EXPECT_TRUE(access_.renew(hub, "").rights->may_publish("a/b"));
  EXPECT_TRUE(access_.renew(hub, "").rights->may_publish("public/a"));
  EXPECT_FALSE(access_.renew(hub, "").rights->may_publish("a/c"));
}

TEST_F(Admitting, LetsNobodyHaveTheHubsName) {
  write("$hub:" + kAnns + "\n");
  use();
  client_id_ = "somebody";
  EXPECT_EQ(judge("$hub", "anns"), ReasonCode::not_authorized);
}

}  // namespace
}  // namespace headgate::hub
