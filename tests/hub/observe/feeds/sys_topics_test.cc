// What $SYS says, and to whom.
#include "hub/observe/feeds/sys_topics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "tests/hub/engine/engine_fixture.h"
#include "tests/support/canned_readings.h"

namespace headgate::hub {
namespace {

using testing::canned_readings;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kept;
using testing::Lines;
using testing::qos0;
using testing::to;
using testing::v5;

Readings busy() {
  testing::Numbers numbers;
  const std::pair<const char*, uint64_t> plain[] = {
      {"headgate_uptime_seconds", 123},
      {"headgate_clients_connected", 3},
      {"headgate_sessions", 5},
      {"headgate_sessions_away", 2},
      {"headgate_clients_connected_peak", 4},
      {"headgate_sessions_expired_total", 6},
      {"headgate_received_bytes_total", 10},
      {"headgate_sent_bytes_total", 11},
      {"headgate_packets_received_total", 12},
      {"headgate_packets_sent_total", 13},
      {"headgate_connect_packets_received_total", 14},
      {"headgate_publish_packets_received_total", 15},
      {"headgate_publish_packets_sent_total", 16},
      {"headgate_publish_received_bytes_total", 17},
      {"headgate_publish_sent_bytes_total", 18},
      {"headgate_publishes_denied_total", 19},
      {"headgate_subscriptions", 20},
      {"headgate_shared_subscriptions", 21},
      {"headgate_retained_messages", 22},
      {"headgate_queues_waiting_messages", 23},
      {"headgate_queues_waiting_bytes", 24},
      {"headgate_heap_bytes", 25},
      {"headgate_clients_in_flight_messages", 26},
      {"headgate_kept_messages", 45},
      {"headgate_store_memory_bytes", 100},
      {"headgate_store_memory_max_bytes", 8'000},
  };
  for (const auto& [name, value] : plain) numbers[name] = {{"", value}};
  numbers["headgate_build_info"] = {{"1.2.3", 1}};
  numbers["headgate_store_durability_info"] = {{"sync", 1}};
  numbers["headgate_upstream_state"] = {{"off", 0}, {"connecting", 0}, {"connected", 0}, {"waiting", 1}};
  numbers["headgate_messages_dropped_total"] = {{"offline", 1}, {"slow_reader", 2}, {"queue_full", 3}};
  numbers["headgate_clients_closed_total"] = {{"slow_reader", 7}};
  numbers["headgate_connections_refused_total"] = {{"not_authorized", 8}};
  numbers["headgate_store_memory_part_bytes"] = {
      {"cache", 10}, {"memtables", 20}, {"tail", 30}, {"index", 0}, {"in_flight", 40}};
  return canned_readings(numbers, is_in_sys);
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
    {"$SYS/broker/messages/inflight", "26"},
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

TEST(SysTopicsTest, HaveTheValuesOfTheReadings) {
  SysTopics topics({});
  topics.update(busy(), {});
  for (const Value& one : kValues) {
    ASSERT_TRUE(topics.values().contains(one.topic)) << one.topic;
    EXPECT_EQ(topics.values().at(one.topic), one.value) << one.topic;
  }
}

// Topics that public exporters for Mosquitto ask for by name: sapcc/mosquitto-exporter, d0ugal/mosquitto-exporter,
// qaoru/mosquitto_exporter and RizkyRajitha/mosquitto_mqtt_exporter.
const char* const kExported[] = {"version",
                                 "uptime",
                                 "bytes/received",
                                 "bytes/sent",
                                 "clients/active",
                                 "clients/connected",
                                 "clients/disconnected",
                                 "clients/expired",
                                 "clients/inactive",
                                 "clients/maximum",
                                 "clients/total",
                                 "heap/current",
                                 "heap/maximum",
                                 "messages/inflight",
                                 "messages/received",
                                 "messages/sent",
                                 "messages/stored",
                                 "publish/bytes/received",
                                 "publish/bytes/sent",
                                 "publish/messages/dropped",
                                 "publish/messages/received",
                                 "publish/messages/sent",
                                 "retained messages/count",
                                 "shared_subscriptions/count",
                                 "store/messages/bytes",
                                 "store/messages/count",
                                 "subscriptions/count"};
const char* const kExportedLoads[] = {"bytes/received",    "bytes/sent",    "connections",
                                      "messages/received", "messages/sent", "publish/dropped",
                                      "publish/received",  "publish/sent",  "sockets"};

TEST(SysTopicsTest, HaveWhatPublicExportersForMosquittoAskFor) {
  SysTopics topics({});
  topics.update(busy(), {});
  for (const std::string topic : kExported)
    EXPECT_TRUE(topics.values().contains("$SYS/broker/" + topic)) << topic;
  for (const std::string load : kExportedLoads) {
    for (const char* const average : {"/1min", "/5min", "/15min"})
      EXPECT_TRUE(topics.values().contains("$SYS/broker/load/" + load + average)) << load << average;
  }
}

// They make a metric of each topic below $SYS, and end with a fault where its name is none or is there twice.
TEST(SysTopicsTest, GivePublicExportersNamesThatPrometheusTakes) {
  SysTopics topics({});
  topics.update(busy(), {});
  const std::regex well_formed("[a-z_][a-z0-9_]*");
  std::set<std::string> names;
  for (const auto& [topic, value] : topics.values()) {
    std::string name = topic.substr(std::string_view("$SYS/").size());
    std::ranges::replace_if(
        name, [](char c) { return c == '/' || c == ' '; }, '_');
    EXPECT_TRUE(std::regex_match(name, well_formed)) << name;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(SysTopicsTest, SayOnlyWhatHasChanged) {
  SysTopics topics({});
  testing::Numbers numbers;
  const size_t at_first = topics.update(canned_readings(numbers, is_in_sys), {1000, 0}).size();
  EXPECT_EQ(at_first, topics.values().size());
  EXPECT_THAT(topics.update(canned_readings(numbers, is_in_sys), {2000, 0}), IsEmpty());
  numbers["headgate_clients_connected"] = {{"", 1}};
  std::vector<std::string> names;
  for (const SysTopic& topic : topics.update(canned_readings(numbers, is_in_sys), {3000, 0}))
    names.push_back(topic.name);
  EXPECT_THAT(names, ElementsAre("$SYS/broker/clients/connected", "$SYS/broker/clients/active"));
}

TEST(SysTopicsTest, RememberTheLargestHeap) {
  SysTopics topics({});
  for (const uint64_t bytes : {20, 30, 10}) {
    topics.update(canned_readings({{"headgate_heap_bytes", {{"", bytes}}}}, is_in_sys), {});
  }
  EXPECT_EQ(topics.values().at("$SYS/broker/heap/current"), "10");
  EXPECT_EQ(topics.values().at("$SYS/broker/heap/maximum"), "30");
}

class SysLoad : public ::testing::Test {
 protected:
  // `messages` more, and so many seconds later.
  std::string after(int64_t seconds, uint64_t messages, const char* span) {
    now_s_ += seconds;
    messages_ += messages;
    topics_.update(
        canned_readings({{"headgate_publish_packets_received_total", {{"", messages_}}}}, is_in_sys),
        {now_s_ * 1000, 0});
    return topics_.values().at(std::string("$SYS/broker/load/publish/received/") + span);
  }
  SysTopics topics_{{}};
  int64_t now_s_ = 0;
  uint64_t messages_ = 0;
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
    engine_->serve_sys(interval_s, [this] {
      ++read_;
      const Sources sources{.engine = *engine_, .uptime_s = clock_.now().mono_ms / 1000};
      return read_metrics(sources, is_in_sys);
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

  int read_ = 0;
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
  EXPECT_EQ(read_, 0);
  EXPECT_THAT(other.read(), IsEmpty());
  auto dashboard = client();
  dashboard.connect(v5("dashboard"));
  dashboard.subscribe(1, {to("$SYS/#")});
  pass_s(5);
  EXPECT_GE(read_, 5);
  dashboard.unsubscribe(2, {"$SYS/#"});
  const int before = read_;
  pass_s(5);
  EXPECT_EQ(read_, before);
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
