// A real RabbitMQ with its MQTT plugin: the cloud of many sites.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tests/e2e/support/process.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {

// On ports and in a directory of its own; starts stopped.
class RabbitMqBroker {
 public:
  static constexpr const char* kPackage = "rabbitmq-server";
  [[nodiscard]] static bool is_installed();

  RabbitMqBroker();
  ~RabbitMqBroker();
  RabbitMqBroker(const RabbitMqBroker&) = delete;
  RabbitMqBroker& operator=(const RabbitMqBroker&) = delete;

  void start();  // waits until it accepts MQTT
  void stop();   // SIGTERM; what it has confirmed is on disk
  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  [[nodiscard]] std::string file(const std::string& name) const { return (scratch_.path() / name).string(); }

  ScratchDir scratch_;
  uint16_t port_;
  uint16_t epmd_port_;  // of the daemon that Erlang's nodes find each other by
  std::unique_ptr<Process> process_;
};

}  // namespace headgate::e2e
