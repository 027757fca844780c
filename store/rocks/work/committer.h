// Group commit: what is asked of the store is collected in the *open group* while the writer is busy with the
// one before; then it is *cut*, completed and handed over, and the next one is open.
//
//   loop:    collect 1 │ collect 2 ················· │ settle 1 │ collect 3 ······
//   writer:            │ write 1, sync if it must be │          │ write 2 ········
//
// So one sync serves everybody who waits at that moment. On the loop; the write is done on the writer's
// thread of Background.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "core/clock.h"
#include "core/histogram.h"
#include "core/result.h"
#include "store/format/group.h"
#include "store/queue_store.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

// Above this, appends are refused until the writer has caught up: what waits for the disk is in memory. As
// much again may be being written.
inline constexpr size_t kOpenBytesMax = 16u << 20;

class Committer {
 public:
  // Steps that the store takes with a group. On the loop, never from inside a call of its owner.
  struct Hooks {
    // The group is being cut: adds what is known only now.
    std::function<void(Group& group)> complete;
    // The group is written. Returns the queues that have entries which can be read now.
    std::function<std::set<QueueId>(Group& group)> settle;
    // The next one is under way: the owner is told. The store may be gone when this returns.
    std::function<void(Seq up_to, const std::set<QueueId>& readable)> durable;
    // The write, or a sync, failed.
    std::function<void(const core::Error& error)> failed;
  };

  // `next_seq`: no seq from it on is used.
  Committer(Running& store, Seq next_seq, Hooks hooks);

  // The group that is being collected. Whoever adds to it calls schedule().
  [[nodiscard]] Group& open() { return open_; }
  // With the writer; null: it has nothing. Its segments may be read, see Segment::first_after().
  [[nodiscard]] std::shared_ptr<const Group> in_flight() const { return in_flight_; }

  // The last seq that was given, and the last whose group is written.
  [[nodiscard]] Seq last_seq() const { return last_seq_; }
  [[nodiscard]] Seq durable() const { return durable_; }
  Seq take_seq() { return ++last_seq_; }

  // The open group is worth a write, soon.
  void schedule();

  // Error full: too much waits for the disk.
  [[nodiscard]] core::Status check_keeps_up() const;
  // Bytes that were taken in and are not on the disk; and in memory, what holds them counted.
  [[nodiscard]] uint64_t unwritten_bytes() const;
  [[nodiscard]] uint64_t held_bytes() const;

  // The first entry of a lane after `after` that is collected or being written; null: there is none.
  [[nodiscard]] const RowEntry* find_pending(LaneId lane, Seq after) const;

  // Writes that were synced, and syncs alone; how long the disk took for each.
  [[nodiscard]] const core::Histogram& sync_times() const { return sync_times_; }

  // Durability::Mode::interval: syncs what was written since the last time.
  void sync_if_due(core::Now now);

  // The database failed. Gives the open group up, which is not written, and collects another.
  [[nodiscard]] Group give_up_open() { return std::exchange(open_, {}); }
  // Gives up the group that the writer had when the database failed, which may have been written; null: none.
  // Once the writer has opened the next database.
  [[nodiscard]] std::shared_ptr<Group> give_up_in_flight() { return std::exchange(in_flight_, nullptr); }

  // Another database is open; `next_seq` as above. What was collected since the groups were given up stays,
  // but for queues and meta rows.
  void restart(Seq next_seq);

  // A write or sync has failed that the loop may not have heard of. Once the threads have stopped.
  [[nodiscard]] bool met_failure() const { return met_failure_; }
  // Writes and syncs the open group on this thread, and marks the store as cleanly closed. Once the threads
  // have stopped. Errors: see RocksDb::write().
  [[nodiscard]] core::Status write_last();

 private:
  void cut();
  void write();
  void lease_seqs();
  void on_written(const core::Status& status);
  // Work of the writer, and how long that took.
  struct Done {
    core::Status status;
    int64_t took_us = 0;
  };
  void fail(const core::Error& error);
  template <typename Work>
  [[nodiscard]] Done timed(const Work& work);

  Running& store_;
  Hooks hooks_;
  Group open_;
  std::shared_ptr<Group> in_flight_;
  bool has_work_ = false;  // open_ is worth a write
  bool cut_posted_ = false;
  Seq last_seq_;
  Seq durable_;
  Seq lease_;  // no seq ≥ it may be used before a greater lease is synced
  core::Histogram sync_times_;
  bool unsynced_ = false;  // something was written since the last sync
  int64_t synced_at_ms_ = 0;
  std::atomic<bool> met_failure_ = false;
};

}  // namespace headgate::store
