// kill -9 while a table changes: each message met the rows of its time, and the rows are there afterwards.
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/e2e/support/hub_fixture.h"

namespace headgate::e2e {
namespace {

class LookupTables : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    write_lines("forming");
    config["tables"] = {{"limits", {{"topic", "limits/+"}}}, {"lines", {{"file", lines_file()}}}};
    config["routes"] = {
        {"enrich",
         "SELECT $body.n AS n, lookup('limits', $body.m).max AS max, lookup('lines', $body.m).line AS line "
         "FROM 'load/#' INTO Topic('out')"}};
    config["log"] = {{"level", "warn"}};
  }
  std::string lines_file() {
    return std::filesystem::path(hub_.config_file()).replace_filename("lines.csv").string();
  }
  void write_lines(const std::string& line) {
    std::ofstream(lines_file()) << "machine,line\na," << line << "\n";
  }

  void limit(int max) {
    ASSERT_TRUE(client()->publish_and_wait("limits/a", R"({"max":)" + std::to_string(max) + "}", 1, true));
    max_ = max;
  }
  void load(int count) {
    auto sensor = client();
    for (int i = 0; i < count; ++i) {
      const int n = static_cast<int>(expected_.size()) + 1;
      expected_[n] = {max_, line_};
      ASSERT_TRUE(sensor->publish_and_wait("load/a", R"({"m":"a","n":)" + std::to_string(n) + "}", 1));
    }
  }
  void change_line(const std::string& line) {
    write_lines(line);
    const nlohmann::json report = hub_.cli_json({"reload"});
    EXPECT_TRUE(report["kept"].empty()) << report.dump();
    line_ = line;
  }

  int max_ = 0;
  std::string line_ = "forming";
  std::map<int, std::pair<int, std::string>> expected_;  // by the number of the message
};

TEST_F(LookupTables, GiveEachMessageTheRowsOfItsTimeThroughKills) {
  ASSERT_EQ(persistent_client("keeper")->subscribe("out", 1), 1);
  limit(10);
  load(20);
  limit(20);
  load(20);
  restart_hard();
  load(20);
  change_line("baking");
  load(20);
  restart_hard();
  limit(30);
  restart_hard();
  load(20);
  auto keeper = persistent_client("keeper");
  EXPECT_TRUE(eventually([&] { return keeper->payloads().size() >= expected_.size(); }, 30s));
  std::map<int, std::pair<int, std::string>> seen;
  for (const std::string& body : keeper->payloads()) {
    const nlohmann::json row = nlohmann::json::parse(body);
    EXPECT_TRUE(seen.emplace(row["n"], std::pair(row.value("max", -1), row.value("line", ""))).second)
        << body << " came twice";
  }
  EXPECT_EQ(seen, expected_);
}

TEST_F(LookupTables, AreShownWithTheirRowsAndWithWhatIsWrong) {
  limit(10);
  std::ofstream(lines_file()) << "machine,line\na,b,c\n";
  hub_.reload();
  EXPECT_TRUE(eventually(
      [&] {
        const nlohmann::json tables = hub_.cli_json({"route", "ls"})["tables"];
        return tables.size() == 2 && tables[0]["rows"] == 1 && tables[1]["rows"] == 1 &&
               tables[1]["error"] != "";
      },
      30s));
  const nlohmann::json tables = hub_.cli_json({"route", "ls"})["tables"];
  for (const auto& table : tables) {
    if (table["name"] == "lines")
      EXPECT_EQ(table["error"], lines_file() + ":2:1: 3 fields, the header has 2");
    else
      EXPECT_EQ(table["error"], "");
  }
}

}  // namespace
}  // namespace headgate::e2e
