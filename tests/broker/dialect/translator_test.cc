// Vectors are those that the Node SDK sends and takes.
#include "broker/dialect/translator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace headgate::broker {
namespace {

using ::testing::HasSubstr;

const Translator kSensor("edge-1", "sensor", "edge-1");
const Translator kGateway("edge-1", "", "edge-1");
const Translator kLeaf("leaf-1", "", "edge-1");
const Translator kLeafModule("leaf-1", "sensor", "edge-1");

const std::string kEvents = "devices/edge-1/modules/sensor/messages/events/";

Publish to_topic(std::string_view topic) {
  Publish publish;
  publish.topic = topic;
  publish.qos = 1;
  return publish;
}

// "topic | content type | correlation | name: value, name: value"; or the reason of a refusal.
std::string text_of(const Translator& translator, const Publish& publish) {
  Translated inside;
  std::string why;
  const ReasonCode bad = translator.publish(publish, inside, why);
  EXPECT_EQ(is_error(bad), !why.empty());
  if (is_error(bad)) return std::string(name(bad));
  std::string text = (inside.is_request ? "request " : "") + inside.topic;
  if (!inside.properties) return text;
  const core::Properties& properties = *inside.properties;
  text += " | " + properties.content_type + " | " + properties.correlation_data + " |";
  for (const core::UserProperty& user : properties.user) text += " " + user.name + ": " + user.value + ",";
  return text;
}

std::string inside(const Translator& translator, std::string_view topic) {
  return text_of(translator, to_topic(topic));
}

core::Message message(std::string topic, core::Properties properties = {},
                      std::optional<core::Source> source = core::Source{"edge-1/sensor", "edge-1",
                                                                        "sensor"}) {
  core::Message made;
  made.topic = std::move(topic);
  made.properties = std::make_shared<const core::Properties>(std::move(properties));
  if (source) made.source = std::make_shared<const core::Source>(*std::move(source));
  return made;
}

std::string wire(const Translator& translator, const core::Message& message) {
  std::string topic;
  return translator.topic_out(message, topic) ? topic : "not its own";
}

// ---- from the client ----

TEST(Translator, TakesTheFullSetOfSystemProperties) {
  EXPECT_EQ(
      inside(
          kSensor,
          kEvents +
              "%24.mid=m-1&%24.cid=c%2F1&%24.uid=u%201&%24.to=%2Fx%2Fy&%24.ct=application%2Fjson&%24.ce=utf-8&"
              "%24.ifid=urn%3Ax&%24.exp=2030-03-17T17%3A46%3A40.000Z&k1=v%201&a%26b%3Dc%2Fd%3Fe%2Bf%25=%C3%BC%3D%26"
              "%2F%2B%25%23%3F"),
      "modules/sensor/messages/events | application/json | c/1 | $.mid: m-1, $.uid: u 1, $.to: /x/y, $.ce: utf-8, $.ifid: "
      "urn:x, $.exp: 2030-03-17T17:46:40.000Z, k1: v 1, a&b=c/d?e+f%: \u00fc=&/+%#?,");
}

TEST(Translator, TellsOutputsFromEvents) {
  EXPECT_EQ(inside(kSensor, kEvents), "modules/sensor/messages/events");
  EXPECT_EQ(inside(kSensor, kEvents + "%24.on=x/"), "modules/sensor/outputs/x");
  EXPECT_EQ(inside(kSensor, kEvents + "$.on=x"), "modules/sensor/outputs/x");
  EXPECT_EQ(
      inside(kSensor, kEvents +
                          "%24.on=x&%24.mid=id1&%24.cid=cc&%24.ct=application%2Fjson&%24.ce=utf-8&level=hot&"
                          "we%20ird%2F%C3%BC=a%3Db%26c/"),
      "modules/sensor/outputs/x | application/json | cc | $.mid: id1, $.ce: utf-8, level: hot, we ird/\u00fc: a=b&c,");
  EXPECT_EQ(inside(kSensor, kEvents + "%24.on="), "modules/sensor/messages/events");
}

TEST(Translator, TakesTheTopicOfEventsWithAndWithoutItsSlash) {
  EXPECT_EQ(inside(kLeaf, "devices/leaf-1/messages/events"), "devices/leaf-1/messages/events");
  EXPECT_EQ(inside(kLeaf, "devices/leaf-1/messages/events/"), "devices/leaf-1/messages/events");
  EXPECT_EQ(inside(kLeaf, "devices/leaf-1/messages/events/a=b/"),
            "devices/leaf-1/messages/events |  |  | a: b,");
  EXPECT_EQ(inside(kGateway, "devices/edge-1/messages/events/"), "devices/edge-1/messages/events");
}

TEST(Translator, KeepsAModuleOfAnotherDeviceApart) {
  const std::string events = "devices/leaf-1/modules/sensor/messages/events/";
  EXPECT_EQ(inside(kLeafModule, events), "devices/leaf-1/modules/sensor/messages/events");
  EXPECT_EQ(inside(kLeafModule, events + "%24.on=x/"), "devices/leaf-1/modules/sensor/outputs/x");
  EXPECT_EQ(kLeafModule.filter("devices/leaf-1/modules/sensor/inputs/#"),
            "devices/leaf-1/modules/sensor/inputs/#");
  EXPECT_EQ(inside(kLeafModule, kEvents), "not authorized");
}

TEST(Translator, NeverBelievesWhoAClientSaysItIs) {
  EXPECT_EQ(inside(kSensor, kEvents + "%24.cdid=other&$.cmid=boss&a=b"),
            "modules/sensor/messages/events |  |  | a: b,");
}

TEST(Translator, RefusesWhatIsNotTheClientsOwn) {
  for (const char* topic :
       {"devices/edge-1/modules/other/messages/events/", "devices/edge-1/messages/events/",
        "devices/edge-1/modules/sensor/", "devices/edge-1/modules/sensor/messages/eventsx",
        "devices/edge-1/modules/sensor/inputs/x", "modules/sensor/outputs/x", "x",
        "devices/edge-1/modules/sensor/messages/devicebound/", "$iothub/twin/res/200/?$rid=1", "$iothub/x",
        "$iothub/methods/POST/x/?$rid=1"})
    EXPECT_EQ(inside(kSensor, topic), "not authorized") << topic;
}

TEST(Translator, RefusesWhatCannotBeRead) {
  for (const char* bag : {"a=%", "%zz", "a=%FF", "%24.on=%23", "%24.on=a%2B", "%24.on=%00"})
    EXPECT_EQ(inside(kSensor, kEvents + bag), "topic name invalid") << bag;
}

TEST(Translator, RefusesQos2AndMoreThanAMessageMayHave) {
  Publish publish = to_topic(kEvents);
  publish.qos = 2;
  EXPECT_EQ(text_of(kSensor, publish), "QoS not supported");
  const std::string body(kEdgeMessageBytesMax - 3, 'x');
  const std::string fits = kEvents + "a=b/";
  const std::string too_large = kEvents + "a=bc/";
  publish = to_topic(fits);
  publish.payload = body;
  EXPECT_EQ(text_of(kSensor, publish), "modules/sensor/messages/events |  |  | a: b,");
  publish.topic = too_large;
  EXPECT_EQ(text_of(kSensor, publish), "packet too large");
}

TEST(Translator, MakesPropertiesOfRetainAndDup) {
  Publish publish = to_topic(kEvents);
  publish.retain = publish.dup = true;
  EXPECT_EQ(text_of(kSensor, publish),
            "modules/sensor/messages/events |  |  | mqtt-retain: true, mqtt-dup: true,");
}

TEST(Translator, ReadsTheExpiry) {
  const auto expiry = [](const std::string& bag) {
    Translated inside;
    std::string why;
    const std::string topic = kEvents + bag;
    EXPECT_EQ(kSensor.publish(to_topic(topic), inside, why), ReasonCode::success);
    return inside.expires_wall_ms;
  };
  EXPECT_EQ(expiry("%24.exp=2030-03-17T17%3A46%3A40.000Z"), 1'900'000'000'000);
  EXPECT_EQ(expiry("$.exp=2030-03-17T18:46:40.1234567+01:00"), 1'900'000'000'123);
  EXPECT_EQ(expiry("$.exp=1970-01-01T00:00:00Z"), 1) << "over, and not never";
  EXPECT_EQ(expiry("$.exp=never"), 0);
  EXPECT_EQ(expiry(""), 0);
}

TEST(Translator, PutsTheClientIntoTheTopicsOfRequests) {
  EXPECT_EQ(inside(kSensor, "$iothub/twin/GET/?$rid=4"),
            "request $iothub/devices/edge-1/modules/sensor/twin/GET/?$rid=4");
  EXPECT_EQ(inside(kLeaf, "$iothub/twin/PATCH/properties/reported/?$rid=1&$version=2"),
            "request $iothub/devices/leaf-1/twin/PATCH/properties/reported/?$rid=1&$version=2");
  EXPECT_EQ(inside(kLeafModule, "$iothub/methods/res/200/?$rid=1"),
            "request $iothub/devices/leaf-1/modules/sensor/methods/res/200/?$rid=1");
}

TEST(Translator, HasFiltersOfTheClientsOwnOnly) {
  EXPECT_EQ(kSensor.filter("devices/edge-1/modules/sensor/inputs/#"), "modules/sensor/inputs/#");
  EXPECT_EQ(kSensor.filter("devices/edge-1/modules/sensor/#"), "modules/sensor/inputs/#");
  EXPECT_EQ(kLeaf.filter("devices/leaf-1/messages/devicebound/#"), "devices/leaf-1/messages/devicebound");
  EXPECT_EQ(kLeaf.filter("$iothub/twin/res/#"), "$iothub/devices/leaf-1/twin/res/#");
  EXPECT_EQ(kSensor.filter("$iothub/methods/POST/#"), "$iothub/devices/edge-1/modules/sensor/methods/POST/#");
  EXPECT_EQ(kSensor.filter("$iothub/twin/PATCH/properties/desired/#"),
            "$iothub/devices/edge-1/modules/sensor/twin/PATCH/properties/desired/#");
  for (const char* other :
       {"#", "+/#", "devices/#", "devices/edge-1/modules/+/#", "devices/edge-1/modules/other/inputs/#",
        "modules/sensor/inputs/#", "$iothub/#", "devices/leaf-1/messages/devicebound/#",
        "devices/edge-1/modules/sensor/messages/events/#", "$SYS/#", "$share/g/#"})
    EXPECT_EQ(kSensor.filter(other), "") << other;
}

// ---- to the client ----

TEST(Translator, WritesAnInputAsTheSdkReadsIt) {
  core::Properties properties;
  properties.content_type = "application/json";
  properties.correlation_data = "cc";
  properties.user = {{"$.mid", "id1"}, {"level", "hot"},    {"we ird/\u00fc", "a=b&c"}, {"$.ce", "utf-8"},
                     {"$.on", "x"},    {"$.ifid", "urn:x"}, {"$.cdid", "liar"}};
  const Translator filter("edge-1", "filter-mod.v2", "edge-1");
  EXPECT_EQ(
      wire(filter, message("modules/filter-mod.v2/inputs/y", properties)),
      "devices/edge-1/modules/filter-mod.v2/inputs/y/level=hot&we%20ird%2F%C3%BC=a%3Db%26c&%24.mid=id1&%24.ce=utf-8&"
      "%24.cid=cc&%24.ct=application%2Fjson&%24.cdid=edge-1&%24.cmid=sensor");
}

TEST(Translator, GivesAnInputsNameOneLevelSoThatTheBagIsTheNext) {
  EXPECT_EQ(wire(kSensor, message("modules/sensor/inputs/a/%zz/b")),
            "devices/edge-1/modules/sensor/inputs/a%2F%zz%2Fb/%24.cdid=edge-1&%24.cmid=sensor");
}

TEST(Translator, NamesTheSenderOfEveryInput) {
  EXPECT_EQ(wire(kSensor, message("modules/sensor/inputs/i", {}, core::Source{"leaf-1", "leaf-1", ""})),
            "devices/edge-1/modules/sensor/inputs/i/%24.cdid=leaf-1");
  EXPECT_EQ(wire(kSensor, message("modules/sensor/inputs/i", {}, core::Source{"client 7", "", ""})),
            "devices/edge-1/modules/sensor/inputs/i/%24.cdid=client%207");
  EXPECT_EQ(wire(kSensor, message("modules/sensor/inputs/i", {}, std::nullopt)),
            "devices/edge-1/modules/sensor/inputs/i/%24.cdid=edge-1");
}

TEST(Translator, WritesMessagesToDevices) {
  core::Properties properties;
  properties.content_type = "text/plain";
  properties.correlation_data = "cc";
  properties.user = {
      {"why so", "a/b=c&d"}, {"$.mid", "c2d-1"}, {"$.to", "/devices/leaf-1/messages/deviceBound"}};
  EXPECT_THAT(
      wire(kLeaf, message("devices/leaf-1/messages/devicebound", properties, std::nullopt)),
      HasSubstr(
          "devices/leaf-1/messages/devicebound/why%20so=a%2Fb%3Dc%26d&%24.mid=c2d-1&%24.to=%2Fdevices%2Fleaf-1%2F"
          "messages%2FdeviceBound&%24.cid=cc&%24.ct=text%2Fplain"));
}

TEST(Translator, WritesAnswersWithoutABag) {
  EXPECT_EQ(wire(kLeaf, message("$iothub/devices/leaf-1/twin/res/200/?$rid=1")),
            "$iothub/twin/res/200/?$rid=1");
}

TEST(Translator, GivesAClientNothingOfOthers) {
  for (const char* topic :
       {"modules/other/inputs/i", "modules/sensor/outputs/o", "t", "devices/leaf-1/modules/sensor/inputs/i",
        "$iothub/devices/leaf-1/twin/res/200/?$rid=1", "devices/edge-1/messages/devicebound"})
    EXPECT_EQ(wire(kSensor, message(topic)), "not its own") << topic;
  EXPECT_EQ(wire(kLeafModule, message("modules/sensor/inputs/i")), "not its own");
}

}  // namespace
}  // namespace headgate::broker
