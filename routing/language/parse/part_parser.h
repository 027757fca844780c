// The part of the parser that reads calls which only a computing route has: aggregates, functions that remember,
// topic_level(n) and payload().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "routing/language/ast.h"
#include "routing/language/parse/scope.h"
#include "routing/language/parse/token_cursor.h"
#include "routing/language/query_functions.h"

namespace headgate::routing {

class PartParser {
 public:
  // `depth`: levels of nesting that the call stands in already. `scope.query` is not null.
  PartParser(TokenCursor& cursor, Scope scope, size_t depth, Diagnostics& found)
      : cursor_(cursor), scope_(scope), depth_(depth), found_(found) {}

  [[nodiscard]] static bool knows(std::string_view name) { return is_extension(name); }

  // Reads the call of `name` from its `(`, and what belongs to it behind its `)`; nullopt after a syntax error, which
  // has been reported. A call that may not stand here is reported and read all the same.
  [[nodiscard]] std::optional<Node> parse(const Token& name);

 private:
  std::optional<Node> topic_level(const Token& name);
  std::optional<Node> payload(const Token& name);

  std::optional<Node> aggregate(const AggregateFunction& function, const Token& name);
  bool aggregate_arguments(const AggregateFunction& function, const Token& name, Aggregate& aggregate);
  bool second_of_aggregate(const AggregateFunction& function, const Token& name, Aggregate& aggregate);
  bool filter(Expression& out);
  void refuse_aggregate(const Token& name);

  std::optional<Node> stateful(const StatefulFunction& function, const Token& name);
  bool stateful_arguments(const StatefulFunction& function, const Token& name, Stateful& stateful);
  bool changed_arguments(Stateful& stateful);
  bool over(std::vector<Expression>& out);
  void refuse_stateful(const Token& name);

  bool expression(Expression& out, Clause clause);
  bool number(double& out, std::string_view what);
  bool count(double& out, std::string_view what, double most);
  bool share_or_count(double& out);
  bool band(Stateful& stateful);
  bool duration(int64_t& out, std::string_view example);
  bool comma(std::string_view signature, const Token& name);
  bool close(const Token& open, std::string_view signature, const Token& name);

  bool error(const Token& token, std::string message, std::string suggestion = {});
  bool range_error(const Token& from, std::string message, std::string suggestion);

  TokenCursor& cursor_;
  Scope scope_;
  size_t depth_;
  Diagnostics& found_;
};

}  // namespace headgate::routing
