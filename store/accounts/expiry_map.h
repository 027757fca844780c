// When what waits in a lane expires, as lower bounds for stretches of the lane: nobody looks at an entry
// while nothing is due, and at few when something is. Constant size whatever the depth of the lane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "store/queue_store.h"

namespace headgate::store {

// The entries of a lane with a seq in (from, to]. None of them expires before `due_ms`, hub time.
struct Stretch {
  Seq from = 0;
  Seq to = 0;
  int64_t due_ms = 0;

  friend bool operator==(const Stretch&, const Stretch&) = default;
};

class ExpiryMap {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  static constexpr size_t kStretchesMax = 256;  // of 24 bytes; more are joined, the shortest neighbours first
  static constexpr Seq kSpanMin = 4'096;        // neighbours that are together no longer are one stretch

  // Takes a row that lies behind all that were added. kNever: nothing in it expires.
  void add(const Stretch& row);

  // Nothing up to and including `head` waits any more.
  void forget_up_to(Seq head);
  void clear() { stretches_.clear(); }

  // When to look next; kNever if nothing expires.
  [[nodiscard]] int64_t due_ms() const;

  // A stretch in which something may have expired: the next behind the one looked at last, round and round,
  // so that one where something expires all the time does not keep others waiting.
  [[nodiscard]] std::optional<Stretch> next_due(int64_t now_ms) const;

  // The part of next_due() up to `up_to` has been looked at, and what is left of it expires at `due_ms` or
  // later.
  void looked_at(const Stretch& stretch, Seq up_to, int64_t due_ms);

  [[nodiscard]] const std::vector<Stretch>& stretches() const { return stretches_; }

 private:
  void join_shortest();

  std::vector<Stretch> stretches_;  // in order, apart from each other
  Seq looked_up_to_ = 0;
};

}  // namespace headgate::store
