// Plan of what a changed configuration would do, before it does it. Values; who makes them is hub/config_desk.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hub/admin/hub_view.h"

namespace headgate::hub {

struct KeyChange {
  std::string key;
  std::string before;  // JSON
  std::string after;
  bool at_once = false;  // else by a restart
};

struct QueueChange {
  std::string queue;
  std::string
      what;  // "made" | "used again" | "drained" | "kept" | "purged" | "stays" (its route may come back)
  uint64_t messages = 0;
  uint64_t bytes = 0;
};

struct ClientChange {
  std::string client_id;
  std::string user;               // empty: anonymous
  bool let_in = true;             // else it is disconnected
  std::vector<std::string> lost;  // "publish plant/#"
};

struct ConfigPlan {
  std::string file;
  std::string fingerprint;            // of what it was made against
  std::vector<std::string> problems;  // for people; with one of them it is not applied
  std::vector<KeyChange> keys = {};
  std::vector<QueueChange> queues = {};
  std::vector<RouteOutcome> routes = {};  // but for the unchanged
  std::vector<ClientChange> clients = {};
  uint64_t clients_not_compared = 0;                   // there are too many
  std::optional<uint64_t> bytes_a_day = std::nullopt;  // on the wire upstream, as it is; nullopt: not known
  bool same_traffic = false;  // nothing is changed that what goes upstream depends on
  std::optional<RecordedMatches> replayed = std::nullopt;  // routes of both versions, over the last hour
  std::string not_replayed = "headgate plan looks at recorded messages";  // why there is none
};

// Keys that take a restart.
[[nodiscard]] std::vector<std::string> keys_by_restart(const ConfigPlan& plan);

[[nodiscard]] std::string to_json(const ConfigPlan& plan);

// End of a request to apply.
struct ConfigApplied {
  std::string refused = {};      // why; empty: it was not
  std::string rolled_back = {};  // the same
  bool applied = false;
  uint32_t confirm_within_s = 0;  // rolled back if nobody confirms by then; 0: it stands
  bool restart = false;           // takes effect whole once the hub is started again
  bool starts_again = false;      // which the hub does by itself
};
[[nodiscard]] std::string to_json(const ConfigApplied& applied, const ConfigPlan& plan);

}  // namespace headgate::hub
