// Findings about a hub, what is wrong or will be, and one step for each: the rules behind GET /v1/doctor and `headgate doctor`. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::hub {

enum class Severity : uint8_t {
  info,     // worth knowing; all is well
  warning,  // goes wrong one day
  error,    // is wrong now
};
[[nodiscard]] std::string_view name_of(Severity severity);

struct Finding {
  Severity severity = Severity::info;
  std::string check;  // "queues", "disk", …
  std::string where;  // a queue, link, route, client or directory
  std::string what;   // is wrong
  std::string todo;   // one step, as it is typed where there is a command for it
};

// Answers of the hub to GET /v1/status, /v1/queues and so on. Of its queues there are two, the second some time after the first.
struct HubAnswers {
  const nlohmann::ordered_json& status;
  const nlohmann::ordered_json& queues;
  const nlohmann::ordered_json& queues_later;
  const nlohmann::ordered_json& routes;
  const nlohmann::ordered_json& clients;
  const nlohmann::ordered_json& upstream;
  const nlohmann::ordered_json& identities;
};

[[nodiscard]] std::vector<Finding> examine(const HubAnswers& hub);

}  // namespace headgate::hub
