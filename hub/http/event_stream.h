// Lines of JSON as server-sent events (HTML Living Standard, section 9.2), the last of which are kept. Pure.
//
//   id: 1796013002325-3-7
//   data: {"topic": "plant/7", …}
//
// A reader that stays behind, or comes again with the id of its last event, gets what it missed; of what is not kept any more it
// is told how many those were: `event: lost`, data {"events": N}; or, where not even that is known, {"after": ID}.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/text.h"

namespace headgate::hub {

class EventStream {
 public:
  // `name`: of digits and dashes, and no other stream's. Of its lines so many bytes are kept, and the last line.
  EventStream(std::string name, size_t bytes_max) : name_(std::move(name)), bytes_max_(bytes_max) {}

  void add(std::string line) {
    bytes_ += line.size();
    lines_.push_back(std::move(line));
    for (; bytes_ > bytes_max_ && lines_.size() > 1; ++first_) {
      bytes_ -= lines_.front().size();
      lines_.pop_front();
    }
  }

  // Events behind that number, about so many bytes of them at least if there are as many, and how many were lost before them;
  // `after` is the number of the last then. Empty: there are none.
  [[nodiscard]] std::string take(uint64_t& after, size_t bytes) const {
    std::string text;
    if (after + 1 < first_) {
      text = lost_text("events", std::to_string(first_ - 1 - after));
      after = first_ - 1;
    }
    for (; after < last() && text.size() < bytes; ++after) {
      text.append("id: ").append(name_).append("-").append(std::to_string(after + 1));
      text.append("\ndata: ").append(lines_[after + 1 - first_]).append("\n\n");
    }
    return text;
  }

  // The number in an id of this stream's; nullopt: it is none, or of an event that is yet to come.
  [[nodiscard]] std::optional<uint64_t> number_in(std::string_view id) const {
    if (!id.starts_with(name_) || id.size() <= name_.size() || id[name_.size()] != '-') return std::nullopt;
    const auto number = core::parse_whole<uint64_t>(id.substr(name_.size() + 1));
    return number && *number <= last() ? number : std::nullopt;
  }

  // For a reader whose last event is of a stream that is not known any more. The id is anybody's text, and repeated only if it
  // is an id.
  [[nodiscard]] static std::string resumed(std::string_view last_id) {
    const bool is_id = !last_id.empty() && last_id.size() <= kIdBytesMax &&
                       last_id.find_first_not_of("0123456789-") == std::string_view::npos;
    return is_id ? lost_text("after", "\"" + std::string(last_id) + "\"") : std::string();
  }

  // Number of the last event; 0: there was none.
  [[nodiscard]] uint64_t last() const { return first_ + lines_.size() - 1; }
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kIdBytesMax = 60;

  static std::string lost_text(std::string_view what, const std::string& value) {
    return "event: lost\ndata: {\"" + std::string(what) + "\":" + value + "}\n\n";
  }

  std::string name_;
  size_t bytes_max_;
  uint64_t first_ = 1;  // number of the oldest that is kept, or of the next
  size_t bytes_ = 0;
  std::deque<std::string> lines_;
};

}  // namespace headgate::hub
