#include "hub/engine/history/message_history.h"

#include <algorithm>
#include <string>

#include "core/topic.h"
#include "routing/table/route_table.h"

namespace headgate::hub {
namespace {

constexpr int64_t kHistoryLookMs = 10'000;

std::string listed(const std::vector<std::string>& filters) {
  std::string list;
  for (const std::string& filter : filters) list.append(list.empty() ? "" : ", ").append(filter);
  return list;
}

}  // namespace

core::Status MessageHistory::use(const HistorySettings& settings, core::Now now) {
  if (settings.filters.empty()) {
    remove();
    settings_ = settings;
    return {};
  }
  const auto queue = store_.open_queue(store::kHistoryQueue, {store::QueueKind::history});
  if (!queue) return core::fail(queue.error());
  store_.set_policy(*queue, {.bytes_max = settings.bytes_max, .on_full = store::OnFull::drop_oldest});
  target_.queue = *queue;
  if (settings != settings_)
    log_.info("history_kept", {{"filter", listed(settings.filters)}, {"bytes_max", settings.bytes_max}});
  settings_ = settings;
  remember(now);
  return {};
}

// Writes down which messages are kept, and since when, for who reads them. If the store has failed, its owner has been
// told.
void MessageHistory::remember(core::Now now) {
  const auto text = store_.get(store::kHistoryKey);
  const auto known = text ? store::decode_history(*text) : core::fail(text.error());
  if (known && known->filters == settings_.filters) return;
  const store::KeyValue record{std::string(store::kHistoryKey),
                               store::encode_history({settings_.filters, now.wall_ms})};
  (void)store_.put({&record, 1});
}

// An earlier run may have left the queue.
void MessageHistory::remove() {
  target_.queue = 0;
  oldest_age_s_ = 0;
  const auto queue = store_.find_queue(store::kHistoryQueue);
  if (!queue) return;
  log_.info("history_removed", {{"messages", store_.stats(*queue).waiting()}});
  if (const auto removed = store_.remove_queue(*queue); !removed)
    log_.error("history_not_removed", {{"error", removed.error().what}});
  const store::KeyValue gone{std::string(store::kHistoryKey), std::nullopt};
  (void)store_.put({&gone, 1});
}

bool MessageHistory::matches(std::string_view topic) const {
  return std::ranges::any_of(
      settings_.filters, [topic](const std::string& filter) { return core::topic_matches(filter, topic); });
}

const store::Target* MessageHistory::target_for(const core::Message& message) const {
  if (target_.queue == 0 || !matches(message.topic) || routing::is_unroutable(message.topic)) return nullptr;
  return store_.disk().refuses(store::RoomFor::sessions) ? nullptr : &target_;
}

store::Seq MessageHistory::keep_alone(const core::MessagePtr& message) {
  const store::Append append{message, {&target_, 1}};
  const auto seq = store_.commit({.appends = {&append, 1}});
  if (seq) return *seq;
  ++left_out_;
  return 0;
}

void MessageHistory::tick(core::Now now) {
  if (target_.queue == 0 || now.mono_ms < next_look_mono_ms_) return;
  next_look_mono_ms_ = now.mono_ms + kHistoryLookMs;
  const int64_t oldest_hub_ms = store_.oldest_ms(target_.queue, target_.lane);
  oldest_age_s_ =
      oldest_hub_ms == 0 ? 0 : static_cast<uint64_t>(std::max<int64_t>(0, now.hub_ms - oldest_hub_ms) / 1000);
}

MessageHistory::Stats MessageHistory::stats() const {
  Stats stats;
  stats.left_out = left_out_;
  if (target_.queue == 0) return stats;
  const store::QueueStats& queue = store_.stats(target_.queue);
  stats.messages = queue.waiting();
  stats.bytes = queue.waiting_bytes();
  stats.oldest_age_s = oldest_age_s_;
  return stats;
}

}  // namespace headgate::hub
