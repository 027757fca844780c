#include "store/rocks/recovery.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "store/format/attributes_codec.h"
#include "store/rocks/mend/heal.h"

namespace headgate::store {
namespace {

core::Result<bool> has_row(RocksDb& db, rocksdb::ColumnFamilyHandle* family, const std::string& key,
                           const std::optional<std::string>& value) {
  std::string found;
  const rocksdb::Status status = db.db().Get({}, family, key, &found);
  if (!status.ok() && !status.IsNotFound())
    return core::fail(db.to_error(status, "looking for what was written last to " + db.dir()));
  return status.ok() ? value == found : !value;
}

// True if the database holds all of a group, which was one write. The states of queues tell it, as their
// counters are others after each group; else the values, which if they are all there need not be written
// again either way.
core::Result<bool> holds(RocksDb& db, const Group& group) {
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

// Opens the database again. `lost`: the group that the writer had; null: none. On the writer's thread.
core::Result<Opened> open_after(const Group* lost, const StoreOptions& options, const std::string& suspect,
                                const std::string& epoch) {
  auto opened = open_again(options, suspect, epoch);
  if (!opened || lost == nullptr) return opened;
  const auto there = holds(*opened->db, *lost);
  const bool damaged = !there && there.error().code == core::Errc::corrupt;  // is mended when it is met again
  if (!there && !damaged) return core::fail(there.error());
  opened->holds_last_group = there && *there;
  return opened;
}

}  // namespace

void Recovery::fail(const core::Error& error) {
  Running& store = parts_.store;
  // The group that the writer has is looked at later, once the database is open again: it may have reached
  // the disk.
  if (!store.life.fail(error)) return;
  store.background.renew();
  Group lost = parts_.committer.give_up_open();
  parts_.changes.keep(lost);
  store.log.error("store_failed", {{"error", error.what}});
  if (parts_.announcer.failed(error)) reopen();
}

void Recovery::tick(core::Now now) {
  ticked_at_ms_ = now.mono_ms;
  if (parts_.store.life.retry_due(now.mono_ms)) reopen();
}

// The threads end what they are doing with the old database; the writer closes it and opens the new one.
void Recovery::reopen() {
  Running& store = parts_.store;
  store.life.reopen();
  store.path.use(nullptr);
  count_written();
  const core::Error& cause = store.life.cause();
  const std::string suspect = cause.code == core::Errc::corrupt ? cause.what : "";
  auto work = [closing = std::exchange(store.db, nullptr), options = store.options, suspect,
               epoch = store.meta.identity.epoch, lost = parts_.committer.in_flight()]() mutable {
    closing.reset();
    return open_after(lost.get(), options, suspect, epoch);
  };
  store.background.run_last(std::move(work),
                            [this](core::Result<Opened> opened) { on_opened(std::move(opened)); });
}

// The database is about to be closed; the next one counts from zero.
void Recovery::count_written() {
  if (!parts_.store.db) return;
  const WrittenBytes now = parts_.store.db->written();
  written_before_.wal_bytes += now.wal;
  written_before_.table_bytes += now.tables;
  written_before_.other_bytes += now.other;
}

void Recovery::on_opened(core::Result<Opened> opened) {
  Running& store = parts_.store;
  if (!opened) {
    const int64_t wait_ms = store.life.not_opened(ticked_at_ms_);
    store.log.error("store_not_opened", {{"error", opened.error().what}, {"again_in_ms", wait_ms}});
    return;
  }
  if (opened->damage) log_damage(store.log, *opened->damage);
  const auto space = opened->space;
  // A failed write may have reached the disk whole: the guard froze the directory at some operation, and that
  // may have been the sync. Then its Changes have happened, and doing them again would bring their messages
  // twice.
  const std::shared_ptr<Group> in_flight = parts_.committer.give_up_in_flight();
  if (in_flight && !opened->holds_last_group) parts_.changes.keep(*in_flight);
  adopt(*std::move(opened));
  const core::Error cause = store.life.opened();
  if (space) parts_.disk.on_space(*space);
  parts_.changes.do_again();
  store.log.warn("store_opened_again",
                 {{"after", cause.what}, {"next_seq", parts_.committer.last_seq() + 1}});
  parts_.announcer.recovered();
}

// Goes on from what is on the disk.
void Recovery::adopt(Opened opened) {
  Running& store = parts_.store;
  store.db = std::move(opened.db);
  store.path.use(store.db.get());
  store.meta.next_queue = std::max(store.meta.next_queue, opened.meta.next_queue);
  store.meta.identity = opened.meta.identity;
  store.meta.damage = opened.meta.damage;
  const QueueTable before = std::exchange(store.table, std::move(opened.table));
  restart_(opened);
  adopt_queues(before);
}

// Queues are there as their owner knows it, with what is in them as on the disk.
void Recovery::adopt_queues(const QueueTable& before) {
  Running& store = parts_.store;
  for (const QueueId id : store.table.ids()) {
    QueueState& queue = *store.table.find(id);
    if (const QueueState* known = before.find(id)) {
      queue.stats.policy = known->stats.policy;
      queue.stats.refused = known->stats.refused;
      parts_.intake.set_attributes(queue, known->stats.attributes);
      continue;
    }
    // The owner has removed this queue, and the removal was not written.
    parts_.sweeper.remove(queue);
    parts_.sweeper.purge(queue);
  }
  Group& open = parts_.committer.open();
  for (const QueueId id : before.ids()) {
    if (store.table.find_any(id) != nullptr) continue;
    // The owner has opened this queue, and that was not written: it keeps its id, which others know by now.
    const QueueState& lost = *before.find(id);
    QueueState& queue = store.table.add(id, lost.stats.name, lost.stats.attributes);
    queue.stats.policy = lost.stats.policy;
    open.new_queues.emplace_back(id, lost.stats.name);
    open.queue_attributes.emplace_back(id, encode_attributes(lost.stats.attributes));
    parts_.books.touch(queue);
  }
  if (!open.new_queues.empty()) open.meta.push_back(next_queue_row(store.meta.next_queue));
}

}  // namespace headgate::store
