// A hub at whose listeners modules and devices of IoT Edge come in as raw packets: over TLS, over WebSocket, and beside plain MQTT.
#pragma once

#include <string>
#include <utility>

#include "tests/e2e/support/certificates.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {

class EdgeHubTest : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    // The kernel of a test's machine may never have been synchronised.
    hub_.under = {"env", "LD_PRELOAD=" HEADGATE_BUILT_BIN_DIR "/libheadgate_synced_kernel.so"};
    const nlohmann::json tls = {{"cert_file", certificates_.file("hub.pem")},
                                {"key_file", certificates_.file("hub.key")}};
    const std::string identities = (scratch_.path() / "identities.json").string();
    config["iot_edge"] = {{"hub_host_name", "acme-plant.azure-devices.net"},
                          {"device_id", "edge-1"},
                          {"gateway_names", {"localhost"}},
                          {"identities_file", identities}};
    config["listeners"] += {{"transport", "tls"}, {"port", tls_}, {"tls", tls}, {"dialect", "iot-edge"}};
    config["listeners"] += {{"transport", "wss"}, {"port", wss_}, {"tls", tls}, {"dialect", "iot-edge"}};
    const Finished written = run(python("raw_clients.py", {"identities", identities}));
    ASSERT_EQ(written.exit_code, 0) << written.out;
  }
  // A route from the source in a document of IoT Edge to a module's input.
  static std::string into(const std::string& source, const std::string& module, const std::string& input) {
    return "FROM " + source + " INTO BrokeredEndpoint('/modules/" + module + "/inputs/" + input + "')";
  }
  [[nodiscard]] static std::vector<std::string> python(const std::string& script,
                                                       const std::vector<std::string>& arguments) {
    std::vector<std::string> words{"/usr/bin/python3", HEADGATE_E2E_SOURCE_DIR "/edge/" + script};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
  }
  // A scenario of raw_clients.py.
  void play(const std::string& scenario) const {
    const Finished played =
        run(python("raw_clients.py",
                   {scenario, std::to_string(tls_), std::to_string(wss_), certificates_.file("ca.pem")}),
            60s);
    EXPECT_EQ(played.exit_code, 0) << played.out;
  }

  ScratchDir scratch_;
  Certificates certificates_;
  uint16_t tls_ = free_port();
  uint16_t wss_ = free_port();
};

}  // namespace headgate::e2e
