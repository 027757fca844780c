// Desired properties of $edgeHub as routes.
#include "hub/edge/hub_twin/desired.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

HubDesired desired(const std::string& properties, int64_t version = 4) {
  const std::string comma = properties.empty() ? "" : ",";
  return read_hub_desired(R"({"desired":{)" + properties + comma + R"("$version":)" +
                          std::to_string(version) + R"(},"reported":{"$version":1}})");
}

std::vector<std::string> names(const HubDesired& desired) {
  std::vector<std::string> all;
  for (const auto& entry : desired.routes->entries) all.push_back(entry.name);
  return all;
}

std::vector<std::string> errors(const HubDesired& desired) {
  std::vector<std::string> all;
  for (const auto& error : desired.routes->errors) all.push_back(error.route + " | " + error.what);
  return all;
}

TEST(HubDesired, TakesRoutesInEachOfEdgeHubsForms) {
  const auto read =
      desired(R"("schemaVersion":"1.1","storeAndForwardConfiguration":{"timeToLiveSecs":7200},"routes":{
    "a":"FROM /messages/* INTO $upstream",
    "b":{"route":"FROM /messages/modules/m/* INTO $upstream","priority":3,"timeToLiveSecs":60}})");
  EXPECT_EQ(read.version, 4);
  ASSERT_THAT(names(read), ElementsAre("a", "b"));
  EXPECT_THAT(errors(read), IsEmpty());
  const auto& [a, b] = std::tie(read.routes->entries[0], read.routes->entries[1]);
  EXPECT_EQ(a.file, "$edgeHub");
  EXPECT_EQ(a.semantics, routing::Semantics::edgehub);
  EXPECT_EQ(a.ttl_s, 7'200u);
  EXPECT_EQ(a.priority, std::nullopt);
  EXPECT_EQ(b.ttl_s, 60u);
  EXPECT_EQ(b.priority, 3);
}

TEST(HubDesired, DemandsNoSection) {
  EXPECT_THAT(names(desired("")), IsEmpty());
  EXPECT_THAT(errors(desired("")), IsEmpty());
  EXPECT_THAT(names(desired(R"("routes":{"a":"FROM /* INTO $upstream"})")), ElementsAre("a"));
  EXPECT_THAT(names(desired(R"("schemaVersion":"1.1","routes":{"a":"FROM /* INTO $upstream"})")),
              ElementsAre("a"));
}

TEST(HubDesired, LeavesOutOneRouteThatIsWrongAndNamesItsPlace) {
  const auto read = desired(R"("routes":{"a":{"route":"FROM /* INTO $upstream","priority":12},"b":7,
    "c":"FROM /* INTO $upstream"})");
  EXPECT_THAT(names(read), ElementsAre("c"));
  EXPECT_THAT(
      errors(read),
      ElementsAre("a | $edgeHub: routes.a.priority: is 12; allowed: 0 (first) to 9, or no priority",
                  "b | $edgeHub: routes.b: is 7; allowed: the route's text, or an object with \"route\""));
}

TEST(HubDesired, IsWrongAsAWholeIfASectionIs) {
  EXPECT_THAT(errors(desired(R"("schemaVersion":"2.0","routes":{"a":"FROM /* INTO $upstream"})")),
              ElementsAre(" | $edgeHub: schemaVersion: is \"2.0\"; allowed: \"1.0\" to \"1.4\""));
  const auto read = desired(
      R"("storeAndForwardConfiguration":{"timeToLiveSecs":"x"},"routes":{"a":"FROM /* INTO $upstream"})");
  EXPECT_THAT(names(read), IsEmpty());
  ASSERT_EQ(read.routes->errors.size(), 1u);
  EXPECT_EQ(read.routes->errors[0].route, "");
}

TEST(HubDesired, OfATwinThatCannotBeReadIsABrokenFile) {
  const auto read = read_hub_desired("{}");
  EXPECT_THAT(errors(read), ElementsAre(" | $edgeHub: the stored twin cannot be read"));
}

TEST(HubDesired, NamesWhatHasNoEffect) {
  const auto read = desired(R"("mqttBroker":{"authorizations":[{"identities":["x"]}]})");
  ASSERT_EQ(read.routes->without_effect.size(), 1u);
  EXPECT_EQ(read.routes->without_effect[0].file, "$edgeHub");
}

}  // namespace
}  // namespace headgate::hub
