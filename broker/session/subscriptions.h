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

// Options that a client gives with a topic filter (MQTT 5.0 section 3.8.3.1).
struct SubscriptionOptions {
  uint8_t qos = 0;
  bool no_local = false;
  bool retain_as_published = false;
  uint8_t retain_handling = 0;
  uint32_t id = 0;  // Subscription Identifier; 0 = none

  friend bool operator==(const SubscriptionOptions&, const SubscriptionOptions&) = default;
};

struct Subscriber {
  Session* session;
  SubscriptionOptions options;
};

// The sessions that have made one shared subscription, `$share/<name>/<filter>`: a message goes to one of
// them (MQTT 5.0 section 4.8.2).
class ShareGroup {
 public:
  explicit ShareGroup(std::string_view name) : name_(name) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::vector<Subscriber>& members() const { return members_; }
  [[nodiscard]] std::vector<Subscriber>& members() { return members_; }

  // The member that `rank(member)` says is best, those of one rank in turn; null if none ranks above 0.
  // `best` is the highest rank there is.
  template <typename Rank>
  const Subscriber* choose(int best, Rank&& rank) const {
    const size_t count = members_.size();
    int highest = 0;
    size_t chosen = 0;
    for (size_t step = 0; step < count && highest < best; ++step) {
      const size_t at = (turn_ + step) % count;
      const int here = rank(members_[at]);
      if (here > highest) {
        highest = here;
        chosen = at;
      }
    }
    if (highest == 0) return nullptr;
    turn_ = chosen + 1;
    return &members_[chosen];
  }

 private:
  std::string name_;
  std::vector<Subscriber> members_;
  mutable size_t turn_ = 0;  // who is asked first; not part of who has subscribed
};

// Sessions are borrowed: remove a session's filters before it goes. Matching allocates nothing and costs
// a hash lookup a level, times two for each level at which somebody uses `+`.
//
// Filters are well-formed, plain or shared; a shared one is known by its whole text [MQTT-4.8.2-1].
class Subscriptions {
 public:
  // Adds or replaces [MQTT-3.8.4-3]. True if the session did not have this filter yet.
  bool add(std::string_view filter, Session* session, const SubscriptionOptions& options);

  // True if the session had this filter.
  bool remove(std::string_view filter, Session* session);

  // Who has made this shared subscription; null if nobody has.
  [[nodiscard]] const ShareGroup* find_share(std::string_view filter) const;

  // Calls visit(Session*, const SubscriptionOptions&) for every subscription that matches, once for each
  // matching filter, and visit_share(const ShareGroup&) for every group whose filter does. Neither may change
  // the subscriptions.
  template <typename Visit, typename VisitShare>
  void match(std::string_view topic, Visit&& visit, VisitShare&& visit_share) const {
    // [MQTT-4.7.2-1] a leading wildcard does not reach topics that begin with `$`
    const auto visit_node = [&](const std::vector<Subscriber>& subscribers,
                                const std::vector<ShareGroup>* groups) {
      for (const Subscriber& one : subscribers) visit(one.session, one.options);
      if (!groups) return;
      for (const ShareGroup& group : *groups) visit_share(group);
    };
    match_below(root_, core::TopicLevels(topic), topic.starts_with('$'), visit_node);
  }

  // Whether any filter begins with this level, which is not a wildcard.
  [[nodiscard]] bool has_first_level(std::string_view level) const { return root_.children.contains(level); }

  [[nodiscard]] size_t size() const { return size_; }
  // Counts subscriptions to shares, each member's, among them.
  [[nodiscard]] size_t shared() const { return shared_; }

 private:
  struct LevelHash {
    using is_transparent = void;
    size_t operator()(std::string_view level) const { return std::hash<std::string_view>{}(level); }
  };
  struct Shares {
    std::vector<ShareGroup> exact;
    std::vector<ShareGroup> below;
  };
  struct Node {
    std::unordered_map<std::string, std::unique_ptr<Node>, LevelHash, std::equal_to<>> children;
    std::unique_ptr<Node> plus;
    std::vector<Subscriber> exact;   // the filter ends at this node
    std::vector<Subscriber> below;   // the filter ends in `#` under this node
    std::unique_ptr<Shares> shares;  // the same for shared ones; null: there are none

    [[nodiscard]] bool empty() const {
      return children.empty() && !plus && exact.empty() && below.empty() && !shares;
    }
  };

  template <typename Visit>
  static void match_below(const Node& node, core::TopicLevels levels, bool hidden, Visit& visit) {
    const Shares* shares = node.shares.get();
    if (!hidden) visit(node.below, shares ? &shares->below : nullptr);
    const auto level = levels.next();
    if (!level) return visit(node.exact, shares ? &shares->exact : nullptr);
    if (node.plus && !hidden) match_below(*node.plus, levels, false, visit);
    if (const auto child = node.children.find(*level); child != node.children.end()) {
      match_below(*child->second, levels, false, visit);
    }
  }

  static std::vector<Subscriber>& members(Node& node, bool below, std::string_view share);
  static bool remove_at(Node& node, bool below, std::string_view share, const Session* session);
  static bool remove_below(Node& node, core::TopicLevels levels, std::string_view share,
                           const Session* session);

  Node root_;
  size_t size_ = 0;
  size_t shared_ = 0;
};

}  // namespace headgate::broker
