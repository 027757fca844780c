#include "routing/schema/object_rules.h"

#include <algorithm>
#include <charconv>

#include "routing/schema/parts.h"

namespace headgate::routing {
namespace {

namespace vc = valijson::constraints;
using valijson::Subschema;

// Members of an object, and names, that are looked at in one step: they lie far apart in memory.
constexpr int64_t kNamesPerStep = 2;

bool has_member(Work& work, const JsonNode& object, std::string_view name) {
  if (!work.spend(1 + object.size / kNamesPerStep)) return false;
  const JsonChildren members(object);
  for (const JsonNode& member : members) {
    if (member.member == name) return true;
  }
  return false;
}

size_t index_of(std::string_view digits) {
  size_t index = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), index);
  return index;
}

// A member against all that the schema says about its name. Of two members with one name each counts.
bool member_holds(Work& work, const vc::PropertiesConstraint& rules, const JsonNode& member) {
  bool named = false;
  bool held = true;
  int64_t names = 0;
  const auto apply = [&](const Subschema& schema) {
    named = true;
    held = holds_in(work, schema, member, {.member = &member});
    return held;
  };
  rules.applyToProperties([&](const auto& name, const Subschema* schema) {
    ++names;
    return view(name) != member.member || apply(*schema);
  });
  if (!held || !work.spend(1 + names / kNamesPerStep)) return false;
  rules.applyToPatternProperties([&](const auto& pattern, const Subschema* schema) {
    const bool found = work.parts.patterns[index_of(view(pattern))].found_in(member.member, work.steps);
    return work.steps >= 0 && (!found || apply(*schema));
  });
  if (!held || work.steps < 0) return false;
  if (named) return true;
  if (const Subschema* others = rules.getAdditionalPropertiesSubschema())
    return holds_in(work, *others, member, {.member = &member});
  return work.fail([&] { return "has a member that the schema does not name: " + quoted(member.member); });
}

}  // namespace

bool needs_member(Work& work, const JsonNode& object, std::string_view name) {
  if (has_member(work, object, name)) return true;
  return work.fail([&] { return "has no member " + quoted(name); });
}

bool members_hold(Work& work, const vc::PropertiesConstraint& rules, const JsonNode& object) {
  const JsonChildren members(object);
  for (const JsonNode& member : members) {
    if (!member_holds(work, rules, member)) return false;
  }
  return true;
}

bool names_hold(Work& work, const Subschema& schema, const JsonNode& object) {
  const JsonChildren members(object);
  for (const JsonNode& member : members) {
    if (!holds_in(work, schema, text_node(member.member), {.member = &member})) return false;
  }
  return true;
}

bool dependencies_hold(Work& work, const vc::DependenciesConstraint& rules, const JsonNode& object) {
  bool held = true;
  rules.applyToPropertyDependencies([&](const auto& name, const auto& needed) {
    if (!has_member(work, object, view(name))) return work.steps >= 0;
    return held = std::ranges::all_of(needed,
                                      [&](const auto& it) { return needs_member(work, object, view(it)); });
  });
  if (!held || work.steps < 0) return false;
  rules.applyToSchemaDependencies([&](const auto& name, const Subschema* schema) {
    if (!has_member(work, object, view(name))) return work.steps >= 0;
    return held = holds(work, *schema, object);
  });
  return held && work.steps >= 0;
}

}  // namespace headgate::routing
