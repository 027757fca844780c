// Rows of two versions of routes over the same messages, held against each other.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "routing/trial/trial.h"

namespace headgate::routing {

// A row with its route, and when it came out.
struct TimedRow {
  std::string route;
  int64_t at_ms = 0;
  TrialRow row;  // whose index of the route is not used
};

struct RowChange {
  enum class Kind : uint8_t { added, gone, changed };
  Kind kind = Kind::added;
  TimedRow row;       // of the version after; gone: of the one before
  TimedRow before{};  // of a row that changed
};

// Two rows are one if they have the same route, sink, topic, window and revision, and without a window the same time.
// Equal ones are forgotten at once, so the memory it takes grows with the differences alone.
class RowComparison {
 public:
  struct Counts {
    uint64_t same = 0;
    uint64_t added = 0;
    uint64_t gone = 0;
    uint64_t changed = 0;

    friend bool operator==(const Counts&, const Counts&) = default;
  };

  void add_before(TimedRow row) { add(std::move(row), before_, after_); }
  void add_after(TimedRow row) { add(std::move(row), after_, before_); }

  // Everything in which they differ, in the order of time. Of several rows of one window, which groups have, those are
  // one that agree in most members; call once, at the end.
  [[nodiscard]] std::vector<RowChange> finish();
  // By route; complete after finish().
  [[nodiscard]] const std::map<std::string, Counts>& counts() const { return counts_; }

 private:
  using Open = std::unordered_map<std::string, std::deque<TimedRow>>;  // by all that a row says
  struct Bucket {
    std::vector<TimedRow> before;
    std::vector<TimedRow> after;
  };

  void add(TimedRow row, Open& own, Open& others);
  void pair(Bucket& bucket, std::vector<RowChange>& changes);
  void note(RowChange::Kind kind, TimedRow row, std::vector<RowChange>& changes);

  Open before_;
  Open after_;
  std::map<std::string, Counts> counts_;
};

}  // namespace headgate::routing
