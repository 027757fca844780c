// Collects the entries of one lane until they are worth sending. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "store/queue_store.h"
#include "upstream/options.h"

namespace headgate::upstream {

class Batcher {
 public:
  static constexpr int64_t kNever = INT64_MAX;

  Batcher(const BatchOptions& options, uint8_t lane)
      : options_(options), urgent_(lane == 0), messages_max_(options.messages_max) {}

  // Lowers (or restores) the number of messages a batch may have, to isolate one that is refused.
  void limit_messages(size_t messages_max);

  // The batch is to have exactly so many messages, whatever they come to.
  void follow(size_t messages);

  // Room for more. A batch that is full has none.
  [[nodiscard]] store::ReadLimit room() const;
  [[nodiscard]] bool full() const;
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] store::Seq first_seq() const { return entries_.empty() ? 0 : entries_.front().seq; }

  // REQUIRES: !full(). The linger of a message counts from its arrival at the hub, so a backlog does not
  // wait again; a wall clock that jumps can shorten it but not prolong it.
  void add(store::Entry entry, core::Now now);

  // Mono time from which the batch is ready by lingering; kNever while it is empty.
  [[nodiscard]] int64_t ready_at() const { return ready_at_ms_; }
  [[nodiscard]] bool ready(core::Now now) const {
    return !empty() && (urgent_ || full() || now.mono_ms >= ready_at_ms_);
  }

  // Hands the entries over and starts an empty batch.
  [[nodiscard]] std::vector<store::Entry> take();
  void clear() { (void)take(); }

  // Learns from what a batch of this lane came to: the next ones are closed by that estimate.
  void learn(size_t json_bytes, size_t compressed_bytes);

 private:
  [[nodiscard]] size_t json_bytes_max() const;

  BatchOptions options_;
  bool urgent_;  // lane 0 does not wait for company
  size_t messages_max_;
  bool follows_ = false;  // see follow()
  double ratio_ = 0.25;   // compressed bytes per JSON byte; what small batches of readings come to
  std::vector<store::Entry> entries_;
  size_t json_bytes_ = 0;
  int64_t ready_at_ms_ = kNever;
};

}  // namespace headgate::upstream
