// Publishes messages to another broker as they were published at the hub: topic, body, content type, user properties;
// and its id beside them. At QoS 1; flush() waits for all acknowledgements, over any number of connections.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>

#include "tools/unbatch/credentials.h"
#include "tools/unbatch/sink/sink.h"

namespace headgate::tools {

struct RepublishOptions {
  std::string host;
  uint16_t port = 0;              // 0: 1883, or 8883 with TLS
  int protocol = 5;               // MQTT protocol level: 5, or 4 for MQTT 3.1.1, which has no properties
  std::string topic = "{topic}";  // {hub} and {topic} are replaced
  Credentials credentials;
};

// Reads [mqtt[s]://][user@]host[:port]. Error: invalid, with what is expected.
[[nodiscard]] core::Status read_target(const std::string& text, RepublishOptions& options);

class Republisher : public Sink {
 public:
  // Troubles that pass are told on `err`. Errors: invalid (the client cannot be made so).
  [[nodiscard]] static core::Result<std::unique_ptr<Republisher>> make(const RepublishOptions& options,
                                                                       std::ostream& err);
  ~Republisher() override;
  Republisher(const Republisher&) = delete;
  Republisher& operator=(const Republisher&) = delete;

  core::Status put(const Message& message) override;
  core::Status put(const LostEntries&) override { return {}; }
  // Errors: invalid (the broker refused a message, or the connection for good), unavailable (interrupted).
  core::Status flush() override;
  [[nodiscard]] bool is_durable() const override { return true; }

 private:
  struct State;  // hides libmosquitto
  explicit Republisher(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace headgate::tools
