// What to generate, from the command line.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace headgate::bench {

enum class Mode {
  flow,     // publishers and subscribers, either of which may be none
  idle,     // connections that say nothing; held until standard input ends
  offline,  // persistent sessions: subscribe, then disconnect
};

struct Options {
  Mode mode = Mode::flow;
  std::string host = "127.0.0.1";
  uint16_t port = 1883;
  uint32_t publishers = 0;
  uint32_t subscribers = 0;
  uint32_t connections = 0;  // idle and offline
  uint8_t qos = 0;
  size_t payload_bytes = 64;
  uint32_t window = 256;            // QoS 1: unacknowledged messages per publisher
  uint32_t outstanding_max = 8192;  // messages sent and not yet received by the first subscriber
  uint64_t rate = 0;                // messages per second of all publishers; 0 = flat out
  uint64_t count = 100'000;         // messages of all publishers; without publishers, messages to receive
  double seconds_max = 60;
  double quiet_s = 2;  // ends a flow that has published everything and hears nothing more
  std::string topic = "bench/load";
  std::string client_prefix = "load";
  bool readings = false;    // payloads are JSON of kReadingBytes; no latency, no order then
  bool persistent = false;  // subscribers resume a session instead of starting a clean one
};

// Reads `MODE --name value…`; the modes pub, sub, fanin, fanout and latency are flows with other defaults.
// Errors: invalid, with a text for the terminal.
[[nodiscard]] core::Result<Options> parse_options(int argc, char** argv);

[[nodiscard]] std::string usage();

}  // namespace headgate::bench
