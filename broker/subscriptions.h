// Who has subscribed to what: a trie of topic levels.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/topic.h"

namespace headgate::broker {

class Session;

// What a client asked for with one topic filter (MQTT 5.0 section 3.8.3.1).
struct SubscriptionOptions {
  uint8_t qos = 0;
  bool no_local = false;
  bool retain_as_published = false;
  uint8_t retain_handling = 0;
  uint32_t id = 0;  // Subscription Identifier; 0 = none

  friend bool operator==(const SubscriptionOptions&, const SubscriptionOptions&) = default;
};

// Sessions are borrowed: remove a session's filters before it goes. Matching allocates nothing and costs
// a hash lookup a level, times two for each level at which somebody uses `+`.
class Subscriptions {
 public:
  // Adds or replaces [MQTT-3.8.4-3]. True if the session did not have this filter yet.
  bool add(std::string_view filter, Session* session, const SubscriptionOptions& options);

  // True if the session had this filter.
  bool remove(std::string_view filter, Session* session);

  // Calls visit(Session*, const SubscriptionOptions&) for every subscription that matches, once for each
  // matching filter. `visit` must not change the subscriptions.
  template <typename Visit>
  void match(std::string_view topic, Visit&& visit) const {
    // [MQTT-4.7.2-1] a leading wildcard does not reach topics that begin with `$`
    match_below(root_, core::TopicLevels(topic), topic.starts_with('$'), visit);
  }

  [[nodiscard]] size_t size() const { return size_; }

 private:
  struct Subscriber {
    Session* session;
    SubscriptionOptions options;
  };
  struct LevelHash {
    using is_transparent = void;
    size_t operator()(std::string_view level) const { return std::hash<std::string_view>{}(level); }
  };
  struct Node {
    std::unordered_map<std::string, std::unique_ptr<Node>, LevelHash, std::equal_to<>> children;
    std::unique_ptr<Node> plus;
    std::vector<Subscriber> exact;  // the filter ends at this node
    std::vector<Subscriber> below;  // the filter ends in `#` under this node

    [[nodiscard]] bool empty() const { return children.empty() && !plus && exact.empty() && below.empty(); }
  };

  template <typename Visit>
  static void match_below(const Node& node, core::TopicLevels levels, bool hidden, Visit& visit) {
    if (!hidden) {
      for (const Subscriber& one : node.below) visit(one.session, one.options);
    }
    const auto level = levels.next();
    if (!level) {
      for (const Subscriber& one : node.exact) visit(one.session, one.options);
      return;
    }
    if (node.plus && !hidden) match_below(*node.plus, levels, false, visit);
    if (const auto child = node.children.find(*level); child != node.children.end()) {
      match_below(*child->second, levels, false, visit);
    }
  }

  static bool remove_below(Node& node, core::TopicLevels levels, Session* session);

  Node root_;
  size_t size_ = 0;
};

}  // namespace headgate::broker
