// Times for what status shows: since when something is so, and when a counter last grew.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "hub/observe/metric.h"

namespace headgate::hub {

// A thing that is so or not.
class Since {
 public:
  void note(bool is, int64_t wall_ms) {
    if (is != is_) since_ms_ = wall_ms;
    is_ = is;
  }
  // Unix time since when it is so; 0: it is not.
  [[nodiscard]] int64_t ms() const { return is_ ? since_ms_ : 0; }

 private:
  bool is_ = false;
  int64_t since_ms_ = 0;
};

// Learns by looking once a second, so that nobody who counts has to think of the time.
class History {
 public:
  // By path in the answer to GET /v1/status, with the label: "clients/refused/not_authorized".
  using Times = std::map<std::string, int64_t, std::less<>>;

  // Every value in `counters` is 0 before the first call.
  void look(const Readings& counters, int64_t wall_ms);

  // Unix time at which each counter that is not 0 last grew, to a second.
  [[nodiscard]] const Times& grew_ms() const { return grew_ms_; }

  Since store_failed;
  Since disk_low;
  Since link_down;

 private:
  std::map<std::string, uint64_t, std::less<>> known_;
  Times grew_ms_;
};

}  // namespace headgate::hub
