// The queues that every hub has, whatever its routes are: `$upstream` and `$dead`, with the rules for those queues of which
// no route says anything.
#pragma once

#include "core/result.h"
#include "hub/config/store_limits.h"
#include "store/queue_store.h"

namespace headgate::hub {

class OwnQueues {
 public:
  // `store` is borrowed and must outlive them.
  explicit OwnQueues(store::QueueStore& store) : store_(store) {}

  // Rules from now on: of `$dead` at once, of others when routes are used next.
  void use(const StoreLimits& limits);
  // Opens them, with the rules of use(). Errors: corrupt, io.
  core::Status open();

  // 0: not open yet.
  [[nodiscard]] store::QueueId upstream() const { return upstream_; }
  [[nodiscard]] store::QueueId dead() const { return dead_; }
  // For a queue where a route says nothing.
  [[nodiscard]] const store::QueuePolicy& policy() const { return policy_; }

 private:
  store::QueueStore& store_;
  store::QueuePolicy policy_;
  store::QueuePolicy dead_policy_;
  store::QueueId upstream_ = 0;
  store::QueueId dead_ = 0;
};

}  // namespace headgate::hub
