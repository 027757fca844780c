// Rules and identities: from headgate.json to what one client may do.
#include "hub/access/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/access/identities.h"
#include "hub/access/settings.h"

namespace headgate::hub {
namespace {

using broker::Identity;
using ::testing::HasSubstr;

Identity user(std::string name, std::string device = {}, std::string module = {}) {
  Identity identity;
  identity.username = std::move(name);
  identity.kind = !module.empty()   ? Identity::Kind::module
                  : !device.empty() ? Identity::Kind::device
                                    : Identity::Kind::client;
  identity.device = std::move(device);
  identity.module = std::move(module);
  return identity;
}

AccessRules rules(std::string_view json) {
  auto parsed = parse_access_rules(json, "access.rules");
  EXPECT_TRUE(parsed) << parsed.error().what;
  return AccessRules(parsed ? *parsed : std::vector<AccessRule>{}, "edge");
}

TEST(AccessRules, PutAClientsNamesIn) {
  const Identity pump = user("ann", "press-4", "pump");
  const std::vector<std::pair<std::string, std::string>> table = {
      {"a/%c/b", "a/client-1/b"},    {"%u/#", "ann/#"},        {"x/%d/%m", "x/press-4/pump"},
      {"dev-%d-x", "dev-press-4-x"}, {"100%%/%u", "100%/ann"}, {"+/%u/#", "+/ann/#"}};
  for (const auto& [topic, filter] : table) EXPECT_EQ(expand(topic, pump, "client-1", Odd::never), filter);
}

TEST(AccessRules, NeverMatchWithANameThatIsNotThere) {
  EXPECT_EQ(expand("x/%m", user("ann"), "c", Odd::never), std::nullopt);
  EXPECT_EQ(expand("x/%u", Identity(), "c", Odd::any), std::nullopt);
}

TEST(AccessRules, AreNotWidenedByAName) {  // injection
  for (const char* name : {"+", "#", "a/b", "x/#", "a+", "\xFF"}) {
    EXPECT_EQ(expand("x/%c/y", user("ann"), name, Odd::never), std::nullopt) << name;
    EXPECT_EQ(expand("x/p-%c/y", user("ann"), name, Odd::any), "x/+/y")
        << name << ": a denial is not got round";
  }
  EXPECT_EQ(expand("%c/#", user("ann"), "$SYS", Odd::never), std::nullopt);
  EXPECT_EQ(expand("a/%c", user("ann"), "$SYS", Odd::never), "a/$SYS");
  const auto rights = rules(R"([{"who": {}, "allow": ["subscribe", "receive"], "topics": ["own/%c/#"]}])");
  EXPECT_FALSE(rights.rights(user("ann"), "+")->may_subscribe("own/+/#"));
  EXPECT_TRUE(rights.rights(user("ann"), "c")->may_subscribe("own/c/#"));
}

TEST(AccessRules, ConcernWhomTheySay) {
  const AccessRules known = rules(R"([
    {"who": {"anonymous": true}, "allow": ["publish"], "topics": ["anonymous"]},
    {"who": {"users": "*"}, "allow": ["publish"], "topics": ["anybody"]},
    {"who": {"users": ["ann", "press-*"]}, "allow": ["publish"], "topics": ["some"]},
    {"who": {"kind": "device"}, "allow": ["publish"], "topics": ["devices"]},
    {"who": {"kind": "client"}, "allow": ["publish"], "topics": ["clients"]},
    {"who": {}, "allow": ["publish"], "topics": ["everybody"]}])");
  struct Case {
    Identity who;
    std::vector<std::string> may;
  };
  const std::vector<Case> cases = {{Identity(), {"anonymous", "everybody"}},
                                   {user("ann"), {"anybody", "some", "clients", "everybody"}},
                                   {user("bob"), {"anybody", "clients", "everybody"}},
                                   {user("press-4", "p4"), {"anybody", "some", "devices", "everybody"}}};
  for (const Case& one : cases) {
    const auto rights = known.rights(one.who, "c");
    for (const char* topic : {"anonymous", "anybody", "some", "devices", "clients", "everybody"}) {
      EXPECT_EQ(rights->may_publish(topic), std::ranges::count(one.may, topic) == 1)
          << one.who.username << " on " << topic;
    }
  }
}

TEST(AccessRules, LetAnonymousClientsDoEverythingByDefault) {
  const AccessRules known(default_access_rules());
  const auto anonymous = known.rights(Identity(), "c");
  EXPECT_TRUE(anonymous->may_publish("a"));
  EXPECT_TRUE(anonymous->may_subscribe("#"));
  EXPECT_TRUE(anonymous->may_subscribe("$SYS/#"));
  EXPECT_FALSE(known.rights(user("ann"), "c")->may_publish("a"));
}

TEST(AccessRules, ShareTheRightsOfThoseWhoAreAlike) {
  const AccessRules known = rules(R"([
    {"who": {"users": "*"}, "allow": ["publish"], "topics": ["a"]},
    {"who": {"users": "own-*"}, "allow": ["publish"], "topics": ["%c"]}])");
  EXPECT_EQ(known.rights(user("ann"), "1"), known.rights(user("bob"), "2"));
  EXPECT_NE(known.rights(user("own-1"), "1"), known.rights(user("own-1"), "2"));
  EXPECT_NE(known.rights(user("ann", "edge", "m"), "1"), known.rights(user("bob"), "1"))
      << "a module has its own";
}

TEST(AccessRules, KnowWhoCanDoNothing) {
  const AccessRules known = rules(R"([{"who": {"users": ["ann"]}, "allow": ["publish"], "topics": ["a"]},
                                      {"who": {}, "deny": ["publish"], "topics": ["b"]}])");
  EXPECT_TRUE(known.gives_anything_to(user("ann")));
  EXPECT_FALSE(known.gives_anything_to(user("bob")));
  EXPECT_TRUE(known.gives_anything_to(user("bob", "edge", "pump"))) << "a module has its outputs";
}

TEST(AccessRules, SayWhatIsWrongWithThem) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"({})", "access.rules: is "},
      {R"(["x"])", "access.rules[0]: is \"x\"; allowed: an object"},
      {R"([{"allow": ["publish"], "topics": ["a"]}])", "access.rules[0].who: is missing"},
      {R"([{"who": {}, "topics": ["a"]}])", "access.rules[0]: needs one of allow and deny"},
      {R"([{"who": {}, "allow": ["publish"], "deny": ["publish"], "topics": ["a"]}])", "needs one of"},
      {R"([{"who": {}, "allow": ["read"], "topics": ["a"]}])",
       "access.rules[0].allow[0]: is \"read\"; allowed: publish"},
      {R"([{"who": {}, "allow": [], "topics": ["a"]}])", "access.rules[0].allow: is "},
      {R"([{"who": {}, "allow": ["publish"]}])", "access.rules[0].topics: is missing"},
      {R"([{"who": {}, "allow": ["publish"], "topics": ["a/#/b"]}])",
       "access.rules[0].topics[0]: is \"a/#/b\""},
      {R"([{"who": {}, "allow": ["publish"], "topics": ["a/%x"]}])",
       "access.rules[0].topics[0]: is \"a/%x\""},
      {R"([{"who": {}, "allow": ["publish"], "topic": ["a"]}])",
       "access.rules[0].topic: unknown key; did you mean \"topics\"?"},
      {R"([{"who": {"user": "a"}, "allow": ["publish"], "topics": ["a"]}])",
       "access.rules[0].who.user: unknown key"},
      {R"([{"who": {"kind": "robot"}, "allow": ["publish"], "topics": ["a"]}])",
       "access.rules[0].who.kind: is \"robot\""},
      {R"([{"who": {"users": ["a*b*"]}, "allow": ["publish"], "topics": ["a"]}])",
       "access.rules[0].who.users[0]"},
      {R"([{"who": {"anonymous": false}, "allow": ["publish"], "topics": ["a"]}])",
       "access.rules[0].who.anonymous: is false"},
      {R"([{"who": {"anonymous": true, "users": "*"}, "allow": ["publish"], "topics": ["a"]}])",
       "access.rules[0].who: has anonymous and more"}};
  for (const auto& [json, what] : table) {
    const auto parsed = parse_access_rules(json, "access.rules");
    ASSERT_FALSE(parsed) << json;
    EXPECT_THAT(parsed.error().what, HasSubstr(what));
  }
}

TEST(AccessRules, AreWrittenAsTheyWereRead) {
  const std::string json =
      R"([{"who":{"users":["a","b-*"],"kind":"device"},"deny":["publish","receive"],"topics":["x/%c"]}])";
  EXPECT_EQ(to_json(*parse_access_rules(json, "access.rules")), json);
  EXPECT_EQ(*parse_access_rules(to_json(default_access_rules()), "access.rules"), default_access_rules());
}

// ---- identities ----

std::vector<IdentityPattern> identities(std::string_view json) {
  const auto parsed = parse_identities(json, "auth.identities");
  EXPECT_TRUE(parsed) << parsed.error().what;
  return parsed ? *parsed : std::vector<IdentityPattern>{};
}

TEST(Identities, TakeTheExactLineFirstAndThenPatternsInOrder) {
  const auto patterns = identities(R"({"module-*": {"module": "*"}, "module-special": {"device": "press-4"},
                                       "*-pump": {"device": "d-*", "module": "pump"}, "*": {"device": "any"}})");
  struct Case {
    std::string user, device, module;
  };
  for (const Case& one : {Case{"module-detector", "hub", "detector"}, Case{"module-special", "press-4", ""},
                          Case{"7-pump", "d-7", "pump"}, Case{"x", "any", ""}}) {
    const auto identity = identify(patterns, one.user, false, "hub");
    ASSERT_TRUE(identity) << one.user;
    EXPECT_EQ(identity->device, one.device) << one.user;
    EXPECT_EQ(identity->module, one.module) << one.user;
    EXPECT_EQ(identity->username, one.user);
  }
}

TEST(Identities, AreNobodyUnderANameThatIsNoLevelOfATopic) {
  const auto patterns = identities(R"({"m-*": {"module": "*"}})");
  for (const char* name : {"m-", "m-+", "m-#", "m-a/b"})
    EXPECT_FALSE(identify(patterns, name, false, "hub")) << name;
}

TEST(Identities, ArePlainClientsWithoutALine) {
  const auto identity = identify({}, "a/b", false, "hub");
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->kind, Identity::Kind::client);
}

TEST(Identities, ReadIotEdgeUserNames) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"h/leaf-1/api-version=2016-11-14", "leaf-1"},
      {"h/leaf-1/DeviceClientType=azure-iot-device%2F1.3.0&api-version=2017-06-30", "leaf-1"},
      {"h/edge-1/sensor/?api-version=2018-06-30&DeviceClientType=x", "edge-1/sensor"},
      {"h/edge-1/sensor/?api-version=2021-04-12&model-id=dtmi:com:example:T;1&DeviceClientType=x",
       "edge-1/sensor"}};
  for (const auto& [name, id] : table) EXPECT_EQ(canonical_user(name), id);
  for (const char* name : {"bob", "a/b", "h/d/", "h/d/?api-version=", "h//?api-version=1",
                           "h/d/m/x/?api-version=1", "/d/?api-version=1", "h/d//?api-version=1"}) {
    EXPECT_EQ(canonical_user(name), name);
  }
  const auto identity = identify({}, "edge-1/sensor", true, "hub");
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->kind, Identity::Kind::module);
  EXPECT_EQ(identity->device, "edge-1");
  EXPECT_EQ(identity->module, "sensor");
  EXPECT_EQ(identify({}, "leaf-1", true, "hub")->kind, Identity::Kind::device);
}

TEST(Identities, SayWhatIsWrongWithThem) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"([])", "auth.identities: is "},
      {R"({"a": {}})", "auth.identities.a: says nothing"},
      {R"({"a": "m"})", "auth.identities.a: is \"m\"; allowed: an object"},
      {R"({"a": {"module": "*"}})", "auth.identities.a.module: is \"*\""},
      {R"({"a": {"module": "x/y"}})", "auth.identities.a.module: is \"x/y\""},
      {R"({"a": {"modul": "x"}})", "auth.identities.a.modul: unknown key; did you mean \"module\"?"},
      {R"({"a*b*": {"module": "x"}})", "is no user's name"}};
  for (const auto& [json, what] : table) {
    const auto parsed = parse_identities(json, "auth.identities");
    ASSERT_FALSE(parsed) << json;
    EXPECT_THAT(parsed.error().what, HasSubstr(what));
  }
}

}  // namespace
}  // namespace headgate::hub
