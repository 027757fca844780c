// A computing route with state: messages in, results out, and what has to be stored so that a crash changes nothing.
// Pure: no I/O, no clock, no randomness; the same messages give the same bytes, however they are cut into steps.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "routing/compute/open_window.h"
#include "routing/compute/route_counts.h"
#include "routing/evaluation/evaluator.h"
#include "routing/evaluation/fields.h"
#include "routing/language/language.h"
#include "routing/language/query.h"
#include "routing/language/sink.h"

namespace headgate::routing {

// Fate of a message for a window that has already given its result.
enum class LatePolicy : uint8_t { revise, adjust, drop, dead_letter };

// Terms of a computing route that stand beside its text.
struct ComputeLimits {
  LatePolicy late = LatePolicy::revise;
  int64_t tolerance_ms = 0;     // how much out of order is waited for, by TIMESTAMP BY
  int64_t keep_ms = 3'600'000;  // revise: how long a closed window can be revised
  int64_t idle_ms = 60'000;     // a key without messages moves on with the arrivals after so long
  int64_t early_ms = 300'000;   // a timestamp further ahead of the arrival is taken for the arrival's
  uint32_t groups_max =
      10'000;  // beyond it the group that was idle longest gives its result: complete = false
  uint64_t state_bytes_max = 16ULL * 1024 * 1024;

  friend bool operator==(const ComputeLimits&, const ComputeLimits&) = default;
};

// Everything that a computation follows; immutable, shared by the table and the computation.
struct ComputePlan {
  std::string route;
  Query query;
  Expression condition;
  Reading reading;
  std::vector<Sink> sinks;
  ComputeLimits limits;
};

// A result of a window or of a row, or a message that passed a stateful filter.
struct ComputeResult {
  bool passes_on = false;  // the input itself goes on: `body` is empty
  std::string body;        // a JSON object
  // By sink: the topic that its template gives; nullopt: fixed, or not a topic it may be (counted)
  std::vector<std::optional<std::string>> topics;
  std::vector<bool> refused;  // by sink: its template gave no topic
  // The window; start_ms = end_ms = 0 for a result without one.
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  uint32_t rev = 0;  // a window has no two results of one revision
  bool complete = true;
  bool withdrawn = false;  // HAVING held for the revision before it, and does not for this one
  uint8_t hops = 0;        // the most of the messages in the window, or more
};

class Computation {
 public:
  explicit Computation(std::shared_ptr<const ComputePlan> plan);
  ~Computation();
  Computation(Computation&&) noexcept;
  Computation& operator=(Computation&&) noexcept;

  using Results = std::vector<ComputeResult>;

  // Reads lookup() in these tables; borrowed. They may change between two calls of anything else: after
  // advance(arrival of the change) has returned false.
  void use_tables(const LookupTables* tables);

  // Gives the results that are due at or before `now_ms` (hub time, never falling), each as of its own time; at most
  // `results_max` of them, in a fixed order. True: there are more, so call again before anything else.
  [[nodiscard]] bool advance(int64_t now_ms, size_t results_max, Results& out);
  // Takes one message that arrived at `arrived_ms`, after advance(arrived_ms) has returned false. Gives whether the
  // condition holds. `source` is the partition of a stateful function without OVER; `id` is the same after a replay.
  // `dead_letter` is set if the message came too late and the route wants such messages there. Results come at once of
  // sliding and count windows, of routes without a window, and of groups for which there is no room any more; of those
  // at most a few hundred, and the next advance() gives the rest. `hops`: how many routes the message has come through.
  [[nodiscard]] Truth take(Fields& fields, int64_t arrived_ms, std::string_view source, std::string_view id,
                           bool& dead_letter, Results& out, uint8_t hops = 0);
  // Gives what windows that are open have so far, `complete` false, each once, at most `results_max` of them; for a
  // route that ends. Call it after advance() has returned false, and take no message after it. True: there are more.
  [[nodiscard]] bool close(size_t results_max, Results& out);
  // When advance() next has something to give, in hub time; nullopt: not before another message.
  [[nodiscard]] std::optional<int64_t> due_ms() const;

  // State that changed since the last call, each group once: `put(key, bytes)`, nullopt bytes: it is gone. Keys are
  // short, binary, and without a prefix.
  using Put = std::function<void(std::string_view key, std::optional<std::string> bytes)>;
  void save_changed(const Put& put);
  // Reads back what save_changed() gave, in any order, before anything else. False: written by a version or a plan
  // that this one cannot read; the entry is left out.
  [[nodiscard]] bool load(std::string_view key, std::string_view bytes);

  // Values of functions that remember, as the message last taken met them; null: the route has none. Good until the
  // next call.
  [[nodiscard]] Slots* remembered() const;
  [[nodiscard]] const RouteCounts& counts() const;
  // The last thing that counted as a type error, for people to see.
  [[nodiscard]] const std::string& sample() const;
  [[nodiscard]] uint64_t state_bytes() const;  // memory of all groups and panes, by estimate
  [[nodiscard]] size_t groups() const;         // and keys of functions that remember
  // Shows so many of them at most, those first that were touched longest ago. A group costs the same however many messages it has had.
  [[nodiscard]] OpenWindows open_windows(size_t count) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Names the form of the state: routes whose plans agree in it can take over each other's state. SELECT and HAVING are
// not in it unless they change the aggregates; WHERE and the sinks are not.
[[nodiscard]] std::string plan_signature(const ComputePlan& plan);

// Most memory of one group in bytes: its panes, their aggregates, merged panes. A route whose one group exceeds
// state_bytes_max cannot work.
[[nodiscard]] uint64_t group_bound_bytes(const ComputePlan& plan);

// Most memory of a route in bytes if it has groups_max groups, each as large as it can be. Where that is more than
// state_bytes_max, groups are evicted earlier than groups_max says.
[[nodiscard]] uint64_t state_bound_bytes(const ComputePlan& plan);

}  // namespace headgate::routing
