// A dead letter: a message that its consumer could not take, however often it was tried. It waits in the
// queue $dead, the message as it came; what is known about its end is the tag of its entry
// (docs/store-format.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::store {

// Longer texts are cut at a character.
inline constexpr size_t kDeathTextBytesMax = 512;

// Why its consumer gave up. Times are Unix milliseconds; 0 = not known.
struct Death {
  std::string reason;  // for a person
  int64_t at_ms = 0;
  uint32_t attempts = 0;
  std::string first_error;  // empty: not known
  int64_t first_error_ms = 0;
  std::string last_error;
  int64_t last_error_ms = 0;

  friend bool operator==(const Death&, const Death&) = default;
};

// Where it was, and its death.
struct DeadLetter {
  std::string queue;
  uint8_t lane = kDefaultLane;
  Seq seq = 0;
  int64_t expires_ms = 0;  // hub time when it would have expired there; 0 = never
  std::string tag;
  Death death;

  friend bool operator==(const DeadLetter&, const DeadLetter&) = default;
};

// The queue of dead letters, if there is one. Looks at every queue.
[[nodiscard]] std::optional<QueueId> find_dead_queue(const QueueReader& reader);

[[nodiscard]] std::string encode_dead_letter(const DeadLetter& letter);

// Error: corrupt.
[[nodiscard]] core::Result<DeadLetter> decode_dead_letter(core::Bytes tag);

}  // namespace headgate::store
