#include "upstream/links/gate.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace headgate::upstream {
namespace {

constexpr uint16_t kUrgentLane = 1;
constexpr int64_t kSaveEveryMs = 10000;

uint16_t lanes_up_to(uint8_t priority_max) { return static_cast<uint16_t>((2U << priority_max) - 1); }

std::string in_hours(uint32_t minutes) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%u h %02u min", minutes / 60, minutes % 60);
  return {text.data(), static_cast<size_t>(size)};
}

void add(std::string& why, std::string_view more) { why.append(why.empty() ? "" : "; ").append(more); }

}  // namespace

Gate::Gate(LinkTerms terms, uint64_t batch_bytes_max, GateWorld world)
    : terms_(std::move(terms)),
      reserve_bytes_(batch_bytes_max + kPublishOverheadBytes),
      world_(std::move(world)),
      schedule_(terms_.open),
      budget_({terms_.day_bytes_max, terms_.month_bytes_max, reserve_bytes_}),
      bucket_(terms_.rate_bytes_per_s, terms_.burst_bytes) {
  record_ = world_.saved();
  (void)budget_.restore(record_);  // a record that nobody can read is as none
}

void Gate::use(LinkTerms terms) {
  const bool same_rate =
      terms.rate_bytes_per_s == terms_.rate_bytes_per_s && terms.burst_bytes == terms_.burst_bytes;
  terms_ = std::move(terms);
  schedule_ = Schedule(terms_.open);
  looked_ = false;  // the windows are others
  at_second_ = INT64_MIN;
  budget_.limit({terms_.day_bytes_max, terms_.month_bytes_max, reserve_bytes_});
  if (!same_rate) bucket_ = Bucket(terms_.rate_bytes_per_s, terms_.burst_bytes);
}

void Gate::count(uint64_t wire_bytes, core::Now now) {
  bucket_.fill(now.mono_ms);
  look_at_the_clock(now);
  const uint64_t more = wire_bytes - std::min(wire_bytes, wire_bytes_);
  wire_bytes_ = std::max(wire_bytes_, wire_bytes);
  const uint64_t known = std::min(more, booked_bytes_);
  booked_bytes_ -= known;
  spend(more - known);
}

// Once a second: looking a time up in a zone costs more than all else here.
void Gate::look_at_the_clock(core::Now now) {
  const int64_t second = now.wall_ms / 1000;
  if (second != at_second_) {
    at_second_ = second;
    const uint32_t minute = std::exchange(at_, local_time(now.wall_ms, world_.offset)).minute;
    if (minute != at_.minute || !looked_) closed_min_ = schedule_.opens_in_min(at_);
    looked_ = true;
  }
  budget_.turn_to(at_.day, month_of(at_.day, terms_.month_first_day), now.clock_right);
}

void Gate::book(uint64_t payload_bytes) {
  spend(payload_bytes + kPublishOverheadBytes);
  booked_bytes_ += payload_bytes + kPublishOverheadBytes;
}

void Gate::spend(uint64_t bytes) {
  bucket_.take(bytes);
  budget_.spend(bytes);
}

Permit Gate::permit(core::Now now) {
  Permit permit;
  permit.open = closed_min_ == 0;
  permit.lanes = lanes_by_time(permit.why);
  permit.from_mono_ms = bucket_.opens_at();
  if (permit.from_mono_ms > now.mono_ms) add(permit.why, "its byte rate is used up");
  if (!budget_.limits_anything()) {
    save_now_and_then(now);
    return permit;
  }
  const int64_t opens_ms = budget_opens_at(permit);
  permit.from_mono_ms = std::max(permit.from_mono_ms, opens_ms);
  if (!budget_.covers_next()) permit.lanes = 0;
  return permit;
}

uint16_t Gate::lanes_by_time(std::string& why) const {
  const uint16_t lanes = lanes_up_to(terms_.priority_max);
  if (closed_min_ == 0) return lanes;
  why = "closed by its schedule for " + in_hours(closed_min_);
  if (!terms_.urgent_opens) return 0;
  why += ", but for priority 0";
  return kUrgentLane;
}

// Lets nothing be spent before its charge is durable.
int64_t Gate::budget_opens_at(Permit& permit) {
  budget_.lease();
  save();
  if (budget_.day_is_used_up() && !budget_.covers_next()) permit.spent = Spent::day;
  if (budget_.month_is_used_up() && !budget_.covers_next()) {
    permit.spent = Spent::month;
    add(permit.why, "its budget of this month is used up");
  }
  if (budget_.day_is_used_up() && !budget_.covers_next()) add(permit.why, "its budget of today is used up");
  if (durable_) return 0;
  durable_ = world_.saved() == record_;
  return durable_ ? 0 : kNever;
}

void Gate::save() {
  std::string record = budget_.record();
  if (record == record_) return;
  record_ = std::move(record);
  world_.save(record_);
  durable_ = false;
}

// Nothing depends on it but what people see after a restart.
void Gate::save_now_and_then(core::Now now) {
  if (now.mono_ms < save_at_ms_) return;
  save_at_ms_ = now.mono_ms + kSaveEveryMs;
  save();
}

void Gate::close() {
  budget_.give_back();
  save();
}

GateCounts Gate::counts() const { return {wire_bytes_, budget_.day_bytes(), budget_.month_bytes()}; }

}  // namespace headgate::upstream
