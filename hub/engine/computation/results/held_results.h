// Results for which their sink has no room: durable, in a queue of their route, until there is some.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/message.h"
#include "core/result.h"
#include "hub/engine/computation/results/result_messages.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Prefix of the names of such queues; the route's name follows. One exists while something of its route waits.
inline constexpr std::string_view kHeldResultsPrefix = "$results/";

// Puts results aside for a route whose sink is full, so that it holds up no other route. While some wait, all later
// ones of the route wait behind them. Once there are as many as may wait, the route is to be given no further inputs;
// those on their way to it still have room, as far as the queue of all inputs may hold.
class HeldResults {
 public:
  // Borrows all; they must outlive this.
  HeldResults(store::QueueStore& store, const core::Clock& clock, core::Log& log)
      : store_(store), clock_(clock), log_(log) {}

  // Finds the queues that are there, which keep what they hold. Call once, before anything else.
  void restore();

  // Limits of what may wait, by route; that of all inputs is the room for what is on its way. Both also hold for what
  // waits already.
  using LimitsOf = std::function<store::QueuePolicy(std::string_view route)>;
  void set_limits(LimitsOf limits_of, const store::QueuePolicy& of_inputs);

  // The queue in which results of the route wait; 0: none do, and they go where they belong.
  [[nodiscard]] store::QueueId queue_of(std::string_view route) const;
  // From now on results of the route wait. False: they cannot.
  [[nodiscard]] bool hold(const std::string& route, std::string why);
  // Routes with as many results as may wait, where the limit refuses more.
  [[nodiscard]] std::set<std::string, std::less<>> at_limit() const;
  [[nodiscard]] bool is_at_limit(std::string_view route) const;
  // Why the results of a route wait, for people; empty: they do not.
  [[nodiscard]] std::string why(std::string_view route) const;

  // The entry that stands for a result. nullopt: it has too many targets to be put aside.
  [[nodiscard]] static std::optional<store::Target> entry_of(store::QueueId queue,
                                                             const QueuedResult& result);
  [[nodiscard]] static store::Target entry_of_published(store::QueueId queue);

  // A result that waited; `end` is its entry.
  struct Released {
    store::End end;
    std::optional<QueuedResult> queued;
    core::MessagePtr published;
  };
  // Stores a result where it belongs, durable with the seq that it gives; an error: it stays, with all behind it.
  using Release = std::function<core::Result<store::Seq>(const Released& result)>;
  // Gives results back in their order as far as `release` takes them. `durable`: all up to this seq is. True: there
  // is more to be tried at once.
  bool release(store::Seq durable, const Release& release);
  // A Change with results that wait has been taken, or lost.
  void on_settled();
  [[nodiscard]] bool empty() const { return held_.empty(); }

 private:
  struct Held {
    store::QueueId queue = 0;
    std::string why;
    bool fresh = false;              // the first of them is yet to be put there
    store::Seq ends = 0;             // durable with this one is what has been given back
    store::QueuePolicy limits = {};  // of what may wait
  };

  void limit(std::string_view route, Held& held);
  [[nodiscard]] bool is_at_limit(const Held& held) const;
  bool release_some(const std::string& route, Held& held, const Release& release);
  [[nodiscard]] Released read(const std::string& route, store::QueueId queue,
                              const store::Entry& entry) const;
  void remove_empty(store::Seq durable);

  store::QueueStore& store_;
  const core::Clock& clock_;
  core::Log& log_;
  LimitsOf limits_of_ = [](std::string_view) { return store::QueuePolicy(); };
  store::QueuePolicy of_inputs_;
  std::map<std::string, Held, std::less<>> held_;
};

}  // namespace headgate::hub
