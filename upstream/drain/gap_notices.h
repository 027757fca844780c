// Declares upstream what will never be sent, and forgets it once the far side knows.
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "store/queue_store.h"

namespace headgate::upstream {

class GapNotices {
 public:
  static constexpr size_t kAtOnceMax = 256;  // gaps in a batch

  // `store` must outlive it and have the queue.
  GapNotices(store::QueueStore& store, store::QueueId queue) : store_(store), queue_(queue) {}

  // The gaps that the next batch is to carry. One declaration at a time may be on its way, so that an
  // acknowledgement says which gaps the far side knows.
  [[nodiscard]] std::vector<store::Gap> next() const;
  void on_accepted(const std::vector<store::Gap>& declared);
  // A batch with so many gaps was refused: all that follow carry fewer. False if there was just one.
  bool on_refused(size_t declared);

  // When to look for gaps that no batch has carried. Mono time.
  void look_at(int64_t mono_ms) { look_at_ms_ = mono_ms; }
  [[nodiscard]] int64_t looks_at() const { return look_at_ms_; }
  // Now; then the next look is in a while.
  [[nodiscard]] std::vector<store::Gap> look(core::Now now);

 private:
  store::QueueStore& store_;
  const store::QueueId queue_;
  int64_t look_at_ms_ = 0;
  size_t at_once_max_ = kAtOnceMax;
};

}  // namespace headgate::upstream
