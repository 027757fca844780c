#include "hub/engine/thinning/thinner.h"

#include <algorithm>
#include <span>
#include <utility>

#include "hub/engine/thinning/change_of_folds.h"
#include "store/format/record_codec.h"

namespace headgate::hub {
namespace {

// Read in one turn: well below a millisecond of the loop's time.
constexpr store::ReadLimit kMetAtOnce{.messages = 256, .bytes = 256 * 1024};

// Entries of work that a message pays for. Between the upper mark and the limit is room for a ninth of the entries that
// wait. At this price they have then paid for a walk over all of them and for the folds, whatever the queue's size.
constexpr int64_t kWorkOfAnArrival = 16;
// A Change costs as much as reading so many entries, and half of one more for each that it ends (thinning_bench).
constexpr uint64_t kWorkOfAChange = 16;

constexpr int64_t kAgainEveryMs = 60'000;

// Entries ahead of a walk that are never folded, as a part of the lane.
constexpr uint64_t kCompletePart = 4;

struct Share {
  uint64_t part;
  uint64_t of;
};
constexpr Share kUpperMark{9, 10};
constexpr Share kLowerMark{3, 4};

bool is_above(const store::QueueStats& queue, Share mark) {
  const auto over = [mark](uint64_t held, uint64_t held_max) {
    return held_max != 0 && held / mark.part >= held_max / mark.of;
  };
  return over(queue.waiting_bytes(), queue.policy.bytes_max) ||
         over(queue.waiting(), queue.policy.messages_max);
}

}  // namespace

Thinner::Thinner(store::QueueStore& store, store::QueueId queue, const BegunUpTo& begun_up_to,
                 core::Executor& executor, const core::Clock& clock, core::Log& log)
    : store_(store),
      queue_(queue),
      begun_up_to_(begun_up_to),
      executor_(executor),
      clock_(clock),
      log_(log) {}

// ---- when ----

void Thinner::look() {
  if (failed_) return;
  const store::QueueStats& queue = store_.stats(queue_);
  const bool wanted = queue.policy.on_full == store::OnFull::thin;
  if (!status_.active && wanted && is_above(queue, kUpperMark)) begin(queue);
  if (status_.active && (!wanted || !is_above(queue, kLowerMark))) rest(queue);
  if (!is_above(queue, kUpperMark)) status_.short_of_room = false;
  if (status_.active) wake();
}

void Thinner::begin(const store::QueueStats& queue) {
  status_.active = true;
  credit_ = 0;
  log_.info("thinning_began", {{"queue", queue.name},
                               {"waiting", queue.waiting()},
                               {"bytes", queue.waiting_bytes()},
                               {"bytes_max", queue.policy.bytes_max}});
}

void Thinner::rest(const store::QueueStats& queue) {
  status_.active = false;
  status_.short_of_room = false;
  log_.info("thinning_rests", {{"queue", queue.name},
                               {"waiting", queue.waiting()},
                               {"bytes", queue.waiting_bytes()},
                               {"folded", status_.folded},
                               {"rows", status_.rows}});
  if (queue.waiting() == 0) forget_walks();
}

void Thinner::wake() {
  if (std::exchange(posted_, true)) return;
  executor_.post([this, alive = std::weak_ptr(alive_)] {
    if (alive.lock()) turn();
  });
}

// Takes one step; there is another turn at once only if this one found something to do.
void Thinner::turn() {
  posted_ = false;
  if (status_.active && !failed_ && step()) look();
}

// Begins to pay where the queue passes the mark. Where there is nothing to do it is tried again some messages later.
void Thinner::on_arrival() {
  if (failed_ || !is_above(store_.stats(queue_), kUpperMark)) return;
  if (!status_.active) look();
  if (!status_.active) return;
  credit_ += kWorkOfAnArrival;
  if (credit_ <= 0) return;
  const uint64_t before = worked_;
  const bool found = step();
  credit_ -= static_cast<int64_t>(found ? worked_ - before : kMetAtOnce.messages);
}

// False if there was nothing to do.
bool Thinner::step() {
  if (!pending_) take_closed();
  return pending_ ? commit_some() : read_some();
}

void Thinner::take_closed() {
  for (uint8_t lane = store::kLaneCount; lane-- > 1 && !pending_;) {
    if (!walks_[lane]) continue;
    ClosedWindow closed = walks_[lane]->sweep.take_closed();
    if (!closed.folds.empty()) pending_ = Pending{lane, std::move(closed), 0};
  }
}

void Thinner::on_failed() {
  failed_ = true;
  forget_walks();
}

void Thinner::forget_walks() {
  walks_ = {};
  pending_.reset();
}

// ---- the walk ----

bool Thinner::read_some() {
  for (uint8_t lane = store::kLaneCount; lane-- > 1;) {
    if (read_lane(lane)) return true;
  }
  if (close_early()) return true;
  on_nothing_left();
  return false;
}

bool Thinner::read_lane(uint8_t lane) {
  if (store_.stats(queue_).lanes[lane].waiting == 0) return false;
  Walk& walk = walk_of(lane);
  keep_off_the_link(lane, walk);
  if (!may_go_on(lane, walk)) return false;
  const auto entries = store_.read(queue_, lane, walk.sweep.position(), kMetAtOnce, clock_.now());
  if (!entries || entries->empty()) return false;
  meet(lane, walk, *entries);
  worked_ += entries->size();
  return true;
}

Thinner::Walk& Thinner::walk_of(uint8_t lane) {
  if (!walks_[lane]) {
    walks_[lane] = std::make_unique<Walk>();
    walks_[lane]->dilution.begin(lane, UINT64_MAX);
  }
  return *walks_[lane];
}

bool Thinner::may_go_on(uint8_t lane, const Walk& walk) const {
  const uint64_t waiting = store_.stats(queue_).lanes[lane].waiting_bytes;
  const uint64_t ahead = waiting - std::min(waiting, walk.behind_bytes);
  return ahead > waiting / kCompletePart;
}

void Thinner::keep_off_the_link(uint8_t lane, Walk& walk) {
  const store::Seq begun = begun_up_to_(queue_, lane);
  if (walk.sweep.holds_any_up_to(begun)) begin_anew(walk);
  walk.sweep.skip_to(begun);
}

void Thinner::begin_anew(Walk& walk) {
  walk.sweep.restart();
  walk.behind_bytes = 0;
}

void Thinner::meet(uint8_t lane, Walk& walk, const std::vector<store::Entry>& entries) {
  std::vector<store::Seq> going;
  for (const store::Entry& entry : entries) {
    if (walk.sweep.meet(entry) == Sweep::Met::irregular) {
      const auto thinned = walk.dilution.step(std::span(&entry, 1));
      going.insert(going.end(), thinned.begin(), thinned.end());
      if (!thinned.empty()) continue;
    }
    walk.behind_bytes += store::stored_bytes(*entry.message);
  }
  if (!going.empty()) drop(lane, going);
}

// Nobody knows of their content any more: each makes a gap as any that is dropped.
void Thinner::drop(uint8_t lane, const std::vector<store::Seq>& seqs) {
  std::vector<store::End> ends;
  for (const store::Seq seq : seqs) ends.push_back({queue_, lane, seq, store::Outcome::dropped});
  store::Change change;
  change.ends = ends;
  if (store_.commit(change)) status_.diluted += seqs.size();
}

// A minute may have so many readings that the queue is full of them alone.
bool Thinner::close_early() {
  if (!is_above(store_.stats(queue_), kUpperMark)) return false;
  for (uint8_t lane = store::kLaneCount; lane-- > 1;) {
    if (walks_[lane] && walks_[lane]->sweep.close_early()) return true;
  }
  return false;
}

// The walks are at the part that stays complete. Entries that others ended meanwhile are not known, and readings that were
// too few for a minute may be enough for a quarter: so the walks begin again, in a while.
void Thinner::on_nothing_left() {
  const store::QueueStats& queue = store_.stats(queue_);
  if (!is_above(queue, kUpperMark)) return;
  if (!std::exchange(status_.short_of_room, true)) {
    log_.warn("thinning_frees_too_little",
              {{"queue", queue.name},
               {"bytes", queue.waiting_bytes()},
               {"bytes_max", queue.policy.bytes_max},
               {"effect", "the oldest messages are dropped once it is full"},
               {"help", "give the queue more room (maxBytes), or send fewer or smaller messages to it"}});
  }
  const int64_t now_ms = clock_.now().mono_ms;
  if (now_ms < again_at_mono_ms_) return;
  again_at_mono_ms_ = now_ms + kAgainEveryMs;
  for (const auto& walk : walks_) {
    if (!walk) continue;
    walk->sweep.begin_again();
    walk->behind_bytes = 0;
  }
}

// ---- folding ----

// Commits folds of the window that has closed, as many as one Change takes. Where an entry has ended meanwhile each fold
// goes by itself, so that only the one that had the entry is given up. What else that one had is met again.
bool Thinner::commit_some() {
  const uint8_t lane = pending_->lane;
  if (begun_up_to_(queue_, lane) > pending_->window.after) {
    pending_.reset();
    begin_anew(walk_of(lane));
    return true;
  }
  const std::vector<Fold>& folds = pending_->window.folds;
  ChangeOfFolds change(queue_, lane, pending_->window.after);
  size_t end = pending_->next;
  while (end < folds.size() && change.add(folds[end])) ++end;
  if (!change.empty()) {
    const auto done = change.commit(store_);
    worked_ += kWorkOfAChange + change.entries() / 2;
    if (done) {
      note_folded(lane, change.entries(), change.rows(), change.bytes());
    } else if (done.error().code != core::Errc::not_found) {
      return false;  // no room on the disk, or it does not keep up: again with the next look
    } else {
      for (size_t i = pending_->next; i < end; ++i) pending_->given_up |= !commit_alone(folds[i]);
    }
  }
  pending_->next = end;
  if (end < folds.size()) return true;
  if (pending_->given_up) begin_anew(walk_of(lane));
  pending_.reset();
  return true;
}

bool Thinner::commit_alone(const Fold& fold) {
  ChangeOfFolds change(queue_, pending_->lane, pending_->window.after);
  if (!change.add(fold) || change.empty()) return true;
  if (!change.commit(store_)) return false;
  note_folded(pending_->lane, change.entries(), change.rows(), change.bytes());
  return true;
}

void Thinner::note_folded(uint8_t lane, size_t entries, size_t rows, uint64_t bytes) {
  status_.folded += entries;
  status_.rows += rows;
  untold_ += entries;
  if (walks_[lane]) walks_[lane]->behind_bytes -= std::min(walks_[lane]->behind_bytes, bytes);
}

}  // namespace headgate::hub
