#include "hub/engine/waits.h"

#include <utility>

namespace headgate::hub {

void Waits::on_durable(store::Seq up_to) {
  while (!waits_.empty() && waits_.front().seq <= up_to) {
    Wait wait = std::move(waits_.front());
    waits_.pop_front();
    give(wait);
  }
}

void Waits::on_failed() {
  std::deque<Wait> refused;
  std::deque<Wait> kept;
  for (Wait& wait : std::exchange(waits_, {}))
    (wait.answer == Answer::accepted ? refused : kept).push_back(std::move(wait));
  waits_ = std::move(kept);
  for (const Wait& wait : refused)
    wait.session->accepted(wait.token, broker::ReasonCode::implementation_specific_error,
                           "the hub could not store this; send it again");
}

void Waits::give(Wait& wait) {
  broker::Session& session = *wait.session;
  // A client that has connected again asks again, often under the same packet id: an answer to its old
  // request must not pass for one to the new. PUBREL is the hub's own step, and due on any connection.
  const bool current = wait.token.connection == session.connection();
  if (!current && wait.answer != Answer::accepted && wait.answer != Answer::release) return;
  switch (wait.answer) {
    case Answer::accepted:
      return session.accepted(wait.token, broker::ReasonCode::success);
    case Answer::released:
      return session.released(wait.token.packet_id);
    case Answer::release:
      return session.release(wait.token.packet_id);
    case Answer::subscribed:
      return session.subscribed(wait.token.packet_id, wait.codes);
    case Answer::unsubscribed:
      return session.unsubscribed(wait.token.packet_id, wait.codes);
  }
}

}  // namespace headgate::hub
