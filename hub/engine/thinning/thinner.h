// Keeps a queue with `onFull: "thin"` below its limits: folds the oldest readings into rows of sums and extremes before it
// is full (docs/adr/0068). The logic is hub/thinning; here are the queue, its marks and the turns of the loop.
//
// It begins once the queue is nine tenths full, and rests again at three quarters. One step reads a bounded number of
// entries, or commits the folds of a window: each is one Change, so a kill leaves a window folded or as it was, and
// nothing of the walk is stored. A turn of the loop takes one step, and more in proportion to the messages that it brings. Lanes of least priority go first; lane 0 is not touched, nor is the newest quarter of a
// lane, nor what the link has begun to read. Of bodies without numbers one in two of each source is dropped.
//
// Where all of a lane that may be folded is of one window, it folds what it has of that before the store drops anything.
// Where that frees too little the store makes room itself, as with `drop-oldest`; status and log say so.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/executor.h"
#include "core/log.h"
#include "hub/thinning/sweep.h"
#include "store/accounts/dilution.h"
#include "store/queue_store.h"

namespace headgate::hub {

struct ThinningStatus {
  bool active = false;         // the queue passed the upper mark and is not below the lower one yet
  bool short_of_room = false;  // all that may be folded is, and the queue is above the upper mark
  uint64_t folded = 0;         // entries that ended in folds; this and the next since the start
  uint64_t rows = 0;           // rows that were appended for them
  uint64_t diluted = 0;        // entries without numbers that were dropped
};

class Thinner {
 public:
  // The newest entry of a lane that a link has read, or is to send again; entries up to it are left alone.
  using BegunUpTo = std::function<store::Seq(store::QueueId queue, uint8_t lane)>;

  // Everything is borrowed and must outlive this. The queue is thinned while its policy says so; it must exist.
  Thinner(store::QueueStore& store, store::QueueId queue, const BegunUpTo& begun_up_to,
          core::Executor& executor, const core::Clock& clock, core::Log& log);

  [[nodiscard]] store::QueueId queue() const { return queue_; }

  // The queue has more, or time has passed: call about once a second.
  void look();
  // A message comes to the queue: call just before it is appended, or just after. Takes a step in this turn, at most, where the queue is above the upper
  // mark and those that came have paid for it: so a flood is folded as fast as it comes, however many messages a turn
  // brings, as far as they are durable.
  void on_arrival();
  // The store has failed: what is lost of the last Changes is found again by a new walk.
  void on_failed();
  void on_recovered() { failed_ = false; }

  [[nodiscard]] const ThinningStatus& status() const { return status_; }
  // Entries that ended in folds since the last call: their content is not lost.
  [[nodiscard]] uint64_t take_folded() { return std::exchange(untold_, 0); }

 private:
  // A lane with the walk over it.
  struct Walk {
    Sweep sweep;
    store::Dilution dilution;
    uint64_t behind_bytes = 0;  // of entries that it has met and that still wait
  };
  struct Pending {
    uint8_t lane = 0;
    ClosedWindow window;
    size_t next = 0;        // fold
    bool given_up = false;  // a fold, some of whose entries wait
  };

  void begin(const store::QueueStats& queue);
  void rest(const store::QueueStats& queue);
  void wake();
  void turn();
  bool step();
  void take_closed();
  bool read_some();
  bool read_lane(uint8_t lane);
  [[nodiscard]] Walk& walk_of(uint8_t lane);
  [[nodiscard]] bool may_go_on(uint8_t lane, const Walk& walk) const;
  void keep_off_the_link(uint8_t lane, Walk& walk);
  static void begin_anew(Walk& walk);
  void meet(uint8_t lane, Walk& walk, const std::vector<store::Entry>& entries);
  void drop(uint8_t lane, const std::vector<store::Seq>& seqs);
  bool commit_some();
  [[nodiscard]] bool commit_alone(const Fold& fold);
  void note_folded(uint8_t lane, size_t entries, size_t rows, uint64_t bytes);
  bool close_early();
  void on_nothing_left();
  void forget_walks();

  store::QueueStore& store_;
  const store::QueueId queue_;
  const BegunUpTo& begun_up_to_;
  core::Executor& executor_;
  const core::Clock& clock_;
  core::Log& log_;
  std::array<std::unique_ptr<Walk>, store::kLaneCount> walks_;  // null until the lane is walked
  std::optional<Pending> pending_;
  ThinningStatus status_;
  uint64_t untold_ = 0;
  uint64_t worked_ = 0;  // entries that steps have read, or others at the same cost
  int64_t credit_ = 0;   // those that messages have paid for and no step has used
  bool posted_ = false;
  bool failed_ = false;
  int64_t again_at_mono_ms_ = 0;  // when walks may begin at the old end again
  // Lets what was posted find out that this has gone.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace headgate::hub
