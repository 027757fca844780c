#include "routing/compute/topic_template.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/topic.h"
#include "tests/routing/compute/fields_of_body.h"

namespace headgate::routing {
namespace {

using testing::checked_expression;
using testing::FieldsOfBody;

constexpr Reading kStrict{Semantics::strict, BodyMode::auto_detect};

// `before` {$body.v} `after`.
TopicTemplate around(std::string before, std::string after) {
  return {{{std::move(before), checked_expression("$body.v"), "$body.v"}, {std::move(after), {}, {}}}};
}

class TopicTemplates : public ::testing::Test {
 protected:
  TopicFault fill(const TopicTemplate& topic, Value value) {
    FieldsOfBody fields({{"v", value}});
    Evaluator evaluator;
    return fill_in(topic, evaluator, kStrict, fields, nullptr, made_, at_fault_);
  }
  TopicFault fill(std::string_view text) { return fill(around("alerts/", "/high"), Value::of(text)); }

  std::string made_;
  std::string_view at_fault_;
};

TEST_F(TopicTemplates, FillInATextANumberOrABoolean) {
  EXPECT_EQ(fill("pump 7"), TopicFault::none);
  EXPECT_EQ(made_, "alerts/pump 7/high");
  EXPECT_EQ(fill(around("a/", ""), Value::of(12.0)), TopicFault::none);
  EXPECT_EQ(made_, "a/12");
  EXPECT_EQ(fill(around("a/", ""), Value::of(-0.5)), TopicFault::none);
  EXPECT_EQ(made_, "a/-0.5");
  EXPECT_EQ(fill(around("a/", "/b"), Value::of(true)), TopicFault::none);
  EXPECT_EQ(made_, "a/true/b");
}

TEST_F(TopicTemplates, FillInANumberAsItWasWritten) {
  const auto number = [](double value, std::string_view text) {
    Value written = Value::of(value);
    written.text = text;
    return written;
  };
  EXPECT_EQ(fill(around("a/", ""), number(21.1, "21.10")), TopicFault::none);
  EXPECT_EQ(made_, "a/21.10");
  EXPECT_EQ(fill(around("a/", ""), number(1e21, "1E+21")), TopicFault::none);
  EXPECT_EQ(made_, "a/1E21");
  EXPECT_EQ(fill(around("a/", ""), Value::of(1e300)), TopicFault::none);
  EXPECT_EQ(made_, "a/1e300");
}

TEST_F(TopicTemplates, KeepAValueWithinItsLevel) {
  EXPECT_EQ(fill("a/b"), TopicFault::levels);
  EXPECT_EQ(fill("/"), TopicFault::levels);
  EXPECT_EQ(fill(""), TopicFault::empty);
  EXPECT_EQ(fill("+"), TopicFault::wildcard);
  EXPECT_EQ(fill("a#"), TopicFault::wildcard);
  EXPECT_EQ(fill("$SYS"), TopicFault::dollar);
  EXPECT_EQ(fill(std::string_view("a\0b", 3)), TopicFault::not_utf8);
  EXPECT_EQ(fill("\xFF"), TopicFault::not_utf8);
}

TEST_F(TopicTemplates, GiveNothingForWhatHasNoText) {
  for (const Value& value : {Value::undefined(), Value::missing(), Value::null()})
    EXPECT_EQ(fill(around("a/", ""), value), TopicFault::no_value);
}

TEST_F(TopicTemplates, NeverLeadToTheHubsOwnTopicsOrAModulesInput) {
  EXPECT_EQ(fill(around("$SYS/", ""), Value::of(std::string_view("x"))), TopicFault::forbidden);
  const auto input = Value::of(std::string_view("inputs"));
  EXPECT_EQ(fill(around("modules/m/", "/i"), input), TopicFault::forbidden);
  EXPECT_EQ(fill(around("modules/m/", ""), input), TopicFault::forbidden);
  EXPECT_EQ(fill(around("modules/m/", "/"), input), TopicFault::forbidden);
  EXPECT_EQ(fill(around("modules/m/outputs/", ""), input), TopicFault::none);
  EXPECT_EQ(fill(around("modules/m/out", "/i"), input), TopicFault::none);
  EXPECT_EQ(fill(around("", "/m/inputs/i"), Value::of(std::string_view("modules"))), TopicFault::forbidden);
}

TEST_F(TopicTemplates, AreNoLongerThanATopicMayBe) {
  const std::string longest(65'535 - std::string_view("alerts//high").size(), 'x');
  EXPECT_EQ(fill(longest), TopicFault::none);
  EXPECT_EQ(fill(longest + "x"), TopicFault::too_long);
  EXPECT_EQ(fill(std::string(1'000'000, 'x')), TopicFault::too_long);
}

TEST_F(TopicTemplates, CountWhatTheyRefuseAndKeepTheLast) {
  const Sink fixed{Sink::Kind::topic, "", "", "a", {}};
  const Sink filled{Sink::Kind::topic, "", "", "b/{$body.v}", around("b/", "")};
  FieldsOfBody fields({{"v", Value::of(std::string_view("x/y"))}});
  Evaluator evaluator;
  ComputeResult result;
  uint64_t type_errors = 0;
  std::string sample;
  fill_in_topics({fixed, filled}, evaluator, kStrict, fields, nullptr, result, type_errors, sample);
  EXPECT_EQ(result.refused, (std::vector<bool>{false, true}));
  EXPECT_FALSE(result.topics[0] || result.topics[1]);
  EXPECT_EQ(type_errors, 1u);
  EXPECT_EQ(sample, "the topic 'b/{$body.v}': $body.v holds /, and fills in one level: 'b/x/y'");
}

// Bytes that are likely to do harm, in any order.
TEST_F(TopicTemplates, GiveATopicOfTheirOwnFormOrNoneWhateverTheValue) {
  constexpr std::string_view kPieces[] = {"/",      "+", "#",    "$",      "modules",
                                          "inputs", "m", "\xC3", "\xA4",   "\xED\xA0\x80",
                                          "a",      " ", "..",   "outputs"};
  const TopicTemplate templates[] = {around("", ""), around("modules/m/", "/i"), around("", "/m/inputs/i"),
                                     around("modules/m/in", "s/i"), around("a/", "/b")};
  std::mt19937 random(20'261'129);
  for (int round = 0; round < 20'000; ++round) {
    std::string value;
    for (size_t i = random() % 4; i > 0; --i) {
      const size_t piece = random() % (std::size(kPieces) + 1);
      value.append(piece == std::size(kPieces) ? std::string_view("\0", 1) : kPieces[piece]);
    }
    const TopicTemplate& topic = templates[random() % std::size(templates)];
    if (fill(topic, Value::of(std::string_view(value))) != TopicFault::none) continue;
    const auto of_module = core::parse_module_topic(made_);
    EXPECT_TRUE(core::is_valid_topic_name(made_)) << made_;
    EXPECT_NE(made_.front(), '$') << made_;
    EXPECT_FALSE(of_module && of_module->kind == core::ModuleTopic::Kind::input) << made_;
    EXPECT_EQ(made_, topic.pieces[0].text + value + topic.pieces[1].text);
    EXPECT_EQ(value.find('/'), std::string::npos);
  }
}

}  // namespace
}  // namespace headgate::routing
