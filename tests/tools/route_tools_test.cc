// `headgate route test` and `headgate route explain`, on files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"
#include "tools/headgate/command_line.h"
#include "tools/headgate/commands/commands.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;

constexpr const char* kRoutes = R"json({"routes": {
  "hot": "FROM 't' WHERE $body.c > 80 AND $body.ok INTO $upstream",
  "minute": "SELECT avg($body.c) AS mean FROM 't' GROUP BY Tumbling(1m) INTO Topic('means')"}})json";

class RouteTools : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(dir_.path() + "/" + name) << text;
    return dir_.path() + "/" + name;
  }
  int run(std::vector<std::string> args) {
    args.insert(args.begin(), "route");
    return run_headgate(std::move(args), out_, err_);
  }

  testing::TempDir dir_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(RouteTools, TestTellsOfEachMessageWhatMatchedAndWhyTheRestDidNot) {
  const std::string sample = file("s.ndjson",
                                  "{\"at\":\"0s\",\"topic\":\"t\",\"body\":{\"c\":81,\"ok\":true}}\n"
                                  "{\"at\":\"1s\",\"topic\":\"t\",\"body\":{\"ok\":false}}\n");
  EXPECT_EQ(run({"test", file("r.json", kRoutes), "--in", sample}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(),
            "0s  t  {\"c\":81,\"ok\":true}\n"
            "  hot: yes\n"
            "  minute: yes\n"
            "  hot -> $upstream  t  {\"c\":81,\"ok\":true}\n"
            "1s  t  {\"ok\":false}\n"
            "  hot: no\n"
            "    ($body.c > 80 AND $body.ok) = false\n"
            "      ($body.ok) = false: $body.ok is false\n"
            "  minute: yes\n"
            "1m\n"
            "  minute -> topic:means  means  [0s, 1m)  {\"mean\":81}\n"
            "1m  again  means  {\"mean\":81}\n"
            "ROUTE   MATCHED  UNDEFINED  TYPE ERRORS  LATE  EARLY\n"
            "hot           1          0            0     0      0\n"
            "minute        2          0            0     0      0\n");
}

TEST_F(RouteTools, TestPrintsJsonForScripts) {
  const std::string sample = file("s.ndjson", R"({"at":"0s","topic":"t","body":{}})");
  EXPECT_EQ(run({"test", file("r.json", kRoutes), "--in", sample, "--json"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr(R"({"route":"hot","matched":"undefined","why":[{"depth":0,"text":)"
                                    R"("($body.c > 80 AND $body.ok) = undefined"},{"depth":1,"text":)"
                                    R"("($body.c > 80) = undefined: $body.c is not there"})"));
  EXPECT_THAT(out_.str(),
              HasSubstr(R"("rows":[{"route":"minute","at_ms":60000,"to":"topic:means","topic":"means",)"
                        R"("window":[0,60000],"body":{"mean":null}}])"));
}

TEST_F(RouteTools, TestRunsTheRoutesThatCompileAndFailsForTheOthers) {
  const std::string routes = file("r.json", R"({"routes": {"bad": "FROM", "good": "FROM 't' INTO $null"}})");
  EXPECT_EQ(run({"test", routes, "--in", file("s.ndjson", R"({"topic":"t"})")}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("bad: left out\n"));
  EXPECT_THAT(out_.str(), HasSubstr("  good: yes\n"));
}

TEST_F(RouteTools, TestSaysWhatIsWrongWithASample) {
  const std::string routes = file("r.json", kRoutes);
  EXPECT_EQ(run({"test", routes, "--in", file("s.ndjson", "{}")}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("s.ndjson:1: there is no topic, and no time\n"));
  EXPECT_EQ(run({"test", routes, "--in", dir_.path() + "/none"}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("none: cannot be read: "));
  EXPECT_EQ(run({"test", routes}), kExitUsage);
}

TEST_F(RouteTools, TestRunsCaseFiles) {
  const std::string right = file("right.rt", "case a\nroute FROM 't' INTO $null\nin\nout\n");
  EXPECT_EQ(run({"test", right}), kExitOk);
  EXPECT_EQ(out_.str(), "1 case, 0 failed\n");
  const std::string wrong = file("wrong.rt", "case b\nroute FROM 't' INTO $null\nin\nout\n{}\n");
  EXPECT_EQ(run({"test", right, wrong}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("wrong.rt:1: b\n- {}\n"));
  EXPECT_EQ(run({"test", right, "--in", right}), kExitUsage);
}

TEST_F(RouteTools, ExplainTellsWhereARouteLeadsAndWhatItKeeps) {
  EXPECT_EQ(run({"explain", file("r.json", kRoutes), "minute"}), kExitOk);
  EXPECT_THAT(out_.str(),
              HasSubstr("minute\n"
                        "  route      SELECT avg($body.c) AS mean FROM 't' GROUP BY Tumbling(1m) INTO "
                        "Topic(\"means\")\n"
                        "  kind       aggregates messages in windows\n"));
  EXPECT_THAT(out_.str(), HasSubstr("  leads to   Topic(\"means\")\n"));
  EXPECT_THAT(out_.str(), ::testing::Not(HasSubstr("hot")));
}

TEST_F(RouteTools, ExplainPrintsJsonForScripts) {
  EXPECT_EQ(run({"explain", file("r.json", kRoutes), "--json"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr(R"({"routes":[{"name":"hot","lines":[{"topic":"route","text":)"));
  EXPECT_THAT(out_.str(), HasSubstr(R"("state_bytes_max":)"));
}

TEST_F(RouteTools, ExplainFailsForARouteThatIsNotThereOrWrong) {
  EXPECT_EQ(run({"explain", file("r.json", kRoutes), "nobody"}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("r.json: there is no route `nobody`\n"));
  EXPECT_EQ(run({"explain", file("b.json", R"({"routes": {"bad": "FROM"}})")}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("b.json: bad: left out\n"));
}

}  // namespace
}  // namespace headgate::tools
