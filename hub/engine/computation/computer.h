// Runs routes with state: the consumer of their inputs.
//
// A step is one Change: inputs end, state changes and results are appended together, or none of it happens. So after a
// crash the state equals exactly the inputs that have ended, and a result is there once (docs/adr/0045).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"
#include "core/message.h"
#include "hub/engine/computation/computations.h"
#include "hub/engine/computation/inputs.h"
#include "hub/engine/computation/lookups.h"
#include "hub/engine/computation/progress.h"
#include "hub/engine/computation/results/result_messages.h"
#include "hub/engine/computation/results/sinks.h"
#include "hub/engine/consumers.h"
#include "hub/engine/route_set.h"
#include "hub/engine/thinning/thinners.h"
#include "store/queue_store.h"

namespace headgate::hub {

class Computer : private Consumer {
 public:
  // Limits of one turn of the loop; more follows in the next.
  // Inputs that came since count on top, so that a flood is computed as fast as it comes, from memory; else a flood's
  // inputs would be read back from disk, after they had been flushed there for nothing.
  static constexpr size_t kInputsATurn = 512;
  static constexpr size_t kInputsOwedMax = 8192;
  static constexpr size_t kResultsATurn = 256;

  // Everything is borrowed and must outlive this.
  struct Parts {
    store::QueueStore& store;
    Consumers& consumers;
    RouteSet& routes;
    Spreader& spreader;
    RetainedKeeper& retained;
    const Tails& tails;
    Recorder& recorder;
    PublishRights& rights;
    Thinners& thinners;
    const core::Clock& clock;
    core::Log& log;
  };
  explicit Computer(const Parts& parts);

  // See ResultMessages::doubt().
  void doubt(const core::DoubtfulStretches* doubtful) { messages_.doubt(doubtful); }

  // See Computations::on_trial(); with the next turn at the latest.
  void on_trial(bool on);
  // Another table is about to be in force: ends what is begun by the one that is.
  void before_routes_change();
  // The table in force is another. `policy`: of queues of which no route says more.
  void use_routes(const store::QueuePolicy& policy);

  // Routes with state take this message. `seq`: of the entry in their queue; 0 for QoS 0, which has none. `unchanged`:
  // see Spread.
  void take(const core::MessagePtr& message, store::Seq seq, bool unchanged);

  // Call about once a second: what is due by time is given.
  void tick();
  // Writes what is not written yet. Call before the hub stops.
  void flush();

  void on_durable(store::Seq up_to);
  void on_room();
  void on_failed();
  void on_recovered();

  // Adds what a route has computed, if it has state.
  void describe(RouteInfo& route) const;
  // Groups of a route, so many at most, and how many it has; nullopt: no route in force of that name has state.
  [[nodiscard]] std::optional<RouteWindows> open_windows(std::string_view route, size_t count) const;
  // Counts of a route in all; `at_arrival`: see RouteSet::counts_of().
  [[nodiscard]] routing::RouteCounts counts_of(const std::string& route,
                                               const routing::RouteCounts& at_arrival) const;
  // Counted since the start, over all routes.
  [[nodiscard]] routing::RouteCounts counts() const { return computations_.counts(); }
  // Adds what is known of a lookup table.
  void describe(LookupInfo& table) const { lookups_.describe(table); }
  // Lookup tables in force; until the next call of anything else.
  [[nodiscard]] const routing::LookupTables& tables() const { return lookups_.tables(); }
  // Sums over all tables.
  [[nodiscard]] Lookups::Totals lookup_totals() const { return lookups_.totals(); }
  // Messages of QoS 0 for which there was no room.
  [[nodiscard]] uint64_t dropped() const { return inputs_.dropped() + dropped_; }
  // Why no step can be taken now, for people; empty: it can.
  [[nodiscard]] const std::string& blocked_by() const { return blocked_by_; }

 private:
  // The input at work: it may take several turns, as a window of many groups closes before it counts.
  struct Work {
    Input input;
    std::vector<RunningRoute*> takers;
    bool changes_lookups = false;       // before they take it
    std::vector<RunningRoute*> routes;  // takers, and those that look up in what it changes
    size_t advanced = 0;                // so many of them have given what was due before it
    std::string source;
    std::string id;

    // Nothing is at work, and what it had room for is kept.
    void clear();
  };

  void on_ready(store::QueueId queue, bool more) override;
  void turn();
  [[nodiscard]] bool can_go_on();
  [[nodiscard]] bool take_inputs();
  void begin_work(Input input);
  void add_takers(Work& work);
  void add_readers(Work& work);
  void send_contents();
  [[nodiscard]] bool finish_work(size_t results_max);
  void take_one(RunningRoute& route);
  [[nodiscard]] bool fire(int64_t until_hub_ms);
  [[nodiscard]] bool advance(RunningRoute& route, int64_t until_hub_ms, size_t results_max);
  [[nodiscard]] bool drain_some();
  [[nodiscard]] bool drain(Drain& drain);
  void remove_drained();
  void hand_out(RunningRoute& route, const core::Message* input);
  void give_late(const RunningRoute& route);
  void release_held();
  void stop_routes();

  [[nodiscard]] bool is_due() const;
  void touch(RunningRoute& route);
  bool commit();
  void note_refused(const core::Error& error);
  void adopt_routes();
  void watch_queue();
  void drop_queue();

  Parts parts_;
  Inputs inputs_;
  Sinks sinks_;
  ResultMessages messages_;
  Computations computations_;
  Lookups lookups_;
  routing::MatchContext context_;
  routing::Computation::Results results_;  // reused
  std::optional<Work> work_;
  Work spare_;  // its memory is for the next work
  Progress progress_;
  store::QueuePolicy policy_;
  store::Seq committed_ = 0;  // the last Change
  store::Seq durable_ = 0;
  bool outdated_ = false;  // the table in force is another than the one that is followed
  bool anew_ = true;       // the state in memory is not the store's
  bool failed_ = false;    // the store takes nothing
  bool first_ = true;      // no routes have been in force
  size_t owed_ = 0;        // inputs that came, and were not taken yet
  uint64_t kept_ids_ = 0;  // of inputs in memory
  uint64_t dropped_ = 0;   // for a route that takes nothing now
  std::string blocked_by_;
  core::LogLimiter refused_;
};

}  // namespace headgate::hub
