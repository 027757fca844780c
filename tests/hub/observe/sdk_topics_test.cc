// Clients with IoT Edge names that speak the SDKs' dialect, which is not there.
#include "hub/observe/sdk_topics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::qos0;
using testing::qos1;
using ::testing::StartsWith;
using testing::to;
using testing::v3;

class SdkTopicsTest : public EngineTest {
 protected:
  SdkTopicsTest() {
    add("edge-1/camera", true);
    add("plain", false);
  }
  void add(const std::string& user, bool edge) {
    broker::Identity identity;
    identity.username = user;
    identity.edge = edge;
    access_.users[user] = {std::make_shared<const broker::Identity>(identity), broker::Rights::all()};
  }
  void connect(testing::ScriptedClient& client, std::string_view user) {
    broker::Connect connect = v3("c");
    connect.username = user;
    client.connect(connect);
  }
  [[nodiscard]] size_t warnings() const {
    const auto lines = log_.lines();
    return static_cast<size_t>(std::count_if(
        lines.begin(), lines.end(), [](const std::string& line) { return line.starts_with("sdk_topic "); }));
  }
};

TEST_F(SdkTopicsTest, AreWarnedAboutOnceAClientWithAnEdgeName) {
  auto camera = client();
  connect(camera, "edge-1/camera");
  camera.publish(qos0("devices/edge-1/modules/camera/messages/events/x=1", "x"));
  camera.publish(qos0("devices/edge-1/messages/events/", "x"));
  camera.subscribe(1, {to("devices/edge-1/modules/camera/inputs/#")});
  EXPECT_EQ(warnings(), 1u);
  EXPECT_THAT(log_.lines(),
              Contains(AllOf(StartsWith("sdk_topic client=c publish=devices/edge-1/modules"),
                             HasSubstr("iot-edge"), HasSubstr("modules/MODULE/outputs/OUTPUT"))));
}

TEST_F(SdkTopicsTest, AreWarnedAboutOnASubscriptionToo) {
  auto camera = client();
  connect(camera, "edge-1/camera");
  camera.subscribe(1, {to("devices/edge-1/messages/devicebound/#")});
  EXPECT_THAT(log_.lines(),
              Contains(StartsWith("sdk_topic client=c subscribe=devices/edge-1/messages/devicebound/#")));
}

TEST_F(SdkTopicsTest, AreOrdinaryTopicsForEverybodyElse) {
  auto plain = client();
  connect(plain, "plain");
  plain.subscribe(1, {to("devices/edge-1/modules/camera/inputs/#")});
  commit();
  plain.read();
  EXPECT_THAT(plain.publish(qos0("devices/edge-1/modules/camera/inputs/x", "x")),
              ElementsAre("PUBLISH q0 devices/edge-1/modules/camera/inputs/x=x"));
  EXPECT_EQ(warnings(), 0u);
}

TEST(IsSdkTopic, KnowsTheDialectByItsForms) {
  for (const char* topic : {"devices/d/messages/events/", "devices/d/messages/events/a=b&c=d",
                            "devices/d/modules/m/inputs/#", "devices/d/modules/m/messages/events/%24.on=out",
                            "devices/d/messages/devicebound/#", "$iothub/methods/POST/#"})
    EXPECT_TRUE(is_sdk_topic(topic)) << topic;
  for (const char* topic : {"devices/d/telemetry", "modules/m/inputs/x", "plant/devices/d/messages/events/",
                            "devices/d/inputs/x", "iothub/x"})
    EXPECT_FALSE(is_sdk_topic(topic)) << topic;
}

}  // namespace
}  // namespace headgate::hub
