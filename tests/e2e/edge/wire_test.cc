// Modules and devices of Azure IoT's SDKs, as raw packets over TLS and WebSocket, against the real hub.
#include "tests/e2e/edge/edge_hub.h"

namespace headgate::e2e {
namespace {

class IotEdgeWire : public EdgeHubTest {
 protected:
  void configure(nlohmann::json& config) override {
    EdgeHubTest::configure(config);
    config["routes"] = {{"raw", into("/messages/modules/sensor/outputs/raw", "filter", "raw")},
                        {"good", into("/messages/modules/filter/outputs/good", "sink", "good")}};
  }
};

TEST_F(IotEdgeWire, ModulesOfThreeSdksMakeAChain) { play("chain"); }

TEST_F(IotEdgeWire, SubscriptionsHoldOverKillWithoutSubscribe) {
  play("leave");
  restart_hard();
  play("kept");
}

TEST_F(IotEdgeWire, WhatIsTooLargeIsRefusedByItsLength) { play("oversize"); }

TEST_F(IotEdgeWire, WhoIsNobodyGetsCode5AndEndsNobody) { play("refused"); }

TEST_F(IotEdgeWire, EachHostilePacketEndsItsClientAlone) { play("hostile"); }

TEST_F(IotEdgeWire, FormsOfOtherSdksAreUnderstood) { play("forms"); }

TEST_F(IotEdgeWire, AwkwardNamesAreUnderstoodHoweverTheyAreEncoded) { play("awkward"); }

TEST_F(IotEdgeWire, ManyFiltersInOnePacketAndRequestsWithQos1AreUnderstood) { play("many_filters"); }

}  // namespace
}  // namespace headgate::e2e
