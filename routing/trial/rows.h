// A trial's results as lines of JSON: what `headgate route test --json` prints and golden files hold.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "routing/trial/sample.h"
#include "routing/trial/trial.h"

namespace headgate::routing {

// {"route", "at_ms", "to", "topic", "window": [start_ms, end_ms], "rev", "complete", "withdrawn", "too_late", "body" |
// "payload"}; left out: an empty `route`, no window, revision 0, complete = true, withdrawn and too_late = false. `body` is the bytes of a JSON
// object or array on one line; anything else is `payload`, a text.
[[nodiscard]] std::string row_json(const TrialRow& row, int64_t at_ms, std::string_view route);

// {"route", "counts": {"undefined", "type_errors", "late", "late_dropped", "early", "evicted", "too_far"}}, those that
// are not 0; empty: all are.
[[nodiscard]] std::string counts_json(const TrialCounts& counts, std::string_view route);

// All that comes out of the routes: {"route", "error"} and {"route", "warning"} of their texts, a line each; the rows of
// `sample`, up to the end of all windows; counts. `tables`: those that the routes look up in, with the rows of files. With one route its name is left out.
[[nodiscard]] std::vector<std::string> run_sample(const std::vector<RouteSpec>& routes,
                                                  const std::vector<SampleLine>& sample,
                                                  const std::vector<TableSource>& tables = {});

}  // namespace headgate::routing
