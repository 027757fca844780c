// The terms of one link, put together: what it may carry now, and why not more. Pure but for the record of its budget, which
// somebody else keeps.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/clock.h"
#include "upstream/links/bucket.h"
#include "upstream/links/budget.h"
#include "upstream/links/local_time.h"
#include "upstream/links/schedule.h"
#include "upstream/options.h"

namespace headgate::upstream {

// A budget that lets nothing more go before its period ends.
enum class Spent : uint8_t { nothing, day, month };

// Lanes and time that the terms of a link allow now.
struct Permit {
  uint16_t lanes = UINT16_MAX;   // bit n: lane n; 0: it is to carry nothing
  int64_t from_mono_ms = 0;      // when the next publish may go; INT64_MAX: not for any known time
  bool open = true;              // by its windows
  std::string why = {};          // for people, if not all may go at once
  Spent spent = Spent::nothing;  // the longer period of those that are used up

  friend bool operator==(const Permit&, const Permit&) = default;
};

// Keeps the record of a link's budget, and tells where it is.
struct GateWorld {
  UtcOffset offset = [](int64_t) { return int64_t{0}; };
  std::function<void(const std::string& record)> save = [](const std::string&) {};
  // The record that a crash would leave; empty: there is none.
  std::function<std::string()> saved = [] { return std::string(); };
};

// Bytes of a link by the clock of its place.
struct GateCounts {
  uint64_t wire_bytes = 0;  // since the start
  uint64_t day_bytes = 0;
  uint64_t month_bytes = 0;
};

class Gate {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  // MQTT's, TLS's and TCP's share in a publish and its answer.
  static constexpr uint64_t kPublishOverheadBytes = 400;

  // `batch_bytes_max`: the largest payload of a publish.
  Gate(LinkTerms terms, uint64_t batch_bytes_max, GateWorld world);

  // Other terms hold from now on; what was charged stays charged.
  void use(LinkTerms terms);
  // The link has had so many bytes on the wire since the start. Called before it is asked for its permit, now and then.
  void count(uint64_t wire_bytes, core::Now now);
  // A publish is about to go: its bytes are charged, and count() will not charge them again.
  void book(uint64_t payload_bytes);
  [[nodiscard]] Permit permit(core::Now now);
  // Nothing may go until the record is durable: to be asked for the permit again soon.
  [[nodiscard]] bool awaits_disk() const { return !durable_ && budget_.limits_anything(); }
  // A clean end: see Budget::give_back().
  void close();

  [[nodiscard]] GateCounts counts() const;

 private:
  void look_at_the_clock(core::Now now);
  [[nodiscard]] uint16_t lanes_by_time(std::string& why) const;
  [[nodiscard]] int64_t budget_opens_at(Permit& permit);
  void spend(uint64_t bytes);
  void save();
  void save_now_and_then(core::Now now);

  LinkTerms terms_;
  const uint64_t reserve_bytes_;  // that a publish may need
  const GateWorld world_;
  Schedule schedule_;
  LocalTime at_;
  int64_t at_second_ = INT64_MIN;  // Unix time of `at_`
  bool looked_ = false;
  uint32_t closed_min_ = 0;  // minutes until the schedule opens; 0: it is open
  Budget budget_;
  Bucket bucket_;
  uint64_t wire_bytes_ = 0;
  uint64_t booked_bytes_ = 0;  // and not counted yet
  int64_t save_at_ms_ = 0;     // mono
  std::string record_;         // as it was saved last
  bool durable_ = true;
};

}  // namespace headgate::upstream
