#include "routing/compute/topic_template.h"

#include <algorithm>
#include <vector>

#include "core/topic.h"
#include "routing/compute/json_row.h"

namespace headgate::routing {
namespace {

constexpr size_t kTopicBytesMax = 65'535;  // [MQTT-4.7.3-3]
constexpr size_t kSampleBytesMax = 200;

TopicFault check_level(std::string_view text) {
  if (text.empty()) return TopicFault::empty;
  if (text.front() == '$') return TopicFault::dollar;
  if (text.find_first_of("+#") != std::string_view::npos) return TopicFault::wildcard;
  if (text.find('/') != std::string_view::npos) return TopicFault::levels;
  return core::is_valid_utf8(text) ? TopicFault::none : TopicFault::not_utf8;
}

// Leaves out the `+` that an exponent may have: no topic holds one, and 1e3 is the number as well.
void append_number(std::string& out, const Value& value) {
  const size_t from = out.size();
  append_json_number(out, value);
  out.erase(std::remove(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), '+'), out.end());
}

TopicFault append_level(std::string& out, const Value& value) {
  const size_t from = out.size();
  switch (value.kind) {
    case Value::Kind::string:
      out.append(value.text.substr(0, kTopicBytesMax + 1));
      break;
    case Value::Kind::number:
      append_number(out, value);
      break;
    case Value::Kind::boolean:
      out.append(value.truth ? "true" : "false");
      break;
    case Value::Kind::undefined:
    case Value::Kind::missing:
    case Value::Kind::null:
    case Value::Kind::json:
      return TopicFault::no_value;
  }
  return out.size() > kTopicBytesMax ? TopicFault::too_long : check_level(std::string_view(out).substr(from));
}

// Takes as many whole characters as a line of a log has room for.
std::string_view shown(std::string_view text) {
  if (text.size() <= kSampleBytesMax) return text;
  size_t end = kSampleBytesMax;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

std::string_view describe(TopicFault fault) {
  switch (fault) {
    case TopicFault::none:
      return "is a topic";
    case TopicFault::no_value:
      return "is missing, null, an object or an array, and fills in no topic";
    case TopicFault::empty:
      return "is empty, and fills in a level that no topic may have";
    case TopicFault::wildcard:
      return "holds + or #, which no topic may hold";
    case TopicFault::levels:
      return "holds /, and fills in one level";
    case TopicFault::not_utf8:
      return "holds a character that no topic may hold";
    case TopicFault::dollar:
      return "begins with $, as the hub's own topics do";
    case TopicFault::too_long:
      return "makes a topic of more than 65,535 bytes";
    case TopicFault::forbidden:
      return "makes a topic of the hub's own, or a module's input";
  }
  return {};
}

TopicFault check_result_topic(std::string_view topic) {
  if (topic.empty()) return TopicFault::empty;
  if (topic.size() > kTopicBytesMax) return TopicFault::too_long;
  if (topic.front() == '$') return TopicFault::forbidden;
  if (!core::is_valid_topic_name(topic)) return TopicFault::not_utf8;
  return core::reaches_module_inputs(topic) ? TopicFault::forbidden : TopicFault::none;
}

TopicFault fill_in(const TopicTemplate& topic, Evaluator& evaluator, Reading reading, Fields& fields,
                   Slots* slots, std::string& out, std::string_view& at_fault) {
  out.clear();
  for (const TopicTemplate::Piece& piece : topic.pieces) {
    out.append(piece.text);
    if (piece.value.empty()) continue;
    at_fault = piece.written;
    const TopicFault fault = append_level(out, evaluator.take_over(piece.value, reading, fields, slots));
    if (fault != TopicFault::none) return fault;
  }
  return check_result_topic(out);
}

void fill_in_topics(const std::vector<Sink>& sinks, Evaluator& evaluator, Reading reading, Fields& fields,
                    Slots* slots, ComputeResult& result, uint64_t& type_errors, std::string& sample) {
  result.topics.assign(sinks.size(), std::nullopt);
  result.refused.assign(sinks.size(), false);
  for (size_t i = 0; i < sinks.size(); ++i) {
    if (sinks[i].filled_in.empty()) continue;
    std::string topic;
    std::string_view value;
    const TopicFault fault = fill_in(sinks[i].filled_in, evaluator, reading, fields, slots, topic, value);
    if (fault == TopicFault::none) {
      result.topics[i] = std::move(topic);
      continue;
    }
    result.refused[i] = true;
    ++type_errors;
    sample.assign("the topic '").append(sinks[i].topic).append("': ").append(value).append(" ");
    sample.append(describe(fault));
    if (fault != TopicFault::no_value) sample.append(": '").append(shown(topic)).append("'");
  }
}

}  // namespace headgate::routing
