#include "core/topic.h"

#include <cstdint>

namespace headgate::core {
namespace {

constexpr size_t kMaxTopicBytes = 65535;  // a two-byte length on the wire

// Bytes of the well-formed UTF-8 character at the front of `text`, or 0 (Unicode 15 table 3-7).
size_t utf8_character_bytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const auto continues = [&](size_t i, uint8_t low = 0x80, uint8_t high = 0xBF) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const uint8_t first = byte(0);
  if (first >= 0x01 && first < 0x80) return 1;  // U+0000 is not allowed [MQTT-1.5.4-2]
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const uint8_t low = first == 0xE0 ? 0xA0 : 0x80;   // no overlong forms
    const uint8_t high = first == 0xED ? 0x9F : 0xBF;  // no surrogates [MQTT-1.5.4-1]
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const uint8_t low = first == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = first == 0xF4 ? 0x8F : 0xBF;  // nothing above U+10FFFF
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t bytes = utf8_character_bytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

bool is_valid_topic_name(std::string_view topic) {
  return !topic.empty() && topic.size() <= kMaxTopicBytes &&
         topic.find_first_of("+#") == std::string_view::npos && is_valid_utf8(topic);
}

bool is_valid_topic_filter(std::string_view filter) {
  if (filter.empty() || filter.size() > kMaxTopicBytes || !is_valid_utf8(filter)) return false;
  TopicLevels levels(filter);
  while (const auto level = levels.next()) {
    const bool wild = level->find_first_of("+#") != std::string_view::npos;
    if (wild && level->size() > 1) return false;
    if (*level == "#" && !levels.done) return false;
  }
  return true;
}

// [MQTT-3.3.2-3, MQTT-4.7.3-4]; 3.1.1 [MQTT-3.3.2-3, MQTT-4.7.2-1, MQTT-4.7.3-4]
bool topic_matches(std::string_view filter, std::string_view topic) {
  const bool wild_first = filter.starts_with('+') || filter.starts_with('#');
  if (wild_first && topic.starts_with('$')) return false;
  TopicLevels filters(filter);
  TopicLevels levels(topic);
  while (const auto want = filters.next()) {
    if (*want == "#") return true;
    const auto have = levels.next();
    if (!have || (*want != "+" && *want != *have)) return false;
    // "sport/#" also matches "sport" [MQTT-4.7.1-2, the note].
    if (levels.done && !filters.done) return filters.rest == "#";
  }
  return levels.done;
}

bool filter_covers(std::string_view wide, std::string_view narrow) {
  const bool wild_first = wide.starts_with('+') || wide.starts_with('#');
  if (wild_first && narrow.starts_with('$')) return false;
  if (wide == "+/#") wide = "#";  // the same, since a topic has a first level
  TopicLevels wides(wide);
  TopicLevels narrows(narrow);
  while (const auto want = wides.next()) {
    if (*want == "#") return true;
    const auto have = narrows.next();
    if (!have || *have == "#") return false;  // "a/#" matches "a", which "a/+/#" does not
    if (*want != "+" && *want != *have) return false;
    if (narrows.done && !wides.done) return wides.rest == "#";
  }
  return narrows.done;
}

std::optional<std::string_view> TopicLevels::next() {
  if (done) return std::nullopt;
  const size_t slash = rest.find('/');
  const std::string_view level = rest.substr(0, slash);
  if (slash == std::string_view::npos) {
    done = true;
    rest = {};
  } else {
    rest.remove_prefix(slash + 1);
  }
  return level;
}

std::optional<ModuleTopic> parse_module_topic(std::string_view topic) {
  constexpr std::string_view kPrefix = "modules/";
  if (!topic.starts_with(kPrefix)) return std::nullopt;
  topic.remove_prefix(kPrefix.size());
  const size_t slash = topic.find('/');
  if (slash == 0 || slash == std::string_view::npos) return std::nullopt;
  const std::string_view module = topic.substr(0, slash);
  topic.remove_prefix(slash + 1);
  for (const auto& [word, kind] : {std::pair{std::string_view("outputs/"), ModuleTopic::Kind::output},
                                   std::pair{std::string_view("inputs/"), ModuleTopic::Kind::input}}) {
    if (!topic.starts_with(word) || topic.size() == word.size()) continue;
    return ModuleTopic{kind, module, topic.substr(word.size())};
  }
  return std::nullopt;
}

bool reaches_module_inputs(std::string_view topic) {
  TopicLevels levels(topic);
  if (levels.next() != "modules" || !levels.next()) return false;
  return levels.next() == "inputs";
}

std::string module_input_topic(std::string_view module, std::string_view input) {
  std::string topic = "modules/";
  topic.append(module).append("/inputs/").append(input);
  return topic;
}

}  // namespace headgate::core
