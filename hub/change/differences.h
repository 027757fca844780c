// Differences between what is in force and what is to come. Pure, but for fingerprint_of().
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/access.h"
#include "hub/access/rules.h"
#include "hub/change/plan.h"
#include "hub/config/config.h"
#include "hub/engine/routes/compiled.h"

namespace headgate::hub {

// Keys with another value, in the order of the reference; of routes and tables nothing is said.
[[nodiscard]] std::vector<KeyChange> key_changes(Config before, Config after);

// Counts what waits in a queue; nullopt: it is not there.
struct Waiting {
  uint64_t messages = 0;
  uint64_t bytes = 0;
};
using LookAtQueue = std::function<std::optional<Waiting>(const std::string& queue)>;

// Queues that routes lead to before or after, and not both; `$upstream`, which is always there, is none of them.
[[nodiscard]] std::vector<QueueChange> queue_changes(const CompiledRoutes& before,
                                                     const CompiledRoutes& after, const LookAtQueue& look);

// Compares what clients may do. Each filter that a rule of before or after names stands for the topics that it matches.
class RightsComparison {
 public:
  RightsComparison(const std::vector<AccessRule>& before, const std::vector<AccessRule>& after);

  struct Client {
    const broker::Identity& identity;
    const std::string& client_id;
    std::vector<std::string> subscriptions;
  };
  // Names what it could do and can no more: "receive plant/#", each once.
  [[nodiscard]] std::vector<std::string> lost(const Client& client, const broker::Rights& before,
                                              const broker::Rights& after) const;

 private:
  std::vector<std::pair<std::string, Odd>> topics_;
};

// Hash of what a plan is made against: the values in force, the routes in force, and the files on the disk. Reads them.
[[nodiscard]] std::string fingerprint_of(Config running, const std::string& routes_in_force,
                                         const std::string& config_path);

}  // namespace headgate::hub
