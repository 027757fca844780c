// State of routes that compute while a document is on trial: it comes back as it was, or ends once the document stays.
#include "tests/hub/remote/desk_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::qos1;
using ::testing::UnorderedElementsAre;
using testing::v5;

constexpr const char* kCount = "SELECT count(*) AS n FROM 'a' GROUP BY Tumbling(1h) INTO $upstream";
constexpr const char* kSum = "SELECT sum(payload()) AS sum FROM 'a' GROUP BY Tumbling(1h) INTO $upstream";
constexpr int64_t kHourMs = 3'600'000;

class StateSetAside : public DeskTest {
 protected:
  StateSetAside() { count_on("drain"); }

  void count_on(const std::string& on_change) {
    const Json routes = {{"routes", {{"w", {{"route", kCount}, {"onChange", on_change}}}}}};
    local_.routes = routing::parse_route_file(routes.dump(), "headgate.json");
    clock_.advance_ms(kHourMs - clock_.now().hub_ms % kHourMs);
    begin();
    commit();
  }
  void sum_instead(uint64_t version = 1, const std::string& text = kSum) {
    take(sign(version, Json({{"routes", {{"w", text}}}}).dump()));
    commit();
  }
  void go_back() {
    cut_off();
    pass_s(61);
    ASSERT_EQ(report()["last"]["result"], "rolled back");
    settle();
  }
  void settle() {
    for (int i = 0; i < 3; ++i) pass(1000);
  }
  void end_the_hour() {
    pass(kHourMs);
    settle();
  }
};

TEST_F(StateSetAside, IsBackExactlyAndInputsBetweenAreTheOtherPlans) {
  publish("a", "1");
  publish("a", "2");
  sum_instead();
  publish("a", "30");
  settle();
  EXPECT_THAT(waiting("$upstream"), IsEmpty()) << "nothing ends while it is on trial";
  go_back();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"sum":30})")) << "that of the trial gives what it has";
  publish("a", "4");
  end_the_hour();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"sum":30})", R"({"n":3})"));
}

TEST_F(StateSetAside, EndsOnceTheDocumentIsConfirmed) {
  publish("a", "1");
  publish("a", "2");
  sum_instead();
  publish("a", "30");
  answer();
  settle();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":2})"));
  end_the_hour();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":2})", R"({"sum":30})"));
}

TEST_F(StateSetAside, GoesWithoutAResultIfItsRouteSaysSo) {
  const Json restarts = {{"routes", {{"w", {{"route", kSum}, {"onChange", "restart"}}}}}};
  publish("a", "1");
  take(sign(1, restarts.dump()));
  answer();
  settle();
  end_the_hour();
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
}

TEST_F(StateSetAside, OfARouteThatWasTakenAwayIsBackToo) {
  publish("a", "1");
  take(sign(1, R"({"routes": {"w": null}})"));
  publish("a", "2");
  settle();
  go_back();
  publish("a", "3");
  end_the_hour();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":2})"));
}

TEST_F(StateSetAside, HasWindowsThatEndedMeanwhileGivenAfterwards) {
  publish("a", "1");
  sum_instead();
  pass(kHourMs + 1000);
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  go_back();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1})"));
}

TEST_F(StateSetAside, IsThatBeforeTheFirstOfSeveralTrials) {
  publish("a", "1");
  sum_instead();
  publish("a", "20");
  sum_instead(2, "SELECT max(payload()) AS top FROM 'a' GROUP BY Tumbling(1h) INTO $upstream");
  publish("a", "300");
  settle();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"sum":20})")) << "one state is kept for a route";
  go_back();
  end_the_hour();
  EXPECT_THAT(waiting("$upstream"), UnorderedElementsAre(R"({"sum":20})", R"({"top":300})", R"({"n":1})"));
}

TEST_F(StateSetAside, GoesOnWithItsRouteIfALaterTrialBringsItBack) {
  publish("a", "1");
  sum_instead();
  publish("a", "20");
  sum_instead(2, kCount);
  publish("a", "3");
  answer();
  settle();
  end_the_hour();
  EXPECT_THAT(waiting("$upstream"), UnorderedElementsAre(R"({"sum":20})", R"({"n":2})"));
}

TEST_F(StateSetAside, HasInputsThatCameBeforeAndWereNotComputed) {
  publish("a", "1");
  auto sensor = client();
  sensor.connect(v5("other"));
  for (uint16_t id = 1; id <= 3; ++id) sensor.publish(qos1(id, "a", "5"));  // not durable, so not computed
  sum_instead();
  publish("a", "30");
  go_back();
  publish("a", "4");
  end_the_hour();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"sum":30})", R"({"n":5})"));
}

// Whatever is cut off, and whenever: each input counts once, for the plan that was in force when it came.
TEST_F(StateSetAside, IsBackWheneverTheHubIsKilled) {
  for (int steps = 0; steps < 8; ++steps) {
    SCOPED_TRACE(steps);
    const size_t before = waiting("$upstream").size();
    clock_.advance_ms(kHourMs - clock_.now().hub_ms % kHourMs);
    links_[0] = {.name = "lte", .up = true};
    publish("a", "1");
    offer(sign(static_cast<uint64_t>(steps) + 1, Json({{"routes", {{"w", kSum}}}}).dump()));
    for (int i = 0; i < steps; ++i) (void)step();
    kill();
    const bool on_trial = report()["state"] == "provisional";
    publish("a", "30");
    kill();
    if (on_trial) {
      cut_off();
      pass_s(70);
    }
    kill();
    publish("a", "4");
    end_the_hour();
    const auto all = waiting("$upstream");
    const std::vector<std::string> results(all.begin() + static_cast<std::ptrdiff_t>(before), all.end());
    if (on_trial)
      EXPECT_THAT(results, ElementsAre(R"({"sum":30})", R"({"n":2})"));
    else
      EXPECT_THAT(results, ElementsAre(R"({"n":3})"));
  }
}

TEST_F(StateSetAside, IsBackIfTheRollBackIsKilled) {
  for (int steps = 0; steps < 6; ++steps) {
    SCOPED_TRACE(steps);
    const size_t before = waiting("$upstream").size();
    clock_.advance_ms(kHourMs - clock_.now().hub_ms % kHourMs);
    links_[0] = {.name = "lte", .up = true};
    publish("a", "1");
    sum_instead(static_cast<uint64_t>(steps) + 1);
    publish("a", "30");
    cut_off();
    for (int second = 0; second < 70 && steps_.empty(); ++second) {
      clock_.advance_ms(1000);
      desk_->tick();
    }
    for (int i = 0; i < steps; ++i) (void)step();
    kill();
    pass_s(70);
    ASSERT_EQ(state(), "0 none");
    publish("a", "4");
    settle();
    end_the_hour();
    const auto all = waiting("$upstream");
    EXPECT_THAT(std::vector<std::string>(all.begin() + static_cast<std::ptrdiff_t>(before), all.end()),
                ElementsAre(R"({"sum":30})", R"({"n":2})"));
  }
}

TEST_F(StateSetAside, LeavesQueuesWhoseRouteWentAsTheyAre) {
  const Json purging = {
      {"routes",
       {{"in",
         {{"route", "FROM 'b' INTO BrokeredEndpoint('/modules/m/inputs/i')"}, {"onRemove", "purge"}}}}}};
  local_.routes = routing::parse_route_file(purging.dump(), "headgate.json");
  begin();
  publish("b", "1");
  const std::string queue = "modules/m/inputs/i";
  ASSERT_THAT(waiting(queue), ElementsAre("1"));
  take(sign(1, R"({"routes": {"in": null}})"));
  EXPECT_THAT(waiting(queue), ElementsAre("1"));
  go_back();
  publish("b", "2");
  EXPECT_THAT(waiting(queue), ElementsAre("1", "2"));
  links_[0] = {.name = "lte", .up = true};
  take(sign(2, R"({"routes": {"in": null}})"));
  answer();
  EXPECT_THAT(waiting(queue), IsEmpty()) << "the document stays, and what its route said of the queue holds";
}

}  // namespace
}  // namespace headgate::hub
