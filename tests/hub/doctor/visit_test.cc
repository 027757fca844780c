// GET /v1/doctor over a hub of canned answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <variant>

#include "hub/admin/api.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

class DoctorVisit : public ::testing::Test {
 protected:
  void ask(std::optional<std::string>& into) {
    AdminReply reply = api_.handle({"GET", "/v1/doctor", ""});
    std::get<AdminLater>(reply).start([&into](AdminResponse answer) {
      EXPECT_EQ(answer.status, 200U);
      into = std::move(answer.body);
    });
  }

  testing::CannedHubView hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
};

TEST_F(DoctorVisit, LooksTwiceAtTheQueuesWithASecondBetween) {
  std::optional<std::string> answer;
  hub_.status_.store_error = "the disk is full";
  ask(answer);
  EXPECT_FALSE(answer);
  hub_.run_later();
  ASSERT_TRUE(answer);
  EXPECT_EQ(hub_.waited_ms_, 1'000);
  const auto found = nlohmann::json::parse(*answer)["findings"];
  ASSERT_GE(found.size(), 1U);
  EXPECT_EQ(found[0]["severity"], "error");
  EXPECT_EQ(found[0]["check"], "store");
  EXPECT_NE(found[0]["todo"], "");
}

TEST_F(DoctorVisit, WhoAsksMeanwhileGetsTheSameAndWhoAsksLaterAnother) {
  std::optional<std::string> first;
  std::optional<std::string> second;
  ask(first);
  ask(second);
  hub_.run_later();
  EXPECT_EQ(hub_.waited_ms_, 1'000);
  EXPECT_EQ(first, second);
  ask(second);
  hub_.run_later();
  EXPECT_EQ(hub_.waited_ms_, 2'000);
}

}  // namespace
}  // namespace headgate::hub
