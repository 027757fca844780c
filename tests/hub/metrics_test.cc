// The table of metrics: well-formed for Prometheus, without a topic or a place in the status that is taken
// twice, and each row reading the number that it says.
#include "hub/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>

#include "broker/net/admission.h"
#include "hub/observe/scrape/prometheus_text.h"
#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::HasSubstr;
using testing::kept;
using testing::qos0;
using testing::qos1;
using testing::to;
using testing::v3;
using testing::v5;

bool any(const Metric&) { return true; }

// ---- the table ----

TEST(MetricTable, NamesAreUniqueAndWellFormed) {
  const std::regex well_formed("headgate(_[a-z0-9]+)+");
  std::set<std::string_view> names;
  for (const Metric& metric : metrics()) {
    EXPECT_TRUE(std::regex_match(std::string(metric.name), well_formed)) << metric.name;
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name << " is there twice";
  }
}

TEST(MetricTable, NamesEndInTheirUnitAndCountersInTotal) {
  for (const Metric& metric : metrics()) {
    std::string_view name = metric.name;
    EXPECT_EQ(name.ends_with("_total"), metric.type == MetricType::counter) << metric.name;
    if (name.ends_with("_total")) name.remove_suffix(std::string_view("_total").size());
    EXPECT_EQ(name.ends_with("_bytes"), metric.unit == MetricUnit::bytes) << metric.name;
    EXPECT_EQ(name.ends_with("_seconds"), metric.unit == MetricUnit::seconds) << metric.name;
    const std::regex scaled(".*_(ms|us|ns|millis.*|minutes|hours|kb|kib|mb|mib|kilobytes|percent)(_.*)?");
    EXPECT_FALSE(std::regex_match(std::string(name), scaled)) << metric.name << " is in no base unit";
  }
}

TEST(MetricTable, HelpIsASentence) {
  for (const Metric& metric : metrics()) {
    ASSERT_FALSE(metric.help.empty()) << metric.name;
    EXPECT_TRUE(metric.help.ends_with('.')) << metric.name;
    EXPECT_EQ(metric.help.find_first_of("\\\n"), std::string_view::npos) << metric.name;
  }
}

TEST(MetricTable, TopicsAndPlacesInTheStatusAreUnique) {
  std::set<std::string_view> topics;
  std::set<std::string_view> places;
  for (const Metric& metric : metrics()) {
    for (const SysPlace& place : metric.sys) {
      EXPECT_TRUE(place.topic.empty() || topics.insert(place.topic).second) << place.topic;
    }
    EXPECT_TRUE(metric.status.empty() || places.insert(metric.status).second) << metric.status;
  }
}

TEST(MetricTable, OnlyMetricsWithALabelHaveAStarInTheirPlaces) {
  for (const Metric& metric : metrics()) {
    bool star = metric.status.find('*') != std::string_view::npos;
    for (const SysPlace& place : metric.sys) star = star || place.topic.ends_with('*');
    EXPECT_FALSE(star && metric.label.empty()) << metric.name;
  }
}

TEST(MetricTable, RowsOfThingsHaveNoPlaceWhereOnlyTheHubIsShown) {
  for (const Metric& metric : metrics()) {
    const bool of_the_hub =
        std::holds_alternative<ReadNumber>(metric.read) || std::holds_alternative<ReadByLabel>(metric.read);
    EXPECT_TRUE(of_the_hub || (!is_in_sys(metric) && !is_in_status(metric))) << metric.name;
    EXPECT_EQ(metric.type == MetricType::histogram, std::holds_alternative<ReadHistogram>(metric.read))
        << metric.name;
  }
}

// ---- what rows read ----

// A hub on which a bit of everything has happened, mostly each thing a different number of times.
class MetricsTest : public EngineTest {
 protected:
  MetricsTest() {
    access_.add("ann", {{true, broker::kAllActions, "open/#"}});
    route("FROM 'plant/#' INTO $upstream");
    leave_session("away", "plant/#");
    reader_.connect(kept(v5("reader")));
    reader_.subscribe(1, {to("plant/#", 1), to("open/#"), to("$share/group/open/#")});
    writer_.connect(v5("writer"));
    for (uint16_t id = 1; id <= 5; ++id) writer_.publish(qos1(id, "plant/1", "12345678"));
    for (int i = 0; i < 7; ++i) writer_.publish(qos0("plant/2", "1234"));
    retain("open/1");
    retain("open/2");
    let_ann_be_denied();
    guest_.connect(v5("guest"));
    guest_.send(std::string_view("\xF0\x00", 2));  // AUTH, which nobody has agreed on
    for (int i = 0; i < 4; ++i) {
      stranger_.open();
      stranger_.send("GET / HTTP/1.1\r\n\r\n");
    }
    engine_->tick();
  }
  void retain(std::string_view topic) {
    broker::Publish publish = qos0(topic, "1");
    publish.retain = true;
    writer_.publish(publish);
  }
  void let_ann_be_denied() {
    broker::Connect connect = v5("ann");
    connect.username = "ann";
    ann_.connect(connect);
    for (uint16_t id = 1; id <= 3; ++id) ann_.publish(qos1(id, "closed", "x"));
    ann_.subscribe(9, {to("closed"), to("closed/#")});
    commit();
  }

  Sources sources() {
    return {.engine = *engine_, .queues = queue_totals(store_), .store = &store_, .now = clock_.now()};
  }
  // "" of a metric without a label.
  uint64_t read(std::string_view name, std::string_view label = "") {
    for (const Reading& reading : read_metrics(sources(), any)) {
      if (reading.metric->name != name) continue;
      for (const auto& [of, value] : reading.values) {
        if (of == label) return value;
      }
    }
    return 1'000'000;
  }

  testing::ScriptedClient reader_{engine_->broker(), clock_};
  testing::ScriptedClient writer_{engine_->broker(), clock_};
  testing::ScriptedClient ann_{engine_->broker(), clock_};
  testing::ScriptedClient guest_{engine_->broker(), clock_};
  testing::ScriptedClient stranger_{engine_->broker(), clock_};
};

struct Expected {
  const char* name;
  uint64_t value;
  const char* label = "";
};
const Expected kExpected[] = {
    {"headgate_clients_connected", 3},  // reader, writer, ann
    {"headgate_clients_connected_peak", 4},
    {"headgate_sessions", 4},
    {"headgate_sessions_away", 1},
    {"headgate_connections_accepted_total", 9},
    {"headgate_connect_packets_received_total", 5},
    {"headgate_connections_refused_total", 4, "malformed_packet"},
    {"headgate_clients_closed_total", 1, "protocol_error"},
    {"headgate_subscriptions", 4},
    {"headgate_shared_subscriptions", 1},
    {"headgate_publish_packets_received_total", 17},
    {"headgate_publish_packets_sent_total", 16},
    {"headgate_publish_received_bytes_total", 73},  // 5 × 8 + 7 × 4 + 2 × 1 + 3 × 1
    {"headgate_publish_sent_bytes_total", 72},
    {"headgate_messages_dropped_total", 7, "offline"},
    {"headgate_messages_dropped_total", 0, "too_large"},
    {"headgate_publishes_denied_total", 3},
    {"headgate_subscribes_denied_total", 2},
    {"headgate_messages_taken_total", 17},
    {"headgate_publishes_stored_total", 12},
    {"headgate_publishes_held_total", 0},
    {"headgate_routes_active", 1},
    {"headgate_queues", 4},
    {"headgate_queues_waiting_messages", 22},
    {"headgate_retained_messages", 2},
    {"headgate_kept_messages", 24},
    {"headgate_store_state", 1, "writing"},
    {"headgate_store_state", 0, "failed"},
    {"headgate_upstream_state", 1, "off"},
    {"headgate_upstream_state", 0, "connected"},
};

TEST_F(MetricsTest, RowsReadWhatThePartsCount) {
  for (const Expected& one : kExpected)
    EXPECT_EQ(read(one.name, one.label), one.value) << one.name << " " << one.label;
}

TEST_F(MetricsTest, RowsWithoutALabelReadOneValue) {
  for (const Reading& reading : read_metrics(sources(), any)) {
    if (!reading.metric->label.empty()) continue;
    ASSERT_EQ(reading.values.size(), 1u) << reading.metric->name;
    EXPECT_EQ(reading.values[0].first, "") << reading.metric->name;
  }
}

TEST_F(MetricsTest, OnlyWantedRowsAreRead) {
  Sources sources = this->sources();
  sources.heap_bytes = []() -> uint64_t { throw std::logic_error("the heap was looked at"); };
  EXPECT_NO_THROW((void)read_metrics(sources, is_in_status));
  EXPECT_THROW((void)read_metrics(sources, is_in_sys), std::logic_error);
}

TEST_F(MetricsTest, RefusalsAtTheDoorAndByTheBrokerAreOneMetric) {
  broker::Admission door({.connections_max = 0});
  const uint32_t listener = door.add_listener(10);
  (void)door.admit({listener, {}}, clock_.now());
  Sources sources = this->sources();
  sources.admission = &door;
  const Readings readings =
      read_metrics(sources, [](const Metric& it) { return it.name == "headgate_connections_refused_total"; });
  ASSERT_EQ(readings.size(), 1u);
  EXPECT_EQ(readings[0].values, (LabelledValues{{"malformed_packet", 4}, {"too_many_connections", 1}}));
}

TEST_F(MetricsTest, AQueueThatIsFullHoldsPublishesAndPausesTheirClientAtTheBound) {
  limits_.bytes_max = 1;
  engine_->use_limits(limits_);
  auto old = client();
  old.connect(v3("old"));
  old.publish(qos1(1, "plant/1", "x"));
  EXPECT_EQ(read("headgate_clients_waiting"), 1u);
  EXPECT_EQ(read("headgate_clients_paused"), 0u);
  EXPECT_GT(read("headgate_publishes_held_bytes"), 0u);
  for (uint16_t id = 2; id <= 64; ++id) old.publish(qos1(id, "plant/1", "x"));
  EXPECT_EQ(read("headgate_clients_paused"), 1u);
  limits_.bytes_max = 0;
  engine_->use_limits(limits_);
  engine_->tick();
  EXPECT_EQ(read("headgate_clients_paused"), 0u);
  EXPECT_EQ(read("headgate_publishes_held_bytes"), 0u);
  EXPECT_EQ(read("headgate_publishes_held_total"), 64u);
}

// ---- as Prometheus reads them ----

std::string text_of(const Sources& sources) { return prometheus_text(metrics(), scrape(sources)); }

TEST_F(MetricsTest, TheTextHasWhatTheHubAndEachOfItsPartsCount) {
  const std::string text = text_of(sources());
  EXPECT_THAT(text,
              HasSubstr("# HELP headgate_publishes_denied_total Publishes refused for lack of the right.\n"
                        "# TYPE headgate_publishes_denied_total counter\n"
                        "headgate_publishes_denied_total 3\n"));
  EXPECT_THAT(text, HasSubstr("\nheadgate_connections_refused_total{reason=\"malformed_packet\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("\nheadgate_queue_messages_in_total{queue=\"$upstream\"} 12\n"));
  EXPECT_THAT(text, HasSubstr("\nheadgate_queue_waiting_messages{queue=\"$upstream\",lane=\"10\"} 12\n"));
  EXPECT_THAT(text, HasSubstr("\nheadgate_publish_acknowledgement_seconds_count 5\n"));
  EXPECT_THAT(text, HasSubstr("\nheadgate_store_state{state=\"disk_low\"} 0\n"));
}

TEST_F(MetricsTest, ARouteCountsUnderItsName) {
  const Scrape copy = scrape(sources());
  ASSERT_EQ(copy.routes.size(), 1u);
  EXPECT_EQ(copy.routes[0].name, engine_->describe_routes()[0].name);
  EXPECT_EQ(copy.routes[0].counts.matched, 12u);
  EXPECT_EQ(copy.routes[0].counts, engine_->describe_routes()[0].counts);
}

TEST_F(MetricsTest, AnAcknowledgementTakesUntilItsPublishIsDurable) {
  writer_.publish(qos1(21, "plant/1", "1"));
  clock_.advance_ms(30);
  commit();
  EXPECT_EQ(engine_->accept_times().count(), 6u);
  EXPECT_EQ(engine_->accept_times().sum_us(), 30'000u);
}

TEST_F(MetricsTest, ALowDiskIsAStateOfTheStore) {
  Sources sources = this->sources();
  sources.disk.stopped = store::RoomFor::publishers;
  EXPECT_THAT(text_of(sources), HasSubstr("\nheadgate_store_state{state=\"disk_low\"} 1\n"));
}

TEST_F(MetricsTest, ClientsThatLeaveAreCountedByHowTheyDid) {
  reader_.disconnect();
  writer_.drop();
  EXPECT_EQ(read("headgate_clients_left_total", "disconnect"), 2u);  // and the client that is away
  EXPECT_EQ(read("headgate_clients_left_total", "connection_lost"), 1u);
}

// ---- as the document lists them ----

constexpr std::string_view kTableBegins = "<!-- metrics: begin -->\n";
constexpr std::string_view kTableEnds = "<!-- metrics: end -->\n";

std::string_view type_name(const Metric& metric) {
  if (metric.type == MetricType::histogram) return "histogram";
  return metric.type == MetricType::counter ? "counter" : "gauge";
}

std::string table_of_the_document() {
  std::string table = "\n| Metric | Type | Labels | What |\n|---|---|---|---|\n";
  for (const Metric& metric : metrics()) {
    std::string labels;
    for (const std::string_view name : label_names(metric))
      labels.append(labels.empty() ? "`" : ", `").append(name).append("`");
    table.append("| `").append(metric.name).append("` | ").append(type_name(metric));
    table.append(" | ")
        .append(labels)
        .append(labels.empty() ? "| " : " | ")
        .append(metric.help)
        .append(" |\n");
  }
  return table + "\n";
}

// Written anew by HEADGATE_WRITE_DOCUMENTS=1.
TEST(MetricTable, TheDocumentListsEveryMetric) {
  std::stringstream text;
  text << std::ifstream(HEADGATE_OPERATIONS_PAGE).rdbuf();
  std::string page = text.str();
  const size_t begin = page.find(kTableBegins);
  const size_t end = page.find(kTableEnds);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end);
  const size_t from = begin + kTableBegins.size();
  const std::string listed = page.substr(from, end - from);
  if (std::getenv("HEADGATE_WRITE_DOCUMENTS") != nullptr)
    std::ofstream(HEADGATE_OPERATIONS_PAGE) << page.replace(from, end - from, table_of_the_document());
  EXPECT_EQ(listed, table_of_the_document()) << "run this test with HEADGATE_WRITE_DOCUMENTS=1";
}

}  // namespace
}  // namespace headgate::hub
