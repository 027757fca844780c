// A real Mosquitto: the cloud in outage tests, and a peer that the helpers here were developed against.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tests/e2e/support/process.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {

// On one port and one database for as long as the object lives; starts stopped.
class MosquittoBroker {
 public:
  // `access`: lines of mosquitto.conf about who may do what; `$dir` in them is its directory.
  explicit MosquittoBroker(std::string access = "allow_anonymous true\n");

  void set_access(std::string access);  // from the next start on
  void start();                         // waits until it accepts connections
  void stop();                          // SIGTERM: it saves its database first
  void kill();                          // SIGKILL: what it has not saved is lost
  [[nodiscard]] std::string file(std::string_view name) const { return (scratch_.path() / name).string(); }
  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  ScratchDir scratch_;
  uint16_t port_;
  std::unique_ptr<Process> process_;
};

}  // namespace headgate::e2e
