#include "hub/engine/publish/held_publishes.h"

#include <utility>

namespace headgate::hub {

void HeldPublishes::add(broker::Session& session, HeldPublish publish) {
  const auto [known, fresh] = index_.try_emplace(&session);
  if (fresh) {
    sessions_.push_back({session.shared_from_this(), {}});
    known->second = std::prev(sessions_.end());
  }
  known->second->publishes.push_back(std::move(publish));
}

void HeldPublishes::retry(const Try& attempt, size_t failures_max) {
  size_t failures = 0;
  for (size_t left = sessions_.size(); left > 0 && failures < failures_max; --left) {
    const auto line = sessions_.begin();
    if (serve(*line, attempt)) {
      end(line);
      continue;
    }
    ++failures;
    sessions_.splice(sessions_.end(), sessions_, line);
  }
}

// True if nothing is left.
bool HeldPublishes::serve(Line& line, const Try& attempt) {
  while (!line.publishes.empty()) {
    if (!attempt(*line.session, line.publishes.front())) return false;
    line.publishes.pop_front();
  }
  return true;
}

void HeldPublishes::end(Lines::iterator line) {
  const std::shared_ptr<broker::Session> session = std::move(line->session);
  index_.erase(session.get());
  sessions_.erase(line);
  session->set_paused(false);
}

void HeldPublishes::on_disconnected(broker::Session& session) {
  const auto known = index_.find(&session);
  if (known == index_.end()) return;
  std::erase_if(known->second->publishes, [](const HeldPublish& it) { return it.token.qos < 2; });
  if (known->second->publishes.empty()) end(known->second);
}

void HeldPublishes::on_session_ended(const broker::Session& session) {
  if (const auto known = index_.find(&session); known != index_.end()) end(known->second);
}

}  // namespace headgate::hub
