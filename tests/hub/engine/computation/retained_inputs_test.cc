// Retained readings as inputs: which of them count.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/computation/windows_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kCount = "SELECT count(*) AS n FROM 'plant/#' GROUP BY Tumbling(1m) INTO $upstream";

class RetainedInputs : public Windows {
 protected:
  void route_of_changes(std::string text) {
    route(std::move(text));
    routes_.entries.back().retained = routing::RetainedInputs::changed;
    ASSERT_TRUE(engine_->use_routes(routes_, 0));
    commit();
  }
  void retain(std::string_view topic, std::string_view body, uint8_t qos = 1) {
    auto sensor = client();
    sensor.connect(testing::v5("sensor"));
    auto message = qos == 0 ? testing::qos0(topic, body) : testing::qos1(1, topic, body);
    message.retain = true;
    sensor.publish(message);
    commit();
  }

  uint16_t ids_ = 0;
};

TEST_F(RetainedInputs, CountAsOthersDo) {
  route(kCount);
  for (int i = 0; i < 3; ++i) retain("plant/1", "23");
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":3})"));
}

TEST_F(RetainedInputs, ThatSayWhatIsRetainedAlreadyDoNotCountWhereOnlyChangesDo) {
  route_of_changes(kCount);
  route(kCount);
  for (const char* body : {"23", "23", "24", "24", "23"}) retain("plant/1", body);
  retain("plant/2", "23");
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":4})", R"({"n":6})"));
}

TEST_F(RetainedInputs, CountWithoutTheFlagWhateverIsRetained) {
  route_of_changes(kCount);
  retain("plant/1", "23");
  publish("plant/1", "23");
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":2})"));
}

TEST_F(RetainedInputs, AreJudgedByWhatWasRetainedWhenTheyCame) {
  route_of_changes(kCount);
  retain("plant/1", "23");
  pass(1'000);
  auto sensor = client();
  sensor.connect(testing::v5("sensor"));
  for (uint16_t id = 1; id <= 3; ++id) {  // none is computed before all have come
    auto message = testing::qos1(id, "plant/1", id == 1 ? "23" : "24");
    message.retain = true;
    sensor.publish(message);
  }
  commit();
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":2})"));
}

TEST_F(RetainedInputs, AreJudgedOnceOverACrash) {
  route_of_changes(kCount);
  retain("plant/1", "23");
  retain("plant/1", "23");  // stored for nobody but the queue
  retain("plant/1", "24");
  store_.remember_commits();
  crash();
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":2})"));
}

TEST_F(RetainedInputs, OfQos0AreJudgedAsWell) {
  route_of_changes(kCount);
  route(kCount);
  for (const char* body : {"23", "23", "24"}) retain("plant/1", body, 0);
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":2})", R"({"n":3})"));
}

TEST_F(RetainedInputs, GiveAProjectionOnlyChanges) {
  route_of_changes("SELECT payload() AS v FROM 'plant/#' INTO $upstream");
  for (const char* body : {"23", "23", "24"}) retain("plant/1", body);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"v":23})", R"({"v":24})"));
}

TEST_F(RetainedInputs, OfARouteThatPassesThemOnCannotBeLeftOut) {
  route_of_changes("FROM 'plant/#' INTO $upstream");
  EXPECT_TRUE(engine_->routes().describe()[0].kept);
  EXPECT_THAT(engine_->routes().describe()[0].error, ::testing::HasSubstr("is for routes that compute"));
}

// Two messages are one Change, whose results are retained once it is durable.
TEST_F(RetainedInputs, OfOneChangeThatSayTheSameCountOnceWhereOnlyChangesDo) {
  routing::RouteFileEntry made;
  made.name = "made";
  made.text = "SELECT $body.v AS v FROM 'raw' WHERE changed($body.n) INTO Topic('plant/made')";
  made.retain = true;
  routes_.entries.push_back(made);
  route_of_changes(kCount);
  auto sensor = client();
  sensor.connect(testing::v5("sensor"));
  for (const int value : {1, 1, 2, 2, 1}) {
    const uint16_t id = ++ids_;
    sensor.publish(
        testing::qos1(id, "raw", R"({"v":)" + std::to_string(value) + R"(,"n":)" + std::to_string(id) + "}"));
  }
  commit();
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":3})"));
}

}  // namespace
}  // namespace headgate::hub
