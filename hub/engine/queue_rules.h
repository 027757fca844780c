// From what routes say about queues to what the store does.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.h"
#include "routing/files/queue_rule.h"
#include "store/queue_policy.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Policy of a queue with this rule.
[[nodiscard]] store::QueuePolicy policy_of(const routing::QueueRule& rule,
                                           const store::QueuePolicy& defaults);

// The policy of a queue of this kind: only what a link sends is thinned, others are diluted.
[[nodiscard]] store::QueuePolicy policy_for(store::QueueKind kind, store::QueuePolicy policy);

// Queues of which it is known that their last route was taken away on purpose: all that have none, or those named.
// The others wait, as they are, until the mistake is corrected that may have taken their route.
struct LetGo {
  bool all = true;
  std::set<std::string> queues = {};
};

// The rules in force, by queue name, and what becomes of queues that have lost their last route: they are
// *drained* (delivered on, removed once empty), *kept* (held as they are until a route leads there again) or
// *purged*. What is to become of a queue is stored while routes lead to it, so that it also holds for a route
// that was removed while the hub was down.
class QueueRules {
 public:
  // `store` and `log` are borrowed.
  QueueRules(store::QueueStore& store, core::Log& log) : store_(store), log_(log) {}

  // A route in force leads to `queue` and says `rule` about it.
  struct Use {
    store::QueueId queue = 0;
    routing::QueueRule rule;
  };
  // Takes over all uses at once. Queues without one, among those that routes can lead to, are let go.
  core::Status use(std::span<const Use> uses, const store::QueuePolicy& defaults, const LetGo& may_go = {});

  // Kept, and nobody's to read.
  [[nodiscard]] bool is_held(store::QueueId queue) const { return held_.contains(queue); }
  // More is to come into these queues although no route may lead there any more: they are drained, and not removed
  // before that has ended.
  void expect(const std::set<store::QueueId>& queues);
  // Removes drained queues that have become empty. True if there were any, or if expect() has made one drained.
  bool remove_drained();

 private:
  core::Status load_stored();
  void remember(std::string_view queue_name, std::optional<routing::OnRemove> on_remove);
  void let_go(store::QueueId queue, bool on_purpose);
  [[nodiscard]] bool is_known(store::QueueId queue) const;
  void remove(store::QueueId queue);

  store::QueueStore& store_;
  core::Log& log_;
  std::optional<std::map<std::string, routing::OnRemove, std::less<>>> stored_;  // null: not read yet
  std::map<store::QueueId, routing::QueueRule> rules_;
  std::map<store::QueueId, std::string> held_;
  std::vector<store::QueueId> draining_;
  std::set<store::QueueId> expected_;
  bool more_drained_ = false;
};

}  // namespace headgate::hub
