// The hub's own twin over the desk: routes are put in force once they are durable, and what became of them is reported.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/hub/edge/edge_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

class HubTwins : public EdgeDeskTest {
 protected:
  HubTwins() {
    known_.insert(self_);
    serve();
  }
  void serve() {
    begun_with_ = desk_->hub().serve({.device = "edge-1",
                                      .version = "9.9",
                                      .put_in_force =
                                          [this](HubTwin::Routes routes, std::function<void()> done) {
                                            in_force_ = std::move(routes);
                                            put_.push_back(std::move(done));
                                          },
                                      .wrong = [this] { return wrong_; }});
  }
  // The hub has put in force what it was given.
  void put() {
    for (auto& done : std::exchange(put_, {})) done();
  }
  void patch(const std::string& json, const EdgeId& id = {"$edgeHub", {}}) {
    desk_->patch_twin(id, json, [this](const core::Result<std::string>& twin) {
      told_.push_back(twin ? *twin : twin.error().what);
    });
  }
  void patch_whole(const std::string& json) {
    patch(json);
    commit();
    put();
    commit();
  }
  static std::vector<std::string> names(const HubTwin::Routes& routes) {
    std::vector<std::string> all;
    for (const auto& entry : routes->entries) all.push_back(entry.name);
    return all;
  }
  [[nodiscard]] Json reported() const { return Json::parse(*desk_->twin(self_))["reported"]; }
  [[nodiscard]] int64_t reports() const { return reported()["$version"].get<int64_t>() - 1; }

  EdgeId self_{"edge-1", "$edgeHub"};
  HubTwin::Routes begun_with_;
  HubTwin::Routes in_force_;
  std::vector<std::function<void()>> put_;
  std::vector<std::string> wrong_;
  std::vector<std::string> told_;
};

TEST_F(HubTwins, PutRoutesInForceOnceTheyAreDurableAndAnswerWithTheReportOfThem) {
  patch(R"({"routes":{"a":"FROM /* INTO $upstream"}})");
  EXPECT_EQ(in_force_, nullptr);
  commit();
  ASSERT_NE(in_force_, nullptr);
  EXPECT_THAT(names(in_force_), ElementsAre("a"));
  EXPECT_THAT(told_, IsEmpty()) << "they are not in force yet";
  put();
  EXPECT_THAT(told_, IsEmpty()) << "the report is not durable yet";
  commit();
  ASSERT_THAT(told_, ::testing::SizeIs(1));
  const Json twin = Json::parse(told_[0]);
  EXPECT_EQ(twin["desired"]["$version"], 2);
  EXPECT_EQ(twin["reported"]["lastDesiredVersion"], 2);
  EXPECT_EQ(twin["reported"]["lastDesiredStatus"]["code"], 200);
  EXPECT_EQ(twin["reported"]["version"]["version"], "9.9");
}

TEST_F(HubTwins, ReportWhatIsWrongWithTheRoutes) {
  wrong_ = {"$edgeHub: route 'a': 1:6: no"};
  patch_whole(R"({"routes":{"a":"FROM"}})");
  EXPECT_EQ(reported()["lastDesiredStatus"],
            Json::parse(R"({"code":400,"description":"$edgeHub: route 'a': 1:6: no"})"));
}

TEST_F(HubTwins, PutNothingInForceOfAPatchThatIsRefusedOrLost) {
  patch("[]");
  patch(R"({"routes":{"a":"FROM /* INTO $upstream"}})");
  fail_commit();
  EXPECT_EQ(in_force_, nullptr);
  EXPECT_THAT(told_, ElementsAre("it is no JSON object", HasSubstr("the store takes no writes now")));
}

TEST_F(HubTwins, BeginWithWhatWasInForce) {
  EXPECT_THAT(names(begun_with_), IsEmpty());
  patch_whole(R"({"routes":{"a":"FROM /* INTO $upstream","b":"FROM /* INTO $upstream"}})");
  patch_whole(R"({"routes":{"a":null}})");
  EXPECT_THAT(names(in_force_), ElementsAre("b"));
  restart();
  serve();
  EXPECT_THAT(names(begun_with_), ElementsAre("b"));
  advance_s(1);
  commit();
  EXPECT_EQ(reported()["lastDesiredVersion"], 3);
}

TEST_F(HubTwins, AreReachedByTheirShortAndTheirWholeNameAndLeaveOthersAlone) {
  patch(R"({"routes":{"a":"FROM /* INTO $upstream"}})", self_);
  patch(R"({"x":1})", sensor_);
  commit();
  EXPECT_THAT(put_, ::testing::SizeIs(1));
  EXPECT_EQ(*desk_->twin({"$edgeHub", {}}), *desk_->twin(self_));
  std::string refused;
  desk_->send_to_device({.device = "$edgeHub"},
                        [&](const auto& sent) { refused = sent ? "" : sent.error().what; });
  EXPECT_EQ(refused, "there is no identity '$edgeHub'") << "the short name is of twins alone";
}

TEST_F(HubTwins, ReportWhoIsConnectedAtMostOnceInTenSeconds) {
  desk_->on_connected(sensor_, clock_.now());
  advance_s(1);
  commit();
  EXPECT_EQ(reports(), 1);
  EXPECT_EQ(reported()["clients"]["edge-1/sensor"]["status"], "Connected");
  for (int i = 0; i < 9; ++i) {
    desk_->on_disconnected(sensor_, clock_.now());
    desk_->on_connected(leaf_, clock_.now());
    desk_->on_connected(sensor_, clock_.now());
    desk_->on_disconnected(leaf_, clock_.now());
    advance_s(1);
    commit();
  }
  EXPECT_EQ(reports(), 1);
  advance_s(1);
  commit();
  EXPECT_EQ(reports(), 2);
  EXPECT_EQ(reported()["clients"]["leaf-1"]["status"], "Disconnected");
  advance_s(60);
  commit();
  EXPECT_EQ(reports(), 2) << "nothing is new";
}

TEST_F(HubTwins, WriteNoReportThatSaysTheSame) {
  advance_s(1);
  commit();
  EXPECT_EQ(reports(), 1);
  desk_->hub().on_routes();
  advance_s(11);
  commit();
  EXPECT_EQ(reports(), 1);
  wrong_ = {"$edgeHub: route 'a' cannot be taken"};
  desk_->hub().on_routes();
  advance_s(11);
  commit();
  EXPECT_EQ(reports(), 2) << "a file of the operator has the name now";
}

TEST_F(HubTwins, ReportAgainWhatTheStoreLost) {
  advance_s(1);
  fail_commit();
  store_.recover();
  advance_s(11);
  commit();
  EXPECT_EQ(reports(), 1);
}

TEST_F(HubTwins, ForgetIdentitiesThatAreGone) {
  desk_->on_connected(leaf_, clock_.now());
  known_.erase(leaf_);
  advance_s(1);
  commit();
  EXPECT_EQ(reported()["clients"], Json::object());
}

TEST_F(HubTwins, TellNoRouteOfTheirReports) {
  size_t published = 0;
  desk_->publish_reports([&](core::MessagePtr, std::span<const store::KeyValue>) -> core::Result<store::Seq> {
    ++published;
    return core::fail(core::Errc::io, "no");
  });
  patch_whole(R"({"routes":{}})");
  EXPECT_EQ(reports(), 1);
  EXPECT_EQ(published, 0u);
}

TEST_F(HubTwins, AreOrdinaryTwinsOfAHubThatServesNone) {
  restart();
  EXPECT_EQ(desk_->twin({"$edgeHub", {}}).error().what, "there is no identity '$edgeHub'");
  patch(R"({"routes":{"a":"x"}})", self_);
  commit();
  EXPECT_EQ(in_force_, nullptr);
  EXPECT_THAT(told_, ElementsAre(HasSubstr(R"("$version":2)")));
}

}  // namespace
}  // namespace headgate::hub
