// Modules and devices of Azure IoT's SDKs, as raw packets over TLS and WebSocket, against the real hub.
#include "tests/e2e/support/certificates.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

class IotEdgeWire : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    // The kernel of a test's machine may never have been synchronised.
    hub_.under = {"env", "LD_PRELOAD=" HEADGATE_BUILT_BIN_DIR "/libheadgate_synced_kernel.so"};
    const nlohmann::json tls = {{"cert_file", certificates_.file("hub.pem")},
                                {"key_file", certificates_.file("hub.key")}};
    config["iot_edge"] = {{"hub_host_name", "acme-plant.azure-devices.net"},
                          {"device_id", "edge-1"},
                          {"gateway_names", {"localhost"}},
                          {"identities_file", (scratch_.path() / "identities.json").string()}};
    config["listeners"] += {{"transport", "tls"}, {"port", tls_}, {"tls", tls}, {"dialect", "iot-edge"}};
    config["listeners"] += {{"transport", "wss"}, {"port", wss_}, {"tls", tls}, {"dialect", "iot-edge"}};
    config["routes"] = {
        {"raw",
         R"(FROM /messages/modules/sensor/outputs/raw INTO BrokeredEndpoint("/modules/filter/inputs/raw"))"},
        {"good",
         R"(FROM /messages/modules/filter/outputs/good INTO BrokeredEndpoint("/modules/sink/inputs/good"))"}};
    write_identities();
  }
  // The keys of raw_clients.py, base64.
  void write_identities() const {
    const std::pair<const char*, const char*> keys[] = {
        {"edge-1/sensor", "c2Vuc29yLXByaW1hcnkta2V5LTAxMjM0NTY3ODlhYmM="},
        {"edge-1/filter", "ZmlsdGVyLXByaW1hcnkta2V5LTAxMjM0NTY3ODlhYmM="},
        {"edge-1/sink", "c2luay1wcmltYXJ5LWtleS0wMTIzNDU2Nzg5YWJjZGVm"},
        {"leaf-1", "bGVhZi1wcmltYXJ5LWtleS0wMTIzNDU2Nzg5YWJjZGU="},
        {"leaf-1/sensor", "Zm9yZWlnbi1wcmltYXJ5LWtleS0wMTIzNDU2Nzg5YWI="}};
    nlohmann::json identities = nlohmann::json::array();
    for (const auto& [id, key] : keys) identities += {{"id", id}, {"primary_key", key}};
    scratch_.write("identities.json", nlohmann::json{{"identities", identities}}.dump());
  }
  void play(const std::string& scenario) const {
    const Finished played = run({"/usr/bin/python3", HEADGATE_E2E_SOURCE_DIR "/edge/raw_clients.py", scenario,
                                 std::to_string(tls_), std::to_string(wss_), certificates_.file("ca.pem")},
                                60s);
    EXPECT_EQ(played.exit_code, 0) << played.out;
  }

  ScratchDir scratch_;
  Certificates certificates_;
  uint16_t tls_ = free_port();
  uint16_t wss_ = free_port();
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

}  // namespace
}  // namespace headgate::e2e
