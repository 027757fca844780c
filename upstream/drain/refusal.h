// Refusals: what upstream says when it does not take a batch, in words for a person and for a dead letter. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "store/dead_letter.h"
#include "store/queue_store.h"
#include "upstream/link/link.h"

namespace headgate::upstream {

// "0x95"
[[nodiscard]] std::string hex(uint8_t code);
// "0x95, packet too large", with the names of MQTT 5.
[[nodiscard]] std::string describe(uint8_t code);
// The refusal is about the moment and not about the message: try again later.
[[nodiscard]] bool is_not_now(uint8_t code);

// How often a message of a lane was refused that travelled alone; of the last such message.
class RefusalNotes {
 public:
  void note(store::Seq seq, std::string error, core::Now now);
  [[nodiscard]] store::Death death(core::Now now) const;

 private:
  store::Seq seq_ = 0;
  uint32_t times_ = 0;
  std::string first_;
  int64_t first_ms_ = 0;  // Unix time, as the next
  std::string last_;
  int64_t last_ms_ = 0;
};

}  // namespace headgate::upstream
