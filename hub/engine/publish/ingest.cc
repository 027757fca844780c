#include "hub/engine/publish/ingest.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "broker/session/channel.h"
#include "hub/engine/session_keeper.h"
#include "hub/engine/session_records.h"

namespace headgate::hub {
namespace {

// Told to MQTT 5 clients with the acknowledgement.
constexpr std::string_view kNotRetained = "not retained: the hub keeps as many retained messages as it may";

// Attempts without success before the rest waits for the next time.
constexpr size_t kHeldFailuresMax = 16;

bool is_full(const core::Error& error) { return error.code == core::Errc::full; }

// An earlier publish of the same client is held, and must not be overtaken.
bool is_behind(const core::Error& error) { return error.code == core::Errc::unavailable; }

broker::ReasonCode refusal(const core::Error& error) {
  return is_full(error) ? broker::ReasonCode::quota_exceeded
                        : broker::ReasonCode::implementation_specific_error;
}

// A publish whose packet id must be known after a restart, so that it is not taken for a new one.
bool remembers_id(const broker::Session& from, broker::PublishToken token) {
  return token.qos == 2 && from.queue.has_value();
}

}  // namespace

// ---- a publish and its answer ----

void Ingest::publish(broker::Session& from, core::MessagePtr message, broker::PublishToken token,
                     core::Now now) {
  ++stats_.messages;
  HeldPublish publish{token, {std::move(message), {}}};
  if (remembers_id(from, token))
    publish.parcel.with = put_packet_id(kIncomingPrefix, from.client_id(), token.packet_id);
  publish.consumer = parts_.delivery.consumes_inputs(from);
  const Claims* const before = token.qos > 0 ? parts_.held.claims_of(from) : nullptr;
  const core::Status taken =
      take(&from, publish.parcel, {.now = now, .before = before, .from_consumer = publish.consumer});
  if (!taken && is_full(taken.error())) log_full(taken.error());
  if (!taken && has_to_wait(from, publish, taken.error())) return hold(from, std::move(publish));
  if (taken && missed_everybody(from, publish.parcel))
    return from.accepted(token, broker::ReasonCode::no_matching_subscribers,
                         "a batch of this hub came back to it, and nobody subscribes to it here");
  answer(from, publish, taken);
}

// An own batch that is not routed and has no subscriber was not delivered. Said to a link that is this hub's own, that
// keeps its messages.
bool Ingest::missed_everybody(const broker::Session& from, const Parcel& parcel) const {
  return spread_.returned && parcel.stored == 0 && !parts_.spreader.subscribers().found_anyone() &&
         from.version() == broker::Version::v5;
}

// MQTT 3.1.1 has no way to refuse a publish, and an acknowledgement would be a lie. Of a consumer an output that
// was refused would be lost, were the input that caused it acknowledged.
bool Ingest::has_to_wait(const broker::Session& from, const HeldPublish& publish, const core::Error& error) {
  const bool may_be_refused = from.version() == broker::Version::v5 && !publish.consumer;
  return is_behind(error) || (is_full(error) && publish.token.qos > 0 && !may_be_refused);
}

void Ingest::answer(broker::Session& from, const HeldPublish& publish, const core::Status& taken) {
  if (taken) {
    using enum Answers::IfLost;
    return parts_.answers.accept_when_durable(
        from, publish.token, publish.parcel.stored, publish.consumer ? disconnect : refuse,
        publish.parcel.not_retained ? kNotRetained : std::string_view{});
  }
  ++stats_.refused;
  record_refused(publish.parcel, taken.error());
  // Forgets the packet id, which was stored with the first part of the message: it is the client's to use again.
  if (publish.parcel.republished && remembers_id(from, publish.token))
    forget_incoming(from, publish.token.packet_id);
  if (publish.consumer && publish.token.qos > 0) return end_connection(from, taken.error());
  from.accepted(publish.token, refusal(taken.error()),
                is_full(taken.error()) ? taken.error().what : "the hub cannot store messages");
}

// A consumer sends its output again then, and gets the inputs again that it has not acknowledged.
void Ingest::end_connection(broker::Session& from, const core::Error& error) {
  if (broker::Channel* channel = from.channel()) channel->close(refusal(error));
}

void Ingest::forget_incoming(const broker::Session& from, uint16_t packet_id) {
  const store::KeyValue gone = erase_packet_id(kIncomingPrefix, from.client_id(), packet_id);
  (void)parts_.store.put(std::span(&gone, 1));  // refused as well only if the store has failed
}

// Logs a line a minute for each queue.
void Ingest::log_full(const core::Error& error) {
  const auto left_out = full_.admit(error.what, parts_.clock.now());
  if (!left_out) return;
  parts_.log.warn("no_room_in_queue", {{"what", error.what},
                                       {"effect", "publishers wait, or are refused"},
                                       {"left_out", *left_out}});  // lines like this one since the last
}

void Ingest::publish_will(const broker::Session& from, core::MessagePtr will) {
  ++stats_.messages;
  Parcel parcel{std::move(will), erase_will(from.client_id())};
  const core::Status taken = take(&from, parcel, {.now = parts_.clock.now()});
  if (taken) return;
  ++stats_.refused;
  record_refused(parcel, taken.error());
}

core::Result<store::Seq> Ingest::take_command(core::MessagePtr message,
                                              std::span<const store::KeyValue> values) {
  ++stats_.messages;
  Parcel parcel{std::move(message), {}};
  const core::Status taken = take(nullptr, parcel, {.now = parts_.clock.now(), .values = values});
  if (taken) return parcel.stored;
  ++stats_.refused;
  record_refused(parcel, taken.error());
  if (is_full(taken.error())) log_full(taken.error());
  return core::fail(taken.error());
}

// ---- publishes that wait for room ----

void Ingest::hold(broker::Session& from, HeldPublish publish) {
  ++stats_.held;
  publish.claim = claim_of(publish.parcel);
  if (parts_.held.add(from, std::move(publish))) log_paused(from);
}

// Logs a line a minute for each client.
void Ingest::log_paused(const broker::Session& from) {
  const auto left_out = paused_.admit(from.client_id(), parts_.clock.now());
  if (!left_out) return;
  parts_.log.warn("client_not_read", {{"client", from.client_id()},
                                      {"why", "as many of its publishes wait for room as may be held"},
                                      {"held_bytes_in_all", parts_.held.bytes()},
                                      {"left_out", *left_out}});
}

void Ingest::retry_held() {
  if (!parts_.held.empty()) parts_.held.retry(retrying(), kHeldFailuresMax);
}

HeldPublishes::Try Ingest::retrying() {
  return [this](broker::Session& from, HeldPublish& publish, const Claims& before) {
    return retry(from, publish, before);
  };
}

// False if it still has to wait.
bool Ingest::retry(broker::Session& from, HeldPublish& publish, const Claims& before) {
  const std::vector<DeferredEnd> due = deferred_.due(from, publish.oldest_left);
  const core::Status taken = take_held(from, publish, before, due);
  if (!taken && (is_full(taken.error()) || is_behind(taken.error()))) {
    publish.claim = claim_of(publish.parcel);
    return false;
  }
  from.set_held(publish.token, false);
  answer(from, publish, taken);
  complete(from, publish, taken, due);
  return true;
}

core::Status Ingest::take_held(const broker::Session& from, HeldPublish& publish, const Claims& before,
                               std::span<const DeferredEnd> due) {
  std::vector<store::End> ends;
  std::vector<store::KeyValue> values;
  for (const DeferredEnd& end : due) {
    ends.push_back({end.token.queue, end.token.lane, end.token.seq});
    if (end.qos == 2)
      std::ranges::move(SessionKeeper::received(from, end.packet_id), std::back_inserter(values));
  }
  const bool consumer = parts_.delivery.consumes_inputs(from);
  return take(&from, publish.parcel, {parts_.clock.now(), &before, consumer, ends, values});
}

// ---- inputs that end with outputs ----

// The end of an input may be what makes room for the output that waits, in their common Change.
bool Ingest::defers_end(broker::Session& from, DeferredEnd end) {
  const Claims* const held = parts_.held.claims_of(from);
  if (held == nullptr) return false;
  end.after = parts_.held.newest(from);
  deferred_.add(from, end);
  if (held->hold_up({{end.token.queue}, {}})) parts_.held.retry(from, retrying());
  return true;
}

// A publish that was held was taken, and with it ended `due`; or it failed, and neither has happened: the client
// has to be sent again what it acknowledged, which is for another connection.
void Ingest::complete(broker::Session& from, const HeldPublish& publish, const core::Status& taken,
                      std::span<const DeferredEnd> due) {
  parts_.delivery.on_window_open(from);
  if (taken) {
    deferred_.remove_due(from, publish.oldest_left);
    for (const DeferredEnd& end : due)
      parts_.answers.complete_when_durable(from, end.packet_id, end.token, publish.parcel.stored);
  } else if (deferred_.any(from)) {
    end_connection(from, taken.error());
  }
}

// Where the order of a parcel counts, with the message that was spread last still to be taken. A message that
// routes make of that one is known by its topic.
Claim Ingest::claim_of(const Parcel& parcel) const {
  Claim claim;
  for (const store::Target& target : spread_.targets) claim.queues.push_back(target.queue);
  for (const QueuedResult& result : spread_.results)
    for (const store::Target& target : result.targets) claim.queues.push_back(target.queue);
  claim.topics.push_back(parcel.message->topic);
  for (const core::MessagePtr& made : spread_.republished) claim.topics.push_back(made->topic);
  for (const core::MessagePtr& behind : parcel.behind) claim.topics.push_back(behind->topic);
  return claim;
}

// ---- a parcel, message by message ----

core::Status Ingest::take(const broker::Session* from, Parcel& parcel, const Terms& terms) {
  do {
    const auto seq = take_message(parcel.republished ? nullptr : from, parcel, terms);
    if (!seq) return core::fail(seq.error());
    if (parts_.recorder.on()) tell_recorder(parcel, *seq);
    parcel.stored = std::max(parcel.stored, *seq);
    if (parcel.message->retain && !beside_.retains) {
      parcel.not_retained = parcel.not_retained || !parcel.republished;  // what its publisher is told
      count_not_retained(*parcel.message);
    }
    for (core::MessagePtr& made : spread_.republished) parcel.add_behind(std::move(made));
  } while (parcel.next());
  return {};
}

// Stores first, delivers second: a message that the store refuses is delivered to nobody, for its publisher
// will send it again. The seq to wait for; 0 if nothing was stored.
core::Result<store::Seq> Ingest::take_message(const broker::Session* from, const Parcel& parcel,
                                              const Terms& terms) {
  spread(from, parcel, terms);
  if (terms.before && terms.before->hold_up(claim_of(parcel)))
    return core::fail(core::Errc::unavailable, "an earlier publish of the client waits for room");
  if (!spread_.stopped_by.empty() && parcel.message->qos > 0)
    return core::fail(core::Errc::full,
                      "route '" + spread_.stopped_by +
                          "' takes nothing until its results have room: see headgate route ls");
  auto seq = write(parcel.message);
  if (seq) deliver(parcel.message, *seq, terms.now);
  return seq;
}

// ---- one message: where it goes ----

void Ingest::spread(const broker::Session* from, const Parcel& parcel, const Terms& terms) {
  const core::Message& message = *parcel.message;
  parts_.spreader.find(from, message, spread_);
  beside_.values.clear();
  beside_.ends.clear();
  beside_.retains = message.retain && parts_.retained.has_room_for(message);
  if (beside_.retains && !is_too_much(message)) beside_.values.push_back(put_retained(message));
  if (parcel.with) beside_.values.push_back(*parcel.with);
  beside_.from_consumer = terms.from_consumer;
  // Routes make again in a replay what they have made.
  const bool may_be_kept = !parcel.republished && !spread_.returned;
  beside_.history = may_be_kept ? parts_.history.target_for(message) : nullptr;
  beside_.kept = 0;
  const bool is_last = parcel.behind.empty() && spread_.republished.empty();
  if (!is_last) return;
  beside_.ends.assign(terms.ends.begin(), terms.ends.end());
  beside_.values.insert(beside_.values.end(), terms.values.begin(), terms.values.end());
}

// A retained message of QoS 0 is put, and puts are not refused. On a low disk it lives in memory only.
bool Ingest::is_too_much(const core::Message& message) {
  if (message.qos > 0 || message.body.empty() || !parts_.store.disk().refuses(store::RoomFor::sessions))
    return false;
  ++stats_.dropped;
  return true;
}

// Logs a line a minute.
void Ingest::count_not_retained(const core::Message& message) {
  ++stats_.not_retained;
  const auto left_out = not_retained_.admit({}, parts_.clock.now());
  if (!left_out) return;
  parts_.log.warn("not_retained",
                  {{"topic", message.topic},
                   {"why", "there are limits.retained_messages_max, or limits.retained_bytes_max, already"},
                   {"effect", "the message went to everybody who wants it, but is not kept for later"},
                   {"left_out", *left_out}});  // lines like this one since the last
}

// ---- one message: into the store, then to who listens ----

core::Result<store::Seq> Ingest::write(const core::MessagePtr& message) {
  if (!spread_.targets.empty() || !spread_.results.empty()) return write_to_queues(message);
  const bool writes_nothing = beside_.values.empty() && beside_.ends.empty();
  if (!writes_nothing && message->qos > 0) return append(message);
  keep_alone(message);
  return writes_nothing ? store::Seq{0} : parts_.store.put(beside_.values, false);
}

// Nobody's acknowledgement waits for a message that only the history wants.
void Ingest::keep_alone(const core::MessagePtr& message) {
  if (beside_.history) beside_.kept = parts_.history.keep_alone(message);
}

core::Result<store::Seq> Ingest::append(const core::MessagePtr& message) {
  if (!beside_.history) return append_message(message);
  // Behind all others, so that its bytes are in nobody's way.
  spread_.targets.push_back(*beside_.history);
  auto seq = append_message(message);
  spread_.targets.pop_back();
  return seq;
}

core::Result<store::Seq> Ingest::append_message(const core::MessagePtr& message) {
  if (!spread_.results.empty()) return append_with_results(message);
  const bool must_sync = message->qos > 0 || !beside_.values.empty();
  const store::Append append{message, spread_.targets, false, beside_.from_consumer};
  return parts_.store.commit(
      {.ends = beside_.ends, .appends = {&append, 1}, .values = beside_.values, .must_sync = must_sync});
}

// In one Change: a result is there if and only if the message has been taken.
core::Result<store::Seq> Ingest::append_with_results(const core::MessagePtr& message) {
  std::vector<store::Append> appends;
  if (!spread_.targets.empty()) appends.push_back({message, spread_.targets, false, beside_.from_consumer});
  for (const QueuedResult& result : spread_.results)
    appends.push_back({result.message, result.targets, false, beside_.from_consumer});
  const bool must_sync = message->qos > 0 || !beside_.values.empty();
  return parts_.store.commit(
      {.ends = beside_.ends, .appends = appends, .values = beside_.values, .must_sync = must_sync});
}

core::Result<store::Seq> Ingest::append_one(const core::MessagePtr& message, const store::Target& target) {
  const store::Append append{message, {&target, 1}, false, beside_.from_consumer};
  return parts_.store.commit({.appends = {&append, 1}, .must_sync = message->qos > 0});
}

core::Result<store::Seq> Ingest::write_to_queues(const core::MessagePtr& message) {
  parts_.thinners.on_arrival(spread_.targets);
  for (const QueuedResult& result : spread_.results) parts_.thinners.on_arrival(result.targets);
  auto seq = append(message);
  if (!seq && is_full(seq.error()) && message->qos == 0) return write_where_there_is_room(message);
  for (size_t i = 0; seq && i < spread_.more_targets.size(); ++i)
    seq = append_one(message, spread_.more_targets[i]);
  if (seq) ++stats_.stored;
  return seq;
}

// Nobody would send a QoS 0 message again: what one queue has no room for the others get, and who listens.
core::Result<store::Seq> Ingest::write_where_there_is_room(const core::MessagePtr& message) {
  core::Result<store::Seq> last = store::Seq{0};
  std::erase_if(spread_.targets, [&](const store::Target& target) { return !takes(message, target, last); });
  for (QueuedResult& result : spread_.results)
    std::erase_if(result.targets,
                  [&](const store::Target& target) { return !takes(result.message, target, last); });
  std::erase_if(spread_.results, [](const QueuedResult& result) { return result.targets.empty(); });
  if (spread_.stored_as_input && !is_still_input()) leave_table_as_it_was(*message);
  if (!spread_.targets.empty() || !spread_.results.empty()) ++stats_.stored;
  keep_alone(message);
  if (!beside_.values.empty()) last = parts_.store.put(beside_.values, false);
  return last;
}

bool Ingest::is_still_input() const {
  const auto inputs = parts_.store.find_queue(kInputsQueue);
  return std::ranges::any_of(spread_.targets,
                             [&](const store::Target& target) { return target.queue == inputs; });
}

// A row that cannot be an input would be retained, and never be in its table. Routes take the message from memory.
void Ingest::leave_table_as_it_was(const core::Message& message) {
  spread_.stored_as_input = false;
  beside_.retains = false;
  const std::string key = put_retained(message).key;
  std::erase_if(beside_.values, [&key](const store::KeyValue& value) { return value.key == key; });
}

// False if its queue has no room.
bool Ingest::takes(const core::MessagePtr& message, const store::Target& target,
                   core::Result<store::Seq>& last) {
  auto seq = append_one(message, target);
  const bool full = !seq && is_full(seq.error());
  if (!full) {
    last = std::move(seq);
    return true;
  }
  ++stats_.dropped;
  log_full(seq.error());
  (void)parts_.store.commit(
      {.turned_away = {&target, 1}});  // a store that has failed takes it no more than messages
  return false;
}

void Ingest::deliver(const core::MessagePtr& message, store::Seq seq, core::Now now) {
  // [MQTT-3.3.1-8]; 3.1.1 [MQTT-3.3.1-12]
  if (beside_.retains) parts_.retained.set(message);
  parts_.spreader.subscribers().deliver_from_memory(message, now);
  parts_.tails.on_message(message);
  const store::Seq own = seq - std::min<store::Seq>(seq, spread_.results.size());
  if (!spread_.targets.empty()) parts_.tails.on_append(own, message, spread_.targets);
  if (const store::Seq kept = beside_.kept != 0 ? beside_.kept : own; beside_.history && kept != 0)
    parts_.tails.on_append(kept, message, {beside_.history, 1});
  if (spread_.computed) parts_.computer.take(message, spread_.stored_as_input ? own : 0, spread_.unchanged);
  for (size_t i = 0; i < spread_.results.size(); ++i)
    parts_.tails.on_append(own + 1 + i, spread_.results[i].message, spread_.results[i].targets);
}

// ---- what is told of it later ----

// A message that no queue has may have taken a seq nevertheless, which is then its alone.
void Ingest::tell_recorder(Parcel& parcel, store::Seq seq) {
  uint64_t number = parts_.recorder.pass_over(*parcel.message);
  if (number == 0) number = record(parcel, seq);
  if (parcel.recorded == 0) parcel.recorded = number;
  record_results(seq, number);
}

uint64_t Ingest::record(const Parcel& parcel, store::Seq seq) {
  const store::Seq before_results = seq - std::min<store::Seq>(seq, spread_.results.size());
  const bool appended = !spread_.targets.empty() || beside_.history != nullptr || spread_.results.empty();
  Arrival arrival{*parcel.message};
  arrival.seq = beside_.kept != 0 ? beside_.kept : appended ? before_results : 0;
  arrival.targets = spread_.targets;
  arrival.heard = parts_.spreader.subscribers().found_anyone();
  arrival.returned = spread_.returned;
  arrival.remembered = spread_.computed;
  arrival.made = parcel.republished;
  arrival.made_of = parcel.recorded;
  return parts_.recorder.record(arrival);
}

void Ingest::record_results(store::Seq last, uint64_t made_of) {
  store::Seq next = last - std::min<store::Seq>(last, spread_.results.size()) + 1;
  for (const QueuedResult& result : spread_.results)
    parts_.recorder.on_message({.message = *result.message,
                                .seq = next++,
                                .targets = result.targets,
                                .made_of = made_of,
                                .made = true});
}

void Ingest::record_refused(const Parcel& parcel, const core::Error& error) {
  parts_.recorder.on_message({.message = *parcel.message,
                              .made_of = parcel.recorded,
                              .made = parcel.republished,
                              .refused = error.what});
}

}  // namespace headgate::hub
