// The `headgate` command against the real admin server, over a Unix socket, in one process.
#include <gmock/gmock.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "hub/http/server.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/command_line.h"
#include "tools/headgate/commands/commands.h"

namespace headgate::e2e {
namespace {

using headgate::testing::CannedHubView;

// The server runs on a thread of its own, as in a hub; the hub behind it is touched only there.
class Admin : public ::testing::Test {
 protected:
  Admin() {
    hub_.status_.hub_id = "site-7";
    hub_.append("in/a b", CannedHubView::message("plant/1", std::string(100'000, 'x')), 3);
    EXPECT_TRUE(server_.listen(socket_));
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Admin() override {
    on_loop([this] { server_.close(); });
    work_.reset();
    thread_.join();
  }

  void on_loop(const std::function<void()>& work) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  int run(std::vector<std::string> args) {
    args.insert(args.end(), {"--socket", socket_});
    return tools::run_headgate(std::move(args), out_, err_);
  }
  nlohmann::json json(std::vector<std::string> args) {
    args.emplace_back("--json");
    EXPECT_EQ(run(std::move(args)), tools::kExitOk) << err_.str();
    return nlohmann::json::parse(out_.str(), nullptr, false);
  }

  headgate::testing::TempDir dir_;
  std::string socket_ = dir_.path() + "/admin.sock";
  CannedHubView hub_;
  headgate::testing::RecordingLog log_;
  hub::AdminApi api_{hub_, hub_.queue_store(), log_};
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  hub::AdminServer server_{io_, api_, log_};
  std::thread thread_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(Admin, CommandsReachTheHub) {
  EXPECT_EQ(json({"status"})["hub_id"], "site-7");
  EXPECT_EQ(run({"client", "ls"}), tools::kExitOk);
  EXPECT_EQ(run({"route", "ls"}), tools::kExitOk);
}

TEST_F(Admin, NamesAndLargePayloadsArriveWhole) {
  const nlohmann::json answer = json({"queue", "peek", "in/a b", "--payload"});
  EXPECT_EQ(answer["messages"][0]["payload"], std::string(100'000, 'x'));
}

TEST_F(Admin, WhatTheHubRefusesIsOneLine) {
  EXPECT_EQ(run({"queue", "peek", "none"}), tools::kExitFailed);
  EXPECT_EQ(run({"tail", "a/#/b"}), tools::kExitFailed);
  EXPECT_EQ(
      err_.str(),
      "headgate: there is no queue \"none\"\n"
      "headgate: filter is \"a/#/b\"; allowed: an MQTT topic filter such as plant/+/temperature or #\n");
}

// Publishes once somebody follows. Closing the server may cut off the last of the lines, never the first,
// which left before.
TEST_F(Admin, TailPrintsMessagesUntilTheHubStops) {
  std::thread publisher([this] {
    bool followed = false;
    while (!followed) on_loop([&] { followed = hub_.tails() > 0; });
    on_loop([this] { hub_.publish(CannedHubView::message("plant/1", "body")); });
    on_loop([this] { server_.close(); });
  });
  EXPECT_EQ(run({"tail", "plant/+", "--json"}), tools::kExitFailed);
  publisher.join();
  EXPECT_EQ(nlohmann::json::parse(out_.str(), nullptr, false)["topic"], "plant/1");
  EXPECT_THAT(err_.str(), ::testing::HasSubstr("ended"));
}

}  // namespace
}  // namespace headgate::e2e
