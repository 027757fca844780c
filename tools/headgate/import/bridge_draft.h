// A bridge of another broker, as links, routes and topics that come down.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tools/headgate/import/draft.h"

namespace headgate::tools {

// A topic that a bridge carries; the prefixes stand before `pattern` on their sides.
struct BridgeTopic {
  Place place;
  std::string text;  // the line
  std::string pattern;
  std::string local_prefix = {};
  std::string remote_prefix = {};
  int qos = 0;
};

struct Bridge {
  Place place;
  std::string name;
  std::vector<std::pair<std::string, uint16_t>> brokers = {};  // in the order of preference
  std::string link_keys = "{}";                                // JSON text: what every link of it has
  std::vector<BridgeTopic> up = {};
  std::vector<BridgeTopic> down = {};
};

// Writes `links`, `upstream` and `routes`.
void put_bridges(const std::vector<Bridge>& bridges, nlohmann::ordered_json& config, Imported& out);

// A name that a link may have.
[[nodiscard]] std::string link_name(const std::string& name);

}  // namespace headgate::tools
