// Receives payloads from a broker at QoS 1 and reconnects for as long as it is wanted. Blocks; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

#include "core/bytes.h"
#include "core/result.h"

namespace headgate::tools {

struct SubscribeOptions {
  std::string host;
  uint16_t port = 1883;
  std::string topic = "headgate/+/batches";
  int protocol = 5;       // MQTT protocol level: 5, or 4 for MQTT 3.1.1
  std::string client_id;  // with one, the broker keeps what arrives while nobody is connected
  std::string username;
  std::string password_file;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  int64_t timeout_s = 0;  // 0 = no limit
};

// Calls `take` for each payload until it returns false, SIGINT or SIGTERM comes, or time is up; a payload is
// acknowledged when `take` has returned. What goes wrong and passes is told on `err`.
// Errors: unavailable (never connected in the time given), invalid (refused: credentials, files, topic).
[[nodiscard]] core::Status subscribe(const SubscribeOptions& options,
                                     const std::function<bool(core::Bytes)>& take, std::ostream& err);

}  // namespace headgate::tools
