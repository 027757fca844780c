// What $SYS says, and to whom.
#include "hub/observe/sys_topics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kept;
using testing::Lines;
using testing::qos0;
using testing::to;
using testing::v5;

SysSnapshot busy() {
  SysSnapshot s;
  s.version = "1.2.3";
  s.uptime_s = 123;
  s.clients_connected = 3;
  s.clients_total = 5;
  s.clients_max = 4;
  s.sessions_expired = 6;
  s.traffic = {.bytes_in = 10,
               .bytes_out = 11,
               .packets_in = 12,
               .packets_out = 13,
               .connects_in = 14,
               .publishes_in = 15,
               .publishes_out = 16,
               .publish_bytes_in = 17,
               .publish_bytes_out = 18};
  s.drops = {1, 2, 3, 0, 0, 0};
  s.closed = {{"slow reader", 7}};
  s.refused = {{"not authorized", 8}};
  s.publishes_denied = 19;
  s.subscriptions = 20;
  s.shared_subscriptions = 21;
  s.retained = 22;
  s.waiting = 23;
  s.waiting_bytes = 24;
  s.heap_bytes = 25;
  s.memory.cache = {10, 4'000};
  s.memory.memtables = {20, 3'000};
  s.memory.tail = {30, 1'000};
  s.memory.in_flight = {40, 3'000};
  s.durability = "sync";
  s.link_state = "waiting";
  return s;
}

struct Value {
  const char* topic;
  const char* value;
};

// Names and forms as mosquitto(8) has them.
const Value kValues[] = {
    {"$SYS/broker/version", "headgate version 1.2.3"},
    {"$SYS/broker/uptime", "123 seconds"},
    {"$SYS/broker/clients/connected", "3"},
    {"$SYS/broker/clients/active", "3"},
    {"$SYS/broker/clients/disconnected", "2"},
    {"$SYS/broker/clients/inactive", "2"},
    {"$SYS/broker/clients/total", "5"},
    {"$SYS/broker/clients/maximum", "4"},
    {"$SYS/broker/clients/expired", "6"},
    {"$SYS/broker/messages/received", "12"},
    {"$SYS/broker/messages/sent", "13"},
    {"$SYS/broker/messages/stored", "45"},
    {"$SYS/broker/store/messages/count", "45"},
    {"$SYS/broker/store/messages/bytes", "24"},
    {"$SYS/broker/publish/messages/received", "15"},
    {"$SYS/broker/publish/messages/sent", "16"},
    {"$SYS/broker/publish/messages/dropped", "6"},
    {"$SYS/broker/publish/bytes/received", "17"},
    {"$SYS/broker/publish/bytes/sent", "18"},
    {"$SYS/broker/bytes/received", "10"},
    {"$SYS/broker/bytes/sent", "11"},
    {"$SYS/broker/retained messages/count", "22"},
    {"$SYS/broker/subscriptions/count", "20"},
    {"$SYS/broker/shared_subscriptions/count", "21"},
    {"$SYS/broker/heap/current", "25"},
    {"$SYS/broker/heap/maximum", "25"},
    {"$SYS/headgate/durability", "sync"},
    {"$SYS/headgate/link/state", "waiting"},
    {"$SYS/headgate/queues/waiting", "23"},
    {"$SYS/headgate/store/memory/bytes", "100"},
    {"$SYS/headgate/store/memory/bytes_max", "8000"},
    {"$SYS/headgate/store/memory/cache", "10"},
    {"$SYS/headgate/store/memory/memtables", "20"},
    {"$SYS/headgate/store/memory/tail", "30"},
    {"$SYS/headgate/store/memory/index", "0"},
    {"$SYS/headgate/store/memory/in_flight", "40"},
    {"$SYS/headgate/publish/denied", "19"},
    {"$SYS/headgate/dropped/slow_reader", "2"},
    {"$SYS/headgate/closed/slow_reader", "7"},
    {"$SYS/headgate/refused/not_authorized", "8"},
};

TEST(SysTopicsTest, HaveTheValuesOfTheSnapshot) {
  SysTopics topics;
  topics.update(busy(), {});
  for (const Value& one : kValues) {
    ASSERT_TRUE(topics.values().contains(one.topic)) << one.topic;
    EXPECT_EQ(topics.values().at(one.topic), one.value) << one.topic;
  }
}

TEST(SysTopicsTest, SayOnlyWhatHasChanged) {
  SysTopics topics;
  SysSnapshot snapshot;
  const size_t at_first = topics.update(snapshot, {1000, 0}).size();
  EXPECT_EQ(at_first, topics.values().size());
  EXPECT_THAT(topics.update(snapshot, {2000, 0}), IsEmpty());
  snapshot.retained = 1;
  std::vector<std::string> names;
  for (const SysTopic& topic : topics.update(snapshot, {3000, 0})) names.push_back(topic.name);
  EXPECT_THAT(names, ElementsAre("$SYS/broker/messages/stored", "$SYS/broker/store/messages/count",
                                 "$SYS/broker/retained messages/count"));
}

class SysLoad : public ::testing::Test {
 protected:
  // `messages` more, and so many seconds later.
  std::string after(int64_t seconds, uint64_t messages, const char* span) {
    snapshot_.uptime_s += seconds;
    snapshot_.traffic.publishes_in += messages;
    topics_.update(snapshot_, {snapshot_.uptime_s * 1000, 0});
    return topics_.values().at(std::string("$SYS/broker/load/publish/received/") + span);
  }
  SysTopics topics_;
  SysSnapshot snapshot_;
};

TEST_F(SysLoad, IsAPerMinuteRateThatFollowsLikeUnix) {  // rate + e^(-t/span) * (average - rate)
  EXPECT_EQ(after(10, 100, "1min"), "92.11");           // 600 a minute * (1 - e^(-1/6))
  EXPECT_EQ(after(10, 0, "1min"), "77.97");
  EXPECT_EQ(after(10, 100, "15min"), "13.11");
}

TEST_F(SysLoad, TakesALongTimeWithoutASubscriberAsOneStep) {
  EXPECT_EQ(after(36'000, 36'000, "1min"), "60.00");
  EXPECT_EQ(after(36'000, 0, "15min"), "0.00");
}

// ---- to whom ----

class SysFeedTest : public EngineTest {
 protected:
  void serve(uint32_t interval_s) {
    engine_->serve_sys(interval_s, [this](SysSnapshot& s) {
      ++snapshots_;
      s.uptime_s = clock_.now().mono_ms / 1000;
    });
  }
  void pass_s(int64_t seconds) {
    for (int64_t i = 0; i < seconds; ++i) {
      clock_.advance_ms(1000);
      engine_->tick();
    }
  }
  static size_t values_in(const Lines& lines) {
    return static_cast<size_t>(std::ranges::count_if(
        lines, [](const std::string& line) { return line.find("$SYS/") != std::string::npos; }));
  }

  int snapshots_ = 0;
};

TEST_F(SysFeedTest, GivesANewSubscriberTheValueAtOnceAsRetained) {
  serve(10);
  auto dashboard = client();
  dashboard.connect(v5("dashboard"));
  const std::string uptime = std::to_string(clock_.now().mono_ms / 1000);
  EXPECT_THAT(dashboard.subscribe(1, {to("$SYS/broker/uptime", 1)}),
              ElementsAre("SUBACK 1 01", "PUBLISH q0 retain $SYS/broker/uptime=" + uptime + " seconds"));
}

TEST_F(SysFeedTest, PublishesWhatHasChangedEveryInterval) {
  serve(10);
  auto dashboard = client();
  dashboard.connect(v5("dashboard"));
  dashboard.subscribe(1, {to("$SYS/broker/uptime"), to("$SYS/broker/version")});
  pass_s(9);
  EXPECT_THAT(dashboard.read(), IsEmpty());
  pass_s(1);
  const std::string uptime = std::to_string(clock_.now().mono_ms / 1000);
  EXPECT_THAT(dashboard.read(), ElementsAre("PUBLISH q0 $SYS/broker/uptime=" + uptime + " seconds"));
}

TEST_F(SysFeedTest, ComputesNothingWhileNobodyWatches) {
  serve(1);
  auto other = client();
  other.connect(v5("other"));
  other.subscribe(1, {to("#"), to("+/broker/uptime")});  // [MQTT-4.7.2-1]
  pass_s(100);
  EXPECT_EQ(snapshots_, 0);
  EXPECT_THAT(other.read(), IsEmpty());
  auto dashboard = client();
  dashboard.connect(v5("dashboard"));
  dashboard.subscribe(1, {to("$SYS/#")});
  pass_s(5);
  EXPECT_GE(snapshots_, 5);
  dashboard.unsubscribe(2, {"$SYS/#"});
  const int before = snapshots_;
  pass_s(5);
  EXPECT_EQ(snapshots_, before);
}

TEST_F(SysFeedTest, IsNotThereWithAnIntervalOfZero) {
  serve(0);
  auto dashboard = client();
  dashboard.connect(v5("dashboard"));
  EXPECT_THAT(dashboard.subscribe(1, {to("$SYS/#")}), ElementsAre("SUBACK 1 00"));
  pass_s(20);
  EXPECT_THAT(dashboard.read(), IsEmpty());
}

TEST_F(SysFeedTest, IsNeitherRoutedNorKeptForWhoIsAway) {
  route("FROM /messages/* INTO $upstream");
  serve(1);
  auto dashboard = client();
  dashboard.connect(kept(v5("dashboard")));
  EXPECT_GT(values_in(dashboard.subscribe(1, {to("$SYS/#", 2)})), 50u);
  commit();
  dashboard.drop();
  pass_s(3);
  commit();
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  EXPECT_THAT(waiting("session/dashboard"), IsEmpty());
  EXPECT_EQ(values_in(dashboard.connect(kept(v5("dashboard")))), 0u);
}

TEST_F(SysFeedTest, GoesNoMoreToWhoHasLostTheRightToReceiveIt) {
  access_.add("ops", {{true, broker::kAllActions, "$SYS/#"}});
  serve(1);
  auto dashboard = client();
  broker::Connect connect = v5("dashboard");
  connect.username = "ops";
  dashboard.connect(connect);
  dashboard.subscribe(1, {to("$SYS/broker/uptime")});
  pass_s(1);
  EXPECT_EQ(values_in(dashboard.read()), 1u);
  access_.add("ops", {{false, static_cast<uint8_t>(broker::Action::receive), "$SYS/broker/uptime"},
                      {true, broker::kAllActions, "$SYS/#"}});
  engine_->renew_grants();
  pass_s(1);
  EXPECT_THAT(dashboard.read(), IsEmpty());
}

TEST_F(SysFeedTest, GoesToOneMemberOfAShare) {
  serve(1);
  auto one = client();
  one.connect(v5("one"));
  one.subscribe(1, {to("$share/ops/$SYS/broker/uptime")});
  auto two = client();
  two.connect(v5("two"));
  two.subscribe(1, {to("$share/ops/$SYS/broker/uptime")});
  pass_s(4);
  const size_t at_one = values_in(one.read());
  EXPECT_EQ(at_one + values_in(two.read()), 4u);
  EXPECT_EQ(at_one, 2u) << "in turn";
}

TEST_F(SysFeedTest, HonoursRetainHandling) {  // [MQTT-3.3.1-11]
  serve(10);
  auto dashboard = client();
  dashboard.connect(v5("dashboard"));
  broker::SubscriptionRequest request = to("$SYS/#");
  request.retain_handling = static_cast<decltype(request.retain_handling)>(2);
  EXPECT_THAT(dashboard.subscribe(1, {request}), ElementsAre("SUBACK 1 00"));
}

}  // namespace
}  // namespace headgate::hub
