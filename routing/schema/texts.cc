#include "routing/schema/texts.h"

#include <utility>

namespace headgate::routing {

bool operator==(const SchemaText& a, const SchemaText& b) {
  const bool same_text = a.text == b.text || (a.text && b.text && *a.text == *b.text);
  return same_text && a.file == b.file && a.problem == b.problem;
}

const CompiledSchema& SchemaSet::compiled(const SchemaText& schema) {
  const auto known = known_.find(*schema.text);
  if (known != known_.end()) return known->second.compiled;
  Known made{schema.text, compile_schema(*schema.text, schema.file)};
  const std::string_view key = *made.text;
  return known_.emplace(key, std::move(made)).first->second.compiled;
}

}  // namespace headgate::routing
