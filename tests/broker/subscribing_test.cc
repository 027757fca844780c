// SUBSCRIBE and UNSUBSCRIBE (MQTT 5.0 sections 3.8 to 3.11).
#include <gmock/gmock.h>

#include <string>

#include "tests/broker/broker_fixture.h"

namespace headgate::broker {
namespace {

// Who gets a message on this topic: "a q1 sub5".
class Subscribing : public BrokerTest {
 protected:
  Lines subscribers_of(std::string_view topic) {
    Lines found;
    const auto text_of = [](const Session* one, const SubscriptionOptions& options) {
      std::string line = one->client_id() + " q" + std::to_string(options.qos);
      if (options.id != 0) line += " sub" + std::to_string(options.id);
      return line;
    };
    broker().subscriptions().match(
        topic,
        [&](Session* one, const SubscriptionOptions& options) { found.push_back(text_of(one, options)); },
        [&](const ShareGroup& group) {
          for (const Subscriber& member : group.members())
            found.push_back(group.name() + ": " + text_of(member.session, member.options));
        });
    return found;
  }
};

TEST_F(Subscribing, GrantsWhatWasAskedFilterByFilter) {  // [MQTT-3.8.4-1, MQTT-3.8.4-6, MQTT-3.9.3-1]
  for (const Connect& connect : {v5("a"), v3("b")}) {
    EXPECT_THAT(connected(connect).subscribe(7, {to("t", 0), to("u", 1), to("v", 2)}),
                ElementsAre("SUBACK 7 00 01 02"));
  }
}

TEST_F(Subscribing, IsAnsweredOnlyOnceDurable) {
  events_.answers_at_once = false;
  ScriptedClient& a = connected(v5("a"));
  EXPECT_THAT(a.subscribe(1, {to("t")}), IsEmpty());
  EXPECT_THAT(a.unsubscribe(2, {"t"}), IsEmpty());
  events_.answer_all();
  EXPECT_THAT(a.read(), ElementsAre("SUBACK 1 00", "UNSUBACK 2 00"));
}

TEST_F(Subscribing, IsNotAnsweredOnALaterConnection) {
  events_.answers_at_once = false;
  ScriptedClient& a = connected(kept(v5("a")));
  a.subscribe(1, {to("t")});
  a.unsubscribe(2, {"t"});
  a.connect(kept(v5("a")));
  events_.answer_all();
  EXPECT_THAT(a.read(), IsEmpty());
}

TEST_F(Subscribing, PassesItsOptionsOn) {  // MQTT 5.0 section 3.8.3.1
  SubscriptionRequest request = to("t", 1);
  request.no_local = request.retain_as_published = true;
  request.retain_handling = RetainHandling::send_if_new;
  connected(v5("a")).subscribe(1, {request}, 9);
  EXPECT_THAT(happened(), ElementsAre("subscribed a t q1 handling1 no-local as-published sub9 new"));
}

TEST_F(Subscribing, TellsANewSubscriptionFromARepeatedOne) {  // [MQTT-3.3.1-10]
  ScriptedClient& a = connected(v5("a"));
  a.subscribe(1, {to("t", 1)});
  a.subscribe(2, {to("t", 2)});
  EXPECT_THAT(happened(), ElementsAre("subscribed a t q1 handling0 new", "subscribed a t q2 handling0"));
}

TEST_F(Subscribing, AgainReplacesTheSubscription) {  // [MQTT-3.8.4-3]
  ScriptedClient& a = connected(v5("a"));
  a.subscribe(1, {to("t", 2)}, 5);
  a.subscribe(2, {to("t", 1)});
  EXPECT_THAT(subscribers_of("t"), ElementsAre("a q1"));
  EXPECT_EQ(session("a")->subscriptions().size(), 1u);
}

TEST_F(Subscribing, KeepsOverlappingFiltersApart) {
  ScriptedClient& a = connected(v5("a"));
  a.subscribe(1, {to("t/#", 1)}, 5);
  a.subscribe(2, {to("t/+", 2)}, 6);
  EXPECT_THAT(subscribers_of("t/u"), ::testing::UnorderedElementsAre("a q1 sub5", "a q2 sub6"));
}

TEST_F(Subscribing, OutlivesTheConnectionAsTheSessionDoes) {
  connected(kept(v5("kept"))).subscribe(1, {to("t")});
  connected(v5("gone")).subscribe(1, {to("t")});
  for (ScriptedClient& one : clients_) one.drop();
  EXPECT_THAT(subscribers_of("t"), ElementsAre("kept q0"));
}

TEST_F(Subscribing, IsThereAgainAfterARestartWithItsIdentifier) {
  broker().restore({"a", 3600, 0}, now()).restore_subscription("t", {1, false, false, 0, 5});
  EXPECT_THAT(subscribers_of("t"), ElementsAre("a q1 sub5"));
  EXPECT_THAT(connected(kept(v5("a"))).unsubscribe(1, {"t"}), ElementsAre("UNSUBACK 1 00"));
}

TEST_F(Subscribing, ToAShareJoinsAGroupInBothVersions) {  // [MQTT-4.8.2-1, MQTT-4.8.2-3]
  EXPECT_THAT(connected(v5("a")).subscribe(1, {to("$share/g/t", 1)}, 5), ElementsAre("SUBACK 1 01"));
  EXPECT_THAT(connected(v3("b")).subscribe(1, {to("$share/g/t", 2)}), ElementsAre("SUBACK 1 02"));
  EXPECT_THAT(subscribers_of("t"), ElementsAre("g: a q1 sub5", "g: b q2"));
}

TEST_F(Subscribing, ToAShareAndItsTopicAreTwoSubscriptions) {  // MQTT 5.0 section 4.8.2
  ScriptedClient& a = connected(v5("a"));
  a.subscribe(1, {to("$share/g/t"), to("t", 1), to("$share/h/t"), to("$share/g/+", 1)});
  EXPECT_THAT(subscribers_of("t"), ::testing::UnorderedElementsAre("a q1", "g: a q0", "h: a q0", "g: a q1"));
  EXPECT_THAT(a.unsubscribe(2, {"$share/g/t", "$share/x/t", "$share/h/#"}),
              ElementsAre("UNSUBACK 2 00 11 11"));
  EXPECT_THAT(subscribers_of("t"), ::testing::UnorderedElementsAre("a q1", "h: a q0", "g: a q1"));
}

TEST_F(Subscribing, ToAShareEndsWithTheSession) {
  connected(v5("a")).subscribe(1, {to("$share/g/t"), to("$share/g/#")});
  clients_.back().drop();
  EXPECT_EQ(broker().subscriptions().size(), 0u);
  EXPECT_FALSE(broker().subscriptions().find_share("$share/g/t"));
}

TEST_F(Subscribing, RefusesAFilterBeyondTheLimitsAndSaysWhy) {  // MQTT 5.0 section 3.9.2.1.2
  const std::string deep(200, '/');
  const std::string just(199, '/');
  const std::string longer(4097, 'x');
  ScriptedClient& a = connected(v5("a"));
  EXPECT_THAT(a.subscribe(1, {to("u"), to(deep), to(longer)}), ElementsAre("SUBACK 1 00 8F 8F"));
  EXPECT_EQ(a.reason(), "filter 2: 201 levels, at most 200");
  EXPECT_THAT(a.subscribe(2, {to(longer)}), ElementsAre("SUBACK 2 8F"));
  EXPECT_EQ(a.reason(), "filter 1: 4097 bytes, at most 4096");
  EXPECT_THAT(a.subscribe(3, {to(just)}), ElementsAre("SUBACK 3 00"));
  EXPECT_EQ(a.reason(), "");
  EXPECT_THAT(connected(v3("b")).subscribe(1, {to(deep)}), ElementsAre("SUBACK 1 80"));
}

TEST_F(Subscribing, GoesOnWithWhatIsThereAtTheLimitOfSubscriptions) {
  options_.session.subscriptions_max = 2;
  ScriptedClient& a = connected(v5("a"));
  EXPECT_THAT(a.subscribe(1, {to("a"), to("b"), to("c")}), ElementsAre("SUBACK 1 00 00 97"));
  EXPECT_EQ(a.reason(), "filter 3: the client has 2 subscriptions, the most there may be");
  EXPECT_THAT(a.subscribe(2, {to("b", 1)}), ElementsAre("SUBACK 2 01"));
  a.unsubscribe(3, {"a"});
  EXPECT_THAT(a.subscribe(4, {to("c")}), ElementsAre("SUBACK 4 00"));
}

TEST_F(Subscribing, TakesTheSameFilterTwiceInOnePacketInOrder) {  // [MQTT-3.8.4-3, MQTT-3.8.4-5]
  ScriptedClient& a = connected(v5("a"));
  EXPECT_THAT(a.subscribe(1, {to("t", 1), to("t", 2)}), ElementsAre("SUBACK 1 01 02"));
  EXPECT_THAT(subscribers_of("t"), ElementsAre("a q2"));
}

TEST_F(Subscribing, EndsTheConnectionForAFilterThatIsNone) {  // [MQTT-4.7.1-1], [MQTT-4.8.2-1, MQTT-4.8.2-2]
  for (const char* filter : {"t#", "#/t", "t/+u", "$share//t", "$share/g", "$share/+/t", "$share/g/"}) {
    EXPECT_THAT(connected(v5("a")).subscribe(1, {to(filter)}), ElementsAre("DISCONNECT 8F", "closed"))
        << filter;
  }
}

TEST_F(Subscribing, EndsTheConnectionForOptionsThatDoNotExist) {  // [MQTT-3.8.3-4, MQTT-3.8.3-5]
  SubscriptionRequest no_local_share = to("$share/g/t");
  no_local_share.no_local = true;
  SubscriptionRequest handling_3 = to("t");
  handling_3.retain_handling = static_cast<RetainHandling>(3);
  EXPECT_THAT(connected(v5("a")).subscribe(1, {no_local_share}), ElementsAre("DISCONNECT 82", "closed"));
  EXPECT_THAT(connected(v5("a")).subscribe(1, {handling_3}), ElementsAre("DISCONNECT 82", "closed"));
  EXPECT_THAT(connected(v5("a")).subscribe(1, {to("t", 0x40)}), ElementsAre("DISCONNECT 81", "closed"));
  EXPECT_THAT(connected(v5("a")).subscribe(1, {}), ElementsAre("DISCONNECT 82", "closed"));
}

TEST_F(Subscribing, EndsWithUnsubscribe) {  // [MQTT-3.10.4-1, MQTT-3.10.4-4, MQTT-3.10.4-5, MQTT-3.11.3-1]
  ScriptedClient& a = connected(v5("a"));
  a.subscribe(1, {to("t"), to("u")});
  happened();
  EXPECT_THAT(a.unsubscribe(2, {"t", "never", "t"}), ElementsAre("UNSUBACK 2 00 11 11"));
  EXPECT_THAT(happened(), ElementsAre("unsubscribed a t"));
  EXPECT_THAT(subscribers_of("t"), IsEmpty());
  EXPECT_THAT(subscribers_of("u"), ElementsAre("a q0"));
}

TEST_F(Subscribing, EndsWithoutReasonsInVersion3) {  // 3.1.1 section 3.11
  EXPECT_THAT(connected(v3("a")).unsubscribe(2, {"never"}), ElementsAre("UNSUBACK 2"));
}

}  // namespace
}  // namespace headgate::broker
