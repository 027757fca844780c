// Where one message goes: who subscribes to it, what routes do with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/message.h"
#include "hub/engine/computation/results/result_messages.h"
#include "hub/engine/publish/fan_out.h"
#include "hub/engine/publish/returned_batches.h"
#include "hub/engine/retained/keeper.h"
#include "hub/engine/route_set.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Used again for every message, so that the usual one allocates nothing here.
struct Spread {
  std::vector<store::Target> targets;
  std::vector<store::Target> more_targets;  // in queues that `targets` has already: appended on their own
  std::vector<core::MessagePtr> republished;
  std::vector<QueuedResult> results;  // that routes made of it for queues, to be appended with it
  bool computed = false;              // it is an input of routes with state
  bool unchanged = false;             // it is retained, and says what is retained already
  std::string stopped_by;             // one of them that has no room for further results; empty: none
  bool stored_as_input = false;       // and waits in their queue; else in memory
  bool returned = false;              // it is a batch of this hub, and is not routed

  void clear();
};

// Exists once in a hub: a session remembers which message it has met last.
class Spreader {
 public:
  // Everything is borrowed and must outlive this. `hub_id`: of the hub itself.
  struct Parts {
    const broker::Broker& broker;
    RouteSet& routes;
    const RetainedKeeper& retained;
    PublishRights& rights;
    const core::Clock& clock;
    core::Log& log;
    std::string hub_id;
  };
  explicit Spreader(const Parts& parts);

  // Overwrites `out` with where `message` goes, which comes from `from` (null: from a route). `coming`: see
  // RetainedKeeper::repeats().
  void find(const broker::Session* from, const core::Message& message, Spread& out,
            const core::Message* coming = nullptr);
  // True if a route wants to know whether a retained message says what is retained already.
  [[nodiscard]] bool compares_retained() const;
  // The subscribers of the message last found for.
  [[nodiscard]] const FanOut& subscribers() const { return fan_out_; }
  // Delivers a result that is durable by now to who listens to it without a queue.
  void deliver(const core::MessagePtr& message);

  [[nodiscard]] const ReturnedBatches& returned() const { return returned_; }

 private:
  void route(const core::Message& message, const core::Message* coming, Spread& out);
  void republish(const core::Message& message, const RouteSet::Hit& hit, Spread& out);
  void add_results(const core::Message& message, Spread& out);

  RouteSet& routes_;
  const RetainedKeeper& retained_;
  PublishRights& rights_;
  const core::Clock& clock_;
  core::Log& log_;
  FanOut fan_out_;
  ReturnedBatches returned_;
  ResultMessages results_;
};

}  // namespace headgate::hub
