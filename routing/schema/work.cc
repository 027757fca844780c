#include "routing/schema/work.h"

#include <array>
#include <charconv>
#include <utility>

#include "core/text.h"

namespace headgate::routing {
namespace {

using Kind = JsonNode::Kind;

constexpr size_t kShownCharacters = 40;

}  // namespace

std::string Work::pointer() const {
  std::string text;
  for (const Place* at = place; at != nullptr; at = at->outer) {
    std::string step = "/";
    if (at->member == nullptr) step += std::to_string(at->item);
    for (const char c : at->member == nullptr ? std::string_view() : at->member->member)
      c == '~' ? step.append("~0") : c == '/' ? step.append("~1") : step.append(1, c);
    text.insert(0, step);
  }
  return core::printable(core::shortened(text, 4 * kShownCharacters));
}

std::string number_text(long double number) {
  std::array<char, 64> text{};
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), static_cast<double>(number));
  return {text.data(), end};
}

std::string quoted(std::string_view text) {
  return "'" + core::printable(core::shortened(text, kShownCharacters)) + "'";
}

std::string shown(const JsonNode& value) {
  switch (value.kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return value.truth ? "true" : "false";
    case Kind::number:
      return number_text(value.number);
    case Kind::string:
      return quoted(value.text);
    case Kind::array:
      return "an array of " + std::to_string(value.size);
    case Kind::object:
      return "an object of " + std::to_string(value.size);
  }
  return {};
}

bool holds_in(Work& work, const valijson::Subschema& schema, const JsonNode& value, Place place) {
  place.outer = std::exchange(work.place, &place);
  const bool held = holds(work, schema, value);
  work.place = place.outer;
  return held;
}

// Says nothing about why not.
bool fits(Work& work, const valijson::Subschema& schema, const JsonNode& value) {
  ++work.choices;
  const bool held = holds(work, schema, value);
  --work.choices;
  return held;
}

bool at_least(Work& work, uint64_t size, uint64_t min, std::string_view unit) {
  if (size >= min) return true;
  return work.fail([&] {
    return "has " + std::to_string(size) + " " + std::string(unit) + "; allowed: " + std::to_string(min) +
           " or more";
  });
}

bool at_most(Work& work, uint64_t size, uint64_t max, std::string_view unit) {
  if (size <= max) return true;
  return work.fail([&] {
    return "has " + std::to_string(size) + " " + std::string(unit) + "; allowed: " + std::to_string(max) +
           " at most";
  });
}

}  // namespace headgate::routing
