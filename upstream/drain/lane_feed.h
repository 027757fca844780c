// A lane of the queue on its way upstream: how far it has been read, the batch that is being filled, and the
// search for a message that is refused. Reads the store; everything else is up to the stages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "store/queue_store.h"
#include "upstream/drain/acks/held.h"
#include "upstream/drain/batcher.h"
#include "upstream/drain/chain/plan.h"
#include "upstream/drain/flight.h"
#include "upstream/drain/isolation.h"
#include "upstream/drain/lane_places.h"
#include "upstream/drain/refusal.h"
#include "upstream/options.h"
#include "upstream/payload/encoder.h"

namespace headgate::upstream {

class LaneFeed {
 public:
  // `store` must outlive it and have the queue.
  LaneFeed(store::QueueStore& store, store::QueueId queue, uint8_t lane, const UpstreamOptions& options);

  [[nodiscard]] uint8_t number() const { return lane_; }
  // The newest entry that was ever taken: up to it the far side may know them.
  [[nodiscard]] store::Seq begun_up_to() const { return begun_up_to_; }

  // Passes over what these batches hold. Borrowed.
  void pass_over(const HeldBatches& held) { held_ = &held; }

  // A link has come up that drains in this order. Nothing is on its way.
  void on_link_up(DrainOrder order) { places_.split(order); }
  // See LanePlaces.
  void see(store::Seq newest) { places_.see(newest); }

  // Whether the lane may be read and sent from now. `on_its_way`: it has batches that are not answered; while a
  // culprit is looked for, one at a time may be, because its answer decides the next.
  [[nodiscard]] bool may_go_on(bool on_its_way, core::Now now);

  // The next batch is to hold exactly `messages` entries, from `first` to `last`, whatever they come to, and it goes out of
  // turn. It holds fewer where some have ended. Without messages there is no wish.
  struct Wish {
    store::Seq first = 0;
    store::Seq last = 0;
    uint64_t messages = 0;
  };
  void wish(const Wish& wish) { wish_ = wish; }
  // Held, or looking for a culprit: a batch that was planned earlier does not go now.
  [[nodiscard]] bool is_blocked(store::Seq first, core::Now now) const {
    return now.mono_ms < hold_until_ms_ || is_sought_at(first);
  }

  // Takes from the store what the open batch has room for, at most `budget`, which it lowers. Errors: those of
  // read(); the lane is held then.
  core::Status fill(store::ReadLimit& budget, core::Now now);
  // The budget ended before the open batch was full: there may be more for it.
  [[nodiscard]] bool filling() const { return filling_; }
  [[nodiscard]] bool has_open() const { return !batcher_.empty(); }
  // The open batch may go. Not while it is being filled, however long its messages have waited.
  [[nodiscard]] bool ready(core::Now now) const { return !filling_ && (closed_ || batcher_.ready(now)); }
  // Mono time of the next thing to do; kNever if only other inputs matter.
  [[nodiscard]] int64_t next_deadline() const;

  // Older messages of the lane may go after the open batch. `planned`: the plan that it was to follow, or null.
  [[nodiscard]] bool goes_ahead(const Plan* planned) const {
    if (!places_.is_out_of_turn()) return places_.goes_ahead();
    return planned == nullptr || planned->lane != lane_ || planned->mark.ahead;
  }
  // The open batch, without what has expired while it waited for company: that ends here.
  [[nodiscard]] std::vector<store::Entry> take_open(core::Now now);
  // A batch that begins with this seq travels to find a culprit.
  [[nodiscard]] bool on_trial(store::Seq first) const { return is_sought_at(first); }

  void learn(const std::vector<BatchSizes>& tries);

  // Counts messages out that were taken: they are acknowledged or refused.
  void let_go(size_t messages) { taken_ -= messages; }

  // Leaves messages that were taken where they are, for who goes on before them: they are read again after the next rewind().
  void set_aside(size_t messages) {
    taken_ -= messages;
    has_set_aside_ = true;
  }

  // Gives the open batch back, and what was taken from this seq on: so many messages of one batch, and other batches.
  // They are read again.
  void go_back(store::Seq first, size_t messages, const GivenBack& others);

  // Gives everything back, and goes on with the oldest unfinished entry once nothing is published any more.
  void rewind(bool anything_published);
  void start_over_if(bool nothing_published);
  void hold_until(int64_t mono_ms) { hold_until_ms_ = mono_ms; }
  // At least so long.
  void hold_for(int64_t ms, core::Now now) { hold_until_ms_ = std::max(hold_until_ms_, now.mono_ms + ms); }

  [[nodiscard]] Isolation& isolation() { return isolation_; }
  [[nodiscard]] RefusalNotes& refusals() { return refusals_; }

 private:
  // Messages set aside may end in the store at any time, so that there counts do not tell.
  [[nodiscard]] bool has_taken_all() const { return !has_set_aside_ && waiting() <= taken_; }
  [[nodiscard]] uint64_t waiting() const { return store_.stats(queue_).lanes[lane_].waiting; }
  void add(std::vector<store::Entry> entries, core::Now now);
  void choose_place(core::Now now);
  [[nodiscard]] bool is_sought_at(store::Seq first) const;
  [[nodiscard]] bool is_sought_behind(store::Seq after) const;
  void limit_batch();
  [[nodiscard]] bool is_held(store::Seq seq) const;

  store::QueueStore& store_;
  const store::QueueId queue_;
  const uint8_t lane_;
  const size_t messages_max_;
  Batcher batcher_;
  Isolation isolation_;
  RefusalNotes refusals_;
  const HeldBatches* held_ = nullptr;
  LanePlaces places_;
  store::Seq begun_up_to_ = 0;
  size_t taken_ = 0;  // entries taken and neither finished nor given back
  Wish wish_;
  bool has_set_aside_ = false;
  bool closed_ = false;        // the open batch takes no more, see wish()
  bool filling_ = false;       // see filling()
  bool rewinding_ = false;     // waits until nothing is published, then starts from the oldest again
  int64_t hold_until_ms_ = 0;  // mono; 0: not held
};

}  // namespace headgate::upstream
