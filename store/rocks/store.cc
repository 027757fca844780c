#include "store/rocks/store.h"

#include <memory>
#include <utility>

#include "store/rocks/db/look.h"
#include "store/rocks/db/small_files.h"
#include "store/rocks/mend/heal.h"
#include "store/rocks/work/pacer.h"

namespace headgate::store {
namespace {

// Messages that one read ends because they cannot be read.
constexpr size_t kUnreadableAtOnce = 64;

}  // namespace

RocksStore::RocksStore(const StoreOptions& options, Opened opened, core::Executor& executor, core::Log& log)
    : running_(options, opened, executor, log),
      watch_(options.space),
      announcer_(running_, watch_),
      committer_(running_, running_.meta.next_seq, group_hooks()),
      disk_(running_, committer_, announcer_, watch_, opened.compacts),
      reclaimer_(running_, committer_, disk_),
      books_(running_, announcer_),
      intake_(running_, books_, committer_, disk_, reclaimer_),
      finisher_(running_, books_, committer_, reclaimer_),
      limits_(running_, books_, finisher_, announcer_),
      letters_(running_, committer_, books_, intake_, finisher_, limits_),
      changes_({running_, committer_, disk_, books_, intake_, finisher_, limits_, letters_}),
      sweeper_(running_, committer_, books_, reclaimer_),
      folder_(running_, committer_, books_, finisher_),
      expirer_(running_, committer_, finisher_, limits_),
      read_ahead_(running_, reclaimer_),
      recovery_(recovery_parts(), [this](const Opened& again) { restart(again); }),
      stalls_(running_) {
  running_.path.set_on_row([this](LaneId id, Lane& lane, Seq last) { read_ahead_.on_row(id, lane, last); });
  if (opened.space) disk_.on_space(*opened.space);
  merge_small_files();
}

RocksStore::~RocksStore() {
  if (running_.db) running_.db->stop_long_work();
  running_.background.stop();
}

Committer::Hooks RocksStore::group_hooks() {
  return {[this](Group& group) { complete(group); }, [this](Group& group) { return settle(group); },
          [this](Seq up_to, const std::set<QueueId>& readable) { announcer_.durable(up_to, readable); },
          [this](const core::Error& error) { recovery_.fail(error); }};
}

Recovery::Parts RocksStore::recovery_parts() {
  return {running_, committer_, books_, intake_, changes_, sweeper_, disk_, announcer_};
}

core::Result<std::vector<Entry>> RocksStore::read(QueueId queue, uint8_t lane, Seq after, ReadLimit limit,
                                                  core::Now now) {
  QueueState* state = running_.table.find(queue);
  if (state == nullptr || lane >= kLaneCount) return no_queue(queue);
  for (size_t ended = 0; ended < kUnreadableAtOnce; ++ended) {
    auto found = running_.path.read(*state, lane, after, limit, now);
    if (!found) return core::fail(found.error());
    const bool writable = running_.life.is_open();
    for (const Seq seq : found->expired) {
      if (writable) finisher_.end(*state, lane, seq, Outcome::expired);
    }
    if (!found->entries.empty() || (!found->bad && !found->more)) return std::move(found->entries);
    if (!writable) return core::fail(core::Errc::unavailable, "the store is being opened again");
    if (found->more) break;
    after = found->bad->seq;
    finisher_.end_unreadable(*state, lane, *found->bad);
  }
  announcer_.available_again(queue);
  return std::vector<Entry>();
}

void RocksStore::look(const Look& look, Judge judge, OnLooked done) {
  const QueueState* state = running_.table.find(look.queue);
  if (state == nullptr || look.lane >= kLaneCount) return done(no_queue(look.queue));
  if (!running_.db) return done(core::fail(core::Errc::unavailable, "the store is being opened again"));
  const Lane* lane = state->lanes[look.lane].get();
  if (lane == nullptr) return done(Looked{.after = look.after, .done = true});
  auto work = [db = running_.db, look, judge = std::move(judge),
               view = LaneView{lane->progress, lane->durable_last, state->stats.policy}] {
    Pacer pacer;
    return look_through(*db, view, look, [&judge, &pacer](const Entry& entry) {
      pacer.step();
      return judge(entry);
    });
  };
  running_.background.run_for_any(
      Background::Thread::searcher, std::move(work),
      [done = std::move(done)](const core::Result<Looked>& looked) { done(looked); });
}

core::Result<QueueId> RocksStore::open_queue(std::string_view name, const QueueAttributes& attributes) {
  const bool closed = running_.life.is_closed();
  if (const auto known = running_.table.find(name)) {
    if (!closed) {
      QueueState& queue = *running_.table.find(*known);
      QueueAttributes wanted = attributes;
      wanted.paused = queue.stats.attributes.paused;
      intake_.set_attributes(queue, wanted);
    }
    return *known;
  }
  if (closed) return core::fail(running_.life.check_open().error());
  return intake_.add_queue(name, attributes);
}

core::Status RocksStore::set_paused(QueueId queue, bool paused) {
  QueueState* state = running_.table.find(queue);
  if (state == nullptr) return no_queue(queue);
  if (auto writable = running_.life.check_open(); !writable) return writable;
  QueueAttributes attributes = state->stats.attributes;
  attributes.paused = paused;
  intake_.set_attributes(*state, attributes);
  if (!paused) announcer_.available_again(queue);
  return {};
}

core::Status RocksStore::remove_queue(QueueId queue) {
  QueueState* state = running_.table.find(queue);
  if (state == nullptr) return no_queue(queue);
  if (!running_.life.is_broken()) {
    if (auto purged = purge(queue); !purged) return core::fail(purged.error());
  }  // else its rows are found and purged once the database is open again
  sweeper_.remove(*state);
  return {};
}

core::Result<uint64_t> RocksStore::purge(QueueId queue) {
  QueueState* state = running_.table.find(queue);
  if (state == nullptr) return no_queue(queue);
  if (auto writable = running_.life.check_open(); !writable) return core::fail(writable.error());
  const uint64_t purged = sweeper_.purge(*state);
  committer_.schedule();
  return purged;
}

// Adds what follows from all that was collected together; what was asked of the store is in the group already.
void RocksStore::complete(Group& group) {
  const bool last = running_.life.is_closed();
  finisher_.leave_out_ended(group);
  if (!last) folder_.complete(group);
  books_.write_states(group);
  if (!last) reclaimer_.complete(group);
}

std::set<QueueId> RocksStore::settle(Group& group) {
  reclaimer_.begin(group);
  std::set<QueueId> readable;
  for (Segment& segment : group.segments) {
    for (Segment::Row& row : segment.take_rows()) {
      readable.insert(row.lane.queue);
      intake_.settle(std::move(row));
    }
  }
  for (const Fold& fold : group.folds) {
    read_ahead_.forget_what_is_read();
    folder_.settle(fold);
    expirer_.go_on_with(fold.lane);
  }
  sweeper_.step();
  return readable;
}

void RocksStore::tick(core::Now now) {
  if (running_.life.is_closed()) return;
  stalls_.tick(now);
  disk_.tick(now);
  recovery_.tick(now);
  if (!running_.life.is_open()) return;
  if (auto sound = check_database(); !sound) return recovery_.fail(sound.error());
  expirer_.tick(now);
  committer_.sync_if_due(now);
  reclaimer_.tick(now, books_.waiting_bytes());
}

// RocksDB meets errors by itself, when it flushes or compacts.
core::Status RocksStore::check_database() const {
  if (auto disk = running_.db->check_disk(); !disk) return disk;
  if (running_.db->met_damage()) return core::fail(running_.db->damage());
  return {};
}

// Each opening leaves files of what the log held.
void RocksStore::merge_small_files() {
  running_.background.run(Background::Thread::housekeeper,
                          [db = running_.db] { store::merge_small_files(*db); });
}

void RocksStore::restart(const Opened& opened) {
  merge_small_files();
  committer_.restart(opened.meta.next_seq);
  disk_.restart(opened.compacts);
  reclaimer_.restart();
  books_.restart();
  finisher_.restart();
  sweeper_.restart();
  expirer_.restart();
  read_ahead_.restart();
}

void RocksStore::close() {
  const State before = running_.life.close();
  if (before == State::closed) return;
  if (running_.db) running_.db->stop_long_work();
  running_.background.stop();
  if (before != State::open || committer_.met_failure()) return;
  if (committer_.in_flight()) finisher_.drop_ended_rows(*committer_.in_flight());
  if (auto written = committer_.write_last(); !written)
    running_.log.error("store_failed", {{"error", written.error().what}});
}

core::Result<std::unique_ptr<DurableStore>> open_queue_store(const StoreOptions& options,
                                                             core::Executor& executor, core::Log& log) {
  StoreOptions with_volume = options;
  if (!with_volume.volume) with_volume.volume = system_volume(options.dir);
  auto opened = open_database(with_volume, RocksDb::Mode::make);
  if (!opened) return core::fail(opened.error());
  const Meta& meta = opened->meta;
  log.info(opened->made ? "store_made"
           : meta.clean ? "store_opened"
                        : "store_recovered",
           {{"dir", options.dir}, {"epoch", meta.identity.epoch}, {"next_seq", meta.next_seq}});
  if (opened->upgraded) log.info("store_upgraded", {{"dir", options.dir}, {"format", kFormatVersion}});
  if (opened->damage) log_damage(log, *opened->damage);
  if (opened->unmarked_end)
    log.warn(
        "store_log_end_dropped",
        {{"dir", options.dir},
         {"why", "it cannot be read, nothing follows it, and there was no mark of what had been synced"}});
  if (!opened->epoch_before.empty())
    log.warn("store_has_a_new_epoch", {{"why", "it is a copy that was made by headgate store backup"},
                                       {"before", opened->epoch_before},
                                       {"epoch", meta.identity.epoch}});
  return std::unique_ptr<DurableStore>(new RocksStore(with_volume, *std::move(opened), executor, log));
}

}  // namespace headgate::store
