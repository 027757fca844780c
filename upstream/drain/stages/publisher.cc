#include "upstream/drain/stages/publisher.h"

#include <algorithm>
#include <string>
#include <utility>

namespace headgate::upstream {
namespace {

constexpr int64_t kPlanRetryMs = 1000;

// A batch may vanish upstream once its last message has expired.
uint32_t expiry_s(int64_t expires_ms, core::Now now) {
  if (expires_ms == 0) return 0;
  const int64_t left_s = (expires_ms - now.hub_ms + 999) / 1000;
  return static_cast<uint32_t>(std::clamp<int64_t>(left_s, 1, UINT32_MAX));
}

Plan plan_of(const Batch& batch) {
  Plan plan;
  plan.content = batch.encoded.content;
  plan.lane = batch.lane;
  plan.first = batch.seqs.empty() ? 0 : batch.seqs.front();
  plan.last = batch.seqs.empty() ? 0 : batch.seqs.back();
  plan.messages = batch.seqs.size();
  plan.sent_ms = batch.sent_ms;
  plan.clock_right = batch.clock_right;
  plan.gaps = batch.gaps;
  plan.form = batch.form;
  return plan;
}

// Whoever encodes does not know the number.
std::string id_without_messages(const store::Identity& identity, uint64_t number) {
  return identity.hub + "/" + identity.epoch + "/batch/" + std::to_string(number);
}

}  // namespace

void Publisher::publish(core::Now now) {
  plan(now);
  while (now.mono_ms >= drain_.link.intake().from_mono_ms) {
    Batch* const batch = drain_.flight.next_to_publish();
    if (batch == nullptr) return;
    const bool chained = drain_.ledger.enabled() && !batch->is_probe;
    if (chained && (batch->number == 0 || !drain_.ledger.written(batch->number))) return;
    if (batch->encoded.message && !drain_.link.takes(*batch->encoded.message)) {
      set_aside(*batch);
    } else {
      publish(*batch, now);
    }
  }
}

// Plans batches as soon as they are encoded, so that the store writes several plans at once.
void Publisher::plan(core::Now now) {
  if (!drain_.ledger.enabled()) return;
  for (Batch* batch : drain_.flight.next_to_plan()) {
    const auto number = drain_.ledger.enter(plan_of(*batch), batch->ahead);
    if (!number) {
      drain_.more_at_ms = now.mono_ms + kPlanRetryMs;
      return drain_.note_error("cannot write the plan of a batch: " + number.error().what, now);
    }
    batch->number = *number;
  }
}

// The link does not take this message now, and may take others.
void Publisher::set_aside(const Batch& batch) {
  drain_.lanes[batch.lane].set_aside(batch.seqs.size());
  (void)drain_.flight.take_encoded(batch.token);
}

void Publisher::publish(Batch& batch, core::Now now) {
  std::string payload = std::exchange(batch.encoded.payload, {});
  if (batch.number != 0) payload = drain_.ledger.sealed(batch.number, std::move(payload));
  if (!batch.encoded.tries.empty()) batch.encoded.tries.back().payload_bytes = payload.size();
  drain_.picker.charge(batch.lane, payload.size());
  drain_.flight.on_published(now);
  drain_.tell(BatchStep::What::sent, batch, 0, now);
  drain_.end_to_end.on_published(batch.number);
  if (batch.encoded.message) return pass_through(batch, payload, now);
  if (batch.number != 0 && batch.seqs.empty() && batch.gaps.empty())
    batch.encoded.id = id_without_messages(drain_.store.identity(), batch.number);
  Publication publication{drain_.topic,
                          payload,
                          content_type_of(batch.encoded.layout),
                          name_of(batch.form.compression),
                          batch.encoded.id,
                          batch.seqs.size(),
                          expiry_s(batch.encoded.expires_ms, now)};
  publication.json_bytes = batch.sizes().json_bytes;
  drain_.log.debug("upstream_batch_sent",
                   {{"id", batch.encoded.id}, {"messages", batch.seqs.size()}, {"bytes", payload.size()}});
  drain_.link.publish(batch.token, publication);
}

void Publisher::pass_through(const Batch& batch, core::Bytes body, core::Now now) {
  const core::Message& message = *batch.encoded.message;
  const std::string topic = expand_topic(drain_.topic, message.topic);
  Publication publication;
  publication.topic = topic;
  publication.payload = body;
  publication.messages = 1;
  publication.json_bytes = batch.sizes().json_bytes;
  publication.expiry_s = expiry_s(batch.encoded.expires_ms, now);
  publication.has_own_topic = true;
  publication.original = &message;
  publication.retain = message.retain;
  drain_.link.publish(batch.token, publication);
}

void Publisher::answer_replay(core::Now now) {
  EndToEnd& end_to_end = drain_.end_to_end;
  if (now.mono_ms < std::max(end_to_end.answers_at(), drain_.link.intake().from_mono_ms)) return;
  const std::string answer = end_to_end.answer_replay(drain_.ledger, now);
  drain_.link.announce({drain_.topic, end_to_end.answer_level(), answer});
}

void Publisher::announce_head(bool closing, core::Now now) {
  const auto head = drain_.ledger.head();
  if (now.mono_ms < drain_.link.intake().from_mono_ms) return;
  const bool last = closing && head_.has_news(head);
  if (!last && now.mono_ms < head_.due_at(head, drain_.flight.size() == 0)) return;
  const std::string notice = head_.take(*head, now);
  drain_.link.announce({drain_.topic, head_.level(), notice});
}

int64_t Publisher::next_deadline() const {
  const int64_t head_ms = head_.due_at(drain_.ledger.head(), drain_.flight.size() == 0);
  return std::min(head_ms, drain_.end_to_end.answers_at());
}

}  // namespace headgate::upstream
