// Messages to devices over the admin API.
#include "hub/admin/edge/devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/admin/api.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class DevicesOverHttp : public ::testing::Test {
 protected:
  // "STATUS BODY".
  std::string ask(const std::string& method, const std::string& target, const std::string& body = {}) {
    AdminReply reply = api_.handle({method, target, body, {Role::operate, "anna", "x"}, {}});
    AdminResponse got;
    if (const auto* later = std::get_if<AdminLater>(&reply))
      later->start([&got](AdminResponse response) { got = std::move(response); });
    else
      got = std::get<AdminResponse>(reply);
    return std::to_string(got.status) + " " + got.body;
  }
  std::string send(const std::string& body) { return ask("POST", "/v1/devices/edge-1/messages", body); }

  testing::CannedHubView hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
};

TEST_F(DevicesOverHttp, TakeAMessageWithAllThatItCarries) {
  EXPECT_EQ(
      send(R"({"payload_base64":"AP8=","message_id":"m-1","correlation_id":"c","content_type":"text/plain",)"
           R"("content_encoding":"utf-8","expiry_s":60,"user_properties":[["a","b"],["a","c"]]})"),
      R"(200 {"device":"edge-1","seq":7,"waiting":1})");
  const DeviceMessage& sent = hub_.edge_.sent_.back();
  EXPECT_EQ(sent.device, "edge-1");
  EXPECT_EQ(sent.body, std::string("\0\xff", 2));
  EXPECT_EQ(sent.expiry_s, 60u);
  EXPECT_EQ(sent.properties.correlation_data, "c");
  EXPECT_EQ(sent.properties.content_type, "text/plain");
  EXPECT_EQ(sent.properties.content_encoding, "utf-8");
  EXPECT_THAT(sent.properties.user, ElementsAre(core::UserProperty{"$.mid", "m-1"},
                                                core::UserProperty{"a", "b"}, core::UserProperty{"a", "c"}));
  EXPECT_THAT(send(R"({"payload":{"t":1}})"), StartsWith("200"));
  EXPECT_EQ(hub_.edge_.sent_.back().body, R"({"t":1})");
  EXPECT_EQ(hub_.edge_.sent_.back().expiry_s, 3'600u);
}

TEST_F(DevicesOverHttp, SayWhatIsWrong) {
  for (const char* body :
       {"", "[]", "{}", R"({"payload":1,"payload_base64":""})", R"({"payload_base64":"!"})",
        R"({"payload":1,"expiry_s":-1})", R"({"payload":1,"other":"x"})", R"({"payload":1,"message_id":7})",
        R"({"payload":1,"user_properties":[["a"]]})"})
    EXPECT_THAT(send(body), StartsWith("400")) << body;
  EXPECT_THAT(send(R"({"payload":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}"),
              HasSubstr("too many levels"));
  EXPECT_THAT(ask("POST", "/v1/devices/ghost/messages", R"({"payload":1})"), StartsWith("404"));
  hub_.edge_.full_ = true;
  EXPECT_THAT(send(R"({"payload":1})"), StartsWith("429"));
}

TEST_F(DevicesOverHttp, ShowAndDropWhatWaits) {
  EXPECT_EQ(ask("GET", "/v1/devices/edge-1/messages"),
            R"(200 {"queue":"devices/edge-1/messages/devicebound","messages":[]})");
  EXPECT_EQ(ask("POST", "/v1/devices/edge-1/purge"),
            R"(200 {"queue":"devices/edge-1/messages/devicebound","purged":0})");
  hub_.append("devices/edge-1/messages/devicebound",
              testing::CannedHubView::message("devices/edge-1/messages/devicebound", "body"),
              store::kDefaultLane);
  EXPECT_THAT(ask("GET", "/v1/devices/edge-1/messages?payload=1"), HasSubstr(R"("payload":"body")"));
  EXPECT_EQ(ask("POST", "/v1/devices/edge-1/purge"),
            R"(200 {"queue":"devices/edge-1/messages/devicebound","purged":1})");
  EXPECT_THAT(ask("GET", "/v1/devices/ghost/messages"), StartsWith("404"));
  EXPECT_THAT(ask("POST", "/v1/devices/ghost/purge"), StartsWith("404"));
}

}  // namespace
}  // namespace headgate::hub
