#include "tests/support/mem_queue_store.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "store/accounts/overflow.h"
#include "store/dead_letter.h"
#include "store/format/record_codec.h"
#include "tests/support/store_accounts.h"

namespace headgate::testing {

using store::Entry;
using store::Gap;
using store::KeyValue;
using store::kLaneCount;
using store::Outcome;
using store::QueueId;
using store::Seq;

namespace {

uint64_t& counter(store::QueueStats& stats, Outcome outcome) {
  switch (outcome) {
    case Outcome::delivered:
      return stats.delivered;
    case Outcome::expired:
      return stats.expired;
    case Outcome::dropped:
      return stats.dropped;
    case Outcome::dead:
      break;
  }
  return stats.dead;
}

bool expired(const store::QueueStats& queue, const Entry& entry, core::Now now) {
  return store::has_expired(queue.policy, entry.message->arrived_hub_ms, entry.expires_ms, now.hub_ms);
}

}  // namespace

class MemQueueStore::QueueRoom final : public store::Room {
 public:
  QueueRoom(MemQueueStore& store, Queue& queue, uint64_t arriving_bytes)
      : store_(store), queue_(queue), arriving_bytes_(arriving_bytes) {}

  const store::QueueStats& stats() const override { return queue_.stats; }
  store::Limit met_by(const store::Arrival& arrival) const override {
    return limit_met(queue_.stats, store_.waiting_bytes() + arriving_bytes_, store_.bytes_max_, arrival);
  }
  store::Dilution& dilution() override { return queue_.dilution; }
  std::vector<Entry> look(uint8_t lane, Seq after, store::ReadLimit limit) override {
    return store_.read(queue_.stats.id, lane, after, limit, core::Now{}).value();
  }
  bool drop(uint8_t lane, Seq seq) override {
    const uint64_t before = queue_.stats.dropped;
    store_.end(queue_, lane, seq, Outcome::dropped);
    return queue_.stats.dropped > before;
  }
  bool drop_oldest(uint8_t lane) override { return drop(lane, queue_.lanes[lane].waiting.begin()->first); }

 private:
  MemQueueStore& store_;
  Queue& queue_;
  uint64_t arriving_bytes_;
};

MemQueueStore::MemQueueStore(core::Executor& executor, store::Identity identity)
    : executor_(executor), identity_(std::move(identity)) {}

MemQueueStore::~MemQueueStore() {
  expect_accounts_balance(*this);
  for (const auto& [id, queue] : queues_) {
    for (uint8_t lane = 0; lane < kLaneCount; ++lane) {
      uint64_t bytes = 0;
      for (const auto& [seq, waiting] : queue.lanes[lane].waiting) bytes += waiting.bytes;
      const store::LaneStats& stats = queue.stats.lanes[lane];
      EXPECT_EQ(stats.waiting, queue.lanes[lane].waiting.size()) << queue.stats.name << ", lane " << +lane;
      EXPECT_EQ(stats.waiting_bytes, bytes) << queue.stats.name << ", lane " << +lane;
    }
  }
}

std::vector<QueueId> MemQueueStore::queues() const {
  std::vector<QueueId> ids;
  for (const auto& [id, queue] : queues_) ids.push_back(id);
  return ids;
}

std::optional<QueueId> MemQueueStore::find_queue(std::string_view name) const {
  const auto found = names_.find(name);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

const store::QueueStats& MemQueueStore::stats(QueueId queue) const { return queues_.at(queue).stats; }

int64_t MemQueueStore::oldest_ms(QueueId queue, uint8_t lane) {
  const auto& waiting = queues_.at(queue).lanes.at(lane).waiting;
  return waiting.empty() ? 0 : waiting.begin()->second.entry.message->arrived_hub_ms;
}

core::Result<std::vector<Entry>> MemQueueStore::read(QueueId queue, uint8_t lane, Seq after,
                                                     store::ReadLimit limit, core::Now now) {
  const auto found = queues_.find(queue);
  if (found == queues_.end() || lane >= kLaneCount) {
    return core::fail(core::Errc::not_found, "no queue " + std::to_string(queue));
  }
  std::vector<Entry> entries;
  size_t bytes = 0;
  const bool open = check_open().has_value();
  const auto& waiting = found->second.lanes[lane].waiting;
  for (auto next = waiting.upper_bound(after); next != waiting.end() && next->first <= durable_;) {
    const auto& [seq, it] = *next++;
    if (!entries.empty() && entries.size() >= limit.messages) break;
    if (expired(found->second.stats, it.entry, now)) {
      if (open) end(found->second, lane, seq, Outcome::expired);
      continue;
    }
    const size_t size = it.entry.message->body.size();
    if (!entries.empty() && bytes + size > limit.bytes) break;
    entries.push_back(it.entry);
    bytes += size;
  }
  return entries;
}

std::vector<Gap> MemQueueStore::gaps(QueueId queue) const { return queues_.at(queue).gaps.list(); }

core::Result<std::string> MemQueueStore::get(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return core::fail(core::Errc::not_found, "no value " + std::string(key));
  return found->second;
}

core::Status MemQueueStore::for_each(std::string_view prefix, const Visit& visit) const {
  for (auto it = values_.lower_bound(prefix); it != values_.end() && it->first.starts_with(prefix); ++it) {
    if (auto visited = visit(it->first, it->second); !visited) return visited;
  }
  return {};
}

core::Result<QueueId> MemQueueStore::open_queue(std::string_view name,
                                                const store::QueueAttributes& attributes) {
  if (const auto known = find_queue(name)) {
    store::QueueAttributes& kept = queues_.at(*known).stats.attributes;
    const bool paused = kept.paused;
    kept = attributes;
    kept.paused = paused;
    return *known;
  }
  if (closed_) return core::fail(check_open().error());
  const QueueId id = next_queue_++;
  names_.emplace(name, id);
  Queue& queue = queues_[id];
  queue.stats.id = id;
  queue.stats.name = name;
  queue.stats.attributes = attributes;
  return id;
}

core::Status MemQueueStore::set_paused(store::QueueId queue, bool paused) {
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return core::fail(core::Errc::not_found, "there is no such queue");
  found->second.stats.attributes.paused = paused;
  if (paused) return {};
  executor_.post([this, queue, alive = std::weak_ptr(alive_)] {
    if (alive.lock() && events_ != nullptr) events_->on_available(queue);
  });
  return {};
}

void MemQueueStore::set_policy(QueueId queue, const store::QueuePolicy& policy) {
  const auto found = queues_.find(queue);
  if (found == queues_.end() || found->second.stats.policy == policy) return;
  found->second.stats.policy = policy;
  on_room_made();
}

void MemQueueStore::set_bytes_max(uint64_t bytes_max) {
  bytes_max_ = bytes_max;
  on_room_made();
}

uint64_t MemQueueStore::waiting_bytes() const {
  uint64_t sum = 0;
  for (const auto& [id, queue] : queues_) sum += queue.stats.waiting_bytes();
  return sum;
}

core::Status MemQueueStore::check_room(const store::Change& change) {
  store::Forecast forecast;
  std::set<const Waiting*> seen;
  for (const store::End& end : change.ends) {
    const Waiting* waiting = find_waiting(end);
    if (waiting != nullptr && seen.insert(waiting).second)
      forecast.ends(end.queue, waiting->bytes, end.death != nullptr);
  }
  for (const store::Append& append : change.appends) {
    if (const auto room = check_room(append, forecast); !room) return room;
  }
  return {};
}

core::Status MemQueueStore::check_room(const store::Append& append, store::Forecast& forecast) {
  const uint64_t bytes = store::stored_bytes(*append.message);
  for (const store::Target& target : append.targets) {
    Queue& queue = queues_.at(target.queue);
    QueueRoom room(*this, queue, 0);
    const store::Arrival arrival{1, bytes, target.lane};
    const store::Limit met = forecast.arrives(queue.stats, waiting_bytes(), bytes_max_, bytes, target.lane);
    if (append.never_dropped && make_room(room, arrival, SIZE_MAX)) continue;
    if (append.never_dropped)
      return core::fail(core::Errc::full, describe(room.met_by(arrival), queue.stats, bytes_max_));
    if (queue.stats.policy.on_full != store::OnFull::reject || met == store::Limit::none) continue;
    ++queue.stats.refused;
    refused_ = true;
    return core::fail(core::Errc::full, describe(met, queue.stats, bytes_max_));
  }
  return {};
}

void MemQueueStore::stop_room_for(store::RoomFor stopped) {
  disk_.stopped = stopped;
  on_room_made();
}

void MemQueueStore::on_room_made() {
  if (disk_.stopped == store::RoomFor::consumers || !std::exchange(refused_, false)) return;
  executor_.post([this, alive = std::weak_ptr(alive_)] {
    if (alive.lock() && events_ && !closed_) events_->on_room();
  });
}

core::Status MemQueueStore::remove_queue(QueueId queue) {
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return core::fail(core::Errc::not_found, "no queue " + std::to_string(queue));
  names_.erase(found->second.stats.name);
  queues_.erase(found);
  return {};
}

core::Result<uint64_t> MemQueueStore::purge(QueueId id) {
  const auto found = queues_.find(id);
  if (found == queues_.end()) return core::fail(core::Errc::not_found, "no queue " + std::to_string(id));
  Queue& queue = found->second;
  uint64_t purged = 0;
  for (uint8_t lane = 0; lane < kLaneCount; ++lane) {
    auto& waiting = queue.lanes[lane].waiting;
    if (waiting.empty()) continue;
    const Waiting& first = waiting.begin()->second;
    if (queue.stats.attributes.keeps_gaps) {
      queue.gaps.add(first.previous,
                     {first.entry.seq, waiting.rbegin()->first, waiting.size(), Outcome::dropped});
    }
    if (watcher_ != nullptr)
      watcher_->on_ended(id, lane, first.entry.seq, waiting.rbegin()->first, waiting.size(),
                         Outcome::dropped);
    purged += waiting.size();
    waiting.clear();
    refresh(queue, lane);
    queue.stats.lanes[lane].waiting_bytes = 0;
    on_room_made();
  }
  queue.stats.dropped += purged;
  return purged;
}

core::Result<Seq> MemQueueStore::commit(const store::Change& change) {
  if (closed_) return core::fail(check_open().error());
  if (const auto possible = check_possible(change); !possible) return core::fail(possible.error());
  Seq seq = 0;
  for (const store::End& end : change.ends) seq = std::max(seq, end_one(end, change.if_lost));
  for (const store::GapsDropped& gaps : change.gaps_dropped) {
    if (const auto queue = queues_.find(gaps.queue); queue != queues_.end())
      queue->second.gaps.drop(gaps.up_to);
  }
  const Seq first_appended = last_seq_ + 1;
  for (const store::Append& append : change.appends) {
    seq = ++last_seq_;
    for (const store::Target& target : append.targets) admit(seq, append.message, target, change.if_lost);
  }
  for (const store::Target& target : change.turned_away) turn_away(seq = ++last_seq_, target);
  for (const store::Folded& folded : change.folded) note_folded(folded, first_appended, seq);
  for (const KeyValue& value : change.values) {
    if (change.if_lost == store::IfLost::undo) values_to_undo_.push_back(open_values_.size());
    open_values_.push_back(value);
  }
  if (change.appends.empty() && (change.must_sync || !change.values.empty())) seq = ++last_seq_;
  if (seq != 0) schedule_commit();
  return seq;
}

core::Status MemQueueStore::check_possible(const store::Change& change) {
  const bool waits_for_recovery = change.if_lost == store::IfLost::redo && change.appends.empty();
  if (const auto open = check_open(); !open && !waits_for_recovery) return open;
  for (const store::End& end : change.ends) {
    if (end.required && find_waiting(end) == nullptr)
      return core::fail(core::Errc::not_found, "no message with seq " + std::to_string(end.seq) + " waits");
  }
  if (!std::ranges::all_of(change.turned_away, [this](const store::Target& target) { return has(target); }))
    return core::fail(core::Errc::not_found, "no such queue to turn away from");
  for (const store::Append& append : change.appends) {
    for (const store::Target& target : append.targets) {
      if (!has(target)) return core::fail(core::Errc::not_found, "no queue " + std::to_string(target.queue));
    }
    const auto kind_of = [this](store::QueueId queue) { return queues_.at(queue).stats.attributes.kind; };
    if (!disk_.refuses(store::room_for(append, kind_of))) continue;
    refused_ = true;
    return core::fail(core::Errc::full, "the disk is nearly full");
  }
  return check_room(change);
}

// A durable entry; null if it does not wait.
const MemQueueStore::Waiting* MemQueueStore::find_waiting(const store::End& end) const {
  const auto queue = queues_.find(end.queue);
  if (queue == queues_.end() || end.lane >= kLaneCount || end.seq > durable_) return nullptr;
  const auto& waiting = queue->second.lanes[end.lane].waiting;
  const auto found = waiting.find(end.seq);
  return found == waiting.end() ? nullptr : &found->second;
}

// Returns the seq of the dead letter, if there is one.
Seq MemQueueStore::end_one(const store::End& end_of, store::IfLost if_lost) {
  const Waiting* waiting = find_waiting(end_of);
  if (waiting == nullptr) return 0;
  const Waiting was = *waiting;
  Queue& queue = queues_.at(end_of.queue);
  const Outcome outcome = end_of.death != nullptr ? Outcome::dead : end_of.outcome;
  end(queue, end_of.lane, end_of.seq, outcome, !end_of.folded);
  if (if_lost == store::IfLost::undo) undos_.push_back({end_of.queue, end_of.lane, was, outcome});
  const auto dead = store::find_dead_queue(*this);
  if (end_of.death == nullptr || !dead || *dead == end_of.queue) return 0;
  schedule_commit();
  const Seq letter = ++last_seq_;
  const std::string tag = store::encode_dead_letter(
      {queue.stats.name, end_of.lane, end_of.seq, was.entry.expires_ms, was.entry.tag, *end_of.death});
  return admit(letter, was.entry.message, {*dead, store::kDefaultLane, 0, tag}, if_lost) ? letter : 0;
}

// False if the queue has no room for it, and drops it.
bool MemQueueStore::admit(Seq seq, const core::MessagePtr& message, const store::Target& target,
                          store::IfLost if_lost) {
  Queue& queue = queues_.at(target.queue);
  Lane& lane = queue.lanes[target.lane];
  const uint64_t bytes = store::stored_bytes(*message);
  QueueRoom room(*this, queue, 0);
  if (!make_room(room, {1, bytes, target.lane}, SIZE_MAX)) {
    turn_away(seq, target);
    return false;
  }
  ++queue.stats.in;
  const Seq previous = std::exchange(lane.last, seq);
  lane.waiting.emplace(
      seq,
      Waiting{
          {seq, message, target.expires_ms, target.tag}, previous, bytes, if_lost == store::IfLost::redo});
  if (target.expires_ms != 0) lane.expires_first_ms = std::min(lane.expires_first_ms, target.expires_ms);
  queue.stats.lanes[target.lane].waiting_bytes += bytes;
  refresh(queue, target.lane);
  open_queues_.insert(target.queue);
  return true;
}

void MemQueueStore::tick(core::Now now) {
  for (auto& [id, queue] : queues_) {
    for (uint8_t lane = 0; lane < kLaneCount; ++lane) {
      auto& waiting = queue.lanes[lane].waiting;
      if (now.hub_ms >= queue.lanes[lane].expires_first_ms) end_expired(queue, lane, now);
      while (!waiting.empty() && waiting.begin()->first <= durable_ &&
             expired(queue.stats, waiting.begin()->second.entry, now)) {
        end(queue, lane, waiting.begin()->first, Outcome::expired);
      }
    }
    QueueRoom room(*this, queue, 0);
    if (queue.stats.policy.limits_size()) make_room(room, {}, SIZE_MAX);
  }
}

void MemQueueStore::end_expired(Queue& queue, uint8_t lane_number, core::Now now) {
  Lane& lane = queue.lanes[lane_number];
  lane.expires_first_ms = INT64_MAX;
  for (auto next = lane.waiting.begin(); next != lane.waiting.end();) {
    const auto& [seq, it] = *next++;
    if (seq <= durable_ && expired({}, it.entry, now)) {
      end(queue, lane_number, seq, Outcome::expired);
    } else if (it.entry.expires_ms != 0) {
      lane.expires_first_ms = std::min(lane.expires_first_ms, it.entry.expires_ms);
    }
  }
}

void MemQueueStore::close() {
  if (!closed_ && !failed_ && !failure_) {
    events_ = nullptr;
    write();
  }
  closed_ = true;
}

void MemQueueStore::remember_commits() { committed_ = queues_; }

// Queues that were opened since are there, and empty, as in the real store.
void MemQueueStore::lose_uncommitted() {
  for (auto& [id, queue] : queues_) {
    const auto before = committed_->find(id);
    Queue restored;
    restored.stats.id = id;
    restored.stats.name = queue.stats.name;
    restored.stats.attributes = queue.stats.attributes;
    if (before != committed_->end()) restored = before->second;
    queue = std::move(restored);
  }
  open_values_.clear();
  values_to_undo_.clear();
  undos_.clear();
  open_queues_.clear();
  commit_posted_ = false;
}

void MemQueueStore::recover() {
  failed_.reset();
  for (; !values_to_undo_.empty(); values_to_undo_.pop_back())
    open_values_.erase(open_values_.begin() + static_cast<std::ptrdiff_t>(values_to_undo_.back()));
  for (auto& [id, queue] : queues_) {
    for (uint8_t lane = 0; lane < kLaneCount; ++lane) {
      auto& waiting = queue.lanes[lane].waiting;
      for (auto it = waiting.upper_bound(durable_); it != waiting.end();) {
        if (it->second.redo) {
          ++it;
          continue;
        }
        queue.stats.lanes[lane].waiting_bytes -= it->second.bytes;
        --queue.stats.in;
        it = waiting.erase(it);
      }
      refresh(queue, lane);
    }
  }
  undo_ends();
  schedule_commit();
  if (events_) events_->on_recovered();
  for (const auto& [id, queue] : queues_) open_queues_.insert(id);
}

void MemQueueStore::undo_ends() {
  for (const Undo& undo : std::exchange(undos_, {})) {
    const auto found = queues_.find(undo.queue);
    if (found == queues_.end()) continue;
    Queue& queue = found->second;
    --counter(queue.stats, undo.outcome);
    queue.stats.lanes[undo.lane].waiting_bytes += undo.was.bytes;
    queue.lanes[undo.lane].waiting.emplace(undo.was.entry.seq, undo.was);
    queue.lanes[undo.lane].expires_first_ms = 0;  // to be looked for again
    refresh(queue, undo.lane);
  }
}

core::Status MemQueueStore::check_open() const {
  if (failed_) return core::fail(core::Errc::io, "the store has failed: " + failed_->what);
  if (closed_) return core::fail(core::Errc::io, "the store is closed");
  return {};
}

void MemQueueStore::schedule_commit() {
  if (std::exchange(commit_posted_, true)) return;
  executor_.post([this, alive = std::weak_ptr(alive_)] {
    if (alive.lock() && !closed_ && !failed_) write();
  });
}

void MemQueueStore::write() {
  commit_posted_ = false;
  if (failure_) {
    failed_ = std::exchange(failure_, std::nullopt);
    if (events_) events_->on_failed(*failed_);
    return;
  }
  ++commits_;
  durable_ = last_seq_;
  undos_.clear();
  values_to_undo_.clear();
  for (KeyValue& value : std::exchange(open_values_, {})) {
    if (value.value)
      values_[value.key] = *value.value;
    else
      values_.erase(value.key);
  }
  if (committed_) committed_ = queues_;
  const auto available = std::exchange(open_queues_, {});
  if (events_) events_->on_durable(durable_);
  for (const QueueId queue : available) {
    if (events_ && queues_.contains(queue)) events_->on_available(queue);
  }
}

void MemQueueStore::turn_away(Seq seq, const store::Target& target) {
  Queue& queue = queues_.at(target.queue);
  ++queue.stats.in;
  ++queue.stats.dropped;
  if (queue.stats.attributes.keeps_gaps)
    queue.gaps.add(queue.lanes[target.lane].last, {seq, seq, 1, Outcome::dropped});
}

void MemQueueStore::note_folded(const store::Folded& folded, Seq into_from, Seq into_to) {
  Queue& queue = queues_.at(folded.queue);
  if (queue.stats.attributes.keeps_gaps)
    queue.gaps.add(0, {folded.from, folded.to, folded.count, Outcome::dropped, into_from, into_to});
}

void MemQueueStore::end(Queue& queue, uint8_t lane, Seq seq, Outcome outcome, bool makes_gap) {
  auto& waiting = queue.lanes[lane].waiting;
  const auto found = waiting.find(seq);
  if (found == waiting.end()) return;
  ++counter(queue.stats, outcome);
  if (watcher_ != nullptr) watcher_->on_ended(queue.stats.id, lane, seq, seq, 1, outcome);
  if (makes_gap && outcome != Outcome::delivered && queue.stats.attributes.keeps_gaps)
    queue.gaps.add(found->second.previous, {seq, seq, 1, outcome});
  queue.stats.lanes[lane].waiting_bytes -= found->second.bytes;
  waiting.erase(found);
  refresh(queue, lane);
  on_room_made();
}

void MemQueueStore::refresh(Queue& queue, uint8_t lane) {
  const auto& waiting = queue.lanes[lane].waiting;
  store::LaneStats& stats = queue.stats.lanes[lane];
  stats.waiting = waiting.size();
  stats.note_peak();
}

}  // namespace headgate::testing
