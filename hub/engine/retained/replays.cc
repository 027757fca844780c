#include "hub/engine/retained/replays.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "broker/codec/topic_filter.h"
#include "broker/session/shared_publish.h"
#include "hub/engine/publish/addressing.h"

namespace headgate::hub {
namespace {

constexpr uint8_t kSendRetained = 0;  // values of Retain Handling
constexpr uint8_t kSendRetainedIfNew = 1;
constexpr size_t kLooksInARow = 512;  // before it is the next session's turn

}  // namespace

// [MQTT-3.3.1-9, MQTT-3.3.1-10, MQTT-3.3.1-11, MQTT-3.8.4-4]
bool wants_retained(const broker::AcceptedSubscription& subscription) {
  if (broker::split_topic_filter(subscription.filter).is_shared()) return false;  // (MQTT 5.0 section 4.8.2)
  const uint8_t handling = subscription.options.retain_handling;
  return handling == kSendRetained || (handling == kSendRetainedIfNew && subscription.is_new);
}

void Replays::begin(broker::Session& session, const std::string& filter,
                    const broker::SubscriptionOptions& options) {
  Line& line = lines_[&session];
  if (!line.session) line.session = session.shared_from_this();
  line.replays.insert_or_assign(filter, Replay{{filter, retained_.age()}, options});
  make_ready(session, line);
  run();
}

void Replays::cancel(const broker::Session& session, std::span<const std::string> filters) {
  const auto line = lines_.find(&session);
  if (line == lines_.end()) return;
  for (const std::string& filter : filters) line->second.replays.erase(filter);
}

void Replays::on_room(const broker::Session& session) {
  const auto line = lines_.find(&session);
  if (line == lines_.end()) return;
  make_ready(session, line->second);
  run_later();
}

void Replays::on_store_room() {
  for (auto& [session, line] : lines_) make_ready(*session, line);
  if (!lines_.empty()) run_later();
}

// QoS 0 is not meant for who is away: there is nothing that a session without a queue could still get.
void Replays::on_disconnected(const broker::Session& session) {
  if (session.queue) return on_room(session);
  lines_.erase(&session);
}

void Replays::make_ready(const broker::Session& session, Line& line) {
  if (std::exchange(line.ready, true)) return;
  ready_.push_back(&session);
}

void Replays::run() {
  while (!ready_.empty() && looks_ > 0) {
    const broker::Session* session = ready_.front();
    ready_.pop_front();
    const auto line = lines_.find(session);
    if (line == lines_.end()) continue;
    line->second.ready = false;
    if (go_on(line->second)) make_ready(*session, line->second);
    if (line->second.replays.empty()) lines_.erase(line);
  }
  if (!ready_.empty() || looks_ < kLooksMax) run_later();
}

// Each turn has its own number of looks.
void Replays::run_later() {
  if (std::exchange(posted_, true)) return;
  executor_.post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.lock()) return;
    posted_ = false;
    looks_ = kLooksMax;
    run();
  });
}

// False if it has come to the end of all, or cannot go on now.
bool Replays::go_on(Line& line) {
  const core::Now now = clock_.now();
  const size_t row = std::min(looks_, kLooksInARow);
  size_t looks = row;
  bool done = true;
  while (done && !line.replays.empty()) {
    Replay& replay = line.replays.begin()->second;
    done = retained_.go_on(replay.walk, looks, now.hub_ms, [&](const core::MessagePtr& message) {
      return take(*line.session, replay, message, now);
    });
    if (done) line.replays.erase(line.replays.begin());
  }
  looks_ -= row - looks;
  return !done && looks == 0;
}

// False if it has to wait. 3.1.1 [MQTT-3.3.1-6, MQTT-3.3.1-8]
bool Replays::take(broker::Session& session, const Replay& replay, const core::MessagePtr& message,
                   core::Now now) {
  const uint8_t qos = std::min(replay.options.qos, message->qos);
  std::vector<uint32_t> ids;
  if (replay.options.id != 0) ids.push_back(replay.options.id);
  if (is_queued(session, qos)) {
    const auto target = queue_target(session, *message, {qos, true, false, std::move(ids)});
    return !target || store_.append(message, std::span(&*target, 1));
  }
  if (!session.connected()) return true;  // QoS 0 for who is away
  if (!session.has_room_for(qos)) return false;
  broker::SharedPublish shared(message);
  session.deliver_from_memory(shared, qos, true, ids, now);
  return true;
}

}  // namespace headgate::hub
