#include "routing/evaluation/row_value.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace headgate::routing {
namespace {

Scratch scratch;

Value value_at(std::string_view row, std::string_view path) {
  return row_value(row, path.empty() ? BodyPath() : *parse_body_path(path), scratch);
}

TEST(RowValue, IsAMemberAtAnyDepth) {
  constexpr std::string_view kRow = R"({"a":1.5,"b":{"c":[true,{"d":"x"}]},"n":null})";
  EXPECT_EQ(value_at(kRow, "a").number, 1.5);
  EXPECT_TRUE(value_at(kRow, "b.c[0]").truth);
  EXPECT_EQ(value_at(kRow, "b.c[1].d").text, "x");
  EXPECT_TRUE(value_at(kRow, "n").is(Value::Kind::null));
  EXPECT_EQ(value_at(kRow, "b").text, R"({"c":[true,{"d":"x"}]})");
  EXPECT_EQ(value_at(kRow, "").text, kRow);
}

TEST(RowValue, IsTheRowItselfWhereThatIsSingle) {
  EXPECT_EQ(value_at("7", "").number, 7);
  EXPECT_EQ(value_at("\"bar\"", "").text, "bar");
  EXPECT_FALSE(value_at("false", "").truth);
}

TEST(RowValue, IsUndefinedWhereNothingIs) {
  for (const char* path : {"b", "a.b", "a[0]", "l[2]", "l.x"})
    EXPECT_TRUE(value_at(R"({"a":1,"l":[1,2]})", path).is(Value::Kind::undefined)) << path;
  EXPECT_TRUE(value_at("7", "a").is(Value::Kind::undefined));
}

TEST(RowValue, ReadsEscapesInNamesAndTexts) {
  EXPECT_EQ(value_at(R"({"\u00e9":"a\n\"\ud83d\ude00"})", "é").text, "a\n\"😀");
  EXPECT_EQ(value_at(R"({"a":"}],","b":[["]"],2]})", "b[1]").number, 2);
}

TEST(RowValue, OfARepeatedNameIsTheLast) { EXPECT_EQ(value_at(R"({"a":1,"a":2})", "a").number, 2); }

TEST(LookupKey, IsTheTextOfASingleValue) {
  const auto key = [](const Value& value) {
    std::string text;
    return append_lookup_key(text, value) ? text : "none";
  };
  EXPECT_EQ(key(Value::of(std::string_view("m1"))), "m1");
  EXPECT_EQ(key(Value::of(7.0)), "7");
  EXPECT_EQ(key(Value::of(-0.5)), "-0.5");
  EXPECT_EQ(key(Value::of(1e300)), "1e+300");
  EXPECT_EQ(key(Value::of(false)), "false");
  EXPECT_EQ(key(Value::of(std::numeric_limits<double>::infinity())), "none");
  EXPECT_EQ(key(Value::null()), "none");
  EXPECT_EQ(key(Value::undefined()), "none");
  EXPECT_EQ(key({.kind = Value::Kind::json, .text = "{}"}), "none");
}

}  // namespace
}  // namespace headgate::routing
