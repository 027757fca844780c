// Parts of the hub that a live stream may show.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace headgate::hub {

enum class LivePart : uint8_t { status, queues, routes, upstream, forecast, clients, events };

inline constexpr std::array<std::string_view, 7> kLivePartNames = {
    "status", "queues", "routes", "upstream", "forecast", "clients", "events"};

class LiveParts {
 public:
  // All but clients: there may be thousands, and most views do not show them.
  [[nodiscard]] static LiveParts usual() {
    LiveParts parts;
    parts.parts_.set();
    parts.parts_.reset(static_cast<size_t>(LivePart::clients));
    return parts;
  }
  // Names with commas between them; nullopt: one is unknown, or there is none.
  [[nodiscard]] static std::optional<LiveParts> named(std::string_view names) {
    LiveParts parts;
    for (size_t from = 0; from <= names.size();) {
      const size_t comma = std::min(names.find(',', from), names.size());
      if (!parts.add(names.substr(from, comma - from))) return std::nullopt;
      from = comma + 1;
    }
    return parts;
  }

  [[nodiscard]] bool has(LivePart part) const { return parts_.test(static_cast<size_t>(part)); }
  [[nodiscard]] bool has_all(LiveParts of) const { return (of.parts_ & ~parts_).none(); }
  [[nodiscard]] uint64_t bits() const { return parts_.to_ullong(); }
  LiveParts& operator|=(LiveParts other) {
    parts_ |= other.parts_;
    return *this;
  }

 private:
  [[nodiscard]] bool add(std::string_view name) {
    for (size_t i = 0; i < kLivePartNames.size(); ++i)
      if (kLivePartNames[i] == name) return parts_.set(i).test(i);
    return false;
  }

  std::bitset<kLivePartNames.size()> parts_;
};

}  // namespace headgate::hub
