// The results of a windowed route as SQLite computes them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/routing/oracle/random_case.h"

struct sqlite3;

namespace headgate::routing {

class SqliteOracle {
 public:
  SqliteOracle();

  // A line for each window that has messages, sorted: `key [start,end) n c sum avg min max first last`.
  [[nodiscard]] std::vector<std::string> results(const OracleCase& given);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };

  void run(const std::string& sql);
  void insert(const std::vector<OracleRow>& rows);

  std::unique_ptr<sqlite3, Close> database_;
};

// A number as in these lines.
[[nodiscard]] std::string number_text(double number);

}  // namespace headgate::routing
