// Work on a schema before valijson reads it. Internal to this folder.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "routing/schema/patterns.h"
#include "routing/schema/schema.h"

namespace headgate::routing {

// Keywords of ours, with an index: of a reference into `roots`, of `enum` and `const` into `constants`, of a pattern into
// `patterns`. Keys of patternProperties are indexes into `patterns`, too.
inline constexpr std::string_view kReferenceKey = "headgate:reference";
inline constexpr std::string_view kEnumKey = "headgate:enum";
inline constexpr std::string_view kConstKey = "headgate:const";
inline constexpr std::string_view kPatternKey = "headgate:pattern";

// A schema without references, constants, patterns and remarks, as a number of schemas that are finite each.
struct PreparedSchema {
  std::vector<nlohmann::json> roots;      // the whole, then what references lead to
  std::vector<nlohmann::json> constants;  // arrays of values
  std::vector<Pattern> patterns;
  std::vector<SchemaFinding> findings;

  [[nodiscard]] bool ok() const;  // none is an error
};

// `schema` keeps the rules of draft 7 wherever a schema is expected; `mistakes_of` says whether that to which a reference
// leads does.
using MistakesOf = std::vector<SchemaFinding> (*)(const nlohmann::json& value, std::string_view pointer);
[[nodiscard]] PreparedSchema prepare_schema(const nlohmann::json& schema, MistakesOf mistakes_of);

}  // namespace headgate::routing
