// Messages that a hub keeps for replays of routes: which, since when, how far back. The admin API and the `headgate`
// command on a stopped hub's directory answer with the same text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::store {

// The queue that they are in (QueueKind::history), and the key of the record about it.
inline constexpr std::string_view kHistoryQueue = "$history";
inline constexpr std::string_view kHistoryKey = "history";

struct HistoryRecord {
  std::vector<std::string> filters;
  int64_t since_ms = 0;  // when these filters came in force, Unix time
};
// JSON, {"filters": [text…], "since_ms"}.
[[nodiscard]] std::string encode_history(const HistoryRecord& record);
// Errors: corrupt.
[[nodiscard]] core::Result<HistoryRecord> decode_history(std::string_view text);

// {"queue", "filters", "since_ms", "messages", "bytes", "bytes_max" (of a running hub only), "oldest_ms"}; times in Unix
// ms, 0 = there is none. Errors: not_found (nothing is kept), io.
[[nodiscard]] core::Result<std::string> history_json(QueueReader& reader, core::Now now);

}  // namespace headgate::store
