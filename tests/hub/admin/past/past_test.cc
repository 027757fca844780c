// The endpoints that tell what has happened: why, recent, events, and routes run over what is recorded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hub/admin/api.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class Past : public ::testing::Test {
 protected:
  Past() {
    hub_.recorder_.use(size_t{256} * 1024);
    hub_.queue_store().watch_ends(&hub_.recorder_);
    hub_.judge_ = [](const core::Message&, bool) {
      RouteVerdict takes;
      takes.route = "up";
      takes.what = RouteVerdict::What::takes;
      takes.endpoints = {"$upstream"};
      RouteVerdict not_hot;
      not_hot.route = "hot";
      not_hot.what = RouteVerdict::What::condition;
      not_hot.why = "its condition is false";
      not_hot.parts = {{0, "($body.c > 80) = false: $body.c is 70"}};
      return std::vector<RouteVerdict>{takes, not_hot};
    };
  }
  ~Past() override { hub_.queue_store().watch_ends(nullptr); }

  // Appends a message to a queue, as the hub would, and records it if it should.
  store::Seq append(const std::string& queue, const std::string& topic, bool recorded = true) {
    const auto message = testing::CannedHubView::message(topic, R"({"c":70})");
    const store::QueueId id = *hub_.queue_store().open_queue(queue, {store::QueueKind::session});
    const std::vector<store::Target> targets = {{id}};
    const store::Seq seq = *hub_.queue_store().append(message, targets);
    hub_.settle();
    if (recorded) hub_.recorder_.on_message({.message = *message, .seq = seq, .targets = targets});
    return seq;
  }

  AdminResponse ask(const std::string& method, const std::string& target, const std::string& user = "",
                    const std::string& body = "") {
    AdminReply reply = api_.handle({method, target, body, Caller{Role::operate, user, "x"}});
    if (const auto* now = std::get_if<AdminResponse>(&reply)) return *now;
    std::optional<AdminResponse> answered;
    std::get<AdminLater>(reply).start(
        [&answered](AdminResponse response) { answered = std::move(response); });
    hub_.run_later();
    EXPECT_TRUE(answered);
    return answered.value_or(AdminResponse{});
  }
  Json get(const std::string& target, const std::string& user = "") {
    return Json::parse(ask("GET", target, user).body);
  }

  testing::CannedHubView hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
};

TEST_F(Past, TellsTheLifeOfAMessageThatWaits) {
  const store::Seq seq = append("q", "plant/1");
  const Json life = get("/v1/why/" + std::to_string(seq));
  EXPECT_EQ(life["known"], "recorded");
  EXPECT_EQ(life["message"]["topic"], "plant/1");
  EXPECT_EQ(life["id"], "hub-1/01HF7YAT00ABCDEFGHJKMNPQRS/" + std::to_string(seq));
  EXPECT_EQ(life["queues"][0]["queue"], "q");
  EXPECT_EQ(life["queues"][0]["state"], "waiting");
  EXPECT_EQ(life["routes"][1]["parts"][0]["text"], "($body.c > 80) = false: $body.c is 70");
  EXPECT_EQ(life["basis"]["messages"], 1);
  EXPECT_FALSE(life["message"].contains("payload"));
}

TEST_F(Past, TellsHowItEnded) {
  const store::Seq seq = append("q", "plant/1");
  const store::QueueId queue = *hub_.queue_store().find_queue("q");
  hub_.recorder_.on_handed(queue, store::kDefaultLane, seq);
  hub_.queue_store().finish(queue, store::kDefaultLane, seq, store::Outcome::delivered);
  hub_.settle();
  const Json place = get("/v1/why/" + std::to_string(seq))["queues"][0];
  EXPECT_EQ(place["state"], "delivered");
  EXPECT_EQ(place["attempts"], 1);
  EXPECT_EQ(place["steps"][0]["what"], "sent_to_client");
  EXPECT_EQ(place["steps"][1]["what"], "delivered");
}

TEST_F(Past, TellsOfABatchThatWasRefusedAndSentAgain) {
  const store::Seq seq = append("$upstream", "plant/1");
  const store::QueueId queue = *hub_.queue_store().find_queue("$upstream");
  using What = upstream::BatchStep::What;
  for (const auto& [what, number] : {std::pair{What::sent, 4u}, {What::refused, 4u}, {What::sent, 5u}})
    hub_.recorder_.on_batch(
        queue, {.what = what, .lane = store::kDefaultLane, .first = seq, .last = seq, .number = number},
        hub_.now().wall_ms);
  const Json place = get("/v1/why/" + std::to_string(seq))["queues"][0];
  EXPECT_EQ(place["attempts"], 2);
  EXPECT_EQ(place["steps"][1]["what"], "batch_refused");
  EXPECT_EQ(place["steps"][2]["batch"], 5);
}

TEST_F(Past, FindsItsDeadLetter) {
  (void)hub_.queue_store().open_queue(store::kDeadQueue, {store::QueueKind::dead});
  const store::Seq seq = append("q", "plant/1");
  store::Death death;
  death.reason = "poison";
  const store::Seq letter =
      hub_.queue_store().dead_letter(*hub_.queue_store().find_queue("q"), store::kDefaultLane, seq, death);
  hub_.settle();
  const Json life = get("/v1/why/" + std::to_string(seq));
  EXPECT_EQ(life["queues"][0]["state"], "dead");
  EXPECT_EQ(life["queues"][0]["letter"], letter);
  hub_.recorder_.use(0);
  const Json later = get("/v1/why/" + std::to_string(seq));
  EXPECT_EQ(later["known"], "stored");
  EXPECT_EQ(later["queues"][0]["queue"], "q");
  EXPECT_EQ(later["queues"][0]["letter"], letter);
}

TEST_F(Past, FindsInTheStoreWhatIsNotRecorded) {
  for (int i = 0; i < 20; ++i) (void)append("other-" + std::to_string(i), "x", false);
  const store::Seq seq = append("q", "plant/1", false);
  const Json life = get("/v1/why/" + std::to_string(seq));
  EXPECT_EQ(life["known"], "stored");
  EXPECT_EQ(life["message"]["topic"], "plant/1");
  EXPECT_EQ(life["routes_changed"], true);
  ASSERT_EQ(life["queues"].size(), 1u);
  EXPECT_EQ(life["queues"][0]["queue"], "q");
}

TEST_F(Past, SaysWhatIsNotKnownAnyMore) {
  for (const char* id : {"4711", "r4711", "some-id", "hub-1/01HF7YAT00ABCDEFGHJKMNPQRS/4711"}) {
    const Json life = get(std::string("/v1/why/") + (std::string(id).find('/') == std::string::npos
                                                         ? id
                                                         : "hub-1%2F01HF7YAT00ABCDEFGHJKMNPQRS%2F4711"));
    EXPECT_EQ(life["known"], "no") << id;
    EXPECT_THAT(life["why_not"].get<std::string>(), HasSubstr("not known any more")) << id;
    EXPECT_TRUE(life.contains("basis")) << id;
  }
  const Json foreign = get("/v1/why/hub-1%2F01HF7YAT00OLDEPOCH0000000%2F3");
  EXPECT_EQ(foreign["known"], "no");
  EXPECT_THAT(foreign["why_not"].get<std::string>(), HasSubstr("another hub or epoch"));
}

TEST_F(Past, TakesAnIdInEachOfItsForms) {
  const store::Seq seq = append("q", "plant/1");
  const Json by_seq = get("/v1/why/" + std::to_string(seq))["message"];
  EXPECT_EQ(get("/v1/why/r1")["message"], by_seq);
  EXPECT_EQ(get("/v1/why/hub-1%2F01HF7YAT00ABCDEFGHJKMNPQRS%2F" + std::to_string(seq))["message"], by_seq);
  core::Message named = *testing::CannedHubView::message("plant/2", "b");
  core::Properties props;
  props.user = {{"$.mid", "order/7"}};
  named.properties = std::make_shared<const core::Properties>(props);
  hub_.recorder_.on_message({named});
  EXPECT_EQ(get("/v1/why/order%2F7")["message"]["topic"], "plant/2");
}

TEST_F(Past, ShowsNoValuesToWhoMayNotReceiveTheMessage) {
  const store::Seq secret = append("q", "secret/1");
  const store::Seq open = append("q", "plant/1");
  const Json hidden = get("/v1/why/" + std::to_string(secret) + "?payload=1", "anna");
  EXPECT_EQ(hidden["message"]["payload"], nullptr);
  EXPECT_TRUE(hidden["routes"][1]["parts"].empty());
  const Json seen = get("/v1/why/" + std::to_string(open) + "?payload=1", "anna");
  EXPECT_EQ(seen["message"]["payload"], R"({"c":70})");
  EXPECT_FALSE(seen["routes"][1]["parts"].empty());
  EXPECT_EQ(get("/v1/why/" + std::to_string(secret) + "?payload=1")["message"]["payload"], R"({"c":70})");
  const Json recent = get("/v1/recent?payload=1", "anna");
  EXPECT_EQ(recent["messages"][0]["payload"], nullptr);
  EXPECT_EQ(recent["messages"][1]["payload"], R"({"c":70})");
}

TEST_F(Past, ListsWhatIsRecordedInPages) {
  for (int i = 0; i < 5; ++i) (void)append("q", "plant/" + std::to_string(i % 2));
  const Json first = get("/v1/recent?count=2");
  EXPECT_EQ(first["messages"].size(), 2u);
  EXPECT_EQ(first["next"], 2);
  EXPECT_EQ(get("/v1/recent?count=2&after=4")["messages"][0]["number"], 5);
  EXPECT_TRUE(get("/v1/recent?after=5")["messages"].empty());
  const Json filtered = get("/v1/recent?newest=1&count=2&filter=plant/0");
  ASSERT_EQ(filtered["messages"].size(), 2u);
  EXPECT_EQ(filtered["messages"][0]["number"], 3);
  EXPECT_EQ(filtered["messages"][1]["number"], 5);
  EXPECT_EQ(get("/v1/recent?count=1&filter=plant/1")["messages"][0]["number"], 2);
}

TEST_F(Past, ListsEventsByLevelAndName) {
  hub_.events_.add(core::LogLevel::info, "started", {}, 1);
  hub_.events_.add(core::LogLevel::warn, "link_down", {{"link", "upstream"}}, 2);
  const Json all = get("/v1/events");
  EXPECT_EQ(all["events"].size(), 2u);
  EXPECT_EQ(all["next"], 2);
  EXPECT_EQ(get("/v1/events?level=warn")["events"][0],
            Json::parse(
                R"({"number":2,"at_ms":2,"level":"warn","event":"link_down","fields":{"link":"upstream"}})"));
  EXPECT_EQ(get("/v1/events?event=started")["events"].size(), 1u);
}

TEST_F(Past, RunsRoutesOverWhatIsRecorded) {
  RecordedMatches report;
  report.messages = 7;
  routing::RouteMatches one;
  one.route = "hot";
  one.gained = 3;
  report.routes = {one};
  hub_.replay_ = report;
  const AdminResponse answer = ask("POST", "/v1/routes/replay?since_s=3600&whole=1", "anna",
                                   R"({"routes":{"hot":"FROM 'plant/#' INTO $upstream"}})");
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(Json::parse(answer.body)["messages"], 7);
  EXPECT_EQ(Json::parse(answer.body)["routes"][0]["gained"], 3);
  EXPECT_EQ(hub_.replayed_.user, "anna");
  EXPECT_TRUE(hub_.replayed_.whole);
  EXPECT_EQ(hub_.replayed_.routes.entries.size(), 1u);
  EXPECT_EQ(hub_.replayed_.since_ms, hub_.now().wall_ms - 3'600'000);
  hub_.replay_ = core::fail(core::Errc::unavailable, "nothing is recorded");
  EXPECT_EQ(ask("POST", "/v1/routes/replay").status, 503u);
}

TEST_F(Past, RefusesWhatIsNoNumberWithWhatIsAllowed) {
  for (const char* target : {"/v1/why/1?payload=2", "/v1/recent?count=0", "/v1/recent?after=x",
                             "/v1/recent?newest=2", "/v1/recent?payload=2", "/v1/recent?filter=a%23b",
                             "/v1/events?count=1001", "/v1/events?level=loud", "/v1/events?after=-1"}) {
    const AdminResponse answer = ask("GET", target);
    EXPECT_EQ(answer.status, 400u) << target;
    EXPECT_THAT(answer.body, HasSubstr("allowed: ")) << target;
  }
  EXPECT_EQ(ask("POST", "/v1/routes/replay?since_s=x").status, 400u);
  EXPECT_EQ(ask("POST", "/v1/routes/replay?whole=2").status, 400u);
}

}  // namespace
}  // namespace headgate::hub
