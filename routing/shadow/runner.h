// Routes that count and deliver nothing: the same table, projections and computations as routes at work, beside them.
// Pure: time comes from the messages and from advance(). State is in memory alone and ends with the object.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/message.h"
#include "routing/compute/computation.h"
#include "routing/lookup/tables.h"
#include "routing/table/route_table.h"

namespace headgate::routing {

// A message that a shadow would have made.
struct ShadowSample {
  int64_t at_ms = 0;  // Unix time of the message, or of what was due; 0: there was none yet
  std::string to;     // the endpoint: `$upstream`, `topic:a/b`
  std::string topic;
  std::string body;  // its beginning
};

// Counts of a shadow since it was put beside the others.
struct ShadowCounts {
  RouteCounts route;    // `results`: messages that would have come of it, once for each sink
  uint64_t groups = 0;  // now
  uint64_t state_bytes = 0;
  std::string type_error_last;
  ShadowSample last;
};

class ShadowRun {
 public:
  // Bytes of a body that a sample keeps.
  static constexpr size_t kSampleBytesMax = 1024;

  // Gives a table that is new its first rows.
  using FillTable = std::function<void(LookupTable& table)>;
  // The rows of its file; a table that is kept from topics begins empty.
  static void fill_from_file(LookupTable& table);

  // Lookup tables begin as `fill` says, and change with the messages that are taken, and by use_tables().
  explicit ShadowRun(std::shared_ptr<const RouteTable> table, const FillTable& fill = fill_from_file);
  ShadowRun(const ShadowRun&) = delete;
  ShadowRun& operator=(const ShadowRun&) = delete;

  // From now on the rows that files hold now.
  void use_tables(std::span<const TableSource> tables);

  // Lets pass what is due by `now_ms` (hub time), at most about `results_max` results. True: more is due, so call again
  // before take().
  [[nodiscard]] bool advance(int64_t now_ms, size_t results_max);
  // Takes a message, after advance() by its arrival has returned false. `id` is the number by which sample() chooses.
  void take(const core::Message& message, uint64_t id);

  [[nodiscard]] const RouteTable& table() const { return *table_; }
  [[nodiscard]] ShadowCounts counts(RouteIndex route) const;

 private:
  struct Shadow {
    uint64_t evaluated = 0;
    uint64_t results = 0;
    uint64_t matched_before = 0;  // as the table counted, when it was last asked
    ShadowSample last;
  };

  void count_picks(RouteIndex route, const core::Message& message);
  void count_result(RouteIndex route, const ComputeResult& result, const core::Message* input, int64_t at_ms);
  void note(RouteIndex route, size_t sink, std::string topic, std::string_view body, int64_t at_ms);
  void change_tables(const core::Message& message);
  void compute(const core::Message& message, uint64_t id);

  std::shared_ptr<const RouteTable> table_;
  MatchContext context_;
  std::vector<Match> matches_;   // reused
  std::vector<Shadow> shadows_;  // by route
  LookupTables lookups_;
  std::map<RouteIndex, Computation> computations_;
  Computation::Results results_;  // reused
  int64_t present_ms_ = 0;        // hub time
};

}  // namespace headgate::routing
