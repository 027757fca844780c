// Encoding a batch away from the loop: what goes there, what comes back, and the seam between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "store/queue_store.h"
#include "upstream/payload/batch_codec.h"
#include "upstream/payload/digest.h"

namespace headgate::upstream {

// A batch to encode. Owns what it needs and shares only immutable messages, so any thread may do it.
struct EncodeJob {
  uint64_t number = 0;  // names the job; never used twice
  std::string hub;
  std::string epoch;
  std::string stream;
  uint8_t lane = 0;
  int64_t sent_ms = 0;  // Unix time
  std::vector<store::Gap> gaps;
  std::vector<store::Entry> entries;  // of the lane, in order; without them it has gaps only, or is a probe
  size_t payload_bytes_max = SIZE_MAX;
  bool clock_right = true;  // when it was made, and when its entries came
  BatchForm form;
  DictionaryPtr dictionary = nullptr;  // that the consumer holds; null: none
};

struct BatchSizes {
  size_t json_bytes = 0;     // as rows, before compression
  size_t payload_bytes = 0;  // on the wire
};

// Result of a job. Whoever collects a batch closes it by an estimate; where that was too hopeful the batch is
// cut, and the entries behind the cut are for another one.
struct EncodedJob {
  size_t messages = 0;  // of the job's entries, from the front: all, unless the batch was cut
  std::string id;
  Digest content{};               // SHA-256 of what the payload expands to
  std::string payload;            // above the job's maximum only if it holds a single message
  std::vector<BatchSizes> tries;  // one for each encoding; the last is the payload's
  int64_t expires_ms = 0;         // hub time when the last of its messages expires; 0: one of them never does
  BatchLayout layout = BatchLayout::rows;  // that it came to have
  core::MessagePtr message = {};           // that passes through, with its own topic; null: a batch
};

// Errors: unavailable (out of memory).
[[nodiscard]] core::Result<EncodedJob> encode_to_fit(BatchEncoder& encoder, const EncodeJob& job);

// Whoever encodes: a worker thread (hub::EncoderThread) or, in tests, a double that answers when told.
class Encoder {
 public:
  virtual ~Encoder() = default;

  // Called on the loop thread, and does not block. Each job is answered once, on the loop thread and never
  // inside this call: its owner hands the job's number and what it came to to Forwarder::on_encoded(). Answers
  // may come in any order. What is still under way when the encoder is destroyed is not answered.
  virtual void encode(EncodeJob job) = 0;
};

}  // namespace headgate::upstream
