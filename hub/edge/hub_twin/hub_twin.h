// The twin of $edgeHub: what is desired of it is put in force, and what became of that is reported, with who is connected. Loop
// thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "hub/edge/hub_twin/client_times.h"
#include "hub/edge/hub_twin/desired.h"
#include "hub/edge/id.h"
#include "hub/edge/twins/keeper.h"
#include "hub/edge/verbs.h"
#include "routing/files/route_file.h"

namespace headgate::hub {

// The report is written when an operator has changed what is desired, and else, if it says something new, at most once in
// kReportEveryMs: hundreds of clients that come and go cost one small write in that time.
class HubTwin {
 public:
  static constexpr int64_t kReportEveryMs = 10'000;

  using Routes = std::shared_ptr<const routing::RouteFile>;
  // Things that it needs of the hub.
  struct Hub {
    std::string device = {};   // its own
    std::string version = {};  // of the program
    // Puts routes in force in the place of those of before; `done` is called then, or when they could not be.
    std::function<void(Routes routes, std::function<void()> done)> put_in_force = {};
    // Says what is wrong with the routes that were given last, for people.
    std::function<std::vector<std::string>()> wrong = {};
  };

  // Borrowed.
  HubTwin(TwinKeeper& twins, const core::Clock& clock) : twins_(twins), clock_(clock) {}

  // There is such a twin from now on. Gives the routes that it wants, for the hub to begin with. Call once, with the store open.
  [[nodiscard]] Routes serve(Hub hub);

  // "$edgeHub" alone means that of this hub; others stay as they are.
  [[nodiscard]] EdgeId named(const EdgeId& id) const;
  // Gives what is to be called in the place of `done` once a change of that twin is durable: what is desired is put in force first.
  [[nodiscard]] EdgeVerbs::OnTwin after_change(const EdgeId& id, EdgeVerbs::OnTwin done);

  void on_connected(const EdgeId& client, core::Now now);
  void on_disconnected(const EdgeId& client, core::Now now);
  // Something else may be wrong with routes.
  void on_routes() { changed_ = true; }
  // Call about once a second.
  void tick(core::Now now, const std::function<bool(const EdgeId& id)>& is_known);

 private:
  void report(std::function<void()> done);

  TwinKeeper& twins_;
  const core::Clock& clock_;
  Hub hub_;  // without a device: there is no such twin
  EdgeId self_;
  ClientTimes clients_;
  int64_t version_ = 1;   // of what is desired, in force
  bool changed_ = false;  // the report is to say something else, perhaps
  int64_t next_mono_ms_ = 0;
};

}  // namespace headgate::hub
