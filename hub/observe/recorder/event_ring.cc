#include "hub/observe/recorder/event_ring.h"

#include <algorithm>
#include <iterator>

#include "core/text.h"

namespace headgate::hub {
namespace {

constexpr size_t kFieldCharactersMax = 512;
constexpr size_t kAllocationBytes = 16;  // beside what is asked for

size_t size_of(const LogEvent& event) {
  size_t bytes = sizeof(event) + event.event.capacity() + kAllocationBytes;
  for (const auto& [key, value] : event.fields)
    bytes += sizeof(event.fields[0]) + key.capacity() + value.capacity() + 2 * kAllocationBytes;
  return bytes;
}

}  // namespace

void EventRing::add(core::LogLevel level, std::string_view event,
                    std::initializer_list<core::LogField> fields, int64_t at_ms) {
  LogEvent made{0, at_ms, level, std::string(event), {}};
  made.fields.reserve(fields.size());
  for (const core::LogField& field : fields)
    made.fields.emplace_back(field.key, core::shortened(field.value, kFieldCharactersMax));
  const std::lock_guard lock(mutex_);
  made.number = ++last_;
  bytes_ += size_of(made);
  events_.push_back(std::move(made));
  while (bytes_ > bytes_max_ && !events_.empty()) {
    bytes_ -= size_of(events_.front());
    events_.pop_front();
  }
}

LogEvents EventRing::find(const EventFilter& filter) const {
  const auto wanted = [&filter](const LogEvent& event) {
    return event.number > filter.after && event.level >= filter.level &&
           (filter.event.empty() || event.event == filter.event);
  };
  const std::lock_guard lock(mutex_);
  LogEvents found;
  found.next = last_;
  found.forgotten = last_ - events_.size();
  if (filter.after == 0) {
    for (auto it = events_.rbegin(); it != events_.rend() && found.events.size() < filter.count; ++it)
      if (wanted(*it)) found.events.push_back(*it);
    std::ranges::reverse(found.events);
    return found;
  }
  for (const LogEvent& event : events_) {
    if (!wanted(event)) continue;
    if (found.events.size() == filter.count) {
      found.next = found.events.back().number;
      break;
    }
    found.events.push_back(event);
  }
  return found;
}

size_t EventRing::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace headgate::hub
