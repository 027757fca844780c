#include "hub/edge/topics.h"

#include <gtest/gtest.h>

#include <string>

namespace headgate::hub {
namespace {

const EdgeId kTopicLeaf{"leaf-1", {}};
const EdgeId kTopicModule{"edge-1", "sensor"};

std::string as_text(const std::optional<EdgeRequest>& request) {
  if (!request) return "none";
  static constexpr std::string_view kNames[] = {"get", "report", "answer"};
  return std::string(kNames[static_cast<size_t>(request->kind)]) + " '" + std::string(request->rid) + "' " +
         std::to_string(request->status);
}

TEST(EdgeTopics, NameTheClientWithinTheHub) {
  EXPECT_EQ(methods_filter(kTopicLeaf), "$iothub/devices/leaf-1/methods/POST/#");
  EXPECT_EQ(twin_answers_filter(kTopicModule), "$iothub/devices/edge-1/modules/sensor/twin/res/#");
  EXPECT_EQ(desired_filter(kTopicModule),
            "$iothub/devices/edge-1/modules/sensor/twin/PATCH/properties/desired/#");
  EXPECT_EQ(reported_topic(kTopicLeaf, "r 1", 7), "$iothub/devices/leaf-1/twin/res/204/?$rid=r 1&$version=7");
  EXPECT_EQ(desired_topic(kTopicLeaf, 7), "$iothub/devices/leaf-1/twin/PATCH/properties/desired/?$version=7");
  EXPECT_EQ(method_topic(kTopicLeaf, "echo", "a-1"), "$iothub/devices/leaf-1/methods/POST/echo/?$rid=a-1");
}

TEST(EdgeTopics, TellWhatAClientAsks) {
  const std::string leaf = "$iothub/devices/leaf-1/";
  EXPECT_EQ(as_text(parse_edge_request(kTopicLeaf, leaf + "twin/GET/?$rid=4")), "get '4' 0");
  EXPECT_EQ(
      as_text(parse_edge_request(kTopicLeaf, leaf + "twin/PATCH/properties/reported/?$rid=a%20b&$version=3")),
      "report 'a%20b' 0");
  EXPECT_EQ(
      as_text(parse_edge_request(kTopicLeaf, leaf + "twin/PATCH/properties/reported/?$version=3&$rid=5")),
      "report '5' 0");
  EXPECT_EQ(as_text(parse_edge_request(kTopicLeaf, leaf + "twin/PATCH/properties/reported/")), "report '' 0");
  EXPECT_EQ(as_text(parse_edge_request(kTopicLeaf, leaf + "methods/res/-3/?$rid=x")), "answer 'x' -3");
  EXPECT_EQ(
      as_text(parse_edge_request(kTopicModule, "$iothub/devices/edge-1/modules/sensor/twin/GET/?$rid=4")),
      "get '4' 0");
}

TEST(EdgeTopics, RefuseWhatIsNotOfTheProtocol) {
  const std::string leaf = "$iothub/devices/leaf-1/";
  for (const char* rest : {"twin/GET/", "twin/GET/?$rid=", "twin/GET", "twin/GET/$rid=1", "twin/POST/?$rid=1",
                           "methods/res/0/?$rid=1", "methods/res/abc/?$rid=1", "methods/res/200/",
                           "methods/res/200", "methods/res/99999999999999999999/?$rid=1",
                           "methods/POST/echo/?$rid=1", "twin/PATCH/properties/desired/?$rid=1", ""})
    EXPECT_EQ(as_text(parse_edge_request(kTopicLeaf, leaf + rest)), "none") << rest;
}

TEST(EdgeTopics, RefuseThoseOfAnotherClient) {
  EXPECT_FALSE(parse_edge_request(kTopicLeaf, "$iothub/devices/leaf-2/twin/GET/?$rid=4"));
  EXPECT_FALSE(parse_edge_request({"edge-1", {}}, "$iothub/devices/edge-1/modules/sensor/twin/GET/?$rid=4"));
  EXPECT_FALSE(parse_edge_request(kTopicModule, "$iothub/devices/edge-1/twin/GET/?$rid=4"));
  EXPECT_FALSE(
      parse_edge_request({"leaf-1", "sensor"}, "$iothub/devices/edge-1/modules/sensor/twin/GET/?$rid=4"));
}

TEST(EdgeTopics, TakeRequestIdsOfAsManyBytesAsTheyMayHave) {
  const std::string front = "$iothub/devices/leaf-1/twin/GET/?$rid=";
  EXPECT_TRUE(parse_edge_request(kTopicLeaf, front + std::string(128, 'r')));
  EXPECT_FALSE(parse_edge_request(kTopicLeaf, front + std::string(129, 'r')));
}

TEST(EdgeTopics, NameTheQueueOfADevice) {
  EXPECT_EQ(device_queue_name("leaf-1"), "devices/leaf-1/messages/devicebound");
  EXPECT_EQ(device_of_queue("devices/leaf-1/messages/devicebound"), "leaf-1");
  EXPECT_FALSE(device_of_queue("devices/a/b/messages/devicebound"));
  EXPECT_FALSE(device_of_queue("devices/leaf-1/messages/events"));
  EXPECT_FALSE(device_of_queue("devices//messages/devicebound"));
}

}  // namespace
}  // namespace headgate::hub
