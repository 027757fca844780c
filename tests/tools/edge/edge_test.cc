// `headgate twin`, `headgate method` and `headgate c2d` over a canned hub.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/canned_admin_client.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/edge/commands.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kTwinJson = R"({"desired":{"interval":10,"$version":7},"reported":{"$version":1}})";

class EdgeCommands : public ::testing::Test {
 protected:
  [[nodiscard]] nlohmann::json sent() const { return nlohmann::json::parse(client_.sent_); }

  const testing::TempDir dir_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::istringstream in_;
  testing::CannedAdminClient client_;
  Context context_{client_, out_, err_};
};

TEST_F(EdgeCommands, TwinGetShowsBothPartsWithTheirVersions) {
  client_.answers_["/v1/twins/edge-1%2Fsensor"] = kTwinJson;
  EXPECT_EQ(run_twin_get(context_, "edge-1/sensor"), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), "desired, version 7\n{\n  \"interval\": 10\n}\nreported, version 1\n{}\n");
}

TEST_F(EdgeCommands, TwinGetPrintsJsonAsItCame) {
  client_.answers_["/v1/twins/leaf-1"] = kTwinJson;
  context_.json = true;
  EXPECT_EQ(run_twin_get(context_, "leaf-1"), kExitOk);
  EXPECT_EQ(out_.str(), std::string(kTwinJson) + "\n");
}

TEST_F(EdgeCommands, TwinsAreChangedByAnArgumentOrStandardInput) {
  client_.answers_["POST /v1/twins/leaf-1/patch"] = kTwinJson;
  client_.answers_["POST /v1/twins/leaf-1/set"] = kTwinJson;
  EXPECT_EQ(run_twin_change(context_, "leaf-1", TwinChange::patch, R"({"a":null})", in_), kExitOk);
  EXPECT_EQ(client_.sent_, R"({"a":null})");
  in_.str(R"({"b":1})");
  EXPECT_EQ(run_twin_change(context_, "leaf-1", TwinChange::set, std::nullopt, in_), kExitOk);
  EXPECT_EQ(client_.sent_, R"({"b":1})");
}

TEST_F(EdgeCommands, MethodInvokePrintsWhatTheTargetAnswers) {
  client_.answers_["POST /v1/methods/edge-1%2Fsensor/invoke"] = R"({"status":207,"payload":{"got":"ü"}})";
  EXPECT_EQ(run_method_invoke(context_, {"edge-1/sensor", "echo", R"({"x":1})", 5, 7}), kExitOk)
      << err_.str();
  EXPECT_EQ(out_.str(), "status 207\n{\n  \"got\": \"ü\"\n}\n");
  EXPECT_EQ(
      sent(),
      nlohmann::json::parse(
          R"({"methodName":"echo","payload":{"x":1},"responseTimeoutInSeconds":5,"connectTimeoutInSeconds":7})"));
}

TEST_F(EdgeCommands, MethodInvokeFailsWithTheTargetsStatus) {
  client_.answers_["POST /v1/methods/leaf-1/invoke"] = R"({"status":500,"payload":null})";
  EXPECT_EQ(run_method_invoke(context_, {"leaf-1", "echo"}), kExitFailed);
  EXPECT_EQ(run_method_invoke(context_, {"leaf-2", "echo"}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("no hub answers"));
}

TEST_F(EdgeCommands, MethodInvokeRefusesAPayloadThatIsNoJson) {
  EXPECT_EQ(run_method_invoke(context_, {"leaf-1", "echo", "text"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("needs quotes of its own"));
  EXPECT_THAT(client_.asked_, IsEmpty());
}

TEST_F(EdgeCommands, C2dSendCarriesAnyBodyAndAllProperties) {
  client_.answers_["POST /v1/devices/leaf-1/messages"] = R"({"device":"leaf-1","seq":7,"waiting":1})";
  in_.str(std::string("\0\xff", 2));
  EXPECT_EQ(run_c2d_send(context_,
                         {.device = "leaf-1",
                          .properties = {"a=b=c", "d="},
                          .message_id = "m-1",
                          .correlation_id = "c-1",
                          .content_type = "text/plain",
                          .expiry_s = 60},
                         in_),
            kExitOk)
      << err_.str();
  EXPECT_EQ(sent(), nlohmann::json::parse(
                        R"({"payload_base64":"AP8=","expiry_s":60,"user_properties":[["a","b=c"],["d",""]],)"
                        R"("message_id":"m-1","correlation_id":"c-1","content_type":"text/plain"})"));
  EXPECT_EQ(out_.str(), "stored for leaf-1 as seq 7; 1 wait for it\n");
}

TEST_F(EdgeCommands, C2dSendTakesItsBodyFromAnArgumentOrAFile) {
  client_.answers_["POST /v1/devices/leaf-1/messages"] = R"({"device":"leaf-1","seq":7,"waiting":1})";
  EXPECT_EQ(run_c2d_send(context_, {.device = "leaf-1", .body = "hi"}, in_), kExitOk);
  EXPECT_EQ(sent()["payload_base64"], "aGk=");
  EXPECT_EQ(run_c2d_send(context_, {.device = "leaf-1", .file = dir_.write("body", "file")}, in_), kExitOk);
  EXPECT_EQ(sent()["payload_base64"], "ZmlsZQ==");
  EXPECT_EQ(run_c2d_send(context_, {.device = "leaf-1", .file = "/none"}, in_), kExitUsage);
  EXPECT_EQ(run_c2d_send(context_, {.device = "leaf-1", .body = "hi", .properties = {"a"}}, in_), kExitUsage);
}

TEST_F(EdgeCommands, C2dLsAndPurgeShowAndDropWhatWaits) {
  client_.answers_["/v1/devices/leaf-1/messages?count=1000&payload=1"] =
      R"({"queue":"devices/leaf-1/messages/devicebound","messages":[{"seq":7,"lane":10,"priority":null,"expires_ms":1,
          "topic":"devices/leaf-1/messages/devicebound","qos":1,"retain":false,"arrived_ms":1,"body_bytes":2,"payload":"hi"}]})";
  client_.answers_["POST /v1/devices/leaf-1/purge"] =
      R"({"queue":"devices/leaf-1/messages/devicebound","purged":3})";
  EXPECT_EQ(run_c2d_ls(context_, "leaf-1", true), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("hi"));
  EXPECT_EQ(run_c2d_purge(context_, "leaf-1", {.yes = true}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("dropped 3 for leaf-1"));
}

}  // namespace
}  // namespace headgate::tools
