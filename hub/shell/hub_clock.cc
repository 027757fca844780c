#include "hub/shell/hub_clock.h"

#include <sys/timex.h>

#include <span>
#include <string>

#include "core/system_clock.h"

namespace headgate::hub {
namespace {

// A power cut takes no more than this of the time that counts.
constexpr int64_t kKeepEveryMs = 60'000;

// Changes nothing: no mode is set. A system that does not answer is not known to be right.
bool kernel_says_synced() {
  timex asked{};
  const int state = ::adjtimex(&asked);
  return state >= 0 && state != TIME_ERROR && (asked.status & STA_UNSYNC) == 0;
}

core::ClockReading read_clocks() {
  return {core::boot_clock_ms(), core::SystemClock().now().wall_ms, kernel_says_synced()};
}

core::Result<std::optional<core::HubTimeRecord>> remembered(const store::QueueReader& store) {
  const auto text = store.get(core::kHubTimeKey);
  if (!text && text.error().code == core::Errc::not_found) return std::optional<core::HubTimeRecord>();
  if (!text) return core::fail(text.error());
  auto record = core::decode_hub_time(*text);
  if (!record) return core::fail(record.error());
  return std::optional(*std::move(record));
}

}  // namespace

core::Status HubClock::start(store::QueueStore& store) {
  const auto last = remembered(store);
  if (!last) return core::fail(last.error());
  time_.emplace(core::boot_id(), read_clocks(), *last);
  if (!time_->right()) {
    log_.info("clock_unsynced",
              {{"effect",
                "times of messages may be wrong, certificates are used whatever their dates; what is "
                "stored lives as long as it was given"}});
  }
  keep(store);
  return {};
}

core::Now HubClock::now() const {
  core::Now now = core::SystemClock().now();
  if (!time_) return now;
  now.hub_ms = time_->at(core::boot_clock_ms());
  now.clock_right = time_->right();
  return now;
}

int64_t HubClock::mono_us() const { return core::SystemClock().mono_us(); }

void HubClock::tick(store::QueueStore& store) {
  const core::HubTime::News news = time_->observe(read_clocks());
  tell(news);
  const bool told = news.became_right || news.counted_ms || news.set_by_ms != 0;
  if (told || now().mono_ms - kept_mono_ms_ >= kKeepEveryMs) keep(store);
}

void HubClock::keep(store::QueueStore& store) {
  kept_mono_ms_ = now().mono_ms;
  const store::KeyValue value{std::string(core::kHubTimeKey), core::encode_hub_time(time_->record())};
  (void)store.put(std::span(&value, 1), false);  // lost: the one before serves
}

void HubClock::tell(const core::HubTime::News& news) {
  if (news.set_by_ms != 0) {
    log_.warn("clock_set", {{"by_s", news.set_by_ms / 1'000},
                            {"effect", "what is stored lives as long as it was given all the same"}});
  }
  if (news.became_right) log_.info("clock_synced");
  if (news.counted_ms) log_.info("power_off_counted", {{"s", *news.counted_ms / 1'000}});
}

}  // namespace headgate::hub
