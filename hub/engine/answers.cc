#include "hub/engine/answers.h"

#include <utility>

#include "broker/session/channel.h"

namespace headgate::hub {

void Answers::accept_when_durable(broker::Session& session, broker::PublishToken token, store::Seq seq,
                                  IfLost if_lost, std::string_view why) {
  if (token.qos == 0) return;
  if (seq == 0) return session.accepted(token, broker::ReasonCode::success, why);
  waits_.push_back(
      {seq, Kind::accepted, session.shared_from_this(), token, {}, why, {}, if_lost, clock_.mono_us()});
}

void Answers::complete_when_durable(broker::Session& session, uint16_t packet_id,
                                    broker::DeliveryToken delivery, store::Seq seq) {
  const broker::PublishToken token{.packet_id = packet_id, .connection = session.connection()};
  waits_.push_back({seq, Kind::completed, session.shared_from_this(), token, {}, {}, delivery});
}

void Answers::give_when_durable(broker::Session& session, Kind kind, uint16_t packet_id,
                                std::span<const store::KeyValue> values,
                                std::vector<broker::ReasonCode> codes) {
  const broker::PublishToken token{.packet_id = packet_id, .connection = session.connection()};
  Wait wait{0, kind, session.shared_from_this(), token, std::move(codes)};
  if (values.empty()) return give(wait);
  const auto seq = store_.put(values);
  if (seq) {
    wait.seq = *seq;
    waits_.push_back(std::move(wait));
  } else if (broker::Channel* channel = session.channel()) {
    channel->close(broker::ReasonCode::implementation_specific_error);
  }
}

void Answers::on_durable(store::Seq up_to) {
  if (waits_.empty()) return;
  const int64_t now_us = clock_.mono_us();
  while (!waits_.empty() && waits_.front().seq <= up_to) {
    const Wait wait = std::move(waits_.front());
    waits_.pop_front();
    if (wait.kind == Kind::accepted) accept_times_.add(now_us - wait.taken_us);
    give(wait);
  }
}

void Answers::on_failed() {
  std::deque<Wait> refused;
  std::deque<Wait> kept;
  for (Wait& wait : std::exchange(waits_, {})) {
    const bool lost = wait.kind == Kind::accepted || wait.kind == Kind::completed;
    (lost ? refused : kept).push_back(std::move(wait));
  }
  waits_ = std::move(kept);
  for (const Wait& wait : refused) refuse(wait);
}

void Answers::refuse(const Wait& wait) {
  constexpr auto kReason = broker::ReasonCode::implementation_specific_error;
  if (wait.if_lost == IfLost::refuse)
    return wait.session->accepted(wait.token, kReason, "the hub could not store this; send it again");
  if (broker::Channel* channel = wait.session->channel()) channel->close(kReason);
}

void Answers::give(const Wait& wait) const {
  broker::Session& session = *wait.session;
  // A client that has connected again asks again, often under the same packet id: an answer to its old
  // request must not pass for one to the new. PUBREL and what ends a delivery are the hub's own steps, and due on
  // any connection.
  const bool current = wait.token.connection == session.connection();
  const bool on_any =
      wait.kind == Kind::accepted || wait.kind == Kind::release || wait.kind == Kind::completed;
  if (!current && !on_any) return;
  switch (wait.kind) {
    case Kind::accepted:
      return session.accepted(wait.token, broker::ReasonCode::success, wait.why);
    case Kind::released:
      return session.released(wait.token.packet_id);
    case Kind::release:
      return session.release(wait.token.packet_id);
    case Kind::subscribed:
      return session.subscribed(wait.token.packet_id, wait.codes);
    case Kind::unsubscribed:
      return session.unsubscribed(wait.token.packet_id, wait.codes);
    case Kind::completed:
      return session.complete(wait.token.packet_id, wait.delivery, clock_.now());
  }
}

}  // namespace headgate::hub
