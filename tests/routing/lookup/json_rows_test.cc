#include "routing/lookup/json_rows.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace headgate::routing {
namespace {

using JsonRows = std::map<std::string, std::string, std::less<>>;

JsonRows json_rows(std::string_view text, std::string_view key = "") {
  const auto rows = parse_json_rows(text, "t.json", key, {});
  if (!rows) return {{"error", rows.error().what}};
  return rows->rows();
}

std::string json_error(std::string_view text, std::string_view key = "", const TableLimits& limits = {}) {
  const auto rows = parse_json_rows(text, "t.json", key, limits);
  return rows ? "none" : rows.error().what;
}

TEST(JsonRows, AreMembersOfAnObjectByTheirName) {
  EXPECT_EQ(json_rows(R"({"a": {"max" : 1.50}, "b": "x", "c": null, /* none */ "d": 7})"),
            (JsonRows{{"a", R"({"max":1.5})"}, {"b", "\"x\""}, {"c", "null"}, {"d", "7"}}));
}

TEST(JsonRows, AreElementsOfAnArrayByAMember) {
  EXPECT_EQ(json_rows(R"([{"id": "a"}, {"id": 7.0}, {"id": true}, {"id": 0.1}])", "id"),
            (JsonRows{{"a", R"({"id":"a"})"},
                      {"7", R"({"id":7.0})"},
                      {"true", R"({"id":true})"},
                      {"0.1", R"({"id":0.1})"}}));
}

TEST(JsonRows, SayWhereATextIsWrong) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"[1]", "t.json: [0]: has no member \"id\", the key"},
      {R"([{"id": {}}])", "t.json: [0].id: is an object; a key is a text, a number or a boolean"},
      {R"([{"id": 1}, {"id": 1.0}])", "t.json: [1]: another row has the key \"1\""},
      {R"({"a": [1]})", "t.json: a: is an array; a row is an object, or a single value"},
      {R"({"": 1})", "t.json: [\"\"]: the key is empty"},
      {"7", "t.json: is 7; allowed: {key: row, …}, or an array of objects"}};
  for (const auto& [text, error] : table) EXPECT_EQ(json_error(text, "id"), error) << text;
  EXPECT_EQ(json_error("[]"),
            "t.json: is an array; say which member of its rows is the key, or write {key: row, …}");
  EXPECT_TRUE(json_error("{\"a\": 1,\n \"b\": }").starts_with("t.json:2:7: "))
      << json_error("{\"a\": 1,\n \"b\": }");
  EXPECT_NE(json_error(R"({"a": 1, "a": 2})").find("a"), std::string::npos);
}

TEST(JsonRows, AreBounded) {
  EXPECT_EQ(json_error(R"({"a": 1, "b": 2})", "", {.rows_max = 1}),
            "t.json: b: the table has at most 1 rows (\"maxRows\")");
}

TEST(JsonRows, NestNoDeeperThanTheReaderAllows) {
  EXPECT_NE(json_error("{\"a\": " + std::string(5000, '[') + std::string(5000, ']') + "}"), "none");
}

TEST(BodyRow, IsJsonElseText) {
  const auto row = [](std::string_view body) { return parse_body_row(body, "")->row; };
  EXPECT_EQ(row(R"( {"a": 1} )"), R"({"a":1})");
  EXPECT_EQ(row("23.5"), "23.5");
  EXPECT_EQ(row("bar"), "\"bar\"");
  EXPECT_EQ(row("\"x\""), "\"x\"");
}

TEST(BodyRow, HasItsKeyInAMember) { EXPECT_EQ(parse_body_row(R"({"id": 7, "a": 1})", "id")->key, "7"); }

TEST(BodyRow, IsRefusedWithTheReason) {
  const auto error = [](std::string_view body, std::string_view member) {
    return parse_body_row(body, member).error().what;
  };
  EXPECT_EQ(error("{\"a\":", ""), "is no JSON that can be read");
  EXPECT_EQ(error("[1]", ""), "is an array; a row is an object, or a single value");
  EXPECT_EQ(error("\xFF", ""), "is no UTF-8 text");
  EXPECT_EQ(error("23.5", "id"), "has no member \"id\" that is a text, a number or a boolean: the key");
  EXPECT_EQ(error(R"({"id": null})", "id"),
            "has no member \"id\" that is a text, a number or a boolean: the key");
}

}  // namespace
}  // namespace headgate::routing
