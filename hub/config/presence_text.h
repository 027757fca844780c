// Says upstream that the hub is there, and how it is: JSON, documented in docs/operations.md. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Up to where the chain of a stream is with the broker (docs/batch-format.md).
struct PresenceHead {
  std::string stream;
  uint64_t number = 0;
  std::string hash;  // in base64
};

struct Presence {
  std::string hub;
  std::string link;
  std::string version;
  int64_t started_ms = 0;  // Unix time
  uint32_t period_s = 0;   // until it is said again
  std::string health;      // "ok", or what is wrong
  uint64_t clients = 0;    // connected
  // The document that lies over the configuration; an empty state: none is taken.
  uint64_t document_version = 0;
  std::string document_state = {};
  std::string epoch = {};
  std::vector<PresenceHead> heads = {};
};

// Names no more queues than that, those with most messages; and no more heads, the first ones.
inline constexpr size_t kPresenceQueuesMax = 16;
inline constexpr size_t kPresenceHeadsMax = 16;

[[nodiscard]] std::string online_text(const Presence& presence, store::QueueReader& store, core::Now now);
// Left with the broker, for it to publish when the connection has ended.
[[nodiscard]] std::string offline_text(std::string_view hub, std::string_view link);

}  // namespace headgate::hub
