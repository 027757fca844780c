// Publishing over HTTP: one message with fields, many as lines, each of which is answered for itself.
#include "hub/admin/publish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hub/access/hub_user.h"
#include "hub/admin/api.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Fields = std::vector<std::pair<std::string, std::string>>;

class PublishOverHttp : public ::testing::Test {
 protected:
  // "STATUS BODY".
  std::string post(const std::string& topic, const std::string& body, Fields fields = {},
                   Caller caller = {Role::operate, "anna", "x"}) {
    AdminReply reply =
        api_.handle({"POST", "/v1/publish/" + topic, body, std::move(caller), std::move(fields)});
    AdminResponse got;
    if (const auto* later = std::get_if<AdminLater>(&reply))
      later->start([&got](AdminResponse response) { got = std::move(response); });
    else
      got = std::get<AdminResponse>(reply);
    hub_.run_later();
    return std::to_string(got.status) + " " + got.body;
  }
  std::string post_lines(const std::string& lines) {
    return post("plant/7", lines, {{"content-type", "application/x-ndjson"}});
  }
  [[nodiscard]] const PublishRequest& last() const { return hub_.published_.back(); }

  testing::CannedHubView hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
};

TEST_F(PublishOverHttp, TakesTheBodyAsItIsAndAnswersWithItsSeq) {
  EXPECT_EQ(post("plant/7/temperature", R"({"t": 1.50})"), R"(200 {"repeated":false,"seq":1})");
  EXPECT_EQ(last().topic, "plant/7/temperature");
  EXPECT_EQ(last().body, R"({"t": 1.50})");
  EXPECT_EQ(last().user, "anna");
  EXPECT_FALSE(last().retain);
}

TEST_F(PublishOverHttp, TakesWhatMqtt5HasByFields) {
  EXPECT_THAT(post("a/b%2F", "x",
                   {{"headgate-retain", "1"},
                    {"headgate-expiry-s", "60"},
                    {"headgate-content-type", "text/plain"},
                    {"headgate-response-topic", "answers/7"},
                    {"headgate-correlation-data", "AAE="},
                    {"headgate-user-property", "a=b=c"},
                    {"headgate-user-property", "a="},
                    {"idempotency-key", "k-1"}}),
              StartsWith("200"));
  EXPECT_EQ(last().topic, "a/b/");
  EXPECT_TRUE(last().retain);
  EXPECT_EQ(last().expiry_s, 60u);
  EXPECT_EQ(last().properties.content_type, "text/plain");
  EXPECT_EQ(last().properties.response_topic, "answers/7");
  EXPECT_EQ(last().properties.correlation_data, std::string("\0\x01", 2));
  ASSERT_EQ(last().properties.user.size(), 2u);
  EXPECT_EQ(last().properties.user[0].value, "b=c");
  EXPECT_EQ(last().idempotency_key, "k-1");
}

TEST_F(PublishOverHttp, SaysWhatIsWrongInAField) {
  const std::pair<Fields, const char*> wrong[] = {
      {{{"headgate-retain", "yes"}}, "Headgate-Retain"},
      {{{"headgate-expiry-s", "0"}}, "expiry"},
      {{{"headgate-expiry-s", "-1"}}, "expiry"},
      {{{"headgate-correlation-data", "!"}}, "base64"},
      {{{"headgate-user-property", "a"}}, "name=value"},
      {{{"headgate-user-property", "a=\xff"}}, "UTF-8"},
      {{{"headgate-response-topic", "a/#"}}, "response topic"},
      {{{"headgate-retian", "1"}}, "there is no field headgate-retian"},
      {{{"idempotency-key", std::string(257, 'k')}}, "256 bytes"}};
  for (const auto& [fields, what] : wrong)
    EXPECT_THAT(post("a", "x", fields), ::testing::AllOf(StartsWith("400"), HasSubstr(what)));
  EXPECT_THAT(post("a/+/b", "x"), StartsWith("400"));
  EXPECT_THAT(post("a%00b", "x"), StartsWith("400"));
  EXPECT_TRUE(hub_.published_.empty());
}

TEST_F(PublishOverHttp, AnswersAsTheHubDecides) {
  EXPECT_EQ(post("secret/1", "x"), R"(403 {"error":"may not","status":403})");
  EXPECT_THAT(post("full/1", "x"), StartsWith("429"));
  EXPECT_EQ(post("a", "x", {{"idempotency-key", "seen"}}), R"(200 {"repeated":true,"seq":1})");
}

TEST_F(PublishOverHttp, TakesARoleAndIsTheOperatorsOverTheSocket) {
  EXPECT_THAT(post("a", "x", {}, {Role::read, "anna", "x"}), StartsWith("403"));
  EXPECT_THAT(post("a", "x", {}, {}), StartsWith("200"));
  EXPECT_EQ(last().user, kOperatorUser);
}

TEST_F(PublishOverHttp, AnswersALineEachSoThatABadOneHarmsItselfAlone) {
  EXPECT_EQ(post_lines("{\"payload\": \"one\"}\r\n"
                       "\n"
                       "{\"payload\": {\"t\": 1}, \"topic\": \"plant/8\", \"retain\": true}\n"
                       "not JSON\n"
                       "{\"topic\": \"secret/1\", \"payload\": 7}\n"
                       "{\"payload_base64\": \"AAE=\"}"),
            "200 {\"repeated\":false,\"seq\":1}\n"
            "{\"repeated\":false,\"seq\":2}\n"
            "{\"error\":\"the line is no JSON object\",\"status\":400}\n"
            "{\"error\":\"may not\",\"status\":403}\n"
            "{\"repeated\":false,\"seq\":3}\n");
  EXPECT_EQ(hub_.published_[0].topic, "plant/7");
  EXPECT_EQ(hub_.published_[1].topic, "plant/8");
  EXPECT_EQ(hub_.published_[1].body, R"({"t":1})");
  EXPECT_TRUE(hub_.published_[1].retain);
  EXPECT_EQ(hub_.published_[2].body, std::string("\0\x01", 2));
}

TEST_F(PublishOverHttp, SaysWhatIsWrongInALine) {
  for (const char* line : {"[]",
                           "1",
                           "{}",
                           R"({"payload": "a", "payload_base64": "YQ=="})",
                           R"({"payload_base64": "a"})",
                           R"({"payload_base64": 1})",
                           R"({"payload": "a", "retain": 1})",
                           R"({"payload": "a", "expiry_s": 0})",
                           R"({"payload": "a", "expiry_s": -1})",
                           R"({"payload": "a", "expiry_s": 4294967296})",
                           R"({"payload": "a", "expiry_s": "60"})",
                           R"({"payload": "a", "topic": "a/#"})",
                           R"({"payload": "a", "topic": 7})",
                           R"({"payload": "a", "topic": ""})",
                           R"({"payload": "a", "user_properties": {"a": "b"}})",
                           R"({"payload": "a", "user_properties": [["a"]]})",
                           R"({"payload": "a", "user_properties": [["a", 1]]})",
                           R"({"payload": "a", "response_topic": "+"})",
                           R"({"payload": "a", "retian": true})",
                           R"({"payload": "a", "retian": "x"})",
                           R"({"payload": "a", "correlation_base64": "?"})"}) {
    const auto parsed = parse_publish_line(line, "t");
    ASSERT_FALSE(parsed) << line;
    EXPECT_EQ(parsed.error().code, core::Errc::invalid) << line;
    EXPECT_FALSE(parsed.error().what.empty());
  }
}

TEST_F(PublishOverHttp, TakesNoLineThatIsTooDeepToWalk) {
  const std::string deep = R"({"payload":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  const auto parsed = parse_publish_line(deep, "t");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().what, "the line has too many levels within one another");
}

// As deep a stack as for one line, and no turn of the loop with more than a few.
TEST_F(PublishOverHttp, TakesAnyNumberOfLines) {
  std::string lines;
  for (int i = 0; i < 100'000; ++i) lines += i % 3 == 0 ? "x\n" : "{\"payload\":1}\n";
  const std::string answers = post_lines(lines);
  EXPECT_EQ(std::ranges::count(answers, '\n'), 100'000);
  EXPECT_EQ(hub_.published_.size(), 66'666u);
  EXPECT_EQ(post_lines(""), "200 ");
}

}  // namespace
}  // namespace headgate::hub
