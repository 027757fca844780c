#include "routing/table/schema_links.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "core/text.h"

namespace headgate::routing {
namespace {

constexpr size_t kNameBytesMax = 255;

template <typename Visit>
void for_each_expression(ParsedRoute& route, const Visit& visit) {
  Query& query = route.query;
  for (Expression* each : {&route.condition, &query.timestamp, &query.having}) visit(*each);
  for (SelectItem& item : query.items) visit(item.value);
  for (auto* list : {&query.timestamp_over, &query.keys}) std::ranges::for_each(*list, visit);
  for (Aggregate& aggregate : query.aggregates) {
    for (Expression* each : {&aggregate.argument, &aggregate.by, &aggregate.filter}) visit(*each);
  }
  for (Stateful& stateful : query.stateful) {
    visit(stateful.argument);
    std::ranges::for_each(stateful.over, visit);
  }
}

// A name that leads out of the folder could show other files in messages of errors.
bool stays_in_folder(std::string_view file) {
  if (file.empty() || file.size() > kNameBytesMax || file.starts_with('/')) return false;
  if (!core::is_printable(file)) return false;
  for (size_t at = 0; at <= file.size();) {
    const size_t slash = std::min(file.find('/', at), file.size());
    const std::string_view step = file.substr(at, slash - at);
    if (step.empty() || step == "." || step == "..") return false;
    at = slash + 1;
  }
  return true;
}

class Linking {
 public:
  Linking(const RouteSchemas& schemas, Diagnostics& found) : schemas_(schemas), found_(found) {}

  void link(SchemaUse& use) {
    const bool first = told_.insert(use.file).second;
    if (!stays_in_folder(use.file)) {
      if (first)
        error(use, "a schema lies in the folder of the route's file, or below", "write its path from there");
      return;
    }
    const auto text = std::ranges::find(schemas_.texts, use.file, &SchemaText::file);
    if (text == schemas_.texts.end() || !text->text) {
      const std::string why = text == schemas_.texts.end() ? "was not read with the route" : text->problem;
      if (first) error(use, name(use) + why, "put it beside the route's file, or mend its path");
      return;
    }
    const CompiledSchema& compiled = schemas_.compiled.compiled(*text);
    use.schema = compiled.schema;
    if (first) tell(use, compiled.findings);
  }

 private:
  static std::string name(const SchemaUse& use) { return "the schema " + quote(use.file) + " "; }

  void tell(const SchemaUse& use, const std::vector<SchemaFinding>& findings) {
    for (const SchemaFinding& it : findings) {
      const std::string what = name(use) + (it.pointer.empty() ? "" : "at " + it.pointer + " ") + it.what;
      if (it.severity == Severity::error)
        error(use, what, it.advice);
      else
        found_.warning(use.offset, use.length, what, it.advice);
    }
  }

  void error(const SchemaUse& use, std::string what, std::string advice) {
    found_.error(use.offset, use.length, std::move(what), std::move(advice));
  }

  const RouteSchemas& schemas_;
  Diagnostics& found_;
  std::set<std::string> told_;
};

}  // namespace

void link_schemas(ParsedRoute& route, const RouteSchemas& schemas, Diagnostics& found) {
  Linking linking(schemas, found);
  for_each_expression(route, [&](Expression& expression) {
    for (SchemaUse& use : expression.schemas) linking.link(use);
  });
}

std::vector<std::string> schemas_named(std::string_view route_text, Semantics semantics) {
  Diagnostics ignored(route_text);
  ParsedRoute route = parse_route(route_text, semantics, ignored);
  std::vector<std::string> names;
  for_each_expression(route, [&](Expression& expression) {
    for (const SchemaUse& use : expression.schemas) {
      const bool fit = stays_in_folder(use.file) && std::ranges::find(names, use.file) == names.end();
      if (fit) names.push_back(use.file);
    }
  });
  return names;
}

}  // namespace headgate::routing
