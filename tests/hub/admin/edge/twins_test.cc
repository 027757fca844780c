// Twins and methods over the admin API.
#include "hub/admin/edge/twins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/admin/api.h"
#include "hub/edge/methods/body.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kTwin = R"(200 {"desired":{"a":1,"$version":2},"reported":{"$version":1}})";

class TwinsOverHttp : public ::testing::Test {
 protected:
  // "STATUS BODY".
  std::string ask(const std::string& method, const std::string& target, const std::string& body = {},
                  Role role = Role::operate) {
    AdminReply reply = api_.handle({method, target, body, {role, "anna", "x"}, {}});
    AdminResponse got;
    if (const auto* later = std::get_if<AdminLater>(&reply))
      later->start([&got](AdminResponse response) { got = std::move(response); });
    else
      got = std::get<AdminResponse>(reply);
    return std::to_string(got.status) + " " + got.body;
  }
  std::string invoke(const std::string& body) {
    return ask("POST", "/v1/methods/edge-1%2Fsensor/invoke", body);
  }

  testing::CannedHubView hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
};

TEST_F(TwinsOverHttp, AreReadAndChangedByTheIdentityOfThePath) {
  EXPECT_EQ(ask("GET", "/v1/twins/edge-1%2Fsensor"), kTwin);
  EXPECT_EQ(ask("POST", "/v1/twins/edge-1%2Fsensor/patch", R"({"a":null})"), kTwin);
  EXPECT_EQ(ask("POST", "/v1/twins/edge-1%2Fsensor/set", R"({"a":1})"), kTwin);
  EXPECT_THAT(hub_.edge_.asked_,
              ElementsAre(R"(patch edge-1/sensor {"a":null})", R"(set edge-1/sensor {"a":1})"));
  EXPECT_THAT(ask("GET", "/v1/twins/edge-1%2Fghost"), StartsWith("404"));
  EXPECT_THAT(ask("POST", "/v1/twins/edge-1%2Fghost/patch", "{}"), StartsWith("404"));
  EXPECT_THAT(ask("POST", "/v1/methods/edge-1%2Fghost/invoke", "{}"), StartsWith("404"));
  EXPECT_THAT(ask("GET", "/v1/twins/a%20b"), StartsWith("400"));
  EXPECT_THAT(ask("POST", "/v1/twins/a%2Fb%2Fc/set", "{}"), StartsWith("400"));
}

TEST_F(TwinsOverHttp, OfTheHubItselfTakeTheRoleThatRoutesTake) {
  for (const char* name : {"edge-1%2F%24edgeHub", "%24edgeHub"}) {
    for (const char* verb : {"/patch", "/set"}) {
      const std::string target = "/v1/twins/" + std::string(name) + verb;
      EXPECT_EQ(ask("POST", target, "{}"),
                R"(403 {"error":"routes of $edgeHub take the role admin, and the token has operate"})");
      EXPECT_THAT(ask("POST", target, "{}", Role::admin), ::testing::Not(StartsWith("403")));
    }
    EXPECT_THAT(ask("GET", "/v1/twins/" + std::string(name)), ::testing::Not(StartsWith("403")));
  }
}

TEST_F(TwinsOverHttp, AreForgottenWithIdentitiesThatAreRegisteredNoMore) {
  EXPECT_EQ(ask("POST", "/v1/identities/leaf-1%2Fgone/forget"),
            R"(200 {"identity":"leaf-1/gone","twin":true,"messages":2})");
  EXPECT_THAT(hub_.edge_.asked_, ElementsAre("forget leaf-1/gone"));
  EXPECT_THAT(ask("POST", "/v1/identities/edge-1%2Fsensor/forget"), StartsWith("400"));
  EXPECT_THAT(ask("POST", "/v1/identities/a%20b/forget"), StartsWith("400"));
}

TEST_F(TwinsOverHttp, IdentitiesSayWhetherTheyComeIn) {
  hub_.identities_ = {{.id = {"edge-1", "sensor"},
                       .enabled = true,
                       .connected = false,
                       .seen = true,
                       .admitted = 1,
                       .refused = 2,
                       .last_refusal = "the token has expired",
                       .last_refused_ms = 5}};
  EXPECT_EQ(
      ask("GET", "/v1/identities"),
      R"(200 {"identities":[{"id":"edge-1/sensor","enabled":true,"connected":false,"seen":true,"admitted":1,)"
      R"("refused":2,"last_refusal":"the token has expired","last_refused_ms":5}]})");
}

TEST_F(TwinsOverHttp, MethodsAreCalledAsModulesCallThem) {
  EXPECT_EQ(
      invoke(
          R"({"methodName":"echo","payload":{"x":[1,"ü"]},"responseTimeoutInSeconds":5,"connectTimeoutInSeconds":7})"),
      R"(200 {"status":207,"payload":{"got":1}})");
  EXPECT_EQ(invoke(R"({"methodName":"stop"})"), R"(200 {"status":207,"payload":{"got":1}})");
  EXPECT_THAT(hub_.edge_.asked_, ElementsAre(R"(call edge-1/sensor echo {"x":[1,"ü"]} 5 7)",
                                             "call edge-1/sensor stop null 30 0"));
}

TEST_F(TwinsOverHttp, MethodsThatWereNotAnsweredSayWhy) {
  hub_.edge_.outcome_ = {504, 0, "null", "'edge-1/sensor' has not answered in time"};
  EXPECT_EQ(invoke(R"({"methodName":"echo"})"),
            R"(504 {"error":"'edge-1/sensor' has not answered in time"})");
}

TEST_F(TwinsOverHttp, CallsThatAreWrongAreRefused) {
  for (const char* body : {"", "[]", "{}", R"({"methodName":7})", R"({"methodName":"a b"})",
                           R"({"methodName":"a","responseTimeoutInSeconds":4})",
                           R"({"methodName":"a","responseTimeoutInSeconds":301})",
                           R"({"methodName":"a","responseTimeoutInSeconds":"5"})",
                           R"({"methodName":"a","connectTimeoutInSeconds":-1})",
                           R"({"methodName":"a","connectTimeoutInSeconds":1.5})"})
    EXPECT_THAT(invoke(body), StartsWith("400")) << body;
  EXPECT_THAT(hub_.edge_.asked_, IsEmpty());
}

}  // namespace
}  // namespace headgate::hub
