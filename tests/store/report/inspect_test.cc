#include "store/report/inspect.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"

namespace headgate::store {
namespace {

using Json = nlohmann::json;

class Inspect : public ::testing::Test {
 protected:
  Seq append(const std::string& body, uint8_t lane) {
    core::Message message;
    message.topic = "plant/1";
    message.body = body;
    message.arrived_ms = 1'000;
    message.arrived_hub_ms = 1'000;
    const std::vector<Target> targets = {{queue_, lane, 0, ""}};
    const Seq seq = *store_.append(std::make_shared<core::Message>(message), targets);
    executor_.run_ready();
    return seq;
  }
  Json peek(const PeekRequest& request) {
    return Json::parse(*peek_json(store_, "$q", request, {0, 2'000}))["messages"];
  }

  testing::ManualExecutor executor_;
  testing::MemQueueStore store_{executor_};
  QueueId queue_ = *store_.open_queue("$q", link_attributes());
};

TEST_F(Inspect, GapsSayWhatWasLostAndWhy) {
  const Seq seq = append("x", 3);
  append("y", 3);
  store_.finish(queue_, 3, seq, Outcome::expired);
  executor_.run_ready();
  const Json queue = Json::parse(*queue_json(store_, "$q", {}));
  EXPECT_EQ(queue["expired"], 1);
  EXPECT_EQ(queue["gaps"], Json::parse(R"([{"from": 1, "to": 1, "count": 1, "why": "expired"}])"));
}

TEST_F(Inspect, WhatIsKeptInHubTimeIsShownByTheWallClock) {
  append("x", 3);
  core::Now now(0, 90'000);
  now.hub_ms = 2'000;  // the clock was set by 88 s after the message came
  const Json queue = Json::parse(*queue_json(store_, "$q", now));
  EXPECT_EQ(queue["oldest_ms"], 89'000);
  EXPECT_EQ(queue["lanes"][0]["oldest_ms"], 89'000);
  store::Entry entry = store_.read(queue_, 3, 0, {}, now).value().front();
  entry.expires_ms = 5'000;
  const Json shown = Json::parse(entry_json(entry, 3, false, now));
  EXPECT_EQ(shown["expires_ms"], 93'000);
  EXPECT_EQ(shown["arrived_ms"], 1'000);  // the stamp stays as it was
}

TEST_F(Inspect, PeekReadsLanesInOrderUpToTheCount) {
  append("late", kDefaultLane);
  append("first", 0);
  append("second", 5);
  const Json messages = peek({{}, 0, 2, true});
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0]["payload"], "first");
  EXPECT_EQ(messages[1]["payload"], "second");
}

TEST_F(Inspect, PeekIsBoundedInBytes) {
  for (int i = 0; i < 6; ++i) append(std::string(1'000'000, 'x'), 3);
  EXPECT_LE(peek({{}, 0, kPeekCountMax, false}).size(), 5u);
}

TEST_F(Inspect, BodiesThatAreNotTextAreBase64) {
  for (const auto& [body, encoded] : std::vector<std::pair<std::string, std::string>>{
           {std::string("\0", 1), "AA=="}, {"\xff\xfe", "//4="}, {"\xff\xfe\xfd", "//79"}}) {
    core::Message message;
    message.body = body;
    EXPECT_EQ(Json::parse(message_json(message, true))["payload_base64"], encoded);
  }
}

TEST_F(Inspect, MessagesShowTheirProperties) {
  core::Message message;
  core::Properties properties;
  properties.content_type = "application/json";
  properties.user = {{"a", "1"}, {"a", "2"}};
  message.properties = std::make_shared<core::Properties>(properties);
  const Json shown = Json::parse(message_json(message, false));
  EXPECT_EQ(shown["content_type"], "application/json");
  EXPECT_EQ(shown["properties"], Json::parse(R"([["a", "1"], ["a", "2"]])"));
}

TEST_F(Inspect, AnUnknownQueueIsNotFound) {
  EXPECT_EQ(queue_json(store_, "none", {}).error(),
            (core::Error{core::Errc::not_found, "there is no queue \"none\""}));
}

}  // namespace
}  // namespace headgate::store
