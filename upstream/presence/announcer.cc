#include "upstream/presence/announcer.h"

#include <utility>

namespace headgate::upstream {
namespace {

constexpr uint16_t kFirstLane = 1;
constexpr uint8_t kErrorCodes = 0x80;  // reason codes from here on are errors

}  // namespace

Announcer::Announcer(Carrier& carrier, std::string topic, int64_t period_ms, Read read)
    : carrier_(carrier), topic_(std::move(topic)), period_ms_(period_ms), read_(std::move(read)) {}

// On a new connection at once: the will of the one before may have been published.
int64_t Announcer::due_at() const { return carrier_.up_since() == said_on_ms_ ? next_ms_ : 0; }

void Announcer::step(core::Now now) {
  if (!carrier_.is_up() || unanswered_) return;
  const bool due = now.mono_ms >= due_at();
  if (attached_ && !due) {
    carrier_.detach(*this);
    attached_ = false;
  }
  if (!due) return;
  if (!attached_ && carrier_.admits(*this)) {
    carrier_.attach(*this, now);
    attached_ = true;
  }
  if (attached_ && may_publish(now)) publish(now);
}

bool Announcer::may_publish(core::Now now) const {
  const Permit& permit = carrier_.permit();
  return (permit.lanes & kFirstLane) != 0 && now.mono_ms >= permit.from_mono_ms && carrier_.has_room(*this);
}

void Announcer::publish(core::Now now) {
  unanswered_ = true;
  said_on_ms_ = carrier_.up_since();
  next_ms_ = period_ms_ == kNever ? kNever : now.mono_ms + period_ms_;
  const std::string text = read_(now);
  Publication publication;
  publication.topic = topic_;
  publication.payload = text;
  publication.content_type = "application/json";
  publication.has_own_topic = true;
  publication.retain = true;
  carrier_.publish(*this, ++token_, publication);
}

// A refusal changes nothing: it is said again with the next period.
void Announcer::on_carrier_acked(Token, uint8_t reason_code, core::Now) {
  unanswered_ = false;
  if (reason_code < kErrorCodes) on_taken_();
}

void Announcer::on_carrier_down(const LinkDown&, core::Now) {
  attached_ = false;
  unanswered_ = false;
  said_on_ms_ = kNever;
}

}  // namespace headgate::upstream
