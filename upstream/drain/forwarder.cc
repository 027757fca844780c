#include "upstream/drain/forwarder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "store/dead_letter.h"

namespace headgate::upstream {
namespace {

constexpr int64_t kReadRetryMs = 1000;  // after the store could not be read, or memory was short
constexpr int64_t kGapCheckMs = 10000;  // gaps without messages are no hurry
constexpr size_t kGapsPerBatchMax = 256;
constexpr int64_t kDropSuspicionMs = 10000;  // a link that drops this soon after a publish may drop for it
constexpr uint32_t kDropsUntilSuspect = 3;

std::string hex(uint8_t code) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return {'0', 'x', kDigits[code >> 4], kDigits[code & 0xF]};
}

// "0x95, packet too large", with the names of MQTT 5.
std::string describe(uint8_t code) {
  static constexpr std::pair<uint8_t, std::string_view> kNames[] = {
      {0x80, "unspecified error"},
      {implementation_specific_error, "implementation specific error"},
      {0x87, "not authorized"},
      {0x90, "topic name invalid"},
      {packet_too_large, "packet too large"},
      {payload_format_invalid, "payload format invalid"}};
  for (const auto& [known, name] : kNames) {
    if (known == code) return hex(code) + ", " + std::string(name);
  }
  return hex(code);
}

bool is_not_now(uint8_t code) { return code == quota_exceeded || code == packet_identifier_in_use; }

// A batch may vanish upstream once its last message has expired; never, if one of them does not expire.
uint32_t expiry_s(std::span<const store::Entry> entries, core::Now now) {
  int64_t last_ms = 0;
  for (const store::Entry& entry : entries) {
    if (entry.expires_ms == 0) return 0;
    last_ms = std::max(last_ms, entry.expires_ms);
  }
  const int64_t left_s = (last_ms - now.wall_ms + 999) / 1000;
  return static_cast<uint32_t>(std::clamp<int64_t>(left_s, last_ms == 0 ? 0 : 1, UINT32_MAX));
}

std::string batch_id(const store::Identity& identity, std::span<const store::Seq> seqs,
                     std::span<const store::Gap> gaps) {
  std::string id = identity.hub + "/" + identity.epoch + "/";
  if (seqs.empty()) {
    return id + "gaps/" + std::to_string(gaps.front().from) + "-" + std::to_string(gaps.back().to);
  }
  return id + std::to_string(seqs.front()) + "-" + std::to_string(seqs.back());
}

}  // namespace

std::string_view state_name(ForwarderState state) {
  switch (state) {
    case ForwarderState::down:
      return "down";
    case ForwarderState::backing_off:
      return "backing_off";
    case ForwarderState::connecting:
      return "connecting";
    case ForwarderState::up:
      return "up";
    case ForwarderState::closing:
      return "closing";
  }
  return "unknown";
}

Forwarder::Forwarder(store::QueueStore& store, store::QueueId queue, Link& link, core::Log& log,
                     UpstreamOptions options, uint64_t seed)
    : store_(store),
      queue_(queue),
      link_(link),
      log_(log),
      options_(std::move(options)),
      topic_(expand_hub(options_.topic, store.identity().hub)),
      random_(seed),
      backoff_(options_.backoff),
      quota_backoff_(options_.backoff),
      encoder_(options_.batch.zstd_level),
      picker_(options_.lane_mode) {
  for (uint8_t lane = 0; lane < store::kLaneCount; ++lane) lanes_.emplace_back(lane, options_);
  link_.set_events(this);
}

// --- Life cycle

// Every input ends here: what the state wants done now that something may have changed.
void Forwarder::step(core::Now now) {
  switch (state_) {
    case ForwarderState::down:
      return;
    case ForwarderState::backing_off:
      if (now.mono_ms >= deadline_ms_) connect(now);
      return;
    case ForwarderState::connecting:
      if (now.mono_ms < deadline_ms_) return;
      link_.disconnect();
      back_off("no answer to the connection request", false, now);
      return;
    case ForwarderState::up:
      if (!in_flight_.empty() && now.mono_ms - progress_at_ms_ >= options_.progress_timeout_ms) {
        link_.disconnect();
        back_off("connected, but batches are not acknowledged", false, now);
        return;
      }
      drain_lanes(now);
      return;
    case ForwarderState::closing:
      send_open_batches(now);
      if (in_flight_.empty() || now.mono_ms >= deadline_ms_) finish_closing(now);
      return;
  }
}

void Forwarder::enter(ForwarderState state, core::Now now) {
  state_ = state;
  since_wall_ms_ = now.wall_ms;
}

void Forwarder::start(core::Now now) {
  if (state_ == ForwarderState::down) connect(now);
}

void Forwarder::connect(core::Now now) {
  enter(ForwarderState::connecting, now);
  deadline_ms_ = now.mono_ms + options_.connect_timeout_ms;
  link_.connect();
}

void Forwarder::on_link_up(const LinkUp& up, core::Now now) {
  if (state_ != ForwarderState::connecting) return;
  enter(ForwarderState::up, now);
  session_ = up;
  window_ = 1;  // a broker that comes back meets all its hubs at once: start slowly
  up_since_ms_ = now.mono_ms;
  pause_until_ms_ = 0;
  gaps_at_ms_ = now.mono_ms;
  accepted_since_up_ = false;
  ++counters_.connects;
  log_.info("upstream_up", {{"queue_waiting", store_.stats(queue_).waiting()},
                            {"receive_maximum", session_.receive_maximum},
                            {"packet_bytes_max", session_.packet_bytes_max}});
  step(now);
}

void Forwarder::on_link_down(const LinkDown& down, core::Now now) {
  switch (state_) {
    case ForwarderState::down:
    case ForwarderState::backing_off:
      return;
    case ForwarderState::closing:
      finish_closing(now);
      return;
    case ForwarderState::up:
      suspect_dropped_batch(down, now);
      break;
    case ForwarderState::connecting:
      break;
  }
  back_off(down.reason, down.hopeless, now);
}

void Forwarder::back_off(std::string reason, bool hopeless, core::Now now) {
  const int64_t was_up_ms = state_ == ForwarderState::up ? now.mono_ms - up_since_ms_ : 0;
  const int64_t wait_ms = backoff_.next_ms(was_up_ms, hopeless, random_());
  forget_in_flight();
  enter(ForwarderState::backing_off, now);
  deadline_ms_ = now.mono_ms + wait_ms;
  log_.warn("upstream_down", {{"reason", reason}, {"retry_in_ms", wait_ms}});
  note_error(std::move(reason), now);
}

void Forwarder::forget_in_flight() {
  in_flight_.clear();
  for (Lane& lane : lanes_) {
    lane.in_flight = 0;
    lane.hold_until_ms = 0;
    rewind(lane);
  }
}

void Forwarder::close(core::Now now, int64_t patience_ms) {
  if (state_ == ForwarderState::up) {
    enter(ForwarderState::closing, now);
    deadline_ms_ = now.mono_ms + patience_ms;
    step(now);
  } else if (state_ != ForwarderState::closing) {
    finish_closing(now);
  }
}

void Forwarder::finish_closing(core::Now now) {
  if (state_ != ForwarderState::down && state_ != ForwarderState::backing_off) link_.disconnect();
  forget_in_flight();
  enter(ForwarderState::down, now);
}

int64_t Forwarder::next_deadline() const {
  switch (state_) {
    case ForwarderState::down:
      return kNever;
    case ForwarderState::backing_off:
    case ForwarderState::connecting:
    case ForwarderState::closing:
      return deadline_ms_;
    case ForwarderState::up:
      break;
  }
  int64_t next = in_flight_.empty() ? kNever : progress_at_ms_ + options_.progress_timeout_ms;
  if (!window_open()) return next;
  if (pause_until_ms_ != 0) return std::min(next, pause_until_ms_);
  next = std::min(next, gaps_at_ms_);
  for (const Lane& lane : lanes_) {
    if (lane.rewinding) continue;
    next = std::min(next, lane.hold_until_ms != 0 ? lane.hold_until_ms : lane.batcher.ready_at());
  }
  return next;
}

// --- Sending

void Forwarder::drain_lanes(core::Now now) {
  if (now.mono_ms < pause_until_ms_) return;
  pause_until_ms_ = 0;
  while (const auto lane = picker_.pick([&](uint8_t n) { return has_batch(lanes_[n], now); }))
    send_batch(lanes_[*lane], now);
  if (now.mono_ms >= gaps_at_ms_ && window_open()) send_gaps(now);
}

// A batch that may go now.
bool Forwarder::has_batch(Lane& lane, core::Now now) {
  if (!may_send(lane, now)) return false;
  top_up(lane, now);
  return lane.batcher.ready(now);
}

bool Forwarder::may_send(Lane& lane, core::Now now) {
  if (!window_open() || lane.rewinding || now.mono_ms < lane.hold_until_ms || pause_until_ms_ != 0)
    return false;
  lane.hold_until_ms = 0;
  // While a culprit is looked for, one batch at a time: the answer decides the next one.
  return lane.in_flight == 0 || !lane.isolation.active(lane.after);
}

// Takes from the store what the open batch has room for, and no more.
void Forwarder::top_up(Lane& lane, core::Now now) {
  for (;;) {
    const store::Seq first = lane.batcher.empty() ? lane.after + 1 : lane.batcher.first_seq();
    lane.batcher.limit_messages(lane.isolation.message_limit(first, options_.batch.messages_max));
    if (lane.batcher.full() || store_.stats(queue_).lanes[lane.number].waiting <= lane.taken) return;
    auto entries = store_.read(queue_, lane.number, lane.after, lane.batcher.room(), now);
    if (!entries) {
      note_error("cannot read the queue: " + entries.error().what, now);
      lane.hold_until_ms = now.mono_ms + kReadRetryMs;
      return;
    }
    if (entries->empty()) return;
    add_entries(lane, std::move(*entries), now);
  }
}

void Forwarder::add_entries(Lane& lane, std::vector<store::Entry> entries, core::Now now) {
  for (store::Entry& entry : entries) {
    if (lane.batcher.full()) return;
    lane.after = entry.seq;
    if (entry.seq == lane.isolation.passed_over()) continue;
    ++lane.taken;
    lane.batcher.add(std::move(entry), now);
  }
}

void Forwarder::send_batch(Lane& lane, core::Now now) {
  std::vector<store::Entry> entries = lane.batcher.take();
  drop_expired(lane, entries, now);
  if (entries.empty()) return;
  // A batch on trial carries nothing but its messages, so that the verdict is about them.
  const bool on_trial = lane.isolation.active(entries.front().seq);
  Batch batch;
  if (!on_trial) batch.gaps = undeclared_gaps();
  const auto encoded = encode_to_fit(lane, entries, batch.gaps, now);
  for (const store::Entry& entry : entries) batch.seqs.push_back(entry.seq);
  if (!encoded) {
    note_error(encoded.error().what, now);
    lane.hold_until_ms = now.mono_ms + kReadRetryMs;
    rewind(lane);
  } else if (encoded->payload.size() > packet_payload_max()) {
    refuse(lane, batch, packet_too_large, now,
           "too large for a packet: the upstream broker allows " + std::to_string(session_.packet_bytes_max) +
               " bytes");
  } else {
    publish(lane, std::move(batch), *encoded, expiry_s(entries, now), now);
  }
}

// What was waiting for company goes as it is: the link is closing.
void Forwarder::send_open_batches(core::Now now) {
  for (Lane& lane : lanes_) {
    if (window_open() && !lane.rewinding && !lane.batcher.empty()) send_batch(lane, now);
  }
}

// Entries that expired while they waited for company.
void Forwarder::drop_expired(Lane& lane, std::vector<store::Entry>& entries, core::Now now) {
  const auto has_expired = [&](const store::Entry& entry) {
    return entry.expires_ms != 0 && entry.expires_ms <= now.wall_ms;
  };
  lane.taken -= std::erase_if(entries, [&](const store::Entry& entry) {
    if (!has_expired(entry)) return false;
    store_.finish(queue_, lane.number, entry.seq, store::Outcome::expired);
    return true;
  });
}

// The batcher closes by an estimate. Where it was too hopeful, the tail goes back to the next batch.
core::Result<EncodedBatch> Forwarder::encode_to_fit(Lane& lane, std::vector<store::Entry>& entries,
                                                    std::span<const store::Gap> gaps, core::Now now) {
  const size_t bytes_max = std::min(options_.batch.compressed_bytes_max, packet_payload_max());
  for (;;) {
    auto encoded = encode(lane, entries, gaps, now);
    if (!encoded || encoded->payload.size() <= bytes_max || entries.size() == 1) return encoded;
    lane.batcher.learn(encoded->json_bytes, encoded->payload.size());
    const size_t fitting = entries.size() * bytes_max / encoded->payload.size() * 9 / 10;
    const size_t kept = std::clamp<size_t>(fitting, 1, entries.size() - 1);
    lane.taken -= entries.size() - kept;
    entries.erase(entries.begin() + static_cast<ptrdiff_t>(kept), entries.end());
    lane.after = entries.back().seq;
  }
}

core::Result<EncodedBatch> Forwarder::encode(const Lane& lane, std::span<const store::Entry> entries,
                                             std::span<const store::Gap> gaps, core::Now now) {
  const store::Identity& identity = store_.identity();
  return encoder_.encode({identity.hub, identity.epoch, options_.stream, lane.number, now.wall_ms, gaps},
                         entries);
}

void Forwarder::publish(Lane& lane, Batch batch, const EncodedBatch& encoded, uint32_t expiry,
                        core::Now now) {
  batch.token = next_token_++;
  batch.lane = lane.number;
  batch.payload_bytes = encoded.payload.size();
  batch.json_bytes = encoded.json_bytes;
  batch.sent_at_ms = now.mono_ms;
  lane.batcher.learn(batch.json_bytes, batch.payload_bytes);
  picker_.charge(lane.number, batch.payload_bytes);
  if (in_flight_.empty()) progress_at_ms_ = now.mono_ms;
  ++lane.in_flight;
  in_flight_.push_back(std::move(batch));
  const Batch& sent = in_flight_.back();
  const std::string id = batch_id(store_.identity(), sent.seqs, sent.gaps);
  link_.publish(sent.token,
                {topic_, encoded.payload, kBatchContentType, kBatchEncoding, id, sent.seqs.size(), expiry});
}

// One declaration at a time, so that an acknowledgement says which gaps the far side knows.
std::vector<store::Gap> Forwarder::undeclared_gaps() const {
  for (const Batch& batch : in_flight_) {
    if (!batch.gaps.empty()) return {};
  }
  std::vector<store::Gap> gaps = store_.gaps(queue_);
  if (gaps.size() > kGapsPerBatchMax) gaps.resize(kGapsPerBatchMax);
  return gaps;
}

void Forwarder::send_gaps(core::Now now) {
  gaps_at_ms_ = now.mono_ms + kGapCheckMs;
  Batch batch;
  batch.gaps = undeclared_gaps();
  if (batch.gaps.empty()) return;
  Lane& lane = lanes_.back();
  const auto encoded = encode(lane, {}, batch.gaps, now);
  if (encoded) {
    publish(lane, std::move(batch), *encoded, 0, now);
  } else {
    note_error(encoded.error().what, now);
  }
}

size_t Forwarder::window_max() const {
  return std::max<size_t>(1, std::min(options_.link.in_flight_max, session_.receive_maximum));
}

size_t Forwarder::packet_payload_max() const {
  if (session_.packet_bytes_max == 0) return SIZE_MAX;
  // Fixed header, packet id, property lengths, and the properties of Publication with room to spare.
  const size_t overhead = topic_.size() + store_.identity().hub.size() + store_.identity().epoch.size() + 192;
  return session_.packet_bytes_max > overhead ? session_.packet_bytes_max - overhead : 0;
}

// --- Answers

void Forwarder::on_acked(Token token, uint8_t code, core::Now now) {
  const auto found = std::find_if(in_flight_.begin(), in_flight_.end(),
                                  [&](const Batch& batch) { return batch.token == token; });
  if (found == in_flight_.end()) return;
  const Batch batch = std::move(*found);
  in_flight_.erase(found);
  progress_at_ms_ = now.mono_ms;
  Lane& lane = lanes_[batch.lane];
  --lane.in_flight;
  if (code < 0x80) {
    accept(lane, batch, code, now);
  } else {
    refuse(lane, batch, code, now);
  }
  start_over_if_quiet(lane);
  step(now);
}

void Forwarder::accept(Lane& lane, const Batch& batch, uint8_t code, core::Now now) {
  for (const store::Seq seq : batch.seqs) {
    store_.finish(queue_, lane.number, seq, store::Outcome::delivered);
  }
  lane.taken -= batch.seqs.size();
  forget_declared_gaps(batch);
  window_ = std::min(window_ + 1, window_max());
  accepted_since_up_ = true;
  accepted_since_quota_ = true;
  dropped_times_ = 0;
  ++accepted_;
  ++counters_.batches;
  counters_.messages += batch.seqs.size();
  counters_.payload_bytes += batch.payload_bytes;
  counters_.json_bytes += batch.json_bytes;
  if (code == no_matching_subscribers && counters_.unheard_batches++ == 0) {
    note_error("the broker takes the batches, but nobody subscribes to " + topic_, now);
    log_.warn("upstream_nobody_subscribed", {{"topic", topic_}});
  }
  bury_passed_over(now);
}

// Gaps may have grown or appeared since they were declared, also between those that were (gaps of different
// reasons overlap): only what is still as declared, and ends before anything undeclared does, is forgotten.
void Forwarder::forget_declared_gaps(const Batch& batch) {
  if (batch.gaps.empty()) return;
  store::Seq known_up_to = 0;
  store::Seq undeclared_from = UINT64_MAX;
  for (const store::Gap& gap : store_.gaps(queue_)) {
    const bool declared = std::find(batch.gaps.begin(), batch.gaps.end(), gap) != batch.gaps.end();
    if (declared) {
      known_up_to = std::max(known_up_to, gap.to);
    } else {
      undeclared_from = std::min(undeclared_from, gap.to);
    }
  }
  if (known_up_to == 0) return;
  store_.drop_gaps(queue_, std::min(known_up_to, undeclared_from - 1));
}

void Forwarder::refuse(Lane& lane, const Batch& batch, uint8_t code, core::Now now, std::string error) {
  ++counters_.refused_batches;
  lane.taken -= batch.seqs.size();
  note_error("a batch was refused with reason code " + hex(code), now);
  rewind(lane);
  if (is_not_now(code)) {
    const int64_t proven_ms = std::exchange(accepted_since_quota_, false) ? Backoff::kStableMs : 0;
    pause_until_ms_ = now.mono_ms + quota_backoff_.next_ms(proven_ms, false, random_());
    log_.warn("upstream_not_now", {{"code", hex(code)}, {"retry_in_ms", pause_until_ms_ - now.mono_ms}});
  } else if (batch.seqs.empty()) {
    gaps_at_ms_ = now.mono_ms + options_.backoff.cap_ms;
  } else {
    if (error.empty()) error = "refused with " + describe(code);
    if (batch.seqs.size() == 1) note_refusal(lane, batch.seqs.front(), std::move(error), now);
    refuse_messages(lane, batch, code, now);
  }
}

void Forwarder::note_refusal(Lane& lane, store::Seq seq, std::string error, core::Now now) {
  Refusals& refusals = lane.refusals;
  if (refusals.seq != seq) refusals = {seq, 0, error, now.wall_ms, {}, 0};
  ++refusals.times;
  refusals.last = std::move(error);
  refusals.last_ms = now.wall_ms;
}

void Forwarder::refuse_messages(Lane& lane, const Batch& batch, uint8_t code, core::Now now) {
  const store::Seq first = batch.seqs.front();
  log_.warn("upstream_refused",
            {{"code", hex(code)}, {"lane", lane.number}, {"first", first}, {"messages", batch.seqs.size()}});
  switch (lane.isolation.on_refused(batch.seqs, code, accepted_)) {
    case Isolation::Verdict::split:
    case Isolation::Verdict::pass_over:
      break;
    case Isolation::Verdict::retry_later: {
      const int64_t wait_ms = options_.backoff.base_ms
                              << std::min<uint32_t>(lane.isolation.attempts() - 1, 16);
      lane.hold_until_ms = now.mono_ms + std::min(wait_ms, options_.backoff.cap_ms);
      break;
    }
    case Isolation::Verdict::bury:
      bury(lane, first, now);
      break;
    case Isolation::Verdict::refuses_all:
      pause_until_ms_ = now.mono_ms + options_.backoff.cap_ms;
      note_error("the upstream refuses every message with reason code " + hex(code) +
                     "; check that this client may publish to " + topic_,
                 now);
      log_.error("upstream_refuses_everything",
                 {{"code", hex(code)}, {"topic", topic_}, {"retry_in_ms", options_.backoff.cap_ms}});
      break;
  }
}

void Forwarder::bury(Lane& lane, store::Seq seq, core::Now now) {
  const Refusals& told = lane.refusals;
  const store::Death death{
      "upstream: " + told.last, now.wall_ms, told.times, told.first, told.first_ms, told.last, told.last_ms};
  const store::Seq letter = store_.dead_letter(queue_, lane.number, seq, death);
  log_.warn("upstream_dead_letter", {{"seq", seq},
                                     {"lane", lane.number},
                                     {"code", hex(lane.isolation.code())},
                                     {"attempts", told.times},
                                     {"letter", letter}});
  ++counters_.dead_messages;
  lane.isolation.forget_suspect();
}

void Forwarder::bury_passed_over(core::Now now) {
  for (Lane& lane : lanes_) {
    if (const auto seq = lane.isolation.on_accepted()) bury(lane, *seq, now);
  }
}

// Gives the open batch back, and goes on with the oldest unfinished entry once nothing is in flight.
void Forwarder::rewind(Lane& lane) {
  lane.rewinding = true;
  lane.batcher.clear();
  start_over_if_quiet(lane);
}

void Forwarder::start_over_if_quiet(Lane& lane) {
  if (!lane.rewinding || lane.in_flight != 0) return;
  lane.rewinding = false;
  lane.after = 0;
  lane.taken = 0;
}

// MQTT 3.1.1 cannot refuse a publish, and no broker can answer a packet it will not read: they drop the
// connection. Slow start makes the first batch after a reconnect travel alone, so it is known who was to
// blame.
void Forwarder::suspect_dropped_batch(const LinkDown& down, core::Now now) {
  if (in_flight_.size() != 1 || in_flight_.front().seqs.empty()) return;
  const Batch batch = in_flight_.front();
  uint8_t code = down.code;
  std::string error = "the connection ended with " + describe(code) + " when it was sent";
  if (code != packet_too_large) {
    if (accepted_since_up_ || now.mono_ms - batch.sent_at_ms > kDropSuspicionMs) return;
    if (std::exchange(dropped_first_, batch.seqs.front()) != batch.seqs.front()) dropped_times_ = 0;
    if (++dropped_times_ < kDropsUntilSuspect) return;
    dropped_times_ = 0;
    code = implementation_specific_error;
    error = "the connection ended each time it was sent: " + down.reason;
  }
  in_flight_.clear();
  Lane& lane = lanes_[batch.lane];
  --lane.in_flight;
  refuse(lane, batch, code, now, std::move(error));
}

// --- Status

void Forwarder::note_error(std::string what, core::Now now) {
  counters_.last_error = std::move(what);
  counters_.last_error_ms = now.wall_ms;
}

ForwarderStatus Forwarder::status(core::Now now) const {
  ForwarderStatus status = counters_;
  status.state = state_;
  status.since_ms = since_wall_ms_;
  if (state_ == ForwarderState::backing_off) {
    status.retry_in_ms = std::max<int64_t>(0, deadline_ms_ - now.mono_ms);
  }
  status.in_flight_batches = in_flight_.size();
  status.window_batches = state_ == ForwarderState::up ? window_ : 0;
  return status;
}

}  // namespace headgate::upstream
