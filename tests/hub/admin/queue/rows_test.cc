// Rows of queues: what the store has, and who drains it.
#include "hub/admin/queue/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/canned_hub_view.h"

namespace headgate::hub {
namespace {

using testing::CannedHubView;
using ::testing::HasSubstr;
using RowJson = nlohmann::json;

class Rows : public ::testing::Test {
 protected:
  store::QueueId queue(const std::string& name) { return *hub_.queue_store().find_queue(name); }
  RowJson row(const std::string& name) { return RowJson::parse(QueueRows(hub_).row(queue(name))); }
  uint64_t signature(const std::string& name) { return QueueRows(hub_).signature(queue(name)); }
  void append(const std::string& name) { hub_.append(name, CannedHubView::message("t", "body"), 10); }
  void set_link(const std::string& error) {
    upstream::UpstreamReport report;
    upstream::LinkReport& link = report.links.emplace_back();
    link.named.name = "lte";
    link.status.state = upstream::CarrierState::backing_off;
    link.status.last_error = error;
    report.queues.push_back({"$upstream", "", {"lte"}, {}});
    hub_.set_upstream(std::move(report));
  }

  CannedHubView hub_;
};

TEST_F(Rows, HaveTheAccountsAndWhoDrainsThem) {
  append("$upstream");
  set_link("timed \"out\"");
  const RowJson json = row("$upstream");
  EXPECT_EQ(json["name"], "$upstream");
  EXPECT_EQ(json["waiting"], 1);
  EXPECT_EQ(json["consumer"], RowJson::parse(R"({"kind": "link", "name": "lte", "connected": false})"));
  EXPECT_EQ(json["blocked"], "link lte: timed \"out\"; it tries again in 1 s");
  EXPECT_EQ(json["blocked_since_ms"], 0);
}

TEST_F(Rows, FindTheClientOfAQueue) {
  append("session/press-7");
  hub_.readers_.clients = {
      {.queue = queue("session/press-7"), .client_id = "press-7", .since_ms = hub_.now_.wall_ms - 1'000}};
  const RowJson json = row("session/press-7");
  EXPECT_EQ(json["consumer"]["name"], "press-7");
  EXPECT_THAT(json["blocked"].get<std::string>(), HasSubstr("client press-7 is away since"));
  EXPECT_EQ(json["blocked_since_ms"], hub_.now_.wall_ms - 1'000);
}

TEST_F(Rows, SayWhyResultsOfARouteWait) {
  append("$results/hourly");
  ASSERT_TRUE(hub_.queue_store().open_queue("$results/hourly", {store::QueueKind::computation}));
  RouteInfo route;
  route.name = "hourly";
  route.computed.emplace().blocked_by = "queue 'q' is full";
  hub_.routes_ = {route};
  EXPECT_THAT(row("$results/hourly")["blocked"].get<std::string>(), HasSubstr("queue 'q' is full"));
}

TEST_F(Rows, HaveAnotherSignatureOnceTheyAreOthers) {
  append("$upstream");
  set_link("timed out");
  const uint64_t first = signature("$upstream");
  EXPECT_EQ(signature("$upstream"), first);
  set_link("refused");
  const uint64_t other_words = signature("$upstream");
  EXPECT_NE(other_words, first);
  append("$upstream");
  EXPECT_NE(signature("$upstream"), other_words);
}

}  // namespace
}  // namespace headgate::hub
