#include "store/rocks/store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <utility>

#include "store/format/attributes_codec.h"
#include "store/format/record_codec.h"
#include "store/format/ulid.h"
#include "store/format/varint.h"
#include "store/open.h"

namespace headgate::store {
namespace {

using core::Errc;

// For kOpenBytesMax, what a message takes besides its text: the object, its place in the group, an entry per
// target.
constexpr size_t kOpenMessageBytes = 256;
constexpr size_t kOpenTargetBytes = 80;

// Messages that one read ends because they cannot be read.
constexpr size_t kUnreadableAtOnce = 64;

core::Unexpected no_queue(QueueId queue) {
  return core::fail(Errc::not_found, "there is no queue " + std::to_string(queue));
}

size_t bytes_of(std::span<const KeyValue> values) {
  size_t sum = 0;
  for (const KeyValue& value : values) sum += value.key.size() + (value.value ? value.value->size() : 0);
  return sum;
}

}  // namespace

RocksStore::RocksStore(const StoreOptions& options, Opened opened, core::Executor& executor, core::Log& log)
    : executor_(executor),
      log_(log),
      options_(options),
      durability_(options.durability),
      db_(std::move(opened.db)),
      meta_(std::move(opened.meta)),
      table_(std::move(opened.table)),
      path_(*db_, options.tail_bytes),
      last_seq_(meta_.next_seq - 1),
      durable_(last_seq_),
      recovered_(last_seq_),
      lease_(meta_.next_seq + kSeqLease),
      volume_(options_.volume),
      watch_(options.space),
      compacts_(opened.compacts) {
  open_.first_seq = last_seq_ + 1;
  path_.set_on_row([this](LaneId id, const Lane& lane, Seq last) { read_ahead(id, lane, last); });
  count_table();
  if (opened.space) on_space(*opened.space);
}

void RocksStore::count_table() {
  waiting_bytes_ = 0;
  sweeping_.clear();
  for (const auto& [id, queue] : table_.all()) {
    waiting_bytes_ += queue->stats.waiting_bytes();
    if (queue->removed || queue->sweeping()) sweeping_.insert(id);
  }
  if (!sweeping_.empty()) schedule();
}

RocksStore::~RocksStore() {
  alive_.reset();
  if (db_) db_->stop_copies();
  reader_.stop();       // first: it may have work for the housekeeper,
  housekeeper_.stop();  // and that for the writer
  writer_.stop();
}

core::Result<std::vector<Entry>> RocksStore::read(QueueId queue, uint8_t lane, Seq after, ReadLimit limit,
                                                  core::Now now) {
  QueueState* state = table_.find(queue);
  if (state == nullptr || lane >= kLaneCount) return no_queue(queue);
  for (size_t ended = 0; ended < kUnreadableAtOnce; ++ended) {
    auto found = path_.read(*state, lane, after, limit, now);
    if (!found) return core::fail(found.error());
    const bool writable = check_writable().has_value();
    if (writable) end_expired(*state, lane, found->expired);
    if (!found->entries.empty() || (!found->bad && !found->more)) return std::move(found->entries);
    if (!writable) return core::fail(Errc::unavailable, "the store is being opened again");
    if (found->more) break;
    after = found->bad->seq;
    end_unreadable(*state, lane, *found->bad);
  }
  read_again(queue);
  return std::vector<Entry>();
}

void RocksStore::end_expired(QueueState& queue, uint8_t lane, std::span<const Seq> expired) {
  for (const Seq seq : expired) end_entry(queue, lane, seq, Outcome::expired);
}

// What cannot be read must not hold up what comes after it.
void RocksStore::end_unreadable(QueueState& queue, uint8_t lane, const Found::Bad& bad) {
  log_.error("message_unreadable",
             {{"queue", queue.stats.name}, {"seq", bad.seq}, {"error", bad.error.what}, {"outcome", "dead"}});
  end_entry(queue, lane, bad.seq, Outcome::dead);
}

void RocksStore::read_again(QueueId queue) {
  on_loop([this, queue] {
    if (events_ != nullptr && table_.find(queue) != nullptr) events_->on_available(queue);
  });
}

core::Result<QueueId> RocksStore::open_queue(std::string_view name, const QueueAttributes& attributes) {
  if (const auto known = table_.find(name)) {
    if (!closed_) set_attributes(*table_.find(*known), attributes);
    return *known;
  }
  if (closed_) return core::fail(check_writable().error());
  const QueueId id = meta_.next_queue++;
  QueueState& queue = table_.add(id, name, attributes);
  open_.new_queues.emplace_back(id, name);
  open_.queue_attributes.emplace_back(id, encode_attributes(attributes));
  open_.meta.push_back(next_queue_row(meta_.next_queue));
  touch(queue);
  schedule();
  return id;
}

void RocksStore::set_attributes(QueueState& queue, const QueueAttributes& attributes) {
  if (queue.stats.attributes == attributes) return;
  table_.set_attributes(queue, attributes);
  open_.queue_attributes.emplace_back(queue.stats.id, encode_attributes(attributes));
  schedule();
}

// Adds a message to the open group. Its targets have room.
Seq RocksStore::collect(core::MessagePtr message, std::span<const Target> targets, uint64_t bytes) {
  const Seq seq = ++last_seq_;
  if (targets.empty()) return seq;
  previous_.clear();
  for (const Target& target : targets) {
    previous_.push_back(admit(*table_.find(target.queue), target, seq, *message, bytes));
  }
  payload_bytes_ += message->body.size();
  open_.bytes += bytes;
  count_taken(bytes);
  open_.held_bytes += kOpenMessageBytes + targets.size() * kOpenTargetBytes;
  path_.tail().add(seq, message);
  open_.segment_for(seq).add(seq, std::move(message), bytes, targets, previous_);
  return seq;
}

core::Status RocksStore::check_may_append() const {
  if (auto writable = check_writable(); !writable) return writable;
  const size_t bytes = open_.bytes + open_.held_bytes;
  if (bytes < kOpenBytesMax) return {};
  return core::fail(Errc::full,
                    "the disk does not keep up: " + std::to_string(bytes) + " bytes wait to be written");
}

core::Status RocksStore::check_writable() const {
  if (failed_)
    return core::fail(Errc::io, "the store has failed (" + failed_->what + ") and is being opened again");
  if (closed_) return core::fail(Errc::io, "the store is closed");
  return {};
}

core::Status RocksStore::check_targets(std::span<const Target> targets) const {
  for (const Target& target : targets) {
    if (table_.find(target.queue) == nullptr || target.lane >= kLaneCount) return no_queue(target.queue);
  }
  return {};
}

// Counts the entry and returns the one before it in its lane.
Seq RocksStore::admit(QueueState& queue, const Target& target, Seq seq, const core::Message& message,
                      uint64_t bytes) {
  Lane& lane = queue.lane(target.lane);
  LaneStats& stats = queue.stats.lanes[target.lane];
  const Oldest entry{seq, message.arrived_ms, target.expires_ms};
  if (stats.waiting == 0) lane.oldest = entry;
  if (lane.first_pending.seq <= std::max(lane.durable_last, lane.progress.head())) lane.first_pending = entry;
  if (target.expires_ms != 0) lane.pending_due_ms = std::min(lane.pending_due_ms, target.expires_ms);
  ++stats.waiting;
  stats.waiting_bytes += bytes;
  waiting_bytes_ += bytes;
  ++queue.stats.in;
  touch(queue);
  return lane.progress.add(seq);
}

void RocksStore::add_values(std::span<const KeyValue> values, IfLost if_lost) {
  for (size_t i = 0; if_lost == IfLost::undo && i < values.size(); ++i)
    open_.values_to_undo.push_back(open_.values.size() + i);
  open_.values.insert(open_.values.end(), values.begin(), values.end());
  open_.bytes += bytes_of(values);
  count_taken(bytes_of(values));
}

void RocksStore::touch(QueueState& queue) {
  if (!std::exchange(queue.dirty, true)) dirty_.push_back(queue.stats.id);
}

void RocksStore::end_entry(QueueState& queue, uint8_t number, Seq seq, Outcome outcome) {
  if (take_out(queue, number, seq, outcome))
    open_.redo.endings.push_back({{queue.stats.id, number}, outcome, seq});
}

// Ends a durable entry in the open group, and counts it. False if it cannot, or has ended before.
bool RocksStore::take_out(QueueState& queue, uint8_t number, Seq seq, Outcome outcome) {
  Lane& lane = queue.lane(number);
  if (seq > durable_ || lane.progress.finished(seq)) return false;
  const LaneId id{queue.stats.id, number};
  const auto found = path_.next_row(id, lane, seq - 1);
  if (!found) {
    log_.error("finish_unreadable",
               {{"queue", queue.stats.name}, {"seq", seq}, {"error", found.error().what}});
    return false;
  }
  if (!*found) return false;
  const IndexRowPtr row = *found;
  const size_t position = row->position(seq);
  if (position == row->entries.size() || row->entries[position].seq != seq) return false;
  const Seq previous = row->before(position);
  lane.progress.finish(previous, row->tile_end(position));
  if (lane.oldest.seq == seq) lane.oldest = first_waiting(*row, position + 1, lane);
  count_out(queue, number, row->entries[position].bytes, outcome);
  if (outcome != Outcome::delivered && queue.stats.attributes.keeps_gaps)
    queue.gaps.add(previous, {seq, seq, 1, outcome});
  if (lane.progress.passed(row->previous, row->last())) drop_row(id, *row);
  fold_if_holed(id, lane);
  touch(queue);
  schedule();
  return true;
}

// Deletes an index row, all of it finished, and the blocks that nobody else wants.
void RocksStore::drop_row(LaneId id, const IndexRow& row) {
  open_.dead_rows.push_back({id, row.last()});
  for (const RowBlock& block : row.blocks) {
    if (block.shared)
      drop_shared_block(block.id);
    else
      open_.dead_blocks.push_back(block.id);
  }
  for (const RowEntry& entry : row.entries) reclaim_.died(entry.bytes);
  path_.rows().drop(id, row.last());
  if (QueueState* queue = table_.find_any(id.queue); queue != nullptr) queue->lane(id.lane).recent.reset();
}

// Whichever target lane finishes its row last finds that all others have passed the block.
void RocksStore::drop_shared_block(Seq id) {
  const auto header = path_.block_header(id);
  if (!header) {
    if (header.error().code == Errc::not_found) return;
    log_.warn("block_unreadable", {{"block", id}, {"error", header.error().what}});
    return;
  }
  for (const LaneId& target : header->targets) {
    if (!is_done_with(target, id - 1, header->last)) return;
  }
  open_.dead_blocks.push_back(id);
}

bool RocksStore::is_passed(LaneId id, Seq from, Seq to) const {
  const QueueState* queue = table_.find_any(id.queue);
  if (queue == nullptr || id.lane >= kLaneCount || !queue->lanes[id.lane]) return true;
  return queue->lanes[id.lane]->progress.passed(from, to);
}

void RocksStore::schedule() {
  has_work_ = true;
  if (writing_ || std::exchange(cut_posted_, true)) return;
  on_loop([this] {
    cut_posted_ = false;
    cut();
  });
}

// Posts work that is not run once the store is closed or gone.
void RocksStore::on_loop(std::function<void()> work) {
  executor_.post([alive = std::weak_ptr(alive_), work = std::move(work)] {
    if (alive.lock()) work();
  });
}

// Hands what was collected to the writer. While it writes, the next group collects.
void RocksStore::cut() {
  if (writing_ || failed_ || !has_work_) return;
  seal();
  leave_dead_blocks_to_files();
  const bool sync = open_.must_sync && durability_.mode == Durability::Mode::sync;
  const bool lease = open_.last_seq + kSeqLease / 2 > lease_;
  if (lease) {
    lease_ = open_.last_seq + kSeqLease;
    open_.meta.push_back({std::string(kMetaNextSeq), u64_bytes(lease_)});
  }
  open_.reclaim = std::exchange(due_, Reclaim::nothing);
  if (open_.reclaim != Reclaim::nothing) open_.floor = floor();
  open_.room_bytes = std::min(watch_.free(), watch_.min_free_bytes()) / 2;
  unsynced_ |= !sync;
  writing_ = true;
  auto group = in_flight_ = std::make_shared<Group>(std::exchange(open_, {}));
  open_.first_seq = group->last_seq + 1;
  writer_.post([this, db = db_, group, sync = sync || lease, generation = generation_,
                alive = std::weak_ptr(alive_), &executor = executor_] {
    core::Status status = db->write(*group, sync);
    if (!status) write_failed_ = true;
    executor.post([this, alive, group, status = std::move(status), generation] {
      if (alive.lock()) on_written(*group, status, generation);
    });
  });
}

// Completes the open group with the state of every queue that it changes.
void RocksStore::seal() {
  open_.last_seq = last_seq_;
  leave_out_ended();
  if (!closed_) fold_holes();
  for (const QueueId id : std::exchange(dirty_, {})) {
    QueueState* queue = table_.find_any(id);
    if (queue == nullptr) continue;
    queue->dirty = false;
    open_.queue_states.emplace_back(id, encode_queue_state(*queue));
  }
  has_work_ = false;
}

// Below the floor a block that lies in a file needs no deletion, which would only make files overlap that do
// not: the file goes as a whole (docs/adr/0024). In a memtable a deletion saves writing the block to a file.
void RocksStore::leave_dead_blocks_to_files() {
  const auto in_file = [newest = in_files()](Seq id) { return id <= newest; };
  if (std::ranges::any_of(open_.dead_blocks, [&](Seq id) { return in_file(id) && id >= floor_; }))
    floor_ = floor();
  std::erase_if(open_.dead_blocks, [&](Seq id) { return in_file(id) && id < floor_; });
}

void RocksStore::on_written(Group& group, const core::Status& status, uint64_t generation) {
  if (generation != generation_) return;
  if (!status) return fail(status.error());
  writing_ = false;
  in_flight_.reset();
  durable_ = group.last_seq;
  if (group.reclaim != Reclaim::nothing) reclaim(group);
  std::set<QueueId> available;
  for (Segment& segment : group.segments) {
    for (Segment::Row& row : segment.take_rows()) {
      available.insert(row.lane.queue);
      settle_row(std::move(row));
    }
  }
  for (const Fold& fold : group.folds) settle_fold(fold);
  sweep();
  cut();
  notify(durable_, available);
}

// An index row is on disk: its entries can be read. Or it was left out, and there is nothing to read.
void RocksStore::settle_row(Segment::Row settled) {
  const LaneId id = settled.lane;
  IndexRow& row = settled.row;
  QueueState* queue = table_.find_any(id.queue);
  if (queue == nullptr) return;
  Lane& lane = queue->lane(id.lane);
  lane.durable_last = row.last();
  lane.first_pending = {};
  const Seq after = std::max(lane.durable_last, lane.progress.head());
  const bool pending = lane.progress.last() > after;
  for (size_t i = 0; pending && i < open_.segments.size(); ++i) {
    if (const RowEntry* entry = open_.segments[i].first_after(id, after)) {
      lane.first_pending = {entry->seq, entry->arrived_ms, entry->expires_ms};
      break;
    }
  }
  if (!pending) lane.pending_due_ms = ExpiryMap::kNever;
  if (settled.left_out) return;
  const bool swept = lane.sweeping() && row.last() <= lane.sweep_to;
  if (swept || !lane.progress.passed(row.previous, row.last())) {
    if (!swept) lane.expiries.add({row.previous, row.last(), settled.due_ms});
    path_.rows().add(id, std::make_shared<IndexRow>(std::move(row)));
  } else {  // all of it was dropped while it was written
    drop_row(id, row);
    has_work_ = true;
  }
}

void RocksStore::notify(Seq up_to, const std::set<QueueId>& queues) {
  if (events_ == nullptr) return;
  const std::weak_ptr alive(alive_);
  events_->on_durable(up_to);
  for (const QueueId queue : queues) {
    if (!alive.lock() || closed_) return;  // the owner closed the store while it was told
    if (table_.find(queue) != nullptr) events_->on_available(queue);
  }
}

void RocksStore::close() {
  if (std::exchange(closed_, true)) return;
  alive_.reset();
  if (db_) db_->stop_copies();
  reader_.stop();
  housekeeper_.stop();
  writer_.stop();
  if (failed_ || write_failed_) return;
  let_go_of_in_flight();
  seal();
  open_.meta.push_back({std::string(kMetaNextSeq), u64_bytes(last_seq_ + 1)});
  open_.meta.push_back({std::string(kMetaClean), "1"});
  if (auto written = db_->write(open_, true); !written) {
    log_.error("store_failed", {{"error", written.error().what}});
  }
  open_ = {};
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
  if (!opened->epoch_before.empty())
    log.warn("store_has_a_new_epoch", {{"why", "it is a copy that was made by headgate store backup"},
                                       {"before", opened->epoch_before},
                                       {"epoch", meta.identity.epoch}});
  return std::unique_ptr<DurableStore>(new RocksStore(with_volume, *std::move(opened), executor, log));
}

}  // namespace headgate::store
