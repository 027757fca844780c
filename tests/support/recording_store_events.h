// Remembers what a store told its owner.
#pragma once

#include <vector>

#include "store/queue_store.h"

namespace headgate::testing {

class RecordingStoreEvents : public store::StoreEvents {
 public:
  void on_durable(store::Seq up_to) override { durable.push_back(up_to); }
  void on_available(store::QueueId queue) override { available.push_back(queue); }
  void on_room() override { ++rooms; }
  void on_failed(const core::Error& error) override { failures.push_back(error); }
  void on_recovered() override { ++recoveries; }

  [[nodiscard]] store::Seq durable_up_to() const { return durable.empty() ? 0 : durable.back(); }

  std::vector<store::Seq> durable;
  std::vector<store::QueueId> available;
  std::vector<core::Error> failures;
  size_t recoveries = 0;
  int rooms = 0;
};

}  // namespace headgate::testing
