// The desk of IoT Edge over a model store and clients that remember. Nothing is durable until commit() says so.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "hub/edge/desk.h"
#include "hub/engine/durable_waits.h"
#include "tests/hub/edge/recording_clients.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"

namespace headgate::hub {

class EdgeDeskTest : public ::testing::Test, private store::StoreEvents {
 protected:
  EdgeDeskTest() {
    store_.set_events(this);
    start();
    subscribe_all(sensor_);
    subscribe_all(leaf_);
  }

  // As after a kill: what was committed is there, and clients are connected again.
  void restart() {
    waits_ = std::make_unique<DurableWaits>();
    start();
  }
  void commit() { executor_.run_ready(); }
  void fail_commit() {
    store_.fail_next_commit({core::Errc::io, "the disk is gone"});
    executor_.run_ready();
  }

  void subscribe_all(const EdgeId& client) {
    for (const std::string& filter :
         {twin_answers_filter(client), desired_filter(client), methods_filter(client)})
      clients_.subscribe(client, filter);
  }
  // A publish of the client to `$iothub/…`, as on the wire behind that.
  bool ask(const EdgeId& from, const std::string& rest, std::string body = " ") {
    core::Message request;
    request.topic = edge_prefix(from) + rest;
    request.body = std::move(body);
    return desk_->on_request(from, request, clock_.now());
  }
  std::vector<std::string> sent() { return clients_.sent(); }
  // "twin 1 messages 2", or why not.
  std::string forget(const EdgeId& id) {
    std::string said;
    desk_->forget(id, [&said](const core::Result<ForgottenIdentity>& done) {
      said = done ? "twin " + std::to_string(int{done->twin}) + " messages " + std::to_string(done->messages)
                  : done.error().what;
    });
    commit();
    return said;
  }
  void advance_s(int64_t seconds) {
    for (int64_t i = 0; i < seconds; ++i) {
      clock_.advance_ms(1'000);
      desk_->tick(clock_.now());
    }
  }

  EdgeId sensor_{"edge-1", "sensor"};
  EdgeId leaf_{"leaf-1", {}};
  std::set<EdgeId> known_{sensor_, leaf_, {"edge-1", {}}, {"leaf-1", "sensor"}};
  testing::ManualClock clock_;
  testing::ManualExecutor executor_;
  testing::MemQueueStore store_{executor_};
  testing::RecordingClients clients_;
  std::unique_ptr<DurableWaits> waits_ = std::make_unique<DurableWaits>();
  std::unique_ptr<EdgeDesk> desk_;

 private:
  void start() {
    desk_ = std::make_unique<EdgeDesk>(EdgeDesk::Parts{store_, *waits_, clients_, clock_});
    desk_->use_identities([this](const EdgeId& id) { return known_.contains(id); });
  }
  void on_durable(store::Seq up_to) override { waits_->on_durable(up_to); }
  void on_available(store::QueueId) override {}
  void on_failed(const core::Error&) override { waits_->on_failed(); }
};

}  // namespace headgate::hub
