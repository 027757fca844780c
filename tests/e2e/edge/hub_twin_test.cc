// The twin of $edgeHub, as an operator has it: routes come in force at once and stay over kill -9, a bad one is reported with its
// place while the others run, and who is connected is there to read.
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/e2e/support/certificates.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

class HubOwnTwin : public HubTest {
 protected:
  void configure(Json& config) override {
    hub_.under = {"env", "LD_PRELOAD=" HEADGATE_BUILT_BIN_DIR "/libheadgate_synced_kernel.so"};
    config["listeners"] += {
        {"transport", "tls"},
        {"port", tls_},
        {"dialect", "iot-edge"},
        {"tls", {{"cert_file", certificates_.file("hub.pem")}, {"key_file", certificates_.file("hub.key")}}}};
    config["iot_edge"] = {{"hub_host_name", "acme-plant.azure-devices.net"},
                          {"device_id", "edge-1"},
                          {"gateway_names", {"localhost"}},
                          {"identities_file", file_}};
    config["routes"]["own"] = "FROM 'own/#' INTO $upstream";
    const Finished added = run({program("headgate"), "identity", "add", "leaf-x", "--ca-file",
                                certificates_.file("ca.pem"), "--cn", "panel-7", "--file", file_});
    ASSERT_EQ(added.exit_code, 0) << added.out;
  }
  Json patch(const std::string& json, const std::string& id = "$edgeHub") const {
    return hub_.cli_json({"twin", "patch", id, json});
  }
  // "name file", or "name file: error" of what is not in force.
  [[nodiscard]] std::vector<std::string> routes() const {
    std::vector<std::string> all;
    const Json list = hub_.cli_json({"route", "ls"});
    for (const Json& route : list["routes"]) {
      const std::string file = route["file"];
      const bool own = file != "$edgeHub" && file != "remote document";
      all.push_back(route["name"].get<std::string>() + " " + (own ? "file" : file) +
                    (route["active"].get<bool>() ? "" : ": out"));
    }
    std::ranges::sort(all);
    return all;
  }
  void send(const std::string& module) const {
    EXPECT_TRUE(client()->publish_and_wait("modules/" + module + "/outputs/o", "1", 1));
  }
  [[nodiscard]] int64_t waiting_upstream() const {
    const Json queues = hub_.cli_json({"queue", "ls"});
    for (const Json& queue : queues["queues"])
      if (queue["name"] == "$upstream") return queue["waiting"].get<int64_t>();
    return -1;
  }

  ScratchDir scratch_;
  Certificates certificates_;
  std::string file_ = (scratch_.path() / "identities.json").string();
  uint16_t tls_ = free_port();
};

TEST_F(HubOwnTwin, PutsRoutesInForceThatStayOverAKill) {
  const Json twin =
      patch(R"({"schemaVersion":"1.1","storeAndForwardConfiguration":{"timeToLiveSecs":7200},"routes":{
    "up":{"route":"FROM /messages/modules/a/* INTO $upstream","priority":2},
    "gone":"FROM /messages/modules/b/* INTO $upstream",
    "bad":"FROM /messages/* WHERE temp > 3 INTO $upstream",
    "own":"FROM /messages/* INTO $upstream"}})");
  EXPECT_EQ(twin["reported"]["lastDesiredVersion"], 2);
  EXPECT_EQ(twin["reported"]["lastDesiredStatus"]["code"], 400);
  const std::string why = twin["reported"]["lastDesiredStatus"]["description"];
  EXPECT_THAT(why, HasSubstr("$edgeHub: route 'bad': 1:24: error:")) << why;
  EXPECT_THAT(why, HasSubstr("route \"own\" cannot be taken")) << why;
  EXPECT_THAT(routes(), ElementsAre("bad $edgeHub: out", "gone $edgeHub", "own $edgeHub: out", "own file",
                                    "up $edgeHub"));
  send("a");
  send("b");
  EXPECT_EQ(waiting_upstream(), 2);
  const Json fixed = patch(R"({"routes":{"gone":null,"bad":null,"own":null}})", "edge-1/$edgeHub");
  EXPECT_EQ(fixed["reported"]["lastDesiredStatus"], (Json{{"code", 200}, {"description", ""}}));
  restart_hard();
  EXPECT_THAT(routes(), ElementsAre("own file", "up $edgeHub"));
  send("a");
  send("b");
  EXPECT_EQ(waiting_upstream(), 3);
}

TEST_F(HubOwnTwin, KeepsTheVersionBeforeOfARouteThatIsSpoilt) {
  patch(R"({"routes":{"up":"FROM /messages/modules/a/* INTO $upstream"}})");
  const Json spoilt = patch(R"({"routes":{"up":"FROM /messages/modules/a/* INTO"}})");
  EXPECT_EQ(spoilt["reported"]["lastDesiredStatus"]["code"], 400);
  EXPECT_THAT(spoilt["reported"]["lastDesiredStatus"]["description"].get<std::string>(),
              HasSubstr("its version of before stays in force"));
  restart_hard();
  send("a");
  EXPECT_EQ(waiting_upstream(), 1);
}

TEST_F(HubOwnTwin, SaysWhoIsConnected) {
  const Process leaf(
      {"/usr/bin/python3", HEADGATE_E2E_SOURCE_DIR "/edge/edge_client.py", std::to_string(tls_),
       certificates_.file("ca.pem"), "--client-id", "leaf-x", "--user",
       "acme-plant.azure-devices.net/leaf-x/?api-version=2021-04-12", "--cert",
       certificates_.file("client.pem"), "--key", certificates_.file("client.key"), "--hold", "60"},
      scratch_.path() / "leaf");
  const auto reported = [&] { return hub_.cli_json({"twin", "get", "$edgeHub"})["reported"]; };
  EXPECT_TRUE(eventually(
      [&] {
        std::this_thread::sleep_for(200ms);
        return reported().value("/clients/leaf-x/status"_json_pointer, "") == "Connected";
      },
      25s))
      << reported() << leaf.output();
  EXPECT_THAT(reported()["clients"]["leaf-x"]["lastConnectedTimeUtc"].get<std::string>(), StartsWith("20"));
  EXPECT_EQ(reported()["schemaVersion"], "1.0");
}

}  // namespace
}  // namespace headgate::e2e
