#include "hub/engine/retained_keeper.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "broker/codec/topic_filter.h"
#include "broker/session/shared_publish.h"
#include "hub/engine/publish/addressing.h"
#include "hub/engine/session_records.h"
#include "store/format/record_codec.h"

namespace headgate::hub {
namespace {

constexpr uint8_t kSendRetained = 0;  // values of Retain Handling
constexpr uint8_t kSendRetainedIfNew = 1;

}  // namespace

// [MQTT-3.3.1-9, MQTT-3.3.1-10, MQTT-3.3.1-11, MQTT-3.8.4-4]
bool wants_retained(const broker::AcceptedSubscription& subscription) {
  if (broker::split_topic_filter(subscription.filter).is_shared()) return false;  // (MQTT 5.0 section 4.8.2)
  const uint8_t handling = subscription.options.retain_handling;
  return handling == kSendRetained || (handling == kSendRetainedIfNew && subscription.is_new);
}

core::Status RetainedKeeper::restore() {
  return store_.for_each(kRetainedPrefix, [this](std::string_view, std::string_view value) -> core::Status {
    auto message = store::decode_record(value);
    if (!message) return core::fail(message.error());
    retained_.set(std::move(*message));
    return {};
  });
}

void RetainedKeeper::send(broker::Session& session, const std::string& filter,
                          const broker::SubscriptionOptions& options) {
  const core::Now now = clock_.now();
  uint64_t lost = 0;
  retained_.match(filter, now.wall_ms, [&](const core::MessagePtr& message) {
    if (!send(session, message, options, now)) ++lost;
  });
  if (lost == 0) return;
  log_.warn("retained_not_sent", {{"client", session.client_id()},
                                  {"filter", filter},
                                  {"messages", lost},
                                  {"reason", "the store does not keep up; subscribe again, or to less"}});
}

// 3.1.1 [MQTT-3.3.1-6, MQTT-3.3.1-8]
bool RetainedKeeper::send(broker::Session& session, const core::MessagePtr& message,
                          const broker::SubscriptionOptions& options, core::Now now) {
  const uint8_t qos = std::min(options.qos, message->qos);
  std::vector<uint32_t> ids;
  if (options.id != 0) ids.push_back(options.id);
  if (!is_queued(session, qos)) {
    broker::SharedPublish shared(message);
    session.deliver_from_memory(shared, qos, true, ids, now, broker::Via::retained);
    return true;
  }
  const auto target = queue_target(session, *message, {qos, true, false, std::move(ids)});
  return !target || store_.append(message, std::span(&*target, 1));
}

// Once a minute is often enough: an expired message is not sent to anybody in between.
void RetainedKeeper::tick(core::Now now) {
  constexpr int64_t kEveryMs = 60'000;
  if (now.mono_ms - checked_ms_ < kEveryMs) return;
  checked_ms_ = now.mono_ms;
  std::vector<store::KeyValue> gone;
  for (const std::string& topic : retained_.remove_expired(now.wall_ms))
    gone.push_back(erase_retained(topic));
  if (!gone.empty()) (void)store_.put(gone, false);  // lost: it expires again after a restart
}

}  // namespace headgate::hub
