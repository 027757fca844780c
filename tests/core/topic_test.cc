#include "core/topic.h"

#include <gtest/gtest.h>

namespace headgate::core {
namespace {

TEST(TopicName, RefusesWildcardsEmptyAndNul) {  // [MQTT-3.3.2-2] [MQTT-4.7.3-1] [MQTT-4.7.3-2]
  EXPECT_TRUE(is_valid_topic_name("a/b"));
  EXPECT_TRUE(is_valid_topic_name("/"));
  EXPECT_FALSE(is_valid_topic_name(""));
  EXPECT_FALSE(is_valid_topic_name("a/+"));
  EXPECT_FALSE(is_valid_topic_name("a/#"));
  EXPECT_FALSE(is_valid_topic_name(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_valid_topic_name(std::string(65536, 'x')));
}

TEST(TopicFilter, AllowsWildcardsOnlyAsWholeLevels) {  // [MQTT-4.7.1-1] [MQTT-4.7.1-2]
  for (const char* good : {"#", "+", "a/#", "a/+/b", "+/+", "/+", "a//b"})
    EXPECT_TRUE(is_valid_topic_filter(good)) << good;
  for (const char* bad : {"", "a#", "#/a", "a/#/b", "a+", "a/b+", "+a/b"})
    EXPECT_FALSE(is_valid_topic_filter(bad)) << bad;
}

TEST(TopicMatch, FollowsTheExamplesOfTheStandard) {  // MQTT 5.0 section 4.7.1
  EXPECT_TRUE(topic_matches("sport/tennis/player1/#", "sport/tennis/player1"));
  EXPECT_TRUE(topic_matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"));
  EXPECT_TRUE(topic_matches("sport/#", "sport"));
  EXPECT_TRUE(topic_matches("#", "a"));
  EXPECT_TRUE(topic_matches("sport/tennis/+", "sport/tennis/player1"));
  EXPECT_FALSE(topic_matches("sport/tennis/+", "sport/tennis/player1/ranking"));
  EXPECT_FALSE(topic_matches("sport/+", "sport"));
  EXPECT_TRUE(topic_matches("sport/+", "sport/"));
  EXPECT_TRUE(topic_matches("+/+", "/finance"));
  EXPECT_TRUE(topic_matches("/+", "/finance"));
  EXPECT_FALSE(topic_matches("+", "/finance"));
  EXPECT_FALSE(topic_matches("a/b", "a/b/c"));
  EXPECT_FALSE(topic_matches("a/b/c", "a/b"));
}

TEST(TopicMatch, HidesDollarTopicsFromLeadingWildcards) {  // [MQTT-4.7.2-1]
  EXPECT_FALSE(topic_matches("#", "$SYS/uptime"));
  EXPECT_FALSE(topic_matches("+/uptime", "$SYS/uptime"));
  EXPECT_TRUE(topic_matches("$SYS/#", "$SYS/uptime"));
}

TEST(Utf8, RefusesIllFormedSequences) {  // [MQTT-1.5.4-1] [MQTT-1.5.4-2]
  EXPECT_TRUE(is_valid_utf8("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
  EXPECT_FALSE(is_valid_utf8(std::string_view("\0", 1)));
  EXPECT_FALSE(is_valid_utf8("\xC0\xAF"));          // overlong
  EXPECT_FALSE(is_valid_utf8("\xE0\x80\x80"));      // overlong
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(is_valid_utf8("\xE2\x82"));          // cut short
  EXPECT_FALSE(is_valid_utf8("\x80"));              // lone continuation
}

TEST(ModuleTopic, NamesModuleAndOutput) {
  const auto output = parse_module_topic("modules/sensor/outputs/raw");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->kind, ModuleTopic::Kind::output);
  EXPECT_EQ(output->module, "sensor");
  EXPECT_EQ(output->name, "raw");
  EXPECT_EQ(parse_module_topic("modules/m/inputs/i")->kind, ModuleTopic::Kind::input);
  for (const char* other :
       {"modules/m", "modules//outputs/o", "modules/m/outputs/", "modules/m/other/x", "x/m/outputs/o"})
    EXPECT_FALSE(parse_module_topic(other)) << other;
}

TEST(ModuleTopic, ReachesInputsWhereverASubscriptionToThemDoes) {
  for (const char* topic : {"modules/m/inputs/i", "modules/m/inputs/i/j", "modules/m/inputs",
                            "modules/m/inputs/", "modules//inputs/i"}) {
    EXPECT_TRUE(reaches_module_inputs(topic)) << topic;
    EXPECT_TRUE(topic_matches("modules/+/inputs/#", topic)) << topic;
  }
  for (const char* topic :
       {"modules/m/input", "modules/m/outputs/inputs", "modules/inputs/i", "modules", "modules/m",
        "a/modules/m/inputs/i", "Modules/m/inputs/i", "modules/m/inputsx/i"}) {
    EXPECT_FALSE(reaches_module_inputs(topic)) << topic;
    EXPECT_FALSE(topic_matches("modules/+/inputs/#", topic)) << topic;
  }
}

TEST(FilterCovers, OnlyWhatItMatchesWhole) {
  struct Case {
    std::string_view wide, narrow;
    bool covers;
  };
  const std::vector<Case> cases = {
      {"a", "a", true},         {"a", "b", false},         {"a", "+", false},
      {"a", "#", false},        {"+", "a", true},          {"+", "+", true},
      {"+", "#", false},        {"+", "a/b", false},       {"#", "a/b", true},
      {"#", "+", true},         {"#", "#", true},          {"#", "+/#", true},
      {"+/#", "#", true},       {"+/#", "a", true},        {"+/+/#", "#", false},
      {"a/#", "a", true},       {"a/#", "a/b/c", true},    {"a/#", "a/+", true},
      {"a/#", "a/#", true},     {"a/#", "b", false},       {"a/#", "+/b", false},
      {"a", "a/#", false},      {"a/+", "a/#", false},     {"a/+/#", "a/#", false},
      {"a/+/#", "a/b", true},   {"a/+/#", "a", false},     {"a/+/c", "a/b/c", true},
      {"a/+/c", "a/+/c", true}, {"a/b/c", "a/+/c", false}, {"a/b", "a", false},
      {"a/", "a", false},       {"a", "a/", false},        {"a/+", "a/", true},
      {"#", "$SYS/#", false},   {"+/x", "$SYS/x", false},  {"$SYS/#", "$SYS/a/+", true},
      {"$SYS/#", "#", false},   {"$SYS/#", "+/a", false},  {"/+", "/a", true},
      {"+/+", "/a", true}};
  for (const Case& one : cases) {
    EXPECT_EQ(filter_covers(one.wide, one.narrow), one.covers) << one.wide << " over " << one.narrow;
  }
}

}  // namespace
}  // namespace headgate::core
