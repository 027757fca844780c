// Modules and devices of Azure IoT's SDKs at the whole hub: routes, queues, restarts, and chains with plain MQTT.
#include "tests/support/edge/dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

// Writes down what clients ask.
class RecordingRequests : public EdgeRequests {
 public:
  bool takes_them = true;
  std::vector<std::string> lines;

  bool on_request(const EdgeId& from, const core::Message& request, core::Now) override {
    lines.push_back(from.id() + " asks " + request.topic + "=" + request.body);
    return takes_them;
  }
  void on_connected(const EdgeId& client, core::Now) override { lines.push_back(client.id() + " is here"); }
};

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
    one.publish(qos1(1, topic, body));
    commit();
    EXPECT_THAT(one.read(), Contains("PUBACK 1")) << topic;
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
  sensor.publish(qos1(2, kSensorEvents + "%24.on=x/", "1"));
  commit();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 2"));
}

TEST_F(EdgeDialectTest, AModuleOfAnotherDeviceGetsNoInputsOfItsNamesake) {
  route("FROM /messages/modules/sensor/*" + into("sensor/inputs/in"));
  auto foreign = client();
  connect(foreign, "leaf-1/sensor");
  EXPECT_THAT(foreign.subscribe(1, {to("devices/edge-1/modules/sensor/inputs/#", 1)}), IsEmpty());
  commit();
  EXPECT_THAT(foreign.read(), ElementsAre("SUBACK 1 80"));
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
  EdgeRequestsTest() { engine_->edge().use(&requests_); }
  void TearDown() override { engine_->edge().use(nullptr); }

  RecordingRequests requests_;
  const EdgeId sensor_{"edge-1", "sensor"};
  const std::string base_ = "$iothub/devices/edge-1/modules/sensor/";
};

TEST_F(EdgeRequestsTest, AreHandedOverWithTheClientThatAsks) {
  auto sensor = client();
  connect(sensor, "edge-1/sensor");
  sensor.publish(qos0("$iothub/twin/GET/?$rid=4", " "));
  EXPECT_THAT(requests_.lines,
              ElementsAre("edge-1/sensor is here", "edge-1/sensor asks " + base_ + "twin/GET/?$rid=4= "));
  EXPECT_TRUE(sensor.is_open());
}

TEST_F(EdgeRequestsTest, ThatCannotBeReadEndTheConnection) {
  auto sensor = client();
  connect(sensor, "edge-1/sensor");
  requests_.takes_them = false;
  EXPECT_THAT(sensor.publish(qos1(1, "$iothub/twin/GET/", "")), ElementsAre("closed"));
}

TEST_F(EdgeRequestsTest, AreAnsweredToWhoHasSubscribed) {
  const std::string filter = base_ + "twin/res/#";
  const auto answer = [&] {
    return engine_->edge().send(sensor_, base_ + "twin/res/200/?$rid=4", "{}", clock_.now());
  };
  EXPECT_FALSE(answer()) << "not connected";
  auto sensor = client();
  connect(sensor, "edge-1/sensor");
  EXPECT_FALSE(answer()) << "not subscribed";
  EXPECT_FALSE(engine_->edge().is_subscribed(sensor_, filter));
  sensor.subscribe(1, {to("$iothub/twin/res/#", 0)});
  commit();
  sensor.read();
  EXPECT_TRUE(engine_->edge().is_subscribed(sensor_, filter));
  EXPECT_TRUE(answer());
  EXPECT_THAT(sensor.read(), ElementsAre("PUBLISH q0 $iothub/twin/res/200/?$rid=4={}"));
  EXPECT_THAT(requests_.lines, ElementsAre("edge-1/sensor is here", "edge-1/sensor is here"));
}

TEST_F(EdgeRequestsTest, HaveNothingToDoWithAPlainClientOfThatId) {
  auto plain = client();
  broker::Connect connect = testing::v5("edge-1/sensor");
  connect.username = "edge-1/sensor";
  plain.connect(connect);
  plain.subscribe(1, {to(base_ + "twin/res/#", 0)});
  commit();
  EXPECT_FALSE(engine_->edge().is_subscribed(sensor_, base_ + "twin/res/#"));
  EXPECT_FALSE(engine_->edge().send(sensor_, base_ + "twin/res/200/?$rid=4", "{}", clock_.now()));
  EXPECT_THAT(requests_.lines, IsEmpty());
}

}  // namespace
}  // namespace headgate::hub
