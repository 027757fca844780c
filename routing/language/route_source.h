// Where a route's messages come from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headgate::routing {

// `FROM /messages/…` or `FROM 'topic/filter'`.
struct RouteSource {
  enum class Kind : uint8_t { path, topic_filter };
  Kind kind = Kind::path;
  std::string text;  // path: normalised (see normalise_source); topic filter: as written

  friend bool operator==(const RouteSource&, const RouteSource&) = default;
};

// A path as it is compared: lower case, without a trailing `*`, with exactly one trailing slash:
// "/messages/modules/M1/*" gives "/messages/modules/m1/". A route takes a message if this is a prefix
// of the message's own path; the trailing slash keeps m1 apart from m10. `*` elsewhere is a letter.
[[nodiscard]] std::string normalise_source(std::string_view path);

// Why a normalised path can never match a message, or empty if it can.
[[nodiscard]] std::string why_never(std::string_view normalised);

// Names what a source takes: "topic" (a filter), "messages" (whatever comes, "/messages/*"), "modules" (outputs of all modules), "module" (those
// of one, or one of them), "twin_changes", or "none" (no message can have it).
[[nodiscard]] std::string_view kind_name(const RouteSource& source);
// The source as the route's text has it, a filter without its quotes; normalised where the text writes it in pieces.
[[nodiscard]] std::string written_source(const RouteSource& source, std::string_view route_text);

inline constexpr std::string_view kMessagesPath = "/messages/";
inline constexpr std::string_view kModulesPath = "/messages/modules/";
inline constexpr std::string_view kTwinChangesPath = "/twinchangenotifications/";

// Topics on which the hub says what a device or module of IoT Edge has reported: `$edge/twin/<device>[/<module>]`.
inline constexpr std::string_view kTwinChangePrefix = "$edge/twin/";

}  // namespace headgate::routing
