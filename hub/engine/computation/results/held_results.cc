#include "hub/engine/computation/results/held_results.h"

#include <algorithm>
#include <utility>

#include "store/format/varint.h"

namespace headgate::hub {
namespace {

constexpr size_t kReleasedATurn = 64;
constexpr size_t kEntryTagBytesMax = 255;
constexpr uint8_t kForQueues = 1;  // the version of a tag, too
constexpr uint8_t kToBePublished = 2;

// 0 is no limit.
uint64_t sum_of_limits(uint64_t a, uint64_t b) { return a == 0 || b == 0 ? 0 : a + b; }

bool is_dead_queue(const store::QueueReader& store, store::QueueId queue) {
  return store.stats(queue).attributes.kind == store::QueueKind::dead;
}

}  // namespace

void HeldResults::restore() {
  for (const store::QueueId queue : store_.queues()) {
    const std::string& name = store_.stats(queue).name;
    if (!name.starts_with(kHeldResultsPrefix)) continue;
    held_[name.substr(kHeldResultsPrefix.size())] = {
        queue, "there was no room before the hub was started", false, 0, {}};
  }
}

void HeldResults::set_limits(LimitsOf limits_of, const store::QueuePolicy& of_inputs) {
  limits_of_ = std::move(limits_of);
  of_inputs_ = of_inputs;
  for (auto& [route, held] : held_) limit(route, held);
}

// A limit that refuses is the sum of both, so that a Change of all routes is not refused for one of them.
void HeldResults::limit(std::string_view route, Held& held) {
  held.limits = limits_of_(route);
  store::QueuePolicy policy = held.limits;
  if (policy.on_full == store::OnFull::reject) {
    policy.messages_max = sum_of_limits(policy.messages_max, of_inputs_.messages_max);
    policy.bytes_max = sum_of_limits(policy.bytes_max, of_inputs_.bytes_max);
  }
  store_.set_policy(held.queue, policy);
}

bool HeldResults::is_at_limit(const Held& held) const {
  if (held.limits.on_full != store::OnFull::reject) return false;
  const store::QueueStats& queue = store_.stats(held.queue);
  return (held.limits.messages_max != 0 && queue.waiting() >= held.limits.messages_max) ||
         (held.limits.bytes_max != 0 && queue.waiting_bytes() >= held.limits.bytes_max);
}

bool HeldResults::is_at_limit(std::string_view route) const {
  const auto known = held_.find(route);
  return known != held_.end() && is_at_limit(known->second);
}

std::set<std::string, std::less<>> HeldResults::at_limit() const {
  std::set<std::string, std::less<>> routes;
  for (const auto& [route, held] : held_)
    if (is_at_limit(held)) routes.insert(route);
  return routes;
}

store::QueueId HeldResults::queue_of(std::string_view route) const {
  const auto known = held_.find(route);
  if (known == held_.end()) return 0;
  const Held& held = known->second;
  return held.fresh || store_.stats(held.queue).waiting() > 0 ? held.queue : 0;
}

bool HeldResults::hold(const std::string& route, std::string why) {
  if (queue_of(route) != 0) return false;
  const auto queue =
      store_.open_queue(std::string(kHeldResultsPrefix) + route, {store::QueueKind::computation});
  if (!queue) return false;
  log_.warn("results_wait", {{"route", route}, {"why", why}});
  Held& held = held_[route];
  held.queue = *queue;
  held.why = std::move(why);
  held.fresh = true;
  limit(route, held);
  return true;
}

std::string HeldResults::why(std::string_view route) const {
  const auto known = held_.find(route);
  if (known == held_.end()) return {};
  const std::string why =
      std::to_string(store_.stats(known->second.queue).waiting()) + " results: " + known->second.why;
  return is_at_limit(known->second) ? why + "; as many as may wait: inputs are refused" : why;
}

std::optional<store::Target> HeldResults::entry_of(store::QueueId queue, const QueuedResult& result) {
  store::Target entry;
  entry.queue = queue;
  store::put_u8(entry.tag, kForQueues);
  bool expires = true;
  for (const store::Target& target : result.targets) {
    store::put_varint(entry.tag, target.queue);
    store::put_u8(entry.tag, target.lane);
    store::put_varint(entry.tag, static_cast<uint64_t>(target.expires_ms));
    expires = expires && target.expires_ms != 0;
    entry.expires_ms = std::max(entry.expires_ms, target.expires_ms);
  }
  if (!expires) entry.expires_ms = 0;
  if (entry.tag.size() > kEntryTagBytesMax) return std::nullopt;
  return entry;
}

store::Target HeldResults::entry_of_published(store::QueueId queue) {
  store::Target entry;
  entry.queue = queue;
  store::put_u8(entry.tag, kToBePublished);
  return entry;
}

bool HeldResults::release(store::Seq durable, const Release& release) {
  bool more = false;
  for (auto& [route, held] : held_) more = release_some(route, held, release) || more;
  remove_empty(durable);
  return more;
}

void HeldResults::on_settled() {
  for (auto& [route, held] : held_) held.fresh = false;
}

bool HeldResults::release_some(const std::string& route, Held& held, const Release& release) {
  const store::ReadLimit limit{kReleasedATurn, size_t{256} * 1024};
  const auto entries = store_.read(held.queue, store::kDefaultLane, 0, limit, clock_.now());
  if (!entries) return false;
  for (const store::Entry& entry : *entries) {
    const auto seq = release(read(route, held.queue, entry));
    if (!seq) return false;
    held.ends = std::max(held.ends, *seq);
  }
  return entries->size() == kReleasedATurn;
}

// Queues that have gone meanwhile are left out.
HeldResults::Released HeldResults::read(const std::string& route, store::QueueId queue,
                                        const store::Entry& entry) const {
  Released released{{queue, store::kDefaultLane, entry.seq}, std::nullopt, nullptr};
  store::Decoder in(entry.tag);
  if (in.u8() == kToBePublished) {
    released.published = entry.message;
    return released;
  }
  const std::vector<store::QueueId> known = store_.queues();
  QueuedResult result{entry.message, {}};
  while (!in.at_end() && in.ok()) {
    store::Target target;
    target.queue = static_cast<store::QueueId>(in.varint());
    target.lane = in.u8();
    target.expires_ms = static_cast<int64_t>(in.varint());
    if (!in.ok() || std::ranges::find(known, target.queue) == known.end()) continue;
    if (is_dead_queue(store_, target.queue))
      target = dead_letter_target(target.queue, route, "the route sends it INTO $deadletter",
                                  entry.message->arrived_ms);
    result.targets.push_back(std::move(target));
  }
  if (result.targets.empty()) {
    log_.warn("result_dropped", {{"route", route}, {"why", "the queues that it was for are gone"}});
    released.end.outcome = store::Outcome::dropped;
  }
  released.queued = std::move(result);
  return released;
}

// Only once their ends are durable, or they would be lost with the queue if the write failed.
void HeldResults::remove_empty(store::Seq durable) {
  std::erase_if(held_, [&](const auto& one) {
    const auto& [route, held] = one;
    if (held.fresh || held.ends > durable || store_.stats(held.queue).waiting() > 0) return false;
    const store::QueueStats& queue = store_.stats(held.queue);
    log_.info("results_go_on", {{"route", route}, {"dropped", queue.dropped}, {"expired", queue.expired}});
    (void)store_.remove_queue(held.queue);
    return true;
  });
}

}  // namespace headgate::hub
