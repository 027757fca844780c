// Whoever waits for the store outside the broker: an operator's verbs.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "store/queue_store.h"

namespace headgate::hub {

// First in, first out, as the store makes things durable. Callbacks may wait again.
class DurableWaits {
 public:
  // True once all up to that seq is durable, false when the store has failed before.
  using Done = std::function<void(bool durable)>;

  // `seq` 0: it is durable already.
  void wait(store::Seq seq, Done done) {
    if (seq <= durable_) return done(true);
    waits_.emplace_back(seq, std::move(done));
  }
  void on_durable(store::Seq up_to) {
    durable_ = up_to;
    answer([up_to](store::Seq seq) { return seq <= up_to; }, true);
  }
  void on_failed() {
    answer([](store::Seq) { return true; }, false);
  }

 private:
  template <typename Due>
  void answer(Due due, bool durable) {
    while (!waits_.empty() && due(waits_.front().first)) {
      const Done done = std::move(waits_.front().second);
      waits_.pop_front();
      done(durable);
    }
  }

  store::Seq durable_ = 0;
  std::deque<std::pair<store::Seq, Done>> waits_;
};

}  // namespace headgate::hub
