// A walk over a lane from its old end, which finds what can be folded: readings a key and minute, rows of a minute a
// key and quarter of an hour. Pure: entries in, folds out; time is that of the entries' stamps.
//
// Lanes are first in, first out, and a fold's row is appended, so the pyramid comes by itself: the walk meets first
// readings, then, behind all those that waited, the rows of their minutes, then the rows of their quarters, which stay.
// Whatever the walk has not reached is complete.
//
// Windows follow each other, so one of each resolution is open at a time: an entry of another one closes it. A window
// closes early when it holds as much as memory allows; its keys have a row for each part then, which the next
// resolution joins.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/thinning/fold.h"
#include "hub/thinning/leaves.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Folds of one window that are ready, with the stretch of the lane that they are from.
struct ClosedWindow {
  store::Seq after = 0;  // the entry that the walk had met before the first
  std::vector<Fold> folds;
};

// Readings or rows of one window of time, by their keys.
class OpenWindow {
 public:
  // Bounds of memory: some 8 MiB of keys, numbers and seqs.
  static constexpr size_t kEntriesMax = 65'536;
  static constexpr size_t kKeyEntriesMax = 2048;  // of one key
  static constexpr size_t kKeysMax = 8192;
  static constexpr size_t kKeyBytesMax = size_t{4} * 1024 * 1024;

  OpenWindow(Resolution into, int64_t window_ms) : into_(into), window_ms_(window_ms) {}

  [[nodiscard]] bool empty() const { return keys_.empty(); }
  [[nodiscard]] store::Seq after() const { return after_; }
  // Another window, or no room: close it first.
  [[nodiscard]] bool closes_before(const store::Entry& entry) const;
  // False: it is not taken. `before`: the entry that the walk met before.
  [[nodiscard]] bool add(const store::Entry& entry, Resolution is, std::span<const Leaf> leaves,
                         store::Seq before);
  // Leaves out what is of no use: a row of a single row.
  [[nodiscard]] ClosedWindow close();

 private:
  [[nodiscard]] int64_t number_of(const store::Entry& entry) const;

  Resolution into_;
  int64_t window_ms_;
  int64_t number_ = 0;
  store::Seq after_ = 0;
  size_t entries_ = 0;
  size_t key_bytes_ = 0;
  bool full_ = false;
  std::unordered_map<std::string, Fold> keys_;
};

class Sweep {
 public:
  enum class Met : uint8_t {
    taken,      // it ends with a fold, once its window is closed
    left,       // a row of a quarter: it stays, the first time
    irregular,  // it has no numbers that could be folded
  };

  // Where the next entry is to be read behind.
  [[nodiscard]] store::Seq position() const { return position_; }
  // Entries up to here cannot be given back: the first that waits in an open window is behind it.
  [[nodiscard]] bool holds_any_up_to(store::Seq seq) const;

  // The next entry of the lane.
  Met meet(const store::Entry& entry);
  // Entries up to `seq` are somebody else's.
  void skip_to(store::Seq seq) { position_ = std::max(position_, seq); }

  // A window that has closed; none: `folds` is empty.
  [[nodiscard]] ClosedWindow take_closed();

  // Closes a window early, the minute first, for who cannot wait for more of it. False if none is open.
  bool close_early();

  // Begins at the old end again. Readings that were met before, and waited because their minute had too few of them to
  // be worth a row, are folded a quarter now; and rows of parts of a quarter are joined, where windows had to close early.
  void begin_again();
  // Forgets what it has taken, too.
  void restart();

 private:
  void shut(OpenWindow& window);

  LeafReader leaves_;
  OpenWindow minute_{Resolution::minute, kMinuteMs};
  OpenWindow quarter_{Resolution::quarter, kQuarterMs};
  std::deque<ClosedWindow> closed_;
  store::Seq position_ = 0;
  store::Seq met_up_to_ = 0;  // by walks before
};

}  // namespace headgate::hub
