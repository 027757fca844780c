#include "tools/headgate/import/access_draft.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kAllTopics = "#";
constexpr const char* kHubTopics = "$SYS/#";

// Gives the rule's verb, and what it is about.
Json rule_of(const std::string& who, Right right, const std::vector<std::string>& topics) {
  const char* const verb = right == Right::deny ? "deny" : "allow";
  Json actions = Json::array();
  if (right != Right::read) actions.push_back("publish");
  if (right != Right::write) actions.push_back("receive");
  return {{"who", Json::parse(who)}, {verb, std::move(actions)}, {"topics", topics}};
}

}  // namespace

std::string literal_topic(std::string_view topic) {
  std::string literal;
  for (const char c : topic) literal.append(c == '%' ? 2 : 1, c);
  return literal;
}

void AccessDraft::add(const std::string& who, Right right, std::string topic) {
  if (std::ranges::find(order_, who) == order_.end()) order_.push_back(who);
  topics_[who][right].push_back(std::move(topic));
}

Json AccessDraft::rules() const {
  Json rules = Json::array();
  rules.push_back({{"who", Json::object()}, {"allow", {"subscribe"}}, {"topics", {kAllTopics, kHubTopics}}});
  for (const std::string& who : order_)
    for (const auto& [right, topics] : topics_.at(who)) rules.push_back(rule_of(who, right, topics));
  return rules;
}

std::string anonymous_clients() { return R"({"anonymous":true})"; }
std::string everybody() { return "{}"; }
std::string user_named(const std::string& name) { return Json{{"users", Json::array({name})}}.dump(); }

Json full_right(const std::string& who) {
  return {{"who", Json::parse(who)},
          {"allow", {"publish", "subscribe", "receive"}},
          {"topics", {kAllTopics, kHubTopics}}};
}

}  // namespace headgate::tools
