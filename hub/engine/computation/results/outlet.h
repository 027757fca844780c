// Results on their way: into the Change that they are part of, and to who listens once that is durable.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "hub/engine/computation/inputs.h"
#include "hub/engine/computation/results/held_results.h"
#include "hub/engine/computation/results/result_messages.h"
#include "hub/engine/publish/spreader.h"
#include "hub/engine/retained/keeper.h"
#include "hub/observe/recorder/recorder.h"
#include "hub/observe/tails.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Holds results from when they are made until they are delivered, in their order.
class Outlet {
 public:
  // Everything is borrowed and must outlive this.
  struct Parts {
    Spreader& spreader;
    RetainedKeeper& retained;
    const Tails& tails;
    Inputs& inputs;
    const HeldResults& held;
    Recorder& recorder;
  };
  explicit Outlet(const Parts& parts) : parts_(parts) {}

  // Results of a route that are to be part of the next Change: for queues, and to be published.
  struct Pending {
    std::string route;
    std::vector<QueuedResult> queued;
    std::vector<core::MessagePtr> published;
  };
  // Finds the place to add those of a route.
  [[nodiscard]] Pending& of(const std::string& route);
  [[nodiscard]] size_t size() const;

  // Finds out where they go, with what routes make of them in turn. What it gives is good until it is called again.
  struct Planned {
    std::span<const store::Append> appends;
    std::span<const store::KeyValue> values;  // retained messages
    bool must_sync = false;
  };
  [[nodiscard]] Planned plan();
  // The planned Change was taken; it is durable with `seq`; 0: nothing of it had to be stored.
  void on_committed(store::Seq seq);

  // Finds routes with results, of those planned, for which a queue has no room, and that queue.
  struct Full {
    std::string route;
    store::QueueId queue = 0;
  };
  [[nodiscard]] std::vector<Full> find_full(const store::QueueReader& store) const;
  // Takes queues that are not there any more out of the results for the next Change. True if there were any.
  [[nodiscard]] bool forget_missing(const store::QueueReader& store);

  // Delivers what is due.
  void on_durable(store::Seq up_to);
  // Forgets the results for the next Change.
  void discard() { pending_.clear(); }
  // Forgets everything: none of it has happened.
  void clear();

 private:
  // A message of the Change.
  struct Step {
    core::MessagePtr message;
    std::vector<store::Target> targets;
    bool published = false;  // and not only put into queues
    bool retained = false;
    bool kept_as_input = false;  // of routes with state, in memory
    bool unchanged = false;      // see Spread
    store::Seq seq = 0;          // its own, if it was appended
    store::Seq due = 0;          // it may be delivered once this is durable; 0: at once
    size_t pending = 0;          // whose result it is, by index
  };

  void plan(const Pending& pending);
  [[nodiscard]] bool put_aside(const Pending& pending, store::QueueId queue);
  void plan_published(const core::MessagePtr& root);
  void plan_one(const core::MessagePtr& message, std::vector<core::MessagePtr>& behind);
  [[nodiscard]] const core::Message* coming_on(std::string_view topic) const;
  void deliver(const Step& step);

  Parts parts_;
  std::vector<Pending> pending_;
  Spread spread_;
  std::deque<Step> planned_;
  std::vector<store::Append> appends_;
  std::vector<store::KeyValue> values_;
  bool feeds_inputs_ = false;
  std::deque<Step> waiting_;  // for being durable
};

}  // namespace headgate::hub
