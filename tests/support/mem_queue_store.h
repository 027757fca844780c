// A QueueStore without a disk: the model that the real store is tested against, and the store of other
// folders' tests. What is appended is committed when the executor runs, all of it at once. When a test is
// done with it, its accounts must balance, and agree with a recount of its entries.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/executor.h"
#include "store/accounts/dilution.h"
#include "store/accounts/gaps.h"
#include "store/accounts/overflow.h"
#include "store/queue_store.h"

namespace headgate::testing {

class MemQueueStore : public store::QueueStore {
 public:
  explicit MemQueueStore(core::Executor& executor,
                         store::Identity identity = {"hub-1", "01HF7YAT00ABCDEFGHJKMNPQRS"});
  ~MemQueueStore() override;
  MemQueueStore(const MemQueueStore&) = delete;
  MemQueueStore& operator=(const MemQueueStore&) = delete;

  // The next commit fails, as a disk would: on_failed(), and no message is taken until recover().
  void fail_next_commit(core::Error error) { failure_ = std::move(error); }
  // Changes that were not committed are undone, or committed when the executor runs, as each of them says. Gaps
  // that such a Change made stay.
  void recover();

  // Everything since the last commit never happened, as for a hub that was killed; drop the executor's work
  // as well. Call remember_commits() before anything that is to be lost.
  void remember_commits();
  void lose_uncommitted();

  // As when the disk becomes nearly full, and has room again.
  void stop_room_for(store::RoomFor stopped);

  // Commits so far, and whether something waits for the next one.
  [[nodiscard]] size_t commits() const { return commits_; }
  [[nodiscard]] bool commit_pending() const { return commit_posted_; }

  [[nodiscard]] const store::Identity& identity() const override { return identity_; }
  [[nodiscard]] std::vector<store::QueueId> queues() const override;
  [[nodiscard]] std::optional<store::QueueId> find_queue(std::string_view name) const override;
  [[nodiscard]] const store::QueueStats& stats(store::QueueId queue) const override;
  [[nodiscard]] int64_t oldest_ms(store::QueueId queue, uint8_t lane) override;
  [[nodiscard]] core::Result<std::vector<store::Entry>> read(store::QueueId queue, uint8_t lane,
                                                             store::Seq after, store::ReadLimit limit,
                                                             core::Now now) override;
  [[nodiscard]] std::vector<store::Gap> gaps(store::QueueId queue) const override;
  [[nodiscard]] core::Result<std::string> get(std::string_view key) const override;
  core::Status for_each(std::string_view prefix, const Visit& visit) const override;

  void set_events(store::StoreEvents* events) override { events_ = events; }
  void watch_ends(store::EndWatcher* watcher) override { watcher_ = watcher; }
  [[nodiscard]] core::Result<store::QueueId> open_queue(std::string_view name,
                                                        const store::QueueAttributes& attributes) override;
  void set_policy(store::QueueId queue, const store::QueuePolicy& policy) override;
  void set_bytes_max(uint64_t bytes_max) override;
  void tell_gaps(store::QueueId queue) override { queues_.at(queue).gaps.mark_told(); }
  core::Status set_paused(store::QueueId queue, bool paused) override;
  [[nodiscard]] bool is_paused(store::QueueId queue) const override {
    const auto found = queues_.find(queue);
    return found != queues_.end() && found->second.stats.attributes.paused;
  }
  core::Status remove_queue(store::QueueId queue) override;
  core::Result<uint64_t> purge(store::QueueId queue) override;
  [[nodiscard]] core::Result<store::Seq> commit(const store::Change& change) override;
  void tick(core::Now now) override;
  [[nodiscard]] store::DiskState disk() const override { return disk_; }
  void close() override;

 private:
  struct Waiting {
    store::Entry entry;
    store::Seq previous = 0;  // the lane's entry before this one
    uint64_t bytes = 0;
    bool redo = false;  // stays if the write with it fails
  };
  struct Lane {
    store::Seq last = 0;
    std::map<store::Seq, Waiting> waiting;
    int64_t expires_first_ms = INT64_MAX;  // no entry has a time to live that ends before; hub time
  };
  struct Queue {
    store::QueueStats stats;
    std::array<Lane, store::kLaneCount> lanes;
    store::GapList gaps;
    store::Dilution dilution;
  };
  // An entry that a Change ended which is to be undone if its write fails.
  struct Undo {
    store::QueueId queue = 0;
    uint8_t lane = 0;
    Waiting was;
    store::Outcome outcome = store::Outcome::delivered;
  };
  class QueueRoom;

  [[nodiscard]] core::Status check_open() const;
  void schedule_commit();
  void write();
  core::Status check_possible(const store::Change& change);
  [[nodiscard]] const Waiting* find_waiting(const store::End& end) const;
  store::Seq end_one(const store::End& end, store::IfLost if_lost);
  bool admit(store::Seq seq, const core::MessagePtr& message, const store::Target& target,
             store::IfLost if_lost);
  void end(Queue& queue, uint8_t lane, store::Seq seq, store::Outcome outcome, bool makes_gap = true);
  void end_expired(Queue& queue, uint8_t lane, core::Now now);
  [[nodiscard]] bool has(const store::Target& target) const {
    return queues_.contains(target.queue) && target.lane < store::kLaneCount;
  }
  void turn_away(store::Seq seq, const store::Target& target);
  void note_folded(const store::Folded& folded, store::Seq into_from, store::Seq into_to);
  void undo_ends();
  void refresh(Queue& queue, uint8_t lane);
  [[nodiscard]] uint64_t waiting_bytes() const;
  core::Status check_room(const store::Change& change);
  core::Status check_room(const store::Append& append, store::Forecast& forecast);
  void on_room_made();

  core::Executor& executor_;
  store::Identity identity_;
  store::StoreEvents* events_ = nullptr;
  store::EndWatcher* watcher_ = nullptr;
  std::map<store::QueueId, Queue> queues_;
  std::map<std::string, store::QueueId, std::less<>> names_;
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<store::KeyValue> open_values_;
  std::vector<size_t> values_to_undo_;  // positions in it
  std::vector<Undo> undos_;             // since the last write
  std::set<store::QueueId> open_queues_;
  store::QueueId next_queue_ = 1;
  uint64_t bytes_max_ = 0;
  bool refused_ = false;
  store::DiskState disk_;
  store::Seq last_seq_ = 0;
  store::Seq durable_ = 0;
  std::optional<std::map<store::QueueId, Queue>> committed_;  // as of the last commit, if remembered
  size_t commits_ = 0;
  bool commit_posted_ = false;
  bool closed_ = false;
  std::optional<core::Error> failure_;
  std::optional<core::Error> failed_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace headgate::testing
