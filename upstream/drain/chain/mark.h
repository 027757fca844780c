// Says where a batch stands in the chain of its stream: its number, and the number and hash of the batch before it.
// Travels behind the batch's own bytes, so that a batch can be encoded before anybody knows what goes before it
// (docs/adr/0058); docs/batch-format.md is the contract. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/payload/digest.h"

namespace headgate::upstream {

// Numbers of batches, inclusive.
struct Numbers {
  uint64_t first = 0;
  uint64_t last = 0;

  friend bool operator==(const Numbers&, const Numbers&) = default;
};

// Batches that will not come, or not again: others hold their messages. The batch before them is named too, since the
// one that names it otherwise, the first of them, may never come.
struct GivenUp {
  Numbers numbers;
  uint64_t after = 0;  // 0: they begin the chain
  Digest after_hash{};

  friend bool operator==(const GivenUp&, const GivenUp&) = default;
};

struct Mark {
  uint64_t number = 0;  // the first is 1 or more; they ascend within an epoch, and none is used twice
  uint64_t after = 0;   // number of the batch before it; 0: it begins the chain
  Digest after_hash{};
  std::vector<GivenUp> instead_of;
  bool ahead = false;  // older messages of its lane may come after it
  uint64_t over = 0;   // greatest id that a batch of its lane has had before it, unless its own are all above

  friend bool operator==(const Mark&, const Mark&) = default;
};

// The mark as JSON. A batch goes again with this text byte for byte.
[[nodiscard]] std::string mark_text(const Mark& mark);

// Hash of a batch: of its mark's text, and of the SHA-256 of what its payload expands to. With a key it is an HMAC.
[[nodiscard]] Digest batch_hash(core::Bytes key, std::string_view mark, const Digest& content);

// The payload with its mark at the end: of plain JSON the member "chain", else a frame that every zstd decoder skips.
[[nodiscard]] std::string with_mark(std::string payload, std::string_view mark);

}  // namespace headgate::upstream
