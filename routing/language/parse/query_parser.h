// The part of the parser that reads what a route computes: its SELECT list, TIMESTAMP BY, GROUP BY and HAVING.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "routing/language/parse/scope.h"
#include "routing/language/parse/token_cursor.h"
#include "routing/language/query.h"

namespace headgate::routing {

// Each function reads one clause, from its first keyword, and leaves the cursor at the next clause whatever it
// found. All mistakes are reported.
class QueryParser {
 public:
  // All are borrowed.
  QueryParser(TokenCursor& cursor, Query& query, Diagnostics& found)
      : cursor_(cursor), query_(query), found_(found) {}

  void select();
  void timestamp();
  void group_by();
  void having();
  // Judges the clauses together, once they have all been read.
  void finish();

 private:
  void items();
  bool item();
  bool chosen_name(SelectItem& item);
  void keep(SelectItem item, const Token& first);
  bool end_of_item();
  void skip_to_from();

  bool timestamp_value();
  bool over();

  bool key();
  bool window();
  bool end_of_key();

  bool expression(Expression& out, Clause clause);
  bool foreign_clause();
  bool error(const Token& token, std::string message, std::string suggestion = {});

  TokenCursor& cursor_;
  Query& query_;
  Diagnostics& found_;
  // The first words of clauses that are there.
  std::optional<Token> select_;
  std::optional<Token> star_;
  std::optional<Token> timestamp_;
  std::optional<Token> group_;
  bool has_window_ = false;  // a wrong one too
};

// Name that an item has without AS: the last name of a path, or avg_rms for avg($body.rms); empty if it has none.
[[nodiscard]] std::string default_name(const Expression& value, const Query& query);

}  // namespace headgate::routing
