// Messages that ended without being delivered, for those on site: a line in the log for each minute and queue,
// and sums for status. The far side is told by gaps.
#pragma once

#include <cstdint>
#include <map>

#include "core/clock.h"
#include "core/log.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Looks at the counters of all queues every two seconds, so that nobody who ends an entry has to think of it.
// What ended as dead is not among it: a dead letter is kept, and has lines and a queue of its own.
class Losses {
 public:
  struct Counts {
    uint64_t expired = 0;
    uint64_t dropped = 0;

    [[nodiscard]] bool any() const { return expired + dropped > 0; }
  };

  // Queues that get a line of their own in one minute; further ones share a line.
  static constexpr size_t kLinesMax = 32;

  // Borrows both.
  Losses(const store::QueueReader& store, core::Log& log) : store_(store), log_(log) {}

  // Takes what was lost up to now as told by an earlier run. Call once, before tick().
  void begin();
  // Call about once a second.
  void tick(core::Now now);
  // Entries of the queue ended as dropped and lost nothing: their content is in others. Call before tick().
  void on_kept(store::QueueId queue, uint64_t entries) { books_[queue].known.dropped += entries; }
  // A queue is about to be removed: what still waits in it counts as dropped, but for as many as are in another
  // queue now. Nothing is logged; whoever removes it has more to say.
  void on_removal(store::QueueId queue, uint64_t moved, core::Now now);

  // Since begin(), of the queues that there are and were.
  [[nodiscard]] const Counts& total() const { return total_; }
  // Unix time at which the last loss was noticed; 0: there was none.
  [[nodiscard]] int64_t last_ms() const { return last_ms_; }

 private:
  struct Book {
    Counts known;              // of the queue's counters
    Counts unlogged;           // since its last line
    int64_t next_line_ms = 0;  // monotonic
    uint64_t look = 0;         // the last one that found the queue
  };

  void look_at(store::QueueId queue, core::Now now);
  void write_lines(core::Now now);
  void note(const Counts& lost, core::Now now);

  const store::QueueReader& store_;
  core::Log& log_;
  std::map<store::QueueId, Book> books_;
  Counts total_;
  int64_t last_ms_ = 0;
  int64_t next_look_ms_ = 0;  // monotonic
  int64_t minute_ms_ = 0;     // monotonic: when the current allowance of lines began
  size_t lines_ = 0;          // of that allowance
  Counts shared_;             // of queues without a line of their own, for the line that they share
  uint64_t sharers_ = 0;
  uint64_t look_ = 0;
};

}  // namespace headgate::hub
