// What one client may do: rules, modules' own topics, and what is only the hub's.
#include "broker/session/rights.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::broker {
namespace {

constexpr Actions kPublish = static_cast<uint8_t>(Action::publish);
constexpr Actions kSubscribe = static_cast<uint8_t>(Action::subscribe);
constexpr Actions kReceive = static_cast<uint8_t>(Action::receive);

Rights user(std::vector<Rights::Rule> rules) { return {std::move(rules), "", true}; }
Rights anonymous(std::vector<Rights::Rule> rules) { return {std::move(rules), "", false}; }
Rights module(std::string name, std::vector<Rights::Rule> rules = {}) {
  return {std::move(rules), std::move(name), true};
}
Rights::Rule allow(std::string filter, Actions actions = kAllActions) {
  return {true, actions, std::move(filter)};
}
Rights::Rule deny(std::string filter, Actions actions = kAllActions) {
  return {false, actions, std::move(filter)};
}

TEST(Rights, AreNoneWithoutARule) {
  EXPECT_FALSE(user({}).may_publish("a"));
  EXPECT_FALSE(user({}).may_subscribe("a"));
  EXPECT_FALSE(user({}).may_receive("a"));
}

TEST(Rights, AllowOnlyTheActionsOfARule) {
  const Rights rights = user({allow("plant/#", kPublish), allow("orders/+", kSubscribe | kReceive)});
  EXPECT_TRUE(rights.may_publish("plant/1"));
  EXPECT_FALSE(rights.may_receive("plant/1"));
  EXPECT_FALSE(rights.may_publish("orders/1"));
  EXPECT_TRUE(rights.may_subscribe("orders/+"));
  EXPECT_TRUE(rights.may_receive("orders/1"));
}

TEST(Rights, PutDenyBeforeAllowInWhateverOrder) {
  for (const auto& rights :
       {user({allow("#"), deny("plant/secret/#")}), user({deny("plant/secret/#"), allow("#")})}) {
    EXPECT_TRUE(rights.may_publish("plant/open"));
    EXPECT_FALSE(rights.may_publish("plant/secret/x"));
    EXPECT_FALSE(rights.may_receive("plant/secret"));
  }
}

TEST(Rights, LetAWideSubscriptionStandAndAskForEachMessage) {
  const Rights rights = user({allow("#"), deny("plant/secret/#")});
  EXPECT_TRUE(rights.may_subscribe("plant/#"));
  EXPECT_FALSE(rights.may_subscribe("plant/secret/+"));
  EXPECT_TRUE(rights.may_receive("plant/x"));
  EXPECT_FALSE(rights.may_receive("plant/secret/x"));
}

TEST(Rights, DenyToReceiveWhatIsDeniedToSubscribe) {
  const Rights rights = user({allow("#"), deny("plant/secret/#", kSubscribe)});
  EXPECT_FALSE(rights.may_receive("plant/secret/x"));
  EXPECT_TRUE(rights.may_publish("plant/secret/x"));
}

TEST(Rights, AllowASubscriptionOnlyWhole) {
  const Rights rights = user({allow("plant/+/temperature"), allow("plant/7/#")});
  EXPECT_TRUE(rights.may_subscribe("plant/7/pressure"));
  EXPECT_TRUE(rights.may_subscribe("plant/+/temperature"));
  EXPECT_FALSE(rights.may_subscribe("plant/#"));
  EXPECT_FALSE(rights.may_subscribe("plant/+/pressure"));
}

TEST(Rights, DoNotReachDollarTopicsByAWildcard) {
  EXPECT_FALSE(user({allow("#")}).may_subscribe("$SYS/#"));
  EXPECT_FALSE(user({allow("#")}).may_receive("$SYS/broker/uptime"));
  EXPECT_TRUE(user({allow("$SYS/#")}).may_receive("$SYS/broker/uptime"));
}

TEST(Rights, LeaveToTheHubWhatIsItsOwn) {
  for (const auto& rights : {*Rights::all(), module("m", {allow("#"), allow("$SYS/#")})}) {
    EXPECT_FALSE(rights.may_publish("$SYS/x"));
    EXPECT_FALSE(rights.may_publish("modules/m/inputs/i"));
  }
}

TEST(Rights, GiveAModuleItsOwnOutputsAndInputs) {
  const Rights rights = module("m");
  EXPECT_TRUE(rights.may_publish("modules/m/outputs/o"));
  EXPECT_TRUE(rights.may_subscribe("modules/m/inputs/#"));
  EXPECT_TRUE(rights.may_receive("modules/m/inputs/i"));
  EXPECT_FALSE(rights.may_publish("plant/1"));
}

TEST(Rights, KeepEverybodyElseFromAModulesOutputsAndInputsWhateverTheRules) {
  for (const auto& rights : {user({allow("#"), allow("modules/m/#")}), module("other", {allow("#")})}) {
    EXPECT_FALSE(rights.may_publish("modules/m/outputs/o"));
    EXPECT_FALSE(rights.may_subscribe("modules/m/inputs/i"));
    EXPECT_FALSE(rights.may_subscribe("modules/+/inputs/#"));
    EXPECT_FALSE(rights.may_receive("modules/m/inputs/i"));
    EXPECT_TRUE(rights.may_subscribe("modules/m/outputs/#")) << "to listen is for the rules to say";
    EXPECT_TRUE(rights.may_publish("modules/m/state"));
  }
}

TEST(Rights, LetARuleDenyAModuleItsOwn) {
  const Rights rights = module("m", {deny("modules/m/outputs/raw"), allow("x")});
  EXPECT_FALSE(rights.may_publish("modules/m/outputs/raw"));
  EXPECT_TRUE(rights.may_publish("modules/m/outputs/o"));
}

TEST(Rights, LeaveModulesToTheRulesForAnonymousClients) {  // there may be no users at all
  EXPECT_TRUE(anonymous({allow("#")}).may_publish("modules/m/outputs/o"));
  EXPECT_TRUE(anonymous({allow("#")}).may_receive("modules/m/inputs/i"));
  EXPECT_FALSE(anonymous({}).may_publish("modules/m/outputs/o"));
}

}  // namespace
}  // namespace headgate::broker
