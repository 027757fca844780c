#include "routing/language/print.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/text.h"
#include "routing/language/duration.h"
#include "routing/language/functions.h"
#include "routing/language/parse/lexer.h"
#include "routing/language/query_functions.h"

namespace headgate::routing {
namespace {

constexpr uint8_t kPrimaryPower = 10;

struct Infix {
  std::string_view symbol;
  uint8_t power;
};

// Binds as the parser does; power 0: no infix operator.
Infix infix_of(Op op) {
  switch (op) {
    case Op::coalesce:
      return {"??", 1};
    case Op::logical_or:
      return {"OR", 2};
    case Op::logical_and:
      return {"AND", 3};
    case Op::equal:
      return {"=", 4};
    case Op::not_equal:
      return {"!=", 4};
    case Op::less:
      return {"<", 5};
    case Op::less_equal:
      return {"<=", 5};
    case Op::greater:
      return {">", 5};
    case Op::greater_equal:
      return {">=", 5};
    case Op::add:
      return {"+", 6};
    case Op::subtract:
      return {"-", 6};
    case Op::concat:
      return {"||", 6};
    case Op::multiply:
      return {"*", 7};
    case Op::divide:
      return {"/", 7};
    case Op::modulo:
      return {"%", 7};
    default:
      return {"", 0};
  }
}

std::string number_text(double number) {
  if (std::isinf(number)) return number > 0 ? "1e999" : "-1e999";
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), end};
}

// The shortest percentage that gives this share again.
std::string percent_text(double share) {
  std::array<char, 40> text{};
  for (int digits = 1; digits <= 17; ++digits) {
    std::snprintf(text.data(), text.size(), "%.*g", digits, share * 100);
    if (std::strtod(text.data(), nullptr) / 100 == share) break;
  }
  return std::string(text.data()).append("%");
}

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out.append(1, quote);
}

class Printer {
 public:
  Printer(const Expression& expression, const Query& query) : expression_(expression), query_(query) {}

  [[nodiscard]] std::string text(NodeIndex index) {
    write(index);
    return std::move(out_);
  }

 private:
  void write(NodeIndex index) {
    const Node& node = expression_[index];
    if (const Infix infix = infix_of(node.op); infix.power > 0) return binary(node, infix);
    switch (node.op) {
      case Op::negate:
        out_.append("- ");
        return operand(node.left, kPrimaryPower - 2);
      case Op::logical_not:
        out_.append("NOT ");
        return operand(node.left, kPrimaryPower - 2);
      case Op::call:
        return call(node);
      case Op::lookup:
        return lookup(node);
      default:
        out_.append(leaf(node));
    }
  }

  void binary(const Node& node, Infix infix) {
    operand(node.left, infix.power);
    out_.append(" ").append(infix.symbol).append(" ");
    operand(node.right, static_cast<uint8_t>(infix.power + 1));
  }

  // In brackets if it binds less tightly than `power`.
  void operand(NodeIndex index, uint8_t power) {
    const bool brackets = power_of(expression_[index]) < power;
    if (brackets) out_.push_back('(');
    write(index);
    if (brackets) out_.push_back(')');
  }

  [[nodiscard]] uint8_t power_of(const Node& node) const {
    if (node.op == Op::group_key) {
      const Expression& key = query_.keys[node.left];
      return Printer(key, query_).power_of(key[key.root()]);
    }
    const uint8_t power = infix_of(node.op).power;
    return power == 0 ? kPrimaryPower : power;
  }

  void call(const Node& node) {
    out_.append(core::ascii_lowered(name(node))).push_back('(');
    for (uint32_t i = 0; i < node.right; ++i) {
      if (i > 0) out_.append(", ");
      write(expression_.arguments[node.left + i]);
    }
    out_.push_back(')');
  }

  void lookup(const Node& node) {
    out_.append("lookup(").append(quoted(name(node), '\'')).append(", ");
    write(node.left);
    out_.push_back(')');
    for (const BodyStep& step : expression_.paths[node.path]) {
      out_.append(".").append(step.name);
      if (step.index) out_.append("[").append(std::to_string(*step.index)).append("]");
    }
  }

  [[nodiscard]] std::string leaf(const Node& node) const {
    switch (node.op) {
      case Op::null_literal:
        return "null";
      case Op::boolean_literal:
        return node.number != 0 ? "true" : "false";
      case Op::number_literal:
        return number_text(node.number);
      case Op::string_literal:
        return quoted(name(node), '\'');
      case Op::property:
      case Op::property_or_system:
        return core::ascii_lowered(name(node));
      case Op::system_property:
        return "{$" + core::ascii_lowered(name(node)) + "}";
      case Op::body:
        return has_index(node) ? body(node) : "{" + body(node) + "}";
      case Op::body_or_property:
        return body(node);
      case Op::topic_level:
        return "topic_level(" + number_text(node.number) + ")";
      case Op::payload:
        return "payload()";
      case Op::conforms:
        return conforms(node);
      case Op::twin_change_includes:
        return "twin_change_includes(" + std::string(name(node)) + ")";
      case Op::aggregate:
        return print(query_.aggregates[node.left], query_);
      case Op::stateful:
        return print(query_.stateful[node.left], query_);
      case Op::group_key:
        return print(query_.keys[node.left], query_);
      case Op::window_field:
        return std::string(print(static_cast<WindowField>(node.left)));
      default:
        return "undefined";
    }
  }

  [[nodiscard]] std::string conforms(const Node& node) const {
    const std::string path = print(expression_.paths[node.path]);
    return "conforms($body" + (path.empty() ? "" : "." + path) + ", " +
           quoted(expression_.schemas[node.left].file, '\'') + ")";
  }

  [[nodiscard]] std::string_view name(const Node& node) const { return expression_.names[node.name]; }

  [[nodiscard]] bool has_index(const Node& node) const {
    return name(node).find_first_of("[]") != std::string_view::npos;
  }

  // Only `$body` ignores case.
  [[nodiscard]] std::string body(const Node& node) const {
    constexpr std::string_view kBody = "$body";
    return std::string(kBody).append(name(node).substr(kBody.size()));
  }

  const Expression& expression_;
  const Query& query_;
  std::string out_;
};

std::string print_all(const std::vector<Expression>& expressions, const Query& query) {
  std::string out;
  for (const Expression& expression : expressions) {
    if (!out.empty()) out.append(", ");
    out.append(print(expression, query));
  }
  return out;
}

// A name after AS: bare if it is read as one, else quoted.
std::string item_name(const std::string& name) {
  const auto tokens = tokenize(name, Semantics::strict);
  const bool bare = tokens.size() == 2 && tokens[0].kind == Token::Kind::name && tokens[0].offset == 0 &&
                    tokens[0].length == name.size();
  return bare ? name : quoted(name, '\'');
}

std::string select_text(const Query& query) {
  std::string out = query.all ? "*" : "";
  for (const SelectItem& item : query.items) {
    if (!out.empty()) out.append(", ");
    out.append(print(item.value, query)).append(" AS ").append(item_name(item.name));
  }
  return out;
}

std::string source_text(const RouteSource& source) {
  if (source.kind == RouteSource::Kind::topic_filter) return quoted(source.text, '\'');
  return source.text + "*";
}

std::string group_text(const Query& query) {
  std::string out = print_all(query.keys, query);
  if (!out.empty()) out.append(", ");
  return out.append(print(query.window));
}

// Braces that are no template's are doubled.
std::string literal_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (c == '{' || c == '}') out.push_back(c);
    out.push_back(c);
  }
  return out;
}

std::string template_text(const Sink& sink, const Query& query) {
  std::string out = "\"";
  if (sink.filled_in.empty()) out.append(literal_text(sink.topic));
  for (const TopicTemplate::Piece& piece : sink.filled_in.pieces) {
    out.append(literal_text(piece.text));
    if (!piece.value.empty()) out.append("{").append(print(piece.value, query)).append("}");
  }
  return out.append("\"");
}

}  // namespace

std::string print(const Expression& expression, NodeIndex part, const Query& query) {
  return Printer(expression, query).text(part);
}

std::string print(const Expression& expression, const Query& query) {
  return expression.empty() ? std::string() : print(expression, expression.root(), query);
}

std::string_view print(WindowField field) {
  switch (field) {
    case WindowField::start:
      return "$window.start";
    case WindowField::end:
      return "$window.end";
    case WindowField::rev:
      return "$window.rev";
    case WindowField::complete:
      return "$window.complete";
  }
  return "";
}

std::string print(const Aggregate& aggregate, const Query& query) {
  std::string out(function_of(aggregate.kind).name);
  out.append("(").append(aggregate.argument.empty() ? "*" : print(aggregate.argument, query));
  if (!aggregate.by.empty()) out.append(", ").append(print(aggregate.by, query));
  if (aggregate.kind == AggregateKind::percentile || aggregate.kind == AggregateKind::collect)
    out.append(", ").append(number_text(aggregate.parameter));
  out.append(")");
  if (!aggregate.filter.empty())
    out.append(" FILTER (WHERE ").append(print(aggregate.filter, query)).append(")");
  return out;
}

std::string print(const Stateful& stateful, const Query& query) {
  std::string arguments = print(stateful.argument, query);
  const auto add = [&](std::string_view text) {
    if (!arguments.empty()) arguments.append(", ");
    arguments.append(text);
  };
  const bool banded = stateful.kind == StatefulKind::changed &&
                      (stateful.relative || stateful.number > 0 || stateful.interval_ms > 0);
  if (banded)
    add(stateful.relative ? "'" + percent_text(stateful.number) + "'" : number_text(stateful.number));
  if (stateful.kind == StatefulKind::sample || stateful.kind == StatefulKind::lag)
    add(number_text(stateful.number));
  if (stateful.interval_ms > 0) add(print_duration(stateful.interval_ms));
  std::string out(function_of(stateful.kind).name);
  out.append("(").append(arguments).append(")");
  if (!stateful.over.empty()) out.append(" OVER (").append(print_all(stateful.over, query)).append(")");
  return out;
}

std::string print(const Window& window) {
  const std::string offset = window.offset_ms == 0 ? ")" : ", " + print_duration(window.offset_ms) + ")";
  const std::string size = print_duration(window.size_ms);
  switch (window.kind) {
    case Window::Kind::none:
      return {};
    case Window::Kind::tumbling:
      return "Tumbling(" + size + offset;
    case Window::Kind::hopping:
      return "Hopping(" + size + ", " + print_duration(window.hop_ms) + offset;
    case Window::Kind::session:
      return "Session(" + print_duration(window.gap_ms) + ", " + size + ")";
    case Window::Kind::sliding:
      return "Sliding(" + size + ")";
    case Window::Kind::count:
      break;
  }
  std::string out = "Count(" + std::to_string(window.messages);
  if (window.hop_messages != window.messages) out.append(", ").append(std::to_string(window.hop_messages));
  return out.append(")");
}

std::string print(const Sink& sink, const Query& query) {
  switch (sink.kind) {
    case Sink::Kind::upstream:
      return sink.topic.empty() ? "$upstream" : "Upstream(" + template_text(sink, query) + ")";
    case Sink::Kind::topic:
      return "Topic(" + template_text(sink, query) + ")";
    case Sink::Kind::module_input:
      return "BrokeredEndpoint(" + quoted("/modules/" + sink.module + "/inputs/" + sink.input, '"') + ")";
    case Sink::Kind::null:
      return "$null";
    case Sink::Kind::dead_letter:
      return "$deadletter";
  }
  return {};
}

std::string print(const RouteSource& source, const Expression& condition, const Query& query,
                  const std::vector<Sink>& sinks) {
  std::string out = "SELECT " + select_text(query) + " FROM " + source_text(source);
  if (!query.timestamp.empty()) out.append(" TIMESTAMP BY ").append(print(query.timestamp, query));
  if (!query.timestamp_over.empty()) out.append(" OVER ").append(print_all(query.timestamp_over, query));
  if (!condition.empty()) out.append(" WHERE ").append(print(condition, query));
  if (query.window.kind != Window::Kind::none) out.append(" GROUP BY ").append(group_text(query));
  if (!query.having.empty()) out.append(" HAVING ").append(print(query.having, query));
  out.append(" INTO ");
  for (size_t i = 0; i < sinks.size(); ++i) {
    if (i > 0) out.append(", ");
    out.append(print(sinks[i], query));
  }
  return out;
}

}  // namespace headgate::routing
