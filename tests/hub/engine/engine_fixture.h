// The engine over a model store, with scripted clients. Nothing is durable until commit() says so. At the end
// of each test the store holds its accounts against its entries.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/engine/engine.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"
#include "tests/support/recording_log.h"
#include "tests/support/scripted_access.h"
#include "tests/support/scripted_client.h"

namespace headgate::hub {

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() { start(); }

  // A hub that was killed comes back on the same store: what was committed is there, nothing else.
  void restart() {
    engine_.reset();
    start();
  }

  void route(std::string text, std::optional<uint8_t> priority = {}, uint32_t ttl_s = 0,
             const routing::QueueRule& queue = {}, bool retain = false) {
    routing::RouteFileEntry entry;
    entry.name = "r" + std::to_string(routes_.entries.size());
    entry.text = std::move(text);
    entry.priority = priority;
    entry.ttl_s = ttl_s;
    entry.queue = queue;
    entry.retain = retain;
    routes_.entries.push_back(std::move(entry));
    ASSERT_TRUE(engine_->use_routes(routes_, 0));
  }

  void route_retaining(std::string text) { route(std::move(text), {}, 0, {}, true); }

  void remove_routes() {
    routes_.entries.clear();
    ASSERT_TRUE(engine_->use_routes(routes_, 0));
  }

  // The writer's turn: everything appended becomes durable, and what follows from that happens.
  void commit() { executor_.run_ready(); }

  testing::ScriptedClient client() { return testing::ScriptedClient(engine_->broker(), clock_); }

  // A persistent session whose client has subscribed with QoS 1 and gone.
  void leave_session(const std::string& client_id, const std::string& filter) {
    auto reader = client();
    reader.connect(testing::kept(testing::v5(client_id)));
    reader.subscribe(1, {testing::to(filter, 1)});
    commit();
    reader.disconnect();
  }

  // Bodies waiting in a queue, all lanes, priority first.
  std::vector<std::string> waiting(std::string_view queue) {
    std::vector<std::string> bodies;
    const auto id = store_.find_queue(queue);
    for (uint8_t lane = 0; id && lane < store::kLaneCount; ++lane) {
      const auto entries = store_.read(*id, lane, 0, {}, clock_.now());
      for (const store::Entry& entry : *entries) bodies.push_back(entry.message->body);
    }
    return bodies;
  }

  broker::BrokerOptions options_;  // of the next restart()
  StoreLimits limits_;             // the same
  bool on_trial_ = false;          // the same
  testing::ManualClock clock_;
  testing::ManualExecutor executor_;
  testing::RecordingLog log_;
  testing::ScriptedAccess access_;
  testing::MemQueueStore store_{executor_};
  std::unique_ptr<Engine> engine_;
  routing::RouteFile routes_;

 private:
  void start() {
    const std::shared_ptr<const broker::Identity> anonymous = std::make_shared<const broker::Identity>();
    access_.users.try_emplace("", broker::Grant{anonymous, broker::Rights::all()});
    engine_ = std::make_unique<Engine>(options_, access_, store_, executor_, clock_, log_);
    engine_->use_limits(limits_);
    engine_->on_trial(on_trial_);
    ASSERT_TRUE(engine_->restore());
    ASSERT_TRUE(engine_->use_routes(routes_, 0));
  }
};

}  // namespace headgate::hub
