// Load to generate, from the command line.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "core/tls_files.h"
#include "tools/bench/wire.h"

namespace headgate::tools::bench {

enum class Mode {
  flow,   // publishers and subscribers, either of which may be none
  conns,  // connections that say nothing but PINGREQ
  leave,  // subscribe in persistent sessions, then disconnect
};

// `ca_file` empty: the system's authorities.
struct Tls : core::TlsFiles {
  bool wanted = false;
  bool insecure = false;  // believe any certificate
};

struct Options {
  std::string verb = {};  // as typed: pub, sub, conns, fan-in, fan-out or latency
  Mode mode = Mode::flow;

  std::string host = "127.0.0.1";
  uint16_t port = 0;           // 0: 1883, or 8883 with TLS
  std::string unix_path = {};  // not empty: instead of host and port
  Tls tls = {};
  Version version = Version::v311;
  std::string username = {};
  std::string password = {};
  std::string client_prefix = {};  // of client ids
  uint16_t keep_alive_s = 60;
  double connect_timeout_s = 10;
  uint64_t connect_rate = 0;  // connections per second; 0 = as fast as they are answered
  uint32_t at_once = 256;     // connections that are being made at a time

  uint32_t publishers = 0;
  uint32_t subscribers = 0;  // of conns: the connections
  uint8_t qos = 0;
  bool retain = false;
  size_t payload_bytes = 64;
  uint32_t window = 256;        // per publisher: not yet acknowledged, QoS 1 and 2
  uint64_t outstanding = 8192;  // messages sent and not yet delivered; 0 = no limit
  uint64_t rate = 0;            // messages per second of all publishers; 0 = flat out
  uint64_t count = 0;           // messages of all publishers, or to receive; 0 = until the time is up
  double duration_s = 10;
  double quiet_s = 2;       // ends a run that waits for deliveries and hears nothing; 0 = never
  std::string topic = {};   // pattern
  std::string filter = {};  // pattern
  bool readings = false;    // payloads are JSON of kReadingBytes; no latency, no order then
  bool stamped = false;     // payloads are JSON with a stamp that a SELECT can keep: latency also behind it
  bool persistent = false;  // sessions that outlive the run
  bool json = false;        // the report
  bool progress = true;     // on a terminal
};

struct Parsed {
  std::optional<Options> options;  // nullopt: help or a mistake has been printed
  int exit_code = 0;               // then: 0 or 2
};

// Reads `VERB OPTION…`. Help goes to `out`, a mistake in one text to `err`. `process_id` makes client ids
// that another run does not have.
[[nodiscard]] Parsed parse_options(const std::vector<std::string>& args, uint32_t process_id,
                                   std::ostream& out, std::ostream& err);

// Where the broker is, for people: "127.0.0.1:1883" or the path of its Unix socket.
[[nodiscard]] std::string address_of(const Options& options);

}  // namespace headgate::tools::bench
