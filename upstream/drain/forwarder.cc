#include "upstream/drain/forwarder.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace headgate::upstream {

std::string_view state_name(ForwarderState state) {
  switch (state) {
    case ForwarderState::down:
      return "down";
    case ForwarderState::backing_off:
      return "backing_off";
    case ForwarderState::connecting:
      return "connecting";
    case ForwarderState::up:
      return "up";
    case ForwarderState::closing:
      return "closing";
  }
  return "unknown";
}

Forwarder::Forwarder(store::QueueStore& store, store::QueueId queue, Link& link, Encoder& encoder,
                     core::Log& log, UpstreamOptions options, uint64_t seed)
    : drain_(store, queue, link, log, std::move(options), seed),
      packer_(drain_, encoder),
      loader_(drain_, packer_),
      publisher_(drain_),
      answers_(drain_),
      backoff_(drain_.options.backoff) {
  link.set_events(this);
}

// Every input ends here: what the state wants done now that something may have changed.
void Forwarder::step(core::Now now) {
  switch (state_) {
    case ForwarderState::down:
      return;
    case ForwarderState::backing_off:
      if (now.mono_ms >= deadline_ms_) connect(now);
      return;
    case ForwarderState::connecting:
      if (now.mono_ms < deadline_ms_) return;
      drain_.link.disconnect();
      back_off("no answer to the connection request", false, now);
      return;
    case ForwarderState::up:
      if (now.mono_ms < stalls_at()) return drain(now);
      drain_.link.disconnect();
      back_off("connected, but a batch was not acknowledged in time", false, now);
      return;
    case ForwarderState::closing:
      (void)answers_.settle(now);
      publisher_.publish(now);
      loader_.load_open(now);
      if (!drain_.flight.idle() && now.mono_ms < deadline_ms_) return;
      publisher_.announce_head(true, now);
      finish_closing(now);
      return;
  }
}

void Forwarder::drain(core::Now now) {
  publisher_.answer_replay(now);
  drain_.more_at_ms = kNever;
  if (answers_.settle(now) && !drain_.pause.holds(now)) {
    publisher_.publish(now);
    loader_.load(now);
  }
  publisher_.announce_head(false, now);
}

// A batch was published and not answered; kNever: none waits.
int64_t Forwarder::stalls_at() const {
  const int64_t since_ms = drain_.flight.waiting_since();
  return since_ms == Flight::kNever ? kNever : since_ms + drain_.options.answer_timeout_ms;
}

void Forwarder::enter(ForwarderState state, core::Now now) {
  state_ = state;
  since_wall_ms_ = now.wall_ms;
}

void Forwarder::start(core::Now now) {
  if (state_ == ForwarderState::down) connect(now);
}

void Forwarder::connect(core::Now now) {
  enter(ForwarderState::connecting, now);
  deadline_ms_ = drain_.options.link_waits ? kNever : now.mono_ms + drain_.options.connect_timeout_ms;
  drain_.link.connect();
}

void Forwarder::on_link_up(const LinkUp& up, core::Now now) {
  if (state_ != ForwarderState::connecting) return;
  enter(ForwarderState::up, now);
  drain_.on_link_up(up, now);
  publisher_.on_link_up(now);
  answers_.on_link_up(now);
  if (up.ignored_dates) {
    drain_.log.warn(
        "certificate_dates_ignored",
        {{"listener", "upstream"},
         {"reason", "it seems to have expired or not to be valid yet, by a clock that is not synchronised"}});
  }
  if (!packer_.has_room()) note_no_room(now);
  if (drain_.options.link_waits) return step(now);
  drain_.log.info("upstream_up", {{"queue_waiting", drain_.store.stats(drain_.queue).waiting()},
                                  {"receive_maximum", up.receive_maximum},
                                  {"packet_bytes_max", up.packet_bytes_max}});
  step(now);
}

void Forwarder::note_no_room(core::Now now) {
  const uint32_t packet_bytes_max = drain_.connection.said.packet_bytes_max;
  drain_.note_error(
      "the upstream broker takes packets of " + std::to_string(packet_bytes_max) +
          " bytes, too few for a batch of one message; messages wait until it takes larger ones",
      now);
  drain_.log.error("upstream_takes_too_little",
                   {{"packet_bytes_max", packet_bytes_max},
                    {"effect", "messages wait"},
                    {"help", "let the broker take packets of 1,024 bytes and more"}});
}

void Forwarder::on_link_down(const LinkDown& down, core::Now now) {
  switch (state_) {
    case ForwarderState::down:
    case ForwarderState::backing_off:
      return;
    case ForwarderState::closing:
      finish_closing(now);
      return;
    case ForwarderState::up:
      drain_.flight.on_cut(down.code == receive_maximum_exceeded);
      if (!down.blameless) answers_.on_link_down(down, now);
      break;
    case ForwarderState::connecting:
      break;
  }
  back_off(down.reason, down.hopeless, now);
}

void Forwarder::back_off(std::string reason, bool hopeless, core::Now now) {
  const int64_t was_up_ms = state_ == ForwarderState::up ? now.mono_ms - drain_.connection.up_since_ms : 0;
  const uint64_t random = drain_.random();
  const auto quick_ms = answers_.quick_wait_ms(random);
  drain_.on_link_down();
  if (drain_.options.link_waits) {
    if (quick_ms) drain_.link.hurry(*quick_ms);
    return connect(now);
  }
  const int64_t wait_ms = quick_ms ? *quick_ms : backoff_.next_ms(was_up_ms, hopeless, random);
  enter(ForwarderState::backing_off, now);
  deadline_ms_ = now.mono_ms + wait_ms;
  drain_.log.warn("upstream_down", {{"reason", reason}, {"retry_in_ms", wait_ms}});
  drain_.note_error(std::move(reason), now);
}

void Forwarder::close(core::Now now, int64_t patience_ms) {
  if (state_ == ForwarderState::up) {
    enter(ForwarderState::closing, now);
    deadline_ms_ = now.mono_ms + patience_ms;
    step(now);
  } else if (state_ != ForwarderState::closing) {
    finish_closing(now);
  }
}

void Forwarder::finish_closing(core::Now now) {
  if (state_ != ForwarderState::down && state_ != ForwarderState::backing_off) drain_.link.disconnect();
  drain_.on_link_down();
  enter(ForwarderState::down, now);
}

int64_t Forwarder::next_deadline() const {
  switch (state_) {
    case ForwarderState::down:
      return kNever;
    case ForwarderState::backing_off:
    case ForwarderState::connecting:
    case ForwarderState::closing:
      return deadline_ms_;
    case ForwarderState::up:
      break;
  }
  const Intake intake = drain_.link.intake();
  const int64_t sends_ms = std::min(publisher_.next_deadline(), loader_.next_deadline(intake));
  return std::min({stalls_at(), answers_.next_deadline(), std::max(intake.from_mono_ms, sends_ms)});
}

void Forwarder::on_durable(store::Seq up_to, core::Now now) {
  drain_.ledger.on_durable(up_to);
  for (LaneFeed& lane : drain_.lanes) lane.see(up_to);
  step(now);
}

void Forwarder::on_encoded(uint64_t job, core::Result<EncodedJob> made, core::Now now) {
  if (const auto too_large = packer_.take(job, std::move(made), now)) {
    answers_.refuse(*too_large, packet_too_large, now,
                    "too large for a packet: the upstream broker allows " +
                        std::to_string(drain_.connection.said.packet_bytes_max) + " bytes");
  }
  step(now);
}

void Forwarder::on_acked(Token token, uint8_t code, core::Now now) {
  if (answers_.on_acked(token, code, now)) step(now);
}

void Forwarder::on_put_back(Token token, core::Now now) {
  if (answers_.on_put_back(token, now)) step(now);
}

// In the order of the queue, so that nothing of what was set aside is overtaken.
void Forwarder::on_takes_again(core::Now now) {
  drain_.rewind_all();
  step(now);
}

void Forwarder::on_notice(core::Bytes notice, core::Now now) {
  answers_.on_notice(notice, now);
  step(now);
}

ForwarderStatus Forwarder::status(core::Now now) const {
  ForwarderStatus status{drain_.counts};
  status.state = state_;
  status.since_ms = since_wall_ms_;
  if (state_ == ForwarderState::backing_off) {
    status.retry_in_ms = std::max<int64_t>(0, deadline_ms_ - now.mono_ms);
  }
  status.repeated_batches = drain_.ledger.repeated();
  status.abandoned_batches = drain_.ledger.abandoned();
  if (drain_.options.chain.announce) status.head = drain_.ledger.head();
  status.in_flight_batches = drain_.flight.size();
  status.unheard_since_ms = drain_.audience.missing_since();
  status.end_to_end = drain_.end_to_end.status();
  status.window_batches = state_ == ForwarderState::up ? drain_.flight.window() : 0;
  return status;
}

}  // namespace headgate::upstream
