// The API's verbs on messages that wait: finding, dropping, importing, pausing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hub/admin/api.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using QueueJson = nlohmann::json;
using testing::CannedHubView;

class QueueApi : public ::testing::Test {
 protected:
  // The answer, once everything that it waits for has happened.
  AdminResponse ask(const std::string& method, const std::string& target, const std::string& body = "") {
    AdminReply reply = api_.handle({method, target, body, caller_});
    if (auto* const response = std::get_if<AdminResponse>(&reply)) return *response;
    AdminResponse answer{0, "{}"};
    std::get<AdminLater>(reply).start([&answer](AdminResponse response) { answer = std::move(response); });
    hub_.run_later();
    return answer;
  }
  QueueJson get(const std::string& target) {
    const AdminResponse answer = ask("GET", target);
    EXPECT_EQ(answer.status, 200u) << answer.body;
    return QueueJson::parse(answer.body);
  }
  QueueJson post(const std::string& target, const std::string& body = "") {
    const AdminResponse answer = ask("POST", target, body);
    EXPECT_EQ(answer.status, 200u) << answer.body;
    return QueueJson::parse(answer.body);
  }
  std::string error(const std::string& method, const std::string& target) {
    const AdminResponse answer = ask(method, target);
    return std::to_string(answer.status) + " " + QueueJson::parse(answer.body).value("error", "no error");
  }
  static std::vector<std::string> topics(const QueueJson& answer) {
    std::vector<std::string> topics;
    for (const QueueJson& one : answer["messages"]) topics.push_back(one["topic"]);
    return topics;
  }
  uint64_t waiting(const std::string& queue) {
    return hub_.queue_store().stats(*hub_.queue_store().find_queue(queue)).waiting();
  }
  // Lines of an export of the queue.
  std::string exported(const std::string& queue) {
    std::string lines;
    const QueueJson answer = get("/v1/queues/" + queue + "/messages?full=1");
    for (const QueueJson& one : answer["messages"]) lines += one.dump() + "\n";
    return lines;
  }

  CannedHubView hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
  Caller caller_;
};

TEST_F(QueueApi, FindsMessagesByTopicAndByACondition) {
  hub_.append("$upstream", CannedHubView::message("plant/1", R"({"c": 5})"), 10);
  hub_.append("$upstream", CannedHubView::message("plant/2", R"({"c": 50})"), 10);
  hub_.append("$upstream", CannedHubView::message("yard/1", R"({"c": 60})"), 10);
  EXPECT_THAT(topics(get("/v1/queues/$upstream/messages?topic=plant/%23")),
              ElementsAre("plant/1", "plant/2"));
  const QueueJson hot = get("/v1/queues/$upstream/messages?where=%24body.c%20%3E%2010&payload=1&limit=1");
  EXPECT_THAT(topics(hot), ElementsAre("plant/2"));
  EXPECT_EQ(hot["messages"][0]["payload"], R"({"c": 50})");
  EXPECT_EQ(hot["looked"], 2);
  EXPECT_EQ(hot["done"], false);
  const QueueJson rest = get("/v1/queues/$upstream/messages?where=%24body.c%20%3E%2010&cursor=" +
                             hot["next"].get<std::string>());
  EXPECT_THAT(topics(rest), ElementsAre("yard/1"));
  EXPECT_FALSE(rest["messages"][0].contains("payload"));
  EXPECT_EQ(rest["done"], true);
}

TEST_F(QueueApi, RefusesAWrongSearchWithWhatIsAllowed) {
  hub_.append("q", CannedHubView::message("plant/1", "x"), 10);
  EXPECT_EQ(error("GET", "/v1/queues/none/messages"), "404 there is no queue \"none\"");
  EXPECT_EQ(error("GET", "/v1/queues/q/messages?limit=0"), "400 limit is \"0\"; allowed: 1 to 1000");
  EXPECT_EQ(error("GET", "/v1/queues/q/messages?rows=x"), "400 rows is \"x\"; allowed: 1 to 10000000");
  EXPECT_EQ(error("GET", "/v1/queues/q/messages?time_ms=60001"),
            "400 time_ms is \"60001\"; allowed: 1 to 60000");
  EXPECT_THAT(error("GET", "/v1/queues/q/messages?cursor=7"), HasSubstr("400 cursor is \"7\"; allowed: "));
  EXPECT_THAT(error("GET", "/v1/queues/q/messages?lane=11"),
              HasSubstr("400 lane is \"11\"; allowed: 0 to 9"));
  EXPECT_THAT(error("GET", "/v1/queues/q/messages?where=("), HasSubstr("400 where: 1:"));
}

TEST_F(QueueApi, ShowsBodiesByTheRulesOfTheCaller) {
  hub_.append("q", CannedHubView::message("secret/1", "code"), 10);
  hub_.append("q", CannedHubView::message("plant/1", "code"), 10);
  caller_ = {Role::read, "anna", "x"};
  const QueueJson all = get("/v1/queues/q/messages?payload=1");
  EXPECT_THAT(topics(all), ElementsAre("secret/1", "plant/1"));
  EXPECT_EQ(all["messages"][0]["payload"], nullptr);
  EXPECT_EQ(all["messages"][1]["payload"], "code");
  EXPECT_THAT(topics(get("/v1/queues/q/messages?contains=code")), ElementsAre("plant/1"));
}

TEST_F(QueueApi, DropsWhatAFilterTakes) {
  hub_.append("q", CannedHubView::message("plant/1", "x"), 10);
  hub_.append("q", CannedHubView::message("yard/1", "x"), 10);
  const QueueJson purged = post("/v1/queues/q/purge?topic=plant/%23");
  EXPECT_EQ(purged["purged"], 1);
  EXPECT_EQ(purged["done"], true);
  hub_.settle();
  EXPECT_THAT(topics(get("/v1/queues/q/messages")), ElementsAre("yard/1"));
}

TEST_F(QueueApi, PausesAndResumesAQueueOnceThatIsDurable) {
  hub_.append("$upstream", CannedHubView::message("plant/1", "x"), 10);
  EXPECT_EQ(post("/v1/queues/$upstream/pause")["paused"], true);
  EXPECT_EQ(get("/v1/queues/$upstream")["paused"], true);
  EXPECT_EQ(post("/v1/queues/$upstream/resume")["paused"], false);
  EXPECT_EQ(get("/v1/queues/$upstream")["paused"], false);
  hub_.durable_ = false;
  EXPECT_THAT(error("POST", "/v1/queues/$upstream/pause"), HasSubstr("503 the store has failed"));
  hub_.durable_ = true;
  hub_.append("$dead", CannedHubView::message("plant/1", "x"), 10);
  EXPECT_THAT(error("POST", "/v1/queues/$dead/pause"),
              HasSubstr("400 \"$dead\" cannot be paused; allowed: "));
  EXPECT_EQ(error("POST", "/v1/queues/none/pause"), "404 there is no queue \"none\"");
}

TEST_F(QueueApi, ImportsWhatWasExportedWithEverything) {
  auto message =
      std::make_shared<core::Message>(*CannedHubView::message("plant/1", std::string("\xff\0", 2)));
  core::Properties properties;
  properties.content_type = "application/x";
  properties.correlation_data = std::string("\0\1", 2);
  properties.user = {{"a", "1"}, {"a", "2"}};
  message->properties = std::make_shared<core::Properties>(properties);
  hub_.append("from", message, 3);
  (void)hub_.queue_store().open_queue("into", {});
  const std::string lines = exported("from");
  EXPECT_EQ(post("/v1/queues/into/import?id=a", lines)["taken"], 1);
  hub_.settle();
  QueueJson was = QueueJson::parse(lines);
  QueueJson is = QueueJson::parse(exported("into"));
  was.erase("seq");
  is.erase("seq");
  EXPECT_EQ(is, was);
}

TEST_F(QueueApi, ASecondImportDoublesNothing) {
  for (const char* body : {"1", "2", "3"}) hub_.append("from", CannedHubView::message("plant/1", body), 10);
  (void)hub_.queue_store().open_queue("into", {});
  const std::string lines = exported("from");
  const std::string first = lines.substr(0, lines.find('\n') + 1);
  EXPECT_EQ(post("/v1/queues/into/import?id=a", first)["line"], 1);
  hub_.settle();
  const QueueJson again = post("/v1/queues/into/import?id=a", lines);
  EXPECT_EQ(again["taken"], 2);
  EXPECT_EQ(again["repeated"], 1);
  hub_.settle();
  EXPECT_EQ(post("/v1/queues/into/import?id=a")["line"], 3);
  EXPECT_EQ(post("/v1/queues/into/import?id=a", lines)["taken"], 0);
  EXPECT_EQ(waiting("into"), 3u);
  EXPECT_EQ(post("/v1/queues/into/import?id=another", lines)["taken"], 3);
}

TEST_F(QueueApi, ABadLineOfAnImportHarmsItselfAlone) {
  hub_.append("from", CannedHubView::message("plant/1", "x"), 10);
  (void)hub_.queue_store().open_queue("into", {});
  const std::string good = exported("from");
  const std::string lines = "nonsense\n" + good + R"({"topic": "a/#", "payload": "x"})" + "\n" +
                            R"({"topic": "a", "payload": null})" + "\n" + R"({"topic": "a"})" + "\n" +
                            R"({"topic": "a", "payload": "x", "lane": 11})" + "\n" +
                            R"({"topic": "a", "payload": "x", "expires_ms": 1})" + "\n";
  const QueueJson answer = post("/v1/queues/into/import?id=a", lines);
  EXPECT_EQ(answer["taken"], 1);
  EXPECT_EQ(answer["expired"], 1);
  EXPECT_EQ(answer["line"], 7);
  ASSERT_EQ(answer["refused"].size(), 5u) << answer;
  EXPECT_EQ(answer["refused"][0]["line"], 1);
  EXPECT_THAT(answer["refused"][4]["error"].get<std::string>(), HasSubstr("lane is wrong; allowed: "));
}

TEST_F(QueueApi, AnImportStopsWhereItsQueueIsFullAndGoesOn) {
  for (const char* body : {"1", "2"}) hub_.append("from", CannedHubView::message("plant/1", body), 10);
  const auto into = *hub_.queue_store().open_queue("into", {});
  hub_.queue_store().set_policy(into, {.messages_max = 1});
  hub_.append("into", CannedHubView::message("plant/1", "0"), 10);
  const std::string lines = exported("from");
  const QueueJson full = post("/v1/queues/into/import?id=a", lines);
  EXPECT_EQ(full["line"], 0);
  EXPECT_NE(full["stopped"], "");
  hub_.queue_store().set_policy(into, {});
  EXPECT_EQ(post("/v1/queues/into/import?id=a", lines)["taken"], 2);
}

TEST_F(QueueApi, ReplaysTheDeadLettersOfOneQueue) {
  auto& store = hub_.queue_store();
  const auto dead = *store.open_queue(store::kDeadQueue, {store::QueueKind::dead});
  for (const char* queue : {"a", "b"}) {
    const store::Seq seq = hub_.append(queue, CannedHubView::message("plant/1", queue), 10);
    store.dead_letter(*store.find_queue(queue), 10, seq, {"refused", 1, 5, "", 0, "", 0});
    hub_.settle();
  }
  EXPECT_EQ(post("/v1/dlq/replay?queue=b")["replayed"].size(), 1u);
  hub_.settle();
  EXPECT_EQ(waiting("b"), 1u);
  EXPECT_EQ(waiting("a"), 0u);
  EXPECT_EQ(store.stats(dead).waiting(), 1u);
}

}  // namespace
}  // namespace headgate::hub
