// Links upstream as modules on site see them: a JSON text under `$SYS` for each. Documented in docs/operations.md. Pure.
#pragma once

#include <string>
#include <vector>

#include "hub/observe/feeds/sys_topics.h"
#include "upstream/links/report.h"

namespace headgate::hub {

// `$SYS/headgate/links/NAME`. What is left of a budget stands there in steps of ten percent, so that it does not change with
// every message.
[[nodiscard]] std::vector<SysTopic> link_topics(const upstream::UpstreamReport& report);

}  // namespace headgate::hub
