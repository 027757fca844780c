#include "routing/files/table_rule.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "routing/files/route_check.h"
#include "routing/files/route_file.h"

namespace headgate::routing {
namespace {

RouteFile with_tables(const std::string& tables) {
  return parse_route_file(R"({"routes": {}, "tables": {)" + tables + "}}", "conf/r.json");
}

std::string problem_of(const std::string& table) {
  const RouteFile file = with_tables(R"("t": )" + table);
  if (file.errors.empty()) return "none";
  EXPECT_TRUE(file.tables.empty());
  return file.errors.front().what;
}

TEST(TableRule, NamesAFileBesideTheRouteFile) {
  const RouteFile file = with_tables(R"("a": {"file": "a.csv", "key": "id"}, "b": {"file": "/etc/b.json"})");
  ASSERT_EQ(file.tables.size(), 2u);
  EXPECT_EQ(file.tables[0].from, "conf/a.csv");
  EXPECT_EQ(file.tables[0].key, "id");
  EXPECT_EQ(file.tables[0].declared_in, "conf/r.json");
  EXPECT_EQ(file.tables[1].from, "/etc/b.json");
}

TEST(TableRule, TakesTheOnlyWildcardOfATopicAsTheKey) {
  EXPECT_EQ(with_tables(R"("t": {"topic": "a/+/c"})").tables.at(0).key_level, 2);
  EXPECT_EQ(with_tables(R"j("t": {"topic": "a/+/+", "key": "topic_level(3)"})j").tables.at(0).key_level, 3);
  const TableSource by_member = with_tables(R"("t": {"topic": "a/#", "key": "id"})").tables.at(0);
  EXPECT_EQ(by_member.kind, TableSource::Kind::topics);
  EXPECT_EQ(by_member.key, "id");
  EXPECT_EQ(with_tables(R"("t": {"topic": "a"})").tables.at(0).kind, TableSource::Kind::topic);
}

TEST(TableRule, ReadsLimitsWithUnits) {
  const TableSource table =
      with_tables(R"("t": {"topic": "a/+", "maxRows": 5, "maxRowBytes": "2KiB", "maxBytes": 65536})")
          .tables.at(0);
  EXPECT_EQ(table.limits.rows_max, 5u);
  EXPECT_EQ(table.limits.row_bytes_max, 2048u);
  EXPECT_EQ(table.limits.bytes_max, 65536u);
}

TEST(TableRule, SaysOfEachFaultThePlaceAndWhatIsAllowed) {
  const std::string place = "conf/r.json: tables.t";
  const std::vector<std::pair<std::string, std::string>> table = {
      {"7", place + ": is 7; allowed: {\"file\": path}, or {\"topic\": filter}"},
      {"{}", place + ": has neither \"file\" nor \"topic\"; one of them says where the rows come from"},
      {R"({"file": "a.csv", "topic": "a"})",
       place + ": has both \"file\" and \"topic\"; its rows come from one of them"},
      {R"({"file": "a.txt"})", place + ".file: is \"a.txt\"; allowed: a path that ends with .csv or .json"},
      {R"({"topic": "a/+b"})",
       place + ".topic: is \"a/+b\"; allowed: a topic, or a filter such as \"config/+\""},
      {R"({"topic": "$SYS/#"})",
       place + ".topic: is \"$SYS/#\"; allowed: a topic, or a filter such as \"config/+\""},
      {R"({"topic": "+/+"})",
       place +
           ".key: is missing; the filter has several levels that could be the key: write topic_level(1), or the "
           "name of a member"},
      {R"({"topic": "a/#"})",
       place +
           ".key: is missing; the filter has several levels that could be the key: write topic_level(2), or the "
           "name of a member"},
      {R"j({"topic": "a/+", "key": "topic_level(0)"})j",
       place +
           ".key: is \"topic_level(0)\"; a topic with wildcards has a level from 1, such as topic_level(3)"},
      {R"({"file": "a.csv", "key": ""})",
       place + ".key: is \"\"; allowed: the name of a column or a member, or topic_level(3)"},
      {R"({"file": "a.csv", "maxrows": 1})", place + ".maxrows: unknown key; did you mean \"maxRows\"?"},
      {R"({"file": "a.csv", "maxRows": 0})", place + ".maxRows: is 0; allowed: a number from 1 to 1000000"},
      {R"({"file": "a.csv", "maxBytes": "1GiB"})",
       place + ".maxBytes: is \"1GiB\"; allowed: bytes, or \"64KiB\", from 1KiB to 64MiB"}};
  for (const auto& [text, error] : table) EXPECT_EQ(problem_of(text), error) << text;
  EXPECT_NE(with_tables(R"("a b": {"file": "a.csv"})").errors.at(0).what.find("a table's name is"),
            std::string::npos);
}

TEST(TableRule, IsReadBackAsItIsWritten) {
  for (const char* text : {R"({"file":"/a/b.csv","key":"id","maxRows":3})",
                           R"j({"topic":"a/+/+","key":"topic_level(3)","maxBytes":65536})j",
                           R"({"topic":"a/#","key":"id","maxRowBytes":2048})"}) {
    nlohmann::ordered_json written = nlohmann::ordered_json::object();
    write_table_rule(with_tables(std::string("\"t\": ") + text).tables.at(0), written);
    EXPECT_EQ(written.dump(), text);
  }
}

TEST(TableNames, AreUniqueOverAllFiles) {
  RouteFile all = parse_route_file(R"({"routes": {}, "tables": {"t": {"topic": "a"}}})", "a.json");
  add_tables(all, parse_route_file(R"({"routes": {}, "tables": {"t": {"topic": "b"}}})", "b.json").tables);
  EXPECT_EQ(all.tables.size(), 1u);
  ASSERT_EQ(all.errors.size(), 1u);
  EXPECT_EQ(all.errors[0].what, "b.json: tables.t: a.json declares a table of this name; rename one of them");
}

TEST(TableFiles, AreReadAndTheirFaultsKept) {
  std::vector<TableSource> tables =
      with_tables(R"("a": {"file": "a.csv"}, "b": {"file": "b.csv"}, "c": {"topic": "c"})").tables;
  read_tables(tables, [](const std::string& path, uint64_t bytes_max) -> core::Result<std::string> {
    EXPECT_EQ(bytes_max, uint64_t{4} * 1024 * 1024);
    if (path == "conf/a.csv") return std::string("k\nx\n");
    return core::fail(core::Errc::io, path + ": cannot be read");
  });
  ASSERT_TRUE(tables[0].rows);
  EXPECT_EQ(tables[0].rows->rows().size(), 1u);
  EXPECT_EQ(tables[1].fault, "conf/b.csv: cannot be read");
  EXPECT_FALSE(tables[1].rows);
  EXPECT_TRUE(tables[2].fault.empty());
}

TEST(RouteCheck, TellsOfATableThatCannotBeReadAndOfOneThatThereIsNot) {
  RouteFile file = parse_route_file(
      R"({"routes": {"r": "FROM 't' WHERE $body.t > lookup('limitz', $body.m).max INTO $upstream"},
          "tables": {"limits": {"file": "a.csv"}}})",
      "r.json");
  file.tables.at(0).fault = "a.csv: cannot be read";
  const RouteCheckReport report = check_routes(file);
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.errors.at(0).what, "a.csv: cannot be read");
  const Diagnostic& found = report.routes.at(0).diagnostics.at(0);
  EXPECT_EQ(found.message, "there is no table `limitz`");
  EXPECT_EQ(found.suggestion, "did you mean `limits`?");
  EXPECT_EQ(found.column, 33u);
}

}  // namespace
}  // namespace headgate::routing
