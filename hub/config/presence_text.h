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

// A module, connected or not.
struct PresenceModule {
  std::string id;
  bool connected = false;
  uint64_t connects = 0;     // since the hub's start
  int64_t last_seen_ms = 0;  // Unix time; 0: never
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
  std::vector<PresenceModule> modules = {};
};

// Names no more queues than that, those with most messages; no more heads, the first ones; and no more modules, those that are away
// and those that connected most often before others.
inline constexpr size_t kPresenceQueuesMax = 16;
inline constexpr size_t kPresenceHeadsMax = 16;
inline constexpr size_t kPresenceModulesMax = 16;

[[nodiscard]] std::string online_text(const Presence& presence, store::QueueReader& store, core::Now now);
// Left with the broker, for it to publish when the connection has ended.
[[nodiscard]] std::string offline_text(std::string_view hub, std::string_view link);

}  // namespace headgate::hub
