// A client that waits to be let in, and one whose rights change.
#include <gmock/gmock.h>

#include <string>

#include "tests/broker/broker_fixture.h"
#include "tests/support/scripted_access.h"

namespace headgate::broker {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

Connect as(Connect connect, std::string_view user) {
  connect.username = user;
  connect.password = "secret";
  return connect;
}

class Authentication : public BrokerTest {
 protected:
  Authentication() {
    access_ = &scripted_;
    scripted_.add("", {{true, kAllActions, "#"}});
    scripted_.add("ann", {{true, kAllActions, "#"}});
    scripted_.add("bob", {{true, kAllActions, "#"}});
  }
  // Declared before the broker ends: the fixture owns that.
  testing::ScriptedAccess scripted_;
};

TEST_F(Authentication, RefusesWithTheReasonInBothVersions) {
  scripted_.reason = ReasonCode::bad_user_name_or_password;
  EXPECT_THAT(client().connect(as(v5("a"), "ann")), ElementsAre("CONNACK 86", "closed"));
  EXPECT_THAT(client().connect(as(v3("a"), "ann")), ElementsAre("CONNACK 04", "closed"));
  scripted_.reason = ReasonCode::not_authorized;
  EXPECT_THAT(client().connect(v5("a")), ElementsAre("CONNACK 87", "closed"));
  EXPECT_THAT(client().connect(v3("a")), ElementsAre("CONNACK 05", "closed"));
  EXPECT_EQ(broker().stats().connects_denied, 4u);
  EXPECT_THAT(happened(), IsEmpty());
}

TEST_F(Authentication, DoesNotReadAClientThatIsBeingDecidedOn) {
  scripted_.at_once = false;
  ScriptedClient& one = client();
  EXPECT_THAT(one.connect(as(v5("a"), "ann")), IsEmpty());
  EXPECT_FALSE(one.is_read());
  scripted_.decide_next(now());
  EXPECT_THAT(one.read(), ElementsAre("CONNACK 00"));
  EXPECT_TRUE(one.is_read());
}

TEST_F(Authentication, ReadsWhatCameBehindConnectOnceItIsDecided) {  // MQTT 5.0 section 3.1.4
  scripted_.at_once = false;
  ScriptedClient& one = client();
  one.connect(as(v5("a"), "ann"));
  EXPECT_THAT(one.subscribe(1, {to("t")}), IsEmpty());
  EXPECT_THAT(one.ping(), IsEmpty());
  scripted_.decide_next(now());
  EXPECT_THAT(one.read(), ElementsAre("CONNACK 00", "SUBACK 1 00", "PINGRESP"));
}

TEST_F(Authentication, TakesOverOnlyWhenItIsDecided) {
  ScriptedClient& first = connected(as(v5("a"), "ann"));
  scripted_.at_once = false;
  ScriptedClient& second = client();
  second.connect(as(v5("a"), "ann"));
  EXPECT_TRUE(first.is_read());
  scripted_.reason = ReasonCode::bad_user_name_or_password;
  scripted_.decide_next(now());
  EXPECT_TRUE(first.is_read()) << "who knows no password takes nothing over";
  scripted_.reason = ReasonCode::success;
  second.connect(as(v5("a"), "ann"));
  scripted_.decide_next(now());
  EXPECT_THAT(first.read(), ElementsAre("DISCONNECT 8E", "closed"));
}

TEST_F(Authentication, ForgetsAClientThatGoesWhileItIsDecidedOn) {
  scripted_.at_once = false;
  ScriptedClient& one = client();
  one.connect(as(v5("a"), "ann"));
  one.drop();
  EXPECT_FALSE(scripted_.decide_next(now()));
  EXPECT_THAT(happened(), IsEmpty());
}

TEST_F(Authentication, ClosesAClientThatIsDecidedOnTooLate) {
  scripted_.at_once = false;
  ScriptedClient& one = client();
  one.connect(as(v5("a"), "ann"));
  pass_s(options_.connect_timeout_s + 1);
  EXPECT_THAT(one.read(), ElementsAre("closed"));
  EXPECT_FALSE(scripted_.decide_next(now()));
}

TEST_F(Authentication, KeepsASessionForItsUser) {
  connected(as(kept(v5("a")), "ann")).drop();
  EXPECT_THAT(client().connect(as(kept(v5("a")), "bob")), ElementsAre("CONNACK 87", "closed"));
  EXPECT_THAT(client().connect(as(v3("a"), "bob")), ElementsAre("CONNACK 05", "closed"));
  EXPECT_THAT(client().connect(kept(v5("a"))), ElementsAre("CONNACK 87", "closed"));
  EXPECT_THAT(client().connect(as(kept(v5("a")), "ann")), ElementsAre("CONNACK 00 present"));
}

TEST_F(Authentication, GivesASessionThatNobodyHasProvedToOwnToWhoeverProvesWhoHeIs) {
  ScriptedClient& nobody = connected(kept(v5("a")));
  EXPECT_THAT(client().connect(as(kept(v5("a")), "ann")), ElementsAre("CONNACK 87", "closed"))
      << "but it is not taken from under a client that is there";
  nobody.drop();
  EXPECT_THAT(client().connect(as(kept(v5("a")), "ann")), ElementsAre("CONNACK 00 present"));
  EXPECT_EQ(session("a")->identity().username, "ann");
}

TEST_F(Authentication, MakesMessagesSayWhichModulePublishedThem) {
  scripted_.add("det", {{true, kAllActions, "#"}}, "detector");
  connected(as(v5("a"), "det")).publish(qos0("t", "x"));
  connected(v5("b")).publish(qos0("t", "x"));
  EXPECT_EQ(*events_.messages()[0]->source, (core::Source{"a", "edge", "detector"}));
  EXPECT_EQ(*events_.messages()[1]->source, (core::Source{"b", "b", ""}));
}

TEST_F(Authentication, RefusesASubscriptionWithTheReasonInBothVersions) {
  scripted_.add("ann", {{true, kAllActions, "mine/#"}});
  EXPECT_THAT(connected(as(v5("a"), "ann")).subscribe(1, {to("mine/x", 1), to("yours"), to("#")}),
              Contains("SUBACK 1 01 87 87"));
  EXPECT_THAT(connected(as(v3("b"), "ann")).subscribe(1, {to("mine/x", 1), to("yours")}),
              Contains("SUBACK 1 01 80"));
  EXPECT_EQ(session("a")->stats().denied.subscribe, 2u);
  EXPECT_EQ(broker().denied().subscribe, 3u);
}

TEST_F(Authentication, DisconnectsWhoIsNobodyAnyMore) {
  ScriptedClient& five = connected(as(v5("a"), "ann"));
  ScriptedClient& three = connected(as(v3("b"), "ann"));
  ScriptedClient& other = connected(as(v5("c"), "bob"));
  scripted_.users.erase("ann");
  broker().renew_grants();
  EXPECT_THAT(five.read(), Contains("DISCONNECT 87"));
  EXPECT_THAT(three.read(), Contains("closed"));
  EXPECT_TRUE(other.is_open());
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("access_lost client=a user=ann")));
}

TEST_F(Authentication, GivesNewRightsToWhoIsConnected) {
  ScriptedClient& one = connected(as(v5("a"), "ann"));
  scripted_.add("ann", {});
  broker().renew_grants();
  EXPECT_THAT(one.subscribe(1, {to("t")}), Contains("SUBACK 1 87"));
}

}  // namespace
}  // namespace headgate::broker
