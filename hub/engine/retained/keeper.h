// Retained messages, in memory and in the store.
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/session/retained.h"
#include "core/clock.h"
#include "core/message.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::hub {

class RetainedKeeper {
 public:
  // `store` is borrowed and must outlive the keeper.
  RetainedKeeper(const broker::RetainedLimits& limits, store::QueueStore& store)
      : retained_(limits), store_(store) {}

  // Call once, before any client comes. Errors: corrupt, io.
  [[nodiscard]] core::Status restore();

  [[nodiscard]] bool has_room_for(const core::Message& message) const {
    return retained_.has_room_for(message);
  }
  // True if that is retained on its topic already: with the same body and properties. `coming`: what is to be retained
  // there before it; null: nothing is on its way.
  [[nodiscard]] bool repeats(const core::Message& message, const core::Message* coming, core::Now now) const;
  // Keeps it in memory. The durable copy is written with the message itself, see put_retained().
  void set(const core::MessagePtr& message) { retained_.set(message); }
  [[nodiscard]] size_t size() const { return retained_.size(); }

  [[nodiscard]] const broker::Retained& all() const { return retained_; }

  // Removes what has expired. Call about once a second.
  void tick(core::Now now);

 private:
  broker::Retained retained_;
  store::QueueStore& store_;
  int64_t checked_ms_ = 0;  // monotonic
};

}  // namespace headgate::hub
