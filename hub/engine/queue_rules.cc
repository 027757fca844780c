#include "hub/engine/queue_rules.h"

#include <algorithm>
#include <utility>

#include "hub/edge/c2d/queues.h"
#include "hub/edge/topics.h"
#include "hub/engine/session_records.h"

namespace headgate::hub {

using routing::OnRemove;

store::QueuePolicy policy_of(const routing::QueueRule& rule, const store::QueuePolicy& defaults) {
  store::QueuePolicy policy = defaults;
  policy.messages_max = rule.messages_max.value_or(defaults.messages_max);
  policy.bytes_max = rule.bytes_max.value_or(defaults.bytes_max);
  policy.age_max_ms = rule.age_max_ms.value_or(defaults.age_max_ms);
  policy.on_full = rule.on_full.value_or(defaults.on_full);
  return policy;
}

// A module is given messages as they came: its input is not folded.
store::QueuePolicy policy_for(store::QueueKind kind, store::QueuePolicy policy) {
  const bool can_thin = kind == store::QueueKind::link;
  if (policy.on_full == store::OnFull::thin && !can_thin) policy.on_full = store::OnFull::dilute;
  return policy;
}

core::Status QueueRules::load_stored() {
  if (stored_) return {};
  stored_.emplace();
  return store_.for_each(kOnRemovePrefix, [this](std::string_view key, std::string_view value) {
    const auto on_remove = routing::parse_on_remove(value);
    if (on_remove) stored_->emplace(key.substr(kOnRemovePrefix.size()), *on_remove);
    return core::Status();
  });
}

core::Status QueueRules::use(std::span<const Use> uses, const store::QueuePolicy& defaults,
                             const LetGo& may_go) {
  if (const auto loaded = load_stored(); !loaded) return loaded;
  rules_.clear();
  held_.clear();
  draining_.clear();
  for (const auto& [queue, rule] : uses) {
    const auto [known, fresh] = rules_.try_emplace(queue, rule);
    if (fresh) continue;
    if (disagree(known->second, rule)) {
      log_.warn("queue_rules_differ", {{"queue", store_.stats(queue).name},
                                       {"effect", "the tightest limits and the gentlest way hold"}});
    }
    known->second = combined(known->second, rule);
  }
  for (const auto& [queue, rule] : rules_) {
    store_.set_policy(queue, policy_for(store_.stats(queue).attributes.kind, policy_of(rule, defaults)));
    const bool plain = rule.on_remove.value_or(OnRemove::drain) == OnRemove::drain;
    remember(store_.stats(queue).name, plain ? std::nullopt : rule.on_remove);
  }
  for (const store::QueueId queue : store_.queues()) {
    if (rules_.contains(queue)) continue;
    let_go(queue, may_go.all || may_go.queues.contains(store_.stats(queue).name));
  }
  return {};
}

void QueueRules::remember(std::string_view queue_name, std::optional<OnRemove> on_remove) {
  const auto known = stored_->find(queue_name);
  if (known == stored_->end() ? !on_remove : on_remove == known->second) return;
  store::KeyValue value{std::string(kOnRemovePrefix).append(queue_name), std::nullopt};
  if (on_remove) value.value = to_string(*on_remove);
  // If the store has failed, its owner has been told.
  (void)store_.put(std::span(&value, 1));
  if (on_remove)
    stored_->insert_or_assign(std::string(queue_name), *on_remove);
  else
    stored_->erase(known);
}

// No route leads there any more.
void QueueRules::let_go(store::QueueId queue, bool on_purpose) {
  const std::string name = store_.stats(queue).name;
  const store::QueueKind kind = store_.stats(queue).attributes.kind;
  if (kind != store::QueueKind::link && kind != store::QueueKind::input) return;
  const auto known = stored_->find(name);
  const OnRemove on_remove = known == stored_->end() ? OnRemove::drain : known->second;
  if (!on_purpose && on_remove != OnRemove::keep) return;
  store_.set_policy(queue, device_of_queue(name) ? kDeviceQueuePolicy : store::QueuePolicy());
  if (on_remove == OnRemove::purge) {
    const auto purged = store_.purge(queue);
    log_.info("queue_purged", {{"queue", name}, {"messages", purged ? *purged : 0}, {"reason", "onRemove"}});
  }
  const bool empty = store_.stats(queue).waiting() == 0 && !expected_.contains(queue);
  if (empty || on_remove == OnRemove::purge) remember(name, std::nullopt);
  if (kind == store::QueueKind::link) return;  // it is in every hub, and the link drains it
  if (empty) return remove(queue);
  if (on_remove == OnRemove::keep) {
    held_.emplace(queue, name);
  } else {
    draining_.push_back(queue);
  }
}

// Removes a queue whose last message is gone and to which no route leads: only its counters are lost.
void QueueRules::remove(store::QueueId queue) {
  if (const auto removed = store_.remove_queue(queue); !removed) {
    log_.warn("queue_remove_failed", {{"error", removed.error().what}});
  }
}

bool QueueRules::is_known(store::QueueId queue) const {
  return rules_.contains(queue) || held_.contains(queue) ||
         std::ranges::find(draining_, queue) != draining_.end();
}

void QueueRules::expect(const std::set<store::QueueId>& queues) {
  expected_ = queues;
  for (const store::QueueId queue : queues) {
    if (is_known(queue) || store_.stats(queue).attributes.kind != store::QueueKind::input) continue;
    draining_.push_back(queue);
    more_drained_ = true;
  }
}

bool QueueRules::remove_drained() {
  const bool more = std::exchange(more_drained_, false);
  const size_t removed = std::erase_if(draining_, [this](store::QueueId queue) {
    if (store_.stats(queue).waiting() > 0 || expected_.contains(queue)) return false;
    log_.info("queue_drained", {{"queue", store_.stats(queue).name}});
    remove(queue);
    return true;
  });
  return more || removed > 0;
}

}  // namespace headgate::hub
