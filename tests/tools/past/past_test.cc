// `headgate why`, `headgate events` and `headgate route replay --last`, on answers of a hub.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/canned_admin_client.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/past/commands.h"

namespace headgate::tools {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class PastCommands : public ::testing::Test {
 protected:
  int why(const WhyOptions& options) { return run_why({hub_, out_, err_, json_}, options); }
  std::string printed() { return out_.str() + err_.str(); }

  testing::CannedAdminClient hub_;
  std::ostringstream out_;
  std::ostringstream err_;
  bool json_ = false;
  const std::string basis_ =
      R"("basis":{"bytes_max":4194304,"messages":10,"arrived":200,"since_ms":1700000000000,"steps_since_ms":0})";
};

TEST_F(PastCommands, TellTheLifeOfAMessage) {
  hub_.answers_["/v1/why/17"] =
      R"({"asked":"17","known":"recorded","why_not":"",)" + basis_ +
      R"(,"id":"site/01J/17","message":{"number":3,"seq":17,"made":false,"whole":true,)"
      R"("topic":"plant/7","qos":1,"retain":false,"arrived_ms":1700000000000,)"
      R"("body_bytes":12,"client":"pump"},"made_of":0,"heard":false,"remembered":false,)"
      R"("returned":false,"refused":"","routes_changed":false,"routes":[)"
      R"({"route":"up","text":"t","what":"takes","endpoints":["$upstream"],"why":"","parts":[]},)"
      R"({"route":"hot","text":"t","what":"condition","endpoints":["$upstream"],)"
      R"("why":"its condition is false","parts":[{"depth":0,"text":"($body.c > 80) = false"}]}],)"
      R"("queues":[{"queue":"$upstream","lane":3,"priority":3,"state":"delivered","expires_ms":0,)"
      R"("attempts":2,"letter":0,"gap":null,"steps":[)"
      R"({"what":"batch_sent","at_ms":1700000001000,"batch":9,"code":0},)"
      R"({"what":"delivered","at_ms":1700000002000,"batch":0,"code":0}]}]})";
  EXPECT_EQ(why({.id = "17"}), kExitOk);
  EXPECT_EQ(
      printed(),
      "message   seq 17, r3, upstream site/01J/17\n"
      "arrived   2023-11-14T22:13:20.000Z from pump\n"
      "topic     plant/7, QoS 1, 12 B\n"
      "heard     by no subscriber that is known\n"
      "route     up takes it: $upstream\n"
      "route     hot: its condition is false\n"
      "            ($body.c > 80) = false\n"
      "queue     $upstream, priority 3: delivered, attempts 2\n"
      "            2023-11-14T22:13:21.000Z  batch sent, batch 9\n"
      "            2023-11-14T22:13:22.000Z  delivered\n"
      "          rests on 10 of 200 messages (5 %) since 2023-11-14T22:13:20.000Z, and on what the store has\n");
}

TEST_F(PastCommands, SayWhatIsNotKnownAnyMore) {
  hub_.answers_["/v1/why/a%2Fb"] =
      R"({"asked":"a/b","known":"no","why_not":"not known any more: it does not wait in a queue",)" + basis_ +
      "}";
  EXPECT_EQ(why({.id = "a/b"}), kExitFailed);
  EXPECT_THAT(printed(), AllOf(HasSubstr("not known any more"), HasSubstr("10 of 200")));
  json_ = true;
  EXPECT_EQ(why({.id = "a/b"}), kExitFailed);
}

TEST_F(PastCommands, ListTheLastMessagesWithTheirIds) {
  hub_.answers_["/v1/recent?newest=1&count=20&filter=plant%2F%23"] =
      "{" + basis_ +
      R"(,"messages":[{"number":5,"seq":0,"made":false,"whole":true,"topic":"plant/7","qos":0,"retain":false,)"
      R"("arrived_ms":1700000000000,"body_bytes":12,"client":"pump"}],"next":5})";
  EXPECT_EQ(why({.filter = "plant/#"}), kExitOk);
  EXPECT_THAT(printed(), AllOf(HasSubstr("r5    -"), HasSubstr("plant/7"), HasSubstr("10 of 200")));
}

TEST_F(PastCommands, PrintEventsAndFollowThem) {
  hub_.answers_["/v1/events?count=50&level=warn"] =
      R"({"events":[{"number":7,"at_ms":1700000000000,"level":"warn","event":"link_down","fields":{"link":"a b"}}],)"
      R"("next":9,"forgotten":0})";
  hub_.answers_["/v1/events?count=50&after=9&level=warn"] = R"({"events":[],"next":9,"forgotten":0})";
  int waits = 2;
  const auto wait = [&waits] { return --waits > 0; };
  EXPECT_EQ(run_events({hub_, out_, err_, false}, {.level = "warn", .follow = true}, wait), kExitOk);
  EXPECT_EQ(printed(), "2023-11-14T22:13:20.000Z  warn  link_down  link=a b\n");
  EXPECT_THAT(hub_.asked_,
              ElementsAre("/v1/events?count=50&level=warn", "/v1/events?count=50&after=9&level=warn"));
}

TEST_F(PastCommands, SayWhenNoHubAnswers) {
  EXPECT_EQ(why({.id = "1"}), kExitFailed);
  EXPECT_EQ(run_events({hub_, out_, err_, false}, {.follow = true}, [] { return false; }), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("no hub answers"));
}

// ---- route replay --last ----

TEST_F(PastCommands, ReplayRunsOverWhatIsRecorded) {
  const testing::TempDir dir;
  const std::string file = dir.path() + "/f.json";
  std::ofstream(file) << R"json({"routes": {"hot": "FROM 'plant/#' WHERE $body.c > 80 INTO $upstream"}})json";
  const auto message = [](int number, int c, const std::string& more) {
    return R"({"number":)" + std::to_string(number) +
           R"(,"seq":0,"made":false,"whole":true,"topic":"plant/1",)" +
           R"("qos":1,"retain":false,"arrived_ms":1700000000000,"body_bytes":8,"payload":"{\"c\":)" +
           std::to_string(c) + "}\"" + more + "}";
  };
  hub_.answers_["/v1/routes/records"] = R"({"routes":{},"tables":{}})";
  hub_.answers_["/v1/recent?count=1"] = "{" + basis_ + R"(,"messages":[],"next":0})";
  hub_.answers_["/v1/recent?count=100&after=0&payload=1"] =
      "{" + basis_ + R"(,"messages":[)" + message(1, 90, "") + "," + message(2, 70, "") + "," +
      message(3, 99, R"(,"whole":false)") + "," + message(4, 99, R"(,"made":true)") + R"(],"next":4})";
  hub_.answers_["/v1/recent?count=100&after=4&payload=1"] = "{" + basis_ + R"(,"messages":[],"next":0})";
  ReplayOptions options;
  options.file = file;
  options.last = "1h";
  options.now_ms = 1700000060000;
  EXPECT_EQ(run_route_replay({hub_, out_, err_}, options), kExitOk) << err_.str();
  EXPECT_THAT(printed(), AllOf(HasSubstr("10 of 200 messages"), HasSubstr(R"({"c":90})"),
                               Not(HasSubstr("99")), HasSubstr("1 messages are left out")));
}

TEST_F(PastCommands, TryRoutesOverWhatIsRecorded) {
  const testing::TempDir dir;
  const std::string file = dir.path() + "/f.json";
  std::ofstream(file) << R"json({"routes": {"hot": "FROM 'plant/#' WHERE $body.c > 80 INTO $upstream"}})json";
  RouteTestOptions options;
  options.files = {file};
  options.since = "2m";
  const std::string target = "POST /v1/routes/test?since_s=120&payload=1";
  const std::string told = R"("number":1,"id":"r1","at_ms":1700000000000,"topic":"plant/1","made":false)";
  hub_.answers_[target] =
      "{" + basis_ +
      R"(,"messages":2,"from_ms":1,"left_out":0,"done":false,"cut":false,"routes":[{"route":"hot",)" +
      R"("error":"","matched":1,"not_matched":1,"undefined":0,"other_source":0,"type_error":"","taken":[{)" +
      told +
      R"(,"payload":"hot","rows":[{"to":"$upstream","topic":"up","payload":"hot","start_ms":0,"end_ms":0}]}],)" +
      R"("left":[{)" + told +
      R"(,"payload":"cold","truth":"no","trace":[{"depth":0,"text":"it is 70"}]}]}]})";
  EXPECT_EQ(run_route_test_recorded({hub_, out_, err_, json_}, options), kExitOk);
  EXPECT_THAT(hub_.sent_, HasSubstr("$body.c > 80"));
  EXPECT_THAT(printed(), AllOf(HasSubstr("hot: 1 taken, 1 left"), HasSubstr("-> $upstream  up  hot"),
                               HasSubstr("    it is 70\n"), HasSubstr("shorten --since")));
  hub_.answers_[target] =
      "{" + basis_ + R"(,"messages":0,"done":true,"routes":[{"route":"hot","error":"no"}]})";
  EXPECT_EQ(run_route_test_recorded({hub_, out_, err_, json_}, options), kExitFailed);
  options.since = "soon";
  EXPECT_EQ(run_route_test_recorded({hub_, out_, err_, json_}, options), kExitUsage);
}

TEST_F(PastCommands, ReplaySaysThatNothingIsRecorded) {
  hub_.answers_["/v1/recent?count=1"] =
      R"({"basis":{"bytes_max":0,"messages":0,"arrived":0,"since_ms":0,"steps_since_ms":0},"messages":[],"next":0})";
  ReplayOptions options;
  options.route = "hot";
  options.last = "1h";
  options.now_ms = 1700000060000;
  EXPECT_EQ(run_route_replay({hub_, out_, err_}, options), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("observe.history_bytes"));
}

}  // namespace
}  // namespace headgate::tools
