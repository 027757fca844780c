// State of a check, and what its rules share. Internal to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <valijson/subschema.hpp>

#include "routing/schema/json_tree.h"
#include "routing/schema/schema.h"

namespace headgate::routing {

// A step on the way from the whole to a value, as a list on the stack.
struct Place {
  const Place* outer = nullptr;
  const JsonNode* member = nullptr;  // null: an item
  size_t item = 0;
};

// State of a check.
struct Work {
  const Schema::Parts& parts;
  int64_t steps;   // below zero: given up
  Violation* why;  // null: nobody asks
  std::string_view limit = "needs more work than a check may take";
  const Place* place = nullptr;
  int depth = 0;
  int choices = 0;  // within one of several, a mistake is none yet

  [[nodiscard]] bool spend(int64_t cost) { return (steps -= cost) >= 0; }

  bool give_up(std::string_view which) {
    if (steps >= 0) limit = which;
    steps = -1;
    return false;
  }

  // Notes the first violation; `what` makes its words only if somebody asks.
  template <typename What>
  bool fail(const What& what) {
    if (why != nullptr && why->what.empty() && choices == 0 && steps >= 0) {
      why->pointer = pointer();
      why->what = what();
    }
    return false;
  }

  // The place as a JSON pointer, shortened for people.
  [[nodiscard]] std::string pointer() const;
};

// Checks the value against a schema; false too when the check is given up.
bool holds(Work& work, const valijson::Subschema& schema, const JsonNode& value);
// Checks a value within, at `place`.
bool holds_in(Work& work, const valijson::Subschema& schema, const JsonNode& value, Place place);
// Checks as holds() does, and says nothing about why not.
bool fits(Work& work, const valijson::Subschema& schema, const JsonNode& value);

// A number of things between bounds.
bool at_least(Work& work, uint64_t size, uint64_t min, std::string_view unit);
bool at_most(Work& work, uint64_t size, uint64_t max, std::string_view unit);

// For people, and short.
[[nodiscard]] std::string number_text(long double number);
[[nodiscard]] std::string quoted(std::string_view text);
[[nodiscard]] std::string shown(const JsonNode& value);

// A text of valijson's, whose allocator is its own.
[[nodiscard]] std::string_view view(const auto& text) { return {text.data(), text.size()}; }

}  // namespace headgate::routing
