// Refusals: what upstream says when it does not take a batch, in words for a person and for a dead letter. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"
#include "store/dead_letter.h"
#include "store/queue_store.h"
#include "upstream/drain/flight.h"
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

// Finds the batch for which a broker drops the connection. MQTT 3.1.1 cannot refuse a publish, and no broker can
// answer a packet it will not read. Slow start makes the first batch after a reconnect travel alone, so it is
// known who was to blame.
class DropSuspicion {
 public:
  struct Refusal {
    uint8_t code = 0;
    std::string error;
  };

  // The connection ended while `alone` was the only batch published; `accepted_any`: the broker took others
  // before, in the same connection. Tells how the batch was refused, once it is clear that it was.
  [[nodiscard]] std::optional<Refusal> on_drop(const Batch& alone, const LinkDown& down, bool accepted_any,
                                               core::Now now);
  void on_accepted() { times_ = 0; }

 private:
  store::Seq first_ = 0;  // of the batch that is suspected
  uint32_t times_ = 0;
};

}  // namespace headgate::upstream
