#include "hub/observe/recorder/recorder.h"

#include <algorithm>

namespace headgate::hub {
namespace {

constexpr size_t kPartOfSteps = 8;  // one in so many bytes

Step::Kind kind_of(store::Outcome outcome) {
  switch (outcome) {
    case store::Outcome::delivered:
      return Step::Kind::delivered;
    case store::Outcome::expired:
      return Step::Kind::expired;
    case store::Outcome::dropped:
      return Step::Kind::dropped;
    case store::Outcome::dead:
      break;
  }
  return Step::Kind::dead;
}

Step::Kind kind_of(upstream::BatchStep::What what) {
  switch (what) {
    case upstream::BatchStep::What::sent:
      return Step::Kind::batch_sent;
    case upstream::BatchStep::What::acknowledged:
      return Step::Kind::batch_acked;
    case upstream::BatchStep::What::refused:
      break;
  }
  return Step::Kind::batch_refused;
}

}  // namespace

void Recorder::use(size_t bytes) {
  parts_.reset();  // before there are others, or there would be both
  bytes_ = bytes < kBytesMin ? 0 : bytes;
  if (!on()) return;
  const size_t steps = bytes_ / kPartOfSteps;
  parts_ = std::make_unique<Parts>(Parts{MessageRing(bytes_ - steps - sizeof(Parts)), StepLog(steps)});
}

uint64_t Recorder::record(const Arrival& arrival) {
  if (!on()) return 0;
  wall_ms_ = std::max(wall_ms_, arrival.message.arrived_ms);
  return parts_->messages.add(arrival, routes_);
}

void Recorder::add(Step step) {
  step.at_ms = wall_ms_;
  parts_->steps.add(step);
}

void Recorder::on_handed(store::QueueId queue, uint8_t lane, store::Seq seq) {
  if (!on()) return;
  Step step;
  step.queue = queue;
  step.lane = lane;
  step.first = step.last = seq;
  add(step);
}

void Recorder::on_batch(store::QueueId queue, const upstream::BatchStep& batch, int64_t wall_ms) {
  if (!on()) return;
  wall_ms_ = wall_ms;
  Step step;
  step.kind = kind_of(batch.what);
  step.queue = queue;
  step.lane = batch.lane;
  step.first = batch.first;
  step.last = batch.last;
  step.count = static_cast<uint32_t>(batch.messages);
  step.number = batch.number;
  step.code = batch.code;
  add(step);
}

void Recorder::on_ended(store::QueueId queue, uint8_t lane, store::Seq first, store::Seq last, uint64_t count,
                        store::Outcome outcome) {
  if (!on()) return;
  Step step;
  step.kind = kind_of(outcome);
  step.queue = queue;
  step.lane = lane;
  step.first = first;
  step.last = last;
  step.count = static_cast<uint32_t>(count);
  add(step);
}

std::optional<Recorded> Recorder::with_seq(store::Seq seq) const {
  if (!on()) return std::nullopt;
  return parts_->messages.with_seq(seq);
}

std::optional<Recorded> Recorder::with_number(uint64_t number) const {
  if (!on()) return std::nullopt;
  return parts_->messages.with_number(number);
}

std::optional<Recorded> Recorder::with_message_id(std::string_view id) const {
  if (!on()) return std::nullopt;
  return parts_->messages.with_message_id(id);
}

std::vector<Recorded> Recorder::behind(uint64_t after, size_t count) const {
  if (!on()) return {};
  return parts_->messages.behind(after, count);
}

uint64_t Recorder::before_newest(size_t count) const {
  return on() ? parts_->messages.before_newest(count) : 0;
}

std::vector<Recorded> Recorder::newest(size_t count) const {
  if (!on()) return {};
  return parts_->messages.behind(0, count, true);
}

std::vector<Step> Recorder::steps_of(store::QueueId queue, uint8_t lane, store::Seq seq) const {
  if (!on()) return {};
  return parts_->steps.about(queue, lane, seq);
}

Coverage Recorder::coverage() const {
  Coverage coverage;
  if (!on()) return coverage;
  const MessageRing& messages = parts_->messages;
  coverage.bytes_max = bytes_;
  coverage.messages = messages.size();
  coverage.steps_since_ms = parts_->steps.complete_since_ms();
  const uint64_t oldest = messages.oldest();
  if (oldest == 0) return coverage;
  coverage.arrived = messages.last_number() - oldest + 1;
  coverage.since_ms = messages.with_number(oldest)->message->arrived_ms;
  return coverage;
}

size_t Recorder::bytes_used() const {
  if (!on()) return 0;
  return sizeof(Parts) + parts_->messages.bytes_used() + parts_->steps.bytes_used();
}

}  // namespace headgate::hub
