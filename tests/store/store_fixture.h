// The vocabulary of the store's tests: a store of either kind on a manual executor.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "store/format/attributes_codec.h"
#include "store/queue_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/recording_store_events.h"
#include "tests/support/store_accounts.h"

namespace headgate::store {

inline core::MessagePtr message(std::string body, std::string topic = "t", int64_t arrived_ms = 1'000) {
  auto made = std::make_shared<core::Message>();
  made->topic = std::move(topic);
  made->body = std::move(body);
  made->arrived_ms = arrived_ms;
  made->arrived_hub_ms = arrived_ms;
  made->qos = 1;
  return made;
}

inline std::vector<std::string> bodies(const std::vector<Entry>& entries) {
  std::vector<std::string> out;
  for (const Entry& entry : entries) out.push_back(entry.message->body);
  return out;
}

// Drives `store`, which its owner sets and may replace (reopen).
class StoreDriver {
 public:
  testing::ManualExecutor executor;
  testing::ManualClock clock;
  testing::RecordingStoreEvents events;
  std::unique_ptr<QueueStore> store;

  // With the attributes that such a name suggests.
  QueueId queue(std::string_view name) { return store->open_queue(name, attributes_by_name(name)).value(); }

  Seq append(const std::string& body, std::vector<Target> targets) {
    return store->append(message(body), targets).value();
  }
  Seq append(const std::string& body, QueueId queue, uint8_t lane = kDefaultLane) {
    return append(body, {Target{queue, lane, 0, ""}});
  }

  // Waits until everything asked so far is written.
  void settle() {
    const Seq seq = store->put({}).value();
    executor.run_until([&] { return events.durable_up_to() >= seq || !events.failures.empty(); });
  }

  std::vector<Entry> read(QueueId queue, uint8_t lane = kDefaultLane, Seq after = 0, ReadLimit limit = {}) {
    auto entries = store->read(queue, lane, after, limit, clock.now());
    EXPECT_TRUE(entries) << entries.error().what;
    return entries ? *std::move(entries) : std::vector<Entry>{};
  }

  void finish(QueueId queue, Seq seq, Outcome outcome = Outcome::delivered, uint8_t lane = kDefaultLane) {
    store->finish(queue, lane, seq, outcome);
  }

  const QueueStats& stats(QueueId queue) { return store->stats(queue); }
};

}  // namespace headgate::store
