// What a run has counted, and its one line of JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::bench {

struct Report {
  uint64_t connected = 0;
  uint64_t sent = 0;
  uint64_t acked = 0;  // PUBACKs to publishers
  uint64_t received = 0;
  uint64_t out_of_order = 0;  // deliveries with a lower number than one before, per publisher and subscriber
  double seconds = 0;         // from the first message to the last
  bool complete = false;      // everything expected happened within the time given
  std::vector<uint32_t> latencies_us;  // publish to deliver, of the first subscriber
};

// One line without its newline: counts, seconds, rates and, where measured, latency percentiles.
[[nodiscard]] std::string to_json(std::string_view mode, Report report);

}  // namespace headgate::bench
