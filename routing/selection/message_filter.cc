#include "routing/selection/message_filter.h"

#include <algorithm>
#include <utility>

#include "core/topic.h"
#include "routing/language/check/checker.h"
#include "routing/language/diagnostics.h"
#include "routing/language/parse/parser.h"
#include "routing/selection/moment.h"

namespace headgate::routing {
namespace {

constexpr size_t kTopicFilterBytesMax = 65'535;

core::Unexpected wrong(std::string_view name, const std::string& what) {
  return core::fail(core::Errc::invalid, std::string(name) + ": " + what);
}

std::function<bool(const core::Message&)> sender_is(std::string core::Source::*part,
                                                    const std::string& value) {
  return [part, value](const core::Message& message) {
    return message.source != nullptr && (*message.source).*part == value;
  };
}

// "name", or "name=value".
std::function<bool(const core::Message&)> has_property(const std::string& text) {
  const size_t equals = text.find('=');
  const auto value =
      equals == std::string::npos ? std::nullopt : std::optional<std::string>(text.substr(equals + 1));
  return [name = text.substr(0, equals), value](const core::Message& message) {
    return std::ranges::any_of(message.props().user, [&](const core::UserProperty& property) {
      return property.name == name && (!value || property.value == *value);
    });
  };
}

}  // namespace

const std::vector<std::string_view>& MessageFilter::names() {
  // In the order in which they are looked at: the body comes last.
  static const std::vector<std::string_view> kNames = {"since", "until",    "client",   "device", "module",
                                                       "topic", "property", "contains", "where"};
  return kNames;
}

core::Result<MessageFilter> MessageFilter::compile(const std::map<std::string, std::string>& given,
                                                   int64_t now_ms) {
  MessageFilter filter;
  for (const std::string_view name : names()) {
    const auto found = given.find(std::string(name));
    if (found == given.end()) continue;
    if (const core::Status added = filter.add(name, found->second, now_ms); !added)
      return core::fail(added.error());
  }
  return filter;
}

core::Status MessageFilter::add(std::string_view name, const std::string& value, int64_t now_ms) {
  if (value.empty()) return wrong(name, "it is empty");
  if (name == "where") return add_condition(value);
  if (name == "client") tests_.push_back(sender_is(&core::Source::client_id, value));
  if (name == "device") tests_.push_back(sender_is(&core::Source::device, value));
  if (name == "module") tests_.push_back(sender_is(&core::Source::module, value));
  if (name == "property") tests_.push_back(has_property(value));
  if (name == "topic") {
    if (value.size() > kTopicFilterBytesMax || !core::is_valid_topic_filter(value))
      return wrong(name,
                   "\"" + value + "\"; allowed: an MQTT topic filter such as plant/+/temperature or plant/#");
    tests_.emplace_back(
        [value](const core::Message& message) { return core::topic_matches(value, message.topic); });
  }
  if (name == "contains") {
    looks_inside_ = true;
    tests_.emplace_back(
        [value](const core::Message& message) { return message.body.find(value) != std::string::npos; });
  }
  if (name != "since" && name != "until") return {};
  const auto moment = parse_moment(value, now_ms);
  if (!moment) return wrong(name, moment.error().what);
  tests_.emplace_back([moment = *moment, since = name == "since"](const core::Message& message) {
    return since == (message.arrived_ms >= moment);
  });
  return {};
}

core::Status MessageFilter::add_condition(const std::string& text) {
  if (text.size() > kRouteBytesMax) return wrong("where", "it is longer than a route may be");
  looks_inside_ = true;
  Diagnostics found(text);
  condition_ = parse_condition(text, Semantics::strict, found);
  if (!found.has_errors()) check(condition_, Semantics::strict, found);
  if (!found.has_errors()) return {};
  for (const Diagnostic& one : found.take())
    if (one.severity == Severity::error) return wrong("where", render(one, text));
  return {};
}

bool MessageFilter::takes(const core::Message& message) {
  for (const Test& test : tests_)
    if (!test(message)) return false;
  if (condition_.empty()) return true;
  fields_.bind(message);
  return evaluator_.decide(condition_, {}, fields_) == Truth::yes;
}

}  // namespace headgate::routing
