// A Thinner for each queue that leads upstream and says `onFull: "thin"`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/clock.h"
#include "core/executor.h"
#include "core/log.h"
#include "hub/engine/thinning/thinner.h"
#include "store/queue_store.h"

namespace headgate::hub {

class Thinners {
 public:
  // Everything is borrowed and must outlive this.
  Thinners(store::QueueStore& store, core::Executor& executor, const core::Clock& clock, core::Log& log)
      : store_(store), executor_(executor), clock_(clock), log_(log) {}
  Thinners(const Thinners&) = delete;
  Thinners& operator=(const Thinners&) = delete;

  // Whoever sends says what it has begun; nothing, until this is called.
  void spare(Thinner::BegunUpTo begun) { begun_up_to_ = std::move(begun); }

  // A message comes for these targets, which exist: see Thinner::on_arrival(). A queue that is to be thinned is so from its
  // first message on.
  void on_arrival(std::span<const store::Target> targets);
  void on_available(store::QueueId queue);
  // Looks for queues that are to be thinned from now on, too. Call about once a second.
  void tick();
  void on_failed();
  void on_recovered();

  // Sums over all queues, those that are thinned no more included.
  [[nodiscard]] ThinningStatus status() const;
  // Tells of the entries of each queue that ended in folds since the last call: their content is not lost.
  void tell_folded(const std::function<void(store::QueueId queue, uint64_t entries)>& tell);

 private:
  [[nodiscard]] bool is_to_be_thinned(store::QueueId queue) const;
  [[nodiscard]] Thinner& thinner_of(store::QueueId queue);

  store::QueueStore& store_;
  core::Executor& executor_;
  const core::Clock& clock_;
  core::Log& log_;
  Thinner::BegunUpTo begun_up_to_ = [](store::QueueId, uint8_t) { return store::Seq{0}; };
  std::vector<std::unique_ptr<Thinner>> thinners_;
};

}  // namespace headgate::hub
