#include "store/rocks/work/announcer.h"

namespace headgate::store {

void Announcer::durable(Seq up_to, const std::set<QueueId>& queues) {
  if (events_ == nullptr) return;
  const auto pulse = store_.background.pulse();
  events_->on_durable(up_to);
  for (const QueueId queue : queues) {
    if (pulse.expired()) return;
    if (store_.table.find(queue) != nullptr) events_->on_available(queue);
  }
}

void Announcer::available_again(QueueId queue) {
  store_.background.post([this, queue] {
    if (events_ != nullptr && store_.table.find(queue) != nullptr) events_->on_available(queue);
  });
}

void Announcer::tell_of_room() {
  refused_ = false;
  store_.background.post([this] {
    if (events_ != nullptr) events_->on_room();
  });
}

bool Announcer::failed(const core::Error& error) {
  const auto pulse = store_.background.pulse();
  if (events_ != nullptr) events_->on_failed(error);
  return !pulse.expired();
}

bool Announcer::recovered() {
  const auto pulse = store_.background.pulse();
  if (events_ != nullptr) events_->on_recovered();
  if (pulse.expired()) return false;
  for (const QueueId queue : store_.table.ids()) available_again(queue);
  return true;
}

}  // namespace headgate::store
