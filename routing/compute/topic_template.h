// Topics that a message fills in: 'alerts/{$body.asset}'. What a message says is never trusted: a value is one topic
// level, and no result goes to a topic that is the hub's own or that routes may not publish to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "routing/compute/computation.h"
#include "routing/evaluation/evaluator.h"
#include "routing/evaluation/fields.h"
#include "routing/language/sink.h"

namespace headgate::routing {

// Why a template gives no topic.
enum class TopicFault : uint8_t {
  none,
  no_value,   // undefined, null, an object or an array
  empty,      // a value is the empty text
  wildcard,   // a value holds `+` or `#`
  levels,     // a value holds `/`
  not_utf8,   // a value holds U+0000, or bytes that are no UTF-8
  dollar,     // a value begins with `$`
  too_long,   // the topic would have more than 65,535 bytes
  forbidden,  // the topic would begin with `$`, or be a module's input
};

// The fault as the end of a sentence that begins with the value. Lives for ever.
[[nodiscard]] std::string_view describe(TopicFault fault);

// Results may be published to it: a valid topic name that does not begin with `$` and is no module's input.
[[nodiscard]] TopicFault check_result_topic(std::string_view topic);

// Overwrites `out` with the topic that the fields give. On a fault `out` is what was made so far, the bad value
// included, for people to see, and `at_fault` the value as the route has it; it views `topic`.
[[nodiscard]] TopicFault fill_in(const TopicTemplate& topic, Evaluator& evaluator, Reading reading,
                                 Fields& fields, Slots* slots, std::string& out, std::string_view& at_fault);

// Fills in `result.topics` and `result.refused`, one a sink. Counts each fault as a type error, and writes the last
// one into `sample`.
void fill_in_topics(const std::vector<Sink>& sinks, Evaluator& evaluator, Reading reading, Fields& fields,
                    Slots* slots, ComputeResult& result, uint64_t& type_errors, std::string& sample);

}  // namespace headgate::routing
