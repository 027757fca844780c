// Everything a store's rows must say about each other, verified by reading all of them: what
// `headgate store check` prints, and what the tests hold every store against after they used it.
//
// docs/store-format.md has the rules. A sound store has no problem in this list, whenever its hub stopped or
// was killed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "store/queue_store.h"

namespace rocksdb {
class Env;
}

namespace headgate::store {

struct StoreProblem {
  std::string where;  // "queue 3 ($upstream), lane 10, row 57"
  std::string what;
};

struct StoreReport {
  static constexpr size_t kProblemsMax = 1000;

  Identity identity;
  uint64_t queues = 0;
  uint64_t index_rows = 0;
  uint64_t blocks = 0;
  uint64_t dead_blocks = 0;  // of them: dead, and their room is not given back yet
  uint64_t waiting = 0;      // entries, recounted
  uint64_t values = 0;
  uint64_t problem_count = 0;
  std::vector<StoreProblem> problems;  // the first kProblemsMax of them

  [[nodiscard]] bool sound() const { return problem_count == 0; }
  void add(std::string where, std::string what) {
    if (++problem_count <= kProblemsMax) problems.push_back({std::move(where), std::move(what)});
  }
};

// Reads all of a stopped hub's store, changing nothing. What is wrong in it is in the report; an error says
// that it could not be opened at all: unavailable (in use), not_found, invalid, corrupt, io.
// `env`: as in StoreOptions.
[[nodiscard]] core::Result<StoreReport> check_store(const std::string& dir, rocksdb::Env* env = nullptr);

// {"hub", "epoch", "sound", "queues", "index_rows", "blocks", "dead_blocks", "waiting", "values",
// "problem_count",
//  "problems": [{"where", "what"}…]}
[[nodiscard]] std::string report_json(const StoreReport& report);

}  // namespace headgate::store
