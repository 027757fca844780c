#include "upstream/drain/forwarder.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace headgate::upstream {
namespace {

constexpr int64_t kEncodeRetryMs = 1000;

// Read in one call: some 0.2 ms of the loop's time (docs/adr/0032).
constexpr store::ReadLimit kReadAtOnce{.messages = 256, .bytes = 256 * 1024};

// A batch may vanish upstream once its last message has expired.
uint32_t expiry_s(int64_t expires_ms, core::Now now) {
  if (expires_ms == 0) return 0;
  const int64_t left_s = (expires_ms - now.hub_ms + 999) / 1000;
  return static_cast<uint32_t>(std::clamp<int64_t>(left_s, 1, UINT32_MAX));
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

Forwarder::Forwarder(store::QueueStore& store, store::QueueId queue, Link& link, Encoder& encoder,
                     core::Log& log, UpstreamOptions options, uint64_t seed)
    : store_(store),
      queue_(queue),
      link_(link),
      encoder_(encoder),
      log_(log),
      options_(std::move(options)),
      topic_(expand_hub(options_.topic, store.identity().hub)),
      random_(seed),
      backoff_(options_.backoff),
      pause_(options_.backoff),
      picker_(options_.lane_mode),
      gaps_(store, queue),
      audience_(options_),
      search_(options_.backoff.base_ms) {
  for (uint8_t lane = 0; lane < store::kLaneCount; ++lane) lanes_.emplace_back(store, queue, lane, options_);
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
      if (has_stalled(now)) {
        link_.disconnect();
        back_off("connected, but a batch was not acknowledged in time", false, now);
        return;
      }
      drain_lanes(now);
      return;
    case ForwarderState::closing:
      publish_encoded(now);
      send_all_open(now);
      if (flight_.idle() || now.mono_ms >= deadline_ms_) finish_closing(now);
      return;
  }
}

bool Forwarder::has_stalled(core::Now now) const {
  const int64_t since_ms = flight_.waiting_since();
  return since_ms != Flight::kNever && now.mono_ms - since_ms >= options_.answer_timeout_ms;
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
  connection_ = {up, now.mono_ms};
  flight_.narrow_window();  // a broker that comes back meets all its hubs at once: start slowly
  pause_.end();
  gaps_.look_at(now.mono_ms);
  audience_.on_link_up(now);
  let_others_go_first(now);
  ++counters_.connects;
  if (up.ignored_dates) {
    log_.warn(
        "certificate_dates_ignored",
        {{"listener", "upstream"},
         {"reason", "it seems to have expired or not to be valid yet, by a clock that is not synchronised"}});
  }
  log_.info("upstream_up", {{"queue_waiting", store_.stats(queue_).waiting()},
                            {"receive_maximum", up.receive_maximum},
                            {"packet_bytes_max", up.packet_bytes_max}});
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
      suspect_dropped_batches(down, now);
      break;
    case ForwarderState::connecting:
      break;
  }
  back_off(down.reason, down.hopeless, now);
}

void Forwarder::back_off(std::string reason, bool hopeless, core::Now now) {
  const int64_t was_up_ms = state_ == ForwarderState::up ? now.mono_ms - connection_.up_since_ms : 0;
  const uint64_t random = random_();
  const auto quick_ms = search_.quick_wait_ms(random);
  const int64_t wait_ms = quick_ms ? *quick_ms : backoff_.next_ms(was_up_ms, hopeless, random);
  give_up_all();
  enter(ForwarderState::backing_off, now);
  deadline_ms_ = now.mono_ms + wait_ms;
  log_.warn("upstream_down", {{"reason", reason}, {"retry_in_ms", wait_ms}});
  note_error(std::move(reason), now);
}

void Forwarder::give_up_all() {
  audience_.on_link_down(flight_.has_probe());
  flight_.give_up_all();
  for (LaneFeed& lane : lanes_) rewind(lane);
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
  give_up_all();
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
  const int64_t since_ms = flight_.waiting_since();
  int64_t next = since_ms == Flight::kNever ? kNever : since_ms + options_.answer_timeout_ms;
  if (pause_.ends_at() != 0) return std::min(next, pause_.ends_at());
  if (!flight_.open()) return next;
  if (!audience_.lets_data_go()) return std::min(next, asks_at());
  next = std::min({next, gaps_.looks_at(), more_at_ms_});
  for (const LaneFeed& lane : lanes_) next = std::min(next, lane.next_deadline());
  return next;
}

// --- Reading and encoding

void Forwarder::drain_lanes(core::Now now) {
  more_at_ms_ = kNever;
  if (pause_.holds(now)) return;
  publish_encoded(now);
  if (!audience_.lets_data_go()) return ask_for_audience(now);
  store::ReadLimit budget = kReadAtOnce;
  while (const auto lane = picker_.pick([&](uint8_t n) { return has_work(lanes_[n], budget, now); })) {
    if (lanes_[*lane].filling()) {
      more_at_ms_ = now.mono_ms;
      return;
    }
    send_open(lanes_[*lane], now);
  }
  if (now.mono_ms >= gaps_.looks_at() && flight_.open()) send_gaps(now);
}

// A batch that may go now, or one that would be full but for the budget: no other lane goes before it.
bool Forwarder::has_work(LaneFeed& lane, store::ReadLimit& budget, core::Now now) {
  if (!flight_.open() || !lane.may_go_on(flight_.has_any_of(lane.number()), now)) return false;
  if (const core::Status read = lane.fill(budget, now); !read)
    note_error("cannot read the queue: " + read.error().what, now);
  return lane.filling() || lane.ready(now);
}

void Forwarder::send_open(LaneFeed& lane, core::Now now) {
  std::vector<store::Entry> entries = lane.take_open(now);
  if (entries.empty()) return;
  // A batch on trial carries nothing but its messages, so that the verdict is about them.
  const bool bare = lane.on_trial(entries.front().seq) || flight_.declares_gaps();
  encode(lane.number(), std::move(entries), bare ? std::vector<store::Gap>() : gaps_.next(), now);
}

// Sends what was waiting for company as it is: the link is closing.
void Forwarder::send_all_open(core::Now now) {
  for (LaneFeed& lane : lanes_) {
    if (flight_.open() && lane.has_open()) send_open(lane, now);
  }
}

void Forwarder::send_gaps(core::Now now) {
  std::vector<store::Gap> gaps = gaps_.look(now);
  if (!gaps.empty() && !flight_.declares_gaps()) encode(lanes_.back().number(), {}, std::move(gaps), now);
}

bool Forwarder::came_in_doubt(const std::vector<store::Entry>& entries) const {
  return doubtful_ != nullptr &&
         std::any_of(entries.begin(), entries.end(), [this](const store::Entry& entry) {
           return doubtful_->contains(entry.message->arrived_hub_ms);
         });
}

bool Forwarder::has_news() const {
  return store_.stats(queue_).waiting() > 0 || !store_.gaps(queue_).empty();
}

// While there is nothing to send, there may be gaps one day.
int64_t Forwarder::asks_at() const {
  if (flight_.has_probe()) return kNever;
  return has_news() ? audience_.asks_at() : gaps_.looks_at();
}

void Forwarder::ask_for_audience(core::Now now) {
  if (now.mono_ms < asks_at() || !flight_.open()) return;
  if (gaps_.look(now).empty() && !has_news()) return;
  audience_.on_asked(now);
  encode(lanes_.back().number(), {}, {}, now);
}

void Forwarder::encode(uint8_t lane, std::vector<store::Entry> entries, std::vector<store::Gap> gaps,
                       core::Now now) {
  Batch batch;
  batch.lane = lane;
  batch.gaps = gaps;
  for (const store::Entry& entry : entries) batch.seqs.push_back(entry.seq);
  const Token token = flight_.add(std::move(batch)).token;
  const store::Identity& identity = store_.identity();
  const bool clock_right = now.clock_right && !came_in_doubt(entries);
  encoder_.encode({token,
                   identity.hub,
                   identity.epoch,
                   options_.stream,
                   lane,
                   now.wall_ms,
                   std::move(gaps),
                   std::move(entries),
                   std::min(options_.batch.compressed_bytes_max, packet_payload_max()),
                   clock_right,
                   {options_.batch.layout, options_.batch.compression}});
}

void Forwarder::on_encoded(uint64_t job, core::Result<EncodedJob> made, core::Now now) {
  if (Batch* batch = flight_.on_encoded(job)) take_encoded(*batch, std::move(made), now);
  step(now);
}

void Forwarder::take_encoded(Batch& batch, core::Result<EncodedJob> made, core::Now now) {
  LaneFeed& lane = lanes_[batch.lane];
  if (!made) {
    note_error(made.error().what, now);
    lane.hold_until(now.mono_ms + kEncodeRetryMs);
    rewind(lane);
    return;
  }
  batch.encoded = *std::move(made);
  lane.learn(batch.encoded.tries);
  if (batch.encoded.messages < batch.seqs.size()) cut(batch);
  if (batch.encoded.payload.size() <= packet_payload_max()) return;
  refuse(lane, flight_.take_encoded(batch.token), packet_too_large, now,
         "too large for a packet: the upstream broker allows " +
             std::to_string(connection_.said.packet_bytes_max) + " bytes");
}

// The lane goes on behind the cut, so what it has read beyond is read again.
void Forwarder::cut(Batch& batch) {
  const size_t cut_off = batch.seqs.size() - batch.encoded.messages;
  batch.seqs.resize(batch.encoded.messages);
  const size_t given_up = flight_.give_up_unpublished(batch.lane, batch.token);
  lanes_[batch.lane].go_back_to(batch.seqs.back(), cut_off + given_up);
}

// --- Publishing

void Forwarder::publish_encoded(core::Now now) {
  while (Batch* batch = flight_.next_to_publish()) publish(*batch, now);
}

void Forwarder::publish(Batch& batch, core::Now now) {
  const std::string payload = std::exchange(batch.encoded.payload, {});
  picker_.charge(batch.lane, payload.size());
  flight_.on_published(now);
  link_.publish(batch.token,
                {topic_, payload, content_type_of(batch.encoded.layout), name_of(options_.batch.compression),
                 batch.encoded.id, batch.seqs.size(), expiry_s(batch.encoded.expires_ms, now)});
}

size_t Forwarder::window_max() const {
  if (search_.active()) return 1;
  return std::max<size_t>(1, std::min(options_.link.in_flight_max, connection_.said.receive_maximum));
}

size_t Forwarder::packet_payload_max() const {
  const size_t packet_bytes_max = connection_.said.packet_bytes_max;
  if (packet_bytes_max == 0) return SIZE_MAX;
  // Fixed header, packet id, property lengths, and the properties of Publication with room to spare.
  const size_t overhead = topic_.size() + store_.identity().hub.size() + store_.identity().epoch.size() + 192;
  return packet_bytes_max > overhead ? packet_bytes_max - overhead : 0;
}

// --- Answers

void Forwarder::on_acked(Token token, uint8_t code, core::Now now) {
  const std::optional<Batch> batch = flight_.on_answered(token, now);
  if (!batch) return;
  LaneFeed& lane = lanes_[batch->lane];
  if (batch->is_probe()) {
    on_probe_answered(code, now);
  } else if (audience_.misses(code)) {
    await_audience(lane, *batch, code, now);
  } else if (code < 0x80) {
    accept(lane, *batch, code, now);
  } else {
    refuse(lane, *batch, code, now);
  }
  lane.start_over_if(!flight_.has_published_of(lane.number()));
  step(now);
}

void Forwarder::accept(LaneFeed& lane, const Batch& batch, uint8_t code, core::Now now) {
  for (const store::Seq seq : batch.seqs) {
    store_.finish(queue_, lane.number(), seq, store::Outcome::delivered);
  }
  lane.let_go(batch.seqs.size());
  gaps_.on_accepted(batch.gaps);
  pause_.on_accepted();
  search_.on_accepted(batch, now.mono_ms - connection_.up_since_ms);
  flight_.widen_window(window_max());
  if (audience_.on_answer(code, now, random_())) note_audience(now);
  ++counters_.batches;
  counters_.messages += batch.seqs.size();
  counters_.payload_bytes += batch.sizes().payload_bytes;
  counters_.json_bytes += batch.sizes().json_bytes;
  if (code == no_matching_subscribers) ++counters_.unheard_batches;
  bury_passed_over(now);
}

void Forwarder::on_probe_answered(uint8_t code, core::Now now) {
  if (is_not_now(code)) begin_pause(code, now);
  if (audience_.on_probe_answer(code, now, random_())) note_audience(now);
}

// The broker took the batch and had nobody to give it to: its entries go on waiting, and so do all others.
void Forwarder::await_audience(LaneFeed& lane, const Batch& batch, uint8_t code, core::Now now) {
  ++counters_.unheard_batches;
  lane.let_go(batch.seqs.size());
  flight_.narrow_window();
  for (LaneFeed& each : lanes_) rewind(each);
  if (audience_.on_answer(code, now, random_())) note_audience(now);
}

void Forwarder::note_audience(core::Now now) {
  gaps_.look_at(now.mono_ms);
  if (audience_.lets_data_go()) {
    log_.info("upstream_heard", {{"topic", topic_}});
  } else {
    log_.warn("upstream_nobody_subscribed",
              {{"topic", topic_},
               {"effect", "messages wait"},
               {"help",
                "subscribe there; or, if the broker consumes without a subscription, set "
                "upstream.no_subscriber to \"deliver\""}});
  }
}

void Forwarder::refuse(LaneFeed& lane, const Batch& batch, uint8_t code, core::Now now, std::string error) {
  ++counters_.refused_batches;
  lane.let_go(batch.seqs.size());
  note_error("a batch was refused with " + describe(code), now);
  rewind(lane);
  if (is_not_now(code)) {
    begin_pause(code, now);
    return;
  }
  refuse_gaps(batch, now);
  if (!batch.seqs.empty()) {
    if (error.empty()) error = "refused with " + describe(code);
    if (batch.seqs.size() == 1) lane.refusals().note(batch.seqs.front(), std::move(error), now);
    refuse_messages(lane, batch, code, now);
  }
}

// Sends in several batches what is too much for one. A single gap that is refused waits, as it may be about anything.
void Forwarder::refuse_gaps(const Batch& batch, core::Now now) {
  const bool fewer = gaps_.on_refused(batch.gaps.size());
  if (batch.seqs.empty()) gaps_.look_at(now.mono_ms + (fewer ? 0 : options_.backoff.cap_ms));
}

void Forwarder::begin_pause(uint8_t code, core::Now now) {
  const int64_t wait_ms = pause_.begin(now, random_());
  log_.warn("upstream_not_now", {{"code", hex(code)}, {"retry_in_ms", wait_ms}});
}

void Forwarder::refuse_messages(LaneFeed& lane, const Batch& batch, uint8_t code, core::Now now) {
  const store::Seq first = batch.seqs.front();
  log_.warn(
      "upstream_refused",
      {{"code", hex(code)}, {"lane", lane.number()}, {"first", first}, {"messages", batch.seqs.size()}});
  switch (lane.isolation().on_refused(batch.seqs, code, counters_.batches)) {
    case Isolation::Verdict::split:
    case Isolation::Verdict::pass_over:
      break;
    case Isolation::Verdict::retry_later: {
      const int64_t wait_ms = options_.backoff.base_ms
                              << std::min<uint32_t>(lane.isolation().attempts() - 1, 16);
      lane.hold_until(now.mono_ms + std::min(wait_ms, options_.backoff.cap_ms));
      break;
    }
    case Isolation::Verdict::bury:
      bury(lane, first, now);
      break;
    case Isolation::Verdict::refuses_all:
      note_refused_everything(code, now);
      break;
  }
}

void Forwarder::note_refused_everything(uint8_t code, core::Now now) {
  search_.give_up();
  pause_.begin_until(now.mono_ms + options_.backoff.cap_ms);
  note_error("the upstream refuses every message with " + describe(code) +
                 "; check that this client may publish to " + topic_,
             now);
  log_.error("upstream_refuses_everything",
             {{"code", hex(code)}, {"topic", topic_}, {"retry_in_ms", options_.backoff.cap_ms}});
}

void Forwarder::bury(LaneFeed& lane, store::Seq seq, core::Now now) {
  const store::Death death = lane.refusals().death(now);
  const store::Seq letter = store_.dead_letter(queue_, lane.number(), seq, death);
  log_.warn("upstream_dead_letter", {{"seq", seq},
                                     {"lane", lane.number()},
                                     {"code", hex(lane.isolation().code())},
                                     {"attempts", death.attempts},
                                     {"letter", letter}});
  ++counters_.dead_messages;
  search_.on_culprit_gone();
  lane.isolation().forget_suspect();
}

void Forwarder::bury_passed_over(core::Now now) {
  for (LaneFeed& lane : lanes_) {
    if (const auto seq = lane.isolation().on_accepted()) bury(lane, *seq, now);
  }
}

void Forwarder::rewind(LaneFeed& lane) {
  flight_.give_up_unpublished(lane.number());
  lane.rewind(flight_.has_published_of(lane.number()));
}

void Forwarder::suspect_dropped_batches(const LinkDown& down, core::Now now) {
  const std::list<Batch>& published = flight_.published();
  const bool on_trial = published.size() == 1 && !published.front().seqs.empty() &&
                        lanes_[published.front().lane].on_trial(published.front().seqs.front());
  const auto refusal = search_.on_drop(published, on_trial, down, now);
  if (!refusal) return;
  const Batch batch = published.front();
  flight_.give_up_all();
  refuse(lanes_[batch.lane], batch, refusal->code, now, refusal->error);
}

// While a batch is looked for that ends connections, each brings first what else there is.
void Forwarder::let_others_go_first(core::Now now) {
  if (const auto lane = search_.suspected_lane()) lanes_[*lane].hold_for(search_.others_first_ms(), now);
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
  status.in_flight_batches = flight_.size();
  status.unheard_since_ms = audience_.missing_since();
  status.window_batches = state_ == ForwarderState::up ? flight_.window() : 0;
  return status;
}

}  // namespace headgate::upstream
