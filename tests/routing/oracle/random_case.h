// Random windowed routes with random streams of messages, and the terms of each in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/routing/compute/support/course.h"

namespace headgate::routing {

// A message as a row of a table, beside the input that it is.
struct OracleRow {
  int64_t time_ms = 0;  // event time
  std::string key;      // JSON
  std::optional<double> number;
  std::optional<std::string> text;
};

// Every message comes in time, or late by less than windows are kept: the last results are those of all messages.
struct OracleCase {
  explicit OracleCase(uint32_t seed);

  Window window;
  bool keyed = false;
  std::string route;
  std::string where_sql;
  ComputeLimits limits;
  std::vector<Input> inputs;
  std::vector<OracleRow> rows;  // one an input
};

}  // namespace headgate::routing
