// The running store: what open_queue_store() makes.
//
// The loop owns everything here but db_, which the writer, the housekeeper and the reader use too, each from
// its thread.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/executor.h"
#include "core/log.h"
#include "core/worker.h"
#include "store/accounts/overflow.h"
#include "store/accounts/queue_table.h"
#include "store/disk/reclaim_policy.h"
#include "store/disk/space_watch.h"
#include "store/format/group.h"
#include "store/open.h"
#include "store/report/damage.h"
#include "store/rocks/db/check.h"
#include "store/rocks/db/database.h"
#include "store/rocks/db/read_path.h"

namespace headgate::store {

// A database that is open and marked as in use, and what was read from it.
struct Opened {
  std::shared_ptr<RocksDb> db;
  Meta meta;
  QueueTable table;
  std::optional<DiskSpace> space;      // before it was opened, if anybody wants to know
  bool compacts = true;                // see RocksDb::set_compacts()
  bool made = false;                   // there was none
  bool upgraded = false;               // it was of an older format
  std::optional<DamageReport> damage;  // that was found and mended now
  bool holds_last_group = false;       // the group that failed reached the disk nevertheless
  std::string epoch_before;            // a copy, with an epoch of its own now: what it was
};

// How many seqs are promised to the disk at a time, so that none is used twice after a crash although the
// counter itself is not written with every group.
inline constexpr Seq kSeqLease = 1 << 20;

// The meta row with the next queue id.
[[nodiscard]] KeyValue next_queue_row(QueueId next);

// As open_queue_store(); `mode`: make or read_write. `suspect`: what damage was met in the database that is
// opened again; empty: none. On any thread.
[[nodiscard]] core::Result<Opened> open_database(const StoreOptions& options, RocksDb::Mode mode,
                                                 const std::string& suspect = {});

// A new one. On any thread.
[[nodiscard]] std::string new_epoch();

void log_damage(core::Log& log, const DamageReport& report);

// Above this, appends are refused until the writer has caught up: what waits for the disk is in memory. As
// much again may be being written.
inline constexpr size_t kOpenBytesMax = 16u << 20;

// The meta row that marks a copy.
[[nodiscard]] KeyValue copied_row(uint64_t unix_ms);

class RocksStore final : public DurableStore {
 public:
  RocksStore(const StoreOptions& options, Opened opened, core::Executor& executor, core::Log& log);
  ~RocksStore() override;

  const Identity& identity() const override { return meta_.identity; }
  std::vector<QueueId> queues() const override { return table_.ids(); }
  std::optional<QueueId> find_queue(std::string_view name) const override { return table_.find(name); }
  const QueueStats& stats(QueueId queue) const override { return table_.find(queue)->stats; }
  int64_t oldest_ms(QueueId queue, uint8_t lane) override {
    return path_.oldest_ms(*table_.find(queue), lane);
  }
  core::Result<std::vector<Entry>> read(QueueId queue, uint8_t lane, Seq after, ReadLimit limit,
                                        core::Now now) override;
  std::vector<Gap> gaps(QueueId queue) const override { return table_.find(queue)->gaps.list(); }
  std::string damage() const override { return meta_.damage; }
  core::Result<std::string> get(std::string_view key) const override { return path_.get(key); }
  core::Status for_each(std::string_view prefix, const Visit& visit) const override {
    return path_.for_each(prefix, visit);
  }

  void set_events(StoreEvents* events) override { events_ = events; }
  core::Result<QueueId> open_queue(std::string_view name, const QueueAttributes& attributes) override;
  void set_policy(QueueId queue, const QueuePolicy& policy) override;
  void set_bytes_max(uint64_t bytes_max) override;
  core::Status remove_queue(QueueId queue) override;
  core::Result<uint64_t> purge(QueueId queue) override;
  core::Result<Seq> commit(const Change& change) override;
  void tick(core::Now now) override;
  DiskState disk() const override;
  void close() override;

  void back_up(const std::string& dir, OnBackedUp done) override;
  StoreStats store_stats() const override;
  StoreMemory store_memory() const override;

  // Reads everything, on the calling thread. Nothing may be being written.
  [[nodiscard]] StoreReport check() const { return check_rows(*db_); }

 private:
  // Changes (commit.cc).
  core::Status check_possible(const Change& change);
  core::Status check_ends(std::span<const End> ends);
  core::Status check_append(const Append& append);
  core::Status check_room(const Change& change);
  void forecast_ends(std::span<const End> ends);
  core::Result<const RowEntry*> find_waiting(const End& end, IndexRowPtr& row);
  Seq end_one(const End& end, IfLost if_lost);
  void drop_gaps(const GapsDropped& gaps, IfLost if_lost);
  Seq take_in(const Append& append, IfLost if_lost);
  core::Result<Seq> keep_for_later(const Change& change);

  // Taking in.
  core::Status check_writable() const;
  core::Status check_may_append() const;
  core::Status check_targets(std::span<const Target> targets) const;
  Seq collect(core::MessagePtr message, std::span<const Target> targets, uint64_t bytes);
  Seq admit(QueueState& queue, const Target& target, Seq seq, const core::Message& message, uint64_t bytes);
  void add_values(std::span<const KeyValue> values, IfLost if_lost);
  void touch(QueueState& queue);
  void set_attributes(QueueState& queue, const QueueAttributes& attributes);

  // Limits (room.cc).
  class QueueRoom;
  bool is_limited(std::span<const Target> targets) const;
  std::span<const Target> make_room_in(std::span<const Target> targets, uint64_t bytes, Seq seq);
  core::Status check_room(std::span<const Target> targets, uint64_t bytes);
  core::Status make_room_or_refuse(const Target& target, uint64_t bytes);
  void turn_away(QueueState& queue, uint8_t lane, Seq seq);
  bool drop_oldest(QueueState& queue, uint8_t lane);
  void drop_pending(QueueState& queue, uint8_t lane, Seq seq);
  const RowEntry* find_pending(LaneId id, Seq after) const;
  void leave_out_ended();
  void let_go_of_in_flight();
  void count_out(QueueState& queue, uint8_t lane, uint64_t bytes, Outcome outcome);
  void on_room_made();
  size_t trim(QueueState& queue, size_t budget);

  // The disk (space.cc).
  core::Status check_disk_room(const core::Message& message, std::span<const Target> targets);
  void count_taken(uint64_t bytes);
  void look_at_disk(bool give_reserve_back = false);
  void on_space(const core::Result<DiskSpace>& space);
  void follow_disk();
  void report_disk(uint64_t reserved_before);
  void set_reserve_aside();
  void make_room_to_compact();
  void on_reserve(const core::Status& made);

  // Reading ahead (read_ahead.cc).
  void read_ahead(LaneId id, const Lane& lane, Seq last);
  void on_read_ahead(LaneId id, Seq from, std::vector<IndexRowPtr> rows);
  Seq in_files() const;

  // Groups.
  void schedule();
  void cut();
  void seal();
  void leave_dead_blocks_to_files();
  void on_written(Group& group, const core::Status& status, uint64_t generation);
  void settle_row(Segment::Row row);
  void notify(Seq up_to, const std::set<QueueId>& queues);
  void on_loop(std::function<void()> work);

  // Closing and opening again after a failed write (reopen.cc).
  void fail(const core::Error& error);
  void salvage(Group& group);
  void reopen();
  void on_reopened(core::Result<Opened> opened);
  void count_written();
  void retry_later(const core::Error& error);
  void reopen_if_due(core::Now now);
  core::Status check_same(const Meta& opened) const;
  void adopt(Opened opened);
  void adopt_table(QueueTable fresh);
  void count_table();
  void replay();

  // Dead letters (dead_letters.cc).
  Seq bury(QueueState& queue, uint8_t lane, Seq seq, const std::shared_ptr<const Death>& death,
           IfLost if_lost);
  Seq keep_letter(QueueState& dead, core::MessagePtr message, std::string tag);
  core::Result<Entry> waiting_entry(const QueueState& queue, uint8_t lane, Seq seq);

  // Letting go.
  void end_expired(QueueState& queue, uint8_t lane, std::span<const Seq> expired);
  void end_unreadable(QueueState& queue, uint8_t lane, const Found::Bad& bad);
  void read_again(QueueId queue);
  void end_entry(QueueState& queue, uint8_t lane, Seq seq, Outcome outcome);
  bool take_out(QueueState& queue, uint8_t lane, Seq seq, Outcome outcome);
  void drop_row(LaneId id, const IndexRow& row);
  void drop_shared_block(Seq id);
  bool is_passed(LaneId id, Seq from, Seq to) const;
  uint64_t purge_lane(QueueState& queue, uint8_t lane);
  void sweep();
  core::Status sweep_queue(QueueState& queue, size_t& budget);

  // Expiry (expiry.cc).
  void expire(core::Now now);
  size_t expire_lane(QueueState& queue, uint8_t lane, core::Now now, size_t budget);
  void expire_behind(core::Now now);
  void line_up_if_due(QueueState& queue, uint8_t lane);
  void look_on();
  void look_soon();
  int64_t look_through(QueueState& queue, uint8_t lane);
  int64_t expire_row(QueueState& queue, uint8_t lane, const IndexRow& row, int64_t& looks);

  // Holes (fold.cc).
  void fold_if_holed(LaneId id, Lane& lane);
  void fold_holes();
  core::Status fold_lane(LaneId id, Lane& lane);
  core::Result<bool> fold_range(LaneId id, const Lane& lane, Seq from, Seq to, std::map<Seq, IndexRow>& rows);
  void settle_fold(const Fold& fold);
  bool is_done_with(LaneId id, Seq from, Seq to);

  // Upkeep.
  void sync_if_due(core::Now now);
  void reclaim_if_due(core::Now now);
  void reclaim(const Group& group);
  void on_reclaimed();
  Seq floor();
  std::optional<Seq> first_block(LaneId lane);

  core::Executor& executor_;
  core::Log& log_;
  StoreOptions options_;
  Durability durability_;
  std::shared_ptr<RocksDb> db_;  // null while it is opened again
  Meta meta_;
  QueueTable table_;
  mutable RocksReadPath path_;
  StoreEvents* events_ = nullptr;

  Group open_;
  std::shared_ptr<Group> in_flight_;  // with the writer; null: it has nothing
  bool has_work_ = false;             // open_ is worth a write
  bool cut_posted_ = false;
  bool writing_ = false;
  bool closed_ = false;
  bool unsynced_ = false;  // Mode::interval: something was written since the last sync
  std::atomic<bool> write_failed_ = false;
  std::optional<core::Error> failed_;  // until the database is open again
  uint64_t generation_ = 0;            // of the open database: results for another are of no interest
  bool reopening_ = false;
  int reopen_failures_ = 0;
  int64_t reopen_at_ms_ = 0;  // monotonic
  int64_t ticked_at_ms_ = 0;  // monotonic
  Redo redo_;                 // once the database is open
  Seq last_seq_;
  Seq durable_;
  Seq recovered_;  // everything up to it was in files when the database was opened
  Seq floor_ = 0;  // as it was last looked for; it only grows
  Seq lease_;      // no seq ≥ it may be used before a greater lease is synced
  std::vector<QueueId> dirty_;
  std::set<QueueId> sweeping_;
  std::vector<Seq> previous_;  // scratch of commit()

  uint64_t payload_bytes_ = 0;  // bodies of messages that were stored
  WriteStats written_before_;   // by databases that were closed again

  uint64_t waiting_bytes_ = 0;    // of all lanes
  uint64_t bytes_max_ = 0;        // for them; 0 = no limit
  bool any_limited_ = false;      // some queue had a limit to its size
  bool refused_ = false;          // an append as full, since on_room() was last told
  bool ended_pending_ = false;    // entries of open_ or in_flight_, since open_ was begun
  std::vector<Target> taking_;    // scratch of commit()
  Forecast forecast_;             // the same
  std::deque<LaneId> due_lanes_;  // to be looked through for what has expired, in turn
  int64_t looks_ = 0;             // that may still be done
  core::Now looked_at_;           // the tick before
  bool look_posted_ = false;
  std::vector<LaneId> to_fold_;  // with the next group
  std::shared_ptr<Volume> volume_;
  SpaceWatch watch_;
  bool looking_ = false;            // the disk is being asked
  bool give_reserve_back_ = false;  // before it is asked the next time
  bool setting_aside_ = false;      // the reserve is being made
  int64_t set_aside_after_ms_ = 0;  // monotonic: not before
  bool low_reported_ = false;
  bool compacts_ = true;  // as the database was last told
  ReclaimPolicy reclaim_;
  Reclaim due_ = Reclaim::nothing;  // rides on the next group
  bool reading_ahead_ = false;
  uint64_t folds_settled_ = 0;  // rows that were read before may be old ones
  int64_t synced_at_ms_ = 0;
  bool housekeeping_ = false;  // something is due, or being done

  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  core::Worker writer_;
  core::Worker housekeeper_;
  core::Worker reader_;
};

}  // namespace headgate::store
