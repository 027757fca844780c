// `headgate queue` over a hub that answers what the test says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/support/canned_admin_client.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/command_line.h"
#include "tools/headgate/commands/queue/commands.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class QueueVerbsOfTheTool : public ::testing::Test {
 protected:
  Context human() { return {hub_, out_, err_}; }
  static bool never() { return false; }
  static Consent yes() { return {.yes = true}; }

  testing::CannedAdminClient hub_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(QueueVerbsOfTheTool, ASearchSaysHowFarItGot) {
  hub_.answers_["/v1/queues/q/messages?limit=10&rows=100000&time_ms=2000&topic=a%2F%23"] =
      R"({"messages":[{"topic":"a/1","seq":7,"body_bytes":1,"arrived_ms":0}],"looked":9,"done":false,"next":"10.7"})";
  EXPECT_EQ(run_queue_search(human(), {.queue = "q", .filter = {{"topic", "a/#"}}}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), "-  a/1  1 B  seq 7\n9 looked at; go on with --cursor 10.7\n");
}

TEST_F(QueueVerbsOfTheTool, AnExportGoesOnFromPageToPage) {
  const std::string first = "/v1/queues/q/messages?limit=1000&rows=100000&time_ms=2000";
  hub_.answers_[first + "&full=1"] = R"({"messages":[{"topic":"a"}],"done":false,"next":"10.7"})";
  hub_.answers_[first + "&cursor=10.7&full=1"] = R"({"messages":[{"topic":"b"}],"done":true,"next":null})";
  EXPECT_EQ(run_queue_export(human(), {.queue = "q"}, never), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), "{\"topic\":\"a\"}\n{\"topic\":\"b\"}\n");
}

TEST_F(QueueVerbsOfTheTool, AnExportThatIsCutOffSaysWhereToGoOn) {
  hub_.answers_["/v1/queues/q/messages?limit=1000&rows=100000&time_ms=2000&full=1"] =
      R"({"messages":[{"topic":"a","payload":null}],"done":false,"next":"10.7"})";
  EXPECT_EQ(run_queue_export(human(), {.queue = "q"}, never), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("go on with --cursor 10.7\n"));
}

TEST_F(QueueVerbsOfTheTool, AnExportSaysThatPayloadsAreHidden) {
  hub_.answers_["/v1/queues/q/messages?limit=1000&rows=100000&time_ms=2000&full=1"] =
      R"({"messages":[{"topic":"a","payload":null}],"done":true,"next":null})";
  EXPECT_EQ(run_queue_export(human(), {.queue = "q"}, never), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("1 messages are without their payloads"));
}

TEST_F(QueueVerbsOfTheTool, AnImportSendsOnlyTheLinesThatTheHubLacks) {
  const testing::TempDir dir;
  std::ofstream(dir / "x") << "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n";
  hub_.answers_["POST /v1/queues/q/import?id=me&line=1"] = R"({"line":2,"taken":0})";
  hub_.answers_["POST /v1/queues/q/import?id=me&line=3"] =
      R"({"line":3,"taken":1,"expired":0,"refused":[],"stopped":""})";
  std::istringstream none;
  EXPECT_EQ(run_queue_import(human(), {"q", dir / "x", "me"}, none), kExitOk) << err_.str();
  EXPECT_EQ(hub_.sent_, "{\"c\":3}\n");
  EXPECT_EQ(out_.str(), "1 messages are in, 2 lines were before\n");
}

TEST_F(QueueVerbsOfTheTool, AnImportIsKnownAgainByTheHashOfItsFile) {
  const testing::TempDir dir;
  std::ofstream(dir / "x") << "abc";
  std::istringstream none;
  EXPECT_EQ(run_queue_import(human(), {"q", dir / "x", ""}, none), kExitFailed);
  EXPECT_THAT(hub_.asked_,
              ElementsAre("POST /v1/queues/q/import?id="
                          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad&line=1"));
  EXPECT_EQ(run_queue_import(human(), {"q", "-", ""}, none), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("say --id NAME"));
}

TEST_F(QueueVerbsOfTheTool, AnImportNamesLinesThatWereLeftOutAndWhyItStopped) {
  std::istringstream lines("x\ny\n");
  hub_.answers_["POST /v1/queues/q/import?id=me&line=1"] =
      R"({"line":1,"taken":0,"refused":[{"line":1,"error":"it is no JSON object"}],"stopped":"full"})";
  EXPECT_EQ(run_queue_import(human(), {"q", "-", "me"}, lines), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("line 1 is left out: it is no JSON object\n"));
  EXPECT_THAT(err_.str(), HasSubstr("stopped behind line 1: full; import it again to go on\n"));
}

TEST_F(QueueVerbsOfTheTool, RequeueGoesThroughAllLettersOfTheQueue) {
  hub_.answers_["POST /v1/dlq/replay?after=0&queue=q"] =
      R"({"replayed":[{"letter":3}],"refused":[],"next":9})";
  hub_.answers_["POST /v1/dlq/replay?after=9&queue=q"] = R"({"replayed":[],"refused":[],"next":0})";
  EXPECT_EQ(run_queue_requeue(human(), "q", yes()), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), "1 dead letters are in q again\n");
}

TEST_F(QueueVerbsOfTheTool, PurgeWithAFilterGoesOnToTheEnd) {
  hub_.answers_["POST /v1/queues/q/purge?rows=100000&topic=a"] = R"({"purged":2,"done":false,"next":"10.7"})";
  hub_.answers_["POST /v1/queues/q/purge?rows=100000&topic=a&cursor=10.7"] =
      R"({"purged":1,"done":true,"next":null})";
  EXPECT_EQ(run_queue_purge_some(human(), {.queue = "q", .filter = {{"topic", "a"}}}, yes()), kExitOk)
      << err_.str();
  EXPECT_EQ(out_.str(), "dropped 3 of q\n");
}

TEST_F(QueueVerbsOfTheTool, PauseAndResumeSayWhatTheQueueDoesNow) {
  hub_.answers_["POST /v1/queues/q/pause"] = R"({"queue":"q","paused":true})";
  hub_.answers_["POST /v1/queues/q/resume"] = R"({"queue":"q","paused":false})";
  EXPECT_EQ(run_queue_pause(human(), "q", true), kExitOk);
  EXPECT_EQ(run_queue_pause(human(), "q", false), kExitOk);
  EXPECT_EQ(out_.str(), "q is paused: it takes in and hands out nothing\nq hands out again\n");
}

TEST_F(QueueVerbsOfTheTool, ListsSortByWhatCellsSay) {
  hub_.answers_["/v1/queues"] = R"({"queues":[{"name":"a","waiting":9,"waiting_bytes":2048},
    {"name":"b","waiting":10,"waiting_bytes":1024},{"name":"c","waiting":1,"waiting_bytes":900,"paused":true}]})";
  Context sorted = human();
  sorted.display.sort = "waiting:desc";
  EXPECT_EQ(run_queue_ls(sorted), kExitOk);
  const std::string text = out_.str();
  EXPECT_LT(text.find("\nb"), text.find("\na"));
  EXPECT_LT(text.find("\na"), text.find("\nc"));
  EXPECT_THAT(text, HasSubstr("  paused  "));
  sorted.display.sort = "colour";
  EXPECT_EQ(run_queue_ls(sorted), kExitUsage);
  EXPECT_THAT(err_.str(),
              HasSubstr("--sort is \"colour\"; allowed, with :desc or without: QUEUE, WAITING, SIZE"));
}

TEST_F(QueueVerbsOfTheTool, ATailInPlaceHasOneLineATopic) {
  hub_.lines_ = {R"({"topic":"b","body_bytes":1,"payload":"1"})",
                 R"({"topic":"a","body_bytes":1,"payload":"2"})",
                 R"({"topic":"b","body_bytes":1,"payload":"3"})"};
  const TailOptions in_place{.filter = "#", .payload = true, .in_place = true};
  EXPECT_EQ(run_tail(human(), in_place), kExitUsage) << "no terminal";
  Context terminal = human();
  terminal.display = {.width = 80, .height = 10};
  EXPECT_EQ(run_tail(terminal, in_place), kExitFailed);
  EXPECT_THAT(out_.str(), ::testing::EndsWith("\x1b[2A\r\x1b[2K-  1  a  1 B  2\n\r\x1b[2K-  2  b  1 B  3\n"));
}

// ---- tables ----

std::string printed(const Table& table, const Display& display) {
  std::ostringstream out;
  table.print(out, display);
  return out.str();
}

Table wide_table() {
  Table table({{"NAME"}, {"N", Align::right}, {"TEXT"}});
  table.add({"modules/filter/inputs/one", "12", "a text that is long enough to be cut somewhere"});
  return table;
}

TEST(TablesOnATerminal, CutLongTextsBeforeTheyLoseColumns) {
  const std::string cut = printed(wide_table(), {.width = 40});
  std::istringstream lines(cut);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 40u + 4) << line;
  EXPECT_THAT(cut, HasSubstr("TEXT"));
  EXPECT_THAT(cut, HasSubstr("…"));
  EXPECT_THAT(cut, HasSubstr("12"));
}

TEST(TablesOnATerminal, LoseTheirLastColumnsWhereNothingElseHelps) {
  const std::string narrow = printed(wide_table(), {.width = 22});
  EXPECT_EQ(narrow.find("TEXT"), std::string::npos);
  EXPECT_THAT(narrow, HasSubstr("N  …\n"));
  EXPECT_EQ(printed(wide_table(), {.width = 22, .wide = true}), printed(wide_table(), {}));
}

TEST(TablesOnATerminal, HaveBoldTitlesOnlyInColour) {
  EXPECT_EQ(printed(wide_table(), {}).find('\x1b'), std::string::npos);
  EXPECT_THAT(printed(wide_table(), {.colour = true}), HasSubstr("\x1b[1mNAME"));
}

TEST(Watching, ShowsAgainUntilItIsEnough) {
  const testing::TempDir dir;
  std::ostringstream out;
  std::ostringstream err;
  std::vector<int> waits;
  const Terminal terminal{.width = 80, .colour = false, .wait = [&waits](int seconds) {
                            waits.push_back(seconds);
                            return waits.size() < 3;
                          }};
  EXPECT_EQ(run_headgate({"client", "ls", "--watch=7", "--socket", dir / "none"}, out, err, terminal),
            kExitFailed);
  EXPECT_THAT(waits, ElementsAre(7, 7, 7));
  waits = {1, 1};
  EXPECT_EQ(run_headgate({"status", "--watch", "--socket", dir / "none"}, out, err, terminal), kExitFailed);
  EXPECT_THAT(waits, ElementsAre(1, 1, 2));
  for (const auto& [group, verb] : std::vector<std::pair<std::string, std::string>>{
           {"upstream", "status"}, {"upstream", "forecast"}, {"dlq", "ls"}}) {
    waits = {1, 1};
    EXPECT_EQ(run_headgate({group, verb, "--watch=3", "--socket", dir / "none"}, out, err, terminal),
              kExitFailed);
    EXPECT_THAT(waits, ElementsAre(1, 1, 3)) << group << " " << verb;
  }
  EXPECT_EQ(run_headgate({"status", "--watch=0", "--socket", dir / "none"}, out, err, terminal), kExitUsage);
}

}  // namespace
}  // namespace headgate::tools
