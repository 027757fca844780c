// Rights of a client: the rules that concern it, with its own names put in. A value without I/O; shared
// by sessions, immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::broker {

enum class Action : uint8_t { publish = 1, subscribe = 2, receive = 4 };

// A set of actions.
using Actions = uint8_t;
inline constexpr Actions kAllActions = 7;

constexpr bool has(Actions actions, Action action) { return (actions & static_cast<uint8_t>(action)) != 0; }

// Asked in this order, and the first that knows answers:
//  1. What only the hub may do: publish to `$…` and to module inputs.
//  2. Whoever has proved to be somebody does not publish on the outputs of a module that it is not, and does
//     not get that module's inputs.
//  3. A rule that denies.
//  4. A module has its own outputs and inputs.
//  5. A rule that allows.
//  6. No.
// A rule speaks of a topic that its filter matches, and of a subscription that its filter covers whole. So a
// wide subscription stands although part of it is denied: every message is asked about again (`receive`). A
// rule that denies to subscribe denies to receive as well, or the wide subscription would be a way round it.
class Rights {
 public:
  struct Rule {
    bool allow = true;
    Actions actions = kAllActions;
    std::string filter;  // valid, without variables
  };

  // `module`: which one the client is; empty for others. `bound`: the client has proved who it is, so that
  // step 2 holds for it.
  Rights(std::vector<Rule> rules, std::string module, bool bound);

  // Everything but what only the hub may do.
  [[nodiscard]] static const std::shared_ptr<const Rights>& all();
  // Nothing.
  [[nodiscard]] static const std::shared_ptr<const Rights>& none();

  // Names the module of the hub's own device that the client is; empty: none.
  [[nodiscard]] const std::string& module() const { return module_; }

  // The rules, those that deny first; a module's rights to what is its own are none of them.
  [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }

  [[nodiscard]] bool may_publish(std::string_view topic) const;
  // `filter` without its `$share/…/`.
  [[nodiscard]] bool may_subscribe(std::string_view filter) const;
  // Asked for every delivery; where everything is allowed it costs two comparisons.
  [[nodiscard]] bool may_receive(std::string_view topic) const {
    return is_open(Action::receive, topic) || check_receive(topic);
  }

 private:
  enum class Answer : uint8_t { yes, no, unknown };

  // True if no rule has to be looked at.
  [[nodiscard]] bool is_open(Action action, std::string_view topic) const {
    return has(open_, action) && topic.front() != '$' && !(bound_ && topic.front() == 'm');
  }
  [[nodiscard]] bool check_receive(std::string_view topic) const;
  [[nodiscard]] Answer of_modules(Action action, std::string_view topic) const;
  template <typename Speaks>
  [[nodiscard]] bool judge(Action action, std::string_view topic, Speaks speaks) const;

  std::vector<Rule> rules_;  // those that deny first
  std::string module_;
  bool bound_;
  Actions open_ = 0;  // allowed on every topic that "#" matches, and denied on none
};

}  // namespace headgate::broker
