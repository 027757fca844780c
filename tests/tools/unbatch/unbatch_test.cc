#include "tools/unbatch/unbatch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/tools/unbatch/batches.h"

namespace headgate::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Unbatch : public ::testing::Test {
 protected:
  ~Unbatch() override { std::filesystem::remove_all(directory_); }

  int run(std::vector<std::string> args, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const int code = run_unbatch(args, in, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }
  std::string file(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(directory_);
    const auto path = directory_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  [[nodiscard]] std::vector<int> seqs() const {
    std::vector<int> seqs;
    std::istringstream lines(out_);
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line);
      if (json.contains("seq")) seqs.push_back(json["seq"].get<int>());
    }
    return seqs;
  }

  const std::filesystem::path directory_ =
      std::filesystem::path(::testing::TempDir()) / ("headgate-unbatch-" + std::to_string(::getpid()));
  std::string out_;
  std::string err_;
};

TEST_F(Unbatch, PrintsOneMessageALine) {
  EXPECT_EQ(
      run({}, zstd_frame(batch_json(R"({"i":3,"t":1786999800001,"k":"a/b","p":{"x":"y"},"b":{"v":1.5}})"))),
      0);
  EXPECT_EQ(out_, R"({"hub":"h","epoch":"e","seq":3,"time":"2026-08-17T20:50:00.001Z","topic":"a/b",)"
                  R"("properties":{"x":"y"},"body":{"v":1.5}})"
                  "\n");
}

TEST_F(Unbatch, TellsTextFromBytes) {
  run({}, batch_json(R"({"i":1,"t":0,"k":"t","s":"on"},{"i":2,"t":0,"k":"t","ct":"image/png","x":"/w=="})"));
  EXPECT_THAT(out_, HasSubstr(R"("body":"on")"));
  EXPECT_THAT(out_, HasSubstr(R"("content_type":"image/png","body_base64":"/w==")"));
}

TEST_F(Unbatch, GivesTheBodysOwnText) {
  const std::vector<std::string> bodies = {R"({"b":1,"a":-0,"n":12345678901234567890123})",
                                           R"([1.0,1e2,0.10000000000000000555,-0.0])",
                                           R"({"z":{"y":1,"x":2},"a":"\u00e9\/\n"})",
                                           R"({"a":1,"a":2})",
                                           "-0",
                                           "1E+2",
                                           "true",
                                           R"("text")"};
  for (const std::string& body : bodies) {
    EXPECT_EQ(run({}, zstd_frame(batch_json(R"({"i":1,"t":0,"k":"t","b":)" + body + "}"))), 0);
    EXPECT_THAT(out_, ::testing::EndsWith(R"("topic":"t","body":)" + body + "}\n"));
  }
}

TEST_F(Unbatch, KeepsTheOrderOfProperties) {
  run({}, batch_json(R"({"i":1,"t":0,"k":"t","p":{"z":"1","a":"2","m":"3"},"b":1})"));
  EXPECT_THAT(out_, HasSubstr(R"("properties":{"z":"1","a":"2","m":"3"},"body":1})"));
}

TEST_F(Unbatch, KeepsABodyOfSeveralLinesOnOne) {
  run({}, batch_json("{\"i\":1,\"t\":0,\"k\":\"t\",\"b\":{\r\n\"v\": 1.50\n} \n}," + row(2)));
  EXPECT_THAT(out_, HasSubstr("\"body\":{  \"v\": 1.50 }}\n"));
  EXPECT_THAT(seqs(), ElementsAre(1, 2));
}

TEST_F(Unbatch, TakesEachBodyFromItsOwnMessage) {
  EXPECT_EQ(run({}, batch_json(R"(7,{"i":1,"t":0,"k":"t"},{"i":2,"t":0,"k":"t","s":"b"},)" + row(3))), 1);
  EXPECT_THAT(out_, HasSubstr(R"("seq":2,"time":"1970-01-01T00:00:00.000Z","topic":"t","body":"b"})"));
  EXPECT_THAT(out_, ::testing::EndsWith("\"body\":3}\n"));
}

TEST_F(Unbatch, DropsCopiesAcrossBatches) {
  const std::string input =
      zstd_frame(batch_json(row(1) + "," + row(2))) + zstd_frame(batch_json(row(2) + "," + row(3)));
  EXPECT_EQ(run({"--summary"}, input), 0);
  EXPECT_THAT(seqs(), ElementsAre(1, 2, 3));
  const auto summary = nlohmann::json::parse(err_);
  EXPECT_EQ(summary["batches"], 2);
  EXPECT_EQ(summary["messages"], 3);
  EXPECT_EQ(summary["duplicates"], 1);
  EXPECT_EQ(summary["wire_bytes"], input.size());
}

TEST_F(Unbatch, KeepsCopiesWhenAsked) {
  run({"--keep-duplicates"}, zstd_frame(batch_json(row(1))) + zstd_frame(batch_json(row(1))));
  EXPECT_THAT(seqs(), ElementsAre(1, 1));
}

TEST_F(Unbatch, ReadsFilesInOrder) {
  EXPECT_EQ(run({file("b", zstd_frame(batch_json(row(1)))), file("a", batch_json(row(2)))}), 0);
  EXPECT_THAT(seqs(), ElementsAre(1, 2));
}

TEST_F(Unbatch, PrintsGapsOnceWhenAsked) {
  const std::string gap = R"({"from":4,"to":9,"n":3,"why":"expired"})";
  const std::string input = batch_json("", gap) + batch_json(row(1), gap);
  run({"--gaps"}, input);
  EXPECT_EQ(out_.substr(0, out_.find('\n')),
            R"({"gap":{"hub":"h","epoch":"e","from":4,"to":9,"count":3,"why":"expired"}})");
  EXPECT_EQ(out_.find("gap", 10), std::string::npos);
  const std::string folded = R"({"from":4,"to":9,"n":3,"why":"folded","into":[20,21]})";
  run({"--gaps"}, batch_json("", folded));
  EXPECT_EQ(out_.substr(0, out_.find('\n')),
            R"({"gap":{"hub":"h","epoch":"e","from":4,"to":9,"count":3,"why":"folded","into":[20,21]}})");
  run({}, input);
  EXPECT_EQ(out_.find("gap"), std::string::npos);
}

TEST_F(Unbatch, ReportsABadBatchAndGoesOn) {
  const std::string path = file("mixed", "rubbish" + zstd_frame("[1]") + zstd_frame(batch_json(row(5))));
  EXPECT_EQ(run({path}), 1);
  EXPECT_THAT(seqs(), ElementsAre(5));
  EXPECT_THAT(err_, HasSubstr("mixed, byte 0: neither a zstd frame nor JSON"));
  EXPECT_THAT(err_, HasSubstr("mixed, byte 7: not a JSON object"));
}

TEST_F(Unbatch, SaysWhatIsWrongWithABatch) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{\"a\":1}", "not a headgate-batch"},
      {R"({"v":2,"hub":"h","ep":"e","m":[]})", "version 2; this tool reads version 1"},
      {R"({"v":1,"ep":"e","m":[]})", "no text under \"hub\""},
      {R"({"v":1,"hub":"h","ep":7,"m":[]})", "no text under \"ep\""},
      {R"({"v":1,"hub":"h","ep":"e","m":{}})", "no array of messages"},
      {"{\"v\":1,}", "not JSON"},
      {batch_json(R"({"i":1,"k":"t","b":1})"), "without \"i\", \"t\" or \"k\""},
      {batch_json(R"({"i":1,"t":0,"k":"t"})"), "message 1 has no body"},
      {batch_json("7"), "without \"i\", \"t\" or \"k\""},
      {batch_json("", "{\"from\":1}"), "a gap without"},
  };
  for (const auto& [input, what] : cases) {
    EXPECT_EQ(run({}, zstd_frame(input)), 1) << input;
    EXPECT_THAT(err_, HasSubstr("standard input, byte 0: ")) << input;
    EXPECT_THAT(err_, HasSubstr(what)) << input;
  }
}

TEST_F(Unbatch, SkipsABadMessageAndKeepsItsNeighbours) {
  EXPECT_EQ(run({}, batch_json(row(1) + ",{}," + row(3))), 1);
  EXPECT_THAT(seqs(), ElementsAre(1, 3));
}

TEST_F(Unbatch, StopsAfterTheCount) {
  EXPECT_EQ(run({"--count", "2"}, batch_json(row(1) + "," + row(2) + "," + row(3))), 0);
  EXPECT_THAT(seqs(), ElementsAre(1, 2));
}

TEST_F(Unbatch, RemembersAcrossRuns) {
  const std::string state = file("unused", "") + ".state";
  run({"--state", state}, batch_json(row(1) + "," + row(2)));
  EXPECT_EQ(run({"--state", state}, batch_json(row(2) + "," + row(3))), 0);
  EXPECT_THAT(seqs(), ElementsAre(3));
}

TEST_F(Unbatch, RefusesAStateFileThatIsNone) {
  EXPECT_EQ(run({"--state", file("state", "hello")}), 2);
  EXPECT_THAT(err_, HasSubstr("not a state file"));
}

TEST_F(Unbatch, NamesAFileThatIsNotThere) {
  EXPECT_EQ(run({"/nonexistent/batch"}), 1);
  EXPECT_THAT(err_, HasSubstr("cannot open /nonexistent/batch"));
}

TEST_F(Unbatch, RefusesUnknownOptionsAndExplainsKnownOnes) {
  EXPECT_EQ(run({"--colour"}), 2);
  EXPECT_THAT(err_, HasSubstr("--colour"));
  EXPECT_EQ(run({"--help"}), 0);
  EXPECT_THAT(out_, HasSubstr("--keep-duplicates"));
}

TEST_F(Unbatch, PrintsNothingForNothing) {
  EXPECT_EQ(run({}), 0);
  EXPECT_THAT(out_, IsEmpty());
}

}  // namespace
}  // namespace headgate::tools
