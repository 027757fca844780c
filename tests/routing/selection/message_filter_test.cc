// Filters over messages, as an operator writes them.
#include "routing/selection/message_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::routing {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNowMs = 1'700'000'000'000;

core::Message hot() {
  core::Message message;
  message.topic = "plant/7/temperature";
  message.body = R"({"celsius": 91})";
  message.arrived_ms = kNowMs - 3'600'000;
  message.source = std::make_shared<core::Source>(core::Source{"pump-1", "gw", "filter"});
  core::Properties properties;
  properties.user = {{"unit", "C"}, {"empty", ""}};
  message.properties = std::make_shared<core::Properties>(properties);
  return message;
}

struct Case {
  const char* name;
  const char* value;
  bool takes;
};

class Filters : public ::testing::TestWithParam<Case> {};

TEST_P(Filters, TakeAsTheirPartSays) {
  auto filter = MessageFilter::compile({{GetParam().name, GetParam().value}}, kNowMs);
  ASSERT_TRUE(filter) << filter.error().what;
  EXPECT_EQ(filter->takes(hot()), GetParam().takes);
}

INSTANTIATE_TEST_SUITE_P(
    Parts, Filters,
    ::testing::Values(Case{"topic", "plant/+/temperature", true}, Case{"topic", "plant/8/#", false},
                      Case{"client", "pump-1", true}, Case{"client", "pump", false},
                      Case{"device", "gw", true}, Case{"module", "other", false},
                      Case{"property", "unit", true}, Case{"property", "unit=C", true},
                      Case{"property", "unit=F", false}, Case{"property", "empty=", true},
                      Case{"property", "gone", false}, Case{"since", "2h", true}, Case{"since", "30m", false},
                      Case{"until", "30m", true}, Case{"until", "2023-11-14T21:00:00Z", false},
                      Case{"contains", "celsius", true}, Case{"contains", "kelvin", false},
                      Case{"where", "$body.celsius > 90", true}, Case{"where", "$body.celsius > 91", false},
                      Case{"where", "$body.kelvin > 1", false}, Case{"where", "unit = 'C'", true}));

TEST(MessageFilters, HoldWithAllTheirParts) {
  EXPECT_TRUE(
      MessageFilter::compile({{"topic", "#"}, {"where", "$body.celsius > 90"}}, kNowMs)->takes(hot()));
  EXPECT_FALSE(
      MessageFilter::compile({{"topic", "x"}, {"where", "$body.celsius > 90"}}, kNowMs)->takes(hot()));
  EXPECT_TRUE(MessageFilter::compile({{"limit", "5"}}, kNowMs)->empty());
}

TEST(MessageFilters, SayWhetherTheyTellOfBodies) {
  EXPECT_FALSE(MessageFilter::compile({{"topic", "#"}, {"property", "a"}}, kNowMs)->looks_inside());
  EXPECT_TRUE(MessageFilter::compile({{"contains", "a"}}, kNowMs)->looks_inside());
  EXPECT_TRUE(MessageFilter::compile({{"where", "unit = 'C'"}}, kNowMs)->looks_inside());
}

TEST(MessageFilters, RefuseWhatIsWrongWithWhatIsAllowed) {
  const auto error = [](const char* name, const char* value) {
    const auto filter = MessageFilter::compile({{name, value}}, kNowMs);
    return filter ? "taken" : filter.error().what;
  };
  EXPECT_THAT(error("topic", "a/#/b"), HasSubstr("topic: \"a/#/b\"; allowed: an MQTT topic filter"));
  EXPECT_THAT(error("since", "yesterday"), HasSubstr("since: \"yesterday\" is no time; allowed: "));
  EXPECT_THAT(error("where", "$body.celsius >"), HasSubstr("where: 1:"));
  EXPECT_THAT(error("where", "unit > 5"), HasSubstr("where: 1:"));
  EXPECT_THAT(error("where", "count(*) > 5"), HasSubstr("where: 1:"));
  EXPECT_THAT(error("client", ""), HasSubstr("client: it is empty"));
}

}  // namespace
}  // namespace headgate::routing
