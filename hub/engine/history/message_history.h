// Messages that are kept after everybody had them, so that routes can be run over them again (`headgate route
// replay`). They wait in a queue of their own that nobody consumes, and whose oldest go when it is full.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/clock.h"
#include "core/log.h"
#include "core/message.h"
#include "core/result.h"
#include "hub/config/history_settings.h"
#include "store/queue_store.h"
#include "store/report/history.h"

namespace headgate::hub {

class MessageHistory {
 public:
  // Borrows both; they must outlive this.
  MessageHistory(store::QueueStore& store, core::Log& log) : store_(store), log_(log) {}

  // Keeps what matches from now on. A smaller limit lets the oldest go; without a filter the queue is removed with
  // all that is in it. Call first once the store's queues are restored. Error: io, the settings before hold then.
  core::Status use(const HistorySettings& settings, core::Now now);

  // Where a message of a client goes besides; null: it is not kept. Hidden topics and module inputs are not, as no
  // route takes them, nor is anything while the disk is low. Good until the next use().
  [[nodiscard]] const store::Target* target_for(const core::Message& message) const;

  // Keeps a message that no queue wants. Nobody waits for it: it is not synced, and one that the store cannot take
  // is left out and counted. Returns its seq; 0: it was left out.
  store::Seq keep_alone(const core::MessagePtr& message);

  // Looks how far back it reaches. Call about once a second.
  void tick(core::Now now);

  struct Stats {
    uint64_t messages = 0;
    uint64_t bytes = 0;
    uint64_t oldest_age_s = 0;  // as of the last look, ten seconds ago at most; 0: there is nothing
    uint64_t left_out = 0;      // messages that the store could not take
  };
  [[nodiscard]] Stats stats() const;

 private:
  [[nodiscard]] bool matches(std::string_view topic) const;
  void remove();
  void remember(core::Now now);

  store::QueueStore& store_;
  core::Log& log_;
  HistorySettings settings_;
  store::Target target_;  // its queue is 0 while nothing is kept
  uint64_t left_out_ = 0;
  uint64_t oldest_age_s_ = 0;
  int64_t next_look_mono_ms_ = 0;
};

}  // namespace headgate::hub
