#include "upstream/identities/sender.h"

#include <gtest/gtest.h>

namespace headgate::upstream {
namespace {

core::Message message_of(core::Source source, core::Properties properties = {}) {
  core::Message message;
  message.topic = "modules/sensor/outputs/hot";
  message.source = std::make_shared<const core::Source>(std::move(source));
  message.properties = std::make_shared<const core::Properties>(std::move(properties));
  return message;
}

const CloudIdentity kLeaf{"leaf-1"};
const CloudIdentity kModule{"gateway-7", "sensor"};

TEST(EventsTopic, IsThatOfADeviceOrAModule) {
  EXPECT_EQ(events_topic(kLeaf, message_of({.client_id = "leaf-1", .device = "leaf-1", .module = {}})),
            "devices/leaf-1/messages/events/");
  EXPECT_EQ(events_topic(kModule, message_of({.client_id = "x", .device = "gateway-7", .module = "sensor"})),
            "devices/gateway-7/modules/sensor/messages/events/");
  EXPECT_EQ(kModule.id(), "gateway-7/sensor");
}

// The system properties of docs/from-iot-edge.md, as a module has sent them.
TEST(EventsTopic, HasSystemPropertiesUnderTheirNamesAndThoseOfItsOwnFirst) {
  core::Properties properties;
  properties.content_type = "application/json";
  properties.content_encoding = "utf-8";
  properties.correlation_data = "c/1";
  properties.user = {
      {"level", "hot"},     {"$.mid", "m 1"},     {"$.uid", "u"},      {"$.on", "hot"},
      {"$.cdid", "forged"}, {"$.cmid", "forged"}, {"a&b=c/d?", "ü+%"}, {"$.exp", "2030-03-17T17:46:40.000Z"}};
  EXPECT_EQ(
      events_topic(kModule,
                   message_of({.client_id = "x", .device = "gateway-7", .module = "sensor"}, properties)),
      "devices/gateway-7/modules/sensor/messages/events/%24.ct=application%2Fjson&%24.ce=utf-8&%24.cid=c%2F1"
      "&%24.mid=m%201&%24.uid=u&%24.exp=2030-03-17T17%3A46%3A40.000Z&level=hot&a%26b%3Dc%2Fd%3F=%C3%BC%2B%25");
}

TEST(EventsTopic, SaysOnceWhatAMessageSaysTwice) {
  core::Properties properties;
  properties.content_type = "text/plain";
  properties.user = {{"$.ct", "application/json"}, {"$.ce", "utf-8"}, {"$.cid", "c"}};
  EXPECT_EQ(events_topic(kLeaf, message_of({.client_id = "l", .device = "leaf-1", .module = {}}, properties)),
            "devices/leaf-1/messages/events/%24.ct=text%2Fplain&%24.ce=utf-8&%24.cid=c");
}

TEST(EventsTopic, LeavesOutWhatIsNoText) {
  core::Properties properties;
  properties.correlation_data = std::string("\xFF\x00", 2);
  properties.user = {{"", "nameless"}, {"bad", "\xC3"}, {"good", "1"}};
  EXPECT_EQ(events_topic(kLeaf, message_of({.client_id = "l", .device = "leaf-1", .module = {}}, properties)),
            "devices/leaf-1/messages/events/good=1");
}

TEST(EventsTopic, NamesTheOriginUnderAnotherIdentityAndOnlyAsTheHubKnowsIt) {
  core::Properties properties;
  properties.user = {{"originDevice", "forged"}, {"originModule", "forged"}, {"originTopic", "forged"}};
  const CloudIdentity gateway{"gateway-7"};
  EXPECT_EQ(events_topic(gateway,
                         message_of({.client_id = "x", .device = "leaf-1", .module = "sensor"}, properties)),
            "devices/gateway-7/messages/events/originDevice=leaf-1&originModule=sensor"
            "&originTopic=modules%2Fsensor%2Foutputs%2Fhot");
  EXPECT_EQ(
      events_topic(gateway, message_of({.client_id = "plain", .device = {}, .module = {}}, properties)),
      "devices/gateway-7/messages/events/originDevice=plain&originTopic=modules%2Fsensor%2Foutputs%2Fhot");
  core::Message own;
  own.topic = "presence";
  EXPECT_EQ(events_topic(gateway, own), "devices/gateway-7/messages/events/originTopic=presence");
  EXPECT_EQ(
      events_topic(gateway, message_of({.client_id = "g", .device = "gateway-7", .module = {}}, properties)),
      "devices/gateway-7/messages/events/")
      << "who it is, the topic says";
}

TEST(Sender, IsNobodyForAPlainClientAndForTheHubItself) {
  EXPECT_EQ(sender_of(message_of({.client_id = "plain", .device = {}, .module = {}})), std::nullopt);
  EXPECT_EQ(sender_of(core::Message()), std::nullopt);
  EXPECT_EQ(sender_of(message_of({.client_id = "x", .device = "d", .module = "m"})),
            (CloudIdentity{"d", "m"}));
}

}  // namespace
}  // namespace headgate::upstream
