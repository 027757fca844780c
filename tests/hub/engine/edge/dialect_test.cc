// Modules and devices of Azure IoT's SDKs at the whole hub: routes, queues, restarts, and chains with plain MQTT.
#include "tests/support/edge/dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::qos0;
using testing::qos1;
using ::testing::StartsWith;
using testing::to;

const std::string kSensorEvents = "devices/edge-1/modules/sensor/messages/events/";
const std::string kFilterInputs = "devices/edge-1/modules/filter/inputs/";

class EdgeDialectTest : public EngineTest {
 protected:
  EdgeDialectTest() {
    for (const char* id :
         {"edge-1/sensor", "edge-1/filter", "edge-1/sink", "leaf-1", "leaf-1/sensor", "edge-1"})
      testing::add_edge_client(access_, id);
    access_.add("plain-filter", {{true, broker::kAllActions, "modules/filter/#"}}, "filter");
  }
  void connect(testing::ScriptedClient& client, std::string_view id) {
    client.come_in_by(testing::edge_listener());
    EXPECT_THAT(client.connect(testing::as_sdk(id)), Contains(StartsWith("CONNACK 00")));
  }
  // Publishes one message as that client, which goes again.
  void say(std::string_view id, std::string_view topic, std::string_view body) {
    auto one = client();
    connect(one, id);
    testing::Lines lines = one.publish(qos1(1, topic, body));
    commit();
    std::ranges::move(one.read(), std::back_inserter(lines));
    EXPECT_THAT(lines, ElementsAre("PUBACK 1")) << topic;
    one.disconnect();
  }
  void subscribe(testing::ScriptedClient& client, std::string_view filter) {
    client.subscribe(1, {to(filter, 1)});
    commit();
    EXPECT_THAT(client.read(), Contains("SUBACK 1 01"));
  }
  std::string into(const std::string& input) { return " INTO BrokeredEndpoint('/modules/" + input + "')"; }
};

// ---- routes ----

TEST_F(EdgeDialectTest, RoutesTellModulesOfTheHubFromThoseOfOtherDevices) {
  route("FROM /messages/modules/sensor/*" + into("filter/inputs/all"));
  route("FROM /messages/modules/sensor/outputs/hot" + into("filter/inputs/hot"));
  say("edge-1/sensor", kSensorEvents, "event");
  say("edge-1/sensor", kSensorEvents + "%24.on=hot/", "hot");
  say("edge-1/sensor", kSensorEvents + "%24.on=hotter/", "hotter");
  say("edge-1/filter", "devices/edge-1/modules/filter/messages/events/", "other");
  say("leaf-1/sensor", "devices/leaf-1/modules/sensor/messages/events/%24.on=hot/", "foreign");
  say("leaf-1/sensor", "devices/leaf-1/modules/sensor/messages/events/", "foreign");
  say("leaf-1", "devices/leaf-1/messages/events/", "leaf");
  EXPECT_THAT(waiting("modules/filter/inputs/all"), ElementsAre("event", "hot", "hotter"));
  EXPECT_THAT(waiting("modules/filter/inputs/hot"), ElementsAre("hot"));
}

TEST_F(EdgeDialectTest, RoutesKnowTheSenderAndTheSystemProperties) {
  route("FROM /messages/* WHERE NOT is_defined($connectionModuleId) AND $connectionDeviceId = 'leaf-1'" +
        into("filter/inputs/leaf"));
  route("FROM /messages/* WHERE $connectionModuleId = 'sensor' AND $connectionDeviceId = 'leaf-1'" +
        into("filter/inputs/foreign"));
  route(
      "FROM /messages/* WHERE $messageId = 'm-1' AND $cid = 'c/1' AND $contentType = 'application/json' AND "
      "$contentEncoding = 'utf-8' AND $outputName = 'hot' AND $body.t > 20 AND level = 'high'" +
      into("filter/inputs/props"));
  say("leaf-1", "devices/leaf-1/messages/events/", "leaf");
  say("leaf-1/sensor", "devices/leaf-1/modules/sensor/messages/events/", "foreign");
  say("edge-1/sensor",
      kSensorEvents +
          "%24.on=hot&%24.mid=m-1&%24.cid=c%2F1&%24.ct=application%2Fjson&%24.ce=utf-8&level=high/",
      R"({"t":21})");
  EXPECT_THAT(waiting("modules/filter/inputs/leaf"), ElementsAre("leaf"));
  EXPECT_THAT(waiting("modules/filter/inputs/foreign"), ElementsAre("foreign"));
  EXPECT_THAT(waiting("modules/filter/inputs/props"), ElementsAre(R"({"t":21})"));
}

// ---- sessions ----

TEST_F(EdgeDialectTest, SubscriptionsHoldWithoutSubscribeAndOverARestart) {
  route("FROM /messages/modules/sensor/*" + into("filter/inputs/in"));
  {
    auto filter = client();
    connect(filter, "edge-1/filter");
    subscribe(filter, kFilterInputs + "#");
    filter.disconnect();
    connect(filter, "edge-1/filter");
    say("edge-1/sensor", kSensorEvents, "1");
    EXPECT_THAT(filter.read(),
                ElementsAre("PUBLISH q1 id1 " + kFilterInputs + "in/%24.cdid=edge-1&%24.cmid=sensor=1"));
    filter.lose_hub();
  }
  restart();
  say("edge-1/sensor", kSensorEvents, "2");
  auto filter = client();
  filter.come_in_by(testing::edge_listener());
  testing::Lines lines = filter.connect(testing::as_sdk("edge-1/filter"));
  commit();
  for (const std::string& line : filter.read()) lines.push_back(line);
  const std::string topic = kFilterInputs + "in/%24.cdid=edge-1&%24.cmid=sensor";
  EXPECT_THAT(lines, ElementsAre("CONNACK 00 present", "PUBLISH q1 id1 dup " + topic + "=1",
                                 "PUBLISH q1 id2 " + topic + "=2"));
}

TEST_F(EdgeDialectTest, ACleanSessionHasNoSubscriptions) {
  auto filter = client();
  connect(filter, "edge-1/filter");
  subscribe(filter, kFilterInputs + "#");
  broker::Connect clean = testing::as_sdk("edge-1/filter");
  clean.clean_start = true;
  EXPECT_THAT(filter.connect(clean), ElementsAre("CONNACK 00"));
  EXPECT_THAT(engine_->broker().find("edge-1/filter")->subscriptions(), IsEmpty());
}

TEST_F(EdgeDialectTest, AfterUnsubscribeMessagesWait) {
  route("FROM /messages/modules/sensor/*" + into("filter/inputs/in"));
  auto filter = client();
  connect(filter, "edge-1/filter");
  subscribe(filter, "devices/edge-1/modules/filter/#");
  filter.unsubscribe(2, {"devices/edge-1/modules/filter/#"});
  commit();
  filter.read();
  say("edge-1/sensor", kSensorEvents, "1");
  EXPECT_THAT(filter.read(), IsEmpty());
  EXPECT_THAT(waiting("modules/filter/inputs/in"), ElementsAre("1"));
}

TEST_F(EdgeDialectTest, AModuleOfDotNetDoesNotHearItself) {
  auto sensor = client();
  connect(sensor, "edge-1/sensor");
  subscribe(sensor, "devices/edge-1/modules/sensor/#");
  EXPECT_THAT(sensor.publish(qos1(2, kSensorEvents + "%24.on=x/", "1")), ElementsAre("PUBACK 2"));
  commit();
  EXPECT_THAT(sensor.read(), IsEmpty());
}

TEST_F(EdgeDialectTest, AModuleOfAnotherDeviceGetsNoInputsOfItsNamesake) {
  route("FROM /messages/modules/sensor/*" + into("sensor/inputs/in"));
  auto foreign = client();
  connect(foreign, "leaf-1/sensor");
  EXPECT_THAT(foreign.subscribe(1, {to("devices/edge-1/modules/sensor/inputs/#", 1)}),
              ElementsAre("SUBACK 1 80"));
  subscribe(foreign, "devices/leaf-1/modules/sensor/inputs/#");
  say("edge-1/sensor", kSensorEvents, "1");
  EXPECT_THAT(foreign.read(), IsEmpty());
  EXPECT_THAT(waiting("modules/sensor/inputs/in"), ElementsAre("1"));
}

TEST_F(EdgeDialectTest, AMessageThatHasExpiredIsCountedAndNotDelivered) {
  route("FROM /messages/modules/sensor/*" + into("filter/inputs/in"));
  say("edge-1/sensor", kSensorEvents + "%24.exp=2023-11-14T22%3A13%3A25.000Z", "short");
  say("edge-1/sensor", kSensorEvents + "%24.exp=2030-01-01", "long");
  clock_.advance_ms(60'000);
  auto filter = client();
  connect(filter, "edge-1/filter");
  subscribe(filter, kFilterInputs + "#");
  engine_->tick();
  commit();
  EXPECT_EQ(store_.stats(*store_.find_queue("modules/filter/inputs/in")).expired, 1u);
  EXPECT_THAT(waiting("modules/filter/inputs/in"), ElementsAre("long"));
}

TEST_F(EdgeDialectTest, NobodyIsWarnedOfTopicsThatMeanSomething) {
  say("leaf-1", "devices/leaf-1/messages/events/", "1");
  EXPECT_THAT(log_.lines(), Not(Contains(StartsWith("sdk_topic"))));
}

// ---- in one chain with plain MQTT ----

TEST_F(EdgeDialectTest, APropertyPassesBetweenModulesOfBothKinds) {
  route("FROM /messages/modules/sensor/outputs/raw" + into("filter/inputs/raw"));
  route("FROM /messages/modules/filter/outputs/good" + into("sink/inputs/good"));
  auto filter = client();
  broker::Connect connect_plain = testing::kept(testing::v5("plain-filter"));
  connect_plain.username = "plain-filter";
  filter.connect(connect_plain);
  filter.subscribe(1, {to("modules/filter/inputs/#", 1)});
  commit();
  filter.read();
  auto sink = client();
  connect(sink, "edge-1/sink");
  subscribe(sink, "devices/edge-1/modules/sink/inputs/#");

  say("edge-1/sensor",
      kSensorEvents + "%24.on=raw&%24.mid=m-1&%24.cid=c-1&%24.ct=text%2Fplain&%24.ce=utf-8&a%20b=1%262/",
      "x");
  EXPECT_THAT(
      filter.read(),
      ElementsAre(
          "PUBLISH q1 id1 type:text/plain corr:c-1 $.mid:m-1 $.ce:utf-8 a b:1&2 modules/filter/inputs/raw=x"));

  broker::Publish good = qos1(2, "modules/filter/outputs/good", "y");
  good.properties.content_type = "text/plain";
  good.properties.correlation_data = "c-2";
  good.properties.user = {{"$.mid", "m-2"}, {"a b", "3"}};
  filter.publish(good);
  commit();
  EXPECT_THAT(
      sink.read(),
      ElementsAre("PUBLISH q1 id1 devices/edge-1/modules/sink/inputs/good/"
                  "a%20b=3&%24.mid=m-2&%24.cid=c-2&%24.ct=text%2Fplain&%24.cdid=edge&%24.cmid=filter=y"));
}

// ---- requests to the hub ----

class EdgeRequestsTest : public EdgeDialectTest {
 protected:
  EdgeRequestsTest() {
    engine_->edge().use_identities([](const EdgeId&) { return true; });
  }
  // A sensor that gets answers and calls.
  void listen(testing::ScriptedClient& sensor) {
    connect(sensor, "edge-1/sensor");
    sensor.subscribe(1, {to("$iothub/twin/res/#", 0), to("$iothub/methods/POST/#", 0)});
    commit();
    EXPECT_THAT(sensor.read(), ElementsAre("SUBACK 1 00 00"));
  }

  const EdgeId sensor_{"edge-1", "sensor"};
  const std::string base_ = "$iothub/devices/edge-1/modules/sensor/";
};

TEST_F(EdgeRequestsTest, ForATwinAreAnsweredInEachFormOfTheSdks) {
  auto sensor = client();
  listen(sensor);
  const std::string twin = R"({"desired":{"$version":1},"reported":{"$version":1}})";
  for (const char* body : {"", " "}) {
    testing::Lines lines = sensor.publish(qos0("$iothub/twin/GET/?$rid=4", body));
    commit();
    std::ranges::move(sensor.read(), std::back_inserter(lines));
    EXPECT_THAT(lines, ElementsAre("PUBLISH q0 $iothub/twin/res/200/?$rid=4=" + twin));
  }
}

TEST_F(EdgeRequestsTest, ThatCannotBeReadEndTheConnection) {
  auto sensor = client();
  connect(sensor, "edge-1/sensor");
  EXPECT_THAT(sensor.publish(qos1(1, "$iothub/twin/GET/", "")), ElementsAre("closed"));
}

TEST_F(EdgeRequestsTest, GoToTheClientAsMethodsAndComeBack) {
  auto sensor = client();
  listen(sensor);
  std::vector<std::string> outcomes;
  engine_->edge().call_method({.target = sensor_, .name = "echo", .payload = "[1]"},
                              [&](const MethodOutcome& outcome) {
                                outcomes.push_back(std::to_string(outcome.http_status) + " " +
                                                   std::to_string(outcome.status) + " " + outcome.payload);
                              });
  const testing::Lines lines = sensor.read();
  ASSERT_EQ(lines.size(), 1u);
  const std::string call = "PUBLISH q0 $iothub/methods/POST/echo/?$rid=";
  ASSERT_THAT(lines.front(), StartsWith(call));
  const std::string rid = lines.front().substr(call.size(), lines.front().rfind('=') - call.size());
  sensor.publish(qos0("$iothub/methods/res/207/?$rid=" + rid, "{}"));
  EXPECT_THAT(outcomes, ElementsAre("200 207 {}"));
}

TEST_F(EdgeRequestsTest, OfAnOperatorReachADeviceAsMessages) {
  auto leaf = client();
  connect(leaf, "leaf-1");
  subscribe(leaf, "devices/leaf-1/messages/devicebound/#");
  DeviceMessage message{.device = "leaf-1", .body = "on"};
  message.properties.user = {{"why so", "a/b"}, {"$.mid", "c2d-1"}};
  engine_->edge().send_to_device(std::move(message), [](const auto&) {});
  commit();
  const testing::Lines lines = leaf.read();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines.front(),
              StartsWith("PUBLISH q1 id1 devices/leaf-1/messages/devicebound/why%20so=a%2Fb&%24.mid=c2d-1"));
  leaf.puback(1);
  commit();
  EXPECT_THAT(waiting("devices/leaf-1/messages/devicebound"), IsEmpty());
}

TEST_F(EdgeRequestsTest, AreAnsweredToWhoHasSubscribedAlone) {
  EdgeSessions sessions(engine_->broker());
  const auto answer = [&] {
    return sessions.send(sensor_, base_ + "twin/res/200/?$rid=4", "{}", clock_.now());
  };
  EXPECT_FALSE(answer()) << "not connected";
  auto sensor = client();
  connect(sensor, "edge-1/sensor");
  EXPECT_FALSE(answer() || sessions.is_subscribed(sensor_, base_ + "twin/res/#")) << "not subscribed";
  sensor.subscribe(1, {to("$iothub/twin/res/#", 0)});
  EXPECT_TRUE(sessions.is_subscribed(sensor_, base_ + "twin/res/#") && answer());
}

TEST_F(EdgeRequestsTest, HaveNothingToDoWithAPlainClientOfThatId) {
  EdgeSessions sessions(engine_->broker());
  auto plain = client();
  broker::Connect connect = testing::v5("edge-1/sensor");
  connect.username = "edge-1/sensor";
  plain.connect(connect);
  plain.subscribe(1, {to(base_ + "twin/res/#", 0)});
  EXPECT_FALSE(sessions.is_subscribed(sensor_, base_ + "twin/res/#"));
  EXPECT_FALSE(sessions.send(sensor_, base_ + "twin/res/200/?$rid=4", "{}", clock_.now()));
}

}  // namespace
}  // namespace headgate::hub
