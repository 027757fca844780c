#include "core/time/hub_time.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace headgate::core {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::string_view kNoPowerOff = "-";

// Reads a line's words one by one. A word that is missing or no number makes all of it wrong.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  std::string_view word() {
    const size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ok_ = ok_ && !word.empty();
    return word;
  }
  int64_t number() { return to_number(word()); }
  int64_t to_number(std::string_view word) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    ok_ = ok_ && error == std::errc() && end == word.data() + word.size();
    return number;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::optional<OpenPowerOff> read_power_off(Words& words) {
  const std::string_view first = words.word();
  if (first == kNoPowerOff) return std::nullopt;
  OpenPowerOff power_off;
  power_off.before_wall_ms = words.to_number(first);
  power_off.after_wall_ms = words.number();
  power_off.after_boot_ms = words.number();
  return power_off;
}

}  // namespace

void DoubtfulStretches::add(HubStretch stretch) {
  if (stretch.to_ms <= stretch.from_ms) return;
  if (!stretches_.empty() && stretch.from_ms <= stretches_.back().to_ms) {
    stretches_.back().to_ms = std::max(stretches_.back().to_ms, stretch.to_ms);
    return;
  }
  stretches_.push_back(stretch);
  if (stretches_.size() <= kMax) return;
  stretches_[1].from_ms = stretches_[0].from_ms;
  stretches_.erase(stretches_.begin());
}

bool DoubtfulStretches::overlap(HubStretch stretch) const {
  return std::ranges::any_of(stretches_, [&](const HubStretch& one) {
    return one.from_ms < stretch.to_ms && stretch.from_ms < one.to_ms;
  });
}

bool DoubtfulStretches::contains(int64_t hub_ms) const {
  return std::any_of(stretches_.begin(), stretches_.end(), [hub_ms](const HubStretch& stretch) {
    return stretch.from_ms <= hub_ms && hub_ms < stretch.to_ms;
  });
}

// ---- the record ----

std::string encode_hub_time(const HubTimeRecord& record) {
  std::string text = std::string(kVersion) + " " + record.boot_id;
  const auto put = [&text](int64_t number) { text += " " + std::to_string(number); };
  put(record.boot_ms);
  put(record.hub_ms);
  put(record.wall_ms);
  put(record.right ? 1 : 0);
  if (record.power_off) {
    put(record.power_off->before_wall_ms);
    put(record.power_off->after_wall_ms);
    put(record.power_off->after_boot_ms);
  } else {
    text.append(" ").append(kNoPowerOff);
  }
  for (const HubStretch& stretch : record.doubtful.all()) {
    put(stretch.from_ms);
    put(stretch.to_ms);
  }
  return text;
}

Result<HubTimeRecord> decode_hub_time(std::string_view text) {
  Words words(text);
  const bool known = words.word() == kVersion;
  HubTimeRecord record;
  record.boot_id = words.word();
  record.boot_ms = words.number();
  record.hub_ms = words.number();
  record.wall_ms = words.number();
  record.right = words.number() != 0;
  record.power_off = read_power_off(words);
  while (words.ok() && !words.at_end()) {
    const int64_t from_ms = words.number();
    record.doubtful.add({from_ms, words.number()});
  }
  if (!known || !words.ok())
    return fail(Errc::corrupt, "the stored value '" + std::string(kHubTimeKey) + "' cannot be read");
  return record;
}

// ---- hub time ----

HubTime::HubTime(std::string boot_id, const ClockReading& first, const std::optional<HubTimeRecord>& last)
    : boot_id_(std::move(boot_id)),
      boot_ms_(first.boot_ms),
      hub_ms_(first.wall_ms),
      wall_ms_(first.wall_ms),
      right_(first.synced) {
  if (!last) return;
  doubtful_ = last->doubtful;
  if (last->boot_id == boot_id_ && boot_id_ != kUnknownBoot)
    go_on_in_boot(*last, first);
  else
    go_on_after_power_off(*last, first);
}

// The hub was away for a while, and the machine was not. What the last hub knew of the clock holds, unless the
// clock was set meanwhile.
void HubTime::go_on_in_boot(const HubTimeRecord& last, const ClockReading& first) {
  const int64_t away_ms = std::max<int64_t>(0, first.boot_ms - last.boot_ms);
  hub_ms_ = last.hub_ms + away_ms;
  if (!last.right) doubtful_.add({last.hub_ms, hub_ms_});
  power_off_ = last.power_off;
  const bool set = std::abs(first.wall_ms - last.wall_ms - away_ms) > kStepMs;
  right_ = first.synced || (last.right && !set);
  if (right_) (void)settle_power_off();
}

void HubTime::go_on_after_power_off(const HubTimeRecord& last, const ClockReading& first) {
  hub_ms_ = last.hub_ms;
  if (!last.right) return;  // nobody knows when it began
  power_off_ = OpenPowerOff{last.wall_ms, first.wall_ms, first.boot_ms};
  if (right_) (void)settle_power_off();
}

// The clock is right now, so it is known what it should have shown at the start.
std::optional<int64_t> HubTime::settle_power_off() {
  const auto power_off = std::exchange(power_off_, std::nullopt);
  if (!power_off) return std::nullopt;
  const int64_t started_ms = wall_ms_ - (boot_ms_ - power_off->after_boot_ms);
  const bool was_right = std::abs(started_ms - power_off->after_wall_ms) <= kRightWithinMs;
  const int64_t length_ms = started_ms - power_off->before_wall_ms;
  if (!was_right || length_ms <= 0) return std::nullopt;
  hub_ms_ += length_ms;
  return length_ms;
}

HubTime::News HubTime::observe(const ClockReading& reading) {
  News news;
  const int64_t passed_ms = reading.boot_ms - boot_ms_;
  const int64_t step_ms = reading.wall_ms - wall_ms_ - passed_ms;
  if (std::abs(step_ms) > kStepMs) news.set_by_ms = step_ms;
  const int64_t hub_ms = at(reading.boot_ms);
  const bool right = reading.synced || (right_ && news.set_by_ms == 0);
  if (!right_ || !right) doubtful_.add({hub_ms_, hub_ms});
  news.became_right = right && !right_;
  boot_ms_ = reading.boot_ms;
  hub_ms_ = hub_ms;
  wall_ms_ = reading.wall_ms;
  right_ = right;
  if (right_) news.counted_ms = settle_power_off();
  return news;
}

HubTimeRecord HubTime::record() const {
  return {boot_id_, boot_ms_, hub_ms_, wall_ms_, right_, power_off_, doubtful_};
}

}  // namespace headgate::core
