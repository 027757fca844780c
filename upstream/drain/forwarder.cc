#include "upstream/drain/forwarder.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace headgate::upstream {
namespace {

constexpr int64_t kEncodeRetryMs = 1000;
constexpr int64_t kPlanRetryMs = 1000;

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
      topic_(expand_hub(options_.mode == Mode::batch ? options_.topic : options_.passthrough_topic,
                        store.identity().hub)),
      random_(seed),
      backoff_(options_.backoff),
      pause_(options_.backoff),
      picker_(options_.lane_mode),
      gaps_(store, queue),
      audience_(options_),
      search_(options_.backoff.base_ms),
      ledger_(store, options_),
      head_notice_(store.identity(), options_),
      end_to_end_(options_, store.identity().epoch, log) {
  for (uint8_t lane = 0; lane < store::kLaneCount; ++lane) {
    lanes_.emplace_back(store, queue, lane, options_);
    if (end_to_end_.enabled()) lanes_.back().pass_over(end_to_end_.held());
  }
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
      answer_replay(now);
      drain_lanes(now);
      announce_head(now);
      return;
    case ForwarderState::closing:
      (void)settle_answered(now);
      publish_encoded(now);
      send_all_open(now);
      if (!flight_.idle() && now.mono_ms < deadline_ms_) return;
      announce_head(now);
      finish_closing(now);
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
  deadline_ms_ = options_.link_waits ? kNever : now.mono_ms + options_.connect_timeout_ms;
  link_.connect();
}

void Forwarder::on_link_up(const LinkUp& up, core::Now now) {
  if (state_ != ForwarderState::connecting) return;
  enter(ForwarderState::up, now);
  connection_ = {up, now.mono_ms};
  flight_.narrow_window();  // a broker that comes back meets all its hubs at once: start slowly
  size_limit_.on_link_up(now.mono_ms);
  pause_.end();
  for (LaneFeed& lane : lanes_) lane.on_link_up(up.order);
  gaps_.look_at(now.mono_ms);
  head_notice_.on_link_up(now);
  audience_.on_link_up(now);
  end_to_end_.on_link_up(up.session_present, now);
  let_others_go_first(now);
  ++counters_.connects;
  if (up.ignored_dates) {
    log_.warn(
        "certificate_dates_ignored",
        {{"listener", "upstream"},
         {"reason", "it seems to have expired or not to be valid yet, by a clock that is not synchronised"}});
  }
  if (options_.link_waits) return step(now);
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
      flight_.on_cut(down.code == receive_maximum_exceeded);
      if (!down.blameless) suspect_dropped_batches(down, now);
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
  give_up_all();
  if (options_.link_waits) {
    if (quick_ms) link_.hurry(*quick_ms);
    return connect(now);
  }
  const int64_t wait_ms = quick_ms ? *quick_ms : backoff_.next_ms(was_up_ms, hopeless, random);
  enter(ForwarderState::backing_off, now);
  deadline_ms_ = now.mono_ms + wait_ms;
  log_.warn("upstream_down", {{"reason", reason}, {"retry_in_ms", wait_ms}});
  note_error(std::move(reason), now);
}

void Forwarder::give_up_all() {
  audience_.on_link_down(flight_.has_probe());
  flight_.give_up_all();
  for (LaneFeed& lane : lanes_) rewind_alone(lane);
  give_plans_back();
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
  const int64_t stalls_ms = since_ms == Flight::kNever ? kNever : since_ms + options_.answer_timeout_ms;
  const Intake intake = link_.intake();
  const int64_t head_ms = head_notice_.due_at(ledger_.head(), flight_.size() == 0);
  const int64_t acks_ms =
      pause_.ends_at() != 0 ? kNever : end_to_end_.next_deadline(ledger_.to_follow() != nullptr);
  return std::min(
      {stalls_ms, acks_ms,
       std::max(intake.from_mono_ms, std::min({head_ms, end_to_end_.answers_at(), next_sending(intake)}))});
}

// When there may be something to send, if the link takes it.
int64_t Forwarder::next_sending(const Intake& intake) const {
  if (pause_.ends_at() != 0) return std::min(pause_.ends_at(), more_at_ms_);
  if (flight_.has_encoded() && intake.from_mono_ms != 0) return intake.from_mono_ms;
  if (!flight_.open()) return more_at_ms_;
  if (!audience_.lets_data_go()) return std::min(asks_at(), more_at_ms_);
  if (end_to_end_.holds_back(ledger_.to_follow() != nullptr, flight_.size(), ledger_.owes_declaration()))
    return more_at_ms_;
  const Plan* const first = plans_only_ ? ledger_.to_follow() : nullptr;
  int64_t next = first == nullptr ? std::min(gaps_.looks_at(), more_at_ms_) : more_at_ms_;
  for (const LaneFeed& lane : lanes_) {
    const bool goes = intake.takes(lane.number()) && (first == nullptr || first->lane == lane.number());
    if (goes) next = std::min(next, lane.next_deadline());
  }
  return next;
}

// --- Reading and encoding

void Forwarder::drain_lanes(core::Now now) {
  more_at_ms_ = kNever;
  plans_only_ = false;
  if (!settle_answered(now) || pause_.holds(now)) return;
  publish_encoded(now);
  if (!goes_on(now)) return;
  const Intake intake = link_.intake();
  if (now.mono_ms < intake.from_mono_ms) return;
  if (!audience_.lets_data_go()) return ask_for_audience(now);
  store::ReadLimit budget = kReadAtOnce;
  const auto goes = [&](uint8_t n) { return intake.takes(n) && has_work(lanes_[n], budget, now); };
  for (;;) {
    follow_plans_of_gaps();
    const auto lane = picker_.pick(goes);
    if (!lane) break;
    if (lanes_[*lane].filling()) {
      more_at_ms_ = now.mono_ms;
      return;
    }
    send_open(lanes_[*lane], now);
  }
  plans_only_ = !lets_new_go(now);
  if (now.mono_ms >= gaps_.looks_at() && flight_.open() && !plans_only_) send_gaps(now);
}

// Whether anything may begin its way: not while all that the consumer lacks waits to go again, and not what was planned
// earlier before the consumer can have said what it has.
bool Forwarder::goes_on(core::Now now) {
  if (!end_to_end_.enabled()) return true;
  if (end_to_end_.wants_again(now)) {
    if (flight_.size() > 0) return false;
    send_again(now);
  }
  return ledger_.to_follow() == nullptr || end_to_end_.lets_planned_go(now);
}

void Forwarder::follow_plans_of_gaps() {
  while (const Plan* plan = flight_.open() ? ledger_.to_follow() : nullptr) {
    if (plan->messages > 0) return;
    encode_again(*plan, {});
  }
}

// Plans that wait go before anything new, unless they cannot.
bool Forwarder::lets_new_go(core::Now now) const {
  const Plan* plan = ledger_.to_follow();
  if (plan == nullptr) return end_to_end_.lets_new_go(flight_.size(), ledger_.owes_declaration());
  const bool goes = plan->messages == 0 ||
                    (link_.intake().takes(plan->lane) && !lanes_[plan->lane].is_blocked(plan->first, now));
  return !goes;
}

// A batch that may go now, or one that would be full but for the budget: no other lane goes before it.
bool Forwarder::has_work(LaneFeed& lane, store::ReadLimit& budget, core::Now now) {
  if (!flight_.open() || !lane.may_go_on(flight_.has_any_of(lane.number()), now)) return false;
  const Plan* plan = ledger_.to_follow();
  if (plan != nullptr && plan->lane != lane.number()) plan = nullptr;
  if (plan == nullptr && !lets_new_go(now)) return false;
  lane.wish(plan == nullptr ? LaneFeed::Wish{} : LaneFeed::Wish{plan->first, plan->last, plan->messages});
  if (const core::Status read = lane.fill(budget, now); !read) {
    note_error("cannot read the queue: " + read.error().what, now);
    return false;
  }
  if (plan != nullptr && !lane.filling() && !lane.has_open()) leave_waiting(now);
  return lane.filling() || lane.ready(now);
}

// Nothing is left of the messages of the plan that is next: they ended otherwise while nothing could be sent. Lanes that
// have been asked already have to be asked again.
void Forwarder::leave_waiting(core::Now now) {
  ledger_.abandon_waiting();
  more_at_ms_ = now.mono_ms;
}

void Forwarder::send_open(LaneFeed& lane, core::Now now) {
  std::vector<store::Entry> entries = lane.take_open(now);
  if (entries.empty()) return;
  if (const Plan* plan = plan_of(lane.number(), entries)) return encode_again(*plan, std::move(entries));
  // A batch on trial carries nothing but its messages, so that the verdict is about them.
  const bool bare = passes_through() || lane.on_trial(entries.front().seq) || declares_gaps();
  encode(lane.number(), std::move(entries), bare ? std::vector<store::Gap>() : gaps_.next(), now);
}

// Sends what was waiting for company as it is: the link is closing.
void Forwarder::send_all_open(core::Now now) {
  for (LaneFeed& lane : lanes_) {
    const bool goes = flight_.open() && end_to_end_.lets_new_go(flight_.size(), ledger_.owes_declaration());
    if (goes && lane.has_open()) send_open(lane, now);
  }
}

void Forwarder::send_gaps(core::Now now) {
  std::vector<store::Gap> gaps = gaps_.look(now);
  if (passes_through()) return leave_out(gaps);
  if (gaps.empty() || declares_gaps()) return;
  ledger_.abandon_waiting();
  encode(lanes_.back().number(), {}, std::move(gaps), now);
}

// A declaration is on its way, or the consumer has not acknowledged it.
bool Forwarder::declares_gaps() const {
  return flight_.declares_gaps() || end_to_end_.held().declares_gaps();
}

// A plain message cannot say that others are lost: this hub's log and counters do.
void Forwarder::leave_out(const std::vector<store::Gap>& gaps) {
  if (gaps.empty()) return;
  uint64_t messages = 0;
  for (const store::Gap& gap : gaps) messages += gap.count;
  log_.warn("upstream_left_out", {{"queue", store_.stats(queue_).name},
                                  {"messages", messages},
                                  {"from", gaps.front().from},
                                  {"to", gaps.back().to},
                                  {"effect", "they are lost, and nobody upstream is told"}});
  gaps_.on_accepted(gaps);
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
  batch.gaps = std::move(gaps);
  batch.sent_ms = now.wall_ms;
  batch.clock_right = now.clock_right && !came_in_doubt(entries);
  const int level =
      connection_.said.zstd_level != 0 ? connection_.said.zstd_level : options_.batch.zstd_level;
  batch.form = {options_.batch.layout, options_.batch.compression, level};
  encode(std::move(batch), std::move(entries),
         std::min({options_.batch.compressed_bytes_max, packet_payload_max(), size_limit_.bytes()}));
}

void Forwarder::encode(Batch batch, std::vector<store::Entry> entries, size_t payload_bytes_max) {
  for (const store::Entry& entry : entries) batch.seqs.push_back(entry.seq);
  const Batch& added = flight_.add(std::move(batch));
  const store::Identity& identity = store_.identity();
  encoder_.encode({added.token, identity.hub, identity.epoch, options_.stream, added.lane, added.sent_ms,
                   added.gaps, std::move(entries), payload_bytes_max, added.clock_right, added.form,
                   end_to_end_.dictionary()});
}

// Makes a batch as large as it was, whatever has been learnt about sizes since.
void Forwarder::encode_again(const Plan& plan, std::vector<store::Entry> entries) {
  Batch batch;
  batch.lane = plan.lane;
  batch.gaps = plan.gaps;
  batch.sent_ms = plan.sent_ms;
  batch.clock_right = plan.clock_right;
  batch.form = plan.form;
  batch.number = plan.mark.number;
  ledger_.follow(batch.number);
  encode(std::move(batch), std::move(entries), SIZE_MAX);
}

// The plan that these entries follow. If they follow none, whatever waits can no longer go before them.
const Plan* Forwarder::plan_of(uint8_t lane, const std::vector<store::Entry>& entries) {
  const Plan* const plan = ledger_.to_follow();
  if (plan != nullptr && plan->lane == lane && plan->first == entries.front().seq &&
      plan->last == entries.back().seq && plan->messages == entries.size())
    return plan;
  ledger_.abandon_waiting();
  return nullptr;
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
  if (batch.number != 0 && batch.encoded.content != ledger_.plan(batch.number).content)
    return leave_plans();  // made by other settings, or of other messages
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
  const store::Seq first = batch.seqs[batch.encoded.messages];
  batch.seqs.resize(batch.encoded.messages);
  const GivenBack others = flight_.give_up_unpublished(batch.lane, batch.token);  // none of them has a number
  lanes_[batch.lane].go_back(first, cut_off, others);
}

// --- Publishing

// Plans batches as soon as they are encoded, so that the store writes several plans at once.
void Forwarder::plan_encoded(core::Now now) {
  if (!ledger_.enabled()) return;
  for (Batch* batch : flight_.next_to_plan()) {
    Plan plan;
    plan.content = batch->encoded.content;
    plan.lane = batch->lane;
    plan.first = batch->seqs.empty() ? 0 : batch->seqs.front();
    plan.last = batch->seqs.empty() ? 0 : batch->seqs.back();
    plan.messages = batch->seqs.size();
    plan.sent_ms = batch->sent_ms;
    plan.clock_right = batch->clock_right;
    plan.gaps = batch->gaps;
    plan.form = batch->form;
    const auto number = ledger_.enter(std::move(plan));
    if (!number) {
      more_at_ms_ = now.mono_ms + kPlanRetryMs;
      return note_error("cannot write the plan of a batch: " + number.error().what, now);
    }
    batch->number = *number;
  }
}

void Forwarder::on_durable(store::Seq up_to, core::Now now) {
  ledger_.on_durable(up_to);
  for (LaneFeed& lane : lanes_) lane.see(up_to);
  step(now);
}

void Forwarder::publish_encoded(core::Now now) {
  plan_encoded(now);
  while (now.mono_ms >= link_.intake().from_mono_ms) {
    Batch* const batch = flight_.next_to_publish();
    if (batch == nullptr) return;
    const bool chained = ledger_.enabled() && !batch->is_probe();
    if (chained && (batch->number == 0 || !ledger_.written(batch->number))) return;
    publish(*batch, now);
  }
}

void Forwarder::publish(Batch& batch, core::Now now) {
  std::string payload = std::exchange(batch.encoded.payload, {});
  if (batch.number != 0) payload = ledger_.sealed(batch.number, std::move(payload));
  if (!batch.encoded.tries.empty()) batch.encoded.tries.back().payload_bytes = payload.size();
  picker_.charge(batch.lane, payload.size());
  flight_.on_published(now);
  end_to_end_.on_published(batch.number);
  if (batch.encoded.message) return pass_through(batch, payload, now);
  Publication publication{topic_,
                          payload,
                          content_type_of(batch.encoded.layout),
                          name_of(batch.form.compression),
                          batch.encoded.id,
                          batch.seqs.size(),
                          expiry_s(batch.encoded.expires_ms, now)};
  publication.json_bytes = batch.sizes().json_bytes;
  link_.publish(batch.token, publication);
}

void Forwarder::pass_through(const Batch& batch, core::Bytes body, core::Now now) {
  const core::Message& message = *batch.encoded.message;
  const std::string topic = expand_topic(topic_, message.topic);
  Publication publication;
  publication.topic = topic;
  publication.payload = body;
  publication.messages = 1;
  publication.json_bytes = batch.sizes().json_bytes;
  publication.expiry_s = expiry_s(batch.encoded.expires_ms, now);
  publication.has_own_topic = true;
  publication.original = &message.props();
  publication.retain = message.retain;
  link_.publish(batch.token, publication);
}

size_t Forwarder::window_max() const {
  if (search_.active()) return 1;
  return std::max<size_t>(1, std::min(options_.link.in_flight_bound(), connection_.said.receive_maximum));
}

size_t Forwarder::packet_payload_max() const {
  const size_t packet_bytes_max = connection_.said.packet_bytes_max;
  if (packet_bytes_max == 0) return SIZE_MAX;
  // Fixed header, packet id, property lengths, and the properties of Publication with room to spare.
  const size_t overhead = topic_.size() + store_.identity().hub.size() + store_.identity().epoch.size() +
                          192 + (ledger_.enabled() ? Ledger::kMarkBytesMax : 0);
  return packet_bytes_max > overhead ? packet_bytes_max - overhead : 0;
}

void Forwarder::announce_head(core::Now now) {
  const auto head = ledger_.head();
  if (now.mono_ms < link_.intake().from_mono_ms) return;
  const bool last = state_ == ForwarderState::closing && head_notice_.has_news(head);
  if (!last && now.mono_ms < head_notice_.due_at(head, flight_.size() == 0)) return;
  const std::string notice = head_notice_.take(*head, now);
  link_.announce({topic_, head_notice_.level(), notice});
}

// --- Answers

void Forwarder::on_acked(Token token, uint8_t code, core::Now now) {
  std::optional<Batch> batch = flight_.on_answered(token, now);
  if (!batch) return;
  LaneFeed& lane = lanes_[batch->lane];
  if (batch->is_probe()) {
    on_probe_answered(code, now);
  } else if (audience_.misses(code)) {
    leave_behind(*batch);
    await_audience(lane, *batch, code, now);
  } else if (code < 0x80) {
    accept(*std::move(batch), code, now);
  } else {
    refuse(lane, *batch, code, now);
  }
  lane.start_over_if(!flight_.has_published_of(lane.number()));
  step(now);
}

void Forwarder::accept(Batch batch, uint8_t code, core::Now now) {
  pause_.on_accepted();
  search_.on_accepted(batch, now.mono_ms - connection_.up_since_ms);
  flight_.widen_window(batch, window_max(), options_.link.in_flight_max == 0, now);
  if (audience_.on_answer(code, now, random_())) note_audience(now);
  if (code == no_matching_subscribers) ++counters_.unheard_batches;
  if (end_to_end_.enabled()) {
    end_to_end_.hold(std::move(batch), now);
  } else {
    lanes_[batch.lane].let_go(batch.seqs.size());
    end(batch, now);
  }
  bury_passed_over(now);
}

// Nobody has to be sent it any more.
void Forwarder::end(const Batch& batch, core::Now now) {
  for (const store::Seq seq : batch.seqs) end_message(batch, seq, now);
  ledger_.settle(batch.number);  // in the same group as the ends
  gaps_.on_accepted(batch.gaps);
  ++counters_.batches;
  counters_.messages += batch.seqs.size();
  counters_.payload_bytes += batch.sizes().payload_bytes;
  counters_.json_bytes += batch.sizes().json_bytes;
}

void Forwarder::end_message(const Batch& batch, store::Seq seq, core::Now now) {
  const Nack* const nack = end_to_end_.refusal_of_message(seq);
  if (nack == nullptr) return store_.finish(queue_, batch.lane, seq, store::Outcome::delivered);
  (void)store_.dead_letter(queue_, batch.lane, seq, death_by(*nack, now));
  ++counters_.dead_messages;
  end_to_end_.count_refusal(1);
}

// --- End-to-end acknowledgement

void Forwarder::on_notice(core::Bytes notice, core::Now now) {
  end_to_end_.hear(notice, ledger_, now);
  step(now);
}

// Says which of the batches that the consumer wants once more are there, before they go.
void Forwarder::answer_replay(core::Now now) {
  if (now.mono_ms < std::max(end_to_end_.answers_at(), link_.intake().from_mono_ms)) return;
  const std::string answer = end_to_end_.answer_replay(ledger_, now);
  link_.announce({topic_, end_to_end_.answer_level(), answer});
}

// Ends batches that the consumer has or refuses, in the order of their numbers. False if there is more to do.
bool Forwarder::settle_answered(core::Now now) {
  if (!end_to_end_.enabled()) return true;
  store::ReadLimit budget = kReadAtOnce;
  while (const Plan* const plan = ledger_.oldest()) {
    const uint64_t number = plan->mark.number;
    if (!end_to_end_.is_answered(number) || flight_.has_published(number)) return true;  // its answer first
    std::optional<Batch> batch = end_to_end_.held().take(number);
    if (batch) {
      lanes_[batch->lane].let_go(batch->seqs.size());
    } else {
      rewind_all();  // it may be on its way to go again
      batch = recall(*plan, budget, now);
      if (!batch) return false;
    }
    if (const Nack* const nack = end_to_end_.refusal_of(number)) {
      take_refusal(*batch, *nack, now);
    } else {
      end(*batch, now);
      end_to_end_.on_settled(now);
    }
  }
  return true;
}

// Reads which messages a batch has that this process has not sent. Nullopt while there are more than may be read at once,
// or they cannot be read.
std::optional<Batch> Forwarder::recall(const Plan& plan, store::ReadLimit& budget, core::Now now) {
  Batch& batch = end_to_end_.recalled(plan);
  while (batch.seqs.size() < plan.messages) {
    more_at_ms_ = now.mono_ms;
    if (budget.messages == 0) return std::nullopt;
    const store::Seq after = batch.seqs.empty() ? plan.first - 1 : batch.seqs.back();
    const store::ReadLimit limit{std::min<size_t>(budget.messages, plan.messages - batch.seqs.size()),
                                 budget.bytes};
    const auto entries = store_.read(queue_, plan.lane, after, limit, now);
    if (!entries) {
      note_error("cannot read the queue: " + entries.error().what, now);
      more_at_ms_ = now.mono_ms + kEncodeRetryMs;
      return std::nullopt;
    }
    budget.messages -= entries->size();
    const size_t known = batch.seqs.size();
    for (const store::Entry& entry : *entries)
      if (entry.seq <= plan.last) batch.seqs.push_back(entry.seq);
    if (batch.seqs.size() == known) break;  // the others have ended already
  }
  more_at_ms_ = kNever;
  return std::exchange(batch, {});
}

// Halves a batch as if the broker had refused it. A message that is alone in one is the culprit, and the consumer has said
// so: it is not sent again. In both cases the lane begins anew, and with it the count of what it has taken.
void Forwarder::take_refusal(const Batch& batch, const Nack& nack, core::Now now) {
  end_to_end_.count_refusal(batch.seqs.size());
  LaneFeed& lane = lanes_[batch.lane];
  if (batch.seqs.size() != 1)
    return refuse(lane, batch, payload_format_invalid, now, "refused by the consumer: " + nack.why);
  ledger_.abandon(batch.number);
  lane.refusals().note(batch.seqs.front(), "refused by the consumer: " + nack.why, now);
  bury(lane, batch.seqs.front(), now);
  rewind(lane);
}

void Forwarder::send_again(core::Now now) {
  end_to_end_.begin_again(now);
  rewind_all();
}

void Forwarder::rewind_all() {
  for (LaneFeed& each : lanes_) rewind_alone(each);
  give_plans_back();
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

// A batch that goes later than one behind it would arrive out of order: it goes as another one then, or those behind it go
// again where they are kept for that.
void Forwarder::leave_behind(const Batch& batch) {
  if (!flight_.has_published_above(batch.number)) return;
  if (end_to_end_.enabled()) return end_to_end_.on_overtaken(batch.number);
  ledger_.abandon(batch.number);
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
  if (is_not_now(code)) {
    leave_behind(batch);
  } else {
    ledger_.abandon(batch.number);
  }
  rewind(lane);
  if (is_not_now(code)) {
    begin_pause(code, now);
    return;
  }
  refuse_gaps(batch, now);
  if (code == packet_too_large && batch.seqs.size() > 1) shrink(batch, now);
  if (!batch.seqs.empty()) {
    if (error.empty()) error = "refused with " + describe(code);
    if (batch.seqs.size() == 1) lane.refusals().note(batch.seqs.front(), std::move(error), now);
    refuse_messages(lane, batch, code, now);
  }
}

// Makes the next batches smaller than what the broker has refused.
void Forwarder::shrink(const Batch& refused, core::Now now) {
  size_limit_.on_too_large(refused.sizes().payload_bytes, now.mono_ms);
  log_.warn("upstream_takes_less",
            {{"payload_bytes", refused.sizes().payload_bytes},
             {"payload_bytes_max", size_limit_.bytes()},
             {"help", "the broker refused a batch of a size that it had not excluded"}});
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
  rewind_alone(lane);
  give_plans_back();
  if (ledger_.to_follow() == nullptr) return;
  for (LaneFeed& each : lanes_) rewind_alone(each);  // nothing new goes before the plans
  give_plans_back();
}

void Forwarder::rewind_alone(LaneFeed& lane) {
  flight_.give_up_unpublished(lane.number());
  lane.rewind(flight_.has_published_of(lane.number()));
}

void Forwarder::leave_plans() {
  rewind_all();
  ledger_.abandon_waiting();
}

void Forwarder::give_plans_back() {
  ledger_.give_back(
      [this](uint64_t number) { return flight_.holds(number) || end_to_end_.held().holds(number); });
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
  status.repeated_batches = ledger_.repeated();
  status.abandoned_batches = ledger_.abandoned();
  if (options_.chain.announce) status.head = ledger_.head();
  status.in_flight_batches = flight_.size();
  status.unheard_since_ms = audience_.missing_since();
  status.end_to_end = end_to_end_.status();
  status.window_batches = state_ == ForwarderState::up ? flight_.window() : 0;
  return status;
}

}  // namespace headgate::upstream
