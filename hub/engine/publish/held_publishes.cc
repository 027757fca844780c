#include "hub/engine/publish/held_publishes.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "broker/session/memory_bytes.h"

namespace headgate::hub {
namespace {

size_t bytes_of(const HeldPublish& publish) {
  size_t bytes = sizeof(HeldPublish) + publish.claim.queues.size() * sizeof(store::QueueId);
  for (const std::string& topic : publish.claim.topics) bytes += topic.size();
  bytes += sizeof(core::Message) + broker::memory_bytes(*publish.parcel.message);
  for (const core::MessagePtr& message : publish.parcel.behind)
    bytes += sizeof(core::Message) + broker::memory_bytes(*message);
  return bytes;
}

}  // namespace

// ---- claims ----

void Claims::add(const Claim& claim) {
  queues_.insert(claim.queues.begin(), claim.queues.end());
  topics_.insert(claim.topics.begin(), claim.topics.end());
}

bool Claims::hold_up(const Claim& claim) const {
  const auto claimed = [this](store::QueueId queue) { return queues_.contains(queue); };
  const auto named = [this](const std::string& topic) { return topics_.contains(topic); };
  return std::ranges::any_of(claim.queues, claimed) || std::ranges::any_of(claim.topics, named);
}

// ---- lines ----

const Claims* HeldPublishes::claims_of(const broker::Session& session) const {
  const auto known = index_.find(&session);
  return known == index_.end() ? nullptr : &known->second->claims;
}

void HeldPublishes::for_each(const std::function<void(const HeldClient& client)>& visit) const {
  for (const Line& line : sessions_) {
    const broker::Session& session = *line.session;
    if (session.connected())
      visit({session.client_id(), line.publishes.size(), line.bytes, session.paused()});
  }
}

bool HeldPublishes::add(broker::Session& session, HeldPublish publish) {
  const auto [known, fresh] = index_.try_emplace(&session);
  if (fresh) {
    sessions_.push_back({session.shared_from_this(), {}, {}, 0, false});
    known->second = std::prev(sessions_.end());
  }
  Line& line = *known->second;
  publish.bytes = bytes_of(publish);
  publish.number = ++last_number_;
  line.consumer = publish.consumer;
  line.bytes += publish.bytes;
  bytes_ += publish.bytes;
  line.claims.add(publish.claim);
  session.set_held(publish.token, true);
  line.publishes.push_back(std::move(publish));
  settle(line);
  return session.paused();
}

void HeldPublishes::settle(Line& line) const {
  const size_t publishes_max = line.consumer ? limits_.consumer_publishes_max : limits_.publishes_max;
  const size_t bytes_max = line.consumer ? limits_.consumer_bytes_max : limits_.bytes_max;
  line.session->set_paused(line.publishes.size() >= publishes_max || line.bytes >= bytes_max ||
                           bytes_ >= limits_.total_bytes_max);
}

void HeldPublishes::settle_all() const {
  for (const auto& [session, line] : index_) settle(*line);
}

void HeldPublishes::remove(Line& line, std::list<HeldPublish>::iterator publish) {
  line.bytes -= publish->bytes;
  bytes_ -= publish->bytes;
  line.publishes.erase(publish);
}

// ---- trying again ----

void HeldPublishes::retry(const Try& attempt, size_t failures_max) {
  const bool was_full = bytes_ >= limits_.total_bytes_max;
  size_t failures = 0;
  for (size_t left = sessions_.size(); left > 0 && failures < failures_max; --left) {
    const auto line = sessions_.begin();
    failures += serve(*line, attempt);
    if (!leave(line)) sessions_.splice(sessions_.end(), sessions_, line);
  }
  if (was_full && bytes_ < limits_.total_bytes_max) settle_all();
}

void HeldPublishes::retry(const broker::Session& session, const Try& attempt) {
  const auto known = index_.find(&session);
  if (known == index_.end()) return;
  const bool was_full = bytes_ >= limits_.total_bytes_max;
  const auto line = known->second;
  (void)serve(*line, attempt);
  (void)leave(line);
  if (was_full && bytes_ < limits_.total_bytes_max) settle_all();
}

// The line was served. True if nothing is left of it.
bool HeldPublishes::leave(Lines::iterator line) {
  const bool empty = line->publishes.empty();
  if (empty)
    end(line);
  else
    settle(*line);
  return empty;
}

uint64_t HeldPublishes::oldest_but(const Line& line, const HeldPublish& publish) {
  for (const HeldPublish& other : line.publishes) {
    if (&other != &publish) return other.number;
  }
  return kNoneLeft;
}

uint64_t HeldPublishes::newest(const broker::Session& session) const {
  return index_.at(&session)->publishes.back().number;
}

// Returns how many attempts had no luck.
size_t HeldPublishes::serve(Line& line, const Try& attempt) {
  size_t failures = 0;
  Claims before;
  for (auto next = line.publishes.begin(); next != line.publishes.end();) {
    const auto one = next++;
    const bool waits = before.hold_up(one->claim);
    one->oldest_left = oldest_but(line, *one);
    if (!waits && attempt(*line.session, *one, before)) {
      remove(line, one);
      continue;
    }
    failures += waits ? 0 : 1;
    before.add(one->claim);
  }
  line.claims = std::move(before);
  return failures;
}

// ---- ends ----

void HeldPublishes::end(Lines::iterator line) {
  const std::shared_ptr<broker::Session> session = std::move(line->session);
  while (!line->publishes.empty()) remove(*line, line->publishes.begin());
  index_.erase(session.get());
  sessions_.erase(line);
  session->set_paused(false);
}

void HeldPublishes::on_disconnected(broker::Session& session) {
  const auto known = index_.find(&session);
  if (known == index_.end()) return;
  const bool was_full = bytes_ >= limits_.total_bytes_max;
  Line& line = *known->second;
  line.claims = {};
  for (auto next = line.publishes.begin(); next != line.publishes.end();) {
    const auto one = next++;
    if (one->token.qos < 2)
      remove(line, one);
    else
      line.claims.add(one->claim);
  }
  if (line.publishes.empty())
    end(known->second);
  else
    settle(line);
  if (was_full) settle_all();
}

void HeldPublishes::on_session_ended(const broker::Session& session) {
  const auto known = index_.find(&session);
  if (known == index_.end()) return;
  const bool was_full = bytes_ >= limits_.total_bytes_max;
  end(known->second);
  if (was_full) settle_all();
}

}  // namespace headgate::hub
