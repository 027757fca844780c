// The path after `$body.`: names, each with at most one array index: `machine.sensors[2].value`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::routing {

struct BodyStep {
  std::string name;
  std::optional<uint32_t> index;

  friend bool operator==(const BodyStep&, const BodyStep&) = default;
};

using BodyPath = std::vector<BodyStep>;

// nullopt for what is not such a path: "", "a..b", "a[x]", "a[1][2]", "a[-1]".
[[nodiscard]] std::optional<BodyPath> parse_body_path(std::string_view text);

// A text that gives this path again; empty for an empty one.
[[nodiscard]] std::string print(const BodyPath& path);

}  // namespace headgate::routing
