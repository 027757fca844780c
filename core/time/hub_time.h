// Hub time: the time in which everything that is stored has its deadlines and ages (docs/adr/0042).
//
// Within a boot it advances as CLOCK_BOOTTIME does, so a clock that is set, by NTP or by hand, neither ends nor
// prolongs anything. The length of a power-off counts if the clock was right before it and right when the hub was
// started after it; else the power-off does not count, and what waits lives that much longer.
//
// The clock is *right* once the kernel has said in this boot that it is synchronised, until it is set by more than
// kStepMs while the kernel says no longer so. An outage of the network alone does not make it wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace headgate::core {

// The system's clocks, read together.
struct ClockReading {
  int64_t boot_ms = 0;  // CLOCK_BOOTTIME: counts while the machine sleeps, begins anew with each boot
  int64_t wall_ms = 0;  // Unix time
  bool synced = false;  // the kernel says that the clock is synchronised
};

// A stretch of hub time, [from, to).
struct HubStretch {
  int64_t from_ms = 0;
  int64_t to_ms = 0;

  friend bool operator==(const HubStretch&, const HubStretch&) = default;
};

// When the clock was not known to be right: stamps of what arrived then may be wrong. A value of bounded size.
class DoubtfulStretches {
 public:
  static constexpr size_t kMax = 8;  // beyond it the two oldest become one

  void add(HubStretch stretch);
  [[nodiscard]] bool contains(int64_t hub_ms) const;
  // True if any of [from, to) was doubtful.
  [[nodiscard]] bool overlap(HubStretch stretch) const;
  [[nodiscard]] const std::vector<HubStretch>& all() const { return stretches_; }

  friend bool operator==(const DoubtfulStretches&, const DoubtfulStretches&) = default;

 private:
  std::vector<HubStretch> stretches_;  // in order, apart from each other
};

// A power-off of which nobody can tell yet whether it counts: the clock was right before it, and after it the
// kernel has not yet said so.
struct OpenPowerOff {
  int64_t before_wall_ms = 0;  // the wall clock before it
  int64_t after_wall_ms = 0;   // the wall clock at the first start after it
  int64_t after_boot_ms = 0;   // CLOCK_BOOTTIME then

  friend bool operator==(const OpenPowerOff&, const OpenPowerOff&) = default;
};

// The store's memory of hub time, with which it goes on after a restart.
struct HubTimeRecord {
  std::string boot_id;
  int64_t boot_ms = 0;
  int64_t hub_ms = 0;
  int64_t wall_ms = 0;
  bool right = false;
  std::optional<OpenPowerOff> power_off;
  DoubtfulStretches doubtful;

  friend bool operator==(const HubTimeRecord&, const HubTimeRecord&) = default;
};
// Makes one line of text; docs/store-format.md has it. Errors: corrupt.
[[nodiscard]] std::string encode_hub_time(const HubTimeRecord& record);
[[nodiscard]] Result<HubTimeRecord> decode_hub_time(std::string_view text);

// The boot id of a machine that names none: no two boots are known to be one.
inline constexpr std::string_view kUnknownBoot = "?";

// The key of the record among the store's values.
inline constexpr std::string_view kHubTimeKey = "hub-time";

// Sans I/O: readings in, hub time out.
class HubTime {
 public:
  static constexpr int64_t kStepMs = 1'000;          // between two readings: somebody set the clock
  static constexpr int64_t kRightWithinMs = 60'000;  // a clock that is off by less was right

  struct News {
    bool became_right = false;
    int64_t set_by_ms = 0;              // 0: nobody set the clock
    std::optional<int64_t> counted_ms;  // a power-off that counts, as is known since now
  };

  // `last`: what a hub remembered here; nullopt: this is the first, and hub time begins as Unix time.
  HubTime(std::string boot_id, const ClockReading& first, const std::optional<HubTimeRecord>& last);

  // Hub time at a reading of CLOCK_BOOTTIME.
  [[nodiscard]] int64_t at(int64_t boot_ms) const { return hub_ms_ + (boot_ms - boot_ms_); }
  [[nodiscard]] bool right() const { return right_; }
  [[nodiscard]] const DoubtfulStretches& doubtful() const { return doubtful_; }

  // Call once a second or so.
  News observe(const ClockReading& reading);
  // For the store, as of the last reading.
  [[nodiscard]] HubTimeRecord record() const;

 private:
  void go_on_in_boot(const HubTimeRecord& last, const ClockReading& first);
  void go_on_after_power_off(const HubTimeRecord& last, const ClockReading& first);
  std::optional<int64_t> settle_power_off();

  std::string boot_id_;
  int64_t boot_ms_ = 0;  // of the last reading
  int64_t hub_ms_ = 0;   // then
  int64_t wall_ms_ = 0;  // then
  bool right_ = false;
  std::optional<OpenPowerOff> power_off_;
  DoubtfulStretches doubtful_;
};

}  // namespace headgate::core
