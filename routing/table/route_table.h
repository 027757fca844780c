// The routes of a hub, compiled: immutable, swapped whole. It answers which queues want a message.
//
//   auto built = RouteTable::build(specs);             // on load; built.statuses says what was left out
//   MatchContext context;                              // one for the loop, for ever
//   std::vector<Match> matches;                        // reused
//   built.table->match(message, context, matches);
//   for (const Match& m : matches) enqueue(built.table->endpoints()[m.endpoint].name, m.lane, m.ttl_s);
//   for (const RouteIndex r : context.projecting()) publish(built.table->project(r, context));
//   if (context.computed()) keep_as_input(message);    // later: table->takers(), and each route's Computation
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/message.h"
#include "routing/compute/computation.h"
#include "routing/evaluation/evaluator.h"
#include "routing/evaluation/message_fields.h"
#include "routing/language/diagnostics.h"
#include "routing/language/sink.h"
#include "routing/lookup/table_source.h"
#include "routing/table/compile.h"
#include "routing/table/known_link.h"
#include "routing/table/source_index.h"

namespace headgate::routing {

// Priorities 0 (first) to 9; routes without one come after them, in a lane of their own.
inline constexpr int kPriorityMax = 9;
inline constexpr uint8_t kLaneWithoutPriority = 10;

// A message that routes have republished this often is not republished again: whoever delivers to a
// topic endpoint compares core::Message::hops with it, and counts what it drops.
inline constexpr uint8_t kMaxHops = 8;

// A route as it stands in a file.
struct RouteSpec {
  std::string name;
  std::string text;
  std::optional<int> priority;  // 0 to kPriorityMax
  uint32_t ttl_s = 0;           // 0: for ever
  Semantics semantics = Semantics::strict;
  BodyMode body = BodyMode::auto_detect;
  bool retain = false;  // of a topic sink: retained there
  ComputeLimits limits = {};
  bool skips_unchanged = false;  // does not count a retained message that says what is retained already
  std::string publish_as = {};   // whose rights a topic sink needs; empty: the hub's
  bool shadow = false;           // it is in a table of its own, see ShadowRun
  std::vector<SchemaText> schemas = {};  // those that the text names
  std::vector<std::string> links = {};   // upstream, the preferred first; none: any
  bool send_back = false;                // upstream goes also what came down from there
};

// Where messages are queued. Several routes may share one.
struct Endpoint {
  Sink::Kind kind = Sink::Kind::upstream;
  std::string module;  // module_input
  std::string input;   // module_input
  std::string topic;   // topic, and for a module input the topic it is delivered on
  std::string name;    // the queue's name, stable over restarts: see endpoint_name(), and below
  std::vector<std::string> links =
      {};              // upstream: of routes that name links, which the queue's name ends with
  uint32_t group = 0;  // the first endpoint of those that together get a message once: all that go upstream
};

// A route in the table.
struct RouteInfo {
  std::string name;
  std::string text;
  RouteSource source;
  std::vector<uint32_t> endpoints;  // one a sink, in their order: indexes into endpoints()
  uint8_t lane = kLaneWithoutPriority;
  uint32_t ttl_s = 0;
  bool retain = false;
  std::string publish_as = {};  // empty: the hub itself
  bool send_back = false;       // see RouteSpec
};

// Outcome of compiling a spec.
struct RouteStatus {
  std::string name;
  std::string text;
  std::optional<uint32_t> route;  // index into routes(); absent: left out
  std::vector<Diagnostic> diagnostics;

  [[nodiscard]] bool ok() const { return route.has_value(); }
};

// An endpoint that wants a message itself, with the terms of the matching route of best priority. Retained if any
// route that matches says so.
struct Match {
  uint32_t endpoint = 0;
  uint8_t lane = kLaneWithoutPriority;
  uint32_t ttl_s = 0;
  uint32_t route = 0;
  bool retain = false;

  friend bool operator==(const Match&, const Match&) = default;
};

// Counted since the context first met the table.
struct RouteStats {
  uint64_t evaluated = 0;  // messages that its source takes
  uint64_t matched = 0;
  uint64_t results = 0;     // messages that it passed on, or what it made of them
  uint64_t undefined = 0;   // the condition could not be decided, such as for a field that is not there
  uint64_t unreadable = 0;  // the same, because the body is no JSON that $body can read
  // The last of either: when its message arrived (Unix ms, 0 = none), what is wrong with the body (empty:
  // nothing), else which part of the condition had no value.
  int64_t last_ms = 0;
  std::string_view body_problem;
  NodeIndex part = 0;
  uint64_t type_errors = 0;  // what a projection could not make, and conforms() without a verdict
  uint64_t unchecked = 0;    // the latter alone: the body met a limit of checks

  [[nodiscard]] RouteCounts counts() const;
};

class RouteTable;

// Tools of a match besides the table: parser, scratch space, counters. Owned by the caller, used for
// one message at a time, good for any table; counters start at zero with a new one.
class MatchContext {
 public:
  // By index into the routes() of the table last matched against.
  [[nodiscard]] std::span<const RouteStats> stats() const { return stats_; }
  // The last type error of a route, for people; empty: there was none.
  [[nodiscard]] std::string_view type_error(uint32_t route) const;

  // Tells of the messages that are given from now on that each is retained, and says what is retained already.
  void set_unchanged(bool unchanged) { unchanged_ = unchanged; }

  // Routes whose source takes the message last given to match() or takers().
  [[nodiscard]] std::span<const RouteIndex> candidates() const { return candidates_; }
  // Routes without state that make something of the message last matched, for RouteTable::project().
  [[nodiscard]] std::span<const RouteIndex> projecting() const { return projecting_; }
  // Routes with state whose condition takes that message, as far as it remembers nothing.
  [[nodiscard]] std::span<const RouteIndex> computing() const { return computing_; }
  [[nodiscard]] bool computed() const { return !computing_.empty(); }
  // A table is changed by that message: it is an input too, whatever its QoS.
  [[nodiscard]] bool changes_table() const { return changes_table_; }
  // Fields of the message last given to match() or takers().
  [[nodiscard]] Fields& fields() { return fields_; }

 private:
  friend class RouteTable;

  struct Seen {  // an endpoint's place in the answer, if `message` is the current one
    uint64_t message = 0;
    size_t place = 0;
  };

  std::shared_ptr<const int> table_;  // identity of the table last used, kept so that it stays unique
  MessageFields fields_;
  Evaluator evaluator_;
  std::string path_;
  std::vector<RouteIndex> candidates_;
  std::vector<Seen> seen_;
  std::vector<RouteStats> stats_;
  std::map<RouteIndex, std::string> type_errors_;  // the last of each
  std::vector<RouteIndex> projecting_;
  bool unchanged_ = false;
  bool came_down_ = false;  // the message; see came_down()
  std::vector<RouteIndex> computing_;
  bool changes_table_ = false;
  uint64_t message_ = 0;
};

class RouteTable {
 public:
  struct Built {
    std::shared_ptr<const RouteTable> table;
    std::vector<RouteStatus> statuses;  // one a spec, in their order
  };

  // Compiles what compiles; the rest is left out and reported. Never fails as a whole. `tables`: those that routes may
  // look up in. `links`: those upstream that routes may name; null: whatever they are called.
  [[nodiscard]] static Built build(std::span<const RouteSpec> specs, std::span<const TableSource> tables = {},
                                   const std::vector<KnownLink>* links = nullptr);

  // Overwrites `out` with the distinct endpoints that want `message` itself. Module inputs and topics that begin
  // with `$` are wanted by none. What routes make of it is told by the context.
  void match(const core::Message& message, MatchContext& context, std::vector<Match>& out) const noexcept;

  // The result that a route without state makes of the message last matched, one of context.projecting().
  [[nodiscard]] ComputeResult project(RouteIndex route, MatchContext& context) const;

  // Routes with state whose source takes `message`, whatever their conditions; until the context's next use.
  [[nodiscard]] std::span<const RouteIndex> takers(const core::Message& message, MatchContext& context) const;

  // A route wants to know whether a retained message says what is retained already: see MatchContext::set_unchanged().
  [[nodiscard]] bool asks_for_unchanged() const { return asks_for_unchanged_; }

  // Routes with state.
  [[nodiscard]] std::span<const RouteIndex> computing() const { return computing_; }
  // The plan of a route that computes; null for a route that only picks.
  [[nodiscard]] const std::shared_ptr<const ComputePlan>& plan(RouteIndex route) const {
    return programs_[route].plan;
  }

  // The condition of a route depends on messages before, or on a table: match() takes it as if it held.
  [[nodiscard]] bool is_decided_later(RouteIndex route) const {
    const Program& program = programs_[route];
    return program.plan && program.condition.empty() && !program.plan->condition.empty();
  }

  // Tables that routes look up in.
  [[nodiscard]] std::span<const std::shared_ptr<const TableSource>> tables() const { return tables_; }

  [[nodiscard]] std::span<const Endpoint> endpoints() const { return endpoints_; }
  [[nodiscard]] std::span<const RouteInfo> routes() const { return routes_; }

  // Why the condition of a route could not be decided the last time, for people; empty: it never was so.
  [[nodiscard]] std::string last_reason(uint32_t route, const RouteStats& stats) const;

 private:
  struct Program {
    Expression condition;  // empty for one that has to remember: it is decided with the route's state
    Reading reading;
    std::vector<uint32_t> picks;              // endpoints of the message itself
    std::shared_ptr<const ComputePlan> plan;  // null: nothing is made of it
    bool skips_unchanged = false;
  };

  void add(const RouteSpec& spec, CompiledRoute compiled);
  void keep_used(std::span<const TableSource> tables);
  [[nodiscard]] bool changes_table(const core::Message& message) const;
  uint32_t endpoint_of(const Sink& sink, const RouteSpec& spec);
  void warn_about_loops(std::vector<RouteStatus>& statuses) const;
  void warn_about_duplicates(std::vector<RouteStatus>& statuses) const;
  [[nodiscard]] const RouteInfo* who_picks_too(RouteIndex route, uint32_t endpoint) const;
  [[nodiscard]] std::vector<std::vector<RouteIndex>> feeds() const;
  void meet(MatchContext& context) const;
  void prepare(const core::Message& message, const SourceIndex& index, MatchContext& context) const;
  [[nodiscard]] bool is_kept_back(RouteIndex route, uint32_t endpoint, const MatchContext& context) const;
  void add_match(RouteIndex route, MatchContext& context, std::vector<Match>& out) const;
  void add_pick(RouteIndex route, uint32_t endpoint, MatchContext& context, std::vector<Match>& out) const;
  static void note_limit(RouteIndex route, MatchContext& context);
  static void note_undefined(const core::Message& message, RouteIndex route, MatchContext& context);

  std::vector<RouteInfo> routes_;
  std::vector<Program> programs_;  // by route
  std::vector<Endpoint> endpoints_;
  std::unordered_map<std::string, uint32_t> endpoint_by_name_;
  SourceIndex index_;
  SourceIndex computing_index_;  // of routes with state alone
  std::vector<RouteIndex> computing_;
  bool asks_for_unchanged_ = false;
  std::vector<std::shared_ptr<const TableSource>> tables_;
  std::shared_ptr<const int> identity_ = std::make_shared<const int>(0);
};

// The path that sources are compared with, in lower case: `/messages/modules/<m>/outputs/<o>/` for a
// module's output, `/messages/modules/<m>/` for another topic of a module, `/twinchangenotifications/` for
// what a device or module has reported (kTwinChangePrefix), else `/messages/`. What a route republished is the
// hub's, not the module's; a module of another device counts as a device.
void source_path(const core::Message& message, std::string& path);

// Tells whether a route's sink takes the message itself, and not something that is made of it.
[[nodiscard]] bool takes_the_message(const Query& query, const Sink& sink);

// True for topics that are never routed: `$…` but for reported properties, and module inputs.
[[nodiscard]] bool is_unroutable(std::string_view topic);

}  // namespace headgate::routing
