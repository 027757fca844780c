#include "routing/compute/projection.h"

#include <gtest/gtest.h>

#include "routing/evaluation/json_members.h"
#include "tests/routing/compute/fields_of_body.h"

namespace headgate::routing {
namespace {

using testing::checked_expression;
using testing::FieldsOfBody;

class Projection : public ::testing::Test {
 protected:
  Projection() { plan_.sinks.emplace_back(); }

  void select(const std::string& name, std::string_view expression) {
    plan_.query.items.push_back({name, checked_expression(expression)});
  }
  ComputeResult run(FieldsOfBody fields) {
    Evaluator evaluator;
    return project(plan_, evaluator, fields, type_errors_, sample_);
  }
  std::string body(FieldsOfBody fields) { return run(std::move(fields)).body; }

  ComputePlan plan_;
  uint64_t type_errors_ = 0;
  std::string sample_;
};

TEST_F(Projection, WritesTheValuesOfTheListInItsOrder) {
  plan_.query.all = false;
  select("t", "$body.temp");
  select("missing", "$body.none");
  select("level", "'high'");
  EXPECT_EQ(body(FieldsOfBody({{"temp", Value::of(20.5)}})), R"({"t":20.5,"level":"high"})");
}

TEST_F(Projection, WritesAnEmptyRowIfNothingHasAValue) {
  plan_.query.all = false;
  select("t", "$body.temp");
  EXPECT_EQ(body(FieldsOfBody()), "{}");
}

TEST_F(Projection, PassesTheMessageOnIfAllIsSelected) {
  const ComputeResult result = run(FieldsOfBody());
  EXPECT_TRUE(result.passes_on);
  EXPECT_EQ(result.body, "");
}

TEST_F(Projection, AddsToTheBodyAndReplacesWhatHasTheName) {
  select("b", "$body.temp");
  select("c", "'new'");
  const std::string text = R"( { "a" : [1, {"b": 2}], "b":"old, {", "d\u0065": "}\"" , "\u0062": 7 } )";
  EXPECT_EQ(body(FieldsOfBody({{"temp", Value::of(1.0)}}, text)),
            R"({"a":[1, {"b": 2}],"d\u0065":"}\"","b":1,"c":"new"})");
}

TEST_F(Projection, AddsToAnEmptyBodyAndAddsNothing) {
  select("b", "$body.temp");
  EXPECT_EQ(body(FieldsOfBody({{"temp", Value::of(1.0)}}, "{}")), R"({"b":1})");
  EXPECT_EQ(body(FieldsOfBody({}, "{\"a\":1}")), R"({"a":1})");
  EXPECT_EQ(body(FieldsOfBody({}, "{}")), "{}");
}

TEST_F(Projection, GivesNoResultForABodyThatNothingCanBeAddedTo) {
  select("b", "1");
  const ComputeResult result = run(FieldsOfBody({}, ""));
  EXPECT_FALSE(result.passes_on);
  EXPECT_EQ(result.body, "");
  EXPECT_EQ(type_errors_, 1u);
  EXPECT_NE(sample_, "");
}

TEST(JsonMembers, AreVisitedAsTheyAreWritten) {
  std::string seen;
  const auto visit = [&](std::string_view name, std::string_view value) {
    seen.append(name).append("=").append(value).append(";");
  };
  EXPECT_TRUE(for_each_member(R"({"a":"\\","b":[{"c":"]"}], "d" : -1e5 ,"e":{}})", visit));
  EXPECT_EQ(seen, R"(a="\\";b=[{"c":"]"}];d=-1e5;e={};)");
}

TEST(JsonMembers, EndWhereTheTextDoes) {
  const auto ignore = [](std::string_view, std::string_view) {};
  for (const std::string_view text : {"", "{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":\"\\",
                                      "{\"a\":[1", "{\"a\":1,", "[1]", "7"})
    EXPECT_FALSE(for_each_member(text, ignore)) << text;
}

TEST(JsonMembers, AreNamedTheSameHoweverTheirNamesAreWritten) {
  EXPECT_TRUE(names_the_same("a", "a"));
  EXPECT_TRUE(names_the_same(R"(\u0061)", "a"));
  EXPECT_TRUE(names_the_same(R"(\ud83d\ude00)", "😀"));
  EXPECT_TRUE(names_the_same(R"(\"\\\/\n)", "\"\\/\n"));
  EXPECT_FALSE(names_the_same("A", "a"));
  EXPECT_FALSE(names_the_same(R"(\u00)", "a"));
}

}  // namespace
}  // namespace headgate::routing
