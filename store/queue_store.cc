#include "store/queue_store.h"

#include <utility>

namespace headgate::store {

void QueueReader::look(const Look& look, Judge judge, OnLooked done) {
  const auto entries = read(look.queue, look.lane, look.after, {.messages = look.entries_max}, look.now);
  if (!entries) return done(core::fail(entries.error()));
  Looked looked{look.after, 0, 0, entries->empty()};
  for (const Entry& entry : *entries) {
    ++looked.entries;
    looked.after = entry.seq;
    if (!judge(entry)) break;
  }
  done(looked);
}

core::Result<Seq> QueueStore::append(core::MessagePtr message, std::span<const Target> targets,
                                     std::span<const KeyValue> values) {
  const bool must_sync = message->qos > 0 || !values.empty();
  const Append append{std::move(message), targets};
  return commit({.appends = {&append, 1}, .values = values, .must_sync = must_sync});
}

core::Result<Seq> QueueStore::put(std::span<const KeyValue> values, bool must_sync) {
  return commit({.values = values, .must_sync = must_sync, .if_lost = IfLost::redo});
}

void QueueStore::finish(QueueId queue, uint8_t lane, Seq seq, Outcome outcome,
                        std::span<const KeyValue> values) {
  const End end{queue, lane, seq, outcome};
  (void)commit({.ends = {&end, 1}, .values = values, .if_lost = IfLost::redo});  // closed: it comes back
}

Seq QueueStore::dead_letter(QueueId queue, uint8_t lane, Seq seq, const Death& death) {
  const End end{queue, lane, seq, Outcome::dead, &death};
  const auto letter = commit({.ends = {&end, 1}, .if_lost = IfLost::redo});
  return letter ? *letter : 0;  // closed: it comes back
}

core::Result<Seq> QueueStore::requeue(QueueId queue, uint8_t lane, Seq seq, core::MessagePtr message,
                                      const Target& to) {
  if (to.queue == queue) return core::fail(core::Errc::invalid, "the message is in that queue already");
  const bool must_sync = message->qos > 0;
  const End end{.queue = queue, .lane = lane, .seq = seq, .required = true};
  Target target = to;
  target.moved = true;
  const Append append{std::move(message), {&target, 1}, true};
  return commit({.ends = {&end, 1}, .appends = {&append, 1}, .must_sync = must_sync});
}

void QueueStore::drop_gaps(QueueId queue, Seq up_to) {
  const GapsDropped dropped{queue, up_to};
  (void)commit({.gaps_dropped = {&dropped, 1}, .if_lost = IfLost::redo});  // closed: they are declared again
}

}  // namespace headgate::store
