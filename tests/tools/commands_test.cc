#include "tools/headgate/commands/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/canned_admin_client.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/log/level.h"

namespace headgate::tools {
namespace {

class Commands : public ::testing::Test {
 protected:
  Context human() { return {hub_, out_, err_}; }
  Context json() { return {hub_, out_, err_, true}; }
  static Consent no_terminal() {
    return {.ask = [](const std::string&) { return std::nullopt; }};
  }

  testing::CannedAdminClient hub_;
  std::ostringstream out_;
  std::ostringstream err_;
};

constexpr const char* kMessage =
    R"({"seq":7,"lane":0,"priority":0,"expires_ms":0,"topic":"plant/1","qos":1,"retain":false,)"
    R"("arrived_ms":1700000000123,"body_bytes":1536,"client":"pump-1"})";

TEST_F(Commands, StatusSaysThatNobodySubscribesUpstreamAndTheKeyToSet) {
  hub_.answers_["/v1/status"] =
      R"({"upstream": {"state": "connected", "unheard_topic": "headgate/site-7/batches",
                                   "unheard_since_ms": 1700000000000}})";
  EXPECT_EQ(run_status(human()), kExitOk);
  EXPECT_THAT(out_.str(), ::testing::HasSubstr(
                              "trouble     since 2023-11-14T22:13:20.000Z nobody subscribes to "
                              "headgate/site-7/batches upstream, so messages wait: subscribe there, or set "
                              "upstream.no_subscriber to \"deliver\" if rules consume there\n"));
}

TEST_F(Commands, StatusSaysHowTheHubIs) {
  hub_.answers_["/v1/status"] =
      R"({"version": "0.1.0", "hub_id": "site-7", "started_ms": 1700000000000, "uptime_s": 65,
    "durability": "sync", "data_dir": "/d", "listeners": ["127.0.0.1:1883", "[::1]:1883"], "connections": 2,
    "sessions": 3, "messages_in": 10, "messages_out": 20,
    "denied": {"connect": 0, "publish": 7, "subscribe": 1, "receive": 0}, "publishes": {"stored": 4, "not_retained": 3, "refused": 0},
    "clients": {"maximum": 5, "accepted": 9, "refused": {"not_authorized": 2}, "closed": {}},
    "dropped": {"slow_reader": 5, "queue_full": 1}, "routes": {"active": 4, "failed": 1},
    "now_ms": 1700000065000, "last_ms": {"clients": {"refused": {"not_authorized": 1700000060000}},
    "denied": {"publish": 1700000065000, "subscribe": 1700000064000}},
    "store": {"queues": 2, "waiting": 5, "waiting_bytes": 2048, "dead": 9, "dead_letters": 0, "error": ""},
    "upstream": {"state": "waiting", "host": "cloud", "port": 8883, "retry_in_ms": 4200, "last_error": "refused",
                 "batches_acked": 3, "messages_acked": 300, "bytes_acked": 1024, "batches_in_flight": 0}})";
  EXPECT_EQ(run_status(human()), kExitOk);
  EXPECT_EQ(out_.str(),
            "hub         site-7, headgate 0.1.0\n"
            "started     2023-11-14T22:13:20.000Z, up 1m 05s\n"
            "listening   127.0.0.1:1883, [::1]:1883\n"
            "clients     2 connected, 3 sessions\n"
            "messages    10 in, 20 out\n"
            "trouble     1 route is left out (headgate route ls); "
            "2 connections refused (not authorized 2), last at 2023-11-14T22:14:20.000Z; "
            "8 denied (publish 7, subscribe 1), last at 2023-11-14T22:14:25.000Z\n"
            "past        6 messages not delivered to clients (slow reader 5, queue full 1); "
            "3 not retained, as many are as may be\n"
            "routes      4 active, 1 left out (headgate route ls)\n"
            "store       5 messages waiting (2.0 KiB) in 2 queues, 0 dead letters\n"
            "durability  sync, /d\n"
            "link        waiting cloud:8883, next attempt in 4 s (refused)\n"
            "sent        300 messages in 3 batches, 1.0 KiB; 0 batches in flight\n");
}

TEST_F(Commands, StatusTellsWhatIsFromWhatWas) {
  hub_.answers_["/v1/status"] = R"({"now_ms": 1700010000000,
    "clients": {"closed": {"slow_reader": 2, "protocol_error": 3}},
    "lost": {"expired": 1000, "dropped": 0},
    "last_ms": {"clients": {"closed": {"slow_reader": 1700000000000, "protocol_error": 1700009500000}},
                "lost": {"expired": 1700009999000}},
    "upstream": {"state": "connected", "host": "cloud", "port": 8883, "since_ms": 1700009000000,
                 "last_error": "The connection was lost.", "last_error_ms": 1700008990000}})";
  EXPECT_EQ(run_status(human()), kExitOk);
  EXPECT_THAT(out_.str(), ::testing::HasSubstr(
                              "trouble     3 clients closed (protocol error 3), last at "
                              "2023-11-15T00:51:40.000Z; 1000 messages lost in queues (expired 1000), last "
                              "at 2023-11-15T00:59:59.000Z\n"
                              "past        2 clients closed (slow reader 2), last at "
                              "2023-11-14T22:13:20.000Z; the link was down: The connection was "
                              "lost., last at 2023-11-15T00:43:10.000Z\n"));
  EXPECT_THAT(out_.str(),
              ::testing::HasSubstr("link        connected cloud:8883 since 2023-11-15T00:43:20.000Z\n"));
}

TEST_F(Commands, StatusNamesWhatALinkThatIsUpRefusesNow) {
  const auto status = [](const char* now_ms) {
    return std::string(R"({"now_ms": )") + now_ms + R"(, "upstream": {"state": "connected", "host": "cloud",
      "since_ms": 1700000000000, "last_error": "a batch was refused with 0x97, quota exceeded",
      "last_error_ms": 1700000100000}})";
  };
  const char* const refused =
      "upstream: a batch was refused with 0x97, quota exceeded, last at 2023-11-14T22:15:00.000Z\n";
  hub_.answers_["/v1/status"] = status("1700000200000");
  EXPECT_EQ(run_status(human()), kExitOk);
  EXPECT_THAT(out_.str(), ::testing::HasSubstr(std::string("trouble     ") + refused));
  out_.str("");
  hub_.answers_["/v1/status"] = status("1700009900000");
  EXPECT_EQ(run_status(human()), kExitOk);
  EXPECT_THAT(out_.str(), ::testing::HasSubstr(std::string("trouble     none\npast        ") + refused));
}

TEST_F(Commands, StatusHasNoTroubleOnceLettersAreReplayed) {
  hub_.answers_["/v1/status"] = R"({"store": {"dead": 2, "dead_letters": 0}})";
  EXPECT_EQ(run_status(human()), kExitOk);
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("trouble     none\n"));
  EXPECT_THAT(out_.str(), ::testing::HasSubstr(", 0 dead letters\n"));
  hub_.answers_["/v1/status"] = R"({"store": {"dead": 2, "dead_letters": 2}})";
  EXPECT_EQ(run_status(human()), kExitOk);
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("trouble     2 dead letters wait (headgate dlq ls)\n"));
}

TEST_F(Commands, StatusSaysThatFoldingFreesTooLittle) {
  hub_.answers_["/v1/status"] = R"({"thinning": {"active": 1, "short_of_room": 1, "folded": 9}})";
  EXPECT_EQ(run_status(human()), kExitOk);
  EXPECT_THAT(out_.str(),
              ::testing::HasSubstr("trouble     $upstream is nearly full though old readings are folded"));
}

TEST_F(Commands, StatusSaysThatItIsTheDiskAndWhatEndsIt) {
  hub_.answers_["/v1/status"] = R"({"clients": {"waiting": 1},
    "waiting_clients": [{"client_id": "pump-1", "publishes": 2, "paused": true}],
    "store": {"disk": {"free_bytes": 9437184, "total_bytes": 104857600, "min_free_bytes": 12582912,
              "reserve_bytes": 0, "low": true, "stopped": "publishers", "low_since_ms": 1700000000000, "resume_bytes": 22229811}}})";
  EXPECT_EQ(run_status(human()), kExitOk);
  EXPECT_THAT(out_.str(),
              ::testing::HasSubstr("the disk is low since 2023-11-14T22:13:20.000Z; 1 client waits for "
                                   "room on the disk: pump-1 (2 publishes, not read)\n"));
  EXPECT_THAT(out_.str(), ::testing::HasSubstr(", from 21.2 MiB free on\n"));
}

TEST_F(Commands, StatusSaysSinceWhenTheLinkIsDownAndWhy) {
  hub_.answers_["/v1/status"] = R"({"upstream": {"state": "waiting", "host": "cloud", "port": 8883,
    "retry_in_ms": 4200, "last_error": "certificate verify failed: certificate has expired",
    "down_since_ms": 1700000000000}})";
  EXPECT_EQ(run_status(human()), kExitOk);
  EXPECT_THAT(out_.str(),
              ::testing::HasSubstr("trouble     the link is down since 2023-11-14T22:13:20.000Z\n"));
  EXPECT_THAT(out_.str(),
              ::testing::HasSubstr("in 4 s (certificate verify failed: certificate has expired)\n"));
}

TEST_F(Commands, StatusShoutsWhenTheStoreDoesNotWrite) {
  hub_.answers_["/v1/status"] = R"({"store": {"error": "disk full",
      "damage": {"found_ms": 1700000000123, "lost": 7, "directory": "/d/quarantine/E"}}})";
  EXPECT_EQ(run_status(human()), kExitOk);
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("NOT WRITING: disk full"));
  EXPECT_THAT(out_.str(),
              ::testing::HasSubstr("DAMAGE      found 2023-11-14T22:13:20.123Z: 7 queue entries"));
}

TEST_F(Commands, UpstreamStatusShowsEachLinkAndWhyItWaits) {
  hub_.answers_["/v1/upstream"] = R"({"links": [
    {"name": "fiber", "state": "waiting", "since_ms": 1700000000000, "host": "cloud", "port": 8883, "why": "",
     "retry_in_ms": 4200, "last_error": "refused", "hopeless": true, "in_flight": 0, "cost": "free", "day_bytes": 0, "day_bytes_max": 0,
     "month_bytes": 2048, "month_bytes_max": 0},
    {"name": "lte", "state": "connected", "since_ms": 1700000000000, "host": "cloud", "port": 8883,
     "why": "its byte rate is used up", "in_flight": 2, "payload_bytes": 1000, "json_bytes": 9900, "cost": "metered", "day_bytes": 1024, "day_bytes_max": 20971520,
     "month_bytes": 1024, "month_bytes_max": 0}],
   "queues": [{"name": "$upstream:lte,fiber", "link": "lte", "waiting": 7, "waiting_bytes": 700, "messages": 100,
               "batches": 4, "payload_bytes": 1000, "json_bytes": 12400},
              {"name": "$upstream", "link": "", "waiting": 1, "waiting_bytes": 10}]})";
  EXPECT_EQ(run_upstream_status(human()), kExitOk);
  EXPECT_EQ(
      out_.str(),
      "LINK   STATE      SINCE                     TO          COST     IN FLIGHT  RATIO                TODAY    MONTH\n"
      "fiber  waiting    2023-11-14T22:13:20.000Z  cloud:8883  free             0      -                  0 B  2.0 KiB\n"
      "lte    connected  2023-11-14T22:13:20.000Z  cloud:8883  metered          2  1/9.9  1.0 KiB of 20.0 MiB  1.0 KiB\n"
      "fiber: next attempt in 4 s (refused); mend its credentials or files, then headgate reload\n"
      "lte: its byte rate is used up\n"
      "\n"
      "QUEUE                OVER  WAITING  BYTES  SENT  BATCHES   RATIO\n"
      "$upstream:lte,fiber  lte         7  700 B   100        4  1/12.4\n"
      "$upstream            -           1   10 B     0        0       -\n");
}

TEST_F(Commands, UpstreamForecastSaysWhenAllIsGoneAndWhatExpiresBefore) {
  hub_.answers_["/v1/upstream/forecast"] = R"({"now_ms": 1700000000000, "links": [
    {"name": "fiber", "state": "connected", "messages": 0, "bytes": 0, "wire_bytes": 0, "bytes_per_s": 0,
     "gone_ms": 1700000000000},
    {"name": "lte", "state": "connected", "messages": 9, "bytes": 90000, "wire_bytes": 9000, "bytes_per_s": 1024,
     "gone_ms": 1700003661000},
    {"name": "sat", "state": "idle", "messages": 1, "bytes": 10, "wire_bytes": 1, "bytes_per_s": 0,
     "gone_ms": 1700000060000},
    {"name": "x", "state": "connected", "messages": 1, "bytes": 10, "wire_bytes": 1, "gone_ms": null}],
   "first_to_expire": {"queue": "$upstream:lte", "priority": 3, "expires_ms": 1700000100000, "gone_ms": 1700003661000}})";
  EXPECT_EQ(run_upstream_forecast(human()), kExitOk);
  EXPECT_EQ(
      out_.str(),
      "LINK   WAITING     BYTES  ON THE WIRE      SPEED  GONE\n"
      "fiber        0       0 B          0 B  not known  nothing waits\n"
      "lte          9  87.9 KiB      8.8 KiB  1.0 KiB/s  2023-11-14T23:14:21.000Z, in 1h 01m\n"
      "sat          1      10 B          1 B  not known  as fast as the link is, once it is connected\n"
      "x            1      10 B          1 B  not known  not within a year\n"
      "if nothing more comes; first to expire: $upstream:lte, priority 3, from 2023-11-14T22:15:00.000Z on: SOME OF "
      "IT WILL EXPIRE BEFORE IT IS SENT\n");
}

TEST_F(Commands, UpstreamWithoutALinkSaysHowToSetOne) {
  hub_.answers_["/v1/upstream"] = R"({"links": [], "queues": []})";
  EXPECT_EQ(run_upstream_status(human()), kExitOk);
  EXPECT_EQ(out_.str(), "there is no link: $upstream only queues (set upstream.host, or links)\n");
}

TEST_F(Commands, QueueLsIsAnAlignedTable) {
  hub_.answers_["/v1/queues"] = R"({"queues": [{"name": "$upstream", "waiting": 12, "waiting_bytes": 2048,
    "oldest_ms": 1700000000123, "in": 20, "delivered": 5, "expired": 1, "dropped": 1, "dead": 1,
    "limits": {"messages_max": 100, "bytes_max": 4096, "age_max_ms": 0, "on_full": "drop-oldest"},
    "consumer": {"kind": "link", "name": "lte", "connected": false},
    "blocked": "link lte: timed out; it tries again in 12 s", "blocked_since_ms": 1700000000123},
    {"name": "$dead", "consumer": {"kind": "hub", "name": "", "connected": true}, "blocked": "", "blocked_since_ms": 0}]})";
  EXPECT_EQ(run_queue_ls(human()), kExitOk);
  EXPECT_EQ(
      out_.str(),
      "QUEUE      WAITING     SIZE  OLDEST                    IN  DELIVERED  EXPIRED  DROPPED  DEAD  FULL             "
      "DRAINED BY\n"
      "$upstream       12  2.0 KiB  2023-11-14T22:13:20.123Z  20          5        1        1     1  "
      "50% drop-oldest  link lte, away\n"
      "$dead            0      0 B  -                          0          0        0        0     0  -                the "
      "hub\n"
      "\n$upstream: link lte: timed out; it tries again in 12 s (since 2023-11-14T22:13:20.123Z)\n");
}

TEST_F(Commands, RouteWindowsIsATableOfGroups) {
  hub_.answers_["/v1/routes/my%20route/windows?count=2"] = R"({"route": "my route", "windows": [
    {"group": {"$body.m": "m7"}, "start_ms": 1700000000000, "end_ms": 1700000060000, "messages": null,
     "closes_ms": 1700000060000},
    {"group": null, "function": "every 1m", "start_ms": null, "end_ms": null, "messages": 3, "closes_ms": null}],
    "open": 12})";
  EXPECT_EQ(run_route_windows(human(), {"my route", 2}), kExitOk);
  EXPECT_EQ(out_.str(),
            "GROUP             START                     END                       MESSAGES  CLOSES\n"
            "{\"$body.m\":\"m7\"}  2023-11-14T22:13:20.000Z  2023-11-14T22:14:20.000Z         -  "
            "2023-11-14T22:14:20.000Z\n"
            "every 1m -        -                         -                                3  -\n"
            "\n10 more groups; -n shows up to 1000\n");
}

TEST_F(Commands, StoreStatsIsTablesAndLines) {
  hub_.answers_["/v1/store"] = R"({"copied_ms": 1700000000123, "queued": 12, "queued_bytes": 2048,
    "file_bytes": 3072, "live_bytes": 2048, "wal_bytes": 100,
    "families": [{"name": "blk", "file_bytes": 3072, "live_bytes": 2048, "level_files": [2, 0, 5]}],
    "written": {"bytes": 2048, "wal_bytes": 1024, "table_bytes": 1024, "other_bytes": 0, "per_payload_byte": 1.5},
    "memory": {"bytes": 1024, "bytes_max": 2048, "cache": {"bytes": 512, "bytes_max": 1024},
               "memtables": {"bytes": 512, "bytes_max": 768}}})";
  EXPECT_EQ(run_store_stats(human(), ""), kExitOk);
  EXPECT_EQ(out_.str(),
            "FAMILY    FILES     LIVE  BY LEVEL\n"
            "blk     3.0 KiB  2.0 KiB  2 0 5\n"
            "all     3.0 KiB  2.0 KiB  \n"
            "\n"
            "write-ahead log: 100 B\n"
            "queued: 12 messages, 2.0 KiB\n"
            "a copy of 2023-11-14T22:13:20.123Z, not yet used by a hub\n"
            "written since the start: 2.0 KiB (log 1.0 KiB, files 1.0 KiB, other 0 B), "
            "1.50 for each byte of payload\n"
            "\n"
            "MEMORY         NOW  AT MOST\n"
            "cache        512 B  1.0 KiB\n"
            "memtables    512 B    768 B\n"
            "tail           0 B      0 B\n"
            "index          0 B      0 B\n"
            "in_flight      0 B      0 B\n"
            "all        1.0 KiB  2.0 KiB\n");
}

TEST_F(Commands, StoreBackupNamesTheDirectoryFromTheRoot) {
  const std::string here = std::filesystem::current_path();
  hub_.answers_["POST /v1/store/backup?dir=" + percent_encode(here + "/b c")] =
      R"({"dir": "/b c", "files": 3, "bytes": 2048, "linked_bytes": 1024, "took_ms": 5})";
  EXPECT_EQ(run_store_backup(human(), "", "x/../b c"), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), "/b c: 3 files, 2.0 KiB, 1.0 KiB of them shared with the original, in 5 ms\n");
}

TEST_F(Commands, QueuePeekAsksForWhatWasAsked) {
  PeekOptions options{.queue = "in/a b", .priority = 10, .after = 6, .count = 2, .payload = true};
  run_queue_peek(human(), options);
  EXPECT_THAT(hub_.asked_,
              ::testing::ElementsAre("/v1/queues/in%2Fa%20b/peek?count=2&lane=10&after=6&payload=1"));
}

TEST_F(Commands, QueuePeekShowsOneLineAMessage) {
  hub_.answers_["/v1/queues/q/peek?count=10"] = std::string(R"({"messages": [)") + kMessage + "]}";
  EXPECT_EQ(run_queue_peek(human(), {.queue = "q"}), kExitOk);
  EXPECT_EQ(out_.str(), "2023-11-14T22:13:20.123Z  plant/1  1.5 KiB  from pump-1  seq 7  priority 0\n");
}

TEST_F(Commands, TailsPrintLinesUntilTheHubGoes) {
  hub_.lines_ = {kMessage, R"({"topic":"a","payload":"x\u001b[1m"})",
                 R"({"topic":"b","payload_base64":"/wA="})"};
  EXPECT_EQ(run_tail(human(), {.filter = "plant/+", .payload = true}), kExitFailed);
  EXPECT_EQ(run_queue_tail(json(), {.queue = "$upstream"}), kExitFailed);
  EXPECT_THAT(hub_.asked_,
              ::testing::ElementsAre("/v1/tail?filter=plant%2F%2B&payload=1", "/v1/queues/%24upstream/tail"));
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("-  a  0 B\n  x\\x1b[1m\n-  b  0 B\n  base64:/wA=\n" +
                                               std::string(kMessage)));
  EXPECT_THAT(err_.str(), ::testing::StartsWith("headgate: the hub ended the stream\n"));
}

TEST_F(Commands, WatchPrintsALineASecondWithRatesFromTheSecondOn) {
  hub_.lines_ = {
      R"({"now_ms":1700000000000,"first":true,"status":{"messages_in":10,"messages_out":5,"connections":2,)"
      R"("store":{"waiting":7,"waiting_bytes":1536}},"upstream":{"links":[{"name":"lte","state":"waiting"}]}})",
      "no JSON",
      R"({"now_ms":1700000002000,"first":false,"status":{"messages_in":2010,"messages_out":1,"connections":2,)"
      R"("store":{"waiting":0,"waiting_bytes":0}},"upstream":{"links":[{"name":"l\u001b","state":"connected"}]}})"};
  EXPECT_EQ(run_watch(human(), ""), kExitFailed);
  EXPECT_EQ(
      out_.str(),
      "2023-11-14T22:13:20.000Z  in -  out -  waiting 7 (1.5 KiB)  clients 2  link lte waiting\n"
      "2023-11-14T22:13:22.000Z  in 1000.0/s  out 0.0/s  waiting 0 (0 B)  clients 2  link l\\x1b connected\n");
  EXPECT_EQ(run_watch(json(), "queues,events"), kExitFailed);
  EXPECT_EQ(run_watch(json(), ""), kExitFailed);
  EXPECT_THAT(hub_.asked_, ::testing::ElementsAre("/v1/live?parts=status%2Cupstream",
                                                  "/v1/live?parts=queues%2Cevents", "/v1/live"));
}

TEST_F(Commands, TopicsAreATreeWhoseBranchesAreNoLongerThanTheyNeedBe) {
  hub_.answers_["/v1/topics/plant%2F%23?depth=2&tree=1"] =
      R"({"tree": [{"name": "plant", "topics": 4, "count": 9,
    "rate_per_s": 12.5, "last_ms": 1700000000000, "last": null, "children": [
    {"name": "1", "topics": 1, "count": 4, "rate_per_s": 0.05, "last_ms": 1700000000000,
     "last": {"topic": "plant/1", "payload_bytes": 1536, "count": 4}, "children": []},
    {"name": "2", "topics": 3, "count": 5, "rate_per_s": 0, "last_ms": 1700000000000, "last": null, "children": []}]}],
    "complete": false, "left_out": 0, "forgotten": 7})";
  TopicsOptions options;
  options.filter = "plant/#";
  options.depth = 2;
  EXPECT_EQ(run_topics(human(), options), kExitOk);
  EXPECT_EQ(
      out_.str(),
      "TOPIC             MESSAGES    RATE  LAST                      SIZE\n"
      "plant                    9    12/s  2023-11-14T22:13:20.000Z  -\n"
      "  1                      4  0.05/s  2023-11-14T22:13:20.000Z  1.5 KiB\n"
      "  2/# (3 topics)         5     0/s  2023-11-14T22:13:20.000Z  -\n"
      "these are not all: 7 topics that nothing came on for longest were forgotten (observe.topics_bytes)\n");
}

TEST_F(Commands, ClientLsShowsWhoIsThere) {
  hub_.answers_["/v1/clients"] =
      R"({"clients": [{"client_id": "pump-1", "protocol": "5", "address": "127.0.0.1:4",
    "connected": true, "since_ms": 1700000000123, "subscriptions": 2, "in_flight": 1, "queued_messages": 3,
    "queued_bytes": 10, "messages_in": 4, "messages_out": 5, "dropped": 6}, {"client_id": "gone", "connected": false}]})";
  EXPECT_EQ(run_client_ls(human()), kExitOk);
  EXPECT_EQ(out_.str(),
            "CLIENT  STATE      MQTT  ADDRESS      SINCE                     SUBSCRIPTIONS  IN FLIGHT  "
            "QUEUED  SIZE  IN  OUT  DROPPED\n"
            "pump-1  connected  5     127.0.0.1:4  2023-11-14T22:13:20.123Z              2          1       "
            "3  10 B   4    5        6\n"
            "gone    offline    -     -            -                                     0          0       "
            "0   0 B   0    0        0\n");
}

TEST_F(Commands, ClientLsShowsWhosePublishesWaitAndWhoIsNotRead) {
  hub_.answers_["/v1/clients"] = R"({"clients": [
    {"client_id": "a", "connected": true, "held": 3}, {"client_id": "b", "connected": true, "held": 64, "paused": true}]})";
  EXPECT_EQ(run_client_ls(human()), kExitOk);
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("a       3 held             -"));
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("b       not read, 64 held  -"));
}

TEST_F(Commands, StatusNamesTheClientsWhosePublishesWait) {
  hub_.answers_["/v1/status"] = R"({"clients": {"waiting": 3}, "waiting_clients": [
    {"client_id": "pump-1", "publishes": 64, "paused": true}, {"client_id": "pump-2", "publishes": 2}]})";
  EXPECT_EQ(run_status(human()), kExitOk);
  EXPECT_THAT(out_.str(),
              ::testing::HasSubstr("3 clients wait for room in a queue: pump-1 (64 publishes, not "
                                   "read), pump-2 (2 publishes) and others\n"));
}

TEST_F(Commands, RouteLsShowsWhyARouteWasLeftOut) {
  hub_.answers_["/v1/routes"] = R"({"routes": [
    {"name": "up", "active": true, "priority": 3, "ttl_s": 7200, "evaluated": 31, "matched": 9, "results": 8, "undefined": 4, "unreadable": 12,
     "undefined_last": "the body is empty", "undefined_last_ms": 1700000000123, "endpoint": "$upstream", "file": "a.json"},
    {"name": "bad", "active": false, "priority": null, "ttl_s": 0, "file": "b.json", "error": "1:1: error: no\n  FRM\n  ^"}]})";
  EXPECT_EQ(run_route_ls(human()), kExitOk);
  EXPECT_EQ(
      out_.str(),
      "ROUTE  STATE     PRIORITY  KEPT      EVALUATED  MATCHED  UNDEFINED  UNREADABLE  OUT  INTO       FILE\n"
      "up     active    3         2h 00m           31        9          4          12    8  $upstream  a.json\n"
      "bad    left out  -         for ever          0        0          0           0    0  -          b.json\n"
      "\nup: last undecided at 2023-11-14T22:13:20.123Z: the body is empty\n"
      "\nbad:\n1:1: error: no\n  FRM\n  ^\n");
}

TEST_F(Commands, RouteLsShowsTablesAndWhatIsWrongWithThem) {
  hub_.answers_["/v1/routes"] = R"({"routes": [], "tables": [
    {"name": "limits", "origin": "etc/limits.csv", "file": "etc/r.json", "in_force": true, "rows": 3, "bytes": 412,
     "hash": "00ff", "refused": 0, "error": "etc/limits.csv:2:1: 3 fields, the header has 2"},
    {"name": "spare", "origin": "the topic a/+", "file": "etc/r.json", "in_force": false}]})";
  EXPECT_EQ(run_route_ls(human()), kExitOk);
  EXPECT_EQ(out_.str().substr(out_.str().find("\nTABLE")),
            "\nTABLE   ROWS  BYTES  HASH  REFUSED  FROM            FILE\n"
            "limits     3    412  00ff        0  etc/limits.csv  etc/r.json\n"
            "spare      -      -  -           -  the topic a/+   etc/r.json\n"
            "\nlimits: etc/limits.csv:2:1: 3 fields, the header has 2\n");
}

constexpr const char* kLetter =
    R"({"seq": 12, "died_ms": 1700000000123, "reason": "upstream: refused with 0x95, packet too large",
    "attempts": 5, "first_error": "refused with 0x95", "first_error_ms": 1700000000000, "last_error": "",
    "last_error_ms": 0, "from": {"queue": "$upstream", "lane": 0, "priority": 0, "seq": 7, "expires_ms": 0},
    "topic": "plant/1", "arrived_ms": 1700000000000, "body_bytes": 1536, "routes": ["up", "also"]})";

TEST_F(Commands, DlqLsShowsWhereLettersComeFromAndWhy) {
  hub_.answers_["/v1/dlq?after=0&count=100"] =
      std::string(R"({"dead_letters": [)") + kLetter + R"(], "next": 12})";
  EXPECT_EQ(run_dlq_ls(human(), {}), kExitOk);
  EXPECT_EQ(out_.str(),
            "SEQ  DIED                      FROM       TRIED     SIZE  TOPIC    REASON\n"
            " 12  2023-11-14T22:13:20.123Z  $upstream      5  1.5 KiB  plant/1  upstream: refused with 0x95, "
            "packet too large\n"
            "there are more: --after 12\n");
}

TEST_F(Commands, DlqShowTellsAllThatIsKnown) {
  hub_.answers_["/v1/dlq/12"] = kLetter;
  EXPECT_EQ(run_dlq_show(human(), 12, false), kExitOk);
  EXPECT_EQ(out_.str(),
            "letter      12, died 2023-11-14T22:13:20.123Z\n"
            "from        $upstream, seq 7, priority 0\n"
            "routes      up, also\n"
            "reason      upstream: refused with 0x95, packet too large\n"
            "tried       5 times\n"
            "first error 2023-11-14T22:13:20.000Z  refused with 0x95\n"
            "last error  -\n"
            "2023-11-14T22:13:20.000Z  plant/1  1.5 KiB  seq 12\n");
}

TEST_F(Commands, DlqReplayGoesOnAfterALetterThatCannotGoBack) {
  hub_.answers_["POST /v1/dlq/12/replay"] = R"({"letter": 12, "queue": "$upstream", "seq": 40})";
  EXPECT_EQ(run_dlq_replay(human(), {.seqs = {11, 12}}, no_terminal()), kExitFailed);
  EXPECT_EQ(out_.str(), "12 is in $upstream again, seq 40\n");
  EXPECT_EQ(err_.str(), "headgate: no hub answers\n");
}

TEST_F(Commands, DlqReplayOfAllAsksAgainUntilThereAreNone) {
  hub_.answers_["POST /v1/dlq/replay?after=0"] =
      R"({"replayed": [{"letter": 3, "queue": "a", "seq": 9}], "refused": [{"letter": 4, "error": "gone"}], "next": 4})";
  hub_.answers_["POST /v1/dlq/replay?after=4"] = R"({"replayed": [], "refused": [], "next": 0})";
  EXPECT_EQ(run_dlq_replay(human(), {.all = true}, {.yes = true}), kExitFailed);
  EXPECT_EQ(out_.str(), "3 is in a again, seq 9\n");
  EXPECT_EQ(err_.str(), "headgate: gone\n");
}

TEST_F(Commands, ReloadSaysWhatItTookAndFailsWhereSomethingWasNotTaken) {
  hub_.answers_["POST /v1/routes/reload"] =
      R"({"active": 3, "took": ["routes added: a"], "kept": [], "left_out": [], "needs_restart": ["listeners"]})";
  EXPECT_EQ(run_reload(human()), kExitOk);
  EXPECT_EQ(out_.str(), "took: routes added: a\nneeds a restart: listeners\n3 routes in force\n");
  EXPECT_EQ(err_.str(), "");
  hub_.answers_["POST /v1/routes/reload"] =
      R"({"active": 2, "took": [], "kept": ["route 'a' stays"], "left_out": ["c.json: broken"], "needs_restart": []})";
  EXPECT_EQ(run_reload(human()), kExitFailed);
  EXPECT_EQ(err_.str(), "headgate: kept: route 'a' stays\nheadgate: left out: c.json: broken\n");
}

TEST_F(Commands, WhatCannotBeUndoneWantsAYes) {
  for (const char* target : {"/v1/dlq/purge", "/v1/dlq/12/purge", "/v1/queues/a%2Fb/purge"})
    hub_.answers_[std::string("POST ") + target] = R"({"purged": 2, "queue": "a/b"})";
  for (const char* answer : {"", "no", "n"}) {
    const Consent refused{.ask = [answer](const std::string&) { return answer; }};
    EXPECT_EQ(run_dlq_purge(human(), {.all = true}, refused), kExitUsage);
    EXPECT_EQ(run_dlq_replay(human(), {.all = true}, refused), kExitUsage);
    EXPECT_EQ(run_queue_purge(human(), "a/b", refused), kExitUsage);
  }
  EXPECT_TRUE(hub_.asked_.empty());
  const Consent given{.ask = [](const std::string&) { return "y"; }};
  EXPECT_EQ(run_dlq_purge(human(), {.all = true}, given), kExitOk);
  EXPECT_EQ(run_dlq_purge(human(), {.seqs = {12}}, given), kExitOk);
  EXPECT_EQ(run_queue_purge(human(), "a/b", {.yes = true}), kExitOk);
  EXPECT_EQ(out_.str(), "dropped 2 of $dead\ndropped 2 of $dead\ndropped 2 of a/b\n");
}

TEST_F(Commands, NothingIsDoneWithoutATerminalToAskOn) {
  EXPECT_EQ(run_queue_purge(human(), "q", no_terminal()), kExitUsage);
  EXPECT_EQ(err_.str(),
            "headgate: nothing is done without a yes, and this is no terminal to ask on; say --yes\n");
  EXPECT_TRUE(hub_.asked_.empty());
}

TEST_F(Commands, JsonIsPrintedAsItComes) {
  for (const char* target :
       {"/v1/status", "/v1/queues", "/v1/clients", "/v1/routes", "/v1/queues/q/peek?count=10"}) {
    hub_.answers_[target] = R"({"x":1})";
  }
  EXPECT_EQ(run_status(json()) + run_queue_ls(json()) + run_client_ls(json()) + run_route_ls(json()) +
                run_queue_peek(json(), {.queue = "q"}),
            kExitOk);
  EXPECT_EQ(out_.str(), "{\"x\":1}\n{\"x\":1}\n{\"x\":1}\n{\"x\":1}\n{\"x\":1}\n");
}

TEST_F(Commands, AnswersOfAnotherVersionDoNotCrash) {
  for (const char* answer : {"{}", R"({"queues": 7, "store": [], "messages": "x", "listeners": {}})",
                             R"({"queues": [1], "messages": [null], "clients": [[]], "routes": ["x"]})"}) {
    for (const char* target :
         {"/v1/status", "/v1/queues", "/v1/clients", "/v1/routes", "/v1/queues/q/peek?count=10"}) {
      hub_.answers_[target] = answer;
    }
    EXPECT_EQ(run_status(human()) + run_queue_ls(human()) + run_client_ls(human()) + run_route_ls(human()) +
                  run_queue_peek(human(), {.queue = "q"}),
              kExitOk);
  }
}

TEST_F(Commands, AnAnswerThatIsNotJsonIsAnError) {
  hub_.answers_["/v1/status"] = "<html>";
  EXPECT_EQ(run_status(human()), kExitFailed);
  EXPECT_EQ(err_.str(), "headgate: the answer is not JSON: is that a hub's socket?\n");
}

TEST_F(Commands, AHubThatDoesNotAnswerIsOneLine) {
  EXPECT_EQ(run_status(human()), kExitFailed);
  EXPECT_EQ(err_.str(), "headgate: no hub answers\n");
  EXPECT_EQ(out_.str(), "");
}

// queue ls and queue peek on the directory of a stopped hub.
class OfflineCommands : public Commands {
 protected:
  OfflineCommands() {
    core::Message message;
    message.topic = "plant/1";
    message.body = "secret";
    message.arrived_ms = 1'700'000'000'123;
    message.arrived_hub_ms = message.arrived_ms;
    const std::vector<store::Target> targets = {{*store_.open_queue("q", {}), 3, 0, ""}};
    EXPECT_TRUE(store_.append(std::make_shared<core::Message>(message), targets).has_value());
    executor_.run_ready();
  }
  Context offline() { return {hub_, out_, err_, false, &store_, {0, 1'700'000'060'000}}; }

  testing::ManualExecutor executor_;
  testing::MemQueueStore store_{executor_};
};

TEST_F(OfflineCommands, ReadTheDirectoryAndAskNoHub) {
  EXPECT_EQ(run_queue_ls(offline()), kExitOk);
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("q            1"));
  out_.str("");
  EXPECT_EQ(run_queue_peek(offline(), {.queue = "q"}), kExitOk);
  EXPECT_EQ(out_.str(), "2023-11-14T22:13:20.123Z  plant/1  6 B  seq 1  priority 3\n");
  EXPECT_TRUE(hub_.asked_.empty());
}

TEST_F(OfflineCommands, PayloadsPrintOnlyWhenAsked) {
  run_queue_peek(offline(), {.queue = "q"});
  EXPECT_THAT(out_.str(), ::testing::Not(::testing::HasSubstr("secret")));
  run_queue_peek(offline(), {.queue = "q", .payload = true});
  EXPECT_THAT(out_.str(), ::testing::HasSubstr("\n  secret\n"));
}

TEST_F(OfflineCommands, AnUnknownQueueIsOneLine) {
  EXPECT_EQ(run_queue_peek(offline(), {.queue = "none"}), kExitFailed);
  EXPECT_EQ(err_.str(), "headgate: there is no queue \"none\"\n");
}

TEST_F(OfflineCommands, LookingChangesNothing) {
  const size_t commits = store_.commits();
  run_queue_ls(offline());
  run_queue_peek(offline(), {.queue = "q", .payload = true});
  EXPECT_EQ(store_.commits(), commits);
  EXPECT_FALSE(store_.commit_pending());
  EXPECT_EQ(store_.stats(*store_.find_queue("q")).waiting(), 1u);
}

TEST_F(Commands, ClientRightsShowsRulesInTheirOrderAndSubscriptions) {
  hub_.answers_["/v1/clients/a%2Fb/rights"] =
      R"({"client_id": "a/b", "module": "press", "rules": [{"allow": false, "actions": ["publish", "receive"], "topic": "secret/#"}],
          "subscriptions": [{"filter": "plant/#", "qos": 1}]})";
  EXPECT_EQ(run_client_rights(human(), "a/b"), kExitOk);
  EXPECT_EQ(out_.str(),
            "It is the module press: its outputs and inputs are its own.\n\n"
            "MAY  WHAT              TOPIC\n"
            "no   publish, receive  secret/#\n\n"
            "SUBSCRIBED TO  QOS\n"
            "plant/#          1\n");
}

TEST_F(Commands, ClientKickEndsTheConnectionOnly) {
  hub_.answers_["POST /v1/clients/a%2Fb/kick"] = R"({"client_id": "a/b"})";
  EXPECT_EQ(run_client_kick(human(), "a/b"), kExitOk);
  EXPECT_EQ(out_.str(), "the connection of a/b has ended\n");
}

TEST_F(Commands, LogLevelShowsTheLevelsAfterItHasSetThem) {
  hub_.answers_["/v1/log/levels"] = R"({"levels": {"broker": {"level": "info", "configured": "info"}}})";
  hub_.answers_["POST /v1/log/levels"] =
      R"({"levels": {"broker": {"level": "debug", "configured": "info"}}})";
  EXPECT_EQ(run_log_level(human(), {}), kExitOk);
  EXPECT_EQ(run_log_level(human(), {"warn", "broker=debug", "store=default"}), kExitOk);
  EXPECT_EQ(hub_.sent_, R"({"*":"warn","broker":"debug","store":null})");
  EXPECT_EQ(
      out_.str(),
      "PART    LEVEL  CONFIGURED\nbroker  info   info\nPART    LEVEL  CONFIGURED\nbroker  debug  info\n");
}

TEST_F(Commands, SessionRmAsksBeforeItDropsWhatWaits) {
  hub_.answers_["POST /v1/sessions/pump-1/remove"] =
      R"({"client_id": "pump-1", "was_connected": false, "messages": 12, "bytes": 2048})";
  EXPECT_EQ(run_session_rm(human(), "pump-1", no_terminal()), kExitUsage);
  EXPECT_TRUE(hub_.asked_.empty());
  std::string asked;
  const Consent yes = {.ask = [&asked](const std::string& question) {
    asked = question;
    return std::optional<std::string>("y");
  }};
  EXPECT_EQ(run_session_rm(human(), "pump-1", yes), kExitOk);
  EXPECT_EQ(asked, "End the session of pump-1, and drop all that waits for it?");
  EXPECT_EQ(out_.str(), "the session of pump-1 has ended; dropped 12 messages, 2.0 KiB\n");
}

TEST_F(Commands, RouteCheckNeedsNoHub) {
  const testing::TempDir dir;
  const std::string good = dir.write("good.json", R"({"routes": {"a": "FROM /messages/* INTO $upstream"}})");
  EXPECT_EQ(run_route_check({good}, false, out_, err_), kExitOk);
  EXPECT_EQ(out_.str(), good + ": a: ok\n1 route, 0 errors\n");
}

TEST_F(Commands, RouteCheckPointsAtTheFault) {
  const testing::TempDir dir;
  const std::string bad =
      dir.write("bad.json", R"({"routes": {"a": "FROM /messages/* INTO upstream", "b": 7}})");
  EXPECT_EQ(run_route_check({bad}, false, out_, err_), kExitFailed);
  EXPECT_THAT(err_.str(), ::testing::HasSubstr(bad + ": a: left out\n1:23: error: "));
  EXPECT_THAT(err_.str(), ::testing::HasSubstr("^"));
  EXPECT_THAT(err_.str(), ::testing::HasSubstr(bad + ": routes.b: is 7; allowed: "));
  EXPECT_THAT(err_.str(), ::testing::EndsWith("1 route, 2 errors\n"));
}

TEST_F(Commands, RouteCheckLeavesItsFilesAlone) {
  const testing::TempDir dir;
  const std::string file = dir.write("a.json", "{}");
  const auto before = std::filesystem::last_write_time(file);
  EXPECT_EQ(run_route_check({file}, true, out_, err_), kExitFailed);
  EXPECT_EQ(std::filesystem::last_write_time(file), before);
  EXPECT_THAT(out_.str(), ::testing::StartsWith("{\"ok\":false,"));
}

TEST_F(Commands, RouteCheckNamesAFileThatCannotBeRead) {
  EXPECT_EQ(run_route_check({"/none.json"}, false, out_, err_), kExitFailed);
  EXPECT_THAT(err_.str(), ::testing::StartsWith("/none.json: cannot be read: No such file or directory\n"));
}

}  // namespace
}  // namespace headgate::tools
