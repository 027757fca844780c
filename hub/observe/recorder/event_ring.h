// The last lines of the log as events, in memory of a fixed size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/log.h"

namespace headgate::hub {

struct LogEvent {
  uint64_t number = 0;  // from 1, in their order
  int64_t at_ms = 0;    // Unix time
  core::LogLevel level = core::LogLevel::info;
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
};

// Events that are wanted.
struct EventFilter {
  uint64_t after = 0;  // those behind this number, the oldest first; 0: the newest
  size_t count = 100;
  core::LogLevel level = core::LogLevel::debug;  // and those above
  std::string event = {};                        // empty: any
};

struct LogEvents {
  std::vector<LogEvent> events;  // oldest first
  uint64_t next = 0;             // to go on behind
  uint64_t forgotten = 0;        // events that are not there any more
};

// Thread-safe.
class EventRing {
 public:
  explicit EventRing(size_t bytes_max = size_t{256} * 1024) : bytes_max_(bytes_max) {}

  void add(core::LogLevel level, std::string_view event, std::initializer_list<core::LogField> fields,
           int64_t at_ms);
  [[nodiscard]] LogEvents find(const EventFilter& filter) const;
  [[nodiscard]] size_t bytes() const;

 private:
  const size_t bytes_max_;
  mutable std::mutex mutex_;
  std::deque<LogEvent> events_;
  size_t bytes_ = 0;
  uint64_t last_ = 0;
};

}  // namespace headgate::hub
