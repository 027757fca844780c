// Settings of the upstream link for the operator, with their defaults (config key "upstream").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/tls_files.h"
#include "store/lane_picker.h"
#include "upstream/payload/batch_form.h"

namespace headgate::upstream {

// How to reach the upstream broker. Files are read at every connect, so that they can be rotated.
struct LinkOptions {
  std::string host;  // empty: no link, the queue only fills
  uint16_t port = 1883;
  uint8_t protocol = 5;   // MQTT protocol level: 5, or 4 for MQTT 3.1.1
  std::string client_id;  // empty: the broker chooses one
  std::string username;
  std::string password_file;  // its first line, without the line end
  uint16_t keep_alive_s = 60;
  uint16_t in_flight_max = 4;  // publishes (batches) the link ever holds; the forwarder's window
  core::TlsFiles tls;          // used when `ca_file` is set; the other two (both or neither) make it mutual
};

// When a batch is closed and how it is compressed.
struct BatchOptions {
  size_t messages_max = 1000;
  size_t bytes_max = 1048576;           // of JSON, before compression
  size_t compressed_bytes_max = 65536;  // of payload on the wire
  int64_t linger_ms = 1000;             // how long a message may wait for company
  int zstd_level = 9;
  BatchLayout layout = BatchLayout::rows;
  BatchCompression compression = BatchCompression::zstd;
};

// Waiting between attempts to connect: decorrelated jitter between the two.
struct BackoffOptions {
  int64_t base_ms = 1000;
  int64_t cap_ms = 300000;
};

// Fate of a batch that the broker took and had nobody to give to. MQTT 5 tells; MQTT 3.1.1 does not, and every batch
// that its broker acknowledges counts as delivered.
enum class NoSubscriber : uint8_t {
  wait,     // it stays in the queue until somebody subscribes
  deliver,  // it counts as delivered: the broker itself consumes it, by rules
};

struct UpstreamOptions {
  [[nodiscard]] bool enabled() const { return !link.host.empty(); }

  LinkOptions link;
  std::string topic = "headgate/{hub}/batches";
  std::string stream = "upstream";  // "st" in every batch
  BatchOptions batch;
  store::LaneMode lane_mode = store::LaneMode::strict;
  BackoffOptions backoff;
  uint32_t attempts_max = 5;           // how often a lone message may be refused before it is dead
  int64_t connect_timeout_ms = 30000;  // from connect() to CONNACK
  int64_t answer_timeout_ms = 300000;  // from being the oldest batch in flight to its PUBACK
  NoSubscriber no_subscriber = NoSubscriber::wait;
};

// `pattern` with every `{hub}` replaced.
[[nodiscard]] std::string expand_hub(std::string_view pattern, std::string_view hub);

}  // namespace headgate::upstream
