#include "upstream/downstream/receiver.h"

#include <algorithm>
#include <utility>

#include "core/topic.h"
#include "upstream/downstream/command_id.h"

namespace headgate::upstream {
namespace {

constexpr uint8_t kErrorCodes = 0x80;  // reason codes from here on are errors
constexpr uint16_t kUrgentLane = 1;    // a receipt goes when the first lane may

constexpr int64_t kLookEveryMs = 10;    // whether a record is durable
constexpr int64_t kSaveEveryMs = 1000;  // a record that the store may not have taken

constexpr std::string_view kJsonType = "application/json";

}  // namespace

Receiver::Receiver(Carrier& carrier, Settings settings, CommandTaker& taker, Record record, core::Log& log)
    : carrier_(carrier),
      settings_(std::move(settings)),
      taker_(taker),
      record_(std::move(record)),
      log_(log),
      map_(settings_.topics, settings_.hub),
      subscriptions_(map_.wanted(), record_.saved()) {
  carrier_.listen(*this);
}

Receiver::~Receiver() {
  carrier_.leave(*this);
  carrier_.detach(*this);
}

// --- Subscriptions

void Receiver::on_carrier_up(const LinkUp& up, core::Now now) {
  planned_ = subscriptions_.on_up(up.session_present);
  looks_at_ms_ = saves_at_ms_ = now.mono_ms;
  subscribe_when_recorded(now);
}

void Receiver::subscribe_when_recorded(core::Now now) {
  if (!carrier_.is_up()) planned_.reset();
  if (!planned_ || now.mono_ms < looks_at_ms_) return;
  looks_at_ms_ = now.mono_ms + kLookEveryMs;
  const std::string record = subscriptions_.record();
  if (now.mono_ms >= saves_at_ms_) {
    saves_at_ms_ = now.mono_ms + kSaveEveryMs;
    record_.save(record);
  }
  if (record_.saved() != record) return;
  const Subscriptions::Plan plan = *std::exchange(planned_, std::nullopt);
  for (const std::string& filter : plan.leave) carrier_.link().unsubscribe(filter);
  for (const WantedFilter& wanted : plan.ask) carrier_.link().subscribe(wanted.filter, wanted.qos);
}

bool Receiver::on_subscribed(const std::string& filter, uint8_t reason_code, core::Now) {
  if (!subscriptions_.holds(filter)) return false;
  if (reason_code < kErrorCodes) {
    subscriptions_.on_granted(filter);
    log_.info("downstream_subscribed",
              {{"link", carrier_.named().name}, {"filter", filter}, {"qos", reason_code}});
  } else {
    subscriptions_.on_refused(filter);
    log_.error("downstream_refused", {{"link", carrier_.named().name},
                                      {"filter", filter},
                                      {"code", reason_code},
                                      {"help", "let the hub's user subscribe to it upstream"}});
  }
  record_.save(subscriptions_.record());
  return true;
}

bool Receiver::on_unsubscribed(const std::string& filter, core::Now) {
  if (!subscriptions_.holds(filter)) return false;
  subscriptions_.on_left(filter);
  record_.save(subscriptions_.record());
  log_.info("downstream_left", {{"link", carrier_.named().name}, {"filter", filter}});
  return true;
}

// --- Commands

bool Receiver::is_own(std::string_view topic) const {
  return std::ranges::any_of(settings_.own_filters,
                             [&](const std::string& filter) { return core::topic_matches(filter, topic); });
}

bool Receiver::on_message(Incoming& message, core::Now now) {
  take(std::move(message), now);
  return true;
}

void Receiver::take(Incoming message, core::Now now) {
  ++counts_.received;
  if (core::is_valid_topic_name(message.topic) && is_own(message.topic)) {
    ++counts_.own;
    return;
  }
  const auto local = map_.local_of(message.topic);
  Receipt receipt{id_of(message, local ? local->by->id_member : std::string_view()), message.topic, {}, 0};
  if (message.qos == 0) receipt.id = {};  // nobody promises anything to QoS 0
  if (!local)
    return decided(std::move(receipt), {Fate::refused, "the hub takes nothing from this topic"}, now);
  if (receipt.id.value.size() > kCommandIdBytesMax) {
    receipt.id.value.resize(kCommandIdBytesMax);
    return decided(std::move(receipt), {Fate::refused, "its id is longer than 256 bytes"}, now);
  }
  Command command{local->topic, local->by->publish_as, receipt.id, std::move(message)};
  taker_.take(std::move(command), now,
              [this, alive = std::weak_ptr<const int>(alive_), receipt = std::move(receipt)](
                  const Verdict& verdict, core::Now at) {
                if (!alive.expired()) decided(receipt, verdict, at);
              });
}

void Receiver::decided(Receipt receipt, const Verdict& verdict, core::Now now) {
  if (verdict.fate == Fate::lost) return;
  receipt.verdict = verdict;
  receipt.at_ms = now.wall_ms;
  count(receipt, now);
  if (receipt.id) enqueue(std::move(receipt));
}

void Receiver::count(const Receipt& receipt, core::Now now) {
  if (receipt.verdict.fate == Fate::stored) ++counts_.stored;
  if (receipt.verdict.fate == Fate::repeated) ++counts_.repeated;
  if (receipt.verdict.fate != Fate::refused) return;
  ++counts_.refused;
  const auto left_out = refused_.admit(receipt.topic, now);
  if (!left_out) return;
  log_.warn("command_refused", {{"link", carrier_.named().name},
                                {"topic", receipt.topic},
                                {"why", receipt.verdict.why},
                                {"receipt", receipt.id ? "sent" : "none: it has no id"},
                                {"left_out", *left_out}});
}

// --- Receipts

// The newest gives way: its sender repeats it as soon as all others do, and gets it then.
void Receiver::enqueue(Receipt receipt) {
  if (waiting_.size() + sent_.size() >= kReceiptsMax) {
    ++counts_.receipts_dropped;
    return;
  }
  waiting_.push_back(std::move(receipt));
  on_work_();
}

void Receiver::step(core::Now now) {
  subscribe_when_recorded(now);
  attach_or_leave(now);
  while (may_publish(now)) publish_front();
}

// Attached only while there are receipts: nobody has to be looked at alone for one that has nothing to send.
void Receiver::attach_or_leave(core::Now now) {
  if (attached_ && waiting_.empty() && sent_.empty()) {
    carrier_.detach(*this);
    attached_ = false;
  }
  if (attached_ || waiting_.empty() || !carrier_.admits(*this)) return;
  carrier_.attach(*this, now);
  attached_ = true;
}

int64_t Receiver::next_deadline() const {
  return planned_ ? std::min(looks_at_ms_, next_receipt_at()) : next_receipt_at();
}

// When the next receipt may go. What else it waits for is an event of the link, or shows with the owner's next look.
int64_t Receiver::next_receipt_at() const {
  if (!attached_ || waiting_.empty() || !carrier_.has_room(*this)) return kNever;
  const Permit& permit = carrier_.permit();
  return (permit.lanes & kUrgentLane) != 0 ? permit.from_mono_ms : kNever;
}

void Receiver::publish_front() {
  const auto sent = sent_.emplace(next_token_++, std::move(waiting_.front())).first;
  waiting_.pop_front();
  const Receipt& receipt = sent->second;
  const std::string json = receipt.json(settings_.hub);
  Publication publication;
  publication.topic = settings_.receipts_topic;
  publication.payload = json;
  publication.content_type = kJsonType;
  publication.has_own_topic = true;
  if (receipt.id.kind == CommandId::Kind::correlation)
    publication.correlation_data = receipt.id.value;
  else
    publication.id = receipt.id.value;
  carrier_.publish(*this, sent->first, publication);
}

void Receiver::on_carrier_acked(Token token, uint8_t reason_code, core::Now now) {
  const auto sent = sent_.find(token);
  if (sent == sent_.end()) return;
  sent_.erase(sent);
  if (reason_code < kErrorCodes) {
    ++counts_.receipts;
    return;
  }
  ++counts_.receipts_dropped;
  if (const auto left_out = receipts_.admit({}, now))
    log_.warn("receipt_refused", {{"link", carrier_.named().name},
                                  {"topic", settings_.receipts_topic},
                                  {"code", reason_code},
                                  {"help", "let the hub's user publish on it upstream"},
                                  {"left_out", *left_out}});
}

// On the next connection they go again, in their order.
void Receiver::on_carrier_down(const LinkDown&, core::Now) {
  attached_ = false;
  for (auto sent = sent_.rbegin(); sent != sent_.rend(); ++sent) waiting_.push_front(std::move(sent->second));
  sent_.clear();
}

DownstreamStatus Receiver::status() const {
  return {settings_.topics.size(), subscriptions_.missing(), waiting_.size() + sent_.size(), counts_};
}

}  // namespace headgate::upstream
