// Results on their way: into the Change that they are part of, and to who listens once that is durable.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "core/message.h"
#include "hub/engine/computation/inputs.h"
#include "hub/engine/computation/result_messages.h"
#include "hub/engine/publish/spreader.h"
#include "hub/engine/retained/keeper.h"
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
  };
  explicit Outlet(const Parts& parts) : parts_(parts) {}

  // Results that are to be part of the next Change: for queues, and to be published.
  std::vector<QueuedResult> queued;
  std::vector<core::MessagePtr> published;
  [[nodiscard]] size_t size() const { return queued.size() + published.size(); }

  // Finds out where they go, with what routes make of them in turn. What it gives is good until it is called again.
  struct Planned {
    std::span<const store::Append> appends;
    std::span<const store::KeyValue> values;  // retained messages
    bool must_sync = false;
  };
  [[nodiscard]] Planned plan();
  // The planned Change was taken; it is durable with `seq`; 0: nothing of it had to be stored.
  void on_committed(store::Seq seq);

  // Takes queues that are not there any more out of the results for the next Change. True if there were any.
  [[nodiscard]] bool forget_missing(const store::QueueReader& store);

  // Delivers what is due.
  void on_durable(store::Seq up_to);
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
    store::Seq seq = 0;          // its own, if it was appended
    store::Seq due = 0;          // it may be delivered once this is durable; 0: at once
  };

  void plan_published(const core::MessagePtr& root);
  void plan_one(const core::MessagePtr& message, std::vector<core::MessagePtr>& behind);
  void deliver(const Step& step);

  Parts parts_;
  Spread spread_;
  std::deque<Step> planned_;
  std::vector<store::Append> appends_;
  std::vector<store::KeyValue> values_;
  bool feeds_inputs_ = false;
  std::deque<Step> waiting_;  // for being durable
};

}  // namespace headgate::hub
