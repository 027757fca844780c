// Results of a run, for people and as JSON.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>

#include "tools/bench/histogram.h"
#include "tools/bench/options.h"

namespace headgate::tools::bench {

struct Report {
  uint64_t clients = 0;    // asked for
  uint64_t connected = 0;  // of them
  uint64_t resumed = 0;    // found their session
  uint64_t sent = 0;
  uint64_t acked = 0;  // PUBACKs or PUBCOMPs to publishers that mean success
  uint64_t received = 0;
  uint64_t received_bytes = 0;  // of payload
  uint64_t missing = 0;         // deliveries that were expected and did not come
  uint64_t out_of_order = 0;    // with a lower number than one before, per publisher and subscriber
  double connect_s = 0;         // from the first connect to the last answer
  double seconds = 0;           // from the first message to the last
  double cpu_s = 0;             // of this process, in `seconds`
  bool complete = false;        // everything asked for happened, and nothing failed
  bool interrupted = false;     // by a signal
  Histogram connect_ns;         // connect to CONNACK
  Histogram latency_ns;         // publish to deliver
  std::map<std::string, uint64_t> errors;  // what, how often
};

// Writes a line of JSON without its newline; docs/benchmarks.md names its fields.
[[nodiscard]] std::string to_json(const Options& options, const Report& report);

void print_report(std::ostream& out, const Options& options, const Report& report);

}  // namespace headgate::tools::bench
