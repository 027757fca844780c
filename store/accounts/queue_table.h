// The queues of a store, by id and by name.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "store/accounts/queue_state.h"
#include "store/format/block.h"
#include "store/queue_store.h"

namespace headgate::store {

// Error not_found.
[[nodiscard]] core::Unexpected no_queue(QueueId queue);

class QueueTable {
 public:
  explicit QueueTable(std::vector<std::unique_ptr<QueueState>> queues = {});

  QueueState& add(QueueId id, std::string_view name, const QueueAttributes& attributes);

  void set_attributes(QueueState& queue, const QueueAttributes& attributes);

  // The queue stays, marked as removed, without a name; erase() forgets it.
  void remove(QueueState& queue);
  void erase(QueueId id) { queues_.erase(id); }

  // Null if there is none, or it is removed.
  [[nodiscard]] QueueState* find(QueueId id) const;
  // Also a removed one.
  [[nodiscard]] QueueState* find_any(QueueId id) const;

  [[nodiscard]] std::optional<QueueId> find(std::string_view name) const;
  [[nodiscard]] std::optional<QueueId> dead_queue() const { return dead_queue_; }
  [[nodiscard]] std::vector<QueueId> ids() const;  // in order, without removed ones

  // True if the lane has no unfinished entry in (from, to] as far as is known without its rows; also if there
  // is no such lane.
  [[nodiscard]] bool passed(LaneId lane, Seq from, Seq to) const;

  using Queues = std::unordered_map<QueueId, std::unique_ptr<QueueState>>;
  [[nodiscard]] const Queues& all() const { return queues_; }

 private:
  Queues queues_;
  std::map<std::string, QueueId, std::less<>> names_;
  std::optional<QueueId> dead_queue_;
};

}  // namespace headgate::store
