#include "routing/language/parse/query_parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "routing/language/parse/condition_parser.h"
#include "routing/language/parse/window_parser.h"
#include "routing/language/query_functions.h"

namespace headgate::routing {
namespace {

using Kind = Token::Kind;

// Clauses of SQL that there are not, and what takes their place.
struct ForeignClause {
  std::string_view first;
  std::string_view second;  // empty: one word
  std::string_view instead;
};
constexpr std::array kForeignClauses = {
    ForeignClause{"ORDER", "BY", "results come in the order of time"},
    ForeignClause{"PARTITION", "BY", "write GROUP BY with the key and a window, or OVER behind a function"},
    ForeignClause{"JOIN", "", "a route has one source"},
    ForeignClause{"LIMIT", "", "write collect($body.x, 10) for the first ones of a window"},
    ForeignClause{"UNION", "", "write one route for each source"},
};

constexpr std::string_view kItemHelp =
    "write SELECT $body.temp AS temp, or SELECT * for the message as it is";

}  // namespace

// SELECT ----------------------------------------------------------------------------------------

void QueryParser::select() {
  select_ = cursor_.take();
  if (cursor_.at(Kind::from_word)) {
    error(cursor_.peek(), "expected `*` or a value after SELECT", std::string(kItemHelp));
    return;
  }
  if (cursor_.at(Kind::star)) {
    star_ = cursor_.take();
    if (!cursor_.accept(Kind::comma)) {
      if (!cursor_.at(Kind::from_word) && !foreign_clause())
        report_unexpected(cursor_, "`,` or FROM", found_, "what is added follows a comma: SELECT *, …");
      return skip_to_from();
    }
  } else {
    query_.all = false;
  }
  items();
}

void QueryParser::skip_to_from() {
  while (!cursor_.at(Kind::from_word) && !cursor_.at(Kind::into_word) && !cursor_.at(Kind::end))
    cursor_.take();
}

void QueryParser::items() {
  do {
    const size_t begin = cursor_.position();
    if (!item()) skip_part(cursor_, begin);
    if (query_.items.size() > kItemsMax) {
      error(cursor_.peek(), "the SELECT list has more than " + std::to_string(kItemsMax) + " items");
      return skip_to_from();
    }
  } while (cursor_.accept(Kind::comma));
  if (!cursor_.at(Kind::from_word)) skip_to_from();
}

bool QueryParser::item() {
  const Token first = cursor_.peek();
  if (first.kind == Kind::from_word || first.kind == Kind::comma)
    return error(first, "expected a value, found " + quote(cursor_.text(first)), std::string(kItemHelp));
  if (first.kind == Kind::star) return error(first, "`*` comes first in a SELECT list", "write SELECT *, …");
  if (cursor_.at_word_before_value("distinct"))
    return error(first, "there is no SELECT DISTINCT",
                 "GROUP BY the value in a window, or count it with distinct(…)");
  SelectItem item;
  if (!expression(item.value, Clause::select)) return false;
  if (cursor_.accept_word("as")) {
    if (!chosen_name(item)) return false;
  } else if (item.name = default_name(item.value, query_); item.name.empty()) {
    const size_t length = cursor_.previous()->end_offset() - first.offset;
    found_.error(first.offset, length, "this value has no name of its own", "name it: … AS name");
    return end_of_item();
  }
  keep(std::move(item), first);
  return end_of_item();
}

bool QueryParser::chosen_name(SelectItem& item) {
  const Token token = cursor_.peek();
  if (cursor_.accept(Kind::name)) {
    item.name = std::string(cursor_.text(token));
    return true;
  }
  if (cursor_.accept(Kind::string)) {
    item.name = unquote(cursor_.text(token));
    return !item.name.empty() || error(token, "a name is not empty", "write AS and the name: … AS name");
  }
  if (token.kind == Kind::system_name)
    return error(token, "a name after AS has no `$`",
                 "write AS " + std::string(cursor_.text(token).substr(1)));
  if (is_word(token.kind) && token.kind != Kind::from_word)
    return error(token, quote(cursor_.text(token)) + " is not read as a name here",
                 "write AS '" + std::string(cursor_.text(token)) + "'");
  report_unexpected(cursor_, "a name after AS", found_,
                    "write … AS name; a keyword stands in quotes: AS 'from'");
  return false;
}

void QueryParser::keep(SelectItem item, const Token& first) {
  const bool known = std::any_of(query_.items.begin(), query_.items.end(),
                                 [&](const SelectItem& i) { return i.name == item.name; });
  if (known) {
    found_.error(first.offset, cursor_.previous()->end_offset() - first.offset,
                 "two values are named " + quote(item.name), "give one of them another name: … AS name");
  }
  query_.items.push_back(std::move(item));
}

bool QueryParser::end_of_item() {
  if (cursor_.at(Kind::comma) || cursor_.at(Kind::from_word)) return true;
  const bool name = cursor_.at(Kind::name) && !cursor_.at_word("as");
  std::string help = name ? "a name follows AS, the next value a comma" : "";
  if (cursor_.at(Kind::where_word) || cursor_.at(Kind::into_word)) help = "name a source: SELECT … FROM …";
  report_after_operand(cursor_, "an operator, AS, `,` or FROM", found_, std::move(help));
  return false;
}

// TIMESTAMP BY ----------------------------------------------------------------------------------

void QueryParser::timestamp() {
  timestamp_ = cursor_.take();
  const size_t begin = cursor_.position();
  if (!cursor_.accept_word("by")) {
    report_unexpected(cursor_, "BY after TIMESTAMP", found_, "write TIMESTAMP BY $body.ts");
    return skip_part(cursor_, begin);
  }
  if (!timestamp_value()) return skip_part(cursor_, begin);
  if (cursor_.at(Kind::where_word) || cursor_.at(Kind::into_word) || cursor_.at_word("group")) return;
  report_after_operand(cursor_, "an operator, WHERE, GROUP BY or INTO", found_,
                       "keys of a clock follow OVER: TIMESTAMP BY $body.ts OVER $body.id");
  skip_part(cursor_, begin);
}

bool QueryParser::timestamp_value() {
  if (cursor_.at_words("group", "by"))
    return error(cursor_.peek(), "TIMESTAMP BY has no value", "write TIMESTAMP BY $body.ts");
  if (!expression(query_.timestamp, Clause::timestamp)) return false;
  if (!cursor_.accept_word("over")) return true;
  if (cursor_.at_words("group", "by"))
    return error(cursor_.peek(), "OVER has no key", "write TIMESTAMP BY $body.ts OVER $body.id");
  return over();
}

bool QueryParser::over() {
  do {
    if (query_.timestamp_over.size() == kKeysMax)
      return error(cursor_.peek(), "OVER has more than " + std::to_string(kKeysMax) + " keys");
    if (!expression(query_.timestamp_over.emplace_back(), Clause::over)) return false;
  } while (cursor_.accept(Kind::comma));
  return true;
}

// GROUP BY --------------------------------------------------------------------------------------

void QueryParser::group_by() {
  group_ = cursor_.take();
  if (!cursor_.accept_word("by")) {
    report_unexpected(cursor_, "BY after GROUP", found_, "write GROUP BY $body.id, Tumbling(1m)");
    return skip_part(cursor_, cursor_.position());
  }
  do {
    const size_t begin = cursor_.position();
    if (!key()) skip_part(cursor_, begin);
  } while (cursor_.accept(Kind::comma));
}

bool QueryParser::key() {
  const Token first = cursor_.peek();
  const std::string_view text = cursor_.text(first);
  const bool call = first.kind == Kind::name && cursor_.peek_second().kind == Kind::open;
  if (call && window_kind(text)) return window() && end_of_key();
  if (call && nearest_call(text).empty() && !nearest_window(text).empty())
    return error(first, "there is no window " + quote(text),
                 "did you mean " + quote(nearest_window(text)) + "?");
  if (query_.keys.size() == kKeysMax)
    return error(first, "GROUP BY has more than " + std::to_string(kKeysMax) + " keys");
  Expression key;
  if (!expression(key, Clause::group_by)) return false;
  query_.keys.push_back(std::move(key));
  return end_of_key();
}

bool QueryParser::window() {
  const Token name = cursor_.peek();
  const auto window = WindowParser(cursor_, found_).parse();
  if (window && has_window_)
    return error(name, "the route has another window already", "write one route for each window");
  has_window_ = true;
  if (window) query_.window = *window;
  if (cursor_.at_word("over"))
    return error(cursor_.peek(), "a window has no OVER",
                 "write the keys beside it: GROUP BY $body.id, Session(2m, 4h)");
  return window.has_value();
}

bool QueryParser::end_of_key() {
  if (cursor_.at(Kind::comma) || cursor_.at(Kind::into_word) || cursor_.at_word("having")) return true;
  if (foreign_clause()) return false;
  if (cursor_.at(Kind::where_word))
    return error(cursor_.peek(), "WHERE comes before GROUP BY",
                 "write HAVING for a condition on the results");
  report_after_operand(cursor_, "an operator, `,`, HAVING or INTO", found_, "keys have commas between them");
  return false;
}

// HAVING ----------------------------------------------------------------------------------------

void QueryParser::having() {
  const Token word = cursor_.take();
  const size_t begin = cursor_.position();
  if (!group_) {
    error(word, "HAVING belongs to GROUP BY", "write WHERE for a condition on each message");
    return skip_part(cursor_, begin);
  }
  if (cursor_.at(Kind::into_word)) {
    error(cursor_.peek(), "HAVING has no condition", "leave HAVING out");
    return;
  }
  ConditionParser parser(cursor_, found_, {&query_, Clause::having});
  if (!parser.parse(query_.having)) skip_part(cursor_, begin);
}

// Together --------------------------------------------------------------------------------------

void QueryParser::finish() {
  if (group_ && !has_window_ && !query_.keys.empty())
    error(*group_, "GROUP BY has no window, so that no group would ever end",
          "add one: GROUP BY …, Tumbling(1m)");
  if (group_ && !select_)
    error(*group_, "a route with GROUP BY needs a SELECT list", "write SELECT count(*) AS n, … FROM …");
  if (group_ && star_)
    error(*star_, "`*` is one message, and a window holds many",
          "name what is wanted: SELECT count(*) AS n, last($body.x) AS x");
  // Mistakes in the window are told already; the rest is judged as that of one.
  if (group_ && query_.window.kind == Window::Kind::none) query_.window.kind = Window::Kind::tumbling;
  if (timestamp_ && !group_) {
    found_.warning(timestamp_->offset, timestamp_->length,
                   "TIMESTAMP BY does nothing in a route without a window",
                   "leave it out, or add GROUP BY Tumbling(1m)");
  }
}

bool QueryParser::expression(Expression& out, Clause clause) {
  return ConditionParser(cursor_, found_, {&query_, clause}).parse_part(out);
}

bool QueryParser::foreign_clause() {
  for (const ForeignClause& clause : kForeignClauses) {
    const bool here =
        clause.second.empty() ? cursor_.at_word(clause.first) : cursor_.at_words(clause.first, clause.second);
    if (!here) continue;
    std::string words(clause.first);
    if (!clause.second.empty()) words.append(" ").append(clause.second);
    return !error(cursor_.peek(), "there is no " + words + " in a route", std::string(clause.instead));
  }
  return false;
}

bool QueryParser::error(const Token& token, std::string message, std::string suggestion) {
  found_.error(token.offset, token.length, std::move(message), std::move(suggestion));
  return false;
}

}  // namespace headgate::routing
