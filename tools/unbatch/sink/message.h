// A message as a client published it at a hub, for whoever passes it on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"

namespace headgate::tools {

enum class BodyKind : uint8_t {
  json,    // its own text
  text,    // UTF-8
  base64,  // of bytes
};

struct Message {
  std::string hub;
  std::string epoch;
  uint64_t seq = 0;
  int64_t time_ms = 0;  // Unix time of arrival at the hub
  std::string topic;
  std::vector<std::pair<std::string, std::string>> properties;
  std::string properties_json;  // as the batch has them; empty: none
  std::optional<std::string> content_type;
  std::optional<std::string> content_encoding;
  BodyKind kind = BodyKind::json;
  std::string body;
};

// Entries that a hub will never send.
struct LostEntries {
  std::string hub;
  std::string epoch;
  uint64_t from = 0;
  uint64_t to = 0;
  uint64_t count = 0;
  std::string why;
  std::optional<std::pair<uint64_t, uint64_t>> into = {};  // seqs among which their content went on
};

// The body's bytes as they were published. Error: invalid (no base64).
[[nodiscard]] core::Result<std::string> body_bytes(const Message& message);

// ISO 8601 in UTC with milliseconds, as most stores read it.
[[nodiscard]] std::string time_text(int64_t unix_ms);

// Makes a line of JSON, without its end.
[[nodiscard]] std::string line_of(const Message& message);
[[nodiscard]] std::string line_of(const LostEntries& lost);

}  // namespace headgate::tools
