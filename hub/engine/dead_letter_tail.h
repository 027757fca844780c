// Dead letters for people who watch `$dead`, as they become durable.
#pragma once

#include "core/clock.h"
#include "hub/engine/consumers.h"
#include "hub/observe/tails.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Other queues show their entries as they are appended. A letter is made inside the store, so it is read.
class DeadLetterTail : public Consumer {
 public:
  // Everything is borrowed and must outlive the tail.
  DeadLetterTail(store::QueueStore& store, Consumers& consumers, const Tails& tails, const core::Clock& clock)
      : store_(store), consumers_(consumers), tails_(tails), clock_(clock) {}

  // Call once: `dead` is the queue of dead letters.
  [[nodiscard]] core::Status watch(store::QueueId dead);
  // Call before what has become durable is announced as available.
  void on_durable(store::Seq up_to);

 private:
  void on_ready(store::QueueId queue, bool more) override;

  store::QueueStore& store_;
  Consumers& consumers_;
  const Tails& tails_;
  const core::Clock& clock_;
  store::QueueId dead_ = 0;
  store::Seq shown_ = 0;  // the last that was shown, or that came while nobody watched
};

}  // namespace headgate::hub
