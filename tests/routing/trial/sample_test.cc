#include "routing/trial/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace headgate::routing {
namespace {

std::vector<SampleLine> sample(std::string_view text) {
  auto lines = parse_sample(text, "s.ndjson");
  EXPECT_TRUE(lines.has_value()) << lines.error().what;
  return lines ? std::move(*lines) : std::vector<SampleLine>();
}

TEST(Sample, ReadsWhatTailPrints) {
  const auto lines = sample(
      R"({"seq":7,"topic":"plant/1","qos":1,"retain":false,"arrived_ms":1700000000123,"body_bytes":5,"client":"c",)"
      R"("device":"d","module":"m","content_type":"text/plain","properties":[["kind","raw"]],"payload":"23.5 "})");
  ASSERT_EQ(lines.size(), 1u);
  const core::Message& message = *lines[0].message;
  EXPECT_EQ(lines[0].id, 7u);
  EXPECT_EQ(message.topic, "plant/1");
  EXPECT_EQ(message.body, "23.5 ");
  EXPECT_EQ(message.qos, 1);
  EXPECT_EQ(message.arrived_hub_ms, 1'700'000'000'123);
  EXPECT_EQ(*message.source, (core::Source{"c", "d", "m"}));
  EXPECT_EQ(message.props().content_type, "text/plain");
  EXPECT_EQ(message.props().user.at(0), (core::UserProperty{"kind", "raw"}));
}

TEST(Sample, ReadsBytesThatAreNoText) {
  EXPECT_EQ(sample(R"({"topic":"t","payload_base64":"/wA="})").at(0).message->body, std::string("\xff\0", 2));
  EXPECT_EQ(sample(R"({"topic":"t","payload_base64":"aGVsbG8"})").at(0).message->body, "hello");
}

TEST(Sample, ReadsTimesAsPeopleWriteThem) {
  const std::vector<std::pair<std::string, int64_t>> table = {
      {"5", 5}, {"\"90s\"", 90'000}, {"\"2h\"", 7'200'000}, {"\"1970-01-01T00:00:01Z\"", 1000}};
  for (const auto& [time, ms] : table)
    EXPECT_EQ(sample(R"({"topic":"t","at":)" + time + "}").at(0).at_ms, ms) << time;
}

TEST(Sample, KeepsTheTextOfABody) {
  EXPECT_EQ(sample(R"({"topic":"t","body":{"c":21.10,"id":12345678901234567890123}})").at(0).message->body,
            R"({"c":21.10,"id":12345678901234567890123})");
  EXPECT_EQ(sample(R"({"topic":"t","body": "23.50" , "qos":1})").at(0).message->body, "\"23.50\"");
  EXPECT_EQ(sample(R"({"topic":"t", /* a note */ "body":[1, /* two */ 2]})").at(0).message->body, "[1,2]");
}

TEST(Sample, MayBeginWithAByteOrderMark) {
  EXPECT_EQ(sample("\xEF\xBB\xBF{\"topic\":\"t\"}\r\n{\"topic\":\"u\"}\r\n").at(1).message->topic, "u");
}

TEST(Sample, TakesTheTimeOfTheLineBeforeAndNeverGoesBack) {
  const auto lines =
      sample("{\"at\":\"10s\",\"topic\":\"t\"}\n{\"topic\":\"t\"}\n{\"at\":\"5s\",\"topic\":\"t\"}\n");
  EXPECT_EQ(lines.at(1).at_ms, 10'000);
  EXPECT_EQ(lines.at(2).at_ms, 10'000);
}

TEST(Sample, PassesOverBlankLinesAndNotes) {
  EXPECT_EQ(sample("\n# a note\n{\"topic\":\"t\"}\r\n\n").size(), 1u);
}

TEST(Sample, MayOnlyLetTimePass) { EXPECT_EQ(sample(R"({"at":"1m"})").at(0).message, nullptr); }

TEST(Sample, SaysWhichLineIsWrong) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"[]", "a line is one JSON object"},
      {"{}", "there is no topic, and no time"},
      {R"({"at":"noon","topic":"t"})", "the time is none: \"90s\", an ISO time, or Unix milliseconds"},
      {R"({"topic":"a/+"})", "the topic is none that can be published to"},
      {R"({"topic":"t","payload_base64":"!"})", "payload_base64 is no base64"},
      {R"({"topic":"t","properties":["x"]})", "properties are neither {name: text} nor [[name, text]…]"}};
  for (const auto& [line, what] : table) {
    const auto lines = parse_sample("{\"topic\":\"t\"}\n" + line, "s.ndjson");
    ASSERT_FALSE(lines.has_value()) << line;
    EXPECT_EQ(lines.error().what, "s.ndjson:2: " + what);
  }
  const auto broken = parse_sample("{\"topic\" 1}", "s.ndjson", 5);
  EXPECT_THAT(broken.error().what, ::testing::StartsWith("s.ndjson:5: column "));
}

}  // namespace
}  // namespace headgate::routing
