#include "routing/selection/moment.h"

#include <string>

#include "routing/compute/event_time.h"
#include "routing/language/duration.h"

namespace headgate::routing {

core::Result<int64_t> parse_moment(std::string_view text, int64_t now_ms) {
  if (const auto ago = parse_duration(text)) return now_ms - *ago;
  if (const auto time = parse_iso8601_ms(text)) return *time;
  return core::fail(core::Errc::invalid,
                    "\"" + std::string(text) +
                        "\" is no time; allowed: how long ago, such as 90m, 1h or 2d, or "
                        "a time such as 2026-11-22T06:00:00Z");
}

}  // namespace headgate::routing
