// The contract of the durable store: queues of messages, and small named values beside them.
//
// A *queue* belongs to one endpoint or one persistent session. It has eleven *lanes*, one per priority;
// each lane is first in, first out. A message is appended once with all its targets, in one atomic write,
// and gets a *seq*: its position in the hub's log, unique within an epoch and growing with every append.
//
// Threads: everything here is called on, and answers on, the loop thread. Ownership: callers own nothing;
// messages are shared. Only store/rocks/ knows that RocksDB is behind it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/message.h"
#include "core/result.h"
#include "store/change.h"
#include "store/end_watcher.h"
#include "store/queue_attributes.h"
#include "store/queue_policy.h"

namespace headgate::store {

// The name under which a hub opens its queue of dead letters (QueueKind::dead). It is an ordinary queue, but
// that the tags of its entries say where they come from (store/dead_letter.h), and that nothing comes back to
// it from itself.
inline constexpr std::string_view kDeadQueue = "$dead";

// Who this store is. `epoch` is a ULID made with the store, and anew when damage to its files was mended.
// Together with it a seq is used once, ever.
struct Identity {
  std::string hub;
  std::string epoch;
};

// A message as one lane holds it.
struct Entry {
  Seq seq = 0;
  core::MessagePtr message;
  int64_t expires_ms = 0;  // hub time; 0 = never
  std::string tag;
};

struct ReadLimit {
  size_t messages = 256;
  size_t bytes = 256 * 1024;  // of bodies; at least one entry is returned however large it is
};

// A look at what waits in a lane, beside whoever consumes it: nothing ends by it.
struct Look {
  QueueId queue = 0;
  uint8_t lane = kDefaultLane;
  Seq after = 0;
  size_t entries_max = 1024;
  core::Now now = {};
};
struct Looked {
  Seq after = 0;            // all up to it was looked at: go on behind it
  uint64_t entries = 0;     // that were looked at
  uint64_t unreadable = 0;  // of them: their messages are missing or damaged
  bool done = false;        // nothing waited behind
};

struct LaneStats {
  uint64_t waiting = 0;
  uint64_t waiting_bytes = 0;  // topic + body + properties, as stored
  // The most of both that there was at a time since the store was opened; not stored:
  uint64_t waiting_peak = 0;
  uint64_t waiting_bytes_peak = 0;

  void note_peak() {
    waiting_peak = std::max(waiting_peak, waiting);
    waiting_bytes_peak = std::max(waiting_bytes_peak, waiting_bytes);
  }
};

// Exact at every moment and across crashes: in = waiting + delivered + expired + dropped + dead.
struct QueueStats {
  QueueId id = 0;
  std::string name;
  QueueAttributes attributes;
  uint64_t in = 0;
  uint64_t delivered = 0;
  uint64_t expired = 0;
  uint64_t dropped = 0;
  uint64_t dead = 0;
  std::array<LaneStats, kLaneCount> lanes{};
  QueuePolicy policy;    // as its owner set it; not stored
  uint64_t refused = 0;  // appends that failed for its lack of room since the store was opened; not stored

  [[nodiscard]] uint64_t waiting() const {
    uint64_t sum = 0;
    for (const LaneStats& lane : lanes) sum += lane.waiting;
    return sum;
  }
  [[nodiscard]] uint64_t waiting_bytes() const {
    uint64_t sum = 0;
    for (const LaneStats& lane : lanes) sum += lane.waiting_bytes;
    return sum;
  }
};

// Entries of a queue that will never be delivered, for the far side to know. Neighbours with one reason
// are joined, so the list stays short. Kept only for queues that say so (QueueAttributes::keeps_gaps): for
// others there is no far side to tell, and their losses are in the counters.
struct Gap {
  Seq from = 0;
  Seq to = 0;          // inclusive
  uint64_t count = 0;  // entries lost in [from, to]; other seqs in it belong to other queues
  Outcome why = Outcome::dropped;
  Seq into_from =
      0;  // what they held goes on in messages of the queue within [into_from, into_to]; 0: it is lost
  Seq into_to = 0;

  [[nodiscard]] bool goes_on() const { return into_to != 0; }

  friend bool operator==(const Gap&, const Gap&) = default;
};

// The file system that the store is on, as of the last look, a second ago at most.
struct DiskState {
  uint64_t free_bytes = 0;
  uint64_t total_bytes = 0;         // 0: nobody looks
  uint64_t min_free_bytes = 0;      // below it the disk is low
  uint64_t reserve_bytes = 0;       // set aside now, to go on with when there is nothing else
  RoomFor stopped = RoomFor::none;  // messages of this use and those before it are refused
  uint64_t resume_bytes = 0;        // so much has to be free for that use to be taken again, as of now

  [[nodiscard]] bool refuses(RoomFor use) const { return use != RoomFor::none && use <= stopped; }
};

// Questions to a store that do not change it; also to a stopped hub's directory.
class QueueReader {
 public:
  virtual ~QueueReader() = default;

  [[nodiscard]] virtual const Identity& identity() const = 0;

  [[nodiscard]] virtual std::vector<QueueId> queues() const = 0;
  [[nodiscard]] virtual std::optional<QueueId> find_queue(std::string_view name) const = 0;

  // `queue` must exist. The answer is valid until the next call that changes the store. Counters as they are
  // kept: nothing is read for them.
  [[nodiscard]] virtual const QueueStats& stats(QueueId queue) const = 0;

  // When the oldest message that waits in a lane arrived, hub time; 0: none waits, or it cannot be read.
  // `queue` must exist. Known without a look at the disk, but for a lane whose head has moved to another row
  // of the index since: that row is read.
  [[nodiscard]] virtual int64_t oldest_ms(QueueId queue, uint8_t lane) = 0;

  // Durable, unfinished entries of a lane with seq > `after`, oldest first. Costs the same at any depth.
  // Entries that have expired at `now` are passed over; the running store ends them. The answer stops before
  // an entry whose message is missing or damaged; when that is the first, it is passed over too, and the
  // running store ends it as dead. One call of the running store passes over a bounded number: should that
  // leave nothing to answer although there may be more, on_available() comes again, also for a reader that
  // has seen all entries announced so far.
  // Errors, only if nothing can be read: not_found, corrupt (also of the index), io, unavailable (being
  // opened again).
  [[nodiscard]] virtual core::Result<std::vector<Entry>> read(QueueId queue, uint8_t lane, Seq after,
                                                              ReadLimit limit, core::Now now) = 0;

  // Shows entries as read() has them to `judge`, until it answers false. One that has been ended since the call, or is
  // damaged, may be among them or not. The running store does that on a thread of its own, where `judge` is called and
  // destroyed; a bounded number of bytes is read by one call. `done` is called on the loop, from within or later; never, if the
  // store is closed before. Errors: those of read().
  using Judge = std::function<bool(const Entry& entry)>;
  using OnLooked = std::function<void(const core::Result<Looked>& looked)>;
  virtual void look(const Look& look, Judge judge, OnLooked done);

  // Losses not yet declared by drop_gaps(), oldest first.
  [[nodiscard]] virtual std::vector<Gap> gaps(QueueId queue) const = 0;

  // The report of the last damage that was mended, JSON (store/report/damage.h); empty: there was none.
  [[nodiscard]] virtual std::string damage() const { return {}; }

  // The value as of the last durable write. Errors: not_found, io, unavailable.
  [[nodiscard]] virtual core::Result<std::string> get(std::string_view key) const = 0;

  // Every durable value whose key begins with `prefix`, in key order, until `visit` fails: its error is the
  // answer then.
  using Visit = std::function<core::Status(std::string_view key, std::string_view value)>;
  virtual core::Status for_each(std::string_view prefix, const Visit& visit) const = 0;
};

// Events of the store, for its owner. Called from the loop, never from inside a call into the store.
class StoreEvents {
 public:
  virtual ~StoreEvents() = default;

  // Everything appended or put with a seq up to and including `up_to` is as durable as configured, but for
  // what asked for no sync: that is written, and safe from all but a power cut.
  virtual void on_durable(Seq up_to) = 0;

  // Entries became readable in this queue. Comes after the on_durable that made them so; not for what was
  // waiting already when the store was opened. Comes also after a read() that could not go on to the end.
  virtual void on_available(QueueId queue) = 0;

  // Something left a queue after an append was refused as full, or the disk has room again: it may succeed
  // now. Once for each time that appends were refused, and not for a reason other than a limit or a low disk.
  virtual void on_room() {}

  // A write or sync failed. Every Change after the last on_durable() is lost: what is `undo`, as messages of
  // clients are, has not happened, unless it was on the disk whole, and whoever made it goes back to what is
  // durable once the store is open again; what is `redo` is done again by then, and on_durable() comes for
  // its seq. Until on_recovered() appends are refused with Errc::io and reads answer `unavailable`; ends and
  // values that are `redo`, queues that are opened or removed are taken, and written afterwards.
  virtual void on_failed(const core::Error& error) = 0;

  // The store is open again, with what is on the disk, what was lost and is `redo`, and what was asked of it
  // since; reads show all of it but appends, which on_durable() announces. on_available() follows for every
  // queue.
  virtual void on_recovered() {}
};

class QueueStore : public QueueReader {
 public:
  // Must be called once, before anything else. `events` must outlive the store.
  virtual void set_events(StoreEvents* events) = 0;

  // Tells `watcher` how entries end from now on; null: nobody. It must outlive the store, or be taken away before.
  virtual void watch_ends(EndWatcher* watcher) = 0;

  // Finds the queue of this name or makes it, empty. Names are up to 65,535 bytes. The queue has `attributes`
  // from now on, whatever it had before; they are written with the next group. Errors: io.
  [[nodiscard]] virtual core::Result<QueueId> open_queue(std::string_view name,
                                                         const QueueAttributes& attributes) = 0;

  // A queue that takes in and hands out nothing from now on, over any restart, or goes on: QueueAttributes::paused.
  // Written with the next group; on_available() comes when it goes on. Errors: not_found, io (closed, or failed).
  virtual core::Status set_paused(QueueId queue, bool paused) = 0;
  // False also of a queue that there is not.
  [[nodiscard]] virtual bool is_paused(QueueId queue) const = 0;

  // Limits that hold from now on; the store does not keep them, so they are set at each start. What a queue
  // holds beyond them stays with `reject` and `drop_newest`; else it ends in steps, with appends and ticks.
  virtual void set_policy(QueueId queue, const QueuePolicy& policy) = 0;
  // Limit for all queues together: a message counts once for each queue that it waits in. 0: none. A queue
  // that it keeps from taking more is full in the sense of its policy.
  virtual void set_bytes_max(uint64_t bytes_max) = 0;

  // Drops what waits in the queue (counted as dropped), then forgets the queue and its counters.
  virtual core::Status remove_queue(QueueId queue) = 0;

  // Drops what waits in the queue (counted as dropped, recorded as gaps). Returns how many. Errors: io.
  virtual core::Result<uint64_t> purge(QueueId queue) = 0;

  // Does what `change` says, as a whole: it joins the group that is being collected, and after a crash all of
  // it is there or none. On an error nothing of it has happened. Returns the seq to wait for in on_durable():
  // the greatest that it was given, one for each append, turned away message and dead letter, or one of its own if it has
  // values or must be synced; 0: it needed none, it is written soon.
  // Errors: not_found (a target's queue or lane, a required end), full (a queue's or the hub's limit, or the
  // disk is low and it would store a message: try again after on_room; or the disk does not keep up with what
  // waits to be written: try again after the next on_durable), io (closed; between on_failed and
  // on_recovered: only what is `redo` and appends nothing is taken, within bounds), corrupt or io (an end
  // cannot be read).
  [[nodiscard]] virtual core::Result<Seq> commit(const Change& change) = 0;

  // ---- the usual Changes ----

  // Adds one message with all its targets, and the values that must be written with it. A QoS 0 message
  // without values is promised nothing: it rides along. Undone if it is lost, as its publisher sends again.
  // Errors: those of commit().
  [[nodiscard]] core::Result<Seq> append(core::MessagePtr message, std::span<const Target> targets,
                                         std::span<const KeyValue> values = {});

  // Values alone; done again if they are lost. Errors: io (closed, or too much waits for on_recovered).
  [[nodiscard]] core::Result<Seq> put(std::span<const KeyValue> values, bool must_sync = true);

  // The consumer is done with this entry. Written soon and not synced: after a crash an entry may come back,
  // with the same seq. `values` are written together with it, also when the entry was gone already. Done
  // again if it is lost.
  void finish(QueueId queue, uint8_t lane, Seq seq, Outcome outcome, std::span<const KeyValue> values = {});

  // Ends the entry as dead, as finish() does, and puts its message into the queue of dead letters. Only
  // counted is what was in that queue itself, what cannot be read, and all if nobody has opened one. Returns
  // the seq of the letter; 0: there is none, or it is made once the store is open again.
  Seq dead_letter(QueueId queue, uint8_t lane, Seq seq, const Death& death);

  // Moves an entry to the end of another queue's lane, as `message`: ends it as delivered and appends that. A
  // target that would not take it, or drop it, refuses. Undone if it is lost: the entry is where it was.
  // Returns its new seq. Errors: those of commit(), invalid (it is in that queue already).
  [[nodiscard]] core::Result<Seq> requeue(QueueId queue, uint8_t lane, Seq seq, core::MessagePtr message,
                                          const Target& to);

  // The far side may hear of the queue's gaps from now on: what is lost later may make them longer, but each keeps its
  // beginning, by which it is known there. So it is of those that are there when the store is opened.
  virtual void tell_gaps(QueueId queue) = 0;

  // Forgets gaps whose `to` is ≤ `up_to`: the far side knows them. Done again if it is lost.
  void drop_gaps(QueueId queue, Seq up_to);

  // Ends what has expired, behind the heads by looking at no more than a million entries a second (ADR 19),
  // and what a lowered limit leaves too much. Call about once a second. Wall time may jump.
  virtual void tick(core::Now now) = 0;

  // How full the disk is.
  [[nodiscard]] virtual DiskState disk() const { return {}; }

  // Writes and syncs what is still open, then stops the writer. No events come afterwards.
  virtual void close() = 0;
};

}  // namespace headgate::store
