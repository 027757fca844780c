#include "routing/language/parser.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <vector>

#include "core/text.h"
#include "core/topic.h"
#include "routing/language/condition_parser.h"
#include "routing/language/lexer.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Kind = Token::Kind;

constexpr std::string_view kNotYet = " are not available yet";
constexpr std::array<std::string_view, 3> kEndpointFunctions = {"BrokeredEndpoint", "Topic", "Upstream"};

std::string quote(std::string_view text) { return std::string("`").append(text).append("`"); }

class RouteParser {
 public:
  RouteParser(TokenCursor cursor, Semantics semantics, Diagnostics& found)
      : cursor_(std::move(cursor)), semantics_(semantics), found_(found) {}

  ParsedRoute parse() {
    ParsedRoute route;
    if (cursor_.at(Kind::end)) {
      error(cursor_.peek(), "the route is empty", "write FROM /messages/* INTO $upstream");
      return route;
    }
    if (!select() || !keyword(Kind::from_word, "FROM")) return route;
    if (!source(route.source) || !end_of_source()) skip_to({Kind::where_word, Kind::into_word});
    if (cursor_.accept(Kind::where_word) && !condition(route.condition)) skip_to({Kind::into_word});
    if (!end_of_condition()) skip_to({Kind::into_word});
    if (!keyword(Kind::into_word, "INTO") || !sink(route.sinks.emplace_back())) return route;
    end_of_route();
    return route;
  }

 private:
  bool select() {
    if (!cursor_.accept(Kind::select_word)) return true;
    const Token star = cursor_.peek();
    if (cursor_.accept(Kind::star)) return true;
    if (star.kind == Kind::from_word)
      return error(star, "expected `*` after SELECT", "write SELECT * or leave SELECT out");
    return error(star, std::string("SELECT lists").append(kNotYet), "write SELECT * or leave SELECT out");
  }

  // Clause keywords are told apart from names that look like them: FORM, form.
  bool keyword(Kind kind, std::string_view word) {
    if (cursor_.accept(kind)) return true;
    if (found_.has_errors()) return false;
    const Token& token = cursor_.peek();
    const bool close = token.kind == Kind::name && edit_distance(cursor_.text(token), word) <= 2;
    if (close)
      return error(token, "expected " + std::string(word) + ", found " + quote(cursor_.text(token)),
                   "did you mean " + quote(word) + "?");
    report_unexpected(cursor_, word, found_);
    return false;
  }

  bool source(RouteSource& source) {
    if (cursor_.at(Kind::string)) return topic_filter(source);
    if (!cursor_.at(Kind::slash)) {
      if (is_word(cursor_.peek().kind) && !cursor_.at(Kind::where_word) && !cursor_.at(Kind::into_word)) {
        const std::string text(cursor_.text(cursor_.peek()));
        return error(
            cursor_.peek(), "a source starts with `/`",
            "write " + quote("/" + text) + ", or " + quote("'" + text + "'") + " for an MQTT topic filter");
      }
      report_unexpected(cursor_, "a source: a path such as /messages/* or a quoted topic filter", found_);
      return false;
    }
    return path(source);
  }

  bool path(RouteSource& source) {
    const Token first = cursor_.peek();
    std::string written;
    while (cursor_.accept(Kind::slash)) {
      written.push_back('/');
      if (!path_item()) {
        if (semantics_ == Semantics::strict && !cursor_.at(Kind::slash) && !cursor_.at(Kind::string)) break;
        report_unexpected(cursor_, "a name or `*` after `/`", found_);
        return false;
      }
      written.append(cursor_.text(cursor_.take()));
    }
    source = {RouteSource::Kind::path, normalise_source(written)};
    const std::string never = why_never(source.text);
    if (!never.empty()) {
      found_.warning(first.offset, cursor_.previous()->end_offset() - first.offset,
                     "this source never matches: " + never,
                     "sources are /messages/*, /messages/modules/<module>/*, "
                     "/messages/modules/<module>/outputs/<output> and quoted topic filters");
    }
    return true;
  }

  // edgeHub cannot name a module `from`, `null` or `123`; strict takes any word that touches the slash.
  [[nodiscard]] bool path_item() const {
    const Token& token = cursor_.peek();
    if (token.kind == Kind::star || token.kind == Kind::name) return true;
    return semantics_ == Semantics::strict && is_word(token.kind) &&
           cursor_.previous()->end_offset() == token.offset;
  }

  bool topic_filter(RouteSource& source) {
    const Token token = cursor_.take();
    std::string filter = unquote(cursor_.text(token));
    if (!core::is_valid_topic_filter(filter)) {
      return error(token, "not a valid MQTT topic filter",
                   "`+` stands for one whole level, `#` for the rest: 'plant/+/temperature', 'plant/#'");
    }
    if (std::count(filter.begin(), filter.end(), '/') >= kTopicLevelsMax) {
      return error(token, "the topic filter has more than " + std::to_string(kTopicLevelsMax) + " levels");
    }
    if (filter.starts_with('$')) return error(token, "topics that begin with `$` are never routed");
    const auto module_topic = core::parse_module_topic(filter);
    if (module_topic && module_topic->kind == core::ModuleTopic::Kind::input) {
      return error(token, "module inputs are never routed", "route the output that feeds the input");
    }
    source = {RouteSource::Kind::topic_filter, std::move(filter)};
    return true;
  }

  bool end_of_source() {
    if (cursor_.at(Kind::where_word) || cursor_.at(Kind::into_word) || cursor_.at_word("group")) return true;
    if (cursor_.at_word("timestamp"))
      return error(cursor_.peek(), std::string("TIMESTAMP BY clauses").append(kNotYet));
    const Token& token = cursor_.peek();
    if (token.kind == Kind::name && edit_distance(cursor_.text(token), "where") <= 2) {
      return error(token, "expected WHERE or INTO, found " + quote(cursor_.text(token)),
                   "did you mean `WHERE`?");
    }
    report_unexpected(cursor_, "WHERE or INTO", found_);
    return false;
  }

  bool condition(Expression& out) {
    if (cursor_.at(Kind::into_word))
      return error(cursor_.peek(), "WHERE has no condition", "leave WHERE out");
    return ConditionParser(cursor_, found_).parse(out);
  }

  bool end_of_condition() {
    if (!cursor_.at_word("group")) return true;
    return error(cursor_.peek(), std::string("GROUP BY windows").append(kNotYet));
  }

  bool sink(Sink& sink) {
    const Token token = cursor_.take();
    const std::string_view text = cursor_.text(token);
    if (token.kind == Kind::system_name) return system_sink(token, sink);
    if (token.kind == Kind::name && cursor_.at(Kind::open)) return endpoint_function(token, sink);
    if (token.kind == Kind::end)
      return error(token, "the text ends here; expected a sink after INTO", sink_help());
    if (token.kind == Kind::name && edit_distance(text, "upstream") <= 2) {
      return error(token, "expected a sink, found " + quote(text), "did you mean `$upstream`?");
    }
    const bool input_path =
        token.kind == Kind::slash || (token.kind == Kind::string && text.find("modules") == 2);
    return error(token, "expected a sink, found " + quote(text),
                 input_path ? R"(write BrokeredEndpoint("/modules/<module>/inputs/<input>"))" : sink_help());
  }

  static std::string sink_help() {
    return R"(sinks are $upstream, BrokeredEndpoint("/modules/<module>/inputs/<input>"), Topic('<topic>') and $null)";
  }

  bool system_sink(const Token& token, Sink& sink) {
    const std::string_view name = cursor_.text(token);
    if (core::equals_ignoring_case(name, "$upstream")) return sink.kind = Sink::Kind::upstream, true;
    if (core::equals_ignoring_case(name, "$null")) return sink.kind = Sink::Kind::null, true;
    const bool close = edit_distance(name, "$upstream") <= 3;
    return error(token, "there is no sink " + quote(name), close ? "did you mean `$upstream`?" : sink_help());
  }

  bool endpoint_function(const Token& name, Sink& sink) {
    const Token open = cursor_.take();
    const Token argument = cursor_.peek();
    if (!cursor_.accept(Kind::string)) {
      report_unexpected(cursor_, "a quoted string", found_);
      return false;
    }
    if (!cursor_.accept(Kind::close)) return error(open, "missing closing `)`");
    const std::string_view function = cursor_.text(name);
    if (core::equals_ignoring_case(function, kEndpointFunctions[0])) return module_input(argument, sink);
    if (core::equals_ignoring_case(function, kEndpointFunctions[1])) return topic(argument, sink);
    if (core::equals_ignoring_case(function, kEndpointFunctions[2])) {
      return error(name, std::string("named upstreams").append(kNotYet), "write `$upstream`");
    }
    const bool close = edit_distance(function, kEndpointFunctions[0]) <= 5;
    return error(name, "there is no sink " + quote(function),
                 close ? "did you mean `BrokeredEndpoint`?" : sink_help());
  }

  // Four parts; as in edgeHub the first and third may be any word: "/a/b/c/d" is input d of module b.
  bool module_input(const Token& token, Sink& sink) {
    const std::string address = unquote(cursor_.text(token));
    std::string_view rest = address;
    if (rest.starts_with('/')) rest.remove_prefix(1);
    if (rest.ends_with('/')) rest.remove_suffix(1);
    std::vector<std::string> parts;
    core::TopicLevels levels(rest);
    while (const auto level = levels.next()) parts.emplace_back(*level);
    if (parts.size() != 4 || parts[1].empty() || parts[3].empty()) {
      return error(token, "not the address of a module's input",
                   R"(write "/modules/<module>/inputs/<input>")");
    }
    std::string delivered_on = core::module_input_topic(parts[1], parts[3]);
    if (!core::is_valid_topic_name(delivered_on)) {
      return error(token, "a module or input name cannot hold `+`, `#` or control characters");
    }
    if (parts[0] != "modules" || parts[2] != "inputs") {
      found_.warning(token.offset, token.length,
                     "read as input " + quote(parts[3]) + " of module " + quote(parts[1]),
                     "write \"/modules/" + parts[1] + "/inputs/" + parts[3] + "\"");
    }
    sink = {Sink::Kind::module_input, std::move(parts[1]), std::move(parts[3]), std::move(delivered_on), {}};
    return true;
  }

  bool topic(const Token& token, Sink& sink) {
    std::string topic = unquote(cursor_.text(token));
    if (!core::is_valid_topic_name(topic)) {
      return error(token, "not a valid MQTT topic name", "a topic to publish to has no `+` and no `#`");
    }
    if (topic.starts_with('$')) return error(token, "topics that begin with `$` belong to the hub");
    const auto module_topic = core::parse_module_topic(topic);
    if (module_topic && module_topic->kind == core::ModuleTopic::Kind::input) {
      return error(token, "module inputs are not published to as topics",
                   "write BrokeredEndpoint(\"/" + topic + "\")");
    }
    sink = {Sink::Kind::topic, {}, {}, std::move(topic), {}};
    return true;
  }

  void end_of_route() {
    const Token& token = cursor_.peek();
    if (token.kind == Kind::end) return;
    const size_t length = cursor_.text().find_last_not_of(" \t\r\n") + 1 - token.offset;
    if (semantics_ == Semantics::edgehub) {
      return found_.warning(token.offset, length, "edgeHub ignores what follows the sink");
    }
    if (token.kind == Kind::comma) {
      return found_.error(token.offset, length, std::string("routes with several sinks").append(kNotYet),
                          "write one route for each sink");
    }
    found_.error(token.offset, length, "the route ends at its sink; this follows it",
                 token.kind == Kind::where_word ? "write FROM … WHERE … INTO …" : "");
  }

  // Goes on at the next clause, so that its mistakes are told too.
  void skip_to(std::initializer_list<Kind> kinds) {
    const auto wanted = [&] {
      return std::find(kinds.begin(), kinds.end(), cursor_.peek().kind) != kinds.end();
    };
    while (!cursor_.at(Kind::end) && !wanted()) cursor_.take();
  }

  bool error(const Token& token, std::string message, std::string suggestion = {}) {
    found_.error(token.offset, token.length, std::move(message), std::move(suggestion));
    return false;
  }

  TokenCursor cursor_;
  Semantics semantics_;
  Diagnostics& found_;
};

bool too_long(std::string_view text, Diagnostics& found) {
  if (text.size() <= kRouteBytesMax) return false;
  found.error(kRouteBytesMax, 1, "the route is longer than " + std::to_string(kRouteBytesMax) + " bytes");
  return true;
}

}  // namespace

ParsedRoute parse_route(std::string_view text, Semantics semantics, Diagnostics& found) {
  if (too_long(text, found)) return {};
  return RouteParser(TokenCursor(text, tokenize(text, semantics)), semantics, found).parse();
}

Expression parse_condition(std::string_view text, Semantics semantics, Diagnostics& found) {
  Expression condition;
  if (too_long(text, found)) return condition;
  TokenCursor cursor(text, tokenize(text, semantics));
  if (cursor.at(Kind::end)) return condition;
  if (ConditionParser(cursor, found).parse(condition) && !cursor.at(Kind::end)) {
    report_unexpected(cursor, "the end of the condition", found);
  }
  return condition;
}

}  // namespace headgate::routing
