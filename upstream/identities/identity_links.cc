#include "upstream/identities/identity_links.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace headgate::upstream {
namespace {

constexpr size_t kTopicBytesMax = 65'535;
constexpr size_t kAnnouncedMax = 1000;  // identities without a key

}  // namespace

IdentityLinks::IdentityLinks(NamedLink named, Parts parts, const UpstreamOptions& options, uint64_t seed)
    : named_(std::move(named)),
      own_{named_.device},
      own_link_(parts.own),
      key_of_(std::move(parts.key_of)),
      random_(seed),
      world_{.named = named_,
             .log = parts.log,
             .backoff = options.backoff,
             .connect_timeout_ms = options.connect_timeout_ms,
             .make_link = std::move(parts.make_link),
             .after_event = [this](core::Now now) { after_event(now); }} {
  own_link_.set_events(this);
}

// --- Publishing

IdentityLink* IdentityLinks::identity_for(const core::Message& message) {
  if (named_.as == SendsAs::hub) return nullptr;
  const auto sender = sender_of(message);
  if (!sender || *sender == own_) return nullptr;
  const auto known = identities_.find(*sender);
  const bool has_key = !key_of_(*sender).empty();
  // A client that is no device is called by its client id, and is not expected to have a key.
  const bool may_be_plain = sender->module.empty() && message.source->client_id == sender->device;
  if (!has_key && !may_be_plain) note_without_key(*sender);
  if (!has_key) return nullptr;
  if (known != identities_.end()) return known->second.get();
  return identities_.emplace(*sender, std::make_unique<IdentityLink>(*sender, world_, random_()))
      .first->second.get();
}

void IdentityLinks::note_without_key(const CloudIdentity& identity) {
  if (without_key_.size() >= kAnnouncedMax || !without_key_.insert(identity).second) return;
  world_.log.warn(
      "upstream_identity_without_key",
      {{"link", named_.name},
       {"identity", identity.id()},
       {"effect", "its messages go under the device of the link, with who sent them in their properties"},
       {"help", "register it with its key: headgate identity add"}});
}

bool IdentityLinks::takes(const core::Message& message) {
  if (!own_up_) return false;
  IdentityLink* const identity = identity_for(message);
  return identity == nullptr || identity->takes();
}

void IdentityLinks::publish(Token token, const Publication& publication) {
  IdentityLink* identity = nullptr;
  Publication going = publication;
  std::string topic;
  if (publication.original != nullptr) {
    identity = identity_for(*publication.original);
    topic = events_topic(identity == nullptr ? own_ : identity->identity(), *publication.original);
    going.topic = topic;
    if (topic.size() > kTopicBytesMax || is_too_large(topic.size() + publication.payload.size())) {
      world_.outcomes.answers.push_back({token, packet_too_large});
      return;
    }
  }
  if (identity != nullptr) return identity->publish(token, going, now_);
  ++own_unanswered_;
  own_link_.publish(token, going);
}

bool IdentityLinks::is_too_large(size_t bytes) const {
  const uint32_t packet_bytes_max = named_.connection.packet_bytes_max;
  return packet_bytes_max != 0 && bytes > packet_bytes_max;
}

void IdentityLinks::disconnect() {
  own_up_ = false;
  own_unanswered_ = 0;
  for (const auto& [id, identity] : identities_) identity->close();
  world_.outcomes = {};
  own_link_.disconnect();
}

uint64_t IdentityLinks::wire_bytes() {
  uint64_t bytes = own_link_.wire_bytes();
  for (const auto& [id, identity] : identities_) bytes += identity->wire_bytes();
  return bytes;
}

// --- The connection of the link's own device

void IdentityLinks::on_link_up(const LinkUp& up, core::Now now) {
  now_ = now;
  own_up_ = true;
  own_unanswered_ = 0;
  events_->on_link_up(up, now);
}

// Puts back first what identities had on their way: the connection has not ended for it.
void IdentityLinks::on_link_down(const LinkDown& down, core::Now now) {
  now_ = now;
  own_up_ = false;
  for (const auto& [id, identity] : identities_) identity->close();
  tell(now);
  LinkDown judged = down;
  judged.blameless = down.blameless || std::exchange(own_unanswered_, 0) == 0;
  events_->on_link_down(judged, now);
}

void IdentityLinks::on_acked(Token token, uint8_t reason_code, core::Now now) {
  if (own_unanswered_ > 0) --own_unanswered_;
  events_->on_acked(token, reason_code, now);
}

void IdentityLinks::on_subscribed(const std::string& filter, uint8_t reason_code, core::Now now) {
  events_->on_subscribed(filter, reason_code, now);
}

void IdentityLinks::on_unsubscribed(const std::string& filter, core::Now now) {
  events_->on_unsubscribed(filter, now);
}

void IdentityLinks::on_message(Incoming message, core::Now now) {
  events_->on_message(std::move(message), now);
}

// --- Identities

void IdentityLinks::after_event(core::Now now) {
  now_ = now;
  tell(now);
  on_work_();
}

// Who takes again is told of first: what waited for that goes before what an answer lets go.
void IdentityLinks::tell(core::Now now) {
  if (std::exchange(telling_, true)) return;
  IdentityOutcomes& outcomes = world_.outcomes;
  while (outcomes.takes_again || !outcomes.answers.empty()) {
    if (std::exchange(outcomes.takes_again, false)) {
      events_->on_takes_again(now);
      continue;
    }
    const IdentityOutcomes::Answer answer = outcomes.answers.front();
    outcomes.answers.pop_front();
    if (answer.code) {
      events_->on_acked(answer.token, *answer.code, now);
    } else {
      events_->on_put_back(answer.token, now);
    }
  }
  telling_ = false;
}

void IdentityLinks::step(core::Now now) {
  now_ = now;
  if (!own_up_) return;
  for (const auto& [id, identity] : identities_) identity->step(now);
  give_places(now);
  tell(now);
}

size_t IdentityLinks::places_taken() const {
  return static_cast<size_t>(
      std::ranges::count_if(identities_, [](const auto& each) { return each.second->has_place(); }));
}

void IdentityLinks::give_places(core::Now now) {
  std::vector<IdentityLink*> waiting;
  for (const auto& [id, identity] : identities_)
    if (identity->wants_place(now)) waiting.push_back(identity.get());
  std::ranges::sort(waiting, {}, &IdentityLink::turn);
  for (IdentityLink* const next : waiting) {
    if (places_taken() >= named_.identities_max) make_room(now);
    if (places_taken() >= named_.identities_max) return;
    next->connect(key_of_(next->identity()), now);
  }
}

// Has one leave at a time, for the first of those who wait.
void IdentityLinks::make_room(core::Now now) {
  IdentityLink* least = nullptr;
  for (const auto& [id, identity] : identities_) {
    if (identity->is_leaving()) return;
    if (!identity->is_up() || now.mono_ms < identity->up_since_ms() + kTurnMs) continue;
    if (least == nullptr || identity->used_at_ms() < least->used_at_ms()) least = identity.get();
  }
  if (least == nullptr) return;
  ++world_.counts.rotated;
  least->leave("another one waits for its place");
}

int64_t IdentityLinks::next_deadline() const {
  if (!own_up_) return kNever;
  if (world_.outcomes.takes_again || !world_.outcomes.answers.empty()) return 0;
  int64_t next_ms = kNever;
  int64_t turn_ends_ms = kNever;
  bool somebody_waits = false;
  bool somebody_leaves = false;
  for (const auto& [id, identity] : identities_) {
    const bool wants_place = identity->wants_place(now_);
    if (!wants_place) next_ms = std::min(next_ms, identity->next_deadline());
    somebody_waits = somebody_waits || wants_place;
    somebody_leaves = somebody_leaves || identity->is_leaving();
    if (identity->is_up()) turn_ends_ms = std::min(turn_ends_ms, identity->up_since_ms() + kTurnMs);
  }
  if (!somebody_waits) return next_ms;
  if (places_taken() < named_.identities_max) return 0;
  return somebody_leaves ? next_ms : std::min(next_ms, turn_ends_ms);
}

void IdentityLinks::retry(core::Now now) {
  now_ = now;
  without_key_.clear();
  for (const auto& [id, identity] : identities_) identity->retry(key_of_(id), now);
  step(now);
}

IdentitiesStatus IdentityLinks::status() const {
  IdentitiesStatus status;
  status.connects = world_.counts.connects;
  status.rotated = world_.counts.rotated;
  for (const auto& [id, identity] : identities_) {
    if (identity->has_place()) ++status.open;
    if (identity->waits()) ++status.waiting;
    if (identity->refusal().empty()) continue;
    ++status.refused;
    status.last_refused = id.id();
    status.last_refusal = identity->refusal();
  }
  return status;
}

}  // namespace headgate::upstream
