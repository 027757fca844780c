#include "upstream/drain/stages/loader.h"

#include <algorithm>
#include <utility>

namespace headgate::upstream {
int64_t Loader::next_deadline(const Intake& intake) const {
  const Ledger& ledger = drain_.ledger;
  const Flight& flight = drain_.flight;
  if (drain_.is_stopped()) return kNever;
  const int64_t more_ms = drain_.more_at_ms;
  if (!packer_.has_room()) return more_ms;
  if (drain_.pause.ends_at() != 0) return std::min(drain_.pause.ends_at(), more_ms);
  if (flight.has_encoded() && intake.from_mono_ms != 0) return intake.from_mono_ms;
  if (!flight.open() || drain_.end_to_end.stops(ledger.to_follow() != nullptr)) return more_ms;
  if (!drain_.audience.lets_data_go()) return std::min(asks_at(), more_ms);
  if (drain_.end_to_end.holds_back(ledger.to_follow() != nullptr, flight.size(), ledger.owes_declaration()))
    return more_ms;
  const Plan* const first = plans_only_ ? ledger.to_follow() : nullptr;
  int64_t next = first == nullptr ? std::min(drain_.gaps.looks_at(), more_ms) : more_ms;
  for (const LaneFeed& lane : drain_.lanes) {
    const bool goes = intake.takes(lane.number()) && (first == nullptr || first->lane == lane.number());
    if (goes) next = std::min(next, lane.next_deadline());
  }
  return next;
}

void Loader::load(core::Now now) {
  plans_only_ = false;
  if (drain_.is_stopped() || !packer_.has_room() || !goes_on(now)) return;
  const Intake intake = drain_.link.intake();
  if (now.mono_ms < intake.from_mono_ms) return;
  if (!drain_.audience.lets_data_go()) return ask_for_audience(now);
  store::ReadLimit budget = DrainState::kReadAtOnce;
  const auto goes = [&](uint8_t n) { return intake.takes(n) && has_work(drain_.lanes[n], budget, now); };
  for (;;) {
    follow_plans_of_gaps();
    const auto lane = drain_.picker.pick(goes);
    if (!lane) break;
    if (drain_.lanes[*lane].filling()) {
      drain_.more_at_ms = now.mono_ms;
      return;
    }
    load_open(drain_.lanes[*lane], now);
  }
  plans_only_ = !lets_new_go(now);
  if (now.mono_ms >= drain_.gaps.looks_at() && drain_.flight.open() && !plans_only_) load_gaps(now);
}

// Whether anything may begin its way: not while all that the consumer lacks waits to go again, and not what was planned
// earlier before the consumer can have said what it has.
bool Loader::goes_on(core::Now now) {
  EndToEnd& end_to_end = drain_.end_to_end;
  if (!end_to_end.enabled()) return true;
  if (end_to_end.wants_again(now)) {
    if (drain_.flight.size() > 0) return false;
    end_to_end.begin_again(now);
    drain_.rewind_all();
  }
  return drain_.ledger.to_follow() == nullptr || end_to_end.lets_planned_go(now);
}

// A batch that may go now, or one that would be full but for the budget: no other lane goes before it.
bool Loader::has_work(LaneFeed& lane, store::ReadLimit& budget, core::Now now) {
  if (!drain_.flight.open() || !lane.may_go_on(drain_.flight.has_any_of(lane.number()), now)) return false;
  const Plan* plan = drain_.ledger.to_follow();
  if (plan != nullptr && plan->lane != lane.number()) plan = nullptr;
  if (plan == nullptr && !lets_new_go(now)) return false;
  lane.wish(plan == nullptr ? LaneFeed::Wish{} : LaneFeed::Wish{plan->first, plan->last, plan->messages});
  if (const core::Status read = lane.fill(budget, now); !read) {
    drain_.note_error("cannot read the queue: " + read.error().what, now);
    return false;
  }
  if (plan != nullptr && !lane.filling() && !lane.has_open()) leave_waiting(now);
  return lane.filling() || lane.ready(now);
}

// --- Plans

void Loader::follow_plans_of_gaps() {
  while (const Plan* plan = drain_.flight.open() ? drain_.ledger.to_follow() : nullptr) {
    if (plan->messages > 0) return;
    packer_.pack_again(*plan, {});
  }
}

// Plans that wait go before anything new, unless they cannot.
bool Loader::lets_new_go(core::Now now) const {
  const Plan* plan = drain_.ledger.to_follow();
  if (plan == nullptr)
    return drain_.end_to_end.lets_new_go(drain_.flight.size(), drain_.ledger.owes_declaration());
  const bool goes = plan->messages == 0 || (drain_.link.intake().takes(plan->lane) &&
                                            !drain_.lanes[plan->lane].is_blocked(plan->first, now));
  return !goes;
}

// Nothing is left of the messages of the plan that is next: they ended otherwise while nothing could be sent. Lanes that
// have been asked already have to be asked again.
void Loader::leave_waiting(core::Now now) {
  drain_.ledger.abandon_waiting();
  drain_.more_at_ms = now.mono_ms;
}

// The plan that these entries follow. If they follow none, whatever waits can no longer go before them.
const Plan* Loader::plan_of(uint8_t lane, const std::vector<store::Entry>& entries) {
  const Plan* const plan = drain_.ledger.to_follow();
  if (plan != nullptr && plan->lane == lane && plan->first == entries.front().seq &&
      plan->last == entries.back().seq && plan->messages == entries.size())
    return plan;
  drain_.ledger.abandon_waiting();
  return nullptr;
}

// --- What a batch has

void Loader::load_open(LaneFeed& lane, core::Now now) {
  const bool ahead = lane.goes_ahead(drain_.ledger.to_follow());
  std::vector<store::Entry> entries = lane.take_open(now);
  if (entries.empty()) return;
  if (const Plan* plan = plan_of(lane.number(), entries))
    return packer_.pack_again(*plan, std::move(entries));
  // A batch on trial carries nothing but its messages, so that the verdict is about them.
  const bool bare = passes_through() || lane.on_trial(entries.front().seq) || declares_gaps();
  packer_.pack(lane.number(), std::move(entries), bare ? std::vector<store::Gap>() : drain_.gaps.next(), now,
               ahead);
}

void Loader::load_open(core::Now now) {
  if (drain_.is_stopped()) return;
  for (LaneFeed& lane : drain_.lanes) {
    const bool goes = drain_.flight.open() &&
                      drain_.end_to_end.lets_new_go(drain_.flight.size(), drain_.ledger.owes_declaration());
    if (goes && lane.has_open()) load_open(lane, now);
  }
}

void Loader::load_gaps(core::Now now) {
  std::vector<store::Gap> gaps = drain_.gaps.look(now);
  if (passes_through()) return leave_out(gaps);
  if (gaps.empty() || declares_gaps()) return load_declaration(now);
  drain_.ledger.abandon_waiting();
  packer_.pack(drain_.lanes.back().number(), {}, std::move(gaps), now);
}

// Readers take numbers for missing that were given up, and a consumer cannot acknowledge what is behind them, until a
// batch says so. None comes where nothing waits that may go.
void Loader::load_declaration(core::Now now) {
  const Ledger& ledger = drain_.ledger;
  if (!ledger.has_undeclared() || ledger.to_follow() != nullptr || drain_.flight.size() > 0) return;
  if (!has_messages()) packer_.pack(drain_.lanes.back().number(), {}, {}, now);
}

// There are messages that may go over this link, and are not held.
bool Loader::has_messages() const {
  const store::QueueStats& stats = drain_.store.stats(drain_.queue);
  const Intake intake = drain_.link.intake();
  return std::ranges::any_of(drain_.lanes, [&](const LaneFeed& lane) {
    const uint8_t n = lane.number();
    return intake.takes(n) && stats.lanes[n].waiting > drain_.end_to_end.held().messages_of(n);
  });
}

// A declaration is on its way, or the consumer has not acknowledged it.
bool Loader::declares_gaps() const {
  return drain_.flight.declares_gaps() || drain_.end_to_end.held().declares_gaps();
}

// A plain message cannot say that others are lost: this hub's log and counters do.
void Loader::leave_out(const std::vector<store::Gap>& gaps) {
  if (gaps.empty()) return;
  uint64_t messages = 0;
  for (const store::Gap& gap : gaps) messages += gap.count;
  drain_.log.warn("upstream_left_out", {{"queue", drain_.store.stats(drain_.queue).name},
                                        {"messages", messages},
                                        {"from", gaps.front().from},
                                        {"to", gaps.back().to},
                                        {"effect", "they are lost, and nobody upstream is told"}});
  drain_.gaps.on_accepted(gaps);
}

bool Loader::has_news() const {
  return drain_.store.stats(drain_.queue).waiting() > 0 || !drain_.store.gaps(drain_.queue).empty() ||
         drain_.ledger.has_undeclared() || drain_.ledger.to_follow() != nullptr;
}

// While there is nothing to send, there may be gaps one day.
int64_t Loader::asks_at() const {
  if (drain_.flight.has_probe()) return kNever;
  return has_news() ? drain_.audience.asks_at() : drain_.gaps.looks_at();
}

void Loader::ask_for_audience(core::Now now) {
  if (now.mono_ms < asks_at() || !drain_.flight.open()) return;
  if (drain_.gaps.look(now).empty() && !has_news()) return;
  drain_.audience.on_asked(now);
  packer_.pack_probe(now);
}

}  // namespace headgate::upstream
