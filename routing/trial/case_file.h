// Tests of routes as data, in the manner of sqllogictest: a file of cases, each with routes, messages and the rows that
// come out.
//
//   # Requirement of the file
//
//   case Windows end before their end
//   table limits {"file": "limits.csv"}
//   route SELECT count(*) AS n FROM 't'
//     GROUP BY Tumbling(1m) INTO $upstream
//   with {"late": {"policy": "drop"}}
//   in
//   {"at":"59s","topic":"t","body":{}}
//   out
//   {"at_ms":60000,"to":"$upstream","topic":"routes/r","window":[0,60000],"body":{"n":1}}
//
// Lines that begin with blanks continue the route's text. `route NAME: …` names it, else it is `r`. `with` holds the
// other keys that a route file has for it. `schema NAME {…}` is a schema that conforms() may name, on one line; without it
// the file of that name is read, in the folder of the case file. `table NAME …` declares one
// as a route file does, its file in that folder. `in` takes lines of parse_sample(), `out` those of run_sample().
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "routing/files/schema_files.h"
#include "routing/table/route_table.h"
#include "routing/trial/sample.h"

namespace headgate::routing {

struct RouteCase {
  std::string name;
  size_t line = 0;  // in its file, from 1
  std::vector<RouteSpec> routes;
  std::vector<TableSource> tables;  // files among them have not been read
  std::vector<SampleLine> input;
  std::vector<std::string> expected;
  size_t out_line = 0;  // the line `out`; 0: there is none, and nothing is expected
};

// Errors (invalid) read `file:line: …`. Without `read` only schemas in the text are there.
[[nodiscard]] core::Result<std::vector<RouteCase>> parse_case_file(std::string_view text,
                                                                   std::string_view file,
                                                                   const ReadText& read = {});

// Lines that came out otherwise: `- ` before what was expected, `+ ` before what came. Empty: all are right.
[[nodiscard]] std::string difference(const std::vector<std::string>& expected,
                                     const std::vector<std::string>& actual);

// The text of a case file with other rows, one list a case.
[[nodiscard]] std::string with_rows(std::string_view text, const std::vector<RouteCase>& cases,
                                    const std::vector<std::vector<std::string>>& rows);

}  // namespace headgate::routing
