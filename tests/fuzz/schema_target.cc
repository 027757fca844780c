#include "tests/fuzz/schema_target.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "routing/schema/schema.h"
#include "tests/fuzz/must.h"

namespace headgate::fuzz {
namespace {

using routing::Conformance;
using routing::Schema;

// Every keyword of draft 7 that has an effect is in one of them.
constexpr std::array<std::string_view, 8> kSchemas = {
    R"({"type":["object","array"],"required":["id"],"properties":{"id":{"type":"integer"},"t":{"type":"number","minimum":-40,
        "exclusiveMaximum":150,"multipleOf":0.5},"next":{"$ref":"#"}},"patternProperties":{"^x-":{"type":"string"}},
        "additionalProperties":false,"propertyNames":{"maxLength":8},"minProperties":1,"maxProperties":6})",
    R"x({"items":{"anyOf":[{"type":"string","pattern":"^(a+)+$","minLength":2,"maxLength":9},{"$ref":"#"}]},"uniqueItems":true,
        "minItems":1,"maxItems":50,"contains":{"type":"string"}})x",
    R"({"items":[{"const":{"a":[1,null]}},{"enum":[1,"1",true,[],{}]}],"additionalItems":{"multipleOf":3,"maximum":1e300}})",
    R"({"oneOf":[{"items":{"$ref":"#"}},{"additionalProperties":{"$ref":"#"}},{"type":"number","exclusiveMinimum":0}]})",
    R"({"if":{"properties":{"unit":{"const":"C"}}},"then":{"properties":{"t":{"maximum":100}}},"else":{"not":{"required":["t"]}},
        "dependencies":{"a":["b"],"b":{"properties":{"c":{"type":"null"}}}}})",
    R"({"allOf":[{"additionalProperties":{"format":"date-time"}},{"additionalProperties":{"pattern":"\\d+(-|:|.)*z?$"}}]})",
    R"({"definitions":{"x":{"anyOf":[{"items":{"$ref":"#/definitions/x"},"minItems":9},{"items":{"$ref":"#/definitions/x"}},
        {"type":"boolean"}]}},"$ref":"#/definitions/x"})",
    R"({"items":{"uniqueItems":true,"items":{"uniqueItems":true,"format":"date"}},"additionalProperties":{"format":"time"}})"};

std::shared_ptr<const Schema> compile(std::string_view text) {
  const routing::CompiledSchema compiled = routing::compile_schema(text, "s.json");
  must(compiled.schema || !compiled.findings.empty(), "a schema that is refused is refused for a reason");
  for (const routing::SchemaFinding& it : compiled.findings)
    must(!it.what.empty(), "a finding says something");
  return compiled.schema;
}

const std::vector<std::shared_ptr<const Schema>>& schemas() {
  static const std::vector<std::shared_ptr<const Schema>> kCompiled = [] {
    std::vector<std::shared_ptr<const Schema>> all;
    for (const std::string_view text : kSchemas) all.push_back(compile(text));
    return all;
  }();
  return kCompiled;
}

void check(const Schema& schema, std::string_view body) {
  routing::SchemaChecker checker;
  routing::Violation why;
  const Conformance told = checker.check(schema, body, &why);
  must((told == Conformance::limit) == !checker.limit().empty(), "a limit is named");
  must(told != Conformance::no || !why.what.empty(), "a violation has words");
  must(checker.check(schema, body) == told, "a check is the same without words");
}

}  // namespace

void run_schema(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<uint8_t>(input.front());
  input.remove_prefix(1);
  if (choice < 0x80) {
    const auto& chosen = schemas()[choice % kSchemas.size()];
    must(chosen != nullptr, "the schemas of this target compile");
    return check(*chosen, input);
  }
  const size_t end = std::min(input.find('\0'), input.size());
  if (const auto schema = compile(input.substr(0, end)))
    check(*schema, input.substr(std::min(end + 1, input.size())));
}

}  // namespace headgate::fuzz
