#include "upstream/identities/identity_link.h"

#include <algorithm>
#include <utility>

#include "upstream/clouds/presets.h"

namespace headgate::upstream {
namespace {

constexpr int64_t kSuspicionMs = 10000;  // a connection that ends this soon after a publish may end for it

// The connection of the link's device, but for who it is.
LinkOptions options_of_identity(const NamedLink& named, const CloudIdentity& identity, std::string key) {
  LinkOptions options = named.connection;
  options.client_id = identity.id();
  options.username = expand_identity(named.username_form, identity.id());
  options.sas_key = {};
  options.sas_key_file.clear();
  options.sas_key_text = std::move(key);
  options.sas_resource = options.host + "/" + identity.path();
  options.tls.cert_file.clear();
  options.tls.key_file.clear();
  options.will_topic.clear();
  options.keeps_session = false;
  return options;
}

}  // namespace

IdentityLink::IdentityLink(CloudIdentity identity, IdentityWorld& world, uint64_t seed)
    : identity_(std::move(identity)), world_(world), random_(seed), backoff_(world.backoff) {}

IdentityLink::~IdentityLink() {
  if (link_) link_->disconnect();
}

// --- What goes over it

bool IdentityLink::takes() {
  if (has_room()) return true;
  wait_for_turn();
  return false;
}

void IdentityLink::wait_for_turn() {
  if (turn_ == 0) turn_ = ++world_.turns;
}

void IdentityLink::publish(Token token, const Publication& publication, core::Now now) {
  if (!has_room()) {
    world_.outcomes.answers.push_back({token, std::nullopt});
    return wait_for_turn();
  }
  used_at_ms_ = now.mono_ms;
  if (sent_.empty()) oldest_since_ms_ = now.mono_ms;
  sent_.push_back(token);
  link_->publish(token, publication);
}

void IdentityLink::on_acked(Token token, uint8_t reason_code, core::Now now) {
  const auto found = std::ranges::find(sent_, token);
  if (found == sent_.end()) return;
  if (found == sent_.begin()) oldest_since_ms_ = now.mono_ms;
  sent_.erase(found);
  used_at_ms_ = now.mono_ms;
  drops_ = 0;
  world_.outcomes.answers.push_back({token, reason_code});
  tell_of_room();
  if (is_leaving() && sent_.empty()) hang_up();
  world_.after_event(now);
}

void IdentityLink::tell_of_room() {
  if (!has_room() || turn_ == 0) return;
  turn_ = 0;
  world_.outcomes.takes_again = true;
}

void IdentityLink::put_back_sent() {
  if (sent_.empty()) return;
  for (const Token token : std::exchange(sent_, {})) world_.outcomes.answers.push_back({token, std::nullopt});
  wait_for_turn();
}

// --- Life cycle

bool IdentityLink::wants_place(core::Now now) const {
  return turn_ != 0 && (state_ == State::idle || (state_ == State::waiting && now.mono_ms >= deadline_ms_));
}

void IdentityLink::connect(std::string key, core::Now now) {
  if (link_) ended_bytes_ += link_->wire_bytes();
  key_ = std::move(key);
  link_ = world_.make_link(options_of_identity(world_.named, identity_, key_));
  link_->set_events(this);
  state_ = State::connecting;
  deadline_ms_ = now.mono_ms + world_.connect_timeout_ms;
  link_->connect();
}

void IdentityLink::on_link_up(const LinkUp&, core::Now now) {
  if (state_ != State::connecting) return;
  state_ = State::up;
  up_since_ms_ = used_at_ms_ = now.mono_ms;
  refusal_.clear();
  ++world_.counts.connects;
  world_.log.info("upstream_identity_up", {{"link", world_.named.name}, {"identity", identity_.id()}});
  tell_of_room();
  world_.after_event(now);
}

void IdentityLink::on_link_down(const LinkDown& down, core::Now now) {
  if (!has_place()) return;
  look_for_culprit(now);
  fail(down, now);
  world_.after_event(now);
}

// A message that is alone each time is what the connections end for.
void IdentityLink::look_for_culprit(core::Now now) {
  if (sent_.empty() || now.mono_ms - used_at_ms_ > kSuspicionMs) return;
  if (++drops_ < kDropsUntilBlamed || sent_.size() > 1) return;
  world_.outcomes.answers.push_back({sent_.front(), implementation_specific_error});
  sent_.clear();
  wait_for_turn();
}

void IdentityLink::fail(const LinkDown& down, core::Now now) {
  const int64_t was_up_ms = state_ == State::connecting ? 0 : now.mono_ms - up_since_ms_;
  state_ = State::waiting;
  put_back_sent();
  const int64_t wait_ms = backoff_.next_ms(was_up_ms, down.hopeless, random_());
  deadline_ms_ = now.mono_ms + wait_ms;
  refusal_ = down.hopeless ? down.reason : "";
  world_.log.warn(down.hopeless ? "upstream_identity_refused" : "upstream_identity_down",
                  {{"link", world_.named.name},
                   {"identity", identity_.id()},
                   {"reason", down.reason},
                   {"effect", "its messages wait, and those of others go on"},
                   {"retry_in_ms", wait_ms}});
}

void IdentityLink::leave(std::string why) {
  state_ = State::leaving;
  leaves_why_ = std::move(why);
  if (sent_.empty()) hang_up();
}

void IdentityLink::hang_up() {
  link_->disconnect();
  state_ = State::idle;
  world_.log.info("upstream_identity_let_go",
                  {{"link", world_.named.name}, {"identity", identity_.id()}, {"reason", leaves_why_}});
}

void IdentityLink::close() {
  if (has_place()) link_->disconnect();
  if (has_place()) state_ = State::idle;
  put_back_sent();
  turn_ = 0;  // all is read again once the link is up
}

void IdentityLink::retry(const std::string& key, core::Now now) {
  if (state_ == State::waiting) deadline_ms_ = now.mono_ms;
  if (is_up() && key != key_) leave(key.empty() ? "it has no key any more" : "its key is another now");
  if (!key.empty() || has_place() || turn_ == 0) return;
  turn_ = 0;
  world_.outcomes.takes_again = true;
}

void IdentityLink::step(core::Now now) {
  if (state_ == State::connecting && now.mono_ms >= deadline_ms_) {
    link_->disconnect();
    fail({"no answer to the connection request", false, 0}, now);
  }
  if (has_place() && now.mono_ms >= answer_due_ms()) {
    link_->disconnect();
    fail({"connected, but a message was not acknowledged in time", false, 0}, now);
  }
  if (!is_up()) return;
  if (now.mono_ms >= up_since_ms_ + kTokenRenewedS * 1000) return leave("its token is made anew");
  if (sent_.empty() && now.mono_ms >= used_at_ms_ + kIdleMs) leave("it had nothing to send");
}

int64_t IdentityLink::next_deadline() const {
  switch (state_) {
    case State::idle:
      return kNever;
    case State::waiting:
      return turn_ == 0 ? kNever : deadline_ms_;
    case State::connecting:
      return deadline_ms_;
    case State::leaving:
      return answer_due_ms();
    case State::up:
      break;
  }
  const int64_t idle_ms = sent_.empty() ? used_at_ms_ + kIdleMs : kNever;
  return std::min({answer_due_ms(), idle_ms, up_since_ms_ + kTokenRenewedS * 1000});
}

uint64_t IdentityLink::wire_bytes() const { return ended_bytes_ + (link_ ? link_->wire_bytes() : 0); }

}  // namespace headgate::upstream
