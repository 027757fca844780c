#include "upstream/drain/lane_feed.h"

#include <algorithm>
#include <utility>

namespace headgate::upstream {
namespace {

constexpr int64_t kReadRetryMs = 1000;

void charge(store::ReadLimit& budget, const std::vector<store::Entry>& entries) {
  size_t bytes = 0;
  for (const store::Entry& entry : entries) bytes += entry.message->body.size();
  budget.messages -= std::min(budget.messages, entries.size());
  budget.bytes -= std::min(budget.bytes, bytes);
}

bool is_spent(const store::ReadLimit& budget) { return budget.messages == 0 || budget.bytes == 0; }

}  // namespace

LaneFeed::LaneFeed(store::QueueStore& store, store::QueueId queue, uint8_t lane,
                   const UpstreamOptions& options)
    : store_(store),
      queue_(queue),
      lane_(lane),
      messages_max_(options.batch.messages_max),
      batcher_(options.batch, lane),
      isolation_(options.attempts_max),
      places_(lane == 0 ? 0 : options.batch.linger_ms) {}

bool LaneFeed::may_go_on(bool on_its_way, core::Now now) {
  if (rewinding_ || now.mono_ms < hold_until_ms_) return false;
  hold_until_ms_ = 0;
  return !on_its_way || !is_sought_behind(places_.after_near(isolation_.until()));
}

// Whether a batch that begins here may hold the culprit. With several places, what comes before its range may not.
bool LaneFeed::is_sought_at(store::Seq first) const {
  return isolation_.active(first) && (!places_.is_split() || first >= isolation_.from());
}

bool LaneFeed::is_sought_behind(store::Seq after) const {
  return isolation_.active(after) && (!places_.is_split() || after + 1 >= isolation_.from());
}

void LaneFeed::choose_place(core::Now now) {
  if (!batcher_.empty()) return;
  // Plans may be in another order than seqs also where there is one place: after a restart, or over a link of another order.
  if (wish_.messages > 0) return places_.choose_range(wish_.first, wish_.last);
  const store::Seq until = isolation_.until();
  places_.choose(is_sought_behind(places_.after_near(until)) ? until : 0, now);
}

core::Status LaneFeed::fill(store::ReadLimit& budget, core::Now now) {
  filling_ = false;
  if (waiting() == 0) places_.on_all_gone();
  choose_place(now);
  for (;;) {
    limit_batch();
    if (closed_ || batcher_.full() || has_taken_all()) break;
    filling_ = is_spent(budget);
    if (filling_) return {};
    const store::ReadLimit room = batcher_.room();
    const store::ReadLimit limit{std::min(room.messages, budget.messages),
                                 std::min(room.bytes, budget.bytes)};
    auto entries = store_.read(queue_, lane_, places_.after(), limit, now);
    if (!entries) {
      hold_until_ms_ = now.mono_ms + kReadRetryMs;
      return core::fail(entries.error());
    }
    const bool is_at_end = entries->empty() || places_.ends_before(entries->front().seq);
    if (is_at_end && (!batcher_.empty() || !places_.turn(now))) break;
    if (is_at_end) continue;
    charge(budget, *entries);
    add(*std::move(entries), now);
  }
  if (!batcher_.empty() && places_.hurries()) closed_ = true;
  return {};
}

void LaneFeed::limit_batch() {
  const store::Seq first = batcher_.empty() ? places_.after() + 1 : batcher_.first_seq();
  const bool wished = batcher_.empty() ? first <= wish_.first : first == wish_.first;
  const bool is_sought = is_sought_at(first);
  if (wish_.messages > 0 && wished && !is_sought) {
    batcher_.follow(wish_.messages);
  } else {
    batcher_.limit_messages(is_sought ? isolation_.message_limit(first, messages_max_) : messages_max_);
  }
}

bool LaneFeed::is_held(store::Seq seq) const { return held_ != nullptr && held_->has(lane_, seq); }

void LaneFeed::add(std::vector<store::Entry> entries, core::Now now) {
  for (store::Entry& entry : entries) {
    limit_batch();
    const bool left_out =
        entry.seq == isolation_.passed_over() || is_held(entry.seq) || places_.was_taken(entry.seq);
    closed_ = left_out && !batcher_.empty();  // a batch holds neighbours
    if (closed_ || batcher_.full() || places_.ends_before(entry.seq)) return;
    places_.take(entry.seq);
    begun_up_to_ = std::max(begun_up_to_, entry.seq);
    if (left_out) continue;
    ++taken_;
    batcher_.add(std::move(entry), now);
  }
}

int64_t LaneFeed::next_deadline() const {
  if (rewinding_) return Batcher::kNever;
  return hold_until_ms_ != 0 ? hold_until_ms_ : batcher_.ready_at();
}

std::vector<store::Entry> LaneFeed::take_open(core::Now now) {
  std::vector<store::Entry> entries = batcher_.take();
  closed_ = false;
  places_.on_batch(now);
  taken_ -= std::erase_if(entries, [&](const store::Entry& entry) {
    if (entry.expires_ms == 0 || entry.expires_ms > now.hub_ms) return false;
    store_.finish(queue_, lane_, entry.seq, store::Outcome::expired);
    return true;
  });
  return entries;
}

void LaneFeed::learn(const std::vector<BatchSizes>& tries) {
  for (const BatchSizes& sizes : tries) batcher_.learn(sizes.json_bytes, sizes.payload_bytes);
}

void LaneFeed::go_back(store::Seq first, size_t messages, const GivenBack& others) {
  places_.go_back(first);
  for (const store::Seq other : others.firsts) places_.go_back(other);
  if (!batcher_.empty()) places_.go_back(batcher_.first_seq());
  taken_ -= messages + others.messages + batcher_.take().size();
  closed_ = false;
}

void LaneFeed::rewind(bool anything_published) {
  rewinding_ = true;
  batcher_.clear();
  closed_ = false;
  start_over_if(!anything_published);
}

void LaneFeed::start_over_if(bool nothing_published) {
  if (!rewinding_ || !nothing_published) return;
  rewinding_ = false;
  has_set_aside_ = false;
  places_.start_over();
  taken_ = held_ == nullptr ? 0 : held_->messages_of(lane_);
}

}  // namespace headgate::upstream
