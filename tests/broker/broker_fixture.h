// What every test of the broker starts with: a broker, a clock that stands still, and clients to script.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/broker.h"
#include "broker/session/shared_publish.h"
#include "tests/support/manual_clock.h"
#include "tests/support/open_access.h"
#include "tests/support/recording_broker_events.h"
#include "tests/support/recording_log.h"
#include "tests/support/scripted_client.h"

namespace headgate::broker {

using testing::dup;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kept;
using testing::Lines;
using testing::qos0;
using testing::qos1;
using testing::qos2;
using testing::ScriptedClient;
using testing::to;
using testing::v3;
using testing::v5;
using testing::with_will;

class BrokerTest : public ::testing::Test {
 protected:
  void TearDown() override {
    // They look at what the test is about to take down.
    events_.also_on_publish = nullptr;
    events_.also_on_room = nullptr;
    clients_.clear();
    events_.forget_answers();
  }

  // To be set before the first client.
  BrokerOptions options_;
  testing::OpenAccess open_;
  AccessControl* access_ = &open_;

  Broker& broker() {
    if (!broker_) {
      broker_.emplace(options_, *access_, log_);
      broker_->set_events(&events_);
    }
    return *broker_;
  }
  ScriptedClient& client() { return clients_.emplace_back(broker(), clock_); }
  // A client that has connected and read its CONNACK.
  ScriptedClient& connected(const Connect& connect) {
    ScriptedClient& one = client();
    one.connect(connect);
    events_.take();
    return one;
  }
  core::Now now() const { return clock_.now(); }
  void pass_ms(int64_t ms) {
    clock_.advance_ms(ms);
    broker().tick(now());
  }
  void pass_s(int64_t s) { pass_ms(s * 1000); }
  // What the hub has been told since the last time.
  Lines happened() { return events_.take(); }

  std::shared_ptr<Session> session(std::string_view client_id) { return broker().find(client_id); }
  core::MessagePtr message(std::string topic, std::string body, std::optional<uint32_t> expiry_s = {}) const {
    core::Message made;
    made.topic = std::move(topic);
    made.body = std::move(body);
    if (expiry_s) made.expires_ms = now().hub_ms + int64_t{*expiry_s} * 1000;
    return std::make_shared<const core::Message>(std::move(made));
  }
  // A delivery of "t=body" that nobody asks about …
  void deliver(std::string_view client_id, std::string body, uint8_t qos) {
    deliver(client_id, message("t", std::move(body)), qos);
  }
  void deliver(std::string_view client_id, core::MessagePtr out, uint8_t qos, bool retain = false,
               std::initializer_list<uint32_t> subscription_ids = {}) {
    SharedPublish shared(std::move(out));
    session(client_id)->deliver_from_memory(shared, qos, retain,
                                            {subscription_ids.begin(), subscription_ids.size()}, now());
  }
  // … and one from a durable queue.
  bool send(std::string_view client_id, uint64_t seq, uint8_t qos, uint16_t packet_id = 0) {
    Outgoing out{message("t", std::to_string(seq)), qos, false, {}, {1, 0, seq}};
    return session(client_id)->deliver_from_queue(std::move(out), packet_id, now()) == Handed::taken;
  }

  testing::ManualClock clock_;
  testing::RecordingLog log_;
  testing::RecordingBrokerEvents events_;
  std::optional<Broker> broker_;
  std::deque<ScriptedClient> clients_;
};

}  // namespace headgate::broker
