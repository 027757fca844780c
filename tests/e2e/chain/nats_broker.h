// A real NATS server with JetStream and its MQTT listener: another cloud of many sites.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tests/e2e/support/process.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {

// On ports and in a directory of its own; starts stopped.
class NatsBroker {
 public:
  static constexpr const char* kPackage = "nats-server";
  [[nodiscard]] static bool is_installed();

  NatsBroker();
  ~NatsBroker() { stop(); }
  NatsBroker(const NatsBroker&) = delete;
  NatsBroker& operator=(const NatsBroker&) = delete;

  void start();  // waits until it accepts MQTT
  void stop();   // SIGTERM; its streams are in files
  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  ScratchDir scratch_;
  uint16_t port_;
  std::unique_ptr<Process> process_;
};

}  // namespace headgate::e2e
