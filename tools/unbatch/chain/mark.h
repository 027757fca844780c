// Place of a batch in the chain of its stream, and where that chain ends, as a reader finds them
// (docs/batch-format.md, "The chain"). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "tools/unbatch/chain/spans.h"

namespace headgate::tools {

// Batches that will not come, or not again, and the one before them.
struct GivenUpBatches {
  Span numbers;
  uint64_t after = 0;  // 0: it is not named
  std::string prev;    // hash of that batch, in base64
};

struct ChainMark {
  uint64_t number = 0;
  uint64_t after = 0;  // 0: it begins the chain
  std::string prev;    // hash of that batch, in base64
  std::vector<GivenUpBatches> instead_of;
  bool ahead = false;  // older messages of its lane may come after it
  uint64_t over = 0;   // greatest id that a batch of its lane has had before it, unless its own are all above
};

// Error: invalid.
[[nodiscard]] core::Result<ChainMark> read_mark(std::string_view text);

// Notice that a hub retains about the end of a chain.
struct ChainHeadNotice {
  std::string hub;
  std::string epoch;
  std::string stream;
  uint64_t number = 0;
  std::string hash;  // in base64
};

// None if the JSON text is no such notice.
[[nodiscard]] std::optional<ChainHeadNotice> read_head_notice(std::string_view json);
// Ends of all chains of a hub, as it says them where it says that it is there. None if the JSON text is no such message.
[[nodiscard]] std::optional<std::vector<ChainHeadNotice>> read_presence(std::string_view json);

// SHA-256 of the bytes, as bytes.
[[nodiscard]] std::string sha256(core::Bytes bytes);
// Hash of a batch in base64: of the text of its mark, and of the SHA-256 of its content.
[[nodiscard]] std::string batch_hash(core::Bytes key, std::string_view mark, core::Bytes content_sha256);

}  // namespace headgate::tools
