// Direct methods over HTTPS: who may call, and how the caller's SDK is told what happened.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/edge/methods/door.h"
#include "tests/support/edge/canned_verbs.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kBody =
    R"({"methodName":"echo","payload":{"x":[1,"ü"]},"responseTimeoutInSeconds":5,"connectTimeoutInSeconds":0})";

class MethodsOverHttps : public ::testing::Test {
 protected:
  static HttpRequest good() {
    return {"POST",
            "/twins/edge-1/modules/sensor/methods",
            {{"host", "localhost"},
             {"authorization", "token of edge-1/caller"},
             {"x-ms-edge-moduleid", "edge-1/caller"}},
            kBody,
            "192.0.2.7:40312"};
  }
  // "STATUS BODY".
  std::string ask(HttpRequest request) {
    HttpAnswer got{0, "no answer", ""};
    handler_(std::move(request), core::Now(), [&got](HttpAnswer answer) { got = std::move(answer); });
    EXPECT_EQ(got.content_type, "application/json; charset=utf-8");
    return std::to_string(got.status) + " " + got.body;
  }
  std::string ask_at(const std::string& target) {
    HttpRequest request = good();
    request.target = target;
    return ask(std::move(request));
  }
  std::string ask_with(const std::string& header, const std::string& value) {
    HttpRequest request = good();
    for (auto& [name, known] : request.headers)
      if (name == header) known = value;
    return ask(std::move(request));
  }

  testing::CannedEdgeVerbs verbs_;
  DoorCounts counts_;
  std::vector<std::string> refused_;  // "CALLER: WHY"
  HttpHandler handler_ = edge_door(
      method_door({verbs_, "edge-1",
                   [](std::string_view authorization, const EdgeId& caller, core::Now) -> core::Status {
                     if (authorization == "token of " + caller.id()) return {};
                     return core::fail(core::Errc::invalid, "no token of it");
                   },
                   [this](const HttpRequest&, std::string_view caller, std::string_view why, core::Now) {
                     refused_.push_back(std::string(caller).append(": ").append(why));
                   }}),
      counts_);
};

TEST_F(MethodsOverHttps, ReachTheTargetOfThePath) {
  EXPECT_EQ(ask(good()), R"(200 {"status":207,"payload":{"got":1}})");
  ask_at("/twins/leaf%2D1/methods?api-version=2018-06-30");
  ask_at("/twins/a%40b%25/modules/c%3A1/methods");
  EXPECT_THAT(verbs_.asked_, ElementsAre(R"(call edge-1/sensor echo {"x":[1,"ü"]} 5 0)",
                                         R"(call leaf-1 echo {"x":[1,"ü"]} 5 0)",
                                         R"(call a@b%/c:1 echo {"x":[1,"ü"]} 5 0)"));
}

TEST_F(MethodsOverHttps, AreOfModulesOfTheOwnDeviceWithTheirToken) {
  EXPECT_THAT(ask_with("x-ms-edge-moduleid", ""), StartsWith("400"));
  for (const char* caller : {"leaf-1/caller", "edge-1", "EDGE-1/caller", "edge-1/other", "edge-1/", "x y/z"})
    EXPECT_THAT(ask_with("x-ms-edge-moduleid", caller), StartsWith("401")) << caller;
  EXPECT_THAT(ask_with("authorization", ""), StartsWith("401"));
  EXPECT_THAT(ask_with("authorization", "token of edge-1/other"), StartsWith("401"));
  EXPECT_THAT(verbs_.asked_, IsEmpty());
}

TEST_F(MethodsOverHttps, AreFoundAtTheirPathsAlone) {
  for (const char* target : {"/twins/edge-1", "/twins/methods", "/twins//methods",
                             "/twins/a/modules//methods", "/twins/a/b/c/methods", "/twins/a/methods/",
                             "/twins/a%zz/methods", "/twins/a%2Fb/methods", "/v1/twins/a/methods", ""})
    EXPECT_THAT(ask_at(target), StartsWith("404")) << target;
  HttpRequest get = good();
  get.method = "GET";
  EXPECT_THAT(ask(std::move(get)), StartsWith("404"));
  EXPECT_THAT(verbs_.asked_, IsEmpty());
}

TEST_F(MethodsOverHttps, SayWhatIsWrong) {
  HttpRequest wrong = good();
  wrong.body = R"({"methodName":"a \"b"})";
  EXPECT_THAT(ask(std::move(wrong)), StartsWith(R"(400 {"message":"the method's name has)"));
  verbs_.outcome_ = {404, 0, "null", "'edge-1/sensor' is not connected, or takes no methods"};
  EXPECT_EQ(ask(good()), R"(404 {"message":"'edge-1/sensor' is not connected, or takes no methods"})");
  verbs_.outcome_ = {504, 0, "null", "it"};
  EXPECT_EQ(ask(good()), R"(504 {"message":"it"})");
}

TEST_F(MethodsOverHttps, TakeNoPayloadThatNobodyCouldWalk) {
  HttpRequest deep = good();
  deep.body = R"({"methodName":"a","payload":)" + std::string(70'000, '[') + std::string(70'000, ']') + "}";
  EXPECT_EQ(ask(std::move(deep)), R"(400 {"message":"the body has too many levels within one another"})");
  EXPECT_THAT(verbs_.asked_, IsEmpty());
}

TEST_F(MethodsOverHttps, AreCountedByTheirAnswerAndToldOfIfNobodyMayCall) {
  ask(good());
  ask_with("x-ms-edge-moduleid", "");
  ask_with("x-ms-edge-moduleid", "leaf-1/caller");
  ask_with("authorization", "x");
  ask_at("/v1/status");
  verbs_.outcome_ = {504, 0, "null", "it"};
  ask(good());
  EXPECT_EQ(counts_.answered, 1u);
  EXPECT_EQ(counts_.invalid, 1u);
  EXPECT_EQ(counts_.unauthorized, 2u);
  EXPECT_EQ(counts_.not_found, 1u);
  EXPECT_EQ(counts_.other, 1u);
  EXPECT_THAT(refused_,
              ElementsAre("leaf-1/caller: it is no module of this gateway", "edge-1/caller: no token of it"));
}

}  // namespace
}  // namespace headgate::hub
