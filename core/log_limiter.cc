#include "core/log_limiter.h"

#include <utility>

namespace headgate::core {
namespace {

// The key that all share who find no other place. No client id holds U+0000 [MQTT-1.5.4-2], no address does.
const std::string kEverybodyElse(1, '\0');

constexpr int64_t kSweepEveryMs = 1000;

}  // namespace

std::optional<uint64_t> LogLimiter::admit(std::string_view key, core::Now now, uint64_t lines_max) {
  std::string name(key.substr(0, kKeyBytesMax));
  if (!entries_.contains(name) && !has_room(now)) name = kEverybodyElse;
  const auto [entry, is_new] = entries_.try_emplace(std::move(name));
  const bool again_so_soon = !is_new && now.mono_ms - entry->second.written_ms < period_ms_;
  if (again_so_soon && entry->second.lines < lines_max) {
    ++entry->second.lines;
    return 0;
  }
  if (again_so_soon) {
    ++entry->second.left_out;
    return std::nullopt;
  }
  entry->second.written_ms = now.mono_ms;
  entry->second.lines = 1;
  return std::exchange(entry->second.left_out, 0);
}

std::vector<LogLimiter::LeftOut> LogLimiter::take_sums(core::Now now) {
  std::vector<LeftOut> sums;
  for (auto& [key, entry] : entries_) {
    if (entry.left_out == 0 || now.mono_ms - entry.written_ms < period_ms_) continue;
    sums.push_back({key == kEverybodyElse ? "" : key, std::exchange(entry.left_out, 0)});
    entry.written_ms = now.mono_ms;
    entry.lines = 1;
  }
  std::erase_if(entries_, [&](const auto& one) { return now.mono_ms - one.second.written_ms >= period_ms_; });
  return sums;
}

bool LogLimiter::has_room(core::Now now) {
  constexpr size_t kOwnPlaces = kKeysMax - 1;  // the last one is everybody else's
  if (entries_.size() >= kOwnPlaces && now.mono_ms - swept_ms_ >= kSweepEveryMs) {
    swept_ms_ = now.mono_ms;
    std::erase_if(entries_,
                  [&](const auto& one) { return now.mono_ms - one.second.written_ms >= period_ms_; });
  }
  return entries_.size() < kOwnPlaces;
}

}  // namespace headgate::core
