#include "routing/schema/keywords.h"

#include <algorithm>
#include <array>
#include <utility>

#include "routing/language/diagnostics.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Of = KeywordValue;

constexpr std::array kKeywords = {
    Keyword{"$schema", Of::remark},
    Keyword{"$id", Of::remark},
    Keyword{"id", Of::remark},
    Keyword{"$comment", Of::remark},
    Keyword{"title", Of::remark},
    Keyword{"description", Of::remark},
    Keyword{"default", Of::remark},
    Keyword{"examples", Of::remark},
    Keyword{"readOnly", Of::remark},
    Keyword{"writeOnly", Of::remark},
    Keyword{"contentMediaType", Of::remark},
    Keyword{"contentEncoding", Of::remark},
    Keyword{"type", Of::plain},
    Keyword{"required", Of::plain},
    Keyword{"minimum", Of::plain},
    Keyword{"maximum", Of::plain},
    Keyword{"exclusiveMinimum", Of::plain},
    Keyword{"exclusiveMaximum", Of::plain},
    Keyword{"multipleOf", Of::plain},
    Keyword{"minLength", Of::plain},
    Keyword{"maxLength", Of::plain},
    Keyword{"minItems", Of::plain},
    Keyword{"maxItems", Of::plain},
    Keyword{"uniqueItems", Of::plain},
    Keyword{"minProperties", Of::plain},
    Keyword{"maxProperties", Of::plain},
    Keyword{"enum", Of::values},
    Keyword{"const", Of::values},
    Keyword{"pattern", Of::pattern},
    Keyword{"format", Of::format},
    Keyword{"$ref", Of::reference},
    Keyword{"not", Of::schema, true},
    Keyword{"if", Of::schema, true},
    Keyword{"then", Of::schema, true},
    Keyword{"else", Of::schema, true},
    Keyword{"allOf", Of::schemas, true},
    Keyword{"anyOf", Of::schemas, true},
    Keyword{"oneOf", Of::schemas, true},
    Keyword{"dependencies", Of::by_dependency, true},
    Keyword{"contains", Of::schema},
    Keyword{"propertyNames", Of::schema},
    Keyword{"additionalItems", Of::schema},
    Keyword{"additionalProperties", Of::schema},
    Keyword{"items", Of::schema_or_schemas},
    Keyword{"properties", Of::by_name},
    Keyword{"patternProperties", Of::by_pattern},
    Keyword{"definitions", Of::definitions},
    Keyword{"$defs", Of::definitions},
};

// Keywords of later drafts, and advice on draft 7.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kLater = {{
    {"dependentRequired", "write `dependencies`"},
    {"dependentSchemas", "write `dependencies`"},
    {"prefixItems", "write `items` with an array"},
    {"unevaluatedProperties", "write `additionalProperties` where all properties are named"},
    {"unevaluatedItems", "write `additionalItems`"},
    {"minContains", "write `contains`, which asks for one"},
    {"maxContains", "leave it out"},
    {"$anchor", "refer to a place by its path: `#/definitions/name`"},
    {"$dynamicRef", "write `$ref`"},
    {"$recursiveRef", "write `$ref`"},
}};

}  // namespace

std::span<const Keyword> keywords() { return kKeywords; }

const Keyword* find_keyword(std::string_view name) {
  const auto* const found = std::ranges::find(kKeywords, name, &Keyword::name);
  return found == kKeywords.end() ? nullptr : found;
}

std::string advice_for_keyword(std::string_view name) {
  for (const auto& [later, advice] : kLater) {
    if (later == name) return std::string(advice);
  }
  for (const Keyword& keyword : kKeywords) {
    if (edit_distance(name, keyword.name) <= std::max<size_t>(1, name.size() / 4))
      return "did you mean " + quote(keyword.name) + "?";
  }
  return {};
}

}  // namespace headgate::routing
