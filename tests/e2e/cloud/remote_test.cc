// Documents of configuration come down from a real Mosquitto, signed: they work, are refused whole, outlive kills, and are
// taken back when they close the link.
#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/support/remote/signer.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

class RemoteDocuments : public HubTest {
 protected:
  void SetUp() override {
    cloud_.start();
    watcher_ =
        std::make_unique<MqttClient>(cloud_.port(), ClientOptions{.id = "watcher", .reconnects = true});
    ASSERT_EQ(watcher_->subscribe("headgate/+/reported", 1), 1);
    std::ofstream(key_file()) << signer_.public_pem();
    HubTest::SetUp();
  }
  void configure(Json& config) override {
    config["hub_id"] = "site-7";
    config["upstream"] = {
        {"backoff", {{"base_ms", 50}, {"cap_ms", 200}}},
        {"batch", {{"linger_ms", 20}}},
        {"remote_config", {{"key_file", key_file()}, {"group", "north"}, {"confirm_s", 3}}}};
    config["links"] = {{"lte", {{"host", "127.0.0.1"}, {"port", cloud_.port()}}}};
    config["routes"] = {{"local", "FROM 'local' INTO $upstream"}};
  }
  [[nodiscard]] std::string key_file() const { return (scratch_.path() / "fleet.pub").string(); }

  void send(const std::string& envelope) {
    auto office = MqttClient(cloud_.port(), {});
    ASSERT_TRUE(office.publish_and_wait("headgate/site-7/desired", envelope, 1, true));
  }
  void send(uint64_t version, const Json& document) {
    send(signer_.sign("site-7", version, document.dump()));
  }
  static Json routes(const std::string& name, const std::string& topic) {
    return {{"routes", {{name, "FROM '" + topic + "' INTO $upstream"}}}};
  }
  // The last report.
  [[nodiscard]] Json reported() const {
    const auto reports = watcher_->payloads();
    return reports.empty() ? Json::object() : Json::parse(reports.back());
  }
  [[nodiscard]] bool confirmed(uint64_t version) const {
    return eventually([&] {
      const Json report = reported();
      return report.value("version", 0U) == version && report.value("state", "") == "confirmed";
    });
  }
  [[nodiscard]] bool reports(const std::string& result, uint64_t version) const {
    return eventually([&] {
      const Json last = reported().value("last", Json());
      return last.is_object() && last["result"] == result && last["version"] == version;
    });
  }
  [[nodiscard]] Json status() const { return hub_.cli_json({"remote", "status"}); }
  [[nodiscard]] std::vector<std::string> route_names() const {
    std::vector<std::string> names;
    const Json answer = hub_.cli_json({"route", "ls"});
    for (const Json& route : answer["routes"]) names.push_back(route["name"]);
    return names;
  }
  struct InForce {
    uint64_t version = 0;
    std::vector<std::string> names = {};
  };
  // Asks again where the version changed while the routes were read: Mosquitto may bring the next document between
  // the two questions.
  [[nodiscard]] InForce seen_in_force() const {
    InForce seen;
    uint64_t before = 0;
    do {
      before = status()["version"];
      seen.names = route_names();
      seen.version = status()["version"];
    } while (seen.version != before);
    return seen;
  }

  testing::Signer signer_;
  ScratchDir scratch_;
  MosquittoBroker cloud_;
  std::unique_ptr<MqttClient> watcher_;
};

TEST_F(RemoteDocuments, ComeDownAndWork) {
  EXPECT_TRUE(eventually([&] { return reported().value("state", "") == "none"; }))
      << "on the first connection";
  MqttClient reader(cloud_.port(), ClientOptions{.id = "reader"});
  ASSERT_EQ(reader.subscribe("headgate/site-7/batches", 1), 1);
  send(7, routes("remote", "plant/#"));
  ASSERT_TRUE(confirmed(7));
  EXPECT_EQ(reported()["routes"], Json::parse(R"([{"route":"remote","state":"active"}])"));
  ASSERT_TRUE(client()->publish_and_wait("plant/a", "reading", 1));
  EXPECT_TRUE(reader.wait_received(1));
}

TEST_F(RemoteDocuments, OfTheGroupComeDownToo) {
  auto office = MqttClient(cloud_.port(), {});
  const std::string text = R"({"group": "north", "version": 3, "document": {"time_to_live_s": 5}})";
  ASSERT_TRUE(office.publish_and_wait("headgate/north/desired", signer_.seal(text), 1, true));
  EXPECT_TRUE(confirmed(3));
}

TEST_F(RemoteDocuments, AreRefusedWholeAndTheReportSaysWhy) {
  send(7, routes("good", "a"));
  ASSERT_TRUE(confirmed(7));
  send(testing::Signer().sign("site-7", 8, routes("evil", "#").dump()));
  ASSERT_TRUE(reports("refused", 0));
  EXPECT_THAT(reported()["last"]["why"].get<std::string>(), StartsWith("the signature is wrong"));
  Json half = routes("fine", "b");
  half["routes"]["bad"] = "FROM 'b' WHERE INTO $upstream";
  half["time_to_live_s"] = 1;
  send(9, half);
  ASSERT_TRUE(reports("refused", 9));
  EXPECT_EQ(reported()["last"]["routes"][0]["route"], "bad");
  send(6, routes("older", "c"));
  ASSERT_TRUE(reports("refused", 6));
  EXPECT_THAT(reported()["last"]["why"].get<std::string>(), HasSubstr("version 7 was taken before"));
  send(10, {{"listeners", Json::array()}});
  ASSERT_TRUE(reports("refused", 10));
  EXPECT_EQ(reported()["version"], 7);
  EXPECT_THAT(route_names(), ::testing::UnorderedElementsAre("good", "local"));
  EXPECT_THAT(hub_.log(), HasSubstr("remote_document_refused"));
}

TEST_F(RemoteDocuments, AreInForceAfterAKillAndAReload) {
  send(7, routes("remote", "plant/#"));
  ASSERT_TRUE(confirmed(7));
  restart_hard();
  EXPECT_EQ(status()["version"], 7);
  EXPECT_THAT(route_names(), ::testing::UnorderedElementsAre("remote", "local"));
  hub_.config["routes"]["more"] = "FROM 'more' INTO $upstream";
  hub_.reload();
  EXPECT_TRUE(eventually([&] { return route_names().size() == 3; }));
  EXPECT_EQ(status()["state"], "confirmed");
}

// The old one or the new one, whenever the hub is killed; and in the end always the new one, which the broker keeps.
TEST_F(RemoteDocuments, AreOldOrNewWheneverTheHubIsKilled) {
  send(1, routes("r1", "a"));
  ASSERT_TRUE(confirmed(1));
  std::mt19937 random(7);
  for (uint64_t version = 2; version <= 8; ++version) {
    send(version, routes("r" + std::to_string(version), "a"));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20000));
    restart_hard();
    const auto [in_force, names] = seen_in_force();
    EXPECT_TRUE(in_force == version || in_force == version - 1) << in_force;
    EXPECT_THAT(names, ::testing::UnorderedElementsAre("r" + std::to_string(in_force), "local"));
    // Mosquitto had its acknowledgement, so it does not come again by itself.
    for (int i = 0; i < 5 && !eventually([&] { return status()["version"] == version; }, 1s); ++i)
      send(version, routes("r" + std::to_string(version), "a"));
    ASSERT_TRUE(confirmed(version)) << version;
  }
}

TEST_F(RemoteDocuments, AreTakenBackIfTheyCloseTheLink) {
  send(1, routes("remote", "plant/#"));
  ASSERT_TRUE(confirmed(1));
  send(2, {{"links", {{"lte", {{"budget", {{"day_bytes", 100}}}}}}}});
  ASSERT_TRUE(eventually([&] { return status()["version"] == 2; }));
  EXPECT_EQ(status()["state"], "provisional");
  ASSERT_TRUE(reports("rolled back", 2));
  EXPECT_TRUE(confirmed(1));
  EXPECT_THAT(route_names(), ::testing::UnorderedElementsAre("remote", "local"));
}

TEST_F(RemoteDocuments, GoOnWithTheirTrialAfterAKill) {
  send(1, {{"links", {{"lte", {{"budget", {{"day_bytes", 100}}}}}}}});
  ASSERT_TRUE(eventually([&] { return status()["state"] == "provisional"; }));
  restart_hard();
  EXPECT_EQ(status()["version"], 1);
  EXPECT_TRUE(reports("rolled back", 1));
  EXPECT_EQ(status()["version"], 0);
}

TEST_F(RemoteDocuments, WithALimitThatLeavesTheLinkOpenAreConfirmedOverANewConnection) {
  send(1, {{"links", {{"lte", {{"budget", {{"day_bytes", 50'000'000}}}, {"rate_bytes_per_s", 1'000'000}}}}}});
  ASSERT_TRUE(confirmed(1));
  const Json link = hub_.cli_json({"upstream", "status"})["links"][0];
  EXPECT_EQ(link["day_bytes_max"], 50'000'000) << link.dump();
}

TEST_F(RemoteDocuments, AreSignedAppliedAndForgottenByTheTool) {
  std::ofstream(scratch_.path() / "fleet.key") << signer_.private_pem();
  std::ofstream(scratch_.path() / "doc.json") << routes("remote", "plant/#").dump();
  const auto sign = [&](const std::string& version) {
    const Finished made =
        hub_.cli({"remote", "sign", "--key", (scratch_.path() / "fleet.key").string(), "--hub", "site-7",
                  "--version", version, (scratch_.path() / "doc.json").string()});
    EXPECT_EQ(made.exit_code, 0) << made.out;
    std::ofstream(scratch_.path() / "signed") << made.out;
  };
  const auto apply = [&](std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"remote", "apply", (scratch_.path() / "signed").string()};
    words.insert(words.end(), more.begin(), more.end());
    return hub_.cli(words);
  };
  sign("7");
  EXPECT_THAT(apply().out, HasSubstr("version 7 is"));
  ASSERT_TRUE(confirmed(7));
  sign("6");
  EXPECT_EQ(apply().exit_code, 1);
  EXPECT_THAT(apply().out, HasSubstr("sign it with a higher one"));
  EXPECT_EQ(apply({"--force"}).exit_code, 0);
  ASSERT_TRUE(confirmed(6));
  EXPECT_THAT(hub_.cli({"remote", "forget"}).out, HasSubstr("the hub's own files are"));
  EXPECT_TRUE(reports("forgotten", 6));
  EXPECT_THAT(route_names(), ::testing::UnorderedElementsAre("local"));
}

class NoRemoteDocuments : public HubTest {};

TEST_F(NoRemoteDocuments, AreTakenUnlessAKeyIsSet) {
  const Finished answer = hub_.cli({"remote", "status"});
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_THAT(answer.out,
              HasSubstr("set upstream.remote_config.key_file in its configuration and restart it"));
}

}  // namespace
}  // namespace headgate::e2e
