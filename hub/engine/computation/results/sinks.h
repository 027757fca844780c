// Where results of routes with state go: on their way, or aside while there is no room for them.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/engine/computation/inputs.h"
#include "hub/engine/computation/results/held_results.h"
#include "hub/engine/computation/results/outlet.h"
#include "hub/engine/publish/spreader.h"
#include "hub/engine/retained/keeper.h"
#include "hub/observe/recorder/recorder.h"
#include "hub/observe/tails.h"
#include "store/queue_store.h"

namespace headgate::hub {

// A sink without room stops its own route: the results of that route are put aside, durable, and later ones wait behind
// them. Those of other routes go on.
class Sinks {
 public:
  // Everything is borrowed and must outlive this.
  struct Parts {
    store::QueueStore& store;
    Spreader& spreader;
    RetainedKeeper& retained;
    const Tails& tails;
    Inputs& inputs;
    Recorder& recorder;
    const core::Clock& clock;
    core::Log& log;
  };
  explicit Sinks(const Parts& parts);

  // Finds what was put aside before the hub was started. Call once, before anything else.
  void restore() { held_.restore(); }
  // See HeldResults::set_limits().
  void set_limits(HeldResults::LimitsOf limits_of, const store::QueuePolicy& of_inputs) {
    held_.set_limits(std::move(limits_of), of_inputs);
  }

  // Finds the place to add results of a route to, for the next Change.
  [[nodiscard]] Outlet::Pending& of(const std::string& route) { return outlet_.of(route); }
  [[nodiscard]] size_t size() const { return outlet_.size(); }
  // See Outlet::plan().
  [[nodiscard]] Outlet::Planned plan() { return outlet_.plan(); }
  // The planned Change was taken; see Outlet::on_committed().
  void on_committed(store::Seq seq);
  // Looks for another way for the results: the Change was refused. True if there is one, so that the Change is to be
  // planned and tried again.
  [[nodiscard]] bool find_way_round(const core::Error& error);

  // Delivers what is due, now that all is durable up to this seq.
  void on_durable(store::Seq up_to);
  // Gives what was put aside to where it belongs, as far as there is room. Gives the seq of the last Change that this
  // took; 0: there was none.
  store::Seq release();
  // Nothing has happened that is not durable.
  void on_failed();

  // Results are put aside.
  [[nodiscard]] bool any_held() const { return !held_.empty(); }
  // See HeldResults.
  [[nodiscard]] std::set<std::string, std::less<>> at_limit() const { return held_.at_limit(); }
  [[nodiscard]] bool is_at_limit(std::string_view route) const { return held_.is_at_limit(route); }
  [[nodiscard]] std::string why(std::string_view route) const { return held_.why(route); }

 private:
  [[nodiscard]] bool hold_full();
  [[nodiscard]] core::Result<store::Seq> release_one(const HeldResults::Released& result);

  store::QueueStore& store_;
  core::Log& log_;
  HeldResults held_;
  Outlet outlet_;
  Outlet released_;  // results that had been put aside
  store::Seq durable_ = 0;
};

}  // namespace headgate::hub
