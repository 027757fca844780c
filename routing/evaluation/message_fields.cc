#include "routing/evaluation/message_fields.h"

#include <chrono>
#include <cstdio>

#include "core/content_type.h"
#include "core/text.h"
#include "core/topic.h"
#include "routing/language/route_source.h"
#include "routing/language/system_names.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

Value string_or_undefined(std::string_view text) {
  return text.empty() ? Value::undefined() : Value::of(text);
}

}  // namespace

void MessageFields::bind(const core::Message& message) noexcept {
  message_ = &message;
  parsed_ = Parsed::not_yet;
  problem_ = {};
}

Value MessageFields::property(std::string_view name) const noexcept {
  for (const core::UserProperty& property : message_->props().user) {
    if (core::equals_ignoring_case(property.name, name)) return Value::of(std::string_view(property.value));
  }
  return Value::undefined();
}

Value MessageFields::bag_property(std::string_view name) const noexcept {
  for (const BagName& known : kBagNames) {
    if (core::equals_ignoring_case(known.system, name)) return property(known.bag);
  }
  return Value::undefined();
}

Value MessageFields::system_property(std::string_view name) noexcept {
  const auto named = [&](std::string_view known) { return core::equals_ignoring_case(name, known); };
  if (named("contentType")) return string_or_undefined(content_type());
  if (named("contentEncoding")) return string_or_undefined(content_encoding());
  if (named("connectionDeviceId")) return string_or_undefined(device_id());
  if (named("connectionModuleId")) return string_or_undefined(module_id());
  if (named("topic")) return Value::of(std::string_view(message_->topic));
  if (named("enqueuedTime")) return Value::of(enqueued_time());
  if (named("outputName") && !output_name().empty()) return Value::of(output_name());
  const Value sent = bag_property(name);
  const bool correlation = named("correlationId") || named("cid");
  if (correlation && sent.is(Value::Kind::undefined))
    return string_or_undefined(message_->props().correlation_data);
  return sent;
}

std::string_view MessageFields::content_type() const noexcept {
  if (!message_->props().content_type.empty()) return message_->props().content_type;
  return property("$.ct").text;
}

std::string_view MessageFields::content_encoding() const noexcept {
  const core::Properties& props = message_->props();
  if (!props.content_encoding.empty()) return props.content_encoding;
  const std::string_view sent = property("$.ce").text;
  return sent.empty() && props.payload_is_utf8 ? "utf-8" : sent;
}

std::string_view MessageFields::module_id() const noexcept {
  if (message_->source && !message_->source->module.empty()) return message_->source->module;
  const auto topic = core::parse_module_topic(message_->topic);
  return topic ? topic->module : std::string_view();
}

std::string_view MessageFields::device_id() const noexcept {
  if (!message_->source) return {};
  return message_->source->device.empty() ? message_->source->client_id : message_->source->device;
}

std::string_view MessageFields::output_name() const noexcept {
  const auto topic = core::parse_module_topic(message_->topic);
  return topic && topic->kind == core::ModuleTopic::Kind::output ? topic->name : std::string_view();
}

// ISO 8601 in UTC with milliseconds: 2026-08-01T12:00:00.000Z.
std::string_view MessageFields::enqueued_time() noexcept {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(message_->arrived_ms)};
  const sys_days day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  const int size = std::snprintf(time_.data(), time_.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                                 int(date.year()), unsigned(date.month()), unsigned(date.day()),
                                 int(clock.hours().count()), int(clock.minutes().count()),
                                 int(clock.seconds().count()), int(clock.subseconds().count()));
  return {time_.data(), std::min(static_cast<size_t>(size), time_.size() - 1)};
}

// edgeHub compares the whole content type, so that a charset parameter hides the body.
bool MessageFields::may_be_json(BodyMode mode) const noexcept {
  const std::string_view type = content_type();
  if (mode == BodyMode::declared) return core::equals_ignoring_case(type, "application/json");
  return type.empty() || core::is_json_type(type);
}

std::optional<TextEncoding> MessageFields::encoding(BodyMode mode) const noexcept {
  const std::string_view name = content_encoding();
  if (name.empty() && mode == BodyMode::auto_detect) return TextEncoding::utf8;
  if (core::equals_ignoring_case(name, "utf-8")) return TextEncoding::utf8;
  if (core::equals_ignoring_case(name, "utf-16")) return TextEncoding::utf16;
  if (core::equals_ignoring_case(name, "utf-32")) return TextEncoding::utf32;
  return std::nullopt;
}

bool MessageFields::parse(TextEncoding text) noexcept {
  if (parsed_ == Parsed::not_yet) parsed_ = json_.parse(message_->body, text) ? Parsed::object : Parsed::no;
  return parsed_ == Parsed::object;
}

// Says so in problem_.
bool MessageFields::can_read_body(BodyMode mode) noexcept {
  const auto text = encoding(mode);
  if (!may_be_json(mode)) {
    problem_ = mode == BodyMode::declared ? "is not declared as application/json"
                                          : "is declared as something else than JSON";
  } else if (!text) {
    problem_ = "has no content encoding that is read: utf-8, utf-16, utf-32";
  } else {
    problem_ = parse(*text) ? std::string_view() : json_.problem();
  }
  return problem_.empty();
}

Value MessageFields::body(const BodyPath& path, BodyMode mode) noexcept {
  return can_read_body(mode) ? json_.find(path) : Value::undefined();
}

std::string_view MessageFields::body_json(const BodyPath& path, BodyMode mode) noexcept {
  return can_read_body(mode) ? json_.find_json(path) : std::string_view();
}

std::string_view MessageFields::body_value(const BodyPath& path, BodyMode mode) noexcept {
  if (can_read_body(mode)) return json_.find_json(path);
  const auto text = encoding(mode);
  if (!path.empty() || !may_be_json(mode) || !text || json_.whole().empty()) return {};
  problem_ = {};
  return json_.whole();
}

Fields::Change MessageFields::twin_change(const BodyPath& path, BodyMode mode) noexcept {
  if (!message_->topic.starts_with(kTwinChangePrefix) || !can_read_body(mode)) return Change::none;
  if (path.empty()) return Change::untouched;
  switch (json_.find(path).kind) {
    case Value::Kind::missing:
      return Change::untouched;
    case Value::Kind::null:
      return Change::removed;
    default:
      return Change::set;
  }
}

// The content type does not matter: `23.5` is a number as text/plain too.
Value MessageFields::payload(BodyMode) noexcept {
  const auto text = encoding(BodyMode::auto_detect);
  if (!text || parse(*text)) return Value::undefined();
  return json_.scalar();
}

Value MessageFields::topic_level(int level) noexcept {
  std::string_view rest = message_->topic;
  for (; level > 1; --level) {
    const size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return Value::undefined();
    rest.remove_prefix(slash + 1);
  }
  for (; level < -1; ++level) {
    const size_t slash = rest.rfind('/');
    if (slash == std::string_view::npos) return Value::undefined();
    rest = rest.substr(0, slash);
  }
  if (level == 1) return Value::of(rest.substr(0, rest.find('/')));
  return level == -1 ? Value::of(rest.substr(rest.rfind('/') + 1)) : Value::undefined();
}

}  // namespace headgate::routing
