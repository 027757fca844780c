// How sessions begin, go on, are taken over and end, and what that means for wills (MQTT 5.0
// sections 3.1.2.4, 3.1.2.5, 3.1.2.11.2, 3.1.3.2.2, 3.1.4 and 4.1).
#include <gmock/gmock.h>

#include <string>

#include "tests/broker/broker_fixture.h"

namespace headgate::broker {
namespace {

constexpr const char* kWill = "q1 will=gone";
std::string will_of(const std::string& client_id) { return "publish " + client_id + " " + kWill; }

// ---- resuming ----

using SessionPresent = BrokerTest;

TEST_F(SessionPresent, IsSaidWhenTheBrokerKeptOne) {  // [MQTT-3.2.2-3]
  ScriptedClient& a = connected(kept(v5("a")));
  a.drop();
  EXPECT_THAT(a.connect(kept(v5("a"))), ElementsAre("CONNACK 00 present"));
  EXPECT_THAT(happened(), ElementsAre("disconnected a", "connected a present"));
}

TEST_F(SessionPresent, IsNotSaidForANewSessionNorAfterOneWithoutExpiry) {  // [MQTT-3.2.2-2]
  Connect resume = kept(v5("a"), 0);
  EXPECT_THAT(client().connect(resume), ElementsAre("CONNACK 00"));
  clients_.back().drop();
  EXPECT_THAT(client().connect(resume), ElementsAre("CONNACK 00"));
}

TEST_F(SessionPresent, IsSaidToTheOtherVersionToo) {
  connected(kept(v3("a"))).drop();
  EXPECT_THAT(client().connect(kept(v5("a"))), ElementsAre("CONNACK 00 present"));
}

TEST_F(SessionPresent, IsNotSaidAfterACleanStartWhichEndsTheOldSession) {  // [MQTT-3.1.2-4]
  ScriptedClient& a = connected(kept(v5("a")));
  a.subscribe(1, {to("t")});
  a.drop();
  happened();
  EXPECT_THAT(a.connect(v5("a")), ElementsAre("CONNACK 00"));
  EXPECT_THAT(happened(), ElementsAre("ended a", "connected a"));
  EXPECT_EQ(broker().subscriptions().size(), 0u);
}

TEST_F(SessionPresent, IsSaidForOneTheStoreRemembers) {
  broker().restore({"a", 3600, 0}, now());
  EXPECT_THAT(client().connect(kept(v5("a"))), ElementsAre("CONNACK 00 present"));
}

TEST_F(SessionPresent, CountsEachConnectOfASessionSinceTheStart) {
  ScriptedClient& a = connected(kept(v5("a")));
  EXPECT_EQ(session("a")->stats().connects, 1u);
  a.drop();
  a.connect(kept(v5("a")));
  EXPECT_EQ(session("a")->stats().connects, 2u);
  EXPECT_EQ(broker().restore({"b", 3600, 0}, now()).stats().connects, 0u);
}

// ---- expiry ----

using SessionExpiry = BrokerTest;

TEST_F(SessionExpiry, IsActedOnInTimeNotLazily) {  // [MQTT-3.1.2-23], MQTT 5.0 section 3.1.2.11.2
  ScriptedClient& a = connected(kept(v5("a"), 10));
  a.subscribe(1, {to("t")});
  a.drop();
  happened();
  pass_ms(9999);
  EXPECT_TRUE(session("a"));
  pass_ms(1);
  EXPECT_THAT(happened(), ElementsAre("ended a"));
  EXPECT_EQ(broker().subscriptions().size(), 0u);
}

TEST_F(SessionExpiry, IsOverForAClientThatComesBackBeforeTheNextTick) {
  connected(kept(v5("a"), 10)).drop();
  clock_.advance_ms(10'000);
  EXPECT_THAT(client().connect(kept(v5("a"))), ElementsAre("CONNACK 00"));
  EXPECT_THAT(happened(), ElementsAre("disconnected a", "ended a", "connected a"));
}

TEST_F(SessionExpiry, StartsAnewWithEachDisconnection) {
  ScriptedClient& a = connected(kept(v5("a"), 10));
  a.drop();
  pass_s(9);
  a.connect(kept(v5("a"), 10));
  pass_s(9);
  a.drop();
  pass_s(9);
  EXPECT_TRUE(session("a"));
  pass_s(1);
  EXPECT_FALSE(session("a"));
}

TEST_F(SessionExpiry, NeverComesForTheLargestInterval) {  // MQTT 5.0 section 3.1.2.11.2
  connected(kept(v5("a"), UINT32_MAX)).drop();
  pass_s(int64_t{UINT32_MAX} * 2);
  EXPECT_TRUE(session("a"));
}

TEST_F(SessionExpiry, IsWhatTheBrokerGrantsInVersion3) {
  options_.session_expiry_s_max = 10;
  connected(kept(v3("a"))).drop();
  pass_s(10);
  EXPECT_FALSE(session("a"));
}

TEST_F(SessionExpiry, MayBeChangedByDisconnect) {  // MQTT 5.0 section 3.14.2.2.2
  ScriptedClient& a = connected(kept(v5("a"), 1000));
  a.disconnect({ReasonCode::success, 10, {}});
  pass_s(10);
  EXPECT_FALSE(session("a"));
}

TEST_F(SessionExpiry, StaysWithinTheMaximumWhenDisconnectChangesIt) {
  options_.session_expiry_s_max = 100;
  ScriptedClient& a = connected(kept(v5("a"), 50));
  a.disconnect({ReasonCode::success, UINT32_MAX, {}});
  EXPECT_EQ(session("a")->expiry_s(), 100u);
  pass_s(100);
  EXPECT_FALSE(session("a"));
}

TEST_F(SessionExpiry, CannotBeGivenByDisconnectToASessionWithout) {  // [MQTT-3.14.2-2]
  ScriptedClient& a = connected(v5("a"));
  EXPECT_THAT(a.disconnect({ReasonCode::success, 10, {}}), ElementsAre("DISCONNECT 82", "closed"));
}

TEST_F(SessionExpiry, CountsTheTimeTheHubWasDown) {
  broker().restore({"a", 100, now().hub_ms - 90'000}, now());
  broker().restore({"b", 100, 0}, now());  // connected when the hub stopped
  pass_s(10);
  EXPECT_FALSE(session("a"));
  EXPECT_TRUE(session("b"));
}

TEST_F(SessionExpiry, OfAnEndedSessionLeavesNoSubscriptionWhileAnAnswerIsDue) {
  events_.answers_at_once = false;
  ScriptedClient& a = connected(v5("a"));
  a.subscribe(1, {to("t")});  // the hub holds on to the session until it has answered
  a.drop();
  EXPECT_EQ(broker().subscriptions().size(), 0u);
  events_.answer_all();
}

TEST_F(SessionExpiry, IsRememberedOnceHoweverOftenTheClientComesAndGoes) {
  ScriptedClient& a = client();
  for (int i = 0; i < 50; ++i) a.connect(with_will(kept(v5("a"), 1'000'000), 1000));
  a.drop();
  EXPECT_LE(broker().timers(), 2u);
}

TEST_F(SessionExpiry, OfTheBrokerItselfIsSurvivedBySessionsTheHubHolds) {
  ScriptedClient& a = connected(kept(v5("a")));
  a.subscribe(1, {to("t")});
  const std::shared_ptr<Session> held = session("a");
  clients_.clear();
  broker_.reset();
  EXPECT_EQ(held->client_id(), "a");
}

// ---- take-over ----

using TakeOver = BrokerTest;

TEST_F(TakeOver, TellsTheOldConnectionAndKeepsTheSession) {  // [MQTT-3.1.4-3]
  ScriptedClient& old = connected(kept(v5("a")));
  EXPECT_THAT(client().connect(kept(v5("a"))), ElementsAre("CONNACK 00 present"));
  EXPECT_THAT(old.read(), ElementsAre("DISCONNECT 8E", "closed"));
  EXPECT_THAT(happened(), ElementsAre("disconnected a", "connected a present"));
}

TEST_F(TakeOver, JustClosesAConnectionOfVersion3) {  // 3.1.1 [MQTT-3.1.4-2]
  ScriptedClient& old = connected(kept(v3("a")));
  client().connect(kept(v3("a")));
  EXPECT_THAT(old.read(), ElementsAre("closed"));
}

TEST_F(TakeOver, EndsASessionThatWasNotToOutliveItsConnection) {
  connected(v5("a"));
  EXPECT_THAT(client().connect(kept(v5("a"))), ElementsAre("CONNACK 00"));
  EXPECT_THAT(happened(), ElementsAre("disconnected a", "ended a", "connected a"));
}

TEST_F(TakeOver, OfADyingConnectionSaysNothingMore) {
  ScriptedClient& old = connected(kept(v5("a")));
  broker().on_bytes(old.channel(), std::string_view("\x20\0", 2), now());
  client().connect(kept(v5("a")));
  EXPECT_THAT(old.read(), ElementsAre("DISCONNECT 82", "closed"));
}

TEST_F(TakeOver, LeavesTheNewConnectionAloneWhenTheOldSocketGoes) {
  ScriptedClient& old = connected(kept(v5("a")));
  ScriptedClient& young = connected(kept(v5("a")));
  happened();
  old.drop();
  EXPECT_THAT(happened(), IsEmpty());
  EXPECT_THAT(young.ping(), ElementsAre("PINGRESP"));
}

TEST_F(TakeOver, IgnoresWhatTheOldConnectionStillSends) {
  ScriptedClient& old = connected(kept(v5("a")));
  client().connect(kept(v5("a")));
  happened();
  broker().on_bytes(old.channel(), std::string_view("\x30\3\0\1t", 5), now());
  EXPECT_THAT(happened(), IsEmpty());
}

TEST_F(TakeOver, SendsTheWillOfAKeptSessionUnlessADelayRuns) {  // [MQTT-3.1.2-8, MQTT-3.1.3-9]
  for (const Connect& connect : {with_will(kept(v5("five"))), with_will(kept(v3("three")))}) {
    const std::string id(connect.client_id);
    connected(connect);
    client().connect(connect);
    EXPECT_THAT(happened(), ElementsAre("disconnected " + id, will_of(id), "connected " + id + " present"));
  }
  connected(with_will(kept(v5("patient")), 5));
  client().connect(kept(v5("patient")));
  EXPECT_THAT(happened(), ElementsAre("disconnected patient", "connected patient present"));
  pass_s(10);
  EXPECT_THAT(happened(), IsEmpty());
}

TEST_F(TakeOver, WithCleanStartEndsAWillsDelay) {  // MQTT 5.0 section 3.1.2.5
  connected(with_will(kept(v5("a")), 1000));
  client().connect(v5("a"));
  EXPECT_THAT(happened(), ElementsAre("disconnected a", will_of("a"), "ended a", "connected a"));
}

// ---- by the operator ----

using Kick = BrokerTest;

TEST_F(Kick, TellsTheClientAndKeepsItsSession) {
  ScriptedClient& a = connected(kept(v5("a")));
  EXPECT_TRUE(broker().kick("a", now()));
  EXPECT_THAT(a.read(), ElementsAre("DISCONNECT 98", "closed"));
  EXPECT_THAT(happened(), ElementsAre("disconnected a"));
  EXPECT_THAT(client().connect(kept(v5("a"))), ElementsAre("CONNACK 00 present"));
  EXPECT_EQ(broker().stats().closed.at("administrative action"), 1u);
}

TEST_F(Kick, JustClosesAConnectionOfVersion3) {
  ScriptedClient& a = connected(v3("a"));
  EXPECT_TRUE(broker().kick("a", now()));
  EXPECT_THAT(a.read(), ElementsAre("closed"));
  EXPECT_THAT(happened(), ElementsAre("disconnected a", "ended a"));
}

TEST_F(Kick, PublishesTheWillOfWhoIsCutOff) {
  connected(with_will(v5("a")));
  EXPECT_TRUE(broker().kick("a", now()));
  EXPECT_THAT(happened(), ElementsAre("disconnected a", will_of("a"), "ended a"));
}

TEST_F(Kick, PartsAClientThatReadsNothingAtOnce) {
  ScriptedClient& a = connected(kept(v5("a")));
  a.stall();
  EXPECT_TRUE(broker().kick("a", now()));
  EXPECT_FALSE(session("a")->connected());
}

TEST_F(Kick, OfWhoIsNotConnectedDoesNothing) {
  connected(kept(v5("away"))).drop();
  happened();
  EXPECT_FALSE(broker().kick("away", now()));
  EXPECT_FALSE(broker().kick("nobody", now()));
  EXPECT_THAT(happened(), IsEmpty());
}

using RemovedSession = BrokerTest;

TEST_F(RemovedSession, EndsWhetherItIsConnectedOrNot) {
  connected(kept(v5("away"))).drop();
  ScriptedClient& here = connected(kept(v5("here")));
  happened();
  EXPECT_TRUE(broker().remove_session("away", now()));
  EXPECT_TRUE(broker().remove_session("here", now()));
  EXPECT_THAT(happened(), ElementsAre("ended away", "disconnected here", "ended here"));
  EXPECT_THAT(here.read(), ElementsAre("DISCONNECT 98", "closed"));
  EXPECT_EQ(broker().sessions(), 0u);
  EXPECT_FALSE(broker().remove_session("away", now()));
}

TEST_F(RemovedSession, OfOneThatDoesNotOutliveItsConnectionEndsOnce) {
  connected(v5("a"));
  EXPECT_TRUE(broker().remove_session("a", now()));
  EXPECT_THAT(happened(), ElementsAre("disconnected a", "ended a"));
}

TEST_F(RemovedSession, CutsAWillsDelayShort) {
  connected(with_will(kept(v5("a")), 1000));
  EXPECT_TRUE(broker().remove_session("a", now()));
  EXPECT_THAT(happened(), ElementsAre("disconnected a", will_of("a"), "ended a"));
  pass_s(2000);
  EXPECT_THAT(happened(), IsEmpty());
}

// ---- wills ----

using WillMessage = BrokerTest;

TEST_F(WillMessage, IsSentWhenTheConnectionIsLost) {  // [MQTT-3.1.2-8]
  connected(with_will(v5("a"))).drop();
  EXPECT_THAT(happened(), ElementsAre("disconnected a", will_of("a"), "ended a"));
}

TEST_F(WillMessage, IsDiscardedWhenTheClientSaysGoodBye) {  // [MQTT-3.1.2-10, MQTT-3.14.4-3]
  connected(with_will(v5("a"))).disconnect();
  connected(with_will(v3("b"))).disconnect();
  EXPECT_THAT(happened(), ElementsAre("disconnected b", "ended b"));
}

TEST_F(WillMessage, IsSentWhenTheGoodByeAsksForIt) {  // MQTT 5.0 section 3.14.2.1, reason 0x04
  ScriptedClient& a = connected(with_will(v5("a")));
  EXPECT_THAT(a.disconnect({ReasonCode::disconnect_with_will, {}, {}}), ElementsAre("closed"));
  EXPECT_THAT(happened(), ElementsAre("disconnected a", will_of("a"), "ended a"));
}

TEST_F(WillMessage, IsSentAfterAProtocolError) {
  connected(with_will(v5("a"))).send(std::string_view("\x20\0", 2));
  EXPECT_THAT(happened(), ElementsAre("disconnected a", will_of("a"), "ended a"));
}

TEST_F(WillMessage, WaitsForItsDelayAndNotAMomentLess) {  // MQTT 5.0 section 3.1.3.2.2
  connected(with_will(kept(v5("a"), 100), 5)).drop();
  happened();
  pass_ms(4999);
  EXPECT_THAT(happened(), IsEmpty());
  pass_ms(1);
  EXPECT_THAT(happened(), ElementsAre(will_of("a")));
  pass_s(95);
  EXPECT_THAT(happened(), ElementsAre("ended a"));
}

TEST_F(WillMessage, IsSentAtTheSessionsEndIfThatIsSooner) {  // MQTT 5.0 section 3.1.3.2.2
  connected(with_will(kept(v5("a"), 5), 100)).drop();
  happened();
  pass_s(5);
  EXPECT_THAT(happened(), ElementsAre(will_of("a"), "ended a"));
}

TEST_F(WillMessage, IsNotSentWhenTheClientComesBackInTime) {  // [MQTT-3.1.3-9]
  ScriptedClient& a = connected(with_will(kept(v5("a")), 5));
  a.drop();
  pass_s(4);
  a.connect(kept(v5("a")));
  happened();
  pass_s(10);
  EXPECT_THAT(happened(), IsEmpty());
}

TEST_F(WillMessage, IsSentWhenTheClientComesBackTooLateButBeforeTheTick) {
  ScriptedClient& a = connected(with_will(kept(v5("a")), 5));
  a.drop();
  clock_.advance_ms(5000);
  a.connect(kept(v5("a")));
  EXPECT_THAT(happened(), ElementsAre("disconnected a", will_of("a"), "connected a present"));
}

TEST_F(WillMessage, IsReplacedByTheNextConnections) {
  ScriptedClient& a = connected(with_will(kept(v5("a")), 5));
  a.drop();
  a.connect(kept(v5("a")));  // without a will
  a.drop();
  happened();
  pass_s(10);
  EXPECT_THAT(happened(), IsEmpty());
}

TEST_F(WillMessage, IsGivenToTheHubToKeepAsLongAsItMayBePublished) {  // [MQTT-3.1.2-7, MQTT-3.1.2-10]
  events_.records_wills = true;
  ScriptedClient& a = client();
  a.connect(with_will(kept(v5("a")), 5));
  EXPECT_THAT(happened(), ElementsAre("will a 0", "connected a"));
  a.drop();
  EXPECT_THAT(happened(), ElementsAre("disconnected a", "will a " + std::to_string(now().hub_ms + 5000)));
  a.connect(kept(v5("a")));  // in time, and without one
  EXPECT_THAT(happened(), ElementsAre("no-will a", "connected a present"));
  a.connect(with_will(kept(v5("a"))));
  happened();
  a.disconnect();
  EXPECT_THAT(happened(), ElementsAre("disconnected a", "no-will a"));
}

TEST_F(WillMessage, IsPublishedAfterARestartOnceItsDelayIsOver) {  // [MQTT-3.1.2-8]
  events_.records_wills = true;
  const core::MessagePtr will = message("will", "gone");
  broker().restore({"delayed", 3600, now().hub_ms - 1000}, now());
  broker().restore_will("delayed", {will, 0, 5, now().hub_ms + 4000}, now());
  broker().restore({"connected", 3600, 0}, now());
  broker().restore_will("connected", {will, 0, 5, 0}, now());
  broker().restore_will("short-lived", {will, 0, 5, 0}, now());  // expiry 0: it ends with its connection
  happened();
  pass_ms(0);
  EXPECT_THAT(happened(), ElementsAre("publish short-lived q0 will=gone", "ended short-lived"));
  pass_ms(4000);
  EXPECT_THAT(happened(), ElementsAre("publish delayed q0 will=gone"));
  pass_ms(1000);
  EXPECT_THAT(happened(), ElementsAre("publish connected q0 will=gone"));
  pass_s(3);
  EXPECT_THAT(happened(), IsEmpty());
}

TEST_F(WillMessage, IsNotPublishedAfterARestartIfItsClientIsBackInTime) {  // [MQTT-3.1.3-9]
  broker().restore({"a", 3600, 0}, now());
  broker().restore_will("a", {message("will", "gone"), 0, 5, 0}, now());
  connected(kept(v5("a")));
  pass_s(10);
  EXPECT_THAT(happened(), IsEmpty());
}

TEST_F(WillMessage, CountsItsExpiryFromItsPublication) {
  Connect connect = with_will(kept(v5("a")), 5);
  connect.will->properties.expiry_s = 60;
  connected(connect).drop();
  pass_s(5);
  EXPECT_EQ(events_.messages().back()->expires_ms, now().hub_ms + 60'000);
}

}  // namespace
}  // namespace headgate::broker
