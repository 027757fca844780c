// A payload contract: bodies that break a schema become dead letters, and a schema that is broken itself changes nothing.
#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "tests/e2e/support/hub_fixture.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;

// The schema lies among the route files, and is none.
const std::string kRoutes = R"json({"routes": {
  "contract": "FROM 'plant/#' WHERE NOT (conforms($body, 'reading.json') ?? false) INTO $deadletter",
  "readings": "FROM 'plant/#' WHERE conforms($body, 'reading.json') INTO BrokeredEndpoint('/modules/m/inputs/i')"}})json";
const std::string kNumber = R"({"type": "object", "required": ["celsius"],
  "properties": {"celsius": {"type": "number", "minimum": -40, "maximum": 150}}, "additionalProperties": false})";

class Contract : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    std::filesystem::create_directory(scratch_.path() / "routes");
    write("plant.json", kRoutes);
    write("reading.json", kNumber);
    config["routes_dir"] = (scratch_.path() / "routes").string();
  }
  void write(const std::string& name, const std::string& text) const {
    scratch_.write("routes/" + name, text);
  }
  void publish(const std::string& body) const { ASSERT_TRUE(client()->publish_and_wait("plant/a", body, 1)); }

  [[nodiscard]] uint64_t waiting(const std::string& queue) const {
    const nlohmann::json answer = hub_.cli_json({"queue", "ls"});
    for (const auto& listed : answer["queues"]) {
      if (listed["name"] == queue) return listed["waiting"].get<uint64_t>();
    }
    return 0;
  }
  void expect_waiting(uint64_t good, uint64_t broken) const {
    EXPECT_EQ(waiting("modules/m/inputs/i"), good);
    EXPECT_EQ(waiting("$dead"), broken);
  }
  [[nodiscard]] nlohmann::json route(const std::string& name) const {
    const nlohmann::json routes = hub_.cli_json({"route", "ls"});
    for (const auto& listed : routes["routes"]) {
      if (listed["name"] == name) return listed;
    }
    return {};
  }

  ScratchDir scratch_;
};

TEST_F(Contract, SendsWhatBreaksItToTheDeadLetters) {
  publish(R"({"celsius": 71})");
  for (const char* broken : {R"({"celsius": "71"})", R"({"celsius": 900})", "{}",
                             R"({"celsius": 71, "x": 1})", "[71]", "celsius=71", "{", ""})
    publish(broken);
  publish(R"({"celsius": -40})");
  expect_waiting(2, 8);
  EXPECT_THAT(hub_.cli({"dlq", "ls"}).out, HasSubstr("contract"));
}

TEST_F(Contract, BoundsTheWorkOfHostileBodies) {
  publish("{\"celsius\": " + std::string(50'000, '[') + std::string(50'000, ']') + "}");
  publish("{\"" + std::string(100'000, 'x') + "\": 1}");
  std::string many = "{\"celsius\": 1";
  for (int i = 0; i < 10'000; ++i) many += ",\"celsius\": 1";
  publish(many + "}");
  publish(R"({"celsius": 71})");
  EXPECT_EQ(waiting("modules/m/inputs/i") + waiting("$dead"), 4u);
  EXPECT_GE(waiting("modules/m/inputs/i"), 1u);
}

TEST_F(Contract, KeepsTheSchemaInForceWhileTheFileIsBroken) {
  const std::string text = R"({"celsius": "71"})";
  publish(text);
  uint64_t broken = 1;
  for (const std::string& schema :
       {kNumber.substr(0, 40), std::string(R"({"type": "nmber"})"), std::string()}) {
    write("reading.json", schema);
    const Finished reloaded = hub_.cli({"reload"});
    EXPECT_EQ(reloaded.exit_code, 1);
    EXPECT_THAT(reloaded.out, HasSubstr("kept: route 'contract' stays as it was"));
    EXPECT_THAT(route("contract")["error"].get<std::string>(), HasSubstr("the schema `reading.json`"));
    publish(text);
    expect_waiting(0, ++broken);
  }
  std::filesystem::remove(scratch_.path() / "routes" / "reading.json");
  restart_hard();
  EXPECT_EQ(route("contract")["kept"], true) << "over a restart, and without the file";
  publish(text);
  publish(R"({"celsius": 71})");
  expect_waiting(1, ++broken);
  write("reading.json", R"({"required": ["celsius"]})");
  EXPECT_EQ(hub_.cli({"reload"}).exit_code, 0);
  EXPECT_EQ(route("contract")["kept"], false);
  publish(text);
  expect_waiting(2, broken);
}

}  // namespace
}  // namespace headgate::e2e
