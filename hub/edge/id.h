// Name of a device or module as Azure's tools write it: "line-2" or "line-2/sensor".
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace headgate::hub {

// Ids are compared byte by byte and never read as patterns, whatever characters they have.
struct EdgeId {
  std::string device;
  std::string module;  // empty: the device itself

  [[nodiscard]] bool is_module() const { return !module.empty(); }
  // "D" or "D/M": also the client id.
  [[nodiscard]] std::string id() const { return is_module() ? device + "/" + module : device; }
  // The device that a module belongs to; of a device, itself.
  [[nodiscard]] EdgeId owner() const { return {device, {}}; }

  friend auto operator<=>(const EdgeId&, const EdgeId&) = default;
};

inline constexpr size_t kEdgeIdCharactersMax = 128;
inline constexpr std::string_view kEdgeIdCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.%_*?!(),:=@$'";

// Whether a device or a module may be called so. `+` and `#` are left out: no topic could carry them.
[[nodiscard]] inline bool is_edge_name(std::string_view name) {
  return !name.empty() && name.size() <= kEdgeIdCharactersMax &&
         name.find_first_not_of(kEdgeIdCharacters) == std::string_view::npos;
}

// "D" or "D/M"; nothing for any other text.
[[nodiscard]] inline std::optional<EdgeId> parse_edge_id(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view device = text.substr(0, slash);
  if (!is_edge_name(device)) return std::nullopt;
  if (slash == std::string_view::npos) return EdgeId{std::string(device), {}};
  const std::string_view module = text.substr(slash + 1);
  if (!is_edge_name(module)) return std::nullopt;
  return EdgeId{std::string(device), std::string(module)};
}

}  // namespace headgate::hub
