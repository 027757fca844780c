#include "store/rocks/work/committer.h"

#include <chrono>
#include <string>
#include <utility>

#include "store/format/varint.h"

namespace headgate::store {

Committer::Committer(Running& store, Seq next_seq, Hooks hooks)
    : store_(store),
      hooks_(std::move(hooks)),
      last_seq_(next_seq - 1),
      durable_(last_seq_),
      lease_(next_seq + kSeqLease) {
  open_.first_seq = next_seq;
}

// Group commit: the first change of a turn posts the cut, all others of that turn join its group. While the
// writer has a group nothing is posted, since on_written() cuts the next one; so the slower the disk, the
// larger the groups, and one sync serves all who wait.
void Committer::schedule() {
  has_work_ = true;
  if (in_flight_ || std::exchange(cut_posted_, true)) return;
  store_.background.post([this] {
    cut_posted_ = false;
    cut();
  });
}

// Completing a group may add to it (folds, dead rows), so the flag is lowered afterwards: whatever completing
// asks for is in this group already.
void Committer::cut() {
  if (in_flight_ || !store_.life.is_open() || !has_work_) return;
  open_.last_seq = last_seq_;
  hooks_.complete(open_);
  has_work_ = false;
  write();
}

// On the writer's thread.
template <typename Work>
Committer::Done Committer::timed(const Work& work) {
  const auto began = std::chrono::steady_clock::now();
  Done done{work()};
  const auto took = std::chrono::steady_clock::now() - began;
  done.took_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  if (!done.status) met_failure_ = true;
  return done;
}

void Committer::write() {
  // A lease of seqs runs out at half its length, and is synced with its group: no seq beyond a synced lease
  // is ever used, or a power cut could let it be used twice.
  const bool leases = open_.last_seq + kSeqLease / 2 > lease_;
  const bool sync = open_.must_sync && store_.options.durability.mode == Durability::Mode::sync;
  if (leases) lease_seqs();
  unsynced_ |= !sync;
  in_flight_ = std::make_shared<Group>(std::exchange(open_, {}));
  open_.first_seq = in_flight_->last_seq + 1;
  const bool syncs = sync || leases;
  const auto work = [this, db = store_.db, group = in_flight_, syncs] {
    return timed([&] { return db->write(*group, syncs); });
  };
  store_.background.run(Background::Thread::writer, work, [this, syncs](const Done& done) {
    if (syncs && done.status) sync_times_.add(done.took_us);
    on_written(done.status);
  });
}

void Committer::lease_seqs() {
  lease_ = open_.last_seq + kSeqLease;
  open_.meta.push_back({std::string(kMetaNextSeq), u64_bytes(lease_)});
}

void Committer::on_written(const core::Status& status) {
  if (!status) return fail(status.error());
  // The order matters: what settles reads `durable_`; the next group is cut before anybody is told, so that
  // the writer is busy again while the loop delivers; and the callee may destroy this object.
  durable_ = in_flight_->last_seq;
  const std::set<QueueId> readable = hooks_.settle(*in_flight_);
  in_flight_.reset();
  cut();
  const auto durable = hooks_.durable;  // outlives what its callee may destroy
  durable(durable_, readable);
}

void Committer::fail(const core::Error& error) {
  const auto failed = hooks_.failed;
  failed(error);
}

core::Status Committer::check_keeps_up() const {
  const size_t bytes = open_.bytes + open_.held_bytes;
  if (bytes < kOpenBytesMax) return {};
  return core::fail(core::Errc::full,
                    "the disk does not keep up: " + std::to_string(bytes) + " bytes wait to be written");
}

uint64_t Committer::unwritten_bytes() const { return open_.bytes + (in_flight_ ? in_flight_->bytes : 0); }

uint64_t Committer::held_bytes() const {
  const uint64_t in_flight = in_flight_ ? in_flight_->bytes + in_flight_->held_bytes : 0;
  return open_.bytes + open_.held_bytes + in_flight;
}

const RowEntry* Committer::find_pending(LaneId lane, Seq after) const {
  for (const Group* group : {static_cast<const Group*>(in_flight_.get()), &open_}) {
    if (group == nullptr) continue;
    for (const Segment& segment : group->segments) {
      if (const RowEntry* entry = segment.first_after(lane, after)) return entry;
    }
  }
  return nullptr;
}

void Committer::sync_if_due(core::Now now) {
  const Durability& durability = store_.options.durability;
  if (durability.mode != Durability::Mode::interval || !unsynced_) return;
  if (now.mono_ms - synced_at_ms_ < durability.interval_ms) return;
  synced_at_ms_ = now.mono_ms;
  unsynced_ = false;
  const auto work = [this, db = store_.db] { return timed([&] { return db->sync_wal(); }); };
  store_.background.run(Background::Thread::writer, work, [this](const Done& done) {
    if (!done.status) return fail(done.status.error());
    sync_times_.add(done.took_us);
  });
}

void Committer::restart(Seq next_seq) {
  lease_ = next_seq + kSeqLease;
  last_seq_ = std::max(last_seq_, next_seq - 1);
  durable_ = last_seq_;
  open_.first_seq = last_seq_ + 1;
  open_.new_queues.clear();
  open_.queue_attributes.clear();
  open_.meta.clear();
  met_failure_ = false;
  unsynced_ = false;
}

core::Status Committer::write_last() {
  open_.last_seq = last_seq_;
  hooks_.complete(open_);
  open_.meta.push_back({std::string(kMetaNextSeq), u64_bytes(last_seq_ + 1)});
  open_.meta.push_back({std::string(kMetaClean), "1"});
  const core::Status written = store_.db->write(open_, true);
  open_ = {};
  return written;
}

}  // namespace headgate::store
