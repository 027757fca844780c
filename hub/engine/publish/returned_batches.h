// Batches of this hub that come back to it: the upstream is by mistake the hub itself, or a bridge or another hub leads
// there. If they were routed, each would be sent again in a batch of its own, for ever.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"
#include "core/message.h"

namespace headgate::hub {

class ReturnedBatches {
 public:
  // `log` is borrowed and must outlive this.
  ReturnedBatches(std::string hub_id, core::Log& log) : hub_id_(std::move(hub_id)), log_(log) {}

  // Whether the message is one, by the hubs that it names. Counts it, and warns once a minute and topic. Also true, and
  // neither counted nor warned of, for notes on the end of a chain, of any hub. Reads the clock only to warn, as this is
  // asked for each message.
  [[nodiscard]] bool notice(const core::Message& message, const core::Clock& clock);
  [[nodiscard]] uint64_t count() const { return count_; }

 private:
  const std::string hub_id_;
  core::Log& log_;
  core::LogLimiter limiter_;  // by topic
  uint64_t count_ = 0;
};

}  // namespace headgate::hub
