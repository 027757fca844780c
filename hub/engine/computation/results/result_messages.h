// From a result of a route to the messages that carry it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"
#include "core/message.h"
#include "core/time/hub_time.h"
#include "hub/engine/computation/results/publish_rights.h"
#include "hub/engine/routes/routed_table.h"
#include "routing/compute/computation.h"
#include "store/queue_store.h"

namespace headgate::hub {

// A result and the queues that take it.
struct QueuedResult {
  core::MessagePtr message;
  std::vector<store::Target> targets;
};

// Makes one message for each topic that a result goes to. It arrives when it is made, lives as long as the route says, counted
// from then, and has no retain flag unless the route gives it one at a Topic('…').
class ResultMessages {
 public:
  // Everything is borrowed and must outlive this.
  ResultMessages(PublishRights& rights, const core::Clock& clock, core::Log& log)
      : rights_(rights), clock_(clock), log_(log) {}

  // When the clock was not known to be right: results of windows say so. Null: it always was. It must outlive this.
  void doubt(const core::DoubtfulStretches* doubtful) { doubtful_ = doubtful; }

  // Appends the messages of `result`, made by the route of that index into the table. `input`: the message
  // that it was made of, whose source, QoS and hops it takes over; null: a window's, of QoS 1.
  void make(const RoutedTable& routed, routing::RouteIndex route, const routing::ComputeResult& result,
            const core::Message* input, std::vector<QueuedResult>& queued,
            std::vector<core::MessagePtr>& published);

 private:
  [[nodiscard]] core::Message draft_of(const routing::ComputePlan& plan, const routing::ComputeResult& result,
                                       const core::Message* input) const;
  [[nodiscard]] bool is_unsynced(const routing::ComputePlan& plan, const routing::ComputeResult& result,
                                 core::Now now) const;
  void publish(const core::Message& draft, std::string topic, bool retain,
               std::vector<core::MessagePtr>& published);

  PublishRights& rights_;
  const core::Clock& clock_;
  core::Log& log_;
  const core::DoubtfulStretches* doubtful_ = nullptr;
  core::LogLimiter too_far_;  // by topic
};

// A message that the route of this name sends to the dead letters.
[[nodiscard]] store::Target dead_letter_target(store::QueueId dead, std::string_view route,
                                               std::string reason, int64_t at_ms);

}  // namespace headgate::hub
