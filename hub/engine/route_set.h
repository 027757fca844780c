// The routes in force: the compiled table, and the queues its endpoints lead to.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/log.h"
#include "core/message.h"
#include "core/result.h"
#include "hub/admin/hub_view.h"
#include "hub/engine/queue_rules.h"
#include "hub/engine/routes/compiled.h"
#include "hub/engine/routes/routed_table.h"
#include "routing/files/route_file.h"
#include "routing/table/route_table.h"
#include "store/queue_store.h"

namespace headgate::hub {

// The queue of `$upstream`; it exists in every hub.
inline constexpr std::string_view kUpstreamQueue = "$upstream";
// The queue of inputs of routes with state, each message once; it exists while there are such routes.
inline constexpr std::string_view kInputsQueue = "$computing";

class RouteSet {
 public:
  // Where a message goes. Either `queue` and `lane`, or a topic to publish it to locally.
  struct Hit {
    store::QueueId queue = 0;
    uint8_t lane = store::kDefaultLane;
    uint32_t ttl_s = 0;                                  // 0 = for ever
    const std::string* republish_to = nullptr;           // valid until the next use()
    bool retain = false;                                 // there
    const routing::RouteInfo* republished_by = nullptr;  // the same
    const std::string* dead_by = nullptr;  // the route that sends it to the dead letters; the same
  };

  // No routes yet. `store` and `log` are borrowed.
  RouteSet(store::QueueStore& store, core::Log& log);

  // Reads which routes were in force when the hub last ran. Call once, before use(). Error: io.
  core::Status restore();

  // Swaps in whole what was compiled to follow compiled(). Of a route that is broken the version
  // in force before stays, also that of before a restart; one of which there is none is left out; both are
  // reported. Queues get the limits that their routes say, or `defaults`; those that lost their last route, and
  // not by a mistake, are drained, kept or purged (see QueueRules). Error: io, when a queue cannot be made; the
  // old routes stay then.
  core::Status use(std::shared_ptr<CompiledRoutes> ready, const store::QueuePolicy& defaults = {});
  // On trial no queue is let go because its last route has gone: the routes of before may come back.
  void on_trial(bool on) { on_trial_ = on; }
  // The trial has ended well: what it has left without a route is let go.
  core::Status settle(const store::QueuePolicy& defaults);
  // Routes in force, as they were compiled.
  [[nodiscard]] const std::shared_ptr<const CompiledRoutes>& compiled() const { return compiled_; }
  // Call about once a second. True if inputs() is another now: a drained queue became empty and is gone, or another is
  // to be drained.
  bool remove_drained() { return rules_.remove_drained(); }
  // Removes queues upstream of links that no route names any more, once nothing waits there. For the start: whoever
  // drains them would be left without.
  void remove_unused_ways_up();
  // See QueueRules::expect().
  void expect(const std::set<store::QueueId>& queues) { rules_.expect(queues); }

  // Where this message goes; valid until the next call.
  // `unchanged`: it is retained, and says what is retained already.
  [[nodiscard]] std::span<const Hit> match(const core::Message& message, bool unchanged = false);
  // Routes that make something of the message last matched, and what one of them makes of it.
  [[nodiscard]] std::span<const routing::RouteIndex> projecting() const { return context_.projecting(); }
  [[nodiscard]] routing::ComputeResult project(routing::RouteIndex route) {
    return table().project(route, context_);
  }
  // Routes with state take the message last matched: it is an input, see inputs_queue().
  [[nodiscard]] bool computed() const { return context_.computed(); }
  // Routes of these names take no more inputs for now: a publisher of one has to wait.
  void stop_inputs(std::set<std::string, std::less<>> routes) { stopped_ = std::move(routes); }
  // Gives one of these that takes the message last matched; else empty.
  [[nodiscard]] std::string_view stopped() const;
  // A table that routes look up in is changed by it: it is an input too.
  [[nodiscard]] bool changes_lookup() const { return context_.changes_table(); }
  // Where inputs of routes with state wait; 0: no route has state.
  [[nodiscard]] store::QueueId inputs_queue() const { return inputs_queue_; }

  // Rule of a route in force about its queue; of one that is not, an empty one.
  [[nodiscard]] routing::QueueRule rule_of(std::string_view route) const;

  [[nodiscard]] const routing::RouteTable& table() const { return *routed_.table; }
  // With where its routes lead; stays where it is, and changes with use().
  [[nodiscard]] const RoutedTable& routed() const { return routed_; }
  // Routes in force, by name; before use() those of the last run. Good until use().
  [[nodiscard]] const GoodRoutes& in_force() const { return compiled_->good; }
  // True for a route that is wanted and not in force, because it does not compile.
  [[nodiscard]] bool is_left_out(std::string_view route) const;

  // Module inputs by topic: of the current routes, and of queues that are drained.
  [[nodiscard]] std::map<std::string, store::QueueId> inputs() const;

  // Every route, and every file or entry that could not be read, with what became of it.
  [[nodiscard]] std::vector<RouteInfo> describe() const;
  // Describes those with which something is wrong, and nothing of what they count.
  [[nodiscard]] std::vector<RouteInfo> describe_mistakes() const;
  // Lookup tables that are declared; until the next use().
  [[nodiscard]] const std::vector<routing::TableSource>& declared_tables() const {
    return compiled_->wanted.routes.tables;
  }
  // Every lookup table that is declared; what is in force of them the computer knows.
  [[nodiscard]] std::vector<LookupInfo> describe_lookups() const;
  // Counted since the start, over all routes; of those with state only what was looked at and could not be
  // decided at the arrival.
  [[nodiscard]] routing::RouteCounts counts() const;
  // Counted of a route of table() since that is in force; of one with state what was known when messages came.
  [[nodiscard]] routing::RouteCounts counts_of(routing::RouteIndex route) const;
  [[nodiscard]] size_t active() const { return table().routes().size(); }
  [[nodiscard]] size_t failed() const {
    return compiled_->statuses.size() - active() + compiled_->wanted.routes.errors.size();
  }
  // Routes in force in an earlier version, because their description is broken.
  [[nodiscard]] size_t kept() const { return compiled_->wanted.kept.size(); }
  // Routes in force in the words of their files; of one that is kept its earlier version; in the order in which
  // they were compiled.
  [[nodiscard]] std::vector<routing::RouteFileEntry> entries_in_force() const;
  // Files that routes in force were read from.
  [[nodiscard]] std::set<std::string> files() const;
  // By the last use().
  [[nodiscard]] const RouteChanges& changes() const { return compiled_->changes; }

 private:
  void report() const;
  [[nodiscard]] LetGo let_go();
  [[nodiscard]] RouteInfo about(size_t entry) const;
  [[nodiscard]] std::vector<QueueRules::Use> uses() const;
  void add_counts(uint32_t route, RouteInfo& info) const;

  store::QueueStore& store_;
  core::Log& log_;
  QueueRules rules_;
  RoutedTable routed_;
  routing::MatchContext context_;
  routing::RouteCounts counts_before_;  // with earlier tables
  store::QueueId inputs_queue_ = 0;
  std::set<std::string, std::less<>> stopped_;
  std::shared_ptr<const CompiledRoutes> compiled_;
  bool on_trial_ = false;
  std::set<std::string> left_on_trial_;  // queues without a route since
  std::vector<routing::Match> matches_;  // reused
  std::vector<Hit> hits_;                // reused
};

}  // namespace headgate::hub
