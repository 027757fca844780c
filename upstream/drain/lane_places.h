// Places in a lane from which batches are read: its backlog, which is what waited when the link came up, and its live part,
// which is what has come since. Pure.
//
// A worked example. The lane holds the seqs 1 to 5000 when a link comes up that drains live first, a batch up to 1000.
//   split            The backlog is (0, 5000], the live part (5000, ∞).
//   1..1000 go       Nothing has come since.
//   5001..5020 come  They go next, together: live batches do not wait for company while there is a backlog, but follow
//                    each other no sooner than they would have lingered, unless a full one is left.
//   1001..2000 go    And so on, until the backlog is at its end: then the lane is read on in its order.
// A batch that goes again as it was planned is read out of turn, and passed over where it would come in turn.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "store/queue_store.h"
#include "upstream/drain_order.h"

namespace headgate::upstream {

class LanePlaces {
 public:
  // `linger_ms`: between two live batches while there is a backlog.
  explicit LanePlaces(int64_t linger_ms) : linger_ms_(linger_ms) {}

  // A link has come up, and nothing is on its way: what has been seen until now is the backlog.
  void split(DrainOrder order);
  // The hub's messages can be read up to this seq; it grows.
  void see(store::Seq newest);
  // Everything is read again, from the oldest that is not finished.
  void start_over();

  // Picks where the next batch is read from. `culprit`: a seq before which a culprit is looked for, so that it has to be
  // read on there; 0: none.
  void choose(store::Seq culprit, core::Now now);
  // Out of turn: one batch, of these entries. It takes no others.
  void choose_range(store::Seq first, store::Seq last);
  // The place that was chosen has nothing to read: tries another one, once. False if there is none.
  bool turn(core::Now now);
  // The last seq that was taken from the place.
  [[nodiscard]] store::Seq after() const { return after_[chosen_]; }
  // Tells it of the place that this seq is in.
  [[nodiscard]] store::Seq after_near(store::Seq seq) const {
    return after_[is_beyond(seq) ? live : backlog];
  }
  // The place that was chosen ends before this entry. Of a backlog that is known from now on.
  [[nodiscard]] bool ends_before(store::Seq seq);
  // Taken already, by another batch that went out of turn.
  [[nodiscard]] bool was_taken(store::Seq seq) const;
  // A batch from here takes what there is.
  [[nodiscard]] bool hurries() const { return chosen_ == out_of_turn || (chosen_ == live && has_backlog()); }
  // A batch from here goes before older messages of the lane. Of what goes out of turn this is not known here.
  [[nodiscard]] bool goes_ahead() const { return chosen_ == live && has_backlog(); }
  [[nodiscard]] bool is_out_of_turn() const { return chosen_ == out_of_turn; }
  // Nothing of the lane waits: so there is no backlog any more.
  void on_all_gone() { backlog_is_over_ |= is_split(); }
  // The lane has several places.
  [[nodiscard]] bool is_split() const { return order_ != DrainOrder::oldest_first && boundary_ != 0; }

  void take(store::Seq seq);
  // A batch is complete.
  void on_batch(core::Now now);
  // This entry and what was taken after it, of the place that it is in, are read again.
  void go_back(store::Seq first);

 private:
  enum Place : uint8_t { backlog, live, out_of_turn, kPlaces };
  struct Range {
    store::Seq from = 0;  // exclusive
    store::Seq to = 0;
  };

  [[nodiscard]] bool has_backlog() const { return is_split() && !backlog_is_over_; }
  [[nodiscard]] bool is_beyond(store::Seq seq) const { return is_split() && seq > boundary_; }
  [[nodiscard]] bool is_turn_of_live(core::Now now) const;

  const int64_t linger_ms_;
  DrainOrder order_ = DrainOrder::oldest_first;  // with it all of the lane is one place, the first
  store::Seq newest_ = 0;
  store::Seq boundary_ = 0;  // the last seq of the backlog; 0: not known yet, all is in it
  std::array<store::Seq, kPlaces> after_{};
  bool backlog_is_over_ = false;
  std::vector<Range> out_of_turn_;  // few: what went again as it was planned
  store::Seq out_of_turn_end_ = 0;  // of the last of them
  Place chosen_ = backlog;
  Place last_ = backlog;  // of the last batch
  bool turned_ = false;
  int64_t live_at_ms_ = 0;  // mono, before which the live part is not looked at
};

}  // namespace headgate::upstream
