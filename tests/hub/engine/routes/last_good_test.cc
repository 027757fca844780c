// A mistake in a description of routes is no wish: what is in force stays in force, and says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using routing::OnRemove;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::qos1;
using testing::v5;

constexpr std::string_view kKeptInput = "modules/m/inputs/i";
const std::string kIntoInput = "FROM 't' INTO BrokeredEndpoint('/modules/m/inputs/i')";

class KeptRoutes : public EngineTest {
 protected:
  void write(const std::string& name, const std::string& text, const std::string& file = "etc/10.json",
             OnRemove on_remove = OnRemove::purge) {
    routing::RouteFileEntry entry;
    entry.name = name;
    entry.text = text;
    entry.file = file;
    entry.queue.on_remove = on_remove;
    routes_.entries.push_back(std::move(entry));
  }
  void spoil(const std::string& file, const std::string& route = "") {
    std::erase_if(routes_.entries,
                  [&](const auto& it) { return it.file == file && (route.empty() || it.name == route); });
    routes_.errors.push_back({file, route, file + ": is broken"});
  }
  void reload() { ASSERT_TRUE(engine_->use_routes(routes_, 0)); }
  void clear() { routes_ = {}; }
  void publish(const std::string& body) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    sensor.publish(qos1(1, "t", body));
    commit();
  }
  RouteInfo info(const std::string& name) {
    for (RouteInfo& route : engine_->routes().describe()) {
      if (route.name == name) return route;
    }
    return {};
  }
  std::string text_in_force(const std::string& name) { return info(name).active ? info(name).text : ""; }
};

TEST_F(KeptRoutes, OfABrokenFileStayInForceAndSayWhy) {
  write("a", kIntoInput);
  reload();
  publish("1");
  spoil("etc/10.json");
  reload();
  publish("2");
  EXPECT_THAT(waiting(kKeptInput), ElementsAre("1", "2"));
  EXPECT_TRUE(info("a").active && info("a").kept);
  EXPECT_EQ(info("a").error, "etc/10.json: is broken");
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("route_kept")));
}

TEST_F(KeptRoutes, StayInTheVersionBeforeIfTheNewOneDoesNotCompile) {
  write("a", kIntoInput);
  reload();
  clear();
  write("a", "FROM 't' INTO BrokeredEndpoint('/modules/m/inputs/i'))");
  reload();
  EXPECT_EQ(text_in_force("a"), kIntoInput);
  EXPECT_THAT(info("a").error, HasSubstr("etc/10.json: route 'a': 1:"));
}

TEST_F(KeptRoutes, KeepTheSchemaThatTheyHadAlsoOverARestart) {
  const std::string text =
      "FROM 't' WHERE conforms($body, 's.json') INTO BrokeredEndpoint('/modules/m/inputs/i')";
  const auto with_schema = [&](const std::string& schema) {
    clear();
    write("a", text);
    routes_.entries.back().schemas = {{"s.json", std::make_shared<const std::string>(schema), ""}};
    reload();
  };
  with_schema(R"({"maximum": 5})");
  publish("1");
  publish("9");
  with_schema(R"({"maximum": "5"})");
  publish("2");
  publish("8");
  EXPECT_TRUE(info("a").active && info("a").kept);
  EXPECT_THAT(info("a").error, HasSubstr("the schema `s.json` at /maximum is '5'; allowed: number"));
  restart();
  with_schema(R"({"maximum": "5"})");
  publish("3");
  publish("7");
  EXPECT_THAT(waiting(kKeptInput), ElementsAre("1", "2", "3"));
  EXPECT_TRUE(info("a").active && info("a").kept);
  with_schema(R"({"minimum": 5})");
  publish("6");
  publish("4");
  EXPECT_THAT(waiting(kKeptInput), ElementsAre("1", "2", "3", "6"));
  EXPECT_FALSE(info("a").kept);
}

TEST_F(KeptRoutes, CountBodiesThatMeetALimitOfChecks) {
  write("a", "FROM 't' WHERE conforms($body, 's.json') INTO $upstream");
  routes_.entries.back().schemas = {{"s.json", std::make_shared<const std::string>("{}"), ""}};
  reload();
  publish(std::string(70, '[') + std::string(70, ']'));
  publish("{}");
  EXPECT_EQ(info("a").counts.type_errors, 1u);
  EXPECT_EQ(info("a").type_error_last,
            "conforms() has no verdict: the value is nested deeper than 64 levels");
  EXPECT_EQ(engine_->routes().counts().unchecked, 1u);
}

TEST_F(KeptRoutes, AreOneByOneInAFileOfWhichTheRestIsTaken) {
  write("a", kIntoInput);
  write("b", "FROM 'b' INTO $upstream");
  reload();
  clear();
  write("b", "FROM 'new' INTO $upstream");
  spoil("etc/10.json", "a");
  reload();
  EXPECT_EQ(text_in_force("a"), kIntoInput);
  EXPECT_EQ(text_in_force("b"), "FROM 'new' INTO $upstream");
  EXPECT_FALSE(info("b").kept);
}

TEST_F(KeptRoutes, StayOverARestartWithWhatWaitsForThem) {
  write("a", kIntoInput);
  reload();
  publish("1");
  spoil("etc/10.json");
  restart();
  publish("2");
  EXPECT_THAT(waiting(kKeptInput), ElementsAre("1", "2"));
  EXPECT_TRUE(info("a").kept);
  restart();
  EXPECT_TRUE(info("a").kept) << "the second time";
}

TEST_F(KeptRoutes, AreAllOfADirectoryThatCannotBeReadAndNoneOfTheConfig) {
  write("a", kIntoInput);
  write("c", "FROM 'c' INTO $upstream", "hub.json");
  reload();
  clear();
  routes_.errors.push_back({"etc", "", "etc: cannot be read"});
  reload();
  EXPECT_EQ(text_in_force("a"), kIntoInput);
  EXPECT_EQ(text_in_force("c"), "") << "the config can be read, and no longer has it";
}

TEST_F(KeptRoutes, EndWhenTheFileIsGoodAndNoLongerHasThem) {
  write("a", kIntoInput);
  reload();
  publish("1");
  spoil("etc/10.json");
  reload();
  clear();
  reload();
  EXPECT_FALSE(store_.find_queue(kKeptInput)) << "purged: now it is a wish";
  restart();
  EXPECT_THAT(engine_->routes().describe(), IsEmpty()) << "nor is it known any more";
}

TEST_F(KeptRoutes, GiveWayToTheCorrectedVersion) {
  write("a", kIntoInput);
  reload();
  spoil("etc/10.json");
  reload();
  clear();
  write("a", "FROM 'new' INTO $upstream");
  reload();
  EXPECT_EQ(text_in_force("a"), "FROM 'new' INTO $upstream");
  EXPECT_FALSE(info("a").kept);
}

TEST_F(KeptRoutes, DoNotIncludeOneThatNeverWorked) {
  write("a", "FROM nowhere");
  reload();
  EXPECT_FALSE(info("a").active || info("a").kept);
  EXPECT_EQ(engine_->routes().failed(), 1u);
}

TEST_F(KeptRoutes, OfTwoFilesWithOneNameAreThoseOfTheFileInForce) {
  write("a", kIntoInput, "etc/20.json");
  reload();
  publish("1");
  clear();
  write("a", "FROM 'other' INTO $upstream", "etc/10.json");
  routes_.errors.push_back({"etc/20.json", "a", "etc/20.json: route \"a\" cannot be taken"});
  reload();
  EXPECT_EQ(text_in_force("a"), kIntoInput);
  EXPECT_THAT(waiting(kKeptInput), ElementsAre("1"));
  EXPECT_EQ(engine_->routes().failed(), 1u) << "the newcomer is left out";
}

TEST_F(KeptRoutes, OfAFileThatIsAbsentGiveWayToTheSameRouteInAnotherFile) {
  write("a", kIntoInput, "etc/20.json");
  reload();
  clear();
  write("a", kIntoInput, "etc/10.json");
  routes_.errors.push_back({"etc/20.json", "", "etc/20.json: is not there"});
  reload();
  EXPECT_EQ(info("a").file, "etc/10.json");
  EXPECT_FALSE(info("a").kept);
  clear();
  write("a", "FROM 'other' INTO $upstream", "etc/30.json");
  routes_.errors.push_back({"etc/10.json", "", "etc/10.json: is not there"});
  reload();
  EXPECT_EQ(text_in_force("a"), kIntoInput) << "until that is gone";
}

TEST_F(KeptRoutes, BesideThemAQueueIsLetGoThatIsKnownToHaveLostItsRoute) {
  write("a", kIntoInput);
  write("never-worked", "FROM nowhere", "etc/20.json");
  reload();
  publish("1");
  std::erase_if(routes_.entries, [](const auto& entry) { return entry.name == "a"; });
  reload();
  EXPECT_FALSE(store_.find_queue(kKeptInput)) << "purged on purpose";
}

// A hub of before wrote down what becomes of a queue, and not which route led there.
TEST_F(KeptRoutes, WithoutAMemoryNothingIsPurgedWhileSomethingIsBroken) {
  write("a", kIntoInput);
  reload();
  publish("1");
  const store::KeyValue forgotten{"route/a", std::nullopt};
  ASSERT_TRUE(store_.put({&forgotten, 1}));
  commit();
  spoil("etc/10.json");
  restart();
  EXPECT_THAT(waiting(kKeptInput), ElementsAre("1"));
  clear();
  reload();
  EXPECT_FALSE(store_.find_queue(kKeptInput)) << "corrected: it had been removed";
}

TEST_F(KeptRoutes, AreNoneOfAWeakerFileWhoseNameSomebodyStrongerTakes) {
  write("a", kIntoInput, "$edgeHub");
  reload();
  clear();
  write("a", "FROM 't' INTO $upstream", "etc/10.json");
  routes_.errors.push_back({"$edgeHub", "a", "$edgeHub: gives way", /*yields=*/true});
  reload();
  EXPECT_EQ(text_in_force("a"), "FROM 't' INTO $upstream");
  EXPECT_EQ(engine_->routes().kept(), 0u);
  clear();
  routes_.errors.push_back({"$edgeHub", "a", "$edgeHub: is taken out of force", /*yields=*/true});
  reload();
  EXPECT_EQ(engine_->routes().active(), 0u);
}

}  // namespace
}  // namespace headgate::hub
