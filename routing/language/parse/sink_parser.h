// The part of the parser that reads where a route leads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "routing/language/language.h"
#include "routing/language/parse/token_cursor.h"
#include "routing/language/query.h"
#include "routing/language/sink.h"

namespace headgate::routing {

class SinkParser {
 public:
  // All are borrowed. `query` gets what the topics' templates hold.
  SinkParser(TokenCursor& cursor, Semantics semantics, Query& query, Diagnostics& found)
      : cursor_(cursor), strict_(semantics == Semantics::strict), query_(query), found_(found) {}

  // Reads the sinks behind INTO; edgeHub has one. False after a mistake, which has been reported.
  [[nodiscard]] bool parse(std::vector<Sink>& sinks);

 private:
  bool sink(Sink& sink);
  bool system_sink(const Token& token, Sink& sink);
  bool endpoint_function(const Token& name, Sink& sink);
  bool endpoint(const Token& name, const Token& argument, Sink& sink);
  bool module_input(const Token& token, Sink& sink);
  bool topic(const Token& token, Sink& sink);
  [[nodiscard]] std::string help() const;
  bool error(const Token& token, std::string message, std::string suggestion = {});

  TokenCursor& cursor_;
  bool strict_;
  Query& query_;
  Diagnostics& found_;
};

}  // namespace headgate::routing
