// Places of one message in a directory: where it waits, and among the dead letters. Nothing here changes the store.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/message.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::store {

struct Whereabouts {
  struct Place {
    std::string queue;
    uint8_t lane = 0;
    int64_t expires_ms = 0;  // hub time
    Seq letter = 0;          // of its dead letter; 0: it waits
  };

  core::MessagePtr message = nullptr;  // null: it is nowhere
  std::vector<Place> places = {};
  std::vector<std::pair<std::string, Gap>> gaps = {};  // by queue: losses that it may be among
};

// The seq that "17" or "hub/epoch/17" (also "epoch/17") names; 0: it is another kind of id.
// Errors: not_found: it is an id of another hub or epoch than `own`.
[[nodiscard]] core::Result<Seq> seq_named(std::string_view id, const Identity& own);

// "expired", "dropped", "dead", or "folded" if what they held goes on.
[[nodiscard]] std::string_view fate_of(const Gap& gap);

// REQUIRES: seq != 0. Reads one entry of each lane that holds any, and all dead letters if no lane has it.
// Errors: those of QueueReader::read().
[[nodiscard]] core::Result<Whereabouts> find_message(QueueReader& reader, Seq seq, core::Now now);

}  // namespace headgate::store
