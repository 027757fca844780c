#include "routing/language/parse/parser.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "core/text.h"
#include "core/topic.h"
#include "routing/language/parse/condition_parser.h"
#include "routing/language/parse/lexer.h"
#include "routing/language/parse/query_parser.h"
#include "routing/language/parse/sink_parser.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Kind = Token::Kind;

constexpr std::string_view kUseStrict = "use strict semantics";

class RouteParser {
 public:
  RouteParser(TokenCursor cursor, Semantics semantics, Diagnostics& found)
      : cursor_(std::move(cursor)), semantics_(semantics), found_(found) {}

  ParsedRoute parse() {
    if (cursor_.at(Kind::end)) {
      error(cursor_.peek(), "the route is empty", "write FROM /messages/* INTO $upstream");
      return std::move(route_);
    }
    if (!select() || !keyword(Kind::from_word, "FROM")) return std::move(route_);
    if (!source(route_.source) || !end_of_source()) skip_to({Kind::where_word, Kind::into_word});
    if (strict() && cursor_.at_word("timestamp")) query_.timestamp();
    if (cursor_.accept(Kind::where_word) && !condition(route_.condition)) skip_to({Kind::into_word});
    if (!groups()) skip_to({Kind::into_word});
    if (keyword(Kind::into_word, "INTO") &&
        SinkParser(cursor_, semantics_, route_.query, found_).parse(route_.sinks)) {
      end_of_route();
    }
    query_.finish();
    return std::move(route_);
  }

 private:
  [[nodiscard]] bool strict() const { return semantics_ == Semantics::strict; }

  // edgeHub has a `*` only.
  bool select() {
    if (!cursor_.at(Kind::select_word)) return true;
    if (strict()) return query_.select(), true;
    cursor_.take();
    const Token star = cursor_.peek();
    if (cursor_.accept(Kind::star)) return true;
    if (star.kind == Kind::from_word)
      return error(star, "expected `*` after SELECT", "write SELECT * or leave SELECT out");
    return error(star, "edgeHub has no SELECT lists", std::string(kUseStrict));
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
        if (strict() && !cursor_.at(Kind::slash) && !cursor_.at(Kind::string)) break;
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
    return strict() && is_word(token.kind) && cursor_.previous()->end_offset() == token.offset;
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
      return strict() || error(cursor_.peek(), "edgeHub has no TIMESTAMP BY", std::string(kUseStrict));
    if (strict() && cursor_.at_word("having")) return true;
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
    Scope scope;
    if (strict()) scope.query = &route_.query;
    return ConditionParser(cursor_, found_, scope).parse(out);
  }

  bool groups() {
    if (!strict() && cursor_.at_word("group"))
      return error(cursor_.peek(), "edgeHub has no GROUP BY", std::string(kUseStrict));
    if (cursor_.at_word("group")) query_.group_by();
    if (strict() && cursor_.at_word("having")) query_.having();
    return cursor_.at(Kind::into_word) || !found_.has_errors();
  }

  void end_of_route() {
    const Token& token = cursor_.peek();
    if (token.kind == Kind::end) return;
    const size_t length = cursor_.text().find_last_not_of(" \t\r\n") + 1 - token.offset;
    if (semantics_ == Semantics::edgehub) {
      return found_.warning(token.offset, length, "edgeHub ignores what follows the sink");
    }
    std::string advice = "several sinks have commas between them: INTO $upstream, Topic('a')";
    if (token.kind == Kind::where_word) advice = "write FROM … WHERE … INTO …";
    if (cursor_.at_words("group", "by")) advice = "write SELECT … FROM … WHERE … GROUP BY … INTO …";
    found_.error(token.offset, length, "the route ends at its sink; this follows it", std::move(advice));
  }

  // Goes on at the next clause, so that its mistakes are told too.
  void skip_to(std::initializer_list<Kind> kinds) {
    const auto wanted = [&] {
      return std::find(kinds.begin(), kinds.end(), cursor_.peek().kind) != kinds.end() ||
             (strict() && cursor_.at_words("group", "by"));
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
  ParsedRoute route_;
  QueryParser query_{cursor_, route_.query, found_};
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
