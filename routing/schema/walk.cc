#include "routing/schema/walk.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <valijson/constraints/constraint_visitor.hpp>

#include "routing/schema/array_rules.h"
#include "routing/schema/formats.h"
#include "routing/schema/object_rules.h"
#include "routing/schema/parts.h"
#include "routing/schema/work.h"

namespace headgate::routing {
namespace {

namespace vc = valijson::constraints;
using Kind = JsonNode::Kind;
using valijson::Subschema;

// Schemas within schemas and values within values, together. Each takes some 600 bytes of stack.
constexpr int kWalkDepthMax = 256;

constexpr int64_t kBytesPerStep = 64;

bool is_integer(const JsonNode& value) {
  return value.is(Kind::number) && std::floor(value.number) == value.number;
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

uint64_t length(Work& work, const JsonNode& text) {
  work.steps -= static_cast<int64_t>(text.text.size()) / kBytesPerStep;
  return characters(text.text);
}

// Numbers -----------------------------------------------------------------------------------------

// Decimal fractions have no exact binary form: 0.3 is a multiple of 0.1 within the precision of a double.
bool is_multiple(long double number, double divisor) {
  const double quotient = static_cast<double>(number) / divisor;
  if (!std::isfinite(quotient)) return std::fmod(static_cast<double>(number), divisor) == 0;
  return std::abs(quotient - std::round(quotient)) <=
         std::abs(quotient) * 4 * std::numeric_limits<double>::epsilon();
}

bool multiple_of(Work& work, const JsonNode& value, bool is_one, double divisor) {
  if (is_one) return true;
  return work.fail([&] { return "is " + shown(value) + ", no multiple of " + number_text(divisor); });
}

bool in_bound(Work& work, const JsonNode& value, bool inside, std::string_view relation, double bound) {
  if (inside) return true;
  return work.fail([&] {
    return "is " + shown(value) + "; allowed: " + std::string(relation) + " " + number_text(bound);
  });
}

// Types and values --------------------------------------------------------------------------------

bool has_type(vc::TypeConstraint::JsonType type, const JsonNode& value) {
  using Type = vc::TypeConstraint;
  switch (type) {
    case Type::kAny:
      return true;
    case Type::kArray:
      return value.is(Kind::array);
    case Type::kBoolean:
      return value.is(Kind::boolean);
    case Type::kInteger:
      return is_integer(value);
    case Type::kNull:
      return value.is(Kind::null);
    case Type::kNumber:
      return value.is(Kind::number);
    case Type::kObject:
      return value.is(Kind::object);
    case Type::kString:
      return value.is(Kind::string);
  }
  return false;
}

std::string names_of(const vc::TypeConstraint& types) {
  static constexpr std::array<std::string_view, 8> kNames = {"any",  "array",  "boolean", "integer",
                                                             "null", "number", "object",  "string"};
  std::string names;
  types.applyToNamedTypes([&](vc::TypeConstraint::JsonType type) {
    names.append(names.empty() ? "" : ", ").append(kNames[type]);
    return true;
  });
  return names;
}

bool is_one_of(Work& work, const JsonNode& allowed, const JsonNode& value) {
  const JsonChildren all(allowed);
  for (const JsonNode& one : all) {
    if (equal(one, value, work.steps)) return true;
    if (work.steps < 0) return false;
  }
  return work.fail([&] {
    if (allowed.size == 1) return "is " + shown(value) + "; allowed: " + shown(*all.begin());
    return "is " + shown(value) + ", none of the " + std::to_string(allowed.size) + " values allowed";
  });
}

bool matches(Work& work, const Pattern& pattern, const JsonNode& value) {
  if (!value.is(Kind::string) || pattern.found_in(value.text, work.steps)) return true;
  return work.fail([&] { return "is " + quoted(value.text) + ", which its pattern does not take"; });
}

// Choices -----------------------------------------------------------------------------------------

template <typename Constraint>
unsigned count_fitting(Work& work, const Constraint& rules, const JsonNode& value, unsigned enough,
                       unsigned& of) {
  unsigned fitting = 0;
  rules.applyToSubschemas([&](unsigned, const Subschema* schema) {
    ++of;
    if (fits(work, *schema, value)) ++fitting;
    return fitting < enough && work.steps >= 0;
  });
  return fitting;
}

bool fits_none(Work& work, std::string_view keyword, unsigned of) {
  return work.fail([&] {
    return "fits none of the " + std::to_string(of) + " schemas of `" + std::string(keyword) + "`";
  });
}

// A value before a list of constraints. A constraint of a kind that the value is not of holds.
class Keywords final : public vc::ConstraintVisitor {
 public:
  Keywords(Work& work, const JsonNode& value) : work_(work), value_(value) {}

  bool visit(const AllOfConstraint& rules) override {
    bool held = true;
    rules.applyToSubschemas(
        [&](unsigned, const Subschema* schema) { return held = holds(work_, *schema, value_); });
    return held;
  }
  bool visit(const AnyOfConstraint& rules) override {
    unsigned of = 0;
    return count_fitting(work_, rules, value_, 1, of) > 0 || fits_none(work_, "anyOf", of);
  }
  bool visit(const OneOfConstraint& rules) override {
    unsigned of = 0;
    const unsigned fitting = count_fitting(work_, rules, value_, 2, of);
    if (fitting == 0) return fits_none(work_, "oneOf", of);
    return fitting == 1 || work_.fail([] { return std::string("fits more than one schema of `oneOf`"); });
  }
  bool visit(const NotConstraint& rules) override {
    if (!fits(work_, *rules.getSubschema(), value_)) return work_.steps >= 0;
    return work_.fail([&] { return "is " + shown(value_) + ", which `not` excludes"; });
  }
  bool visit(const ConditionalConstraint& rules) override {
    const bool taken = fits(work_, *rules.getIfSubschema(), value_);
    const Subschema* const next = taken ? rules.getThenSubschema() : rules.getElseSubschema();
    return work_.steps >= 0 && (next == nullptr || holds(work_, *next, value_));
  }
  bool visit(const PolyConstraint& rules) override {
    const auto& own = static_cast<const OwnKeyword&>(rules);
    switch (own.kind()) {
      case OwnKeyword::Kind::reference:
        return holds(work_, *work_.parts.roots[own.index()], value_);
      case OwnKeyword::Kind::one_of_values:
        return is_one_of(work_, *work_.parts.values[own.index()], value_);
      case OwnKeyword::Kind::pattern:
        return matches(work_, work_.parts.patterns[own.index()], value_);
    }
    return false;
  }

  bool visit(const TypeConstraint& rules) override {
    bool fitting = false;
    rules.applyToNamedTypes(
        [&](TypeConstraint::JsonType type) { return !(fitting = has_type(type, value_)); });
    return fitting || work_.fail([&] { return "is " + shown(value_) + "; allowed: " + names_of(rules); });
  }
  bool visit(const FormatConstraint& rules) override {
    if (!is(Kind::string) || has_format(rules.getFormat(), value_.text)) return true;
    return work_.fail([&] { return "is " + quoted(value_.text) + "; allowed: a " + rules.getFormat(); });
  }
  bool visit(const MinLengthConstraint& rules) override {
    return !is(Kind::string) || at_least(work_, length(work_, value_), rules.getMinLength(), "characters");
  }
  bool visit(const MaxLengthConstraint& rules) override {
    return !is(Kind::string) || at_most(work_, length(work_, value_), rules.getMaxLength(), "characters");
  }

  bool visit(const MinimumConstraint& rules) override {
    const long double bound = rules.getMinimum();
    const bool exclusive = rules.getExclusiveMinimum();
    const bool inside = exclusive ? value_.number > bound : value_.number >= bound;
    return !is(Kind::number) ||
           in_bound(work_, value_, inside, exclusive ? "more than" : "at least", rules.getMinimum());
  }
  bool visit(const MaximumConstraint& rules) override {
    const long double bound = rules.getMaximum();
    const bool exclusive = rules.getExclusiveMaximum();
    const bool inside = exclusive ? value_.number < bound : value_.number <= bound;
    return !is(Kind::number) ||
           in_bound(work_, value_, inside, exclusive ? "less than" : "at most", rules.getMaximum());
  }
  bool visit(const MultipleOfIntConstraint& rules) override {
    const int64_t divisor = rules.getDivisor();
    const bool is_one = std::fmod(value_.number, static_cast<long double>(divisor)) == 0;
    return !is(Kind::number) || multiple_of(work_, value_, is_one, static_cast<double>(divisor));
  }
  bool visit(const MultipleOfDoubleConstraint& rules) override {
    const double divisor = rules.getDivisor();
    return !is(Kind::number) || multiple_of(work_, value_, is_multiple(value_.number, divisor), divisor);
  }

  bool visit(const PropertiesConstraint& rules) override {
    return !is(Kind::object) || members_hold(work_, rules, value_);
  }
  bool visit(const PropertyNamesConstraint& rules) override {
    return !is(Kind::object) || names_hold(work_, *rules.getSubschema(), value_);
  }
  bool visit(const DependenciesConstraint& rules) override {
    return !is(Kind::object) || dependencies_hold(work_, rules, value_);
  }
  bool visit(const RequiredConstraint& rules) override {
    if (!is(Kind::object)) return true;
    bool held = true;
    rules.applyToRequiredProperties(
        [&](const auto& name) { return held = needs_member(work_, value_, view(name)); });
    return held;
  }
  bool visit(const MinPropertiesConstraint& rules) override {
    return !is(Kind::object) || at_least(work_, value_.size, rules.getMinProperties(), "members");
  }
  bool visit(const MaxPropertiesConstraint& rules) override {
    return !is(Kind::object) || at_most(work_, value_.size, rules.getMaxProperties(), "members");
  }

  bool visit(const SingularItemsConstraint& rules) override {
    const Subschema* const schema = rules.getItemsSubschema();
    return !is(Kind::array) || schema == nullptr || items_hold(work_, *schema, value_);
  }
  bool visit(const LinearItemsConstraint& rules) override {
    return !is(Kind::array) || tuple_holds(work_, rules, value_);
  }
  bool visit(const ContainsConstraint& rules) override {
    return !is(Kind::array) || contains_one(work_, *rules.getSubschema(), value_);
  }
  bool visit(const UniqueItemsConstraint&) override {
    return !is(Kind::array) || items_differ(work_, value_);
  }
  bool visit(const MinItemsConstraint& rules) override {
    return !is(Kind::array) || at_least(work_, value_.size, rules.getMinItems(), "items");
  }
  bool visit(const MaxItemsConstraint& rules) override {
    return !is(Kind::array) || at_most(work_, value_.size, rules.getMaxItems(), "items");
  }

  // No schema has these: OwnKeyword is in their place.
  bool visit(const ConstConstraint&) override { return false; }
  bool visit(const EnumConstraint&) override { return false; }
  bool visit(const PatternConstraint&) override { return false; }

 private:
  [[nodiscard]] bool is(Kind kind) const { return value_.is(kind); }

  Work& work_;
  const JsonNode& value_;
};

}  // namespace

bool holds(Work& work, const Subschema& schema, const JsonNode& value) {
  if (work.depth == kWalkDepthMax) return work.give_up("leads the schema too deep into itself");
  if (!work.spend(1)) return false;
  if (schema.getAlwaysInvalid()) return work.fail([] { return std::string("is not allowed"); });
  ++work.depth;
  Keywords keywords(work, value);
  Subschema::ApplyFunction apply = [&](const vc::Constraint& constraint) {
    return work.spend(1) && constraint.accept(keywords);
  };
  const bool held = schema.applyStrict(apply);
  --work.depth;
  return held && work.steps >= 0;
}

Walked walk(const Schema::Parts& parts, const JsonNode& value, int64_t steps, Violation* why) {
  Work work{.parts = parts, .steps = steps, .why = why};
  const bool held = holds(work, *parts.roots.front(), value);
  if (work.steps < 0) return {Conformance::limit, work.limit};
  return {held ? Conformance::yes : Conformance::no, {}};
}

}  // namespace headgate::routing
