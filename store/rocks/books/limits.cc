#include "store/rocks/books/limits.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace headgate::store {
namespace {

// Entries that one append ends for one target; with more to end than that the message itself is dropped. Only
// a limit that was lowered, or a message as large as thousands of those that wait, comes to it.
constexpr size_t kDropsAtOnce = 4'096;

}  // namespace

class Limits::QueueRoom final : public Room {
 public:
  // `arriving_bytes`: of what the same append has brought to other queues.
  QueueRoom(Limits& limits, QueueState& queue, uint64_t arriving_bytes)
      : limits_(limits), queue_(queue), arriving_bytes_(arriving_bytes) {}

  const QueueStats& stats() const override { return queue_.stats; }
  Limit met_by(const Arrival& arrival) const override {
    const uint64_t all_bytes = limits_.books_.waiting_bytes() + arriving_bytes_;
    return limit_met(queue_.stats, all_bytes, limits_.bytes_max_, arrival);
  }
  Dilution& dilution() override {
    if (!queue_.dilution) queue_.dilution = std::make_unique<Dilution>();
    return *queue_.dilution;
  }
  std::vector<Entry> look(uint8_t lane, Seq after, ReadLimit limit) override {
    auto found = limits_.store_.path.read(queue_, lane, after, limit, core::Now{});
    return found ? std::move(found->entries) : std::vector<Entry>();
  }
  bool drop(uint8_t lane, Seq seq) override {
    const uint64_t before = queue_.stats.dropped;
    limits_.finisher_.end(queue_, lane, seq, Outcome::dropped);
    return queue_.stats.dropped > before;
  }
  bool drop_oldest(uint8_t lane) override { return limits_.finisher_.drop_oldest(queue_, lane); }

 private:
  Limits& limits_;
  QueueState& queue_;
  uint64_t arriving_bytes_;
};

void Limits::set_policy(QueueId queue, const QueuePolicy& policy) {
  QueueState* state = store_.table.find(queue);
  if (state == nullptr || state->stats.policy == policy) return;
  state->stats.policy = policy;
  any_limited_ |= policy.limits_size();
  announcer_.room_made();
}

void Limits::set_bytes_max(uint64_t bytes_max) {
  bytes_max_ = bytes_max;
  announcer_.room_made();
}

bool Limits::apply_to(std::span<const Target> targets) const {
  if (bytes_max_ != 0 || !any_limited_) return bytes_max_ != 0;
  return std::ranges::any_of(targets, [this](const Target& target) {
    return store_.table.find(target.queue)->stats.policy.limits_size();
  });
}

Forecast& Limits::new_forecast() {
  forecast_.clear();
  return forecast_;
}

core::Status Limits::check_room(std::span<const Target> targets, uint64_t bytes) {
  for (const Target& target : targets) {
    QueueState& queue = *store_.table.find(target.queue);
    const Limit met = forecast_.arrives(queue.stats, books_.waiting_bytes(), bytes_max_, bytes, target.lane);
    if (queue.stats.policy.on_full != OnFull::reject || met == Limit::none) continue;
    ++queue.stats.refused;
    announcer_.refused();
    return core::fail(core::Errc::full, describe(met, queue.stats, bytes_max_));
  }
  return {};
}

std::span<const Target> Limits::make_room_in(std::span<const Target> targets, uint64_t bytes, Seq seq) {
  if (!apply_to(targets)) return targets;
  taking_.clear();
  for (const Target& target : targets) {
    QueueState& queue = *store_.table.find(target.queue);
    // The message has been counted in none of its queues yet, but it will be in each of those taken so far:
    // the limit of the hub has to see them.
    QueueRoom room(*this, queue, taking_.size() * bytes);
    // A queue that rejects was asked by check_room() before anything was done. It takes the message now,
    // whatever the other targets of this Change have brought since.
    const bool agreed = queue.stats.policy.on_full == OnFull::reject;
    if (agreed || make_room(room, {1, bytes, target.lane}, kDropsAtOnce))
      taking_.push_back(target);
    else
      books_.count_turned_away(queue, target.lane, seq);
  }
  return taking_;
}

core::Status Limits::make_room_or_refuse(const Target& target, uint64_t bytes) {
  QueueState& queue = *store_.table.find(target.queue);
  const Arrival arrival{1, bytes, target.lane};
  QueueRoom room(*this, queue, 0);
  if (make_room(room, arrival, kDropsAtOnce)) return {};
  return core::fail(core::Errc::full, describe(room.met_by(arrival), queue.stats, bytes_max_));
}

size_t Limits::trim(QueueState& queue, size_t budget) {
  if (!queue.stats.policy.limits_size()) return 0;
  const uint64_t before = queue.stats.dropped;
  QueueRoom room(*this, queue, 0);
  make_room(room, {}, budget);
  return queue.stats.dropped - before;
}

}  // namespace headgate::store
