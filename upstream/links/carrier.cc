#include "upstream/links/carrier.h"

#include <algorithm>
#include <utility>

namespace headgate::upstream {

std::string_view state_name(CarrierState state) {
  switch (state) {
    case CarrierState::idle:
      return "idle";
    case CarrierState::backing_off:
      return "waiting";
    case CarrierState::connecting:
      return "connecting";
    case CarrierState::up:
      return "connected";
  }
  return "unknown";
}

Carrier::Carrier(NamedLink named, Link& link, core::Log& log, const UpstreamOptions& options, uint64_t seed,
                 GateWorld world)
    : named_(std::move(named)),
      link_(link),
      log_(log),
      connect_timeout_ms_(options.connect_timeout_ms),
      quick_ms_(options.backoff.base_ms / 4),
      random_(seed),
      backoff_(options.backoff),
      gate_(named_.terms, options.batch.compressed_bytes_max, std::move(world)) {
  link_.set_events(this);
}

// --- Life cycle

// Connections cost packets at both ends of their lives.
void Carrier::enter(CarrierState state, core::Now now) {
  state_ = state;
  meter_.on_traffic();
  counters_.since_ms = now.wall_ms;
}

void Carrier::want(bool wanted, core::Now now) {
  if (std::exchange(wanted_, wanted) == wanted) return;
  if (wanted) return wake(now);
  if (state_ == CarrierState::connecting || state_ == CarrierState::up) link_.disconnect();
  if (state_ != CarrierState::backing_off) deadline_ms_ = now.mono_ms;
  broken_.reset();
  const bool was_up = state_ == CarrierState::up;
  enter(CarrierState::idle, now);
  if (was_up) log_.info("upstream_let_go", {{"link", named_.name}});
  (void)drop_users({"the link is not needed now", false, 0, true}, now);
}

// Waits on if it failed: it is not tried again before its time, however often somebody begins to want it.
void Carrier::wake(core::Now now) {
  if (state_ != CarrierState::idle) return;
  if (now.mono_ms < deadline_ms_) return enter(CarrierState::backing_off, now);
  missing_since_ms_ = kNever;
  connect(now);
}

void Carrier::connect(core::Now now) {
  enter(CarrierState::connecting, now);
  deadline_ms_ = now.mono_ms + connect_timeout_ms_;
  missing_since_ms_ = std::min(missing_since_ms_, now.mono_ms);
  ++counters_.attempts;
  link_.connect();
}

void Carrier::step(core::Now now) {
  now_ = now;
  count(now);
  permit_ = gate_.permit(now);
  if (is_up() && sent_.empty() && has_to_renew(now)) break_off("its token is made anew before it ends");
  if (broken_) {
    const LinkDown down{*std::exchange(broken_, std::nullopt), false, 0, true};
    if (state_ != CarrierState::up) return;
    link_.disconnect();
    return fail(down, now);
  }
  if (state_ == CarrierState::connecting && now.mono_ms >= deadline_ms_) {
    link_.disconnect();
    return fail({"no answer to the connection request", false, 0}, now);
  }
  if (state_ == CarrierState::backing_off && now.mono_ms >= deadline_ms_) connect(now);
  if (now.mono_ms >= suspect_deadline()) suspects_.clear_first(now);
}

void Carrier::count(core::Now now) {
  if (meter_.is_due(now)) meter_.look(link_.wire_bytes(), now);
  meter_.measure(!sent_.empty(), now);
  gate_.count(meter_.wire_bytes(), now);
}

bool Carrier::has_to_renew(core::Now now) const {
  const int64_t after_s = named_.connection.renew_after_s;
  return after_s != 0 && now.mono_ms - up_since_ms_ >= after_s * 1000;
}

int64_t Carrier::next_deadline() const {
  if (broken_) return 0;
  const int64_t disk_ms = gate_.awaits_disk() ? now_.mono_ms + kDiskMs : kNever;
  return std::min({state_deadline(), disk_ms, meter_.next_look()});
}

int64_t Carrier::state_deadline() const {
  switch (state_) {
    case CarrierState::idle:
      return kNever;
    case CarrierState::backing_off:
    case CarrierState::connecting:
      return deadline_ms_;
    case CarrierState::up:
      break;
  }
  return suspect_deadline();
}

// Mono time at which the suspect that is alone is cleared, as it has nothing to publish.
int64_t Carrier::suspect_deadline() const {
  const CarrierUser* const alone = suspects_.alone();
  const bool idles = alone != nullptr && state_ == CarrierState::up && !has_unanswered(*alone);
  return idles ? suspects_.time_ends_ms() : kNever;
}

void Carrier::retry(core::Now now) {
  const bool waits = state_ == CarrierState::backing_off || state_ == CarrierState::idle;
  if (waits) deadline_ms_ = now.mono_ms;
}

void Carrier::use(LinkTerms terms, core::Now now) {
  if (named_.terms == terms) return;
  named_.terms = std::move(terms);
  gate_.use(named_.terms);
  gate_.count(meter_.wire_bytes(), now);
  permit_ = gate_.permit(now);
  if (is_up()) break_off("its limits are others now");
}

void Carrier::close() {
  wanted_ = false;
  if (state_ == CarrierState::connecting || state_ == CarrierState::up) link_.disconnect();
  meter_.look(link_.wire_bytes(), now_);
  gate_.count(meter_.wire_bytes(), now_);
  gate_.close();
  state_ = CarrierState::idle;
  users_.clear();
  sent_.clear();
}

void Carrier::on_link_up(const LinkUp& up, core::Now now) {
  if (state_ != CarrierState::connecting) return;
  enter(CarrierState::up, now);
  said_ = up;
  up_since_ms_ = used_at_ms_ = now.mono_ms;
  suspects_.begin_time(now);
  missing_since_ms_ = kNever;
  counters_.hopeless = false;
  ++counters_.connects;
  log_.info("upstream_up", {{"link", named_.name},
                            {"receive_maximum", up.receive_maximum},
                            {"packet_bytes_max", up.packet_bytes_max}});
  for (CarrierListener* const listener : listeners_) listener->on_carrier_up(up, now);
  after_event_();
}

void Carrier::on_link_down(const LinkDown& down, core::Now now) {
  LinkDown judged = down;
  judged.blameless = down.blameless || may_be_for_a_note(now);
  if (state_ == CarrierState::connecting || state_ == CarrierState::up) fail(judged, now);
  after_event_();
}

void Carrier::fail(const LinkDown& down, core::Now now) {
  const int64_t was_up_ms = state_ == CarrierState::up ? now.mono_ms - up_since_ms_ : 0;
  enter(CarrierState::backing_off, now);
  missing_since_ms_ = std::min(missing_since_ms_, now.mono_ms);
  broken_.reset();
  const auto hurry_ms = drop_users(down, now);
  const uint64_t random = random_();
  const int64_t wait_ms = hurry_ms ? *hurry_ms : backoff_.next_ms(was_up_ms, down.hopeless, random);
  deadline_ms_ = now.mono_ms + wait_ms;
  counters_.last_error = down.reason;
  counters_.last_error_ms = now.wall_ms;
  counters_.hopeless = down.hopeless;
  log_.warn("upstream_down", {{"link", named_.name}, {"reason", down.reason}, {"retry_in_ms", wait_ms}});
  if (down.hopeless)
    log_.error("upstream_refused_for_good",
               {{"link", named_.name},
                {"reason", down.reason},
                {"help",
                 "mend the credentials or files of the link, then headgate reload: it tries again at once"}});
}

std::optional<int64_t> Carrier::drop_users(const LinkDown& down, core::Now now) {
  const auto users = std::exchange(users_, {});
  std::vector<CarrierUser*> with_unanswered;
  for (CarrierUser* const user : users)
    if (has_unanswered(*user)) with_unanswered.push_back(user);
  sent_.clear();
  LinkDown for_others = down;
  for_others.blameless = true;
  const bool is_clear = down.blameless || with_unanswered.size() <= 1;
  if (!down.blameless) suspects_.accuse(with_unanswered);
  std::optional<int64_t> hurry_ms;
  for (CarrierUser* const user : users) {
    const bool is_why = is_clear && std::ranges::find(with_unanswered, user) != with_unanswered.end();
    user->on_carrier_down(is_why ? down : for_others, now);
    if (const auto wants_ms = user->take_hurry()) hurry_ms = std::min(hurry_ms.value_or(kNever), *wants_ms);
  }
  return is_clear || !suspects_.take_quick() ? hurry_ms : quick_ms_;
}

// --- Users

bool Carrier::stays_connected() const {
  if (!permit_.open) return false;
  if (named_.terms.connect == Connect::by_cost) return named_.terms.cost == LinkCost::free;
  return named_.terms.connect == Connect::always;
}

int64_t Carrier::missing_ms(core::Now now) const {
  const bool may_be_tried = state_ == CarrierState::idle && now.mono_ms >= deadline_ms_;
  return may_be_tried || missing_since_ms_ == kNever ? 0 : now.mono_ms - missing_since_ms_;
}

bool Carrier::is_worth_keeping(int64_t idle_ms, core::Now now) const {
  if (!permit_.open || permit_.lanes == 0) return false;
  return state_ == CarrierState::connecting || (is_up() && now.mono_ms - used_at_ms_ < idle_ms);
}

LinkUp Carrier::said() const {
  LinkUp said = said_;
  said.order = named_.terms.order;
  said.receive_maximum = std::min(said.receive_maximum, named_.connection.in_flight_bound());
  const uint32_t known_max = named_.connection.packet_bytes_max;
  if (known_max != 0 && (said.packet_bytes_max == 0 || said.packet_bytes_max > known_max))
    said.packet_bytes_max = known_max;
  said.zstd_level = named_.terms.zstd_level;
  return said;
}

bool Carrier::admits(const CarrierUser& user) const { return is_up() && suspects_.admits(user); }

void Carrier::attach(CarrierUser& user, core::Now now) {
  users_.push_back(&user);
  suspects_.begin_time(now);
}

void Carrier::detach(const CarrierUser& user) {
  std::erase(users_, &user);
  suspects_.forget(user);
  std::erase_if(sent_, [&](const auto& sent) { return sent.second.user == &user; });
}

bool Carrier::has_room(const CarrierUser& user) const {
  return sent_.size() < said().receive_maximum || !has_unanswered(user);
}

void Carrier::publish(CarrierUser& user, Token token, Publication publication) {
  if (!named_.terms.topic.empty() && !publication.has_own_topic) publication.topic = named_.terms.topic;
  const Token own = next_token_++;
  sent_.emplace(own,
                Sent{&user, token, publication.messages, publication.payload.size(), publication.json_bytes});
  gate_.book(publication.payload.size());
  permit_ = gate_.permit(now_);
  meter_.on_traffic();
  link_.publish(own, publication);
}

void Carrier::announce(Note note) {
  if (named_.preset != Preset::generic || !notes_.allows()) return;
  if (!named_.terms.topic.empty()) note.topic = named_.terms.topic;
  gate_.book(note.payload.size());
  permit_ = gate_.permit(now_);
  notes_.on_told(now_);
  meter_.on_traffic();
  link_.announce(note);
}

bool Carrier::may_be_for_a_note(core::Now now) {
  if (!notes_.on_link_down(now)) return false;
  if (!notes_.allows()) {
    log_.warn("upstream_heads_end_connections",
              {{"link", named_.name},
               {"effect", "heads of chains are not published over it any more"},
               {"help",
                "let its client publish below the topic of the batches, at head/#, or set "
                "upstream.chain_head to false; then restart"}});
  }
  return true;
}

void Carrier::on_acked(Token token, uint8_t reason_code, core::Now now) {
  const auto found = sent_.find(token);
  if (found == sent_.end()) return;
  const Sent sent = found->second;
  sent_.erase(found);
  used_at_ms_ = now.mono_ms;
  meter_.on_traffic();
  if (reason_code < 0x80 && sent.messages > 0) tally(sent);
  if (suspects_.alone() == sent.user) suspects_.clear_first(now);
  sent.user->on_carrier_acked(sent.token, reason_code, now);
  after_event_();
}

void Carrier::on_put_back(Token token, core::Now now) {
  const auto found = sent_.find(token);
  if (found == sent_.end()) return;
  const Sent sent = found->second;
  sent_.erase(found);
  sent.user->on_carrier_put_back(sent.token, now);
  after_event_();
}

void Carrier::on_takes_again(core::Now now) {
  const auto users = users_;  // one may leave meanwhile
  for (CarrierUser* const user : users)
    if (std::ranges::find(users_, user) != users_.end()) user->on_carrier_takes_again(now);
  after_event_();
}

void Carrier::tally(const Sent& taken) {
  ++counters_.batches;
  counters_.payload_bytes += taken.payload_bytes;
  counters_.json_bytes += taken.json_bytes;
}

// --- What comes down

void Carrier::on_subscribed(const std::string& filter, uint8_t reason_code, core::Now now) {
  meter_.on_traffic();
  (void)std::ranges::any_of(listeners_,
                            [&](auto* each) { return each->on_subscribed(filter, reason_code, now); });
  after_event_();
}

void Carrier::on_unsubscribed(const std::string& filter, core::Now now) {
  meter_.on_traffic();
  (void)std::ranges::any_of(listeners_, [&](auto* each) { return each->on_unsubscribed(filter, now); });
  after_event_();
}

void Carrier::on_message(Incoming message, core::Now now) {
  used_at_ms_ = now.mono_ms;
  meter_.on_traffic();
  (void)std::ranges::any_of(listeners_, [&](auto* each) { return each->on_message(message, now); });
  after_event_();
}

bool Carrier::has_unanswered(const CarrierUser& user) const {
  return std::ranges::any_of(sent_, [&](const auto& sent) { return sent.second.user == &user; });
}

CarrierStatus Carrier::status(core::Now now) const {
  CarrierStatus status = counters_;
  status.state = state_;
  status.in_flight = sent_.size();
  status.busy_bytes_per_s = meter_.busy_bytes_per_s();
  if (state_ == CarrierState::backing_off)
    status.retry_in_ms = std::max<int64_t>(0, deadline_ms_ - now.mono_ms);
  return status;
}

}  // namespace headgate::upstream
