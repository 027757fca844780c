// What a live hub says at /metrics, with routes, queues and a link at work: judged by promtool, scraped by Prometheus, and
// held against the dashboard and the alert rules that come with the hub.
#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;

const std::string kConf = HEADGATE_E2E_SOURCE_DIR "/../../conf";

std::string text_of(const std::string& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// A value of a scrape, with its labels by name.
struct Sample {
  std::map<std::string, std::string> labels;
  double value = 0;
};
using Samples = std::multimap<std::string, Sample>;  // by metric

Samples samples_of(const std::string& text) {
  static const std::regex kLabel("([a-z_]+)=\"([^\"]*)\"");
  Samples samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    const size_t space = line.rfind(' ');
    const std::string key = line.substr(0, space);
    Sample sample{{}, std::stod(line.substr(space + 1))};
    for (std::sregex_iterator next(key.begin(), key.end(), kLabel), end; next != end; ++next)
      sample.labels[(*next)[1]] = (*next)[2];
    samples.emplace(key.substr(0, key.find('{')), std::move(sample));
  }
  return samples;
}

// Sums of a metric by queue.
std::map<std::string, double> by_queue(const Samples& samples, const std::string& metric) {
  std::map<std::string, double> sums;
  for (auto [next, end] = samples.equal_range(metric); next != end; ++next)
    sums[next->second.labels.at("queue")] += next->second.value;
  return sums;
}

// How many queues were held against promise 3.
size_t expect_balance(const Samples& samples) {
  auto delivered = by_queue(samples, "headgate_queue_messages_delivered_total");
  auto undelivered = by_queue(samples, "headgate_queue_messages_undelivered_total");
  auto waiting = by_queue(samples, "headgate_queue_waiting_messages");
  const auto in = by_queue(samples, "headgate_queue_messages_in_total");
  for (const auto& [queue, count] : in)
    EXPECT_EQ(count, delivered[queue] + undelivered[queue] + waiting[queue]) << queue;
  return in.size();
}

// Metrics that a text names, by the names of their families.
std::set<std::string> named_in(const std::string& text) {
  static const std::regex kName("headgate_[a-z0-9_]+");
  static const std::regex kOfAHistogram("_(bucket|sum|count)$");
  std::set<std::string> names;
  for (std::sregex_iterator next(text.begin(), text.end(), kName), end; next != end; ++next)
    names.insert(std::regex_replace(next->str(), kOfAHistogram, ""));
  return names;
}

// Expressions of the dashboard, for whoever is asked for them outside Grafana.
std::vector<std::string> dashboard_expressions() {
  std::vector<std::string> expressions;
  const nlohmann::json dashboard = nlohmann::json::parse(text_of(kConf + "/grafana/headgate.json"));
  for (const nlohmann::json& panel : dashboard["panels"]) {
    for (const nlohmann::json& target : panel.value("targets", nlohmann::json::array())) {
      std::string text = target["expr"];
      text = std::regex_replace(text, std::regex("\\$__rate_interval"), "1m");
      expressions.push_back(std::regex_replace(text, std::regex("\\$instance"), ".*"));
    }
  }
  return expressions;
}

class Metrics : public HubTest {
 protected:
  void SetUp() override {
    cloud_.start();
    HubTest::SetUp();
    collector_ = std::make_unique<MqttClient>(cloud_.port(), ClientOptions{.id = "collector"});
    ASSERT_EQ(collector_->subscribe("headgate/#", 1), 1);
  }
  void configure(nlohmann::json& config) override {
    config["links"] = {{"fiber", {{"host", "127.0.0.1"}, {"port", cloud_.port()}}}};
    config["admin"] = {{"http", {{"port", http_port_}}}};
    config["upstream"] = {{"batch", {{"messages_max", 20}, {"linger_ms", 20}}}};
    config["routes"] = {
        {"readings", {{"route", "FROM 'plant/#' INTO $upstream"}, {"priority", 5}}},
        {"odd \"name\"", "FROM 'plant/#' WHERE $body.n > 5 INTO BrokeredEndpoint('/modules/m/inputs/in')"},
        {"minutes", "SELECT count(*) AS n FROM 'plant/#' GROUP BY Tumbling(1s) INTO $upstream"}};
  }

  // A bit of everything: what goes up, waits for a module and for a session that is away, or is purged; a client that is
  // kicked, and a stranger.
  void live() {
    const auto away = persistent_client("away");
    ASSERT_EQ(away->subscribe("plant/#", 1), 1);
    away->disconnect();
    const auto publisher = client();
    for (int i = 0; i < 50; ++i)
      ASSERT_TRUE(publisher->publish_and_wait("plant/a", "{\"n\":" + std::to_string(i % 10) + "}", 1));
    ASSERT_TRUE(publisher->publish_and_wait("plant/b", "no JSON", 1));
    EXPECT_EQ(hub_.cli({"queue", "purge", "session/away", "--yes"}).exit_code, 0);
    ASSERT_TRUE(publisher->publish_and_wait("plant/c", "{\"n\":9}", 1));
    const auto kicked = client({.id = "kicked"});
    EXPECT_EQ(hub_.cli({"client", "kick", "kicked"}).exit_code, 0);
    RawSocket stranger(hub_.port());
    stranger.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(stranger.is_closed_by_peer());
    ASSERT_TRUE(collector_->wait_received(1));
  }
  [[nodiscard]] std::string socket() const { return hub_.data_dir() + "/admin.sock"; }
  [[nodiscard]] std::string scrape() const {
    const Finished got = run({"curl", "-sSf", "--unix-socket", socket(), "http://hub/metrics"});
    EXPECT_EQ(got.exit_code, 0) << got.out;
    return got.out;
  }

  ScratchDir scratch_;
  const uint16_t http_port_ = free_port();
  MosquittoBroker cloud_;
  std::unique_ptr<MqttClient> collector_;
};

TEST_F(Metrics, AreWhatPromtoolWantsThemToBe) {
  live();
  const std::string file = scratch_.write("scrape", scrape()).string();
  const Finished check = run({"sh", "-c", "promtool check metrics < " + file});
  EXPECT_EQ(check.exit_code, 0);
  EXPECT_EQ(check.out, "");
}

TEST_F(Metrics, AreTextThatPrometheusKnows) {
  const Finished head =
      run({"curl", "-sS", "-D", "-", "-o", "/dev/null", "--unix-socket", socket(), "http://hub/metrics"});
  EXPECT_THAT(head.out, HasSubstr("200 OK"));
  EXPECT_THAT(head.out, HasSubstr("Content-Type: text/plain; version=0.0.4"));
}

TEST_F(Metrics, EveryQueueBalancesInEveryScrapeWhileMessagesComeAndGo) {
  live();
  std::atomic<bool> enough = false;
  std::thread publishing([&] {
    const auto publisher = client();
    while (!enough) {
      (void)publisher->publish("plant/a", "{\"n\":7}", 1);
      publisher->wait_unacked_below(50);
    }
  });
  std::set<double> depths;
  for (int i = 0; i < 30; ++i) {
    const Samples samples = samples_of(scrape());
    EXPECT_GE(expect_balance(samples), 4U);  // upstream, dead letters, the module's input, the session's
    depths.insert(by_queue(samples, "headgate_queue_messages_in_total")["$upstream"]);
  }
  enough = true;
  publishing.join();
  EXPECT_GT(depths.size(), 10U) << "nothing came meanwhile, so that this has shown nothing";
}

TEST_F(Metrics, CountWhatHasHappened) {
  live();
  const Samples samples = samples_of(scrape());
  const auto value = [&](const std::string& metric, std::map<std::string, std::string> labels) {
    for (auto [next, end] = samples.equal_range(metric); next != end; ++next)
      if (next->second.labels == labels) return next->second.value;
    return -1.0;
  };
  EXPECT_EQ(
      value("headgate_queue_messages_undelivered_total", {{"queue", "session/away"}, {"reason", "dropped"}}),
      51);
  EXPECT_EQ(value("headgate_queue_waiting_messages", {{"queue", "session/away"}, {"lane", "10"}}), 1);
  EXPECT_EQ(value("headgate_queue_waiting_peak_messages", {{"queue", "session/away"}, {"lane", "10"}}), 51);
  EXPECT_EQ(value("headgate_route_evaluated_total", {{"route", "readings"}}), 52);
  EXPECT_EQ(value("headgate_link_state", {{"link", "fiber"}, {"state", "connected"}}), 1);
  EXPECT_EQ(value("headgate_store_state", {{"state", "writing"}}), 1);
  EXPECT_EQ(value("headgate_publish_acknowledgement_seconds_count", {}), 52);
  EXPECT_GE(value("headgate_store_sync_seconds_count", {}), 52);
  EXPECT_GE(value("headgate_clients_left_total", {{"reason", "disconnect"}}), 1);
}

TEST_F(Metrics, EveryNameOfTheDocumentsTheDashboardAndTheAlertsIsInAScrape) {
  live();
  const std::set<std::string> there = named_in(scrape());
  const std::string page = text_of(kConf + "/../docs/operations.md");
  std::set<std::string> wanted = named_in(page.substr(page.find("<!-- metrics: begin -->")));
  EXPECT_GT(wanted.size(), 100U);
  wanted.merge(named_in(text_of(kConf + "/grafana/headgate.json")));
  wanted.merge(named_in(text_of(kConf + "/prometheus/headgate.rules.yml")));
  for (const std::string& name : wanted) EXPECT_TRUE(there.contains(name)) << name;
}

TEST_F(Metrics, PrometheusScrapesThemAndAnswersEveryExpressionOfTheDashboard) {
  live();
  const std::string hub_port = std::to_string(http_port_);
  const std::string port = std::to_string(free_port());
  const std::string config =
      scratch_
          .write("prometheus.yml",
                 "global: { scrape_interval: 1s, evaluation_interval: 1s }\n"
                 "rule_files: ['" +
                     std::filesystem::canonical(kConf).string() +
                     "/prometheus/headgate.rules.yml']\n"
                     "scrape_configs: [{ job_name: headgate, static_configs: [{ targets: ['127.0.0.1:" +
                     hub_port + "'] }] }]\n")
          .string();
  const Process prometheus({"prometheus", "--config.file=" + config, "--web.listen-address=127.0.0.1:" + port,
                            "--storage.tsdb.path=" + (scratch_.path() / "tsdb").string()},
                           scratch_.path() / "prometheus.log");
  const auto query = [&](const std::string& expression) {
    return run({"promtool", "query", "instant", "http://127.0.0.1:" + port, expression});
  };
  // A rate needs two scrapes.
  const std::string scraped = "count_over_time(headgate_uptime_seconds[1m]) > 2";
  ASSERT_TRUE(eventually([&] { return query(scraped).out.find("=>") != std::string::npos; }, 60s))
      << prometheus.output();
  for (const std::string& expression : dashboard_expressions()) {
    const Finished answer = query(expression);
    EXPECT_EQ(answer.exit_code, 0) << expression << ": " << answer.out;
    EXPECT_THAT(answer.out, HasSubstr("=>")) << expression;
  }
  const auto is_so = [&](const std::string& expression) {
    return query(expression).out.find("=>") != std::string::npos;
  };
  EXPECT_TRUE(is_so("up{job=\"headgate\"} == 1"));
  EXPECT_FALSE(is_so("up{job=\"headgate\"} == 0"));
  EXPECT_FALSE(is_so("ALERTS{alertname=\"HeadgateAccountsDoNotBalance\"}"))
      << "it is held against the balance each second";
}

}  // namespace
}  // namespace headgate::e2e
