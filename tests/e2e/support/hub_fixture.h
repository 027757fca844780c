// A running hub for one test, with the words that e2e tests use. After each test its accounts must balance,
// and the store that it leaves must be sound. A failed test prints the hub's log.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/e2e/support/hub_process.h"
#include "tests/e2e/support/mqtt_client.h"

namespace headgate::e2e {

class HubTest : public ::testing::Test {
 protected:
  void SetUp() override {
    configure(hub_.config);
    hub_.start();
  }
  void TearDown() override {
    const std::string state = hub_.state();
    hub_.expect_sound();
    if (HasFailure()) ADD_FAILURE() << "the hub (" << state << ") logged:\n" << hub_.log();
  }

  // What a suite wants in the configuration before the hub's first start.
  virtual void configure(nlohmann::json& /*config*/) {}

  [[nodiscard]] std::unique_ptr<MqttClient> client(ClientOptions options = {}) const {
    auto client = std::make_unique<MqttClient>(hub_.port(), std::move(options));
    EXPECT_TRUE(client->is_connected()) << "CONNACK code " << client->connect_code();
    return client;
  }
  [[nodiscard]] std::unique_ptr<MqttClient> persistent_client(const std::string& id,
                                                              Protocol protocol = Protocol::v5) const {
    return client({.id = id, .protocol = protocol, .clean = false});
  }
  [[nodiscard]] std::unique_ptr<MqttClient> subscriber(const std::string& filter, int qos = 1) const {
    auto subscribed = client();
    EXPECT_EQ(subscribed->subscribe(filter, qos), qos);
    return subscribed;
  }

  void restart_hard() {
    hub_.kill_hard();
    hub_.start();
  }

  HubProcess hub_;
};

}  // namespace headgate::e2e
