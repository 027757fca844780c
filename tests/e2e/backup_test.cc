// `headgate store backup` on a hub that is at work, and a hub started on the copy.
#include <gmock/gmock.h>

#include <thread>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/numbered_publisher.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;

class BackupOfARunningHub : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", "FROM 'load/#' INTO $upstream"}};
    copied_.config["routes"] = config["routes"];
  }
  void SetUp() override {
    HubTest::SetUp();
    ASSERT_EQ(persistent_client("keeper")->subscribe("load/#", 1), 1);
  }

  // While messages are published. Returns those that were acknowledged before it was asked for.
  std::vector<MessageId> back_up_under_load() {
    std::vector<NumberedPublisher> publishers{NumberedPublisher("a"), NumberedPublisher("b")};
    run_all(publishers, hub_.port(), 300ms);
    std::vector<MessageId> before = all_acked(publishers);
    std::thread load([&] { run_all(publishers, hub_.port(), 700ms); });
    report_ = hub_.cli({"store", "backup", copied_.data_dir()});
    load.join();
    published_ = all_acked(publishers).size();
    EXPECT_GT(published_, before.size()) << "nothing was acknowledged beside the backup";
    return before;
  }
  [[nodiscard]] std::vector<MessageId> kept_in_the_copy(size_t at_least) {
    MqttClient keeper(copied_.port(), {.id = "keeper", .clean = false});
    EXPECT_TRUE(keeper.session_was_present());
    std::vector<MessageId> ids;
    for (const std::string& payload : keeper.expect_payloads(at_least)) {
      if (auto id = find_id(payload)) ids.push_back(*id);
    }
    return ids;
  }

  HubProcess copied_;
  Finished report_;
  size_t published_ = 0;
};

TEST_F(BackupOfARunningHub, HoldsWhatWasAcknowledgedAndAHubStartsOnIt) {
  const std::vector<MessageId> before = back_up_under_load();
  ASSERT_EQ(report_.exit_code, 0) << report_.out;
  EXPECT_THAT(report_.out, HasSubstr("shared with the original"));
  const Finished check = copied_.cli_on_data({"store", "check"});
  EXPECT_EQ(check.exit_code, 0) << check.out;
  copied_.start();
  const std::vector<MessageId> arrived = kept_in_the_copy(before.size());
  EXPECT_TRUE(missing(before, arrived).empty());
  EXPECT_FALSE(out_of_order(arrived).has_value());
  EXPECT_NE(copied_.cli_json({"status"})["epoch"], hub_.cli_json({"status"})["epoch"]);
  EXPECT_TRUE(copied_.logs("store_has_a_new_epoch"));
}

TEST_F(BackupOfARunningHub, IsRefusedWhereSomethingIsOrInTheStore) {
  const Finished inside = hub_.cli({"store", "backup", hub_.data_dir() + "/store/x"});
  EXPECT_EQ(inside.exit_code, 1);
  EXPECT_THAT(inside.out, HasSubstr("lies in the store itself"));
  const Finished onto_itself = hub_.cli({"store", "backup", hub_.data_dir()});
  EXPECT_EQ(onto_itself.exit_code, 1);
  EXPECT_THAT(onto_itself.out, HasSubstr("is not empty"));
}

TEST_F(BackupOfARunningHub, ShowsWhatItsStoreTakes) {
  ASSERT_TRUE(client()->publish_and_wait("load/x", "payload", 1));
  const nlohmann::json stats = hub_.cli_json({"store", "stats"});
  EXPECT_GT(stats["written"]["wal_bytes"], 0);
  EXPECT_EQ(stats["queued"], 2);
  EXPECT_GT(stats["memory"]["tail"]["bytes"], 0);
  EXPECT_LE(stats["memory"]["bytes"], stats["memory"]["bytes_max"]);
  EXPECT_THAT(hub_.cli_on_data({"store", "stats"}).out, HasSubstr("MEMORY"))
      << "it asks the hub that runs there";
}

}  // namespace
}  // namespace headgate::e2e
