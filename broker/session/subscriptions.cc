#include "broker/session/subscriptions.h"

#include <algorithm>

#include "broker/codec/topic_filter.h"

namespace headgate::broker {
namespace {

bool erase_from(std::vector<Subscriber>& list, const Session* session) {
  return std::erase_if(list, [&](const Subscriber& one) { return one.session == session; }) > 0;
}

template <typename Groups>
auto find_group(Groups& groups, std::string_view share) {
  return std::ranges::find(groups, share, &ShareGroup::name);
}

}  // namespace

// 3.1.1 [MQTT-3.8.4-3]
bool Subscriptions::add(std::string_view filter, Session* session, const SubscriptionOptions& options) {
  const TopicFilter parts = split_topic_filter(filter);
  Node* node = &root_;
  bool below = false;
  for (core::TopicLevels levels(parts.filter); const auto level = levels.next();) {
    below = *level == "#";
    if (below) break;
    std::unique_ptr<Node>& next =
        *level == "+" ? node->plus : node->children.try_emplace(std::string(*level)).first->second;
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  std::vector<Subscriber>& list = members(*node, below, parts.share);
  const auto same = std::ranges::find(list, session, &Subscriber::session);
  if (same != list.end()) {
    same->options = options;
    return false;
  }
  list.push_back({session, options});
  ++size_;
  if (!parts.share.empty()) ++shared_;
  return true;
}

// The list to add to; a group is made if there is none of that name.
std::vector<Subscriber>& Subscriptions::members(Node& node, bool below, std::string_view share) {
  if (share.empty()) return below ? node.below : node.exact;
  if (!node.shares) node.shares = std::make_unique<Shares>();
  std::vector<ShareGroup>& groups = below ? node.shares->below : node.shares->exact;
  const auto group = find_group(groups, share);
  return group != groups.end() ? group->members() : groups.emplace_back(share).members();
}

bool Subscriptions::remove(std::string_view filter, Session* session) {
  const TopicFilter parts = split_topic_filter(filter);
  const bool removed = remove_below(root_, core::TopicLevels(parts.filter), parts.share, session);
  if (removed) --size_;
  if (removed && !parts.share.empty()) --shared_;
  return removed;
}

bool Subscriptions::remove_below(Node& node, core::TopicLevels levels, std::string_view share,
                                 const Session* session) {
  const auto level = levels.next();
  if (!level || *level == "#") return remove_at(node, level.has_value(), share, session);
  if (*level == "+") {
    const bool removed = node.plus && remove_below(*node.plus, levels, share, session);
    if (removed && node.plus->empty()) node.plus.reset();
    return removed;
  }
  const auto child = node.children.find(*level);
  if (child == node.children.end()) return false;
  const bool removed = remove_below(*child->second, levels, share, session);
  if (removed && child->second->empty()) node.children.erase(child);
  return removed;
}

// A group without members goes, and so do a node's groups once there is none.
bool Subscriptions::remove_at(Node& node, bool below, std::string_view share, const Session* session) {
  if (share.empty()) return erase_from(below ? node.below : node.exact, session);
  if (!node.shares) return false;
  std::vector<ShareGroup>& groups = below ? node.shares->below : node.shares->exact;
  const auto group = find_group(groups, share);
  if (group == groups.end() || !erase_from(group->members(), session)) return false;
  if (group->members().empty()) groups.erase(group);
  if (node.shares->exact.empty() && node.shares->below.empty()) node.shares.reset();
  return true;
}

const ShareGroup* Subscriptions::find_share(std::string_view filter) const {
  const TopicFilter parts = split_topic_filter(filter);
  const Node* node = &root_;
  bool below = false;
  for (core::TopicLevels levels(parts.filter); const auto level = levels.next();) {
    below = *level == "#";
    if (below) break;
    const auto child = *level == "+" ? node->children.end() : node->children.find(*level);
    node = *level == "+" ? node->plus.get() : child == node->children.end() ? nullptr : child->second.get();
    if (!node) return nullptr;
  }
  if (!node->shares) return nullptr;
  const std::vector<ShareGroup>& groups = below ? node->shares->below : node->shares->exact;
  const auto group = find_group(groups, parts.share);
  return group == groups.end() ? nullptr : &*group;
}

}  // namespace headgate::broker
