#include "routing/lookup/csv_rows.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace headgate::routing {
namespace {

using Rows = std::map<std::string, std::string, std::less<>>;

Rows rows_of(std::string_view text, std::string_view key = "") {
  const auto rows = parse_csv_rows(text, "t.csv", key, {});
  if (!rows) return {{"error", rows.error().what}};
  return rows->rows();
}

std::string error_of(std::string_view text, std::string_view key = "", const TableLimits& limits = {}) {
  const auto rows = parse_csv_rows(text, "t.csv", key, limits);
  return rows ? "none" : rows.error().what;
}

TEST(CsvRows, AreObjectsByTheFirstColumn) {
  EXPECT_EQ(rows_of("m,max\na,1\nb,2\n"),
            (Rows{{"a", R"({"m":"a","max":1})"}, {"b", R"({"m":"b","max":2})"}}));
}

TEST(CsvRows, AreByTheColumnThatIsNamed) {
  EXPECT_EQ(rows_of("max,m\n1,a\n", "m"), (Rows{{"a", R"({"max":1,"m":"a"})"}}));
}

TEST(CsvRows, HaveTypesAsTheyAreWritten) {
  EXPECT_EQ(rows_of("k,v\n1,-3.5e2\n2,true\n3,\"7\"\n4,007\n5,\n6,\"\"\n7,+1\n8,1.\n9,no\n"),
            (Rows{{"1", R"({"k":1,"v":-3.5e2})"},
                  {"2", R"({"k":2,"v":true})"},
                  {"3", R"({"k":3,"v":"7"})"},
                  {"4", R"({"k":4,"v":"007"})"},
                  {"5", R"({"k":5})"},
                  {"6", R"({"k":6,"v":""})"},
                  {"7", R"({"k":7,"v":"+1"})"},
                  {"8", R"({"k":8,"v":"1."})"},
                  {"9", R"({"k":9,"v":"no"})"}}));
}

TEST(CsvRows, TakeQuotesLineEndsAndAMarkAsRfc4180Has) {
  EXPECT_EQ(rows_of("\xEF\xBB\xBFk,v\r\n\"a,\",\"x \"\"y\"\"\r\nz\"\r\n\r\nb,\" \""),
            (Rows{{"a,", "{\"k\":\"a,\",\"v\":\"x \\\"y\\\"\\r\\nz\"}"}, {"b", R"({"k":"b","v":" "})"}}));
}

TEST(CsvRows, SayWhereAFileIsWrong) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "t.csv:1:1: the file is empty; its first line names the columns"},
      {"k,v\na,1,2\n", "t.csv:2:1: 3 fields, the header has 2"},
      {"k,v\na\n", "t.csv:2:1: 1 fields, the header has 2"},
      {"k,v\na,\"1\n2\n", "t.csv:2:3: a quote is opened here and never closed"},
      {"k,v\na,\"1\"2\n", "t.csv:2:6: text behind the closing quote of a field"},
      {"k,v\na,1\"2\n",
       "t.csv:2:4: a quote inside a field; put the whole field into quotes, and write \"\" for one"},
      {"k,v\ra,1\n", "t.csv:1:4: a carriage return that no line feed follows"},
      {"k,k\na,1\n", "t.csv:1:3: another column is named \"k\""},
      {"k,\na,1\n", "t.csv:1:3: this column has no name"},
      {"k,v\na,1\n\na,2\n", "t.csv:4:1: another row has the key \"a\""},
      {"k,v\n,1\n", "t.csv:2:1: the key is empty"},
      {"k,v\nb,1\n\xFF,2\n", "t.csv:3:1: this line is no UTF-8 text; save the file as UTF-8"}};
  for (const auto& [text, error] : table) EXPECT_EQ(error_of(text), error) << text;
}

TEST(CsvRows, NameTheColumnsWhenTheKeyIsNone) {
  EXPECT_EQ(error_of("k,v\na,1\n", "id"), "t.csv:1:1: no column is named \"id\", the key; there are k, v");
}

TEST(CsvRows, CountLinesWithinQuotes) {
  EXPECT_EQ(error_of("k,v\n\"a\nb\",\"1\"x\n"), "t.csv:3:7: text behind the closing quote of a field");
}

TEST(CsvRows, AreBoundedWithTheFigures) {
  EXPECT_EQ(error_of("k\na\nb\n", "", {.rows_max = 1}),
            "t.csv:3:1: the table has at most 1 rows (\"maxRows\")");
  EXPECT_EQ(error_of("k,v\na,bcdefghijk\n", "", {.row_bytes_max = 20}),
            "t.csv:2:1: the row has 26 bytes, a row of this table at most 20 (\"maxRowBytes\")");
  EXPECT_EQ(error_of("k\na\nb\n", "", {.bytes_max = 150}),
            "t.csv:3:1: the table has at most 150 bytes (\"maxBytes\"), and this row makes it 212");
  EXPECT_EQ(error_of("k\n" + std::string(2000, 'a') + "\n"),
            "t.csv:2:1: the key has 2000 bytes, a key at most 1024");
}

TEST(CsvRows, AreToldApartByTheirHash) {
  const auto hash = [](std::string_view text) { return parse_csv_rows(text, "t.csv", "", {})->hash(); };
  EXPECT_EQ(hash("k,v\na,1\nb,2\n"), hash("k,v\r\nb,2\r\na,1"));
  EXPECT_NE(hash("k,v\na,1\nb,2\n"), hash("k,v\na,1\nb,3\n"));
  EXPECT_NE(hash("k,v\na,1\n"), hash("k,v\na,\"1\"\n"));
  EXPECT_EQ(hash("k\n").size(), 16u);
}

}  // namespace
}  // namespace headgate::routing
