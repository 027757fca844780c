#include "upstream/drain/stages/answers.h"

#include <algorithm>
#include <list>
#include <utility>

#include "upstream/drain/refusal.h"

namespace headgate::upstream {
namespace {

constexpr int64_t kRecallRetryMs = 1000;

}  // namespace

// While a batch is looked for that ends connections, each brings first what else there is.
void Answers::on_link_up(core::Now now) {
  if (const auto lane = search_.suspected_lane())
    drain_.lanes[*lane].hold_for(search_.others_first_ms(), now);
}

void Answers::on_link_down(const LinkDown& down, core::Now now) {
  const std::list<Batch>& published = drain_.flight.published();
  const bool on_trial = published.size() == 1 && !published.front().seqs.empty() &&
                        drain_.lanes[published.front().lane].on_trial(published.front().seqs.front());
  const auto refusal = search_.on_drop(published, on_trial, down, now);
  if (!refusal) return;
  const Batch batch = published.front();
  drain_.flight.give_up_all();
  refuse(batch, refusal->code, now, refusal->error);
}

bool Answers::on_acked(Token token, uint8_t code, core::Now now) {
  std::optional<Batch> batch = drain_.flight.on_answered(token, now);
  if (!batch) return false;
  LaneFeed& lane = drain_.lanes[batch->lane];
  if (batch->is_probe) {
    on_probe_answered(code, now);
  } else if (drain_.audience.misses(code)) {
    leave_behind(*batch);
    await_audience(*batch, code, now);
  } else if (code < 0x80) {
    accept(*std::move(batch), code, now);
  } else {
    refuse(*batch, code, now);
  }
  lane.start_over_if(!drain_.flight.has_published_of(lane.number()));
  return true;
}

bool Answers::on_put_back(Token token, core::Now now) {
  const std::optional<Batch> batch = drain_.flight.on_answered(token, now);
  if (!batch) return false;
  LaneFeed& lane = drain_.lanes[batch->lane];
  lane.set_aside(batch->seqs.size());
  lane.start_over_if(!drain_.flight.has_published_of(lane.number()));
  return true;
}

// --- Accepted

void Answers::accept(Batch batch, uint8_t code, core::Now now) {
  drain_.tell(BatchStep::What::acknowledged, batch, code, now);
  drain_.pause.on_accepted();
  search_.on_accepted(batch, now.mono_ms - drain_.connection.up_since_ms);
  drain_.flight.widen_window(batch, window_max(), drain_.options.link.in_flight_max == 0, now);
  if (drain_.audience.on_answer(code, now, drain_.random())) note_audience(now);
  if (code == no_matching_subscribers) ++drain_.counts.unheard_batches;
  drain_.log.debug("upstream_batch_taken", {{"id", batch.encoded.id}, {"code", code}});
  if (drain_.end_to_end.enabled()) {
    drain_.end_to_end.hold(std::move(batch), now);
  } else {
    drain_.lanes[batch.lane].let_go(batch.seqs.size());
    end(batch, now);
  }
  bury_passed_over(now);
}

size_t Answers::window_max() const {
  if (search_.active()) return 1;
  return std::max<size_t>(
      1, std::min(drain_.options.link.in_flight_bound(), drain_.connection.said.receive_maximum));
}

// Nobody has to be sent it any more.
void Answers::end(const Batch& batch, core::Now now) {
  for (const store::Seq seq : batch.seqs) end_message(batch, seq, now);
  drain_.ledger.settle(batch.number);  // in the same group as the ends
  drain_.gaps.on_accepted(batch.gaps);
  DrainCounts& counts = drain_.counts;
  ++counts.batches;
  counts.messages += batch.seqs.size();
  counts.payload_bytes += batch.sizes().payload_bytes;
  counts.json_bytes += batch.sizes().json_bytes;
}

void Answers::end_message(const Batch& batch, store::Seq seq, core::Now now) {
  const Nack* const nack = drain_.end_to_end.refusal_of_message(seq);
  if (nack == nullptr) return drain_.store.finish(drain_.queue, batch.lane, seq, store::Outcome::delivered);
  (void)drain_.store.dead_letter(drain_.queue, batch.lane, seq, death_by(*nack, now));
  ++drain_.counts.dead_messages;
  drain_.end_to_end.count_refusal(1);
}

// --- End-to-end acknowledgement

bool Answers::settle(core::Now now) {
  EndToEnd& end_to_end = drain_.end_to_end;
  if (!end_to_end.enabled()) return true;
  store::ReadLimit budget = DrainState::kReadAtOnce;
  while (const Plan* const plan = drain_.ledger.oldest()) {
    const uint64_t number = plan->mark.number;
    // The broker's answer comes first.
    if (!end_to_end.is_answered(number) || drain_.flight.has_published(number)) return true;
    std::optional<Batch> batch = end_to_end.held().take(number);
    if (batch) {
      drain_.lanes[batch->lane].let_go(batch->seqs.size());
    } else {
      drain_.rewind_all();  // it may be on its way to go again
      batch = recall(*plan, budget, now);
      if (!batch) return false;
    }
    if (const Nack* const nack = end_to_end.refusal_of(number)) {
      take_refusal(*batch, *nack, now);
    } else {
      end(*batch, now);
      end_to_end.on_settled(now);
    }
  }
  return true;
}

// Reads which messages a batch has that this process has not sent. Nullopt while there are more than may be read at once,
// or they cannot be read.
std::optional<Batch> Answers::recall(const Plan& plan, store::ReadLimit& budget, core::Now now) {
  Batch& batch = drain_.end_to_end.recalled(plan);
  while (batch.seqs.size() < plan.messages) {
    drain_.more_at_ms = now.mono_ms;
    if (budget.messages == 0) return std::nullopt;
    const store::Seq after = batch.seqs.empty() ? plan.first - 1 : batch.seqs.back();
    const store::ReadLimit limit{std::min<size_t>(budget.messages, plan.messages - batch.seqs.size()),
                                 budget.bytes};
    const auto entries = drain_.store.read(drain_.queue, plan.lane, after, limit, now);
    if (!entries) {
      drain_.note_error("cannot read the queue: " + entries.error().what, now);
      drain_.more_at_ms = now.mono_ms + kRecallRetryMs;
      return std::nullopt;
    }
    budget.messages -= entries->size();
    const size_t known = batch.seqs.size();
    for (const store::Entry& entry : *entries)
      if (entry.seq <= plan.last) batch.seqs.push_back(entry.seq);
    if (batch.seqs.size() == known) break;  // the others have ended already
  }
  drain_.more_at_ms = DrainState::kNever;
  return std::exchange(batch, {});
}

// Halves a batch as if the broker had refused it. A message that is alone in one is the culprit, and the consumer has said
// so: it is not sent again. In both cases the lane begins anew, and with it the count of what it has taken.
void Answers::take_refusal(const Batch& batch, const Nack& nack, core::Now now) {
  drain_.end_to_end.count_refusal(batch.seqs.size());
  const std::string error = "refused by the consumer: " + nack.why;
  if (batch.seqs.size() != 1) return refuse(batch, payload_format_invalid, now, error);
  LaneFeed& lane = drain_.lanes[batch.lane];
  drain_.ledger.abandon(batch.number);
  lane.refusals().note(batch.seqs.front(), error, now);
  bury(lane, batch.seqs.front(), now);
  drain_.rewind(lane);
}

int64_t Answers::next_deadline() const {
  if (drain_.pause.ends_at() != 0) return DrainState::kNever;
  return drain_.end_to_end.next_deadline(drain_.ledger.to_follow() != nullptr);
}

// --- Nobody subscribes

void Answers::on_probe_answered(uint8_t code, core::Now now) {
  if (is_not_now(code)) begin_pause(code, now);
  if (drain_.audience.on_probe_answer(code, now, drain_.random())) note_audience(now);
}

// The broker took the batch and had nobody to give it to: its entries go on waiting, and so do all others.
void Answers::await_audience(const Batch& batch, uint8_t code, core::Now now) {
  ++drain_.counts.unheard_batches;
  drain_.lanes[batch.lane].let_go(batch.seqs.size());
  drain_.flight.narrow_window();
  drain_.rewind_all();
  if (drain_.audience.on_answer(code, now, drain_.random())) note_audience(now);
}

void Answers::note_audience(core::Now now) {
  drain_.gaps.look_at(now.mono_ms);
  if (drain_.audience.lets_data_go()) {
    drain_.log.info("upstream_heard", {{"topic", drain_.topic}});
  } else {
    drain_.log.warn("upstream_nobody_subscribed",
                    {{"topic", drain_.topic},
                     {"effect", "messages wait"},
                     {"help",
                      "subscribe there; or, if the broker consumes without a subscription, set "
                      "upstream.no_subscriber to \"deliver\""}});
  }
}

// A batch that goes later than one behind it would arrive out of order: it goes as another one then, or those behind it go
// again where they are kept for that.
void Answers::leave_behind(const Batch& batch) {
  if (!drain_.flight.has_published_above(batch.number)) return;
  if (drain_.end_to_end.enabled()) return drain_.end_to_end.on_overtaken(batch.number);
  drain_.ledger.abandon(batch.number);
}

// --- Refused

void Answers::refuse(const Batch& batch, uint8_t code, core::Now now, std::string error) {
  LaneFeed& lane = drain_.lanes[batch.lane];
  drain_.tell(BatchStep::What::refused, batch, code, now);
  ++drain_.counts.refused_batches;
  lane.let_go(batch.seqs.size());
  drain_.note_error("a batch was refused with " + describe(code), now);
  if (is_not_now(code)) {
    leave_behind(batch);
  } else {
    drain_.ledger.abandon(batch.number);
  }
  drain_.rewind(lane);
  if (is_not_now(code)) return begin_pause(code, now);
  refuse_gaps(batch, now);
  if (code == packet_too_large && batch.seqs.size() > 1) shrink(batch, now);
  if (!batch.seqs.empty()) {
    if (error.empty()) error = "refused with " + describe(code);
    if (batch.seqs.size() == 1) lane.refusals().note(batch.seqs.front(), std::move(error), now);
    refuse_messages(lane, batch, code, now);
  }
}

// Makes the next batches smaller than what the broker has refused.
void Answers::shrink(const Batch& refused, core::Now now) {
  drain_.size_limit.on_too_large(refused.sizes().payload_bytes, now.mono_ms);
  drain_.log.warn("upstream_takes_less",
                  {{"payload_bytes", refused.sizes().payload_bytes},
                   {"payload_bytes_max", drain_.size_limit.bytes()},
                   {"help", "the broker refused a batch of a size that it had not excluded"}});
}

// Sends in several batches what is too much for one. A single gap that is refused waits, as it may be about anything.
void Answers::refuse_gaps(const Batch& batch, core::Now now) {
  const bool fewer = drain_.gaps.on_refused(batch.gaps.size());
  if (batch.seqs.empty()) drain_.gaps.look_at(now.mono_ms + (fewer ? 0 : drain_.options.backoff.cap_ms));
}

void Answers::begin_pause(uint8_t code, core::Now now) {
  const int64_t wait_ms = drain_.pause.begin(now, drain_.random());
  drain_.log.warn("upstream_not_now", {{"code", hex(code)}, {"retry_in_ms", wait_ms}});
}

void Answers::refuse_messages(LaneFeed& lane, const Batch& batch, uint8_t code, core::Now now) {
  const store::Seq first = batch.seqs.front();
  drain_.log.warn(
      "upstream_refused",
      {{"code", hex(code)}, {"lane", lane.number()}, {"first", first}, {"messages", batch.seqs.size()}});
  switch (lane.isolation().on_refused(batch.seqs, code, drain_.counts.batches)) {
    case Isolation::Verdict::split:
    case Isolation::Verdict::pass_over:
      break;
    case Isolation::Verdict::retry_later: {
      const BackoffOptions& backoff = drain_.options.backoff;
      const int64_t wait_ms = backoff.base_ms << std::min<uint32_t>(lane.isolation().attempts() - 1, 16);
      lane.hold_until(now.mono_ms + std::min(wait_ms, backoff.cap_ms));
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

void Answers::note_refused_everything(uint8_t code, core::Now now) {
  const int64_t wait_ms = drain_.options.backoff.cap_ms;
  search_.give_up();
  drain_.pause.begin_until(now.mono_ms + wait_ms);
  drain_.note_error("the upstream refuses every message with " + describe(code) +
                        "; check that this client may publish to " + drain_.topic,
                    now);
  drain_.log.error("upstream_refuses_everything",
                   {{"code", hex(code)}, {"topic", drain_.topic}, {"retry_in_ms", wait_ms}});
}

void Answers::bury(LaneFeed& lane, store::Seq seq, core::Now now) {
  const store::Death death = lane.refusals().death(now);
  const store::Seq letter = drain_.store.dead_letter(drain_.queue, lane.number(), seq, death);
  drain_.log.warn("upstream_dead_letter", {{"seq", seq},
                                           {"lane", lane.number()},
                                           {"code", hex(lane.isolation().code())},
                                           {"attempts", death.attempts},
                                           {"letter", letter}});
  ++drain_.counts.dead_messages;
  search_.on_culprit_gone();
  lane.isolation().forget_suspect();
}

void Answers::bury_passed_over(core::Now now) {
  for (LaneFeed& lane : drain_.lanes) {
    if (const auto seq = lane.isolation().on_accepted()) bury(lane, *seq, now);
  }
}

}  // namespace headgate::upstream
