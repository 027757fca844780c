#include "hub/access/rules.h"

#include <algorithm>

#include "core/topic.h"
#include "hub/access/identities.h"

namespace headgate::hub {
namespace {

using broker::Identity;
using broker::Rights;

bool has_variables(const AccessRule& rule) {
  return std::ranges::any_of(rule.topics,
                             [](const std::string& topic) { return topic.find('%') != std::string::npos; });
}

std::optional<std::string_view> value_of(char variable, const Identity& identity,
                                         std::string_view client_id) {
  switch (variable) {
    case 'c':
      return client_id;
    case 'u':
      return identity.username;
    case 'm':
      return identity.module;
    case 'd':
      return identity.device;
    default:
      return std::nullopt;
  }
}

// Fills the client's names into a level of a topic.
struct Expanded {
  enum class Outcome : uint8_t { fine, nothing, odd };
  Outcome outcome = Outcome::fine;  // nothing: a variable without value; odd: one that is no plain name
  std::string text;
};

Expanded expand_level(std::string_view level, const Identity& identity, std::string_view client_id,
                      bool first) {
  Expanded expanded;
  for (size_t i = 0; i < level.size(); ++i) {
    if (level[i] != '%') {
      expanded.text += level[i];
    } else if (++i < level.size() && level[i] == '%') {
      expanded.text += '%';
    } else {
      const auto value = i < level.size() ? value_of(level[i], identity, client_id) : std::nullopt;
      if (!value || value->empty()) return {Expanded::Outcome::nothing, ""};
      const bool hidden = first && expanded.text.empty() && value->starts_with('$');
      if (hidden || !is_plain_name(*value)) expanded.outcome = Expanded::Outcome::odd;
      expanded.text += *value;
    }
  }
  return expanded;
}

}  // namespace

bool Who::is(const Identity& identity) const {
  if (anonymous) return identity.anonymous();
  if (kind && (identity.anonymous() || identity.kind != *kind)) return false;
  if (users.empty()) return true;
  return !identity.anonymous() && std::ranges::any_of(users, [&](const std::string& user) {
    return match_star(user, identity.username).has_value();
  });
}

std::vector<AccessRule> default_access_rules() {
  AccessRule open;
  open.who.anonymous = true;
  open.actions = broker::kAllActions;
  open.topics = {"#", "$SYS/#"};
  return {open};
}

std::optional<std::string> expand(std::string_view topic, const Identity& identity,
                                  std::string_view client_id, Odd odd) {
  std::string filter;
  core::TopicLevels levels(topic);
  for (bool first = true; const auto level = levels.next(); first = false) {
    const Expanded expanded = expand_level(*level, identity, client_id, first);
    if (expanded.outcome == Expanded::Outcome::nothing) return std::nullopt;
    if (expanded.outcome == Expanded::Outcome::odd && odd == Odd::never) return std::nullopt;
    if (!first) filter += '/';
    filter += expanded.outcome == Expanded::Outcome::odd ? "+" : expanded.text;
  }
  return core::is_valid_topic_filter(filter) ? std::optional(std::move(filter)) : std::nullopt;
}

bool is_topic_with_variables(std::string_view topic) {
  Identity anybody;
  anybody.username = anybody.device = anybody.module = "x";
  return expand(topic, anybody, "x", Odd::never).has_value();
}

std::shared_ptr<const Rights> AccessRules::rights(const Identity& identity,
                                                  std::string_view client_id) const {
  std::vector<size_t> concerned;
  bool own = false;
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (!rules_[i].who.is(identity)) continue;
    concerned.push_back(i);
    own = own || has_variables(rules_[i]);
  }
  Shared key{std::move(concerned), own_module(identity), !identity.anonymous()};
  if (const auto known = shared_.find(key); !own && known != shared_.end()) return known->second;
  std::vector<Rights::Rule> rules;
  for (const size_t i : std::get<0>(key)) {
    for (const std::string& topic : rules_[i].topics) {
      const Odd odd = rules_[i].allow ? Odd::never : Odd::any;
      if (auto filter = expand(topic, identity, client_id, odd))
        rules.push_back({rules_[i].allow, rules_[i].actions, *std::move(filter)});
    }
  }
  const auto made =
      std::make_shared<const Rights>(std::move(rules), own_module(identity), !identity.anonymous());
  if (!own) shared_.emplace(std::move(key), made);
  return made;
}

bool AccessRules::name(std::string_view user) const {
  return std::ranges::any_of(rules_, [&](const AccessRule& rule) {
    return std::ranges::find(rule.who.users, user) != rule.who.users.end();
  });
}

const std::string& AccessRules::own_module(const Identity& identity) const {
  static const std::string kNone;
  return identity.device == own_device_ ? identity.module : kNone;
}

bool AccessRules::gives_anything_to(const Identity& identity) const {
  return !own_module(identity).empty() || std::ranges::any_of(rules_, [&](const AccessRule& rule) {
    return rule.allow && rule.who.is(identity);
  });
}

}  // namespace headgate::hub
