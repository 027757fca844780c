#include "hub/engine/routes/verdicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace headgate::hub {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using What = RouteVerdict::What;

class Verdicts : public ::testing::Test {
 protected:
  void route(const std::string& text) {
    routing::RouteFileEntry entry;
    entry.name = "r" + std::to_string(file_.entries.size());
    entry.text = text;
    file_.entries.push_back(std::move(entry));
  }

  std::vector<RouteVerdict> judge(const std::string& topic, const std::string& body, bool whole = true) {
    core::Message message;
    message.topic = topic;
    message.arrived_ms = 1000;
    message.body = body;
    const auto routes = compile_routes(file_, *routes_of_before({}), 0);
    return judge_message(*routes, routing::LookupTables(), message, whole);
  }

  routing::RouteFile file_;
};

TEST_F(Verdicts, SayOfEachRouteWhetherItTakesTheMessageAndWhyNot) {
  route("FROM 'plant/#' INTO $upstream");
  route("FROM 'office/#' INTO $upstream");
  route("FROM 'plant/#' WHERE $body.celsius > 80 INTO $upstream");
  route("FROM 'plant/#' WHERE $body.bar > 2 INTO $upstream");
  const auto verdicts = judge("plant/7", R"({"celsius": 70})");
  ASSERT_EQ(verdicts.size(), 4u);
  EXPECT_EQ(verdicts[0].what, What::takes);
  EXPECT_THAT(verdicts[0].endpoints, ::testing::ElementsAre("$upstream"));
  EXPECT_THAT(verdicts[0].why, IsEmpty());
  EXPECT_EQ(verdicts[1].what, What::other_source);
  EXPECT_THAT(verdicts[1].why, HasSubstr("office/#"));
  EXPECT_EQ(verdicts[2].what, What::condition);
  ASSERT_THAT(verdicts[2].parts, Not(IsEmpty()));
  EXPECT_THAT(verdicts[2].parts[0].text, HasSubstr("$body.celsius > 80"));
  EXPECT_EQ(verdicts[3].what, What::undefined);
  EXPECT_THAT(verdicts[3].why, HasSubstr("$body.bar"));
}

TEST_F(Verdicts, AreNotGivenOnABodyThatIsNotWhole) {
  route("FROM 'plant/#' WHERE $body.celsius > 80 INTO $upstream");
  route("FROM 'plant/#' WHERE $topic = 'plant/8' INTO $upstream");
  const auto verdicts = judge("plant/7", R"({"celsius": 7)", false);
  EXPECT_EQ(verdicts[0].what, What::not_known);
  EXPECT_THAT(verdicts[0].why, HasSubstr("only the beginning"));
  EXPECT_EQ(verdicts[1].what, What::condition) << "it does not read the body";
}

TEST_F(Verdicts, AreNotGivenOnWhatCameBefore) {
  route("SELECT $body.c FROM 'plant/#' WHERE $body.c > lag($body.c) INTO $upstream");
  const auto verdicts = judge("plant/7", R"({"c": 7})");
  ASSERT_EQ(verdicts.size(), 1u);
  EXPECT_EQ(verdicts[0].what, What::not_known);
}

TEST_F(Verdicts, SayThatSomeTopicsAreNotRouted) {
  route("FROM '#' INTO $upstream");
  EXPECT_THAT(judge("$internal/1", "")[0].why, HasSubstr("not routed"));
}

}  // namespace
}  // namespace headgate::hub
