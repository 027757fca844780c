// Deliveries to clients: the window, what waits behind it, redelivery, limits of the client, slow readers
// (MQTT 5.0 sections 3.3, 4.3, 4.4, 4.6 and 4.9).
#include <gmock/gmock.h>

#include <string>

#include "tests/broker/broker_fixture.h"

namespace headgate::broker {
namespace {

Connect with_window(Connect connect, uint16_t receive_maximum) {
  connect.receive_maximum = receive_maximum;
  return connect;
}

Connect with_packet_bytes_max(Connect connect, uint32_t bytes) {
  connect.packet_bytes_max = bytes;
  return connect;
}

// ---- one delivery ----

using Delivering = BrokerTest;

TEST_F(Delivering, SendsEachQosItsWay) {
  for (const Connect& connect : {v5("a"), v3("a")}) {
    ScriptedClient& a = connected(connect);
    deliver("a", "x", 0);
    deliver("a", "y", 1);
    deliver("a", "z", 2);
    EXPECT_THAT(a.read(), ElementsAre("PUBLISH q0 t=x", "PUBLISH q1 id1 t=y", "PUBLISH q2 id2 t=z"));
  }
}

TEST_F(Delivering, RunsTheFourStepsOfQosTwo) {  // [MQTT-4.3.3-1, MQTT-4.3.3-4]
  ScriptedClient& a = connected(v5("a"));
  deliver("a", "x", 2);
  EXPECT_THAT(a.pubrec(1), ElementsAre("PUBLISH q2 id1 t=x", "PUBREL 1"));
  EXPECT_THAT(a.pubcomp(1), IsEmpty());
  EXPECT_EQ(session("a")->in_flight(), 0u);
}

TEST_F(Delivering, CarriesRetainAndSubscriptionIdentifiers) {  // [MQTT-3.3.1-9, MQTT-3.3.4-3]
  ScriptedClient& a = connected(v5("a"));
  deliver("a", message("t", "x"), 0, true, {5, 200'000});
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q0 retain sub5 sub200000 t=x"));
}

TEST_F(Delivering, GivesEachSubscriberOfOneMessageItsOwnForm) {
  for (const char* id : {"a", "b", "c"}) connected(v5(id));
  connected(v3("d"));
  SharedPublish shared(message("t", "x"));
  for (const char* id : {"a", "b", "c", "d"}) session(id)->deliver_from_memory(shared, 0, false, {}, now());
  session("a")->deliver_from_memory(shared, 0, true, {}, now());
  session("b")->deliver_from_memory(shared, 1, false, {}, now());
  EXPECT_THAT(clients_[0].read(), ElementsAre("PUBLISH q0 t=x", "PUBLISH q0 retain t=x"));
  EXPECT_THAT(clients_[1].read(), ElementsAre("PUBLISH q0 t=x", "PUBLISH q1 id1 t=x"));
  EXPECT_THAT(clients_[2].read(), ElementsAre("PUBLISH q0 t=x"));
  EXPECT_THAT(clients_[3].read(), ElementsAre("PUBLISH q0 t=x"));
  EXPECT_EQ(broker().traffic().publishes_out, 6u);
}

TEST_F(Delivering, TellsTheOwnerOfTheQueueHowItEnded) {
  ScriptedClient& a = connected(v5("a"));
  send("a", 10, 0);
  send("a", 11, 1);
  send("a", 12, 2);
  EXPECT_THAT(happened(), ElementsAre("delivered a 10"));
  a.puback(1);
  a.pubrec(2);
  a.pubcomp(2);
  EXPECT_THAT(happened(), ElementsAre("delivered a 11", "received a 12", "completed a 2"));
}

TEST_F(Delivering, ReleasesOnlyOnceTheReceiptIsDurable) {
  events_.answers_at_once = false;
  ScriptedClient& a = connected(v5("a"));
  send("a", 12, 2);
  EXPECT_THAT(a.pubrec(1), ElementsAre("PUBLISH q2 id1 t=12"));
  EXPECT_THAT(a.pubrec(1), IsEmpty());
  events_.answer_all();
  EXPECT_THAT(a.read(), ElementsAre("PUBREL 1"));
}

TEST_F(Delivering, ThatTheClientRefusesIsOver) {  // MQTT 5.0 sections 3.4.2.1 and 3.5.2.1
  ScriptedClient& a = connected(v5("a"));
  send("a", 11, 1);
  send("a", 12, 2);
  a.ack(PacketType::puback, 1, ReasonCode::quota_exceeded);
  EXPECT_THAT(a.ack(PacketType::pubrec, 2, ReasonCode::quota_exceeded), IsEmpty());  // no PUBREL
  EXPECT_THAT(happened(), ElementsAre("undeliverable a 11", "undeliverable a 12"));
  EXPECT_EQ(session("a")->stats().dropped, 2u);
  EXPECT_EQ(session("a")->in_flight(), 0u);
}

// ---- packet ids ----

using PacketIds = BrokerTest;

TEST_F(PacketIds, AreThoseTheOwnerGives) {
  ScriptedClient& a = connected(v5("a"));
  EXPECT_TRUE(send("a", 1, 2, 500));
  EXPECT_FALSE(send("a", 2, 2, 500));  // in use [MQTT-2.2.1-4]
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q2 id500 t=1"));
  a.pubrec(500);
  EXPECT_FALSE(send("a", 2, 2, 500));
  a.pubcomp(500);
  EXPECT_TRUE(send("a", 2, 2, 500));
}

TEST_F(PacketIds, ThatTheOwnerGaveAreSteppedOver) {
  ScriptedClient& a = connected(v5("a"));
  send("a", 1, 2, 2);
  for (const char* body : {"x", "y"}) deliver("a", body, 1);
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q2 id2 t=1", "PUBLISH q1 id1 t=x", "PUBLISH q1 id3 t=y"));
}

TEST_F(PacketIds, GoRoundWithoutZero) {  // [MQTT-2.2.1-4]
  ScriptedClient& a = connected(v5("a"));
  for (int i = 0; i < 65'534; ++i) {
    deliver("a", "x", 1);
    a.puback(static_cast<uint16_t>(i + 1));
  }
  for (const char* body : {"x", "y", "z"}) deliver("a", body, 1);
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q1 id65535 t=x", "PUBLISH q1 id1 t=y", "PUBLISH q1 id2 t=z"));
}

// ---- the client's Receive Maximum ----

using ClientWindow = BrokerTest;

TEST_F(ClientWindow, HoldsBackWhatIsTooMuchAndDrainsWithEachAcknowledgement) {  // [MQTT-3.3.4-9]
  ScriptedClient& a = connected(with_window(v5("a"), 2));
  for (const char* body : {"1", "2", "3", "4", "5"}) deliver("a", body, 1);
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q1 id1 t=1", "PUBLISH q1 id2 t=2"));
  EXPECT_EQ(session("a")->waiting(), 3u);
  EXPECT_THAT(a.puback(2), ElementsAre("PUBLISH q1 id3 t=3"));
  EXPECT_THAT(a.puback(1), ElementsAre("PUBLISH q1 id4 t=4"));
}

TEST_F(ClientWindow, OpensWithPubcompNotWithPubrec) {  // MQTT 5.0 section 4.9
  ScriptedClient& a = connected(with_window(v5("a"), 1));
  deliver("a", "1", 2);
  deliver("a", "2", 2);
  EXPECT_THAT(a.pubrec(1), ElementsAre("PUBLISH q2 id1 t=1", "PUBREL 1"));
  EXPECT_THAT(a.pubcomp(1), ElementsAre("PUBLISH q2 id2 t=2"));
}

TEST_F(ClientWindow, DoesNotHoldBackQosZero) {  // [MQTT-3.3.4-10]
  ScriptedClient& a = connected(with_window(v5("a"), 1));
  deliver("a", "1", 1);
  deliver("a", "2", 1);
  deliver("a", "3", 0);
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q1 id1 t=1", "PUBLISH q0 t=3"));
}

TEST_F(ClientWindow, IsTheHubsOwnLimitInVersion3) {
  options_.session.in_flight_max = 1;
  ScriptedClient& a = connected(v3("a"));
  deliver("a", "1", 1);
  deliver("a", "2", 1);
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q1 id1 t=1"));
}

TEST_F(ClientWindow, TellsTheOwnerOfAQueueHowMuchFits) {
  ScriptedClient& a = connected(with_window(v5("a"), 2));
  EXPECT_EQ(session("a")->window(), 2u);
  send("a", 1, 1);
  send("a", 2, 1);
  EXPECT_EQ(session("a")->window(), 0u);
  events_.also_on_room = [&](Session& s) {
    if (s.window() > 0) send("a", 3, 1);
  };
  EXPECT_THAT(a.puback(1), ElementsAre("PUBLISH q1 id1 t=1", "PUBLISH q1 id2 t=2", "PUBLISH q1 id3 t=3"));
}

TEST_F(ClientWindow, IsOpenToNobodyWithoutAConnection) {
  ScriptedClient& a = connected(kept(v5("a")));
  a.drop();
  EXPECT_EQ(session("a")->window(), 0u);
}

// ---- what waits in memory ----

using Waiting = BrokerTest;

TEST_F(Waiting, KeepsQosOneAndTwoForAClientThatIsAwayAndDropsQosZero) {
  ScriptedClient& a = connected(kept(v5("a")));
  a.drop();
  deliver("a", "0", 0);
  deliver("a", "1", 1);
  deliver("a", "2", 2);
  EXPECT_THAT(a.connect(kept(v5("a"))),
              ElementsAre("CONNACK 00 present", "PUBLISH q1 id1 t=1", "PUBLISH q2 id2 t=2"));
  EXPECT_EQ(session("a")->stats().dropped, 1u);
}

TEST_F(Waiting, IsLimitedInMessagesAndCountsWhatItDrops) {
  options_.session.queued_messages_max = 2;
  connected(kept(v5("a"))).drop();
  for (const char* body : {"1", "2", "3"}) deliver("a", body, 1);
  EXPECT_EQ(session("a")->waiting(), 2u);
  EXPECT_EQ(session("a")->stats().dropped, 1u);
}

TEST_F(Waiting, IsLimitedInBytesOfTopicsBodiesAndProperties) {
  options_.session.queued_bytes_max = 1000;
  connected(kept(v5("a"))).drop();
  deliver("a", std::string(899, 'x'), 1);
  EXPECT_EQ(session("a")->waiting_bytes(), 900u);
  auto properties = std::make_shared<core::Properties>();
  properties->user = {{"k", std::string(200, 'v')}};
  core::Message large = *message("t", "x");
  large.properties = properties;
  deliver("a", std::make_shared<const core::Message>(large), 1);
  EXPECT_EQ(session("a")->waiting(), 1u);
}

TEST_F(Waiting, PassesOnWhatRemainsOfTheExpiry) {  // [MQTT-3.3.2-6]
  ScriptedClient& a = connected(kept(v5("a")));
  deliver("a", message("t", "now", 60), 0);
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q0 expiry60 t=now"));
  a.drop();
  deliver("a", message("t", "later", 60), 1);
  clock_.advance_ms(20'500);
  EXPECT_THAT(a.connect(kept(v5("a"))), ElementsAre("CONNACK 00 present", "PUBLISH q1 id1 expiry40 t=later"));
}

TEST_F(Waiting, DropsWhatHasExpired) {  // [MQTT-3.3.2-5]
  ScriptedClient& a = connected(kept(v5("a")));
  a.drop();
  deliver("a", message("t", "short", 10), 1);
  deliver("a", message("t", "long", 60), 1);
  clock_.advance_ms(10'000);
  EXPECT_THAT(a.connect(kept(v5("a"))), ElementsAre("CONNACK 00 present", "PUBLISH q1 id1 expiry50 t=long"));
  EXPECT_EQ(session("a")->stats().dropped, 1u);
}

// ---- redelivery ----

using Redelivery = BrokerTest;

TEST_F(Redelivery, HasDupKeepsIdsAndOrderAndComesBeforeWhatIsNew) {  // [MQTT-4.4.0-1, MQTT-4.6.0-1]
  for (const Connect& connect : {kept(v5("a")), kept(v3("b"))}) {
    const std::string id(connect.client_id);
    ScriptedClient& one = connected(connect);
    for (const char* body : {"1", "2", "3"}) deliver(id, body, 1);
    one.puback(2);
    one.drop();
    deliver(id, "4", 1);
    EXPECT_THAT(one.connect(connect), ElementsAre("CONNACK 00 present", "PUBLISH q1 id1 dup t=1",
                                                  "PUBLISH q1 id3 dup t=3", "PUBLISH q1 id4 t=4"));
  }
}

TEST_F(Redelivery, IsNotAskedForWithinAConnection) {  // [MQTT-4.4.0-1]
  ScriptedClient& a = connected(v5("a"));
  deliver("a", "1", 1);
  a.read();
  pass_s(1000);
  EXPECT_THAT(a.read(), IsEmpty());
}

TEST_F(Redelivery, StaysWithinTheNewConnectionsWindow) {  // [MQTT-3.3.4-9]
  ScriptedClient& a = connected(kept(v5("a")));
  for (const char* body : {"1", "2", "3"}) deliver("a", body, 1);
  EXPECT_THAT(a.connect(with_window(kept(v5("a")), 1)),
              ElementsAre("CONNACK 00 present", "PUBLISH q1 id1 dup t=1"));
  EXPECT_EQ(session("a")->window(), 0u);
  EXPECT_THAT(a.puback(1), ElementsAre("PUBLISH q1 id2 dup t=2"));
  deliver("a", "4", 1);
  EXPECT_THAT(a.puback(2), ElementsAre("PUBLISH q1 id3 dup t=3"));
  EXPECT_THAT(a.puback(3), ElementsAre("PUBLISH q1 id4 t=4"));
}

TEST_F(Redelivery, TellsTheOwnerOfAQueueWhenItIsDone) {
  ScriptedClient& a = connected(kept(v5("a")));
  send("a", 1, 1);
  send("a", 2, 1);
  a.connect(with_window(kept(v5("a")), 1));
  bool room = false;
  events_.also_on_room = [&](Session& s) { room = s.window() > 0; };
  a.puback(1);
  EXPECT_FALSE(room);
  a.puback(2);
  EXPECT_TRUE(room);
}

TEST_F(Redelivery, TakesAnAcknowledgementOfWhatItHasNotSentAgainYet) {
  ScriptedClient& a = connected(kept(v5("a")));
  for (const bool twice : {false, false, true, false}) deliver("a", "x", twice ? 2 : 1);
  a.connect(with_window(kept(v5("a")), 1));
  EXPECT_THAT(a.puback(2), IsEmpty());
  EXPECT_THAT(a.pubrec(3), ElementsAre("PUBREL 3"));
  EXPECT_THAT(a.puback(1), IsEmpty());  // the released delivery has the window
  EXPECT_THAT(a.pubcomp(3), ElementsAre("PUBLISH q1 id4 dup t=x"));
}

TEST_F(Redelivery, GivesUpWhatTheNewConnectionDoesNotTake) {  // [MQTT-3.1.2-25]
  ScriptedClient& a = connected(kept(v5("a")));
  deliver("a", std::string(500, 'x'), 1);
  deliver("a", "2", 1);
  EXPECT_THAT(a.connect(with_packet_bytes_max(kept(v5("a")), 100)),
              ElementsAre("CONNACK 00 present", "PUBLISH q1 id2 dup t=2"));
  EXPECT_EQ(session("a")->in_flight(), 1u);
  EXPECT_EQ(session("a")->stats().dropped, 1u);
}

TEST_F(Redelivery, DoesNotFillTheMemoryOfASlowReader) {
  options_.session.unsent_bytes_max = 10'000;
  ScriptedClient& a = connected(kept(v5("a")));
  for (int i = 0; i < 100; ++i) {
    deliver("a", std::string(5000, 'x'), 1);
    a.read();
  }
  a.stall();
  a.connect(kept(v5("a")));
  EXPECT_LE(a.channel().unsent_bytes(), 20'000u);
  a.resume();
  EXPECT_THAT(a.read(), ::testing::SizeIs(101));
}

TEST_F(Redelivery, SendsNoPublishAgainThatTheClientHas) {  // [MQTT-4.3.3-7]
  events_.answers_at_once = false;
  ScriptedClient& a = connected(kept(v5("a")));
  send("a", 1, 2);
  a.pubrec(1);
  EXPECT_THAT(a.connect(kept(v5("a"))), ElementsAre("CONNACK 00 present"));
  events_.answer_all();
  EXPECT_THAT(a.read(), ElementsAre("PUBREL 1"));
}

TEST_F(Redelivery, FinishesAHandshakeThatTheHubDidNotOutlive) {
  broker().restore({"a", 3600, 0}, now()).restore_released(7);
  ScriptedClient& a = client();
  EXPECT_THAT(a.connect(kept(v5("a"))), ElementsAre("CONNACK 00 present", "PUBREL 7"));
  EXPECT_FALSE(send("a", 1, 2, 7));
  a.pubcomp(7);
  EXPECT_THAT(happened(), ElementsAre("connected a present", "completed a 7"));
  EXPECT_TRUE(send("a", 1, 2, 7));
}

// ---- the client's Maximum Packet Size ----

using ClientPacketSize = BrokerTest;

TEST_F(ClientPacketSize, IsHonouredByDroppingAndCounting) {  // [MQTT-3.1.2-24, MQTT-3.1.2-25]
  ScriptedClient& a = connected(with_packet_bytes_max(v5("a"), 100));
  const std::string large(100, 'x');
  for (uint8_t qos = 0; qos <= 2; ++qos) deliver("a", large, qos);
  deliver("a", message("t", large, 60), 0);
  EXPECT_FALSE(send("a", 9, 1) && a.read().empty());
  EXPECT_LE(a.largest_packet(), 100u);
  EXPECT_EQ(session("a")->stats().dropped, 4u);
}

TEST_F(ClientPacketSize, HoldsForTheSharedFormToo) {
  connected(v5("a"));
  connected(v5("b"));
  ScriptedClient& c = connected(with_packet_bytes_max(v5("c"), 50));
  SharedPublish shared(message("t", std::string(100, 'x')));
  for (const char* id : {"a", "b", "c"}) session(id)->deliver_from_memory(shared, 0, false, {}, now());
  EXPECT_THAT(c.read(), IsEmpty());
}

TEST_F(ClientPacketSize, IsTheSameToTheOwnerOfAQueueAsDelivered) {
  ScriptedClient& a = connected(with_packet_bytes_max(v5("a"), 20));
  Outgoing out{message("t", std::string(100, 'x')), 1, false, {}, {1, 0, 5}};
  EXPECT_EQ(session("a")->deliver_from_queue(out, 0, now()), Handed::taken);
  EXPECT_THAT(a.read(), IsEmpty());
  EXPECT_THAT(happened(), ElementsAre("undeliverable a 5"));
  EXPECT_EQ(session("a")->in_flight(), 0u);
}

TEST_F(ClientPacketSize, DropsAWholeQueueWithoutNesting) {  // its depth must not be the stack's
  options_.session.queued_messages_max = 100'000;
  ScriptedClient& a = connected(kept(v5("a")));
  a.drop();
  for (int i = 0; i < 100'000; ++i) deliver("a", std::string(30, 'x'), 1);
  a.connect(with_packet_bytes_max(kept(v5("a")), 30));
  EXPECT_EQ(session("a")->waiting(), 0u);
  EXPECT_EQ(session("a")->stats().dropped, 100'000u);
}

// ---- slow readers ----

class SlowReader : public BrokerTest {
 protected:
  SlowReader() { options_.session.unsent_bytes_max = 1000; }
  // A client that has stayed behind for longer than a burst may last.
  ScriptedClient& behind(const Connect& connect) {
    ScriptedClient& one = connected(connect);
    one.stall();
    deliver(connect.client_id, std::string(1100, 'x'), 0);
    deliver(connect.client_id, "y", 0);
    one.read();
    pass_ms(Burst::kMs);
    return one;
  }
  // What `count` messages of 100 bytes bring a client that reads, all in one turn of the loop.
  void deliver_burst(std::string_view client_id, size_t count) {
    for (size_t i = 0; i < count; ++i) deliver(client_id, std::string(100, 'x'), 0);
  }
};

TEST_F(SlowReader, LosesOnlyQosZeroAndRecovers) {
  ScriptedClient& a = behind(v5("a"));
  deliver("a", "0", 0);
  deliver("a", "1", 1);
  deliver("a", "2", 2);
  EXPECT_EQ(session("a")->stats().dropped, 1u);
  a.resume();
  EXPECT_THAT(a.read(), ElementsAre(::testing::StartsWith("PUBLISH q0 t=xxx"), "PUBLISH q0 t=y",
                                    "PUBLISH q1 id1 t=1", "PUBLISH q2 id2 t=2"));
  deliver("a", "3", 0);
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q0 t=3"));
}

TEST_F(SlowReader, IsNotReadEither) {
  ScriptedClient& a = connected(v5("a"));
  a.stall();
  deliver("a", std::string(1100, 'x'), 0);
  a.read();
  EXPECT_FALSE(a.is_read());
  a.resume();
  EXPECT_TRUE(a.is_read());
}

TEST_F(SlowReader, HoldsBackItsDurableQueueUntilItHasDrained) {
  ScriptedClient& a = connected(v5("a"));
  a.stall();
  deliver("a", std::string(1100, 'x'), 0);
  a.read();
  EXPECT_EQ(session("a")->window(), 0u);
  bool room = false;
  events_.also_on_room = [&](Session& s) { room = s.window() > 0; };
  a.resume();
  EXPECT_TRUE(room);
}

TEST_F(SlowReader, DoesNotHoldBackAnother) {
  ScriptedClient& a = connected(v5("a"));
  ScriptedClient& b = connected(v5("b"));
  a.stall();
  deliver("a", std::string(1100, 'x'), 0);
  a.read();
  deliver("b", "1", 1);
  EXPECT_THAT(b.read(), ElementsAre("PUBLISH q1 id1 t=1"));
}

TEST_F(SlowReader, IsNotOneThatReadsWhateverComesInATurn) {
  ScriptedClient& a = connected(v5("a"));
  deliver_burst("a", 10'000);
  EXPECT_EQ(a.read().size(), 10'000u);
  EXPECT_EQ(session("a")->stats().dropped, 0u);
}

TEST_F(SlowReader, IsNotOneWhoseSocketIsFullForAMoment) {
  ScriptedClient& a = connected(v5("a"));
  a.stall();
  deliver_burst("a", 10'000);
  pass_ms(Burst::kMs - 1);
  deliver("a", "y", 0);
  EXPECT_EQ(session("a")->stats().dropped, 0u);
  a.resume();
  EXPECT_EQ(a.read().size(), 10'001u);
}

TEST_F(SlowReader, IsJudgedAnewOnceItHasTakenAll) {
  ScriptedClient& a = behind(v5("a"));
  a.resume();
  a.stall();
  deliver_burst("a", 1000);
  EXPECT_EQ(session("a")->stats().dropped, 0u);
}

TEST_F(SlowReader, HasABurstOfNoMoreThanMayWaitForAClient) {
  options_.session.queued_bytes_max = 10'000;
  ScriptedClient& a = connected(v5("a"));
  a.stall();
  deliver_burst("a", 1000);
  a.read();
  EXPECT_LE(a.channel().unsent_bytes(), 10'000u);
  EXPECT_GT(session("a")->stats().dropped, 0u);
}

TEST_F(SlowReader, SharesTheRoomForBurstsWithAllOthers) {
  const std::string body(1 << 20, 'x');
  options_.session.queued_bytes_max = SIZE_MAX;
  for (const char* id : {"a", "b"}) connected(v5(id)).stall();
  for (int i = 0; i < 50; ++i) {
    for (const char* id : {"a", "b"}) deliver(id, body, 0);
  }
  const uint64_t sent = session("a")->stats().delivered + session("b")->stats().delivered;
  EXPECT_LE(sent * body.size(), Burst::kAllBytesMax + 4 * body.size());
  EXPECT_GT(sent * body.size(), Burst::kAllBytesMax / 2);
  for (ScriptedClient& one : clients_) one.drop();
  ScriptedClient& c = connected(v5("c"));
  c.stall();
  for (int i = 0; i < 50; ++i) deliver("c", body, 0);
  EXPECT_EQ(session("c")->stats().dropped, 0u);  // the room is free again
}

TEST_F(SlowReader, CostsNoWriteForEachMessageThatItDoesNotGet) {
  ScriptedClient& a = behind(v5("a"));
  deliver("a", "1", 0);
  const size_t before = a.shell().offers;
  deliver_burst("a", 1000);
  EXPECT_EQ(a.shell().offers, before);
}

TEST_F(SlowReader, IsNotTakenForOneWhenItTakesALotAtOnce) {  // within one turn of the loop
  ScriptedClient& a = connected(v5("a"));
  deliver("a", std::string(1100, 'x'), 0);
  deliver("a", "1", 1);
  EXPECT_THAT(a.read(), ElementsAre(::testing::StartsWith("PUBLISH q0 t=xxx"), "PUBLISH q1 id1 t=1"));
}

class StuckReader : public SlowReader {
 protected:
  StuckReader() { options_.slow_reader_timeout_s = 30; }
  // Behind by more than may be, and taking nothing more.
  ScriptedClient& stuck(const Connect& connect) {
    ScriptedClient& one = connected(connect);
    one.stall();
    deliver(connect.client_id, std::string(1100, 'x'), 0);
    one.read();
    pass_s(1);
    return one;
  }
};

TEST_F(StuckReader, IsClosedOnceItHasTakenNothingForTooLong) {
  ScriptedClient& a = stuck(v5("a"));
  pass_s(29);
  EXPECT_FALSE(a.channel().closing());
  pass_s(1);
  EXPECT_TRUE(a.channel().closing());
  a.drop();
  EXPECT_THAT(log_.lines(),
              ::testing::Contains("client_closed peer=client client=a reason=slow reader why="));
  EXPECT_EQ(broker().stats().closed.at("slow reader"), 1u);
}

TEST_F(StuckReader, IsToldIfItReadsJustThen) {
  ScriptedClient& a = stuck(v5("a"));
  pass_s(30);
  a.resume();
  EXPECT_THAT(a.read(), ElementsAre(::testing::StartsWith("PUBLISH q0"), "DISCONNECT 97", "closed"));
}

TEST_F(StuckReader, IsNotOneThatTakesALittleNowAndThen) {
  ScriptedClient& a = connected(v5("a"));
  for (int i = 0; i < 10; ++i) {
    a.stall();
    deliver("a", std::string(1100, 'x'), 0);
    a.read();
    pass_s(29);
    a.resume();
    a.read();
    pass_s(1);
  }
  EXPECT_FALSE(a.channel().closing());
}

TEST_F(StuckReader, IsNotNoticedByOthers) {
  ScriptedClient& b = connected(v5("b"));
  stuck(v5("a"));
  for (int i = 0; i < 60; ++i) {
    deliver("a", "x", 0);
    deliver("b", std::to_string(i), 1);
    EXPECT_THAT(b.read(), ElementsAre(::testing::EndsWith("t=" + std::to_string(i))));
    b.puback(static_cast<uint16_t>(i + 1));
    pass_s(1);
  }
  EXPECT_EQ(session("b")->stats().dropped, 0u);
}

// ---- drops ----

TEST_F(SlowReader, HasItsDropsCountedByReasonAndLoggedOnceAMinute) {
  options_.slow_reader_timeout_s = 100;
  behind(v5("a"));
  const size_t before = log_.lines().size();
  for (int second = 0; second < 61; ++second) {
    for (int i = 0; i < 10; ++i) deliver("a", "x", 0);
    pass_s(1);
    if (second == 0) {
      EXPECT_EQ(log_.lines().back(), "messages_dropped client=a messages=10 waiting=0 unsent_bytes=1114");
    }
  }
  EXPECT_EQ(log_.lines().size(), before + 2);
  EXPECT_EQ(log_.lines().back(), "messages_dropped client=a messages=600 waiting=0 unsent_bytes=1114");
  EXPECT_EQ(broker().drops()[static_cast<size_t>(DropReason::slow_reader)], 610u);
}

TEST_F(BrokerTest, SaysNothingOfQosZeroForWhoIsAway) {  // it is not meant for him
  connected(kept(v5("a"))).drop();
  const size_t before = log_.lines().size();
  deliver("a", "x", 0);
  pass_s(1);
  EXPECT_EQ(log_.lines().size(), before);
  EXPECT_EQ(broker().drops()[static_cast<size_t>(DropReason::offline)], 1u);
}

}  // namespace
}  // namespace headgate::broker
