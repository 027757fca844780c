#include "core/text.h"
#include "routing/language/parse/query_parser.h"
#include "routing/language/query_functions.h"

namespace headgate::routing {
namespace {

std::string name_of(const Expression& value, NodeIndex index, const Query& query);

// "avg" and $body.rms: "avg_rms".
std::string name_of_call(std::string_view function, const Expression& value, NodeIndex argument,
                         const Query& query) {
  const std::string of = name_of(value, argument, query);
  return of.empty() ? std::string(function) : std::string(function) + "_" + of;
}

std::string name_of_call(std::string_view function, const Expression& argument, const Query& query) {
  return argument.empty() ? std::string(function) : name_of_call(function, argument, argument.root(), query);
}

std::string name_of_level(double level) {
  const int count = static_cast<int>(level);
  return count > 0 ? "topic_level_" + std::to_string(count) : "topic_level_last_" + std::to_string(-count);
}

std::string name_of(const Expression& value, NodeIndex index, const Query& query) {
  const Node& node = value[index];
  switch (node.op) {
    case Op::property:
    case Op::system_property:
      return value.names[node.name];
    case Op::property_or_system: {
      const std::string& name = value.names[node.name];
      return name.substr(std::min(name.size(), name.find_last_of(".$") + 1));
    }
    case Op::body:
    case Op::body_or_property:
      return value.paths[node.path].back().name;
    case Op::lookup: {
      const BodyPath& member = value.paths[node.path];
      return member.empty() ? value.names[node.name] : member.back().name;
    }
    case Op::topic_level:
      return name_of_level(node.number);
    case Op::payload:
      return "payload";
    case Op::conforms:
      return std::string(kConforms);
    case Op::twin_change_includes:
      return std::string(kTwinChangeIncludes);
    case Op::call:
      return node.right == 0 ? core::ascii_lowered(value.names[node.name])
                             : name_of_call(core::ascii_lowered(value.names[node.name]), value,
                                            value.arguments[node.left], query);
    case Op::aggregate: {
      const Aggregate& aggregate = query.aggregates[node.left];
      return name_of_call(function_of(aggregate.kind).name, aggregate.argument, query);
    }
    case Op::stateful: {
      const Stateful& stateful = query.stateful[node.left];
      return name_of_call(function_of(stateful.kind).name, stateful.argument, query);
    }
    default:
      return {};
  }
}

}  // namespace

std::string default_name(const Expression& value, const Query& query) {
  return value.empty() ? std::string() : name_of(value, value.root(), query);
}

}  // namespace headgate::routing
