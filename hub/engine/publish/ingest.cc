#include "hub/engine/publish/ingest.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/topic.h"
#include "hub/engine/publish/addressing.h"
#include "hub/engine/session_records.h"
#include "hub/engine/shares.h"

namespace headgate::hub {
namespace {

// The earlier of two expiries, where 0 means never.
int64_t earlier(int64_t a_ms, int64_t b_ms) {
  if (a_ms == 0 || b_ms == 0) return std::max(a_ms, b_ms);
  return std::min(a_ms, b_ms);
}

// Sessions that are tried without success before the rest waits for the next time.
constexpr size_t kHeldFailuresMax = 16;

broker::ReasonCode refusal(const core::Error& error) {
  return error.code == core::Errc::full ? broker::ReasonCode::quota_exceeded
                                        : broker::ReasonCode::implementation_specific_error;
}

}  // namespace

void Ingest::publish(broker::Session& from, const core::MessagePtr& message, broker::PublishToken token) {
  ++stats_.messages;
  if (message->retain && !parts_.retained.has_room_for(*message)) {
    ++stats_.refused;
    // To 3.1.1 that is a publish it may not make: it would send it again for ever.
    const bool v5 = from.version() == broker::Version::v5;
    return from.accepted(token, v5 ? broker::ReasonCode::quota_exceeded : broker::ReasonCode::not_authorized,
                         "the hub keeps as many retained messages as it may");
  }
  std::optional<store::KeyValue> remember;
  if (token.qos == 2 && from.queue)
    remember = put_packet_id(kIncomingPrefix, from.client_id(), token.packet_id);
  if (parts_.held.holds(from)) return hold(from, {token, message, false, std::move(remember), {}, 0});
  const auto last = take_all(&from, message, remember);
  if (last) return answer(from, token, *last);
  const bool full = last.error().code == core::Errc::full;
  if (full) log_full(last.error());
  if (full && token.qos > 0 && from.version() == broker::Version::v3_1_1) {
    const bool republished = failed_ != message;
    if (republished) remember.reset();
    return hold(from, {token, std::move(failed_), republished, std::move(remember),
                       std::exchange(republished_, {}), stored_});
  }
  republished_.clear();
  if (remember) forget_incoming(from, token.packet_id);
  refuse(from, token, last.error());
}

void Ingest::answer(broker::Session& from, broker::PublishToken token, store::Seq last) {
  if (token.qos == 0) return;
  if (last == 0) return from.accepted(token, broker::ReasonCode::success);
  parts_.waits.add({last, Waits::Answer::accepted, from.shared_from_this(), token, {}});
}

void Ingest::refuse(broker::Session& from, broker::PublishToken token, const core::Error& error) {
  ++stats_.refused;
  const bool full = error.code == core::Errc::full;
  from.accepted(token, refusal(error), full ? error.what : "the hub cannot store messages");
}

// One line a minute for each queue.
void Ingest::log_full(const core::Error& error) {
  const auto left_out = full_.admit(error.what, parts_.clock.now());
  if (!left_out) return;
  parts_.log.warn("no_room_in_queue", {{"what", error.what},
                                       {"effect", "publishers wait, or are refused"},
                                       {"left_out", *left_out}});  // lines like this one since the last
}

// ---- publishes that wait for room ----

// Who also works off an input is read on, as far as its window goes: the room may have to come from it. With
// a low disk it may come from any durable queue.
void Ingest::hold(broker::Session& from, HeldPublish publish) {
  ++stats_.held;
  const bool may_make_room = parts_.delivery.consumes_inputs(from) || (from.queue && parts_.store.disk().low);
  if (!may_make_room) from.set_paused(true);
  parts_.held.add(from, std::move(publish));
}

void Ingest::retry_held() {
  if (parts_.held.empty()) return;
  parts_.held.retry([this](broker::Session& from, HeldPublish& publish) { return take_held(from, publish); },
                    kHeldFailuresMax);
}

// False if there still is no room.
bool Ingest::take_held(broker::Session& from, HeldPublish& publish) {
  republished_ = std::move(publish.behind);
  const auto last = take_all(publish.republished ? nullptr : &from, publish.message, publish.with);
  const store::Seq stored = std::max(publish.stored, stored_);
  if (last) {
    answer(from, publish.token, stored);
    return true;
  }
  if (last.error().code != core::Errc::full) {
    republished_.clear();
    refuse(from, publish.token, last.error());
    return true;
  }
  const bool got_on = failed_ != publish.message;
  if (got_on) publish.with.reset();
  publish = {publish.token,
             std::move(failed_),
             publish.republished || got_on,
             std::move(publish.with),
             std::exchange(republished_, {}),
             stored};
  return false;
}

void Ingest::publish_will(broker::Session& from, const core::MessagePtr& will) {
  ++stats_.messages;
  const store::KeyValue done = erase_will(from.client_id());
  const bool no_room = will->retain && !parts_.retained.has_room_for(*will);
  if (no_room) {
    (void)parts_.store.put(std::span(&done, 1), false);  // lost: it is refused again after a restart
  } else if (!take_all(&from, will, done)) {
    republished_.clear();
    ++stats_.refused;
  }
}

// The last seq to wait for; 0 if nothing was stored.
core::Result<store::Seq> Ingest::take_all(const broker::Session* from, const core::MessagePtr& message,
                                          const std::optional<store::KeyValue>& with) {
  stored_ = 0;
  failed_ = message;
  auto taken = take(from, message, with);
  while (taken) {
    stored_ = std::max(stored_, *taken);
    if (republished_.empty()) return stored_;
    failed_ = std::move(republished_.front());
    republished_.pop_front();
    taken = take(nullptr, failed_, {});
  }
  return taken;
}

// A publish that was refused after its first part was stored: its id is the client's to use again.
void Ingest::forget_incoming(const broker::Session& from, uint16_t packet_id) {
  const store::KeyValue gone = erase_packet_id(kIncomingPrefix, from.client_id(), packet_id);
  (void)parts_.store.put(std::span(&gone, 1));  // refused as well only if the store has failed
}

// Delivers one message and stores what must be stored. The seq to wait for; 0 if nothing was stored.
core::Result<store::Seq> Ingest::take(const broker::Session* from, const core::MessagePtr& message,
                                      const std::optional<store::KeyValue>& with) {
  targets_.clear();
  more_targets_.clear();
  values_.clear();
  find_subscribers(from, *message);
  for (const Subscriber& subscriber : subscribers_) {
    const uint8_t qos = std::min(subscriber.qos, message->qos);
    if (is_queued(*subscriber.session, qos)) add_session_target(subscriber, *message, qos);
  }
  route(message);
  if (message->retain && !is_too_much(*message)) values_.push_back(put_retained(*message));
  if (with) values_.push_back(*with);

  core::Result<store::Seq> seq = store::Seq{0};
  if (!targets_.empty()) {
    seq = store_message(message);
  } else if (!values_.empty()) {
    seq = message->qos > 0 ? parts_.store.append(message, {}, values_) : parts_.store.put(values_, false);
  }
  // What the store refuses is not delivered either: its publisher will send it again.
  if (!seq) return seq;
  // [MQTT-3.3.1-8]; 3.1.1 [MQTT-3.3.1-12]
  if (message->retain) parts_.retained.set(message);
  fan_out(message);
  parts_.tails.on_message(message);
  if (!targets_.empty()) parts_.tails.on_append(*seq, message, targets_);
  return seq;
}

// A retained message of QoS 0 is put, and puts are not refused. On a low disk it lives in memory only.
bool Ingest::is_too_much(const core::Message& message) {
  if (message.qos > 0 || message.body.empty() || !parts_.store.disk().low) return false;
  ++stats_.dropped;
  return true;
}

core::Result<store::Seq> Ingest::store_message(const core::MessagePtr& message) {
  auto seq = parts_.store.append(message, targets_, values_);
  if (!seq && seq.error().code == core::Errc::full && message->qos == 0)
    return store_where_there_is_room(message);
  for (size_t i = 0; seq && i < more_targets_.size(); ++i)
    seq = parts_.store.append(message, std::span(&more_targets_[i], 1));
  if (seq) ++stats_.stored;
  return seq;
}

// Nobody would send a QoS 0 message again: what one queue has no room for the others get, and who listens.
core::Result<store::Seq> Ingest::store_where_there_is_room(const core::MessagePtr& message) {
  core::Result<store::Seq> last = store::Seq{0};
  std::erase_if(targets_, [&](const store::Target& target) {
    auto seq = parts_.store.append(message, std::span(&target, 1));
    const bool full = !seq && seq.error().code == core::Errc::full;
    if (full) {
      ++stats_.dropped;
      log_full(seq.error());
    } else {
      last = std::move(seq);
    }
    return full;
  });
  if (!targets_.empty()) ++stats_.stored;
  if (!values_.empty()) last = parts_.store.put(values_, false);
  return last;
}

void Ingest::find_subscribers(const broker::Session* from, const core::Message& message) {
  subscribers_.clear();
  ++stamp_;
  parts_.broker.subscriptions().match(
      message.topic,
      [&](broker::Session* session, const broker::SubscriptionOptions& options) {
        if (options.no_local && session == from) return;  // [MQTT-3.8.3-3]
        if (session->match.stamp != stamp_) {
          session->match = {stamp_, static_cast<uint32_t>(subscribers_.size())};
          subscribers_.push_back({session, 0, false, false, {}});
        }
        Subscriber& subscriber = subscribers_[session->match.index];
        // 3.1.1 [MQTT-3.3.5-1]
        subscriber.qos = std::max(subscriber.qos, options.qos);  // [MQTT-3.3.4-2]
        subscriber.retain_as_published |= options.retain_as_published;
        // [MQTT-3.3.4-3]
        if (options.id != 0) subscriber.ids.push_back(options.id);  // [MQTT-3.3.4-4]
      },
      [&](const broker::ShareGroup& group) { add_member(group, message); });
  std::ranges::move(members_, std::back_inserter(subscribers_));
  members_.clear();
}

// A copy of its own, whatever else the member subscribes to (MQTT 5.0 section 4.8.2).
void Ingest::add_member(const broker::ShareGroup& group, const core::Message& message) {
  const broker::Subscriber* member = choose_member(group, message);
  if (!member) return;
  const broker::SubscriptionOptions& options = member->options;
  members_.push_back({member->session, options.qos, options.retain_as_published, true, {}});
  if (options.id != 0) members_.back().ids.push_back(options.id);
}

// [MQTT-4.6.0-5, MQTT-4.6.0-6]; 3.1.1 [MQTT-3.8.4-6, MQTT-4.6.0-5, MQTT-4.6.0-6]
void Ingest::fan_out(const core::MessagePtr& message) {
  if (subscribers_.empty()) return;
  broker::SharedPublish shared(message);
  const core::Now now = parts_.clock.now();
  for (const Subscriber& subscriber : subscribers_) {
    const uint8_t qos = std::min(subscriber.qos, message->qos);
    if (is_queued(*subscriber.session, qos)) continue;  // through its queue, once stored
    const bool retain_flag = message->retain && subscriber.retain_as_published;
    subscriber.session->deliver_from_memory(
        shared, qos, retain_flag, subscriber.ids, now,
        subscriber.shared ? broker::Via::share : broker::Via::subscription);
  }
}

// [MQTT-4.5.0-1, MQTT-3.3.1-12, MQTT-3.3.1-13]; 3.1.1 [MQTT-3.1.2-5, MQTT-4.5.0-1, MQTT-3.3.1-9]
void Ingest::add_session_target(const Subscriber& subscriber, const core::Message& message, uint8_t qos) {
  const bool retain_flag = message.retain && subscriber.retain_as_published;
  auto target =
      queue_target(*subscriber.session, message, {qos, retain_flag, subscriber.shared, subscriber.ids});
  if (!target) return;
  // A queue takes a message once in an append; only a share can bring it there a second time.
  const bool twice = subscriber.shared &&
                     std::ranges::find(targets_, target->queue, &store::Target::queue) != targets_.end();
  (twice ? more_targets_ : targets_).push_back(*std::move(target));
}

void Ingest::route(const core::MessagePtr& message) {
  for (const RouteSet::Hit& hit : parts_.routes.match(*message)) {
    if (hit.republish_to) {
      republish(*message, *hit.republish_to);
      continue;
    }
    const int64_t route_expires_ms = hit.ttl_s == 0 ? 0 : message->arrived_ms + int64_t{hit.ttl_s} * 1000;
    targets_.push_back({hit.queue, hit.lane, earlier(route_expires_ms, message->expires_ms), {}});
  }
}

void Ingest::republish(const core::Message& message, const std::string& topic) {
  if (message.hops >= routing::kMaxHops) {
    parts_.log.warn("hop_limit", {{"topic", message.topic}, {"to", topic}, {"hops", message.hops}});
    return;
  }
  auto copy = std::make_shared<core::Message>(message);
  copy->topic = topic;
  copy->retain = false;
  ++copy->hops;
  republished_.push_back(std::move(copy));
}

// 3.1.1 [MQTT-3.3.1-6, MQTT-3.3.1-8]
void Ingest::send_retained(broker::Session& session, const std::string& filter,
                           const broker::SubscriptionOptions& options) {
  const core::Now now = parts_.clock.now();
  std::vector<uint32_t> ids;
  if (options.id != 0) ids.push_back(options.id);
  uint64_t lost = 0;
  parts_.retained.match(filter, now.wall_ms, [&](const core::MessagePtr& message) {
    const uint8_t qos = std::min(options.qos, message->qos);
    if (!is_queued(session, qos)) {
      broker::SharedPublish shared(message);
      return session.deliver_from_memory(shared, qos, true, ids, now, broker::Via::retained);
    }
    const auto target = queue_target(session, *message, {qos, true, false, ids});
    if (target && !parts_.store.append(message, std::span(&*target, 1))) ++lost;
  });
  if (lost == 0) return;
  parts_.log.warn("retained_not_sent",
                  {{"client", session.client_id()},
                   {"filter", filter},
                   {"messages", lost},
                   {"reason", "the store does not keep up; subscribe again, or to less"}});
}

}  // namespace headgate::hub
