#include "broker/subscriptions.h"

#include <algorithm>

namespace headgate::broker {

// 3.1.1 [MQTT-3.8.4-3]
bool Subscriptions::add(std::string_view filter, Session* session, const SubscriptionOptions& options) {
  Node* node = &root_;
  std::vector<Subscriber>* list = nullptr;
  for (core::TopicLevels levels(filter); const auto level = levels.next();) {
    if (*level == "#") {
      list = &node->below;
      break;
    }
    std::unique_ptr<Node>& next =
        *level == "+" ? node->plus : node->children.try_emplace(std::string(*level)).first->second;
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  if (!list) list = &node->exact;

  const auto same =
      std::find_if(list->begin(), list->end(), [&](const Subscriber& s) { return s.session == session; });
  if (same != list->end()) {
    same->options = options;
    return false;
  }
  list->push_back({session, options});
  ++size_;
  return true;
}

bool Subscriptions::remove(std::string_view filter, Session* session) {
  const bool removed = remove_below(root_, core::TopicLevels(filter), session);
  if (removed) --size_;
  return removed;
}

bool Subscriptions::remove_below(Node& node, core::TopicLevels levels, Session* session) {
  const auto erase_from = [&](std::vector<Subscriber>& list) {
    return std::erase_if(list, [&](const Subscriber& one) { return one.session == session; }) > 0;
  };
  const auto level = levels.next();
  if (!level) return erase_from(node.exact);
  if (*level == "#") return erase_from(node.below);
  if (*level == "+") {
    const bool removed = node.plus && remove_below(*node.plus, levels, session);
    if (removed && node.plus->empty()) node.plus.reset();
    return removed;
  }
  const auto child = node.children.find(*level);
  if (child == node.children.end()) return false;
  const bool removed = remove_below(*child->second, levels, session);
  if (removed && child->second->empty()) node.children.erase(child);
  return removed;
}

}  // namespace headgate::broker
