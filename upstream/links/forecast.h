// When what waits for a link will be gone, if nothing more comes. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "upstream/links/local_time.h"
#include "upstream/links/schedule.h"
#include "upstream/options.h"

namespace headgate::upstream {

struct ForecastInput {
  uint64_t wire_bytes = 0;  // that what waits will come to
  uint64_t bytes_per_s =
      0;                   // of the link while it sends; 0: nobody knows, so its own speed counts for nothing
  uint64_t day_bytes = 0;  // that have passed today, and this month
  uint64_t month_bytes = 0;
  int64_t from_ms = 0;  // Unix time
};

// Unix time at which the last of it has passed, by the rate, the budgets and the windows of the link; none: not within
// a year.
[[nodiscard]] std::optional<int64_t> gone_at(const ForecastInput& input, const LinkTerms& terms,
                                             const UtcOffset& offset);

}  // namespace headgate::upstream
