// What the operator meets: refusals that explain themselves, reload, a clean stop, and the `headgate`
// command.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;

class Refusal : public ::testing::Test {
 protected:
  // Launches the hub, which should end by itself, and returns its exit code.
  [[nodiscard]] int exit_code() {
    hub_.launch();
    return hub_.wait(kPatience).value_or(-1);
  }
  HubProcess hub_;
};

TEST_F(Refusal, OfAnUnknownKeyNamesItAndTheNearest) {
  hub_.config["lisners"] = hub_.config["listeners"];
  EXPECT_EQ(exit_code(), 2);
  for (const char* const part : {"headgate.json", "lisners", "listeners"})
    EXPECT_TRUE(hub_.logs(part)) << part;
}

TEST_F(Refusal, OfAWrongValueSaysWhatIsAllowed) {
  hub_.config["store"]["durability"] = "sometimes";
  EXPECT_EQ(exit_code(), 2);
  for (const char* const part : {"store.durability", "sometimes", "sync"})
    EXPECT_TRUE(hub_.logs(part)) << part;
}

TEST_F(Refusal, OfAnOpenListenerAsksForInsecure) {
  hub_.config["listeners"][0]["address"] = "0.0.0.0";
  EXPECT_EQ(exit_code(), 2);
  EXPECT_TRUE(hub_.logs("insecure"));
}

TEST_F(Refusal, OfAMissingConfigNamesTheFile) {
  const Finished hub = run({program("headgated"), "--config", "/nonexistent/headgate.json"});
  EXPECT_EQ(hub.exit_code, 2);
  EXPECT_THAT(hub.out, HasSubstr("/nonexistent/headgate.json"));
}

TEST_F(Refusal, OfALockedDataDirectoryNamesIt) {
  hub_.start();
  HubProcess second;
  second.config["data_dir"] = hub_.data_dir();
  second.launch();
  const std::optional<int> code = second.wait();
  ASSERT_TRUE(code.has_value()) << "it runs on a directory in use";
  EXPECT_NE(*code, 0);
  EXPECT_TRUE(second.logs(hub_.data_dir()));
  EXPECT_TRUE(accepts(hub_.port())) << "the first hub is harmed";
}

TEST_F(Refusal, OfAPortInUseNamesIt) {
  hub_.start();
  HubProcess second;
  second.config["listeners"] = hub_.config["listeners"];
  second.launch();
  EXPECT_NE(second.wait().value_or(0), 0);
  EXPECT_TRUE(second.logs(std::to_string(hub_.port())));
}

class Check : public Refusal {
 protected:
  [[nodiscard]] Finished check(const std::string& text) const {
    return run({program("headgated"), "--check", scratch_.write("site.json", text).string()});
  }
  ScratchDir scratch_;
};

TEST_F(Check, OfAGoodConfigurationSaysHowManyRoutesItHas) {
  const Finished checked = check(R"({"hub_id": "h", "routes": {"a": "FROM /* INTO $upstream"}})");
  EXPECT_EQ(checked.exit_code, 0);
  EXPECT_THAT(checked.out, HasSubstr("site.json: ok, 1 route\n"));
}

TEST_F(Check, OfADeploymentManifestNamesThePartsWithoutEffectAndTakesItsRoutes) {
  const ScratchDir routes;
  const auto manifest = routes.write("site.json", R"({"modulesContent": {"$edgeHub": {"properties.desired": {
    "schemaVersion": "1.2", "storeAndForwardConfiguration": {"timeToLiveSecs": 7200}, "routes": {"a": "FROM /* INTO $upstream"},
    "mqttBroker": {"authorizations": [{"identities": ["x"]}]}}}}})");
  const Finished checked = check(R"({"hub_id": "h", "routes_dir": ")" + routes.path().string() + R"("})");
  EXPECT_EQ(checked.exit_code, 0);
  EXPECT_THAT(checked.out, HasSubstr("warning: " + manifest.string() + ": modulesContent.$edgeHub"));
  EXPECT_THAT(checked.out, HasSubstr("mqttBroker.authorizations: no effect here: "));
  EXPECT_THAT(checked.out, HasSubstr("site.json: ok, 1 route\n"));
}

TEST_F(Check, NamesAllThatIsWrongInTheFilesOfAConfiguration) {
  const Finished checked = check(R"({"auth": {"password_file": "/none/users"}, "routes_dir": "/none/routes",
    "upstream": {"host": "cloud", "tls": {"ca_file": "/none/ca.pem"}}, "routes": {"a": "FROM nowhere"}})");
  EXPECT_EQ(checked.exit_code, 2);
  for (const char* wrong :
       {"/none/users", "/none/routes", "upstream.tls.ca_file: /none/ca.pem", "route 'a'", "not ok"})
    EXPECT_THAT(checked.out, HasSubstr(wrong));
}

TEST_F(Check, OfTheRoutesTakesAWholeConfiguration) {
  scratch_.write("site.json", R"({"hub_id": "h", "routes": {"a": "FROM /* INTO $upstream"}})");
  const Finished checked =
      run({program("headgate"), "route", "check", (scratch_.path() / "site.json").string()});
  EXPECT_EQ(checked.exit_code, 0) << checked.out;
  EXPECT_THAT(checked.out, HasSubstr("a: ok"));
}

TEST_F(Refusal, OfAnotherHubIdNamesBoth) {
  hub_.start();
  hub_.kill_hard();
  hub_.config["hub_id"] = "another-hub";
  EXPECT_NE(exit_code(), 0);
  EXPECT_TRUE(hub_.logs("belongs to hub 'test-hub', not to 'another-hub'"));
}

class Operator : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"first", "FROM 'in/1' INTO Topic('out/1')"}, {"up", "FROM 'up/#' INTO $upstream"}};
  }

  [[nodiscard]] nlohmann::json route(const std::string& name) const {
    const nlohmann::json answer = hub_.cli_json({"route", "ls"});
    for (const auto& listed : answer["routes"]) {
      if (listed["name"] == name) return listed;
    }
    return {{"active", false}, {"error", "there is no such route"}};
  }
  void queue_upstream(int messages) const {
    auto publisher = client();
    for (int i = 0; i < messages; ++i) ASSERT_TRUE(publisher->publish_and_wait("up/x", R"({"n":1})", 1));
  }
};

TEST_F(Operator, ReloadsRoutesOnSighupWithoutLosingAConnection) {
  auto listener = subscriber("out/#");
  hub_.config["routes"] = {{"second", "FROM 'in/2' INTO Topic('out/2')"}};
  hub_.reload();
  ASSERT_TRUE(eventually([this] { return route("second")["active"] == true; })) << hub_.log();
  auto publisher = client();
  ASSERT_TRUE(publisher->publish_and_wait("in/1", "by a removed route", 1));
  ASSERT_TRUE(publisher->publish_and_wait("in/2", "by the new route", 1));
  EXPECT_EQ(listener->expect_payloads(1), std::vector<std::string>{"by the new route"});
}

TEST_F(Operator, LeavesABrokenRouteOutAndRunsTheRest) {
  hub_.config["routes"]["broken"] = "FROM 'in/3' WHERE INTO Topic('out/3')";
  hub_.reload();
  ASSERT_TRUE(eventually([this] { return route("broken")["error"] != "there is no such route"; }))
      << hub_.log();
  EXPECT_EQ(route("broken")["active"], false);
  EXPECT_THAT(route("broken")["error"].get<std::string>(), HasSubstr("^"));
  EXPECT_TRUE(hub_.logs("broken"));
  auto listener = subscriber("out/#");
  ASSERT_TRUE(client()->publish_and_wait("in/1", "still routed", 1));
  EXPECT_EQ(listener->expect_payloads(1), std::vector<std::string>{"still routed"});
}

TEST_F(Operator, StartsWithABrokenRouteToo) {
  hub_.kill_hard();
  hub_.config["routes"]["broken"] = "FROM nowhere";
  hub_.start();
  EXPECT_EQ(route("broken")["active"], false);
  EXPECT_EQ(route("first")["active"], true);
}

TEST_F(Operator, StopsWithinFiveSecondsOfSigterm) {
  auto busy = persistent_client("busy");
  ASSERT_EQ(busy->subscribe("#", 1), 1);
  queue_upstream(20);
  hub_.terminate();
  EXPECT_EQ(hub_.wait(5s), 0) << hub_.log();
  EXPECT_TRUE(busy->wait_disconnected());
}

TEST_F(Operator, FindsEverythingAgainAfterACleanStop) {
  queue_upstream(20);
  hub_.terminate();
  ASSERT_EQ(hub_.wait(5s), 0);
  hub_.start();
  EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], 20);
}

TEST_F(Operator, FindsTheIdThatTheStoreHasWhenNoneIsSet) {
  queue_upstream(2);
  hub_.kill_hard();
  hub_.config.erase("hub_id");
  hub_.start();
  EXPECT_EQ(hub_.cli_json({"status"})["hub_id"], "test-hub");
  EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], 2);
  EXPECT_TRUE(hub_.logs("hub_id_from_store hub=test-hub"));
  EXPECT_EQ(hub_.cli({"reload"}).exit_code, 0);
  EXPECT_TRUE(hub_.cli_json({"status"})["reload"]["needs_restart"].empty());
}

TEST_F(Operator, SeesTheHubInStatus) {
  queue_upstream(3);
  const nlohmann::json status = hub_.cli_json({"status"});
  EXPECT_EQ(status["hub_id"], "test-hub");
  EXPECT_EQ(status["durability"], "sync");
  EXPECT_EQ(status["routes"]["active"], 2);
  EXPECT_EQ(status["store"]["waiting"], 3);
  EXPECT_THAT(hub_.cli({"status"}).out, HasSubstr("test-hub"));
}

TEST_F(Operator, SeesQueuesAndTheirMessages) {
  queue_upstream(3);
  EXPECT_THAT(hub_.cli({"queue", "ls"}).out, HasSubstr("$upstream"));
  const nlohmann::json peeked = hub_.cli_json({"queue", "peek", "$upstream"});
  ASSERT_EQ(peeked["messages"].size(), 3);
  EXPECT_EQ(peeked["messages"][0]["topic"], "up/x");
  EXPECT_FALSE(peeked["messages"][0].contains("payload")) << "payloads print only when asked";
}

TEST_F(Operator, SeesClients) {
  auto watched = client({.id = "watched", .protocol = Protocol::v311});
  const nlohmann::json clients = hub_.cli_json({"client", "ls"})["clients"];
  ASSERT_EQ(clients.size(), 1);
  EXPECT_EQ(clients[0]["client_id"], "watched");
  EXPECT_EQ(clients[0]["connected"], true);
  EXPECT_THAT(hub_.cli({"client", "ls"}).out, HasSubstr("watched"));
}

TEST_F(Operator, KicksAClientThatKeepsItsSession) {
  auto kicked = persistent_client("kicked");
  ASSERT_EQ(kicked->subscribe("t", 1), 1);
  ASSERT_EQ(hub_.cli({"client", "kick", "kicked"}).exit_code, 0);
  EXPECT_TRUE(kicked->wait_disconnected());
  EXPECT_EQ(kicked->disconnect_code(), 0x98);
  EXPECT_EQ(hub_.cli({"client", "kick", "kicked"}).exit_code, 1) << "it is away already";
  EXPECT_TRUE(persistent_client("kicked")->session_was_present());
}

TEST_F(Operator, RemovesASessionWithWhatWaitsForEver) {
  ASSERT_EQ(persistent_client("gone")->subscribe("t", 1), 1);
  ASSERT_TRUE(client()->publish_and_wait("t", "for nobody", 1));
  EXPECT_EQ(hub_.cli({"session", "rm", "gone"}).exit_code, 2) << "there is no terminal to ask on";
  EXPECT_EQ(hub_.cli_json({"session", "rm", "gone", "--yes"})["messages"], 1);
  restart_hard();
  EXPECT_FALSE(persistent_client("gone")->session_was_present());
  EXPECT_TRUE(hub_.logs("session_removed"));
}

TEST_F(Operator, IsToldOfMessagesThatExpire) {
  hub_.config["routes"]["up"] = {{"route", "FROM 'up/#' INTO $upstream"}, {"timeToLiveSecs", 1}};
  hub_.reload();
  ASSERT_TRUE(eventually([this] { return route("up")["ttl_s"] == 1; })) << hub_.log();
  queue_upstream(20);
  ASSERT_TRUE(eventually([this] { return hub_.cli_json({"status"})["lost"]["expired"] == 20; }, 20s));
  EXPECT_TRUE(hub_.logs("messages_lost queue=$upstream expired="));
  EXPECT_THAT(hub_.cli({"status"}).out, HasSubstr("20 messages lost in queues (expired 20), last at 20"));
}

TEST_F(Operator, SeesWhyARouteDidNotTakeABody) {
  hub_.config["routes"]["hot"] = "FROM 'in/#' WHERE $body.t > 5 INTO $upstream";
  hub_.reload();
  ASSERT_TRUE(eventually([this] { return route("hot")["active"] == true; })) << hub_.log();
  ASSERT_TRUE(client()->publish_and_wait("in/9", R"({"t": NaN})", 1));
  ASSERT_TRUE(client()->publish_and_wait("in/9", R"({"x": 7})", 1));
  EXPECT_EQ(route("hot")["unreadable"], 1);
  EXPECT_EQ(route("hot")["undefined"], 1);
  EXPECT_THAT(hub_.cli({"route", "ls"}).out, HasSubstr("`$body.t` is not there"));
}

TEST_F(Operator, RetainsWhatARouteSaysOverARestart) {
  hub_.config["routes"]["first"] = {{"route", "FROM 'in/1' INTO Topic('out/1')"}, {"retain", true}};
  restart_hard();
  ASSERT_TRUE(client()->publish_and_wait("in/1", "kept", 1));
  restart_hard();
  const auto late = subscriber("out/#");
  EXPECT_EQ(late->expect_payloads(1), std::vector<std::string>{"kept"});
  EXPECT_TRUE(late->received().at(0).retain);
}

TEST_F(Operator, SeesRoutes) {
  EXPECT_EQ(route("up")["active"], true);
  EXPECT_THAT(hub_.cli({"route", "ls"}).out, HasSubstr("first"));
}

TEST_F(Operator, ReadsTheQueuesOfAStoppedHub) {
  queue_upstream(3);
  hub_.kill_hard();
  const Finished listed = hub_.cli_on_data({"queue", "ls", "--json"});
  ASSERT_EQ(listed.exit_code, 0) << listed.out;
  const nlohmann::json queues = nlohmann::json::parse(listed.out, nullptr, false);
  ASSERT_FALSE(queues.is_discarded()) << listed.out;
  for (const auto& queue : queues["queues"])
    EXPECT_EQ(queue["waiting"], queue["name"] == "$upstream" ? 3 : 0);
  EXPECT_EQ(queues["queues"].size(), 2);
  EXPECT_THAT(hub_.cli_on_data({"queue", "peek", "$upstream"}).out, HasSubstr("up/x"));
}

TEST_F(Operator, IsToldWhenThereIsNoHub) {
  hub_.kill_hard();
  const Finished status = hub_.cli({"status"});
  EXPECT_NE(status.exit_code, 0);
  EXPECT_THAT(status.out, HasSubstr("admin.sock"));
}

}  // namespace
}  // namespace headgate::e2e
