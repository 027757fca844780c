// Deals with a failed write or sync: the database is closed and opened again, from what is on the disk,
// as often as it takes (docs/adr/0018). Nothing here waits for the disk but on the writer's thread.
//
// The loop's side goes on meanwhile. Of Changes that were not durable, what is `undo` is lost, and its makers
// are told by on_failed(); what is `redo` is done again afterwards, as are queues that were opened or removed.
// Only the group that the writer had may be on the disk nevertheless. That is found out once the database is
// open again, and then nothing of it is done twice.
#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "store/format/attributes_codec.h"
#include "store/rocks/store.h"

namespace headgate::store {
namespace {

constexpr int64_t kRetryMs = 1'000;  // after the first failure to open; twice that after the next
constexpr int kRetryDoublings = 5;   // at most

template <typename T>
void append_all(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

core::Result<bool> has_row(const RocksDb& db, rocksdb::ColumnFamilyHandle* family, const std::string& key,
                           const std::optional<std::string>& value) {
  std::string found;
  const rocksdb::Status status = db.db().Get({}, family, key, &found);
  if (!status.ok() && !status.IsNotFound())
    return core::fail(db.to_error(status, "looking for what was written last to " + db.dir()));
  return status.ok() ? value == found : !value;
}

// Whether the database holds all of a group, which was one write. The states of queues tell it, as their
// counters are others after each group; else the values, which if they are all there need not be written
// again either way.
core::Result<bool> holds(const RocksDb& db, const Group& group) {
  for (const auto& [queue, state] : group.queue_states) {
    const auto there = has_row(db, db.cur(), queue_state_key(queue), state);
    if (!there || !*there) return there;
  }
  std::map<std::string_view, const KeyValue*> last;  // a key may be written more than once
  for (const KeyValue& value : group.values) last[value.key] = &value;
  for (const auto& [key, value] : last) {
    const auto there = has_row(db, db.kv(), value->key, value->value);
    if (!there || !*there) return there;
  }
  return true;
}

core::Result<Opened> open_after(const Group* lost, const StoreOptions& options, const std::string& suspect) {
  auto opened = open_database(options, RocksDb::Mode::read_write, suspect);
  if (!opened || lost == nullptr) return opened;
  const auto there = holds(*opened->db, *lost);
  const bool damaged = !there && there.error().code == core::Errc::corrupt;  // is mended when it is met again
  if (!there && !damaged) return core::fail(there.error());
  opened->holds_last_group = there && *there;
  return opened;
}

}  // namespace

void RocksStore::fail(const core::Error& error) {
  if (failed_) return;
  failed_ = error;
  ++generation_;
  Group lost = std::exchange(open_, {});
  salvage(lost);
  writing_ = false;
  log_.error("store_failed", {{"error", error.what}});
  const std::weak_ptr alive(alive_);
  if (events_ != nullptr) events_->on_failed(error);
  if (alive.lock() && !closed_) reopen();
}

// Keeps of a group that is lost what is to be done again, before what is kept already.
void RocksStore::salvage(Group& group) {
  Redo later = std::exchange(redo_, std::move(group.redo));
  append_all(redo_.endings, later.endings);
  append_all(redo_.deaths, later.deaths);
  append_all(redo_.gaps_dropped, later.gaps_dropped);
  append_all(redo_.appends, later.appends);
  std::vector<KeyValue> values = std::exchange(open_.values, {});
  auto to_undo = group.values_to_undo.begin();
  for (size_t i = 0; i < group.values.size(); ++i) {
    if (to_undo != group.values_to_undo.end() && *to_undo == i)
      ++to_undo;
    else
      add_values(std::span(&group.values[i], 1), IfLost::redo);
  }
  append_all(open_.values, values);
}

// The reader, the housekeeper and then the writer end what they are doing with the old database; the writer
// closes it and opens the new one.
void RocksStore::reopen() {
  reopening_ = true;
  path_.use(nullptr);
  count_written();
  const std::string suspect = failed_->code == core::Errc::corrupt ? failed_->what : "";
  const auto on_writer = [this, options = options_, suspect, lost = in_flight_, alive = std::weak_ptr(alive_),
                          &executor = executor_] {
    auto opened = std::make_shared<core::Result<Opened>>(open_after(lost.get(), options, suspect));
    executor.post([this, alive, opened] {
      if (alive.lock()) on_reopened(std::move(*opened));
    });
  };
  reader_.post([this, on_writer, closing = std::exchange(db_, nullptr)]() mutable {
    housekeeper_.post([this, on_writer, closing = std::move(closing)]() mutable {
      writer_.post([on_writer, closing = std::move(closing)]() mutable {
        closing.reset();
        on_writer();
      });
    });
  });
}

void RocksStore::on_reopened(core::Result<Opened> opened) {
  reopening_ = false;
  if (!opened) return retry_later(opened.error());
  if (const auto same = check_same(opened->meta); !same) return retry_later(same.error());
  if (opened->damage) log_damage(log_, *opened->damage);
  const auto space = opened->space;
  if (in_flight_ && !opened->holds_last_group) salvage(*in_flight_);
  in_flight_.reset();
  adopt(*std::move(opened));
  const std::string cause = std::exchange(failed_, std::nullopt)->what;
  reopen_failures_ = 0;
  if (space) on_space(*space);
  replay();
  log_.warn("store_opened_again", {{"after", cause}, {"next_seq", last_seq_ + 1}});
  if (events_ != nullptr) events_->on_recovered();
  for (const QueueId queue : table_.ids()) read_again(queue);
}

void RocksStore::retry_later(const core::Error& error) {
  const int64_t wait_ms = kRetryMs << std::min(reopen_failures_++, kRetryDoublings);
  reopen_at_ms_ = ticked_at_ms_ + wait_ms;
  log_.error("store_not_opened", {{"error", error.what}, {"again_in_ms", wait_ms}});
}

void RocksStore::reopen_if_due(core::Now now) {
  if (!reopening_ && now.mono_ms >= reopen_at_ms_) reopen();
}

// Another disk may be mounted there by now.
core::Status RocksStore::check_same(const Meta& opened) const {
  if (opened.identity.epoch == meta_.identity.epoch || opened.epoch_before == meta_.identity.epoch) return {};
  return fail_store(core::Errc::invalid, options_.dir,
                    "is another one now (epoch " + opened.identity.epoch + ", it was " +
                        meta_.identity.epoch + "); put it back or restart the hub");
}

// Goes on from what is on the disk.
void RocksStore::adopt(Opened opened) {
  db_ = std::move(opened.db);
  compacts_ = opened.compacts;
  reclaim_.undone();
  watch_.on_compacting(0);
  path_.use(db_.get());
  lease_ = opened.meta.next_seq + kSeqLease;
  last_seq_ = std::max(last_seq_, opened.meta.next_seq - 1);
  durable_ = recovered_ = last_seq_;
  floor_ = 0;
  meta_.next_queue = std::max(meta_.next_queue, opened.meta.next_queue);
  meta_.identity = opened.meta.identity;
  meta_.damage = opened.meta.damage;
  open_.first_seq = last_seq_ + 1;
  write_failed_ = false;
  unsynced_ = false;
  ended_pending_ = false;
  due_ = Reclaim::nothing;
  housekeeping_ = false;
  reading_ahead_ = false;
  due_lanes_.clear();
  to_fold_.clear();
  dirty_.clear();
  open_.new_queues.clear();
  open_.queue_attributes.clear();
  open_.meta.clear();
  adopt_table(std::move(opened.table));
}

// Which queues there are is as their owner knows it, with what is in them as on the disk.
void RocksStore::adopt_table(QueueTable fresh) {
  const QueueTable before = std::exchange(table_, std::move(fresh));
  for (const QueueId id : table_.ids()) {
    QueueState& queue = *table_.find(id);
    if (const QueueState* known = before.find(id)) {
      queue.stats.policy = known->stats.policy;
      queue.stats.refused = known->stats.refused;
      set_attributes(queue, known->stats.attributes);
      continue;
    }
    table_.remove(queue);
    uint64_t purged = 0;
    for (uint8_t lane = 0; lane < kLaneCount; ++lane) purged += purge_lane(queue, lane);
    count_outcome(queue.stats, Outcome::dropped, purged);
    touch(queue);
  }
  for (const QueueId id : before.ids()) {
    if (table_.find_any(id) != nullptr) continue;
    const QueueState& lost = *before.find(id);
    QueueState& queue = table_.add(id, lost.stats.name, lost.stats.attributes);
    queue.stats.policy = lost.stats.policy;
    open_.new_queues.emplace_back(id, lost.stats.name);
    open_.queue_attributes.emplace_back(id, encode_attributes(lost.stats.attributes));
    touch(queue);
  }
  if (!open_.new_queues.empty()) open_.meta.push_back(next_queue_row(meta_.next_queue));
  count_table();
}

// Does again what is to be, and writes that and the values. All of it joins one group, so that each Change is
// whole in it.
void RocksStore::replay() {
  open_.must_sync = true;
  Redo redo = std::exchange(redo_, {});
  for (const Ending& ending : redo.endings)
    end_one({ending.lane.queue, ending.lane.lane, ending.seq, ending.outcome}, IfLost::redo);
  for (const DeadEntry& dead : redo.deaths) {
    QueueState* queue = table_.find(dead.lane.queue);
    if (queue != nullptr && dead.lane.lane < kLaneCount)
      bury(*queue, dead.lane.lane, dead.seq, dead.death, IfLost::redo);
  }
  for (const GapsDropped& gaps : redo.gaps_dropped) drop_gaps(gaps, IfLost::redo);
  for (KeptAppend& append : redo.appends) {
    std::erase_if(append.targets, [this](const Target& to) { return table_.find(to.queue) == nullptr; });
    take_in({append.message, append.targets}, IfLost::redo);
  }
  schedule();
}

}  // namespace headgate::store
