// Lines of JSON as server-sent events (HTML Living Standard, section 9.2). Pure.
//
//   id: 1796013002325-7
//   data: {"topic": "plant/7", …}
//
// A reader that stays behind loses events, and is told how many before the next one; so is one that comes again with the id
// of its last event, as nothing is kept for it: `event: lost`, data {"events": N} or {"after": ID}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace headgate::hub {

class EventStream {
 public:
  // `begun_ms`: Unix time, so that ids of two streams differ.
  explicit EventStream(int64_t begun_ms) : prefix_(std::to_string(begun_ms) + "-") {}

  // For a reader whose last event had that id; it is anybody's text, and repeated only if it is an id.
  [[nodiscard]] static std::string resumed(std::string_view last_id) {
    const bool is_id = !last_id.empty() && last_id.size() <= kIdBytesMax &&
                       last_id.find_first_not_of("0123456789-") == std::string_view::npos;
    return is_id ? "event: lost\ndata: {\"after\":\"" + std::string(last_id) + "\"}\n\n" : std::string();
  }

  // The event of a line, behind what was lost before it.
  [[nodiscard]] std::string event(std::string_view line) {
    std::string text;
    if (const uint64_t lost = std::exchange(lost_, 0); lost > 0)
      text = "event: lost\ndata: {\"events\":" + std::to_string(lost) + "}\n\n";
    text.append("id: ").append(prefix_).append(std::to_string(++count_));
    return text.append("\ndata: ").append(line).append("\n\n");
  }

  // There is no room for a line.
  void lose() { ++lost_; }

 private:
  static constexpr size_t kIdBytesMax = 40;

  std::string prefix_;
  uint64_t count_ = 0;
  uint64_t lost_ = 0;
};

}  // namespace headgate::hub
