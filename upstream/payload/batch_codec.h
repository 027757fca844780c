// Encodes `headgate-batch/1`: one zstd frame of rows, in JSON or in columns. docs/batch-format.md is the format's contract;
// its grammar heads batch_codec.cc. Pure; owns reusable buffers, so one encoder serves many batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "store/queue_store.h"
#include "upstream/payload/batch_form.h"
#include "upstream/payload/dictionary.h"

namespace headgate::upstream {

// Head of a batch: what it says about itself. Views must live through encode().
struct BatchHeader {
  std::string_view hub;
  std::string_view epoch;
  std::string_view stream;
  uint8_t lane = 0;
  int64_t sent_ms = 0;  // Unix time
  std::span<const store::Gap> gaps;
  bool clock_right = true;  // no: its times may be wrong, and it says so
};

struct EncodedBatch {
  core::Bytes payload;                     // valid until the next encode(), as is the content
  core::Bytes content;                     // what the payload expands to
  size_t json_bytes = 0;                   // as rows, before compression
  BatchLayout layout = BatchLayout::rows;  // of a few messages always rows: they would be larger in columns
};

class BatchEncoder {
 public:
  // `zstd_level`: up to 12 is quick, from 13 thorough (some 8 % smaller for ten times the CPU).
  explicit BatchEncoder(int zstd_level);
  ~BatchEncoder();
  BatchEncoder(const BatchEncoder&) = delete;
  BatchEncoder& operator=(const BatchEncoder&) = delete;

  // `entries` are of one lane, in order; without them it has gaps only, or is a probe. Equal input gives equal bytes.
  // `dictionary`: that the consumer holds; the content is the same with another one or none.
  // Errors: unavailable (out of memory).
  [[nodiscard]] core::Result<EncodedBatch> encode(const BatchHeader& header,
                                                  std::span<const store::Entry> entries,
                                                  const BatchForm& form = {},
                                                  const Dictionary* dictionary = nullptr);

 private:
  struct State;  // hides zstd and simdjson
  std::unique_ptr<State> state_;
};

// About how many bytes of JSON an entry becomes; an upper bound but for escapes and base64.
[[nodiscard]] size_t row_bytes_estimate(const core::Message& message);

// The word for a gap's "why".
[[nodiscard]] std::string_view gap_reason(const store::Gap& gap);

}  // namespace headgate::upstream
