// `headgate queue … --data DIR` on the directory of a stopped hub: real files, and none of them changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "store/dead_letter.h"
#include "store/open.h"
#include "tests/support/manual_executor.h"
#include "tests/support/recording_log.h"
#include "tests/support/recording_store_events.h"
#include "tests/support/store_accounts.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/command_line.h"
#include "tools/headgate/commands/commands.h"

namespace headgate::tools {
namespace {

class Offline : public ::testing::Test {
 protected:
  void SetUp() override {
    store::StoreOptions options;
    options.dir = data_ + "/" + std::string(store::kStoreDirName);
    options.hub_id = "site-7";
    options.space = {};
    auto store = store::open_queue_store(options, executor_, log_);
    ASSERT_TRUE(store.has_value()) << store.error().what;
    (*store)->set_events(&events_);
    core::Message message;
    message.topic = "plant/1";
    message.body = "secret";
    message.arrived_ms = 1'700'000'000'123;
    message.arrived_hub_ms = message.arrived_ms;
    const std::vector<store::Target> targets = {
        {*(*store)->open_queue("$upstream", store::link_attributes()), 3, 0, ""}};
    ASSERT_TRUE((*store)->append(std::make_shared<core::Message>(message), targets).has_value());
    testing::expect_accounts_balance(**store);
    (*store)->close();
  }

  // Makes the message a dead letter.
  void bury() {
    store::StoreOptions options;
    options.dir = data_ + "/" + std::string(store::kStoreDirName);
    options.hub_id = "site-7";
    options.space = {};
    const auto store = store::open_queue_store(options, executor_, log_);
    ASSERT_TRUE((*store)->open_queue(store::kDeadQueue, {store::QueueKind::dead}));
    ASSERT_EQ((*store)->dead_letter(*(*store)->find_queue("$upstream"), 3, 1, {"poison", 1, 5, "", 0, "", 0}),
              2u);
    (*store)->close();
  }

  // Every file with its bytes.
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data_)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      all[entry.path().string()] = std::string(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }
  int run(std::vector<std::string> args) {
    args.insert(args.end(), {"--data", data_});
    return run_headgate(std::move(args), out_, err_);
  }

  testing::TempDir dir_;
  std::string data_ = dir_.path() + "/data";
  testing::ManualExecutor executor_;
  testing::RecordingLog log_;
  testing::RecordingStoreEvents events_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(Offline, ShowsQueuesAndMessagesAndChangesNoByte) {
  const auto before = files();
  EXPECT_EQ(run({"queue", "ls"}), kExitOk) << err_.str();
  EXPECT_EQ(run({"queue", "peek", "$upstream", "--payload"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("$upstream        1"));
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("plant/1  6 B  seq 1  priority 3\n  secret\n"));
  EXPECT_EQ(files(), before);
}

TEST_F(Offline, SearchesAndExportsAndChangesNoByte) {
  const auto before = files();
  EXPECT_EQ(run({"queue", "peek", "$upstream", "--topic", "plant/+", "--contains", "secret", "--payload"}),
            kExitOk)
      << err_.str();
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("\n  secret\n1 looked at, which is all\n"));
  out_.str("");
  EXPECT_EQ(run({"queue", "peek", "$upstream", "--where", "$body.x > 1", "--json"}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(),
            "{\"queue\":\"$upstream\",\"messages\":[],\"looked\":1,\"unreadable\":0,\"done\":true,"
            "\"next\":null}\n");
  out_.str("");
  EXPECT_EQ(run({"queue", "export", "$upstream"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("\"payload\":\"secret\""));
  EXPECT_EQ(run({"queue", "peek", "$upstream", "--since", "yesterday"}), kExitFailed);
  EXPECT_EQ(run({"queue", "ls", "--sort", "waiting:desc", "-o", "wide"}), kExitOk) << err_.str();
  EXPECT_EQ(files(), before);
}

TEST_F(Offline, LooksIntoTheDirectoryOfAHubThatDoesNotAnswerAndChangesNoByte) {
  store::StoreOptions options;
  options.dir = data_ + "/" + std::string(store::kStoreDirName);
  options.hub_id = "site-7";
  options.space = {};
  const auto hub = store::open_queue_store(options, executor_, log_);
  ASSERT_TRUE(hub) << hub.error().what;
  (*hub)->set_events(&events_);
  const store::Seq seq = *(*hub)->put({});
  executor_.run_until([&] { return events_.durable_up_to() >= seq; });
  const auto before = files();
  EXPECT_EQ(run({"queue", "peek", "$upstream", "--payload"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("\n  secret\n"));
  EXPECT_THAT(err_.str(),
              ::testing::HasSubstr("in use and does not answer: this is what was in its store at 20"));
  EXPECT_EQ(files(), before);
  (*hub)->close();
}

TEST_F(Offline, ShowsDeadLettersAndChangesNoByte) {
  bury();
  const auto before = files();
  EXPECT_EQ(run({"dlq", "ls"}), kExitOk) << err_.str();
  EXPECT_EQ(run({"dlq", "show", "2", "--payload"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("$upstream      5   6 B  plant/1  poison"));
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("from        $upstream, seq 1, priority 3"));
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("\n  secret\n"));
  EXPECT_EQ(run({"dlq", "show", "1"}), kExitFailed);
  EXPECT_EQ(err_.str(), "headgate: there is no dead letter 1\n");
  EXPECT_EQ(files(), before);
}

TEST_F(Offline, TellsWhereAMessageIsAndChangesNoByte) {
  const auto before = files();
  EXPECT_EQ(run({"why", "1", "--payload"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("topic     plant/1, QoS 0, 6 B\npayload   secret\n"));
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("queue     $upstream, priority 3: waiting\n"));
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("rests on what lies in the directory"));
  EXPECT_THAT(out_.str(), ::testing::Not(::testing::HasSubstr("route ")));
  EXPECT_EQ(run({"why", "7"}), kExitFailed);
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("it waits in no queue of this directory"));
  EXPECT_EQ(run({"why", "some-id"}), kExitFailed);
  EXPECT_THAT(err_.str(), ::testing::HasSubstr("is asked for by its seq or upstream id (site-7/"));
  EXPECT_EQ(run({"why", "other/epoch/1"}), kExitFailed);
  EXPECT_THAT(err_.str(), ::testing::HasSubstr("it is an id of another hub or epoch; this is site-7/"));
  EXPECT_EQ(run({"why"}), kExitUsage);
  EXPECT_THAT(err_.str(), ::testing::HasSubstr("a directory has no list of the last messages"));
  EXPECT_EQ(files(), before);
}

TEST_F(Offline, TellsThatAMessageIsADeadLetter) {
  bury();
  EXPECT_EQ(run({"why", "1"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(),
              ::testing::HasSubstr("queue     $upstream, priority 3: dead; headgate dlq show 2\n"));
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("may be one of 1 that were lost (dead) from 1 to 1"));
}

TEST_F(Offline, ListsNoDeadLettersOfAStoreWithoutThem) {
  EXPECT_EQ(run({"dlq", "ls", "--json"}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), "{\"dead_letters\":[],\"next\":0}\n");
}

TEST_F(Offline, ChecksTheStoreAndChangesNoByte) {
  const auto before = files();
  EXPECT_EQ(run({"store", "check"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("1 entries wait, 1 index rows, 1 blocks, 0 values: sound\n"));
  EXPECT_EQ(run({"store", "check", "--json"}), kExitOk);
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("\"sound\":true"));
  EXPECT_EQ(files(), before);
}

TEST_F(Offline, ShowsWhatTheStoreTakesAndChangesNoByte) {
  const auto before = files();
  EXPECT_EQ(run({"store", "stats"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("queued: 1 messages, "));
  EXPECT_EQ(files(), before);
}

TEST_F(Offline, CopiesTheStoreAndChangesNoByteOfIt) {
  const auto before = files();
  EXPECT_EQ(run({"store", "backup", dir_ / "copy"}), kExitOk) << err_.str();
  EXPECT_EQ(files(), before);
  EXPECT_EQ(run_headgate({"store", "check", "--data", dir_ / "copy"}, out_, err_), kExitOk);
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("1 entries wait"));
  EXPECT_EQ(run({"store", "backup", dir_ / "copy"}), kExitFailed);
  EXPECT_THAT(err_.str(), ::testing::HasSubstr("copy: is not empty (it holds store)"));
}

TEST_F(Offline, ADamagedStoreFailsTheCheckAndSaysWhere) {
  for (const auto& entry : std::filesystem::directory_iterator(data_ + "/store")) {
    if (entry.path().extension() == ".log") std::filesystem::resize_file(entry.path(), 0);
  }
  EXPECT_EQ(run({"store", "check"}), kExitFailed);
  EXPECT_THAT(out_.str() + err_.str(), ::testing::HasSubstr("the log lacks what was synced"));
}

TEST_F(Offline, OtherCommandsLookForTheHubThere) {
  EXPECT_EQ(run({"status"}), kExitFailed);
  EXPECT_THAT(err_.str(), ::testing::HasSubstr("no hub answers on " + data_ + "/admin.sock"));
}

TEST_F(Offline, ADirectoryWithoutAStoreIsOneLine) {
  EXPECT_EQ(run_headgate({"queue", "ls", "--data", dir_.path() + "/none"}, out_, err_), kExitFailed);
  EXPECT_THAT(err_.str(), ::testing::HasSubstr(dir_.path() + "/none"));
  EXPECT_FALSE(std::filesystem::exists(dir_.path() + "/none"));
}

}  // namespace
}  // namespace headgate::tools
