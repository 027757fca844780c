// Modules of two devices that have one name, in the dialect and in plain MQTT; and chains of both kinds of modules, both ways.
#include "tests/e2e/edge/edge_hub.h"

namespace headgate::e2e {
namespace {

class IotEdgeNeighbours : public EdgeHubTest {
 protected:
  void configure(nlohmann::json& config) override {
    EdgeHubTest::configure(config);
    config["iot_edge"]["workload_dir"] = workload_;
    config["routes"] = {{"raw", into("/messages/modules/sensor/outputs/raw", "filter", "raw")},
                        {"good", into("/messages/modules/filter/outputs/good", "sensor", "in")},
                        {"to-work", into("/messages/modules/sensor/outputs/towork", "work", "in")},
                        {"done", into("/messages/modules/work/outputs/done", "sink", "in")},
                        {"on", into("/messages/modules/sink/outputs/on", "sensor", "in")}};
    const std::string users = scratch_.write("users", "");
    for (const char* user : {"plain-sensor", "leaf-sensor", "plain-work"})
      ASSERT_EQ(run({"mosquitto_passwd", "-b", users, user, "secret"}).exit_code, 0);
    config["auth"] = {
        {"password_file", users},
        {"identities",
         {{"plain-*", {{"module", "*"}}}, {"leaf-sensor", {{"device", "leaf-1"}, {"module", "sensor"}}}}}};
  }
  void meet(const std::string& scenario) const {
    const Finished played =
        run(python("neighbours.py", {scenario, std::to_string(tls_), std::to_string(wss_),
                                     certificates_.file("ca.pem"), std::to_string(hub_.port()), workload_}),
            60s);
    EXPECT_EQ(played.exit_code, 0) << played.out;
  }

  std::string workload_ = (scratch_.path() / "w").string();
};

TEST_F(IotEdgeNeighbours, OfOneNameHaveInputsAndOutputsOfTheirOwn) { meet("inputs_and_outputs"); }

TEST_F(IotEdgeNeighbours, OfOneNameAnswerNoMethodsOfEachOther) { meet("methods"); }

TEST_F(IotEdgeNeighbours, OfOneNameHaveTwinsOfTheirOwn) { meet("twins"); }

TEST_F(IotEdgeNeighbours, OfOneNameAreNotSignedForByEachOthersSocket) { meet("sign"); }

TEST_F(IotEdgeNeighbours, OfOneNameInPlainMqttHaveNothingOfEachOther) { meet("plain_namesakes"); }

TEST_F(IotEdgeNeighbours, PassAllPropertiesInAChainFromSdkToPlainToSdk) { meet("sdk_first"); }

TEST_F(IotEdgeNeighbours, PassAllPropertiesInAChainFromPlainToSdkToPlain) { meet("plain_first"); }

}  // namespace
}  // namespace headgate::e2e
