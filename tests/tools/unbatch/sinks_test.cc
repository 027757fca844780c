// Where `headgate unbatch` puts messages, without a network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/tools/unbatch/batches.h"
#include "tools/unbatch/shard.h"
#include "tools/unbatch/sink/republisher.h"
#include "tools/unbatch/unbatch.h"

namespace headgate::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Sqlite : public ::testing::Test {
 protected:
  Sqlite() { std::filesystem::create_directories(directory_); }
  ~Sqlite() override { std::filesystem::remove_all(directory_); }

  int run(const std::string& input, std::vector<std::string> more = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    std::vector<std::string> args{"--sqlite", path()};
    args.insert(args.end(), more.begin(), more.end());
    const int code = run_unbatch(args, in, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }
  [[nodiscard]] std::string path() const { return (directory_ / "data.db").string(); }
  // Rows of a query, their columns with `|` between them.
  [[nodiscard]] std::vector<std::string> rows(const std::string& query) const {
    std::vector<std::string> found;
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
    const auto add = [](void* to, int columns, char** values, char**) {
      std::string row;
      for (int i = 0; i < columns; ++i)
        row += (i > 0 ? "|" : "") + std::string(values[i] == nullptr ? "-" : values[i]);
      static_cast<std::vector<std::string>*>(to)->push_back(row);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(database, query.c_str(), add, &found, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
    return found;
  }

  const std::filesystem::path directory_ =
      std::filesystem::path(::testing::TempDir()) / ("headgate-sinks-" + std::to_string(::getpid()));
  std::string out_;
  std::string err_;
};

TEST_F(Sqlite, HasARowForEachMessage) {
  EXPECT_EQ(run(batch_json(R"({"i":1,"t":1786999800000,"k":"a/b","p":{"x":"y"},"b":{"v":1.50}},)"
                           R"({"i":2,"t":1786999800001,"k":"a/c","ct":"text/plain","s":"warm"},)"
                           R"({"i":3,"t":1786999800002,"k":"a/d","x":"/wAB"})")),
            0);
  EXPECT_THAT(
      rows("SELECT hub, epoch, seq, time, topic, properties, content_type, body FROM messages WHERE seq < 3"),
      ElementsAre(R"(h|e|1|2026-08-17T20:50:00.000Z|a/b|{"x":"y"}|-|{"v":1.50})",
                  "h|e|2|2026-08-17T20:50:00.001Z|a/c|-|text/plain|warm"));
  EXPECT_THAT(rows("SELECT hex(body) FROM messages WHERE seq = 3"), ElementsAre("FF0001"));
  EXPECT_EQ(out_, "");
}

TEST_F(Sqlite, HasEachMessageOnceOverRuns) {
  EXPECT_EQ(run(batch_json(row(1) + "," + row(2))), 0);
  EXPECT_EQ(run(batch_json(row(2) + "," + row(3))), 0);
  EXPECT_THAT(rows("SELECT seq FROM messages ORDER BY seq"), ElementsAre("1", "2", "3"));
}

TEST_F(Sqlite, HasTheGapsAsTheyGrew) {
  EXPECT_EQ(run(batch_json("", R"({"from":5,"to":6,"n":2,"why":"expired"})")), 0);
  EXPECT_EQ(run(batch_json("", R"({"from":5,"to":9,"n":4,"why":"expired"})")), 0);
  EXPECT_THAT(rows("SELECT first, last, count, why FROM gaps"), ElementsAre("5|9|4|expired"));
}

constexpr const char* kFoldedGap = R"({"from":5,"to":90,"n":60,"why":"folded","into":[91,92]})";

TEST_F(Sqlite, SaysWhereFoldedMessagesWent) {
  EXPECT_EQ(run(batch_json("", R"({"from":2,"to":3,"n":2,"why":"expired"},)" + std::string(kFoldedGap))), 0);
  EXPECT_THAT(rows("SELECT first, last, count, why, into_first, into_last FROM gaps ORDER BY first"),
              ElementsAre("2|3|2|expired|-|-", "5|90|60|folded|91|92"));
}

TEST_F(Sqlite, BringsAFileOfAnEarlierVersionUpToDate) {
  (void)rows(
      "CREATE TABLE gaps(hub TEXT NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
      " count INTEGER NOT NULL, why TEXT NOT NULL, PRIMARY KEY(hub, epoch, first, why));"
      "INSERT INTO gaps VALUES('h', 'e', 1, 2, 2, 'expired')");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(run(batch_json("", kFoldedGap)), 0) << err_;
  EXPECT_THAT(rows("SELECT first, last, count, why, into_first, into_last FROM gaps ORDER BY first"),
              ElementsAre("1|2|2|expired|-|-", "5|90|60|folded|91|92"));
}

TEST_F(Sqlite, RefusesAFileWithATableThatIsAnother) {
  (void)rows("CREATE TABLE gaps(color TEXT)");
  EXPECT_EQ(run(batch_json(row(1))), 2);
  EXPECT_THAT(err_, HasSubstr("data.db: table gaps has no column named hub"));
}

TEST_F(Sqlite, LeavesOutABodyThatIsNoBase64AndSaysWhich) {
  EXPECT_EQ(run(batch_json(R"({"i":1,"t":1,"k":"t","x":"?"},)" + row(2))), 1);
  EXPECT_THAT(err_, HasSubstr("message 1: a body that is no base64: skipped"));
  EXPECT_THAT(rows("SELECT seq FROM messages"), ElementsAre("2"));
}

TEST_F(Sqlite, RefusesAFileThatIsNone) {
  std::ofstream(path())
      << "this is some other file, and long enough to be looked at as one of a database, it may be";
  EXPECT_EQ(run(batch_json(row(1))), 2);
  EXPECT_THAT(err_, HasSubstr("file is not a database"));
}

TEST_F(Sqlite, DoesNotGoTogetherWithABroker) {
  EXPECT_EQ(run("", {"--to", "127.0.0.1"}), 2);
  EXPECT_THAT(err_, HasSubstr("--to and --sqlite do not go together"));
}

TEST_F(Sqlite, IsRememberedBatchByBatch) {
  const std::string state = (directory_ / "state").string();
  const std::string journal = state + ".journal";
  EXPECT_EQ(run(batch_json(row(1)), {"--state", state}), 0);
  EXPECT_EQ(std::filesystem::file_size(journal), 0U);  // all of it is in the snapshot
  // As a kill leaves it: a line for a batch since the snapshot, and half of one.
  std::ofstream(journal)
      << R"({"n":0,"after":0,"prev":"","hash":"","lane":5,"rows":[[2,"00"]],"gaps":[],"instead_of":[],)"
      << R"("hub":"h","ep":"e","st":"upstream"})"
      << "\n{\"n\":0,";
  EXPECT_EQ(run(batch_json(row(1) + "," + row(2) + "," + row(3)), {"--state", state, "--summary"}), 0);
  EXPECT_THAT(err_, HasSubstr("\"messages\":1,\"duplicates\":2"));
}

TEST(Shards, DivideHubsAmongThemselves) {
  std::set<uint64_t> used;
  for (int hub = 0; hub < 200; ++hub) {
    uint64_t takers = 0;
    for (uint64_t part = 1; part <= 5; ++part) {
      if (!Shard(part, 5).has("site-" + std::to_string(hub))) continue;
      ++takers;
      used.insert(part);
    }
    EXPECT_EQ(takers, 1U) << hub;
  }
  EXPECT_EQ(used.size(), 5U);
}

TEST(Shards, AreReadOrRefused) {
  EXPECT_TRUE(read_shard("")->is_whole());
  EXPECT_FALSE(read_shard("2/5")->is_whole());
  for (const char* wrong : {"0/5", "6/5", "2", "2/", "/5", "a/b", "2/5000", "2/5x"}) {
    const auto shard = read_shard(wrong);
    ASSERT_FALSE(shard) << wrong;
    EXPECT_THAT(shard.error().what, HasSubstr("as 2/5 for the second of five"));
  }
}

TEST_F(Sqlite, TakesTheHubsOfItsPartOnly) {
  std::string other = batch_json(row(7));
  std::string hub = "h";
  while (Shard(1, 2).has(hub) == Shard(1, 2).has("h")) hub += "x";
  other.replace(other.find("\"hub\":\"h\""), 9, "\"hub\":\"" + hub + "\"");
  const std::string part = Shard(1, 2).has("h") ? "1/2" : "2/2";
  EXPECT_EQ(run(batch_json(row(1)) + other, {"--shard", part}), 0);
  EXPECT_THAT(rows("SELECT hub, seq FROM messages"), ElementsAre("h|1"));
}

TEST(Target, IsReadOrRefused) {
  RepublishOptions options;
  EXPECT_TRUE(read_target("mqtt://me@cloud.example:1884/", options));
  EXPECT_EQ(options.host, "cloud.example");
  EXPECT_EQ(options.port, 1884);
  EXPECT_EQ(options.credentials.username, "me");
  RepublishOptions tls;
  EXPECT_TRUE(read_target("mqtts://cloud", tls));
  EXPECT_EQ(tls.port, 8883);
  EXPECT_FALSE(tls.credentials.ca_file.empty());
  for (const char* wrong : {"", "mqtt://", "http://cloud/x", "cloud:port", "cloud:0", "cloud:70000"}) {
    RepublishOptions refused;
    EXPECT_FALSE(read_target(wrong, refused)) << wrong;
  }
}

}  // namespace
}  // namespace headgate::tools
