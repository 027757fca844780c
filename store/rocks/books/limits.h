// Limits of queues and of the store: what an append must make room for, and what is ended for it
// (docs/adr/0017). store/accounts/overflow.h decides; this lends it the queues.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/result.h"
#include "store/accounts/overflow.h"
#include "store/accounts/queue_state.h"
#include "store/queue_policy.h"
#include "store/queue_store.h"
#include "store/rocks/books/books.h"
#include "store/rocks/books/finisher.h"
#include "store/rocks/work/announcer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class Limits {
 public:
  Limits(Running& store, Books& books, Finisher& finisher, Announcer& announcer)
      : store_(store), books_(books), finisher_(finisher), announcer_(announcer) {}

  // The functions of QueueStore by these names.
  void set_policy(QueueId queue, const QueuePolicy& policy);
  void set_bytes_max(uint64_t bytes_max);

  // Some limit may stand in the way of a message for these targets, which exist.
  [[nodiscard]] bool apply_to(std::span<const Target> targets) const;

  // Begins to add up what a Change takes out of queues and brings into them.
  Forecast& new_forecast();

  // Error full: a target of a message of so many bytes refuses, after all that the forecast knows. All that
  // refuse must agree before anything is changed for any.
  core::Status check_room(std::span<const Target> targets, uint64_t bytes);

  // Makes room for a message that must not be dropped itself. Error full: it would be.
  core::Status make_room_or_refuse(const Target& target, uint64_t bytes);

  // Makes room for a message of so many bytes that will have `seq`. Returns those of `targets` that take it,
  // valid until the next call; it is counted for those that drop it. Those that would refuse have agreed
  // before.
  std::span<const Target> make_room_in(std::span<const Target> targets, uint64_t bytes, Seq seq);

  // Ends some of what a lowered limit leaves too much. Returns how many entries, at most `budget`.
  size_t trim(QueueState& queue, size_t budget);

 private:
  class QueueRoom;

  Running& store_;
  Books& books_;
  Finisher& finisher_;
  Announcer& announcer_;
  uint64_t bytes_max_ = 0;      // for all queues together; 0 = no limit
  bool any_limited_ = false;    // some queue had a limit to its size
  std::vector<Target> taking_;  // scratch of make_room_in()
  Forecast forecast_;
};

}  // namespace headgate::store
