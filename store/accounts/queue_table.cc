#include "store/accounts/queue_table.h"

#include <algorithm>
#include <utility>

namespace headgate::store {

core::Unexpected no_queue(QueueId queue) {
  return core::fail(core::Errc::not_found, "there is no queue " + std::to_string(queue));
}

QueueTable::QueueTable(std::vector<std::unique_ptr<QueueState>> queues) {
  for (auto& queue : queues) {
    const QueueId id = queue->stats.id;
    if (!queue->removed) names_.emplace(queue->stats.name, id);
    if (!queue->removed && queue->stats.attributes.kind == QueueKind::dead) dead_queue_ = id;
    queues_.emplace(id, std::move(queue));
  }
}

QueueState& QueueTable::add(QueueId id, std::string_view name, const QueueAttributes& attributes) {
  auto queue = std::make_unique<QueueState>();
  queue->stats.id = id;
  queue->stats.name = name;
  names_.emplace(name, id);
  QueueState& added = *queues_.emplace(id, std::move(queue)).first->second;
  set_attributes(added, attributes);
  return added;
}

void QueueTable::set_attributes(QueueState& queue, const QueueAttributes& attributes) {
  const QueueId id = queue.stats.id;
  queue.stats.attributes = attributes;
  if (attributes.kind == QueueKind::dead)
    dead_queue_ = id;
  else if (dead_queue_ == id)
    dead_queue_.reset();
}

void QueueTable::remove(QueueState& queue) {
  queue.removed = true;
  names_.erase(queue.stats.name);
  if (dead_queue_ == queue.stats.id) dead_queue_.reset();
}

QueueState* QueueTable::find(QueueId id) const {
  QueueState* queue = find_any(id);
  return queue != nullptr && !queue->removed ? queue : nullptr;
}

QueueState* QueueTable::find_any(QueueId id) const {
  const auto found = queues_.find(id);
  return found == queues_.end() ? nullptr : found->second.get();
}

std::optional<QueueId> QueueTable::find(std::string_view name) const {
  const auto found = names_.find(name);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

std::vector<QueueId> QueueTable::ids() const {
  std::vector<QueueId> ids;
  for (const auto& [id, queue] : queues_) {
    if (!queue->removed) ids.push_back(id);
  }
  std::ranges::sort(ids);
  return ids;
}

bool QueueTable::passed(LaneId id, Seq from, Seq to) const {
  const QueueState* queue = find_any(id.queue);
  if (queue == nullptr || id.lane >= kLaneCount || !queue->lanes[id.lane]) return true;
  return queue->lanes[id.lane]->progress.passed(from, to);
}

}  // namespace headgate::store
