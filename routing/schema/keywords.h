// Keywords of JSON Schema draft 7, as one table. Internal to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace headgate::routing {

// Forms of a keyword's value.
enum class KeywordValue : uint8_t {
  remark,             // says nothing about values: title, default
  plain,              // a number, a text, a list of texts
  values,             // enum; const
  pattern,            // a pattern
  format,             // the name of a format
  reference,          // $ref
  schema,             // a schema
  schemas,            // an array of schemas
  schema_or_schemas,  // items
  by_name,            // an object of schemas
  by_pattern,         // an object of schemas, named by patterns
  by_dependency,      // an object of schemas and lists of names
  definitions,        // an object of schemas that references lead to
};

struct Keyword {
  std::string_view name;
  KeywordValue value;
  bool in_place = false;  // its schemas are for the value itself, not for one within
};

[[nodiscard]] std::span<const Keyword> keywords();

// Null: draft 7 has none of that name.
[[nodiscard]] const Keyword* find_keyword(std::string_view name);

// Advice about a name that is no keyword; empty: there is none.
[[nodiscard]] std::string advice_for_keyword(std::string_view name);

}  // namespace headgate::routing
