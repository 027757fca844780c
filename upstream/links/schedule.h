// Times at which a link may be open: windows of the day or the week. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/links/local_time.h"

namespace headgate::upstream {

// Every week from one minute to another, on some of its days. One that ends where it begins lasts a day; one that ends
// before it begins lasts into the next day.
struct OpenWindow {
  uint8_t days = 0x7F;    // bit 0 is Monday
  uint32_t from_min = 0;  // of the day
  uint32_t to_min = 0;    // of the day; 1440 is its end

  friend bool operator==(const OpenWindow&, const OpenWindow&) = default;
};

// "02:00-05:00", "mon-fri 20:00-06:00", "sat,sun 00:00-24:00". Nothing if it is none.
[[nodiscard]] std::optional<OpenWindow> parse_window(std::string_view text);

class Schedule {
 public:
  // No windows: always open. What is no window is left out.
  explicit Schedule(const std::vector<std::string>& windows = {});

  [[nodiscard]] bool is_open(const LocalTime& at) const;
  // Minutes until it opens, by this day's distance from UTC; 0: it is open.
  [[nodiscard]] uint32_t opens_in_min(const LocalTime& at) const;

 private:
  [[nodiscard]] bool is_open(uint32_t minute_of_week) const;

  std::vector<OpenWindow> windows_;
};

}  // namespace headgate::upstream
