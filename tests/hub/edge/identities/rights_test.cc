// What a module or device of the dialect may do: its own, and nothing of another of the same name.
#include "hub/edge/identities/rights.h"

#include <gtest/gtest.h>

#include <string>

namespace headgate::hub {
namespace {

constexpr std::string_view kOwnDevice = "edge-1";

bool may_publish(const EdgeId& id, const std::string& topic) {
  return edge_rights(id, kOwnDevice)->may_publish(topic);
}
bool may_subscribe(const EdgeId& id, const std::string& filter) {
  return edge_rights(id, kOwnDevice)->may_subscribe(filter);
}
bool may_receive(const EdgeId& id, const std::string& topic) {
  return edge_rights(id, kOwnDevice)->may_receive(topic);
}

const EdgeId kSensor{"edge-1", "sensor"};
const EdgeId kLeafsSensor{"leaf-1", "sensor"};
const EdgeId kLeaf{"leaf-1", ""};

TEST(EdgeRights, GiveAModuleOfThisGatewayItsOwn) {
  EXPECT_TRUE(may_publish(kSensor, "modules/sensor/outputs/o"));
  EXPECT_TRUE(may_publish(kSensor, "modules/sensor/messages/events"));
  EXPECT_TRUE(may_subscribe(kSensor, "modules/sensor/inputs/#"));
  EXPECT_TRUE(may_receive(kSensor, "modules/sensor/inputs/i"));
  EXPECT_TRUE(may_subscribe(kSensor, "$iothub/devices/edge-1/modules/sensor/twin/res/#"));
  EXPECT_TRUE(may_receive(kSensor, "$iothub/devices/edge-1/modules/sensor/methods/POST/m/?$rid=1"));
}

TEST(EdgeRights, GiveADeviceItsOwn) {
  EXPECT_TRUE(may_publish(kLeaf, "devices/leaf-1/messages/events"));
  EXPECT_TRUE(may_subscribe(kLeaf, "devices/leaf-1/messages/devicebound"));
  EXPECT_TRUE(may_receive(kLeaf, "devices/leaf-1/messages/devicebound"));
  EXPECT_TRUE(may_subscribe(kLeaf, "$iothub/devices/leaf-1/twin/PATCH/properties/desired/#"));
}

TEST(EdgeRights, GiveNothingOfTwoModulesOfOneNameToTheOther) {
  EXPECT_TRUE(may_publish(kLeafsSensor, "devices/leaf-1/modules/sensor/outputs/o"));
  EXPECT_TRUE(may_subscribe(kLeafsSensor, "devices/leaf-1/modules/sensor/inputs/#"));
  for (const std::string topic :
       {"modules/sensor/outputs/o", "modules/sensor/messages/events", "devices/edge-1/messages/events",
        "devices/leaf-1/messages/events", "devices/edge-1/modules/sensor/messages/events"})
    EXPECT_FALSE(may_publish(kLeafsSensor, topic)) << topic;
  for (const std::string filter : {"modules/sensor/inputs/#", "modules/+/inputs/#", "#", "+/sensor/inputs/#",
                                   "$iothub/#", "$iothub/devices/edge-1/modules/sensor/methods/POST/#",
                                   "$iothub/devices/+/modules/sensor/twin/res/#"})
    EXPECT_FALSE(may_subscribe(kLeafsSensor, filter)) << filter;
  EXPECT_FALSE(may_receive(kLeafsSensor, "modules/sensor/inputs/i"));
  EXPECT_FALSE(may_receive(kLeafsSensor, "$iothub/devices/edge-1/modules/sensor/methods/POST/m/?$rid=1"));
  EXPECT_FALSE(may_publish(kSensor, "devices/leaf-1/modules/sensor/outputs/o"));
  EXPECT_FALSE(may_receive(kSensor, "devices/leaf-1/modules/sensor/inputs/i"));
}

TEST(EdgeRights, DoNotReachFromADeviceIntoItsModules) {
  for (const std::string filter :
       {"$iothub/devices/leaf-1/#", "$iothub/devices/leaf-1/modules/sensor/twin/res/#",
        "$iothub/devices/leaf-1/+/#", "devices/leaf-1/#", "devices/leaf-1/modules/sensor/inputs/#"})
    EXPECT_FALSE(may_subscribe(kLeaf, filter)) << filter;
  EXPECT_FALSE(may_publish(kLeaf, "devices/leaf-1/modules/sensor/messages/events"));
}

TEST(EdgeRights, LetNobodyPublishWhatTheHubSays) {
  EXPECT_FALSE(may_publish(kSensor, "modules/sensor/inputs/i"));
  EXPECT_FALSE(may_publish(kSensor, "$iothub/devices/edge-1/modules/sensor/twin/res/200/?$rid=1"));
  EXPECT_FALSE(may_publish(kLeaf, "devices/leaf-1/messages/devicebound"));
}

TEST(EdgeRights, TakeOddIdsAsTheyAre) {
  const EdgeId odd{"*", "$m(1)"};
  EXPECT_TRUE(may_publish(odd, "devices/*/modules/$m(1)/messages/events"));
  EXPECT_FALSE(may_publish(odd, "devices/leaf-1/modules/$m(1)/messages/events"));
}

}  // namespace
}  // namespace headgate::hub
