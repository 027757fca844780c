#include "hub/engine/queue_verbs.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "store/dead_letter.h"

namespace headgate::hub {
namespace {

using core::Errc;

// Letters that one turn of the loop puts back.
constexpr store::ReadLimit kReplayAtOnce{256, 1024 * 1024};

std::string name_of(store::Seq letter) { return "dead letter " + std::to_string(letter); }

core::Result<store::QueueId> dead_queue(const store::QueueStore& store) {
  if (const auto dead = store::find_dead_queue(store)) return *dead;
  return core::fail(Errc::not_found, "there is no queue of dead letters");
}

core::Result<store::Entry> find_letter(store::QueueStore& store, store::Seq letter, core::Now now) {
  const auto dead = dead_queue(store);
  if (!dead) return core::fail(dead.error());
  if (letter == 0) return core::fail(Errc::not_found, "there is no " + name_of(letter));
  auto found = store.read(*dead, store::kDefaultLane, letter - 1, {1, 1}, now);
  if (!found) return core::fail(found.error());
  if (found->empty() || found->front().seq != letter)
    return core::fail(Errc::not_found, "there is no " + name_of(letter));
  return std::move(found->front());
}

// The time to live begins anew.
int64_t expires_anew_ms(int64_t expires_ms, int64_t arrived_hub_ms, core::Now now) {
  return expires_ms == 0 ? 0 : now.hub_ms + std::max<int64_t>(expires_ms - arrived_hub_ms, 1);
}

core::MessagePtr living_anew(const core::MessagePtr& message, core::Now now) {
  if (message->expires_ms == 0) return message;
  auto copy = std::make_shared<core::Message>(*message);
  copy->expires_ms = expires_anew_ms(message->expires_ms, message->arrived_hub_ms, now);
  return copy;
}

bool came_from(const store::Entry& entry, std::string_view queue) {
  const auto letter = store::decode_dead_letter(entry.tag);
  return letter && letter->queue == queue;
}

core::Result<Replayed> put_back(store::QueueStore& store, store::QueueId dead, const store::Entry& entry,
                                core::Now now) {
  const auto letter = store::decode_dead_letter(entry.tag);
  if (!letter) return core::fail(letter.error().code, name_of(entry.seq) + ": " + letter.error().what);
  const auto queue = store.find_queue(letter->queue);
  if (!queue) {
    return core::fail(Errc::not_found,
                      name_of(entry.seq) + ": the queue '" + letter->queue + "' that it came from is gone");
  }
  const core::Message& message = *entry.message;
  const int64_t expires_ms = expires_anew_ms(letter->expires_ms, message.arrived_hub_ms, now);
  const store::QueuePolicy& policy = store.stats(*queue).policy;
  if (store::has_expired(policy, message.arrived_hub_ms, expires_ms, now.hub_ms)) {
    return core::fail(Errc::invalid, name_of(entry.seq) + ": queue '" + letter->queue +
                                         "' keeps no message for longer than " +
                                         std::to_string(policy.age_max_ms / 1000) + " s, and it is older");
  }
  const auto moved = store.requeue(dead, store::kDefaultLane, entry.seq, living_anew(entry.message, now),
                                   {*queue, letter->lane, expires_ms, letter->tag});
  if (!moved) return core::fail(moved.error().code, name_of(entry.seq) + ": " + moved.error().what);
  return Replayed{entry.seq, letter->queue, letter->lane, *moved};
}

}  // namespace

core::Result<Replayed> replay_dead_letter(store::QueueStore& store, store::Seq letter, core::Now now) {
  const auto entry = find_letter(store, letter, now);
  if (!entry) return core::fail(entry.error());
  return put_back(store, *dead_queue(store), *entry, now);
}

core::Result<ReplayReport> replay_dead_letters(store::QueueStore& store, store::Seq after, core::Now now,
                                               std::string_view from) {
  const auto dead = dead_queue(store);
  if (!dead) return core::fail(dead.error());
  const auto entries = store.read(*dead, store::kDefaultLane, after, kReplayAtOnce, now);
  if (!entries) return core::fail(entries.error());
  ReplayReport report;
  for (const store::Entry& entry : *entries) {
    report.next = entry.seq;
    if (!from.empty() && !came_from(entry, from)) continue;
    auto replayed = put_back(store, *dead, entry, now);
    if (replayed)
      report.replayed.push_back(*std::move(replayed));
    else
      report.refused.push_back({entry.seq, replayed.error().what});
  }
  return report;
}

core::Status purge_dead_letter(store::QueueStore& store, store::Seq letter, core::Now now) {
  if (const auto entry = find_letter(store, letter, now); !entry) return core::fail(entry.error());
  store.finish(*dead_queue(store), store::kDefaultLane, letter, store::Outcome::dropped);
  return {};
}

core::Result<uint64_t> purge_dead_letters(store::QueueStore& store) {
  const auto dead = dead_queue(store);
  if (!dead) return core::fail(dead.error());
  return store.purge(*dead);
}

core::Result<uint64_t> purge_queue(store::QueueStore& store, std::string_view name) {
  const auto queue = store.find_queue(name);
  if (!queue) return core::fail(Errc::not_found, "there is no queue \"" + std::string(name) + "\"");
  return store.purge(*queue);
}

}  // namespace headgate::hub
