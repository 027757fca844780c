// A batch as the verifier keeps it: nothing of its messages but a digest each. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/result.h"
#include "tools/unbatch/chain/mark.h"

namespace headgate::tools {

struct StreamName {
  std::string hub;
  std::string epoch;
  std::string stream;

  friend auto operator<=>(const StreamName&, const StreamName&) = default;
};

[[nodiscard]] std::string to_text(const StreamName& name);  // hub/epoch/stream

struct ChainLink {
  StreamName stream;
  ChainMark mark;
  std::string hash;      // of the batch, in base64
  uint64_t arrival = 0;  // the stream's first is 1
  uint64_t again = 0;    // arrival of its last identical copy, if any; else its own
  int lane = 0;
  std::map<uint64_t, std::string> rows;  // id to digest of the message's row
  std::vector<Span> gaps;
};

// Reads a batch's JSON. Error: invalid, with what is wrong.
[[nodiscard]] core::Result<ChainLink> read_link(std::string_view json, const ChainMark& mark,
                                                std::string hash);

// A link as a line of JSON without its end, and back. Error: corrupt.
[[nodiscard]] std::string line_of(const ChainLink& link);
[[nodiscard]] core::Result<ChainLink> read_line(std::string_view line);

// Ids of the batch as few spans: consecutive ids of the batch are one, whatever lies between them.
[[nodiscard]] std::vector<Span> ids_of(const ChainLink& link);

}  // namespace headgate::tools
