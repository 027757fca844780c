// What a subscriber gets of what others publish: options of its subscriptions, retained messages, wills,
// properties, order (MQTT 5.0 and 3.1.1 sections 3.1.2, 3.3, 3.8, 3.10 and 4.6), through the whole hub.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using testing::dup;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kept;
using testing::Lines;
using testing::qos0;
using testing::qos1;
using testing::qos2;
using testing::ScriptedClient;
using testing::to;
using testing::v3;
using testing::v5;
using testing::with_will;

broker::Publish retained(broker::Publish publish) {
  publish.retain = true;
  return publish;
}

broker::SubscriptionRequest handling(broker::SubscriptionRequest request, uint8_t retain_handling) {
  request.retain_handling = static_cast<broker::RetainHandling>(retain_handling);
  return request;
}

broker::SubscriptionRequest as_published(broker::SubscriptionRequest request) {
  request.retain_as_published = true;
  return request;
}

class DeliveryRules : public EngineTest {
 protected:
  DeliveryRules() {
    sensor_.connect(v5("sensor"));
    old_sensor_.connect(v3("old sensor"));
  }

  void publish(const broker::Publish& publish) {
    sensor_.publish(publish);
    commit();
    if (publish.qos == 2) sensor_.pubrel(publish.packet_id);
    commit();
  }
  // What a client that was not there before gets for a subscription, without the SUBACK.
  Lines what_waits_for(const broker::Connect& connect, const broker::SubscriptionRequest& request) {
    ScriptedClient reader = client();
    reader.connect(connect);
    Lines lines = reader.subscribe(1, {request});
    commit();
    for (const std::string& line : reader.read()) lines.push_back(line);
    lines.erase(lines.begin());
    return lines;
  }
  Lines read(ScriptedClient& reader) {
    commit();
    return reader.read();
  }

  ScriptedClient sensor_ = client();
  ScriptedClient old_sensor_ = client();
};

// ---- retained messages ----

TEST_F(DeliveryRules, KeepOneRetainedMessageATopic) {  // [MQTT-3.3.1-5]
  publish(retained(qos1(1, "t", "old")));
  publish(retained(qos1(2, "t", "new")));
  EXPECT_THAT(what_waits_for(v5("a"), to("t", 1)), ElementsAre("PUBLISH q1 id1 retain t=new"));
}

TEST_F(DeliveryRules, KeepARetainedMessageOfVersion3WithItsQos) {  // 3.1.1 [MQTT-3.3.1-5, MQTT-3.3.1-6]
  old_sensor_.publish(retained(qos1(1, "t", "x")));
  commit();
  EXPECT_THAT(what_waits_for(v3("a"), to("t", 2)), ElementsAre("PUBLISH q1 id1 retain t=x"));
}

TEST_F(DeliveryRules, ReplaceARetainedMessageByOneOfQosZero) {  // 3.1.1 [MQTT-3.3.1-7]
  publish(retained(qos1(1, "t", "old")));
  publish(retained(qos0("t", "new")));
  EXPECT_THAT(what_waits_for(v3("a"), to("t", 1)), ElementsAre("PUBLISH q0 retain t=new"));
}

TEST_F(DeliveryRules, DeliverAnEmptyRetainedMessageAndForgetTheTopic) {  // [MQTT-3.3.1-6, MQTT-3.3.1-7]
  ScriptedClient watcher = client();
  watcher.connect(v3("watcher"));
  watcher.subscribe(1, {to("t")});
  publish(retained(qos1(1, "t", "x")));
  publish(retained(qos1(2, "t", "")));
  EXPECT_THAT(watcher.read(), ElementsAre("PUBLISH q0 t=x", "PUBLISH q0 t="));
  EXPECT_THAT(what_waits_for(v5("a"), to("t")), IsEmpty());
  EXPECT_FALSE(store_.get("retained/t"));
}

TEST_F(DeliveryRules, LeaveTheRetainedMessageAloneOtherwise) {  // [MQTT-3.3.1-8]
  publish(qos1(1, "u", "not kept"));
  publish(retained(qos1(2, "t", "kept")));
  publish(qos1(3, "t", "live"));
  publish(qos1(4, "t", ""));
  EXPECT_THAT(what_waits_for(v5("a"), to("#")), ElementsAre("PUBLISH q0 retain t=kept"));
}

TEST_F(DeliveryRules, KeepRetainedMessagesWhenTheirPublishersSessionEnds) {  // 3.1.1 [MQTT-3.1.2-7]
  publish(retained(qos1(1, "t", "x")));
  sensor_.disconnect();
  commit();
  EXPECT_THAT(what_waits_for(v3("a"), to("t")), ElementsAre("PUBLISH q0 retain t=x"));
}

TEST_F(DeliveryRules, SendRetainedMessagesWithEverySubscriptionUnlessAskedOtherwise) {
  publish(retained(qos1(1, "t", "x")));
  ScriptedClient five = client();
  five.connect(v5("five"));
  // [MQTT-3.3.1-9, MQTT-3.8.4-4]: every time
  EXPECT_THAT(five.subscribe(1, {to("t")}), ElementsAre("SUBACK 1 00", "PUBLISH q0 retain t=x"));
  EXPECT_THAT(five.subscribe(2, {to("t")}), ElementsAre("SUBACK 2 00", "PUBLISH q0 retain t=x"));
  // [MQTT-3.3.1-10]: not if there was one
  EXPECT_THAT(five.subscribe(3, {handling(to("t"), 1)}), ElementsAre("SUBACK 3 00"));
  EXPECT_THAT(five.subscribe(4, {handling(to("+"), 1)}), ElementsAre("SUBACK 4 00", "PUBLISH q0 retain t=x"));
  // [MQTT-3.3.1-11]: never
  EXPECT_THAT(five.subscribe(5, {handling(to("t/#"), 2)}), ElementsAre("SUBACK 5 00"));
}

TEST_F(DeliveryRules, SendRetainedMessagesAgainToVersion3) {  // 3.1.1 [MQTT-3.8.4-3]
  publish(retained(qos1(1, "t", "x")));
  ScriptedClient three = client();
  three.connect(v3("three"));
  EXPECT_THAT(three.subscribe(1, {to("t")}), ElementsAre("SUBACK 1 00", "PUBLISH q0 retain t=x"));
  EXPECT_THAT(three.subscribe(2, {to("t")}), ElementsAre("SUBACK 2 00", "PUBLISH q0 retain t=x"));
}

TEST_F(DeliveryRules, FlagAsRetainedOnlyWhatWasThereBeforeUnlessAskedOtherwise) {
  ScriptedClient plain = client();
  ScriptedClient copy = client();
  ScriptedClient durable = client();
  ScriptedClient three = client();
  plain.connect(v5("plain"));
  copy.connect(v5("copy"));
  durable.connect(kept(v5("durable")));
  three.connect(v3("three"));
  plain.subscribe(1, {to("t")});               // [MQTT-3.3.1-12]
  copy.subscribe(1, {as_published(to("t"))});  // [MQTT-3.3.1-13]
  durable.subscribe(1, {as_published(to("t", 1))});
  three.subscribe(1, {to("t")});  // 3.1.1 [MQTT-3.3.1-9]
  commit();
  durable.read();
  publish(retained(qos1(1, "t", "x")));
  publish(qos1(2, "t", "y"));
  EXPECT_THAT(read(plain), ElementsAre("PUBLISH q0 t=x", "PUBLISH q0 t=y"));
  EXPECT_THAT(read(copy), ElementsAre("PUBLISH q0 retain t=x", "PUBLISH q0 t=y"));
  EXPECT_THAT(read(durable), ElementsAre("PUBLISH q1 id1 retain t=x", "PUBLISH q1 id2 t=y"));
  EXPECT_THAT(read(three), ElementsAre("PUBLISH q0 t=x", "PUBLISH q0 t=y"));
}

// ---- subscriptions ----

TEST_F(DeliveryRules, SendOneCopyWithAllIdentifiersThatMatch) {  // [MQTT-3.3.4-3, MQTT-3.3.4-4]
  ScriptedClient reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("a/#", 0)}, 7);
  reader.subscribe(2, {to("a/+", 1)}, 8);
  reader.subscribe(3, {to("a/b", 0)});
  publish(qos1(1, "a/b", "x"));
  EXPECT_THAT(reader.read(), ElementsAre(::testing::AnyOf("PUBLISH q1 id1 sub7 sub8 a/b=x",
                                                          "PUBLISH q1 id1 sub8 sub7 a/b=x")));
}

TEST_F(DeliveryRules, KeepToTheLowerOfBothQos) {  // [MQTT-3.8.4-8]; 3.1.1 [MQTT-3.8.4-6]
  for (const auto& connect : {v5("five"), v3("three"), kept(v5("kept"))}) {
    for (uint8_t granted = 0; granted < 3; ++granted) {
      ScriptedClient reader = client();
      reader.connect(connect);
      reader.subscribe(1, {to("t", granted)});
      read(reader);
      publish(qos0("t", "0"));
      publish(qos1(1, "t", "1"));
      publish(qos2(2, "t", "2"));
      const Lines lines = read(reader);
      ASSERT_EQ(lines.size(), 3u);
      for (int sent = 0; sent < 3; ++sent) {
        const int want = std::min<int>(sent, granted);
        EXPECT_THAT(lines[sent], ::testing::StartsWith("PUBLISH q" + std::to_string(want)));
      }
      reader.disconnect();
      client().connect(v5(connect.client_id));  // ends a session that was kept
    }
  }
}

TEST_F(DeliveryRules, SendOnlyWhatMatches) {  // [MQTT-3.3.2-3, MQTT-4.7.3-4, MQTT-1.5.4-3]
  ScriptedClient reader = client();
  reader.connect(v5("reader"));
  // The same letter composed and decomposed, and with a byte order mark, which is a character like any other.
  reader.subscribe(1, {to("caf\xC3\xA9"), to("\xEF\xBB\xBFt"), to("Case")});
  publish(qos0("cafe\xCC\x81", "decomposed"));
  publish(qos0("t", "without mark"));
  publish(qos0("case", "small"));
  EXPECT_THAT(reader.read(), IsEmpty());
  publish(qos0("caf\xC3\xA9", "x"));
  publish(qos0("\xEF\xBB\xBFt", "y"));
  EXPECT_THAT(reader.read(), ElementsAre("PUBLISH q0 caf\xC3\xA9=x", "PUBLISH q0 \xEF\xBB\xBFt=y"));
}

TEST_F(DeliveryRules, ReplaceASubscriptionWithoutLosingAMessage) {  // [MQTT-3.8.4-3, MQTT-3.8.4-4]
  ScriptedClient reader = client();
  reader.connect(kept(v5("reader")));
  reader.subscribe(1, {to("t", 1)});
  read(reader);
  publish(qos1(1, "t", "before"));
  EXPECT_THAT(reader.subscribe(2, {to("t", 2)}, 9), ElementsAre("PUBLISH q1 id1 t=before"));
  publish(qos1(2, "t", "after"));
  EXPECT_THAT(read(reader), ElementsAre("SUBACK 2 02", "PUBLISH q1 id2 sub9 t=after"));
}

TEST_F(DeliveryRules, TakeManyFiltersLikeManyPackets) {  // [MQTT-3.8.4-5, MQTT-3.10.4-6]
  publish(retained(qos0("a", "1")));
  publish(retained(qos0("b", "2")));
  ScriptedClient reader = client();
  reader.connect(v5("reader"));
  EXPECT_THAT(reader.subscribe(1, {to("a"), to("b"), to("a")}),
              ElementsAre("SUBACK 1 00 00 00", "PUBLISH q0 retain a=1", "PUBLISH q0 retain b=2",
                          "PUBLISH q0 retain a=1"));
  EXPECT_THAT(reader.unsubscribe(2, {"a", "a", "b"}), ElementsAre("UNSUBACK 2 00 11 00"));
}

TEST_F(DeliveryRules, EndWithUnsubscribeButFinishWhatHasBegun) {  // [MQTT-3.10.4-2, MQTT-3.10.4-3]
  ScriptedClient reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("t", 2)});
  publish(qos2(1, "t", "begun"));
  EXPECT_THAT(reader.unsubscribe(2, {"t"}), ElementsAre("PUBLISH q2 id1 t=begun", "UNSUBACK 2 00"));
  publish(qos2(2, "t", "too late"));
  EXPECT_THAT(reader.pubrec(1), ElementsAre("PUBREL 1"));
  EXPECT_THAT(reader.pubcomp(1), IsEmpty());
}

TEST_F(DeliveryRules, CompareFiltersOfUnsubscribeCharacterByCharacter) {  // [MQTT-3.10.4-1]
  ScriptedClient reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("t/+")});
  EXPECT_THAT(reader.unsubscribe(2, {"t/#", "t/u", "T/+"}), ElementsAre("UNSUBACK 2 11 11 11"));
  publish(qos0("t/u", "x"));
  EXPECT_THAT(reader.read(), ElementsAre("PUBLISH q0 t/u=x"));
}

// ---- messages ----

TEST_F(DeliveryRules, CarryEveryPropertyUnalteredAndUserPropertiesInOrder) {
  // [MQTT-3.3.2-4, MQTT-3.3.2-15, MQTT-3.3.2-16, MQTT-3.3.2-17, MQTT-3.3.2-18, MQTT-3.3.2-20]
  ScriptedClient live = client();
  ScriptedClient durable = client();
  live.connect(v5("live"));
  durable.connect(kept(v5("durable")));
  live.subscribe(1, {to("t")});
  durable.subscribe(1, {to("t", 1)});
  read(durable);
  auto message = qos1(1, "t", "x");
  message.properties.payload_is_utf8 = true;
  message.properties.content_type = "text/plain";
  message.properties.response_topic = "answers/here";
  message.properties.correlation_data = "7";
  message.properties.user = {{"k", "2"}, {"a", ""}, {"k", "1"}};
  publish(message);
  const std::string all = " utf8 type:text/plain reply:answers/here corr:7 k:2 a: k:1 t=x";
  EXPECT_THAT(read(live), ElementsAre("PUBLISH q0" + all));
  EXPECT_THAT(read(durable), ElementsAre("PUBLISH q1 id1" + all));
}

TEST_F(DeliveryRules, TellWhatIsLeftOfAMessagesLifeAndDropItAfterThat) {  // [MQTT-3.3.2-5, MQTT-3.3.2-6]
  ScriptedClient durable = client();
  durable.connect(kept(v5("durable")));
  durable.subscribe(1, {to("t", 1)});
  commit();
  durable.drop();
  auto message = qos1(1, "t", "short");
  message.properties.expiry_s = 10;
  publish(message);
  message = qos1(2, "t", "long");
  message.properties.expiry_s = 60;
  publish(message);
  clock_.advance_ms(15'000);
  durable.connect(kept(v5("durable")));
  EXPECT_THAT(read(durable), ElementsAre("PUBLISH q1 id1 expiry45 t=long"));
}

TEST_F(DeliveryRules, EndsInTimeWhatExpiresBehindAMessageThatDoesNot) {
  ScriptedClient durable = client();
  durable.connect(kept(v5("durable")));
  durable.subscribe(1, {to("t", 1)});
  commit();
  durable.drop();
  publish(qos1(1, "t", "stays"));
  auto message = qos1(2, "t", "short");
  message.properties.expiry_s = 10;
  publish(message);
  clock_.advance_ms(10'000);
  engine_->tick();
  const auto& stats = store_.stats(*store_.find_queue("session/durable"));
  EXPECT_EQ(stats.expired, 1u);
  EXPECT_EQ(stats.waiting(), 1u);
}

TEST_F(DeliveryRules, PassOnTheExpiryThatIsLeftThoughTheClockIsSet) {
  ScriptedClient reader = client();
  reader.connect(kept(v5("reader")));
  reader.subscribe(1, {to("t", 1)});
  commit();
  reader.drop();
  auto message = qos1(1, "t", "long");
  message.properties.expiry_s = UINT32_MAX;
  publish(message);
  clock_.jump_wall_ms(-259'200'000);
  clock_.advance_ms(4'000);
  reader.connect(kept(v5("reader")));
  EXPECT_THAT(read(reader), ElementsAre("PUBLISH q1 id1 expiry4294967291 t=long"));
}

TEST_F(DeliveryRules, DoNotPassDupOn) {  // [MQTT-3.3.1-3]
  ScriptedClient reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("t", 1)});
  publish(dup(qos1(1, "t", "x")));
  EXPECT_THAT(reader.read(), ElementsAre("PUBLISH q1 id1 t=x"));
}

TEST_F(DeliveryRules, TakeTheSameIdAgainAfterPubackAsANewMessage) {  // [MQTT-4.3.2-5]
  ScriptedClient reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("t", 0)});
  publish(qos1(1, "t", "x"));
  publish(dup(qos1(1, "t", "x")));
  EXPECT_THAT(reader.read(), ElementsAre("PUBLISH q0 t=x", "PUBLISH q0 t=x"));
}

TEST_F(DeliveryRules, KeepTheOrderOfEachTopicAndQos) {  // [MQTT-4.6.0-5, MQTT-4.6.0-6]
  for (const auto& connect : {v5("live"), kept(v5("durable")), v3("three")}) {
    for (const uint8_t qos : {uint8_t{0}, uint8_t{1}, uint8_t{2}}) {
      ScriptedClient reader = client();
      reader.connect(connect);
      reader.subscribe(1, {to("t", qos)});
      read(reader);
      for (uint16_t i = 1; i <= 20; ++i) publish(qos2(i, "t", std::string(1, static_cast<char>('a' + i))));
      std::string order;
      for (const std::string& line : read(reader)) order += line.back();
      EXPECT_EQ(order, "bcdefghijklmnopqrstu");
      reader.disconnect();
      client().connect(v5(connect.client_id));
    }
  }
}

TEST_F(DeliveryRules, KeepForASessionThatIsAwayWhatItsSubscriptionsMatch) {  // [MQTT-4.5.0-1]
  for (const auto& connect : {kept(v5("five")), kept(v3("three"))}) {        // 3.1.1 [MQTT-3.1.2-5]
    ScriptedClient away = client();
    away.connect(connect);
    away.subscribe(1, {to("t", 1)});
    commit();
    away.drop();
    publish(qos1(1, "t", "for later"));
    publish(qos1(2, "u", "for others"));
    EXPECT_THAT(away.connect(connect), ElementsAre("CONNACK 00 present"));
    EXPECT_THAT(read(away), ElementsAre("PUBLISH q1 id1 t=for later"));
  }
}

// ---- wills ----

TEST_F(DeliveryRules, PublishAWillRetainedOnlyIfItSaysSo) {  // [MQTT-3.1.2-14, MQTT-3.1.2-15]
  for (auto connect :
       {with_will(v5("five")), with_will(v3("three"))}) {  // 3.1.1 [MQTT-3.1.2-16, MQTT-3.1.2-17]
    for (const bool retain : {false, true}) {
      connect.will->retain = retain;
      connect.will->payload = retain ? "kept" : "gone";
      ScriptedClient lost = client();
      lost.connect(connect);
      lost.drop();
      commit();
      EXPECT_EQ(what_waits_for(v5("a"), to("will")), retain ? Lines{"PUBLISH q0 retain will=kept"} : Lines{});
    }
    publish(retained(qos0("will", "")));
  }
}

TEST_F(DeliveryRules, PublishAWillWithItsQosAndItsPropertiesInOrder) {  // [MQTT-3.1.3-10, MQTT-3.1.2-9]
  ScriptedClient reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("will", 2)});
  auto connect = with_will(v5("lost"));
  connect.will->qos = 2;
  connect.will->properties.content_type = "text";
  connect.will->properties.user = {{"z", "1"}, {"a", "2"}, {"z", "3"}};
  ScriptedClient lost = client();
  lost.connect(connect);
  lost.drop();
  EXPECT_THAT(read(reader), ElementsAre("PUBLISH q2 id1 type:text z:1 a:2 z:3 will=gone"));
}

TEST_F(DeliveryRules, PublishNoWillWithoutOne) {  // 3.1.1 [MQTT-3.1.2-12]
  ScriptedClient reader = client();
  reader.connect(v3("reader"));
  reader.subscribe(1, {to("#")});
  ScriptedClient lost = client();
  lost.connect(v3("lost"));
  lost.drop();
  EXPECT_THAT(read(reader), IsEmpty());
}

}  // namespace
}  // namespace headgate::hub
