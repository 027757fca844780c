// MQTT topic names and filters, and Headgate's module topics.
// Source: MQTT 5.0 section 4.7 (the same text as 3.1.1 section 4.7).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headgate::core {

// True for a well-formed topic name to publish to: 1 to 65,535 bytes of valid UTF-8 without U+0000,
// `+` or `#` [MQTT-3.3.2-2, MQTT-4.7.3-1, MQTT-4.7.3-2].
[[nodiscard]] bool is_valid_topic_name(std::string_view topic);

// True for a well-formed topic filter: `+` and `#` only as whole levels, `#` only last
// [MQTT-4.7.1-1, MQTT-4.7.1-2].
[[nodiscard]] bool is_valid_topic_filter(std::string_view filter);

// True if the (valid) filter matches the (valid) topic. A filter that begins with a wildcard does not
// match a topic that begins with `$` [MQTT-4.7.2-1].
[[nodiscard]] bool topic_matches(std::string_view filter, std::string_view topic);

// True if every topic that the (valid) filter `narrow` matches is matched by the (valid) filter `wide`.
[[nodiscard]] bool filter_covers(std::string_view wide, std::string_view narrow);

// True for well-formed UTF-8 as MQTT wants it: no surrogates, no overlong forms, nothing above
// U+10FFFF, no U+0000 [MQTT-1.5.4-1, MQTT-1.5.4-2].
[[nodiscard]] bool is_valid_utf8(std::string_view text);

// Takes the next level off the front of `rest`; nullopt after the last. "a//b" has three levels.
// `rest` must outlive the answer. Start with done = false.
struct TopicLevels {
  std::string_view rest;
  bool done = false;

  explicit TopicLevels(std::string_view topic) : rest(topic) {}
  std::optional<std::string_view> next();
};

// A topic under `modules/<module>/`: an output the module publishes, or an input only the hub publishes.
struct ModuleTopic {
  enum class Kind { output, input };
  Kind kind;
  std::string_view module;  // both view the topic that was parsed
  std::string_view name;    // the output or input; may hold further levels
};

// Parses `modules/<m>/outputs/<o>` or `modules/<m>/inputs/<i>`; nullopt for any other topic.
[[nodiscard]] std::optional<ModuleTopic> parse_module_topic(std::string_view topic);

// True for a module's input, and for the two topics above it that `modules/<m>/inputs/#` matches as well: what a module
// takes for its inputs [MQTT-4.7.1-2, the note].
[[nodiscard]] bool reaches_module_inputs(std::string_view topic);

// `modules/<module>/inputs/<input>`.
[[nodiscard]] std::string module_input_topic(std::string_view module, std::string_view input);

}  // namespace headgate::core
