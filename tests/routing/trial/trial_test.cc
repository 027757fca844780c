#include "routing/trial/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TrialTest : public ::testing::Test {
 protected:
  void route(std::string name, std::string text) {
    RouteSpec spec;
    spec.name = std::move(name);
    spec.text = std::move(text);
    specs_.push_back(std::move(spec));
  }

  Trial& trial() {
    if (!trial_) trial_.emplace(specs_);
    return *trial_;
  }

  std::vector<TrialStep> send(int64_t at_ms, std::string body) {
    auto message = std::make_shared<core::Message>();
    message->topic = "t";
    message->body = std::move(body);
    message->arrived_ms = message->arrived_hub_ms = at_ms;
    return trial().take(std::move(message), 1);
  }

  std::vector<RouteSpec> specs_;
  std::optional<Trial> trial_;
};

TEST_F(TrialTest, TellsOfEachRouteWhetherItMatches) {
  route("hot", "FROM 't' WHERE $body.v > 5 INTO $upstream");
  route("cold", "FROM 't' WHERE $body.v < 0 INTO $upstream");
  route("elsewhere", "FROM 'u' INTO $upstream");
  const auto steps = send(0, R"({"v":7})");
  ASSERT_THAT(steps, SizeIs(1));
  ASSERT_THAT(steps[0].verdicts, SizeIs(2));
  EXPECT_EQ(steps[0].verdicts[0].truth, Truth::yes);
  EXPECT_THAT(steps[0].verdicts[0].why, IsEmpty());
  EXPECT_EQ(steps[0].verdicts[1].truth, Truth::no);
  EXPECT_EQ(steps[0].verdicts[1].why.at(0).text, "($body.v < 0) = false: $body.v is 7");
}

TEST_F(TrialTest, LetsWindowsFireAtTheirTimeBeforeTheNextMessage) {
  route("a", "SELECT count(*) AS n FROM 't' GROUP BY Tumbling(1m) INTO $upstream");
  route("b", "SELECT count(*) AS n FROM 't' GROUP BY Tumbling(40s) INTO $upstream");
  EXPECT_THAT(send(0, "{}"), SizeIs(1));
  const auto steps = send(100'000, "{}");
  ASSERT_THAT(steps, SizeIs(3));
  EXPECT_EQ(steps[0].at_ms, 40'000);
  EXPECT_EQ(steps[1].at_ms, 60'000);
  EXPECT_EQ(steps[2].at_ms, 100'000);
}

TEST_F(TrialTest, TracesFunctionsThatRememberWithTheirValues) {
  route("moved", "FROM 't' WHERE changed($body.v, 1) AND $body.ok INTO $upstream");
  (void)send(0, R"({"v":1,"ok":true})");
  const auto steps = send(1, R"({"v":1.5,"ok":true})");
  ASSERT_THAT(steps.at(0).verdicts, SizeIs(1));
  EXPECT_EQ(steps[0].verdicts[0].truth, Truth::no);
  EXPECT_EQ(steps[0].verdicts[0].why.at(1).text,
            "(changed($body.v, 1)) = false: changed($body.v, 1) is false");
}

TEST_F(TrialTest, LeavesOutARouteThatDoesNotCompile) {
  route("bad", "FROM 't' WHERE INTO $upstream");
  route("good", "FROM 't' INTO $upstream");
  EXPECT_FALSE(trial().statuses()[0].ok());
  EXPECT_THAT(send(0, "{}").at(0).rows, SizeIs(1));
}

TEST_F(TrialTest, CountsAndKeepsTheLastTypeError) {
  route("sum", "SELECT sum($body.v) AS s FROM 't' GROUP BY Tumbling(1m) INTO $upstream");
  (void)send(0, R"({"v":"x"})");
  EXPECT_EQ(trial().counts(0).route.matched, 1u);
  EXPECT_EQ(trial().counts(0).route.type_errors, 1u);
}

}  // namespace
}  // namespace headgate::routing
