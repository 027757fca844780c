// Sessions of a listener that speaks the dialect of IoT Edge, packet by packet.
#include "broker/dialect/translator.h"
#include "tests/broker/broker_fixture.h"
#include "tests/support/client_codec.h"
#include "tests/support/edge/dialect.h"

namespace headgate::broker {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kSensorEvents = "devices/edge-1/modules/sensor/messages/events/";

class DialectTest : public BrokerTest {
 protected:
  DialectTest() {
    access_ = &scripted_;
    for (const char* id : {"edge-1/sensor", "leaf-1", "leaf-1/sensor"})
      testing::add_edge_client(scripted_, id);
    scripted_.add("plain", {{true, kAllActions, "#"}});
  }
  ScriptedClient& on_edge() {
    ScriptedClient& one = client();
    one.come_in_by(testing::edge_listener());
    return one;
  }
  ScriptedClient& sdk(std::string_view id) {
    ScriptedClient& one = on_edge();
    EXPECT_THAT(one.connect(testing::as_sdk(id)), ElementsAre(StartsWith("CONNACK 00")));
    happened();
    return one;
  }
  core::MessagePtr input(std::string topic, std::string body) {
    core::Message made(*message(std::move(topic), std::move(body)));
    made.source = std::make_shared<core::Source>(core::Source{"leaf-1", "leaf-1", ""});
    made.retain = true;
    return std::make_shared<const core::Message>(std::move(made));
  }
  static std::string of_level(Connect connect, char level) {
    if (level == 5) connect.version = Version::v5;
    std::string bytes;
    testing::encode_connect(connect, bytes);
    bytes[bytes.find("MQTT") + 4] = level;
    return bytes;
  }

  testing::ScriptedAccess scripted_;
};

TEST_F(DialectTest, HasMessagesUnderTheTopicsOfTheHub) {
  auto& sensor = sdk("edge-1/sensor");
  EXPECT_THAT(sensor.publish(qos1(1, kSensorEvents + "%24.on=x&level=hot/", "1")), ElementsAre("PUBACK 1"));
  EXPECT_THAT(sensor.publish(qos0(kSensorEvents, "2")), IsEmpty());
  EXPECT_THAT(happened(), ElementsAre("publish edge-1/sensor q1 modules/sensor/outputs/x=1",
                                      "publish edge-1/sensor q0 modules/sensor/messages/events=2"));
  const core::Message& first = *events_.messages().front();
  EXPECT_THAT(first.props().user, ElementsAre(core::UserProperty{"level", "hot"}));
  EXPECT_EQ(*first.source, (core::Source{"edge-1/sensor", "edge-1", "sensor", false}));
}

TEST_F(DialectTest, KnowsAModuleOfAnotherDeviceAsForeign) {
  sdk("leaf-1/sensor").publish(qos0("devices/leaf-1/modules/sensor/messages/events/", "1"));
  EXPECT_THAT(happened(),
              ElementsAre("publish leaf-1/sensor q0 devices/leaf-1/modules/sensor/messages/events=1"));
  EXPECT_TRUE(events_.messages().front()->source->foreign);
}

TEST_F(DialectTest, HonoursAnExpiryAndNotRetain) {
  auto& leaf = sdk("leaf-1");
  Publish publish = qos1(1, "devices/leaf-1/messages/events/$.exp=2023-11-14T22:14:20Z", "1");
  publish.retain = true;
  leaf.publish(dup(publish));
  leaf.publish(qos1(2, "devices/leaf-1/messages/events/$.exp=1960-01-01", "2"));
  const core::Message& message = *events_.messages().front();
  EXPECT_EQ(message.expires_ms, now().hub_ms + 60'000);
  EXPECT_FALSE(message.retain);
  EXPECT_THAT(message.props().user, Contains(core::UserProperty{"mqtt-retain", "true"}));
  EXPECT_THAT(message.props().user, Contains(core::UserProperty{"mqtt-dup", "true"}));
  EXPECT_EQ(events_.messages().back()->expires_ms, 1) << "long ago, and not never";
}

TEST_F(DialectTest, EndsAConnectionForWhatIsNotTheClientsOwn) {
  for (const char* topic : {"devices/edge-1/modules/other/messages/events/", "t", "modules/sensor/outputs/x",
                            "devices/edge-1/modules/sensor/messages/events/a=%zz", "$iothub/other/?$rid=1"}) {
    auto& sensor = sdk("edge-1/sensor");
    EXPECT_THAT(sensor.publish(qos1(1, topic, "1")), ElementsAre("closed")) << topic;
  }
  EXPECT_THAT(sdk("edge-1/sensor").publish(qos2(1, kSensorEvents, "1")), ElementsAre("closed"));
  EXPECT_THAT(events_.messages(), IsEmpty());
  EXPECT_EQ(broker().stats().protocol_errors, 6u);
  EXPECT_THAT(log_.lines(),
              Contains(HasSubstr("the client may not publish to devices/edge-1/modules/other")));
}

TEST_F(DialectTest, HandsRequestsOverAndAcknowledgesThem) {
  auto& sensor = sdk("edge-1/sensor");
  EXPECT_THAT(sensor.publish(qos1(1, "$iothub/twin/GET/?$rid=4", "")), ElementsAre("PUBACK 1"));
  EXPECT_THAT(happened(),
              ElementsAre("request edge-1/sensor $iothub/devices/edge-1/modules/sensor/twin/GET/?$rid=4="));
}

TEST_F(DialectTest, GrantsFiltersOfTheClientsOwnUpToQos1) {
  auto& sensor = sdk("edge-1/sensor");
  EXPECT_THAT(
      sensor.subscribe(1, {to("devices/edge-1/modules/sensor/inputs/#", 2), to("$iothub/twin/res/#", 0),
                           to("#", 1), to("devices/edge-1/modules/other/inputs/#", 1)}),
      ElementsAre("SUBACK 1 01 00 80 80"));
  EXPECT_THAT(
      happened(),
      ElementsAre(
          "subscribed edge-1/sensor modules/sensor/inputs/# q1 handling0 new",
          "subscribed edge-1/sensor $iothub/devices/edge-1/modules/sensor/twin/res/# q0 handling0 new"));
  EXPECT_THAT(sensor.unsubscribe(2, {"devices/edge-1/modules/sensor/#", "#"}), ElementsAre("UNSUBACK 2"));
  EXPECT_THAT(happened(), ElementsAre("unsubscribed edge-1/sensor modules/sensor/inputs/#"));
}

TEST_F(DialectTest, DeliversUnderTheTopicsOfTheWire) {
  auto& sensor = sdk("edge-1/sensor");
  deliver("edge-1/sensor", input("modules/sensor/inputs/in", "1"), 1, true);
  deliver("edge-1/sensor", message("$iothub/devices/edge-1/modules/sensor/twin/res/200/?$rid=4", "{}"), 0);
  EXPECT_THAT(sensor.read(),
              ElementsAre("PUBLISH q1 id1 devices/edge-1/modules/sensor/inputs/in/%24.cdid=leaf-1=1",
                          "PUBLISH q0 $iothub/twin/res/200/?$rid=4={}"));
}

TEST_F(DialectTest, DeliversOneMessageToTwoInTheirOwnWords) {
  auto& sensor = sdk("edge-1/sensor");
  auto& plain = client();
  Connect connect = v3("plain");
  connect.username = "plain";
  plain.connect(connect);
  scripted_.add("plain", {{true, kAllActions, "#"}}, "sensor");
  broker().renew_grants();
  SharedPublish shared(input("modules/sensor/inputs/in", "1"));
  for (const char* id : {"plain", "edge-1/sensor", "plain", "edge-1/sensor"})
    session(id)->deliver_from_memory(shared, 0, false, {}, now());
  EXPECT_THAT(plain.read(),
              ElementsAre("PUBLISH q0 modules/sensor/inputs/in=1", "PUBLISH q0 modules/sensor/inputs/in=1"));
  const std::string on_wire = "PUBLISH q0 devices/edge-1/modules/sensor/inputs/in/%24.cdid=leaf-1=1";
  EXPECT_THAT(sensor.read(), ElementsAre(on_wire, on_wire));
}

TEST_F(DialectTest, SendsAgainUnderTheTopicOfTheWire) {
  auto& sensor = sdk("edge-1/sensor");
  Outgoing out{input("modules/sensor/inputs/in", "1"), 1, false, {}, {1, 0, 7}};
  EXPECT_EQ(session("edge-1/sensor")->deliver_from_queue(std::move(out), 0, now()), Handed::taken);
  sensor.read();
  EXPECT_THAT(sensor.connect(testing::as_sdk("edge-1/sensor")),
              ElementsAre("CONNACK 00 present",
                          "PUBLISH q1 id1 dup devices/edge-1/modules/sensor/inputs/in/%24.cdid=leaf-1=1"));
}

TEST_F(DialectTest, RefusesOtherLevelsOfMqttWithCode1) {
  for (const char level : {'\x05', '\x06'}) {
    auto& newer = on_edge();
    newer.open();
    newer.speak(Version::v3_1_1);
    EXPECT_THAT(newer.send(of_level(testing::as_sdk("leaf-1"), level)), ElementsAre("CONNACK 01", "closed"));
  }
  Connect old = testing::as_sdk("leaf-1");
  old.is_v3_1 = true;
  EXPECT_THAT(on_edge().connect(old), ElementsAre("CONNACK 01", "closed"));
  EXPECT_FALSE(broker().find("leaf-1"));
}

TEST_F(DialectTest, RefusesAPacketByItsLengthAndOneThatJustFitsNot) {
  auto& leaf = sdk("leaf-1");
  const std::string topic = "devices/leaf-1/messages/events/";
  EXPECT_THAT(leaf.publish(qos1(1, topic, std::string(kEdgeMessageBytesMax, 'x'))), ElementsAre("PUBACK 1"));
  EXPECT_THAT(leaf.publish(qos1(2, topic, std::string(kEdgeMessageBytesMax + 1, 'x'))),
              ElementsAre("closed"));
  auto& again = sdk("leaf-1");
  // A PUBLISH of 262,144 + 400 bytes that has not come yet.
  EXPECT_THAT(again.send(std::string_view("\x32\x90\x83\x10", 4)), ElementsAre("closed"));
}

TEST_F(DialectTest, BoundsNeitherTheTopicNorThePropertiesOfABag) {
  options_.session.topic_bytes_max = 64;
  options_.session.user_properties_max = 2;
  auto& sensor = sdk("edge-1/sensor");
  EXPECT_THAT(sensor.publish(qos1(1, kSensorEvents + "a=" + std::string(5'000, 'x') + "&b&c&d", "1")),
              ElementsAre("PUBACK 1"));
  EXPECT_THAT(sensor.publish(qos1(2, kSensorEvents + "%24.on=" + std::string(65, 'x'), "1")),
              ElementsAre("closed"));
}

TEST_F(DialectTest, PublishesAWillAsAnEventOfTheClient) {
  Connect connect = testing::with_will(testing::as_sdk("leaf-1"));
  connect.will->topic = "devices/leaf-1/messages/events/why=lost";
  connect.will->retain = true;
  auto& leaf = on_edge();
  leaf.connect(connect);
  happened();
  leaf.drop();
  EXPECT_THAT(happened(), Contains("publish leaf-1 q1 devices/leaf-1/messages/events=gone"));
  EXPECT_THAT(events_.messages().front()->props().user,
              ElementsAre(core::UserProperty{"why", "lost"}, core::UserProperty{"mqtt-retain", "true"}));
  EXPECT_FALSE(events_.messages().front()->retain);
}

TEST_F(DialectTest, LetsNobodyInWithAWillOfAnother) {
  auto& owner = sdk("leaf-1");
  for (const char* topic : {"will", "devices/leaf-2/messages/events/", "$iothub/twin/GET/?$rid=1",
                            "devices/leaf-1/messages/events/%zz"}) {
    Connect connect = testing::with_will(testing::as_sdk("leaf-1"));
    connect.will->topic = topic;
    EXPECT_THAT(on_edge().connect(connect), ElementsAre("CONNACK 05", "closed")) << topic;
  }
  EXPECT_TRUE(owner.is_open() && owner.ping() == Lines{"PINGRESP"}) << "whose session goes on";
}

TEST_F(DialectTest, TakesOneAndAHalfTimesTheKeepAlive) {
  auto& leaf = sdk("leaf-1");
  pass_s(270);
  EXPECT_THAT(leaf.read(), IsEmpty());
  pass_s(1);
  EXPECT_THAT(leaf.read(), ElementsAre("closed"));
}

TEST_F(DialectTest, IsForgottenByASessionThatComesBackInPlainMqtt) {
  auto& sensor = sdk("edge-1/sensor");
  sensor.subscribe(1, {to("devices/edge-1/modules/sensor/inputs/#", 1)});
  auto& plain = client();
  EXPECT_THAT(plain.connect(testing::as_sdk("edge-1/sensor")), ElementsAre("CONNACK 00 present"));
  deliver("edge-1/sensor", input("modules/sensor/inputs/in", "1"), 0);
  EXPECT_THAT(plain.read(), ElementsAre("PUBLISH q0 modules/sensor/inputs/in=1"));
  EXPECT_FALSE(session("edge-1/sensor")->speaks_iot_edge());
}

}  // namespace
}  // namespace headgate::broker
