#include "routing/compute/topic_template.h"

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

TopicFault append_level(std::string& out, const Value& value) {
  const size_t from = out.size();
  switch (value.kind) {
    case Value::Kind::string:
      out.append(value.text.substr(0, kTopicBytesMax + 1));
      break;
    case Value::Kind::number:
      append_json_number(out, value.number);
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

// `modules/<m>/inputs`, with or without a last `/`: a module that subscribes to `modules/<m>/inputs/#` gets it too.
bool stands_above_inputs(std::string_view topic) {
  constexpr std::string_view kModules = "modules/";
  if (!topic.starts_with(kModules)) return false;
  const size_t slash = topic.find('/', kModules.size());
  if (slash == std::string_view::npos) return false;
  const std::string_view rest = topic.substr(slash + 1);
  return rest == "inputs" || rest == "inputs/";
}

}  // namespace

std::string_view describe(TopicFault fault) {
  switch (fault) {
    case TopicFault::none:
      return "is a topic";
    case TopicFault::no_value:
      return "of the template has no value";
    case TopicFault::empty:
      return "is empty";
    case TopicFault::wildcard:
      return "holds + or #";
    case TopicFault::levels:
      return "holds /, and a value is one level";
    case TopicFault::not_utf8:
      return "is no text of MQTT";
    case TopicFault::dollar:
      return "begins with $";
    case TopicFault::too_long:
      return "is longer than 65,535 bytes";
    case TopicFault::forbidden:
      return "is the hub's own, or a module's input";
  }
  return {};
}

TopicFault check_result_topic(std::string_view topic) {
  if (topic.empty()) return TopicFault::empty;
  if (topic.size() > kTopicBytesMax) return TopicFault::too_long;
  if (topic.front() == '$') return TopicFault::forbidden;
  if (!core::is_valid_topic_name(topic)) return TopicFault::not_utf8;
  const auto of_module = core::parse_module_topic(topic);
  const bool input = of_module && of_module->kind == core::ModuleTopic::Kind::input;
  return input || stands_above_inputs(topic) ? TopicFault::forbidden : TopicFault::none;
}

TopicFault fill_in(const TopicTemplate& topic, Evaluator& evaluator, Reading reading, Fields& fields,
                   Slots* slots, std::string& out) {
  out.clear();
  for (const TopicTemplate::Piece& piece : topic.pieces) {
    out.append(piece.text);
    if (piece.value.empty()) continue;
    const TopicFault fault = append_level(out, evaluator.evaluate(piece.value, reading, fields, slots));
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
    const TopicFault fault = fill_in(sinks[i].filled_in, evaluator, reading, fields, slots, topic);
    if (fault == TopicFault::none) {
      result.topics[i] = std::move(topic);
      continue;
    }
    result.refused[i] = true;
    ++type_errors;
    sample.assign("the topic '").append(sinks[i].topic).append("': a value ").append(describe(fault));
    sample.append(": '").append(shown(topic)).append("'");
  }
}

}  // namespace headgate::routing
