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
      isolation_(options.attempts_max) {}

bool LaneFeed::may_go_on(bool on_its_way, core::Now now) {
  if (rewinding_ || now.mono_ms < hold_until_ms_) return false;
  hold_until_ms_ = 0;
  return !on_its_way || !isolation_.active(after_);
}

core::Status LaneFeed::fill(store::ReadLimit& budget, core::Now now) {
  filling_ = false;
  for (;;) {
    const store::Seq first = batcher_.empty() ? after_ + 1 : batcher_.first_seq();
    batcher_.limit_messages(isolation_.message_limit(first, messages_max_));
    if (batcher_.full() || waiting() <= taken_) return {};
    filling_ = is_spent(budget);
    if (filling_) return {};
    const store::ReadLimit room = batcher_.room();
    const store::ReadLimit limit{std::min(room.messages, budget.messages),
                                 std::min(room.bytes, budget.bytes)};
    auto entries = store_.read(queue_, lane_, after_, limit, now);
    if (!entries) {
      hold_until_ms_ = now.mono_ms + kReadRetryMs;
      return core::fail(entries.error());
    }
    if (entries->empty()) return {};
    charge(budget, *entries);
    add(*std::move(entries), now);
  }
}

void LaneFeed::add(std::vector<store::Entry> entries, core::Now now) {
  for (store::Entry& entry : entries) {
    if (batcher_.full()) return;
    after_ = entry.seq;
    if (entry.seq == isolation_.passed_over()) continue;
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

void LaneFeed::go_back_to(store::Seq last_kept, size_t messages) {
  taken_ -= messages + batcher_.take().size();
  after_ = last_kept;
}

void LaneFeed::rewind(bool anything_published) {
  rewinding_ = true;
  batcher_.clear();
  start_over_if(!anything_published);
}

void LaneFeed::start_over_if(bool nothing_published) {
  if (!rewinding_ || !nothing_published) return;
  rewinding_ = false;
  after_ = 0;
  taken_ = 0;
}

}  // namespace headgate::upstream
