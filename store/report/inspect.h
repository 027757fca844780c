// Contents of the store, as JSON for people and scripts. The admin API and the `headgate` command on a
// stopped hub's directory answer with the same texts. Nothing here changes the store.
//
// Field names are stable. Times are Unix milliseconds (`…_ms`), sizes bytes. Those
// that are kept in hub time (`oldest_ms`, `expires_ms`) are shown as the wall clock of `now` has them.
//   queues:  {"queues": [queue…]}
//   queue:   {"name", "id", "in", "delivered", "waiting", "expired", "dropped", "dead", "waiting_bytes",
//             "oldest_ms", "limits": {"messages_max", "bytes_max", "age_max_ms", "on_full"} (0 = none; of a
//             running hub only), "refused" (appends, since its start), "paused", "lanes": [{"lane", "priority",
//             "waiting", "waiting_bytes", "oldest_ms"}…], "gaps": [{"from", "to", "count", "why", "into"}…]}; only
//             lanes that hold something; priority null = none
//   peek:    {"queue", "messages": [entry…]}
//   entry:   message and {"seq", "lane", "priority", "expires_ms"}
//   letters: {"dead_letters": [letter…], "next"} (the seq to go on after; 0: these were all)
//   letter:  message and {"seq", "died_ms", "reason", "attempts", "first_error", "first_error_ms",
//   "last_error",
//             "last_error_ms", "from": {"queue", "lane", "priority", "seq", "expires_ms"}}
//   message: {"topic", "qos", "retain", "arrived_ms", "body_bytes"}, where there are any also "client",
//            "device", "module", "content_type", "content_encoding", "response_topic", "properties":
//            [[name, value]…], and on demand "payload" (UTF-8) or "payload_base64"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/message.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::store {

inline constexpr size_t kPeekCountMax = 1000;
inline constexpr size_t kPeekBytesMax = 4 * 1024 * 1024;  // of bodies in one answer

struct PeekRequest {
  std::optional<uint8_t> lane;  // nullopt: all, best priority first
  Seq after = 0;
  size_t count = 10;  // at most kPeekCountMax
  bool payload = false;
};

[[nodiscard]] std::string queues_json(QueueReader& reader, core::Now now);

// Errors: not_found.
[[nodiscard]] core::Result<std::string> queue_json(QueueReader& reader, std::string_view name, core::Now now);

// The oldest waiting messages. Errors: not_found, and those of QueueReader::read().
[[nodiscard]] core::Result<std::string> peek_json(QueueReader& reader, std::string_view name,
                                                  const PeekRequest& request, core::Now now);

// Dead letters after `after`, oldest first, at most kPeekCountMax. Errors: those of QueueReader::read().
[[nodiscard]] core::Result<std::string> dead_letters_json(QueueReader& reader, Seq after, size_t count,
                                                          core::Now now);
// Shows one message. Errors: not_found, and those of QueueReader::read().
[[nodiscard]] core::Result<std::string> dead_letter_json(QueueReader& reader, Seq seq, bool payload,
                                                         core::Now now);

[[nodiscard]] std::string letter_json(const Entry& entry, bool payload, core::Now now);

// Writes one line, without a line end.
[[nodiscard]] std::string entry_json(const Entry& entry, uint8_t lane, bool payload, core::Now now);
// Does that with all that another queue needs to take the message in: the payload, and where there are any
// "correlation_base64", "payload_utf8" (it says that it is text), "tag_base64" (of its entry), "hops" and
// "publisher_expires_ms" (by the wish of its publisher).
[[nodiscard]] std::string export_json(const Entry& entry, uint8_t lane, core::Now now);
[[nodiscard]] std::string message_json(const core::Message& message, bool payload);

}  // namespace headgate::store
