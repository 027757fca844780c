#include "hub/engine/delivery.h"

#include <algorithm>
#include <utility>

#include "core/topic.h"
#include "hub/engine/session_records.h"

namespace headgate::hub {
namespace {

constexpr size_t kReadMessages = 256;
constexpr size_t kReadBytes = 256 * 1024;

// QoS 2 deliveries keep their packet id over a restart of the hub, as [MQTT-4.3.3-2] needs, without a write
// for it: the id follows from the seq. Two deliveries that want the same id wait for each other.
uint16_t packet_id_of(store::Seq seq) { return static_cast<uint16_t>(seq % 0xFFFF + 1); }

// A filter that names the module or the device: its first two levels are literal.
bool names_consumer(std::string_view filter) {
  core::TopicLevels levels(filter);
  const auto first = levels.next();
  const auto second = levels.next();
  return (first == "modules" || first == "devices") && second && *second != "+" && *second != "#";
}

// Copies the message under the topic of the input it goes to.
core::MessagePtr readdressed(const core::Message& message, const std::string& topic) {
  auto copy = std::make_shared<core::Message>(message);
  copy->topic = topic;
  return copy;
}

}  // namespace

Delivery::Feed* Delivery::find(store::QueueId queue) {
  const auto it = feeds_.find(queue);
  return it == feeds_.end() ? nullptr : &it->second;
}

// False if the queue has another consumer.
bool Delivery::start(Feed feed) {
  const store::QueueId queue = feed.queue;
  if (!consumers_.add(queue, kAllLanes, *this)) return false;
  feed.picker = store::LanePicker(lane_mode_);
  by_session_[feed.session.get()].push_back(queue);
  feeds_.insert_or_assign(queue, std::move(feed));
  return true;
}

void Delivery::stop(store::QueueId queue) {
  const auto it = feeds_.find(queue);
  if (it == feeds_.end()) return;
  const auto owner = by_session_.find(it->second.session.get());
  std::erase(owner->second, queue);
  if (owner->second.empty()) by_session_.erase(owner);
  feeds_.erase(it);
  consumers_.remove(queue, *this);
}

void Delivery::set_inputs(std::map<std::string, store::QueueId> inputs) {
  inputs_ = std::move(inputs);
  std::vector<store::QueueId> gone;
  for (const auto& [queue, feed] : feeds_) {
    const auto input = inputs_.find(feed.input_topic);
    const bool kept = feed.input_topic.empty() || (input != inputs_.end() && input->second == queue);
    if (!kept) gone.push_back(queue);
  }
  for (const store::QueueId queue : gone) stop(queue);
}

void Delivery::restore_sent(store::QueueId queue, store::Seq maybe_sent, bool was_connected) {
  restored_.insert_or_assign(queue, Restored{maybe_sent, was_connected});
}

void Delivery::bind_session(store::QueueId queue, broker::Session& session) {
  if (Feed* feed = find(queue); feed && feed->session.get() == &session) {
    consumers_.wake(queue, *this);  // the session has connected again, and sent again what was in flight
    return;
  }
  stop(queue);
  Feed feed;
  feed.queue = queue;
  feed.session = session.shared_from_this();
  if (const auto known = restored_.extract(queue)) feed.restored = known.mapped();
  if (!start(std::move(feed)))
    log_.error("queue_has_consumer", {{"queue", queue}, {"client", session.client_id()}});
}

int Delivery::subscribed_qos(const broker::Session& session, std::string_view input_topic) {
  int qos = -1;
  if (!session.rights().may_receive(input_topic)) return qos;
  for (const auto& [filter, options] : session.subscriptions()) {
    if (names_consumer(filter) && core::topic_matches(filter, input_topic))
      qos = std::max<int>(qos, options.qos);
  }
  return qos;
}

void Delivery::bind_inputs(broker::Session& session) {
  for (const auto& [topic, queue] : inputs_) {
    const int qos = subscribed_qos(session, topic);
    if (qos < 0) continue;
    if (Feed* feed = find(queue)) {
      if (feed->session.get() == &session) {
        feed->input_qos = static_cast<uint8_t>(qos);
        consumers_.wake(queue, *this);
        continue;
      }
      if (feed->session->connected()) continue;
      stop(queue);
    }
    Feed feed;
    feed.queue = queue;
    feed.input_topic = topic;
    feed.input_qos = static_cast<uint8_t>(qos);
    feed.session = session.shared_from_this();
    const Feed* own = session.queue ? find(*session.queue) : nullptr;
    if (own && own->restored.was_connected) feed.restored = own->restored;
    if (!start(std::move(feed))) continue;
    log_.info("input_bound", {{"input", topic}, {"client", session.client_id()}});
  }
}

bool Delivery::unbind_inputs(broker::Session& session) {
  const auto owned = by_session_.find(&session);
  if (owned == by_session_.end()) return false;
  bool any = false;
  for (const store::QueueId queue : std::vector<store::QueueId>(owned->second)) {
    const Feed& feed = feeds_.at(queue);
    if (feed.input_topic.empty() || subscribed_qos(session, feed.input_topic) >= 0) continue;
    stop(queue);
    any = true;
  }
  return any;
}

void Delivery::unbind(const broker::Session& session) {
  const auto owned = by_session_.find(&session);
  if (session.queue) restored_.erase(*session.queue);
  if (owned == by_session_.end()) return;
  for (const store::QueueId queue : std::vector<store::QueueId>(owned->second)) stop(queue);
}

store::Seq Delivery::maybe_sent(const broker::Session& session) const {
  if (!session.queue) return 0;
  if (const auto known = restored_.find(*session.queue); known != restored_.end())
    return known->second.maybe_sent;
  const auto feed = feeds_.find(*session.queue);
  if (feed == feeds_.end()) return 0;
  return std::max(feed->second.sent[store::kDefaultLane], feed->second.restored.maybe_sent);
}

bool Delivery::consumes_inputs(const broker::Session& session) const {
  const auto owned = by_session_.find(&session);
  if (owned == by_session_.end()) return false;
  return std::any_of(owned->second.begin(), owned->second.end(),
                     [this](store::QueueId queue) { return is_input(queue); });
}

bool Delivery::is_input(store::QueueId queue) const {
  const auto feed = feeds_.find(queue);
  return feed != feeds_.end() && !feed->second.input_topic.empty();
}

void Delivery::on_delivered(const broker::Session& session, broker::DeliveryToken token, bool delivered) {
  store_.finish(token.queue, token.lane, token.seq,
                delivered ? store::Outcome::delivered : store::Outcome::dropped);
  on_window_open(session);
}

void Delivery::on_received(broker::DeliveryToken token) {
  store_.finish(token.queue, token.lane, token.seq, store::Outcome::delivered);
}

void Delivery::on_window_open(const broker::Session& session) {
  const auto owned = by_session_.find(&session);
  if (owned == by_session_.end()) return;
  for (const store::QueueId queue : owned->second) consumers_.wake(queue, *this);
}

void Delivery::on_ready(store::QueueId queue, bool more) {
  Feed* feed = find(queue);
  if (!feed) return;
  if (more) feed->caught_up.fill(false);
  pump(*feed);
}

void Delivery::pump(Feed& feed) {
  if (store_.is_paused(feed.queue)) return;
  if (!feed.input_topic.empty() && held_.claims_of(*feed.session) != nullptr) return;
  std::array<bool, store::kLaneCount> stuck{};
  while (feed.session->window() > 0) {
    const auto lane = feed.picker.pick([&](uint8_t n) { return !feed.caught_up[n] && !stuck[n]; });
    if (!lane) return;
    stuck[*lane] = !pump_lane(feed, *lane);
  }
}

// Sends what was read of the lane at once. True if more of it may be sent.
bool Delivery::pump_lane(Feed& feed, uint8_t lane) {
  const store::ReadLimit limit{std::min(feed.session->window(), kReadMessages), kReadBytes};
  auto entries = store_.read(feed.queue, lane, feed.sent[lane], limit, clock_.now());
  if (!entries) {
    log_.error("queue_read_failed", {{"queue", feed.queue}, {"error", entries.error().what}});
    feed.caught_up[lane] = true;
    return false;
  }
  feed.caught_up[lane] = entries->empty();
  for (store::Entry& entry : *entries) {
    if (feed.session->window() == 0 || !send(feed, lane, entry)) return false;
  }
  return !entries->empty();
}

broker::Outgoing Delivery::addressed(const Feed& feed, store::Entry& entry) {
  broker::Outgoing out;
  if (!feed.input_topic.empty()) {
    out.message = readdressed(*entry.message, feed.input_topic);
    out.qos = feed.input_qos;
    return out;
  }
  DeliveryTag tag = read_tag(entry.tag);
  out.message = std::move(entry.message);
  out.qos = tag.qos;
  out.retain = tag.retain;
  out.via = tag.shared ? broker::Via::share : broker::Via::subscription;
  out.subscription_ids = std::move(tag.subscription_ids);
  return out;
}

bool Delivery::send(Feed& feed, uint8_t lane, store::Entry& entry) {
  broker::Outgoing out = addressed(feed, entry);
  out.token = {feed.queue, lane, entry.seq};
  out.maybe_sent = entry.seq <= feed.restored.maybe_sent;  // DUP "might be re-delivery" [MQTT-3.3.1-1]
  const uint16_t packet_id = out.qos == 2 ? packet_id_of(entry.seq) : uint16_t{0};
  const size_t bytes = out.message->topic.size() + out.message->body.size();
  switch (feed.session->deliver_from_queue(std::move(out), packet_id, clock_.now())) {
    case broker::Handed::id_in_use:
      return false;
    case broker::Handed::denied:
      return end_denied(feed, lane, entry.seq);
    case broker::Handed::taken:
      break;
  }
  recorder_.on_handed(feed.queue, lane, entry.seq);
  feed.picker.charge(lane, bytes);
  feed.sent[lane] = entry.seq;
  return true;
}

// Messages of a session that may not have them any more are dropped. An input's wait for a consumer that may:
// unbind_inputs() takes the input from this one.
bool Delivery::end_denied(Feed& feed, uint8_t lane, store::Seq seq) {
  if (!feed.input_topic.empty()) return false;
  feed.sent[lane] = seq;
  store_.finish(feed.queue, lane, seq, store::Outcome::dropped);
  return true;
}

}  // namespace headgate::hub
