// Findings of `headgate doctor` about the machine, made of values that somebody else has gathered; those about the hub are the hub's own
// (GET /v1/doctor). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace headgate::tools {

enum class Severity : uint8_t {
  info,     // worth knowing; all is well
  warning,  // goes wrong one day
  error,    // is wrong now
};

struct Diagnosis {
  Severity severity = Severity::info;
  std::string check;  // "clock", "disk", …
  std::string where;  // a file, queue, link, route or client
  std::string what;   // is wrong
  std::string todo;   // one step, as it is typed where there is a command for it
};

// A file or directory that only the hub should read.
struct PrivatePath {
  std::string path;
  std::string what;  // "data directory", "upstream.password_file"
  bool missing = false;
  uint32_t mode = 0;
};

struct CertificateSeen {
  std::string where;  // "listeners[0].tls"
  std::string file;
  std::string trouble;  // it cannot be read, or is none; empty: it was read
  int64_t expires_ms = 0;
  std::string renewal = {};  // how to get another; empty: that is its owner's business
};

struct DiskSeen {
  std::string path;
  uint64_t free_bytes = 0;
  uint64_t total_bytes = 0;
  std::optional<int64_t> sync_us;  // the median of some; nullopt: not measured
};

struct DescriptorsSeen {
  uint64_t limit = 0;
  uint64_t open = 0;  // 0: not known
  uint64_t connections_max = 0;
};

// Values of the machine.
struct Machine {
  int64_t now_ms = 0;
  std::optional<bool> clock_synced = {};  // nullopt: not known
  std::vector<PrivatePath> paths = {};
  std::vector<CertificateSeen> certificates = {};
  std::optional<DiskSeen> disk = {};
  std::optional<DescriptorsSeen> descriptors = {};
};

[[nodiscard]] std::vector<Diagnosis> examine(const Machine& machine);

}  // namespace headgate::tools
