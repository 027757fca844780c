// The running store: what open_queue_store() makes. It keeps the contract and gives each verb to the parts
// that it is made of (docs/adr/0026); what is done with a group, from cutting it to telling the owner, is
// written here in its order.
//
//   work/     the database and its life cycle, background threads, groups, what the owner is told
//   books/    what is taken in, ended and counted: queues, limits, dead letters
//   upkeep/   what is done for the long run: disk room, expiry, holes, purges, dead rows, reading ahead
//
// The loop owns everything here but the database, which four threads use too (Background).
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/executor.h"
#include "core/log.h"
#include "store/durable_store.h"
#include "store/open.h"
#include "store/report/check.h"
#include "store/rocks/books/books.h"
#include "store/rocks/books/changes.h"
#include "store/rocks/books/dead_letters.h"
#include "store/rocks/books/finisher.h"
#include "store/rocks/books/intake.h"
#include "store/rocks/books/limits.h"
#include "store/rocks/db/check.h"
#include "store/rocks/open.h"
#include "store/rocks/recovery.h"
#include "store/rocks/upkeep/disk_room.h"
#include "store/rocks/upkeep/expirer.h"
#include "store/rocks/upkeep/hole_folder.h"
#include "store/rocks/upkeep/read_ahead.h"
#include "store/rocks/upkeep/reclaimer.h"
#include "store/rocks/upkeep/sweeper.h"
#include "store/rocks/work/announcer.h"
#include "store/rocks/work/committer.h"
#include "store/rocks/work/running.h"
#include "store/rocks/work/stalls.h"

namespace headgate::store {

class RocksStore final : public DurableStore {
 public:
  RocksStore(const StoreOptions& options, Opened opened, core::Executor& executor, core::Log& log);
  ~RocksStore() override;

  const Identity& identity() const override { return running_.meta.identity; }
  std::vector<QueueId> queues() const override { return running_.table.ids(); }
  std::optional<QueueId> find_queue(std::string_view name) const override {
    return running_.table.find(name);
  }
  const QueueStats& stats(QueueId queue) const override { return running_.table.find(queue)->stats; }
  int64_t oldest_ms(QueueId queue, uint8_t lane) override {
    return running_.path.oldest_ms(*running_.table.find(queue), lane);
  }
  core::Result<std::vector<Entry>> read(QueueId queue, uint8_t lane, Seq after, ReadLimit limit,
                                        core::Now now) override;
  void look(const Look& look, Judge judge, OnLooked done) override;
  std::vector<Gap> gaps(QueueId queue) const override { return running_.table.find(queue)->gaps.list(); }
  std::string damage() const override { return running_.meta.damage; }
  core::Result<std::string> get(std::string_view key) const override { return running_.path.get(key); }
  core::Status for_each(std::string_view prefix, const Visit& visit) const override {
    return running_.path.for_each(prefix, visit);
  }

  void set_events(StoreEvents* events) override { announcer_.set_events(events); }
  void watch_ends(EndWatcher* watcher) override { running_.watcher = watcher; }
  core::Result<QueueId> open_queue(std::string_view name, const QueueAttributes& attributes) override;
  void set_policy(QueueId queue, const QueuePolicy& policy) override { limits_.set_policy(queue, policy); }
  void set_bytes_max(uint64_t bytes_max) override { limits_.set_bytes_max(bytes_max); }
  void tell_gaps(QueueId queue) override { running_.table.find(queue)->gaps.mark_told(); }
  core::Status set_paused(QueueId queue, bool paused) override;
  bool is_paused(QueueId queue) const override {
    const QueueState* state = running_.table.find(queue);
    return state != nullptr && state->stats.attributes.paused;
  }
  core::Status remove_queue(QueueId queue) override;
  core::Result<uint64_t> purge(QueueId queue) override;
  core::Result<Seq> commit(const Change& change) override { return changes_.commit(change); }
  void tick(core::Now now) override;
  DiskState disk() const override { return disk_.state(); }
  void close() override;

  void back_up(const std::string& dir, OnBackedUp done) override;
  StoreStats store_stats() const override;
  StoreMemory store_memory() const override;
  [[nodiscard]] std::vector<std::string> stalled() const override;
  const core::Histogram& sync_times() const override { return committer_.sync_times(); }

  // Reads everything, on the calling thread. Nothing may be being written.
  [[nodiscard]] StoreReport check() { return check_rows(*running_.db); }

 private:
  Committer::Hooks group_hooks();
  Recovery::Parts recovery_parts();
  void complete(Group& group);
  std::set<QueueId> settle(Group& group);
  core::Status check_database() const;
  void restart(const Opened& opened);
  void merge_small_files();

  // In the order in which they are made: each borrows from those before it.
  Running running_;
  SpaceWatch watch_;
  Announcer announcer_;
  Committer committer_;
  DiskRoom disk_;
  Reclaimer reclaimer_;
  Books books_;
  Intake intake_;
  Finisher finisher_;
  Limits limits_;
  DeadLetters letters_;
  Changes changes_;
  Sweeper sweeper_;
  HoleFolder folder_;
  Expirer expirer_;
  ReadAhead read_ahead_;
  Recovery recovery_;
  Stalls stalls_;
};

}  // namespace headgate::store
