#include "upstream/drain/acks/end_to_end.h"

#include <algorithm>
#include <utility>

namespace headgate::upstream {
namespace {

core::Unexpected untrue(std::string what) { return core::fail(core::Errc::invalid, std::move(what)); }

}  // namespace

EndToEnd::EndToEnd(const UpstreamOptions& options, std::string epoch, core::Log& log)
    : enabled_(options.acknowledgement == Acknowledgement::end_to_end && options.chain.enabled &&
               options.mode == Mode::batch),
      stream_(options.stream),
      epoch_(std::move(epoch)),
      timeout_ms_(options.acknowledgement_timeout_ms),
      log_(log),
      credit_(options.credit_batches) {}

// --- The consumer

void EndToEnd::hear(core::Bytes text, const Ledger& ledger, core::Now now) {
  if (!enabled_) return;
  auto notice = read_notice(text);
  if (!notice) return ignore(notice.error().what, now);
  hear_of_dictionaries(notice->dictionaries);  // also of a reader whose acknowledgement cannot be true
  if (const core::Status judged = judge(*notice, ledger); !judged) return ignore(judged.error().what, now);
  hear_until_ms_ = 0;
  number_ = std::max(number_, notice->number);
  // The first notice that a hub reads after its start has an old wish, unless it has sent something already.
  hear_of_needs(*notice, held_.size() > 0 || (counters_.notices > 0 && ledger.oldest() != nullptr));
  nacks_ = std::move(notice->nacks);
  if (notice->replay && notice->replay != replay_)
    answer_at_ms_ = std::max(now.mono_ms, answered_at_ms_ + kAgainMs);
  replay_ = notice->replay;
  ++counters_.notices;
  counters_.number = number_;
  counters_.heard_ms = now.wall_ms;
}

void EndToEnd::hear_of_needs(const AckNotice& notice, bool is_news) {
  if (notice.credit) credit_ = std::min<uint64_t>(*notice.credit, kCreditBatchesMax);
  if (notice.again != wish_ && is_news) wished_ = true;
  wish_ = notice.again;
}

void EndToEnd::hear_of_dictionaries(const std::vector<uint32_t>& ids) {
  if (!dictionary_.hear(ids)) return;
  log_.info("upstream_dictionary", {{"stream", stream_}, {"used", dictionary() ? "yes" : "no"}});
}

core::Status EndToEnd::judge(const AckNotice& notice, const Ledger& ledger) {
  const auto text = [](uint64_t number) { return std::to_string(number); };
  if (notice.epoch != epoch_)
    return untrue("it is about the epoch " + notice.epoch + ", and this hub's is " + epoch_);
  const uint64_t sent = std::max(published_, ledger.restored_up_to());
  if (notice.number > sent)
    return untrue("it has batch " + text(notice.number) + ", and the last that was sent is " + text(sent));
  if (notice.number < number_) {
    hear_of_needs(notice, held_.size() > 0);
    return untrue("it has batches up to " + text(notice.number) + ", and had them up to " + text(number_) +
                  " before: whoever consumes has lost what is between");
  }
  const Plan* const oldest = ledger.oldest();
  if (notice.number == 0 || oldest == nullptr || notice.number < oldest->mark.number) return {};
  if (notice.from > oldest->mark.number) {
    wished_ = held_.size() > 0;
    hear_until_ms_ = 0;
    return untrue("it has batches from " + text(notice.from) + ", and lacks " + text(oldest->mark.number) +
                  ", which goes again");
  }
  const std::string hash = ledger.hash_of(notice.number);
  if (!notice.hash.empty() && !hash.empty() && notice.hash != hash)
    return untrue("it has another batch " + text(notice.number) +
                  " than this hub has sent, or its chain key is another one");
  return {};
}

void EndToEnd::ignore(const std::string& why, core::Now now) {
  ++counters_.ignored_notices;
  const auto left_out = ignored_.admit({}, now);
  if (!left_out) return;
  log_.warn("upstream_acknowledgement_ignored",
            {{"stream", stream_}, {"why", why}, {"effect", "nothing is deleted"}, {"left_out", *left_out}});
}

const Nack* EndToEnd::refusal_of(uint64_t batch) const {
  const auto found = std::ranges::find(nacks_, batch, &Nack::batch);
  return batch == 0 || found == nacks_.end() ? nullptr : &*found;
}

const Nack* EndToEnd::refusal_of_message(store::Seq seq) const {
  const auto found = std::ranges::find(nacks_, seq, &Nack::message);
  return seq == 0 || found == nacks_.end() ? nullptr : &*found;
}

// --- What is on its way

void EndToEnd::hold(Batch batch, core::Now now) {
  if (held_.size() == 0) moved_at_ms_ = now.mono_ms;
  held_.add(std::move(batch), now.wall_ms);
}

bool EndToEnd::lets_new_go(size_t in_flight, bool owes) const {
  if (!enabled_) return true;
  const bool declares = owes && in_flight == 0 && credit_ > 0;
  return !begins_ && (declares || held_.size() + in_flight < credit_);
}

bool EndToEnd::holds_back(bool plans_wait, size_t in_flight, bool owes) const {
  return stops(plans_wait) || (!plans_wait && !lets_new_go(in_flight, owes));
}

Batch& EndToEnd::recalled(const Plan& plan) {
  if (recalled_.number == plan.mark.number) return recalled_;
  recalled_ = {};
  recalled_.number = plan.mark.number;
  recalled_.lane = plan.lane;
  recalled_.gaps = plan.gaps;
  return recalled_;
}

std::string EndToEnd::answer_replay(const Ledger& ledger, core::Now now) {
  answer_at_ms_ = kNever;
  answered_at_ms_ = now.mono_ms;
  const ReplayWish wish = replay_.value_or(ReplayWish());
  const Plan* const oldest = ledger.oldest();
  const uint64_t oldest_kept = oldest == nullptr ? 0 : oldest->mark.number;
  if (oldest_kept != 0 && wish.to >= oldest_kept) on_overtaken(wish.from - 1);
  return replay_answer(wish, epoch_, oldest_kept, std::max(published_, ledger.restored_up_to()));
}

// --- Once more

void EndToEnd::on_link_up(bool session_present, core::Now now) {
  if (!enabled_) return;
  hear_until_ms_ = now.mono_ms + kHearMs;
  if (session_present || held_.size() == 0) return;
  wished_ = true;
  again_from_ms_ = 0;
}

bool EndToEnd::lets_planned_go(core::Now now) {
  if (now.mono_ms >= hear_until_ms_) hear_until_ms_ = 0;
  return hear_until_ms_ == 0;
}

int64_t EndToEnd::again_at() const {
  if (held_.size() == 0) return kNever;
  const int64_t timeout_ms = moved_at_ms_ + (timeout_ms_ << doublings_);
  const int64_t wished_ms = wished_ ? std::max(again_from_ms_, hear_until_ms_) : kNever;
  return std::min(timeout_ms, wished_ms);
}

bool EndToEnd::wants_again(core::Now now) {
  if (!begins_ && now.mono_ms >= again_at()) {
    begins_ = true;
    overtaken_.reset();
  }
  return begins_;
}

void EndToEnd::on_overtaken(uint64_t number) {
  if (begins_ && !overtaken_) return;
  overtaken_ = std::min(overtaken_.value_or(number), number);
  begins_ = true;
}

void EndToEnd::begin_again(core::Now now) {
  const auto after = std::exchange(overtaken_, std::nullopt);
  begins_ = false;
  if (after && now.mono_ms < again_at()) return held_.drop_above(*after);
  counters_.sent_again_batches += held_.size();
  log_.info("upstream_sends_again", {{"stream", stream_},
                                     {"batches", held_.size()},
                                     {"why", wished_ ? "they may be lost behind the broker's answer"
                                                     : "nothing was acknowledged for a long time"}});
  held_.drop_above(0);
  wished_ = false;
  moved_at_ms_ = now.mono_ms;
  again_from_ms_ = now.mono_ms + (kAgainMs << doublings_);
  doublings_ = std::min(doublings_ + 1, kDoublingsMax);
}

void EndToEnd::on_settled(core::Now now) {
  moved_at_ms_ = now.mono_ms;
  doublings_ = 0;
  if (held_.size() == 0) wished_ = false;
}

void EndToEnd::count_refusal(size_t messages) {
  if (messages == 1) ++counters_.refused_messages;
  if (messages > 1) ++counters_.refused_batches;
}

int64_t EndToEnd::next_deadline(bool plans_wait) const {
  if (!enabled_ || begins_) return kNever;
  const int64_t planned_ms = plans_wait && hear_until_ms_ != 0 ? hear_until_ms_ : kNever;
  return std::min(again_at(), planned_ms);
}

EndToEndStatus EndToEnd::status() const {
  EndToEndStatus status = counters_;
  status.enabled = enabled_;
  status.held_batches = held_.size();
  status.held_since_ms = held_.since_ms();
  status.credit_batches = credit_;
  return status;
}

}  // namespace headgate::upstream
