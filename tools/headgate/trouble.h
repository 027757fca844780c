// Trouble of a hub: what is wrong now, told apart from what was. Internal to tools/headgate.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace headgate::tools {

// Lines for status; empty: nothing. A counter is "now" for ten minutes after it last grew.
struct Trouble {
  std::string now;
  std::string past;
};

// `status` is the answer to GET /v1/status.
[[nodiscard]] Trouble trouble_of(const nlohmann::ordered_json& status);

// A reason as it is counted, in words: "not_authorized" is "not authorized".
[[nodiscard]] std::string reason_in_words(std::string_view reason);

}  // namespace headgate::tools
