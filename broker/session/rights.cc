#include "broker/session/rights.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/topic.h"

namespace headgate::broker {
namespace {

constexpr std::string_view kEverything = "#";

// Who may not subscribe to a topic does not get it by a wider filter either.
Actions with_consequences(const Rights::Rule& rule) {
  const bool closes = !rule.allow && has(rule.actions, Action::subscribe);
  return closes ? rule.actions | static_cast<uint8_t>(Action::receive) : rule.actions;
}

Actions open_actions(const std::vector<Rights::Rule>& rules) {
  Actions allowed = 0;
  Actions denied = 0;
  for (const Rights::Rule& rule : rules) {
    if (!rule.allow) denied |= rule.actions;
    if (rule.allow && rule.filter == kEverything) allowed |= rule.actions;
  }
  return allowed & static_cast<uint8_t>(~denied);
}

// Outputs or inputs of modules, as a topic or a filter names them: its second level may be a wildcard.
struct ModulePlace {
  std::string_view module;
  bool outputs;
};

std::optional<ModulePlace> module_place(std::string_view topic) {
  core::TopicLevels levels(topic);
  if (levels.next() != "modules") return std::nullopt;
  const auto module = levels.next();
  const auto side = levels.next();
  if (!module || !side || levels.done || (*side != "outputs" && *side != "inputs")) return std::nullopt;
  return ModulePlace{*module, *side == "outputs"};
}

// [MQTT-4.7.2-1, the note] `$` topics are a server's own.
bool is_hubs_own(std::string_view topic) {
  return topic.starts_with('$') || core::reaches_module_inputs(topic);
}

}  // namespace

Rights::Rights(std::vector<Rule> rules, std::string module, bool bound)
    : rules_(std::move(rules)), module_(std::move(module)), bound_(bound) {
  for (Rule& rule : rules_) rule.actions = with_consequences(rule);
  std::stable_partition(rules_.begin(), rules_.end(), [](const Rule& rule) { return !rule.allow; });
  open_ = open_actions(rules_);
}

const std::shared_ptr<const Rights>& Rights::all() {
  static const auto kAll = std::make_shared<const Rights>(
      std::vector<Rule>{{true, kAllActions, "#"}, {true, kAllActions, "$SYS/#"}}, "", false);
  return kAll;
}

const std::shared_ptr<const Rights>& Rights::none() {
  static const auto kNone = std::make_shared<const Rights>(std::vector<Rule>{}, "", true);
  return kNone;
}

bool Rights::may_publish(std::string_view topic) const {
  if (is_hubs_own(topic)) return false;
  return is_open(Action::publish, topic) || judge(Action::publish, topic, core::topic_matches);
}

bool Rights::may_subscribe(std::string_view filter) const {
  return judge(Action::subscribe, filter, core::filter_covers);
}

bool Rights::check_receive(std::string_view topic) const {
  return judge(Action::receive, topic, core::topic_matches);
}

// A module's own side of the hub, and everybody else's exclusion from it.
Rights::Answer Rights::of_modules(Action action, std::string_view topic) const {
  if (!bound_) return Answer::unknown;
  const auto place = module_place(topic);
  if (!place || place->outputs != (action == Action::publish)) return Answer::unknown;
  return !module_.empty() && place->module == module_ ? Answer::yes : Answer::no;
}

template <typename Speaks>
bool Rights::judge(Action action, std::string_view topic, Speaks speaks) const {
  const Answer own = of_modules(action, topic);
  if (own == Answer::no) return false;
  const auto speaker = std::ranges::find_if(rules_, [&](const Rule& rule) {
    if (rule.allow && own == Answer::yes) return true;  // past those that deny: nothing more is needed
    return has(rule.actions, action) && speaks(rule.filter, topic);
  });
  return speaker == rules_.end() ? own == Answer::yes : speaker->allow;
}

}  // namespace headgate::broker
