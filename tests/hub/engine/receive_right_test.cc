// Every way on which a message comes to a client, walked twice: by one that may have it, and by one that may
// not, or not any more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>

#include "hub/metrics.h"
#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using testing::kept;
using testing::Lines;
using testing::qos0;
using testing::qos1;
using testing::ScriptedClient;
using testing::to;
using testing::v5;
using testing::with_will;

constexpr broker::Actions kSubscribe = static_cast<uint8_t>(broker::Action::subscribe);

broker::Connect reader_of(broker::Connect connect) {
  connect.username = "reader";
  return connect;
}

class ReceiveRight;

struct Way {
  const char* name;
  void (*walk)(ReceiveRight& hub);
};

// The second: the reader may not have the message, or not any more.
class ReceiveRight : public EngineTest, public ::testing::WithParamInterface<std::tuple<Way, bool>> {
 public:
  ReceiveRight() {
    // A module, for only one may have the inputs of its name.
    access_.add("reader", {{true, broker::kAllActions, "#"}, {true, broker::kAllActions, "$SYS/#"}}, "m");
  }

  // From here on a reader that is denied may subscribe to everything and receive nothing.
  void lose_right() {
    if (!std::get<1>(GetParam())) return;
    access_.add("reader", {{true, kSubscribe, "#"}, {true, kSubscribe, "$SYS/#"}});
    engine_->renew_grants();
  }
  void subscribe(const broker::Connect& connect, const std::string& filter, uint8_t qos = 0) {
    come_back(connect);
    note(reader_.subscribe(1, {to(filter, qos)}));
    commit();
  }
  void come_back(const broker::Connect& connect) {
    note(reader_.connect(reader_of(connect)));
    commit();
  }
  void drop() { reader_.drop(); }
  void acknowledge(uint16_t packet_id) { note(reader_.puback(packet_id)); }
  // Messages so far are not those that the walk is about.
  void forget() {
    note(reader_.read());
    seen_ = 0;
  }
  size_t seen() {
    note(reader_.read());
    return seen_;
  }

  void publish(const std::string& topic, uint8_t qos = 0, bool retain = false) {
    broker::Publish packet = qos == 0 ? qos0(topic, "x") : qos1(1, topic, "x");
    packet.retain = retain;
    auto publisher = client();
    publisher.connect(v5("publisher"));
    publisher.publish(packet);
    commit();
  }
  ScriptedClient new_client() { return client(); }
  void publish_sys() {
    engine_->serve_sys(10, [this] { return read_metrics({.engine = *engine_}, is_in_sys); });
  }
  void route_to(const std::string& sink) { route("FROM 'in' INTO " + sink); }
  void pass_s(int64_t s) {
    clock_.advance_ms(s * 1000);
    engine_->tick();
    commit();
  }
  void settle() { commit(); }

 private:
  void note(const Lines& lines) {
    seen_ += static_cast<size_t>(
        std::ranges::count_if(lines, [](const auto& line) { return line.starts_with("PUBLISH"); }));
  }

  ScriptedClient reader_ = client();
  size_t seen_ = 0;
};

const Way kWays[] = {
    {"live, QoS 0",
     [](ReceiveRight& hub) {
       hub.subscribe(v5("r"), "#");
       hub.lose_right();
       hub.publish("t");
     }},
    {"live, QoS 1, from memory",
     [](ReceiveRight& hub) {
       hub.subscribe(v5("r"), "#", 1);
       hub.lose_right();
       hub.publish("t", 1);
     }},
    {"waiting in memory behind a full window",
     [](ReceiveRight& hub) {
       broker::Connect narrow = v5("r");
       narrow.receive_maximum = 1;
       hub.subscribe(narrow, "#", 1);
       hub.publish("t", 1);
       hub.forget();
       hub.publish("t", 1);
       hub.lose_right();
       hub.acknowledge(1);
     }},
    {"into the queue of a session",
     [](ReceiveRight& hub) {
       hub.subscribe(kept(v5("r")), "#", 1);
       hub.drop();
       hub.lose_right();
       hub.publish("t", 1);
       hub.come_back(kept(v5("r")));
     }},
    {"out of the queue of a session",
     [](ReceiveRight& hub) {
       hub.subscribe(kept(v5("r")), "#", 1);
       hub.drop();
       hub.publish("t", 1);
       hub.lose_right();
       hub.come_back(kept(v5("r")));
     }},
    {"retained, from memory",
     [](ReceiveRight& hub) {
       hub.publish("t", 1, true);
       hub.lose_right();
       hub.subscribe(v5("r"), "#", 1);
     }},
    {"retained, through the queue of a session",
     [](ReceiveRight& hub) {
       hub.publish("t", 1, true);
       hub.lose_right();
       hub.subscribe(kept(v5("r")), "#", 1);
     }},
    {"shared, from memory",
     [](ReceiveRight& hub) {
       hub.subscribe(v5("r"), "$share/g/#", 1);
       hub.lose_right();
       hub.publish("t", 1);
     }},
    {"shared, through the queue of a session",
     [](ReceiveRight& hub) {
       hub.subscribe(kept(v5("r")), "$share/g/#", 1);
       hub.lose_right();
       hub.publish("t", 1);
     }},
    {"handed over by a member of a share that has gone",
     [](ReceiveRight& hub) {
       auto gone = hub.new_client();
       gone.connect(v5("gone"));
       gone.subscribe(1, {to("$share/g/#", 1)});
       hub.publish("t", 1);
       hub.subscribe(v5("r"), "$share/g/#", 1);
       hub.lose_right();
       gone.disconnect();
     }},
    {"will",
     [](ReceiveRight& hub) {
       hub.subscribe(v5("r"), "#");
       hub.lose_right();
       auto dying = hub.new_client();
       dying.connect(with_will(v5("dying")));
       dying.drop();
     }},
    {"republished by a route",
     [](ReceiveRight& hub) {
       hub.route_to("Topic('out')");
       hub.subscribe(v5("r"), "out");
       hub.lose_right();
       hub.publish("in");
     }},
    {"module input",
     [](ReceiveRight& hub) {
       hub.route_to("BrokeredEndpoint('/modules/m/inputs/i')");
       hub.subscribe(v5("r"), "modules/m/inputs/#", 1);
       hub.lose_right();
       hub.publish("in", 1);
     }},
    {"module input of a session that comes back with fewer rights",
     [](ReceiveRight& hub) {
       hub.route_to("BrokeredEndpoint('/modules/m/inputs/i')");
       hub.subscribe(kept(v5("r")), "modules/m/inputs/#", 1);
       hub.drop();
       hub.lose_right();
       hub.publish("in", 1);
       hub.come_back(kept(v5("r")));
     }},
    {"$SYS, its values when they change",
     [](ReceiveRight& hub) {
       hub.publish_sys();
       hub.subscribe(v5("r"), "$SYS/#");
       hub.forget();
       hub.lose_right();
       auto one_more = hub.new_client();
       one_more.connect(v5("one more"));
       hub.pass_s(11);
     }},
    {"$SYS, its values for a new subscriber",
     [](ReceiveRight& hub) {
       hub.publish_sys();
       hub.lose_right();
       hub.subscribe(v5("r"), "$SYS/#");
     }},
};

TEST_P(ReceiveRight, IsAskedOnEveryWayToAClient) {
  const auto& [way, denied] = GetParam();
  way.walk(*this);
  settle();
  if (denied)
    EXPECT_EQ(seen(), 0u) << way.name;
  else
    EXPECT_GE(seen(), 1u) << way.name;
}

INSTANTIATE_TEST_SUITE_P(Ways, ReceiveRight,
                         ::testing::Combine(::testing::ValuesIn(kWays), ::testing::Bool()));

}  // namespace
}  // namespace headgate::hub
