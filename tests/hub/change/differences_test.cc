// What a changed configuration would do, told before it is done.
#include "hub/change/differences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "hub/engine/route_set.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Json = nlohmann::ordered_json;

Config config_of(const std::string& text) {
  auto config = parse_config(text, "headgate.json");
  EXPECT_TRUE(config) << config.error().what;
  return config ? *std::move(config) : Config();
}

TEST(KeyChanges, HaveBothValuesAndSayWhenTheyTakeEffect) {
  const auto changes = key_changes(config_of(R"({"hub_id": "a", "store": {"bytes_max": 0}})"),
                                   config_of(R"({"hub_id": "b", "store": {"bytes_max": "1MiB"}})"));
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].key + changes[0].before + changes[0].after, R"(hub_id"a""b")");
  EXPECT_FALSE(changes[0].at_once);
  EXPECT_EQ(changes[1].key + " " + changes[1].after, "store.bytes_max 1048576");
  EXPECT_TRUE(changes[1].at_once);
}

class QueueChanges : public ::testing::Test {
 protected:
  static std::shared_ptr<CompiledRoutes> compiled(const std::string& routes, const CompiledRoutes& before) {
    return compile_routes(routing::parse_route_file(R"({"routes": )" + routes + "}", "r.json"), before, 0);
  }
  // "queue: what, messages"
  [[nodiscard]] std::vector<std::string> between(const std::string& before, const std::string& after) const {
    const auto was = compiled(before, *routes_of_before({}));
    std::vector<std::string> lines;
    for (const QueueChange& change : queue_changes(*was, *compiled(after, *was), look()))
      lines.push_back(change.queue + ": " + change.what + ", " + std::to_string(change.messages));
    return lines;
  }
  [[nodiscard]] LookAtQueue look() const {
    return [this](const std::string& queue) -> std::optional<Waiting> {
      const auto found = waiting_.find(queue);
      if (found == waiting_.end()) return std::nullopt;
      return Waiting{found->second, found->second * 10};
    };
  }

  std::map<std::string, uint64_t> waiting_ = {{"$upstream", 9}, {"m/in", 3}};
};

constexpr const char* kToModule =
    R"json({"a": "FROM 'x' INTO BrokeredEndpoint('/modules/m/inputs/in')"})json";

TEST_F(QueueChanges, TellWhatIsMadeAndWhatBecomesOfWhatWaits) {
  const auto made = between("{}", kToModule);
  ASSERT_EQ(made.size(), 1u);
  const std::string queue = made[0].substr(0, made[0].find(": "));
  EXPECT_EQ(made[0], queue + ": made, 0");
  waiting_ = {{queue, 3}};
  EXPECT_THAT(between("{}", kToModule), ElementsAre(queue + ": used again, 3"));
  EXPECT_THAT(between(kToModule, "{}"), ElementsAre(queue + ": drained, 3"));
  const auto with = [](const std::string& wish) {
    const std::string route = R"json({"route": "FROM 'x' INTO BrokeredEndpoint('/modules/m/inputs/in')")json";
    return R"({"a": )" + route + R"(, "onRemove": ")" + wish + "\"}}";
  };
  EXPECT_THAT(between(with("purge"), "{}"), ElementsAre(queue + ": purged, 3"));
  EXPECT_THAT(between(with("keep"), "{}"), ElementsAre(queue + ": kept, 3"));
  EXPECT_THAT(between(kToModule, kToModule), IsEmpty());
}

TEST_F(QueueChanges, OfUpstreamIsNone) {
  EXPECT_THAT(between(R"({"a": "FROM 'x' INTO $upstream"})", "{}"), IsEmpty());
}

class Rights : public ::testing::Test {
 protected:
  static std::vector<AccessRule> rules(const std::string& json) {
    auto parsed = parse_access_rules(json, "access.rules");
    EXPECT_TRUE(parsed) << parsed.error().what;
    return parsed ? *std::move(parsed) : std::vector<AccessRule>();
  }
  static std::vector<std::string> lost(const std::string& before, const std::string& after,
                                       std::vector<std::string> subscriptions = {}) {
    broker::Identity anna;
    anna.username = "anna";
    const std::string client_id = "c1";
    const AccessRules was(rules(before));
    const AccessRules is(rules(after));
    return RightsComparison(rules(before), rules(after))
        .lost({anna, client_id, std::move(subscriptions)}, *was.rights(anna, client_id),
              *is.rights(anna, client_id));
  }
};

constexpr const char* kAll =
    R"([{"who": {}, "allow": ["publish", "subscribe", "receive"], "topics": ["plant/#"]}])";

TEST_F(Rights, OfBothSidesAreComparedAsTables) {
  EXPECT_THAT(lost(kAll, kAll), IsEmpty());
  EXPECT_THAT(lost(kAll, R"([{"who": {}, "allow": ["subscribe", "receive"], "topics": ["plant/#"]}])"),
              ElementsAre("publish plant/#"));
  EXPECT_THAT(lost(kAll, R"([{"who": {"users": ["ben"]}, "allow": ["publish", "subscribe", "receive"],
                             "topics": ["plant/#"]}])"),
              ElementsAre("publish plant/#", "receive plant/#", "subscribe plant/#"));
}

TEST_F(Rights, ThatANewRuleTakesFromTheMiddleAreFound) {
  const std::string denied =
      R"([{"who": {}, "allow": ["publish", "subscribe", "receive"], "topics": ["plant/#"]},
                                 {"who": {}, "deny": ["receive"], "topics": ["plant/%u/#"]}])";
  EXPECT_THAT(lost(kAll, denied), ElementsAre("receive plant/anna/#"));
  EXPECT_THAT(lost(denied, kAll), IsEmpty());
}

TEST_F(Rights, ToASubscriptionThatIsThereAreNamed) {
  EXPECT_THAT(
      lost(kAll, R"([{"who": {}, "allow": ["publish", "subscribe", "receive"], "topics": ["plant/a"]}])",
           {"plant/b"}),
      ::testing::Contains("subscribe plant/b"));
}

TEST(Fingerprint, IsAnotherOnceAFileARouteOrAValueIs) {
  const testing::TempDir dir;
  const std::string file = dir.write("headgate.json", R"({"include": "more.json"})");
  dir.write("more.json", "{}");
  Config running;
  running.routes_dir = dir / "routes";
  std::filesystem::create_directory(running.routes_dir);
  std::set<std::string> seen;
  const auto is_new = [&] { return seen.insert(fingerprint_of(running, "routes", file)).second; };
  EXPECT_TRUE(is_new());
  EXPECT_FALSE(is_new());
  dir.write("headgate.json", R"({"include": "more.json", "hub_id": "a"})");
  EXPECT_TRUE(is_new());
  dir.write("more.json", R"({"log": {}})");
  EXPECT_TRUE(is_new());
  dir.write("routes/a.json", R"({"routes": {}})");
  EXPECT_TRUE(is_new());
  running.time_to_live_s = 7;
  EXPECT_TRUE(is_new());
  EXPECT_TRUE(seen.insert(fingerprint_of(running, "other routes", file)).second);
}

TEST(PlanText, SaysWhatIsNotKnown) {
  ConfigPlan plan{"headgate.json", "f", {}};
  Json json = Json::parse(to_json(plan));
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["routes_replayed"], "not known: headgate plan looks at recorded messages");
  EXPECT_TRUE(json["upstream_bytes_a_day"]["before"].is_null());
  plan.bytes_a_day = 1000;
  plan.keys.push_back({"log.level", "\"info\"", "\"warn\"", false});
  json = Json::parse(to_json(plan));
  EXPECT_EQ(json["upstream_bytes_a_day"]["before"], 1000);
  EXPECT_EQ(json["upstream_bytes_a_day"]["why"], "not known: it depends on the messages that come");
  EXPECT_EQ(json["needs_restart"], Json::array({"log.level"}));
  plan.same_traffic = true;
  EXPECT_EQ(Json::parse(to_json(plan))["upstream_bytes_a_day"]["after"], 1000);
}

TEST(PlanText, NamesRoutesThatTakeOtherMessagesOfThePast) {
  ConfigPlan plan{"headgate.json", "f", {}};
  plan.replayed = RecordedMatches{};
  plan.replayed->messages = 9;
  plan.replayed->routes = {{.route = "same", .before = 5, .after = 5, .why_not = ""},
                           {.route = "less", .before = 5, .after = 3, .lost = 2, .why_not = ""},
                           {.route = "mean", .why_not = "it has a window"}};
  const Json replayed = Json::parse(to_json(plan))["routes_replayed"];
  EXPECT_EQ(replayed["messages"], 9);
  ASSERT_EQ(replayed["routes"].size(), 2U);
  EXPECT_EQ(replayed["routes"][0]["lost"], 2);
  EXPECT_EQ(replayed["routes"][1]["why_not"], "it has a window");
}

}  // namespace
}  // namespace headgate::hub
