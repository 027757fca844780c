// The hub's HTTP server as its users and its enemies meet it.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/e2e/http/http_client.h"
#include "tests/e2e/support/hub_fixture.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

class Http : public HubTest {
 protected:
  void configure(Json& config) override {
    config["admin"]["http"]["port"] = port_;
    config["routes"] = {{"up", "FROM 'plant/#' INTO $upstream"}};
  }
  void SetUp() override {
    HubTest::SetUp();
    token_ = hub_.cli({"--data", hub_.data_dir(), "http", "token"}).out;
    ASSERT_THAT(token_, ::testing::EndsWith("\n"));
    token_.pop_back();
  }

  [[nodiscard]] HttpAnswer get(const std::string& target, const std::string& token) const {
    return ask(port_, request({.target = target, .token = token}));
  }
  [[nodiscard]] HttpAnswer get(const std::string& target) const { return get(target, token_); }
  [[nodiscard]] HttpAnswer post(const std::string& target, const std::string& token) const {
    return ask(port_, request({.method = "POST",
                               .target = target,
                               .token = token,
                               .more = "Content-Type: application/json\r\n"}));
  }
  [[nodiscard]] std::string token_file() const { return hub_.data_dir() + "/http-token"; }
  void add_token(const std::string& line) const {
    std::ofstream(token_file(), std::ios::app) << line << "\n";
    EXPECT_EQ(hub_.cli({"reload"}).exit_code, 0);
  }
  void fill_queue() const {
    const auto publisher = client();
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(publisher->publish_and_wait("plant/" + std::to_string(i), "body", 1));
  }

  uint16_t port_ = free_port();
  std::string token_;
};

TEST_F(Http, AnswersWhoHasTheTokenAsTheSocketDoes) {
  const HttpAnswer over_http = get("/v1/routes");
  EXPECT_EQ(over_http.status, 200);
  EXPECT_EQ(Json::parse(over_http.body), hub_.cli_json({"route", "ls"}));
  struct stat info {};
  ASSERT_EQ(stat(token_file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(Http, AsksEverybodyElseForAToken) {
  EXPECT_EQ(get("/v1/status", "").status, 401);
  EXPECT_THAT(get("/v1/status", "").head, HasSubstr("WWW-Authenticate: Bearer"));
  EXPECT_EQ(get("/v1/status", token_ + "0").status, 401);
  EXPECT_EQ(get("/healthz", "").status, 200);
  EXPECT_EQ(get("/readyz", "").status, 200);
  EXPECT_THAT(hub_.log(), Not(HasSubstr(token_)));
}

TEST_F(Http, TakesTheToolToAHubElsewhere) {
  const std::string url = "http://127.0.0.1:" + std::to_string(port_);
  const auto status = hub_.cli({"--url", url, "--token-file", token_file(), "status"});
  EXPECT_EQ(status.exit_code, 0) << status.out;
  EXPECT_THAT(status.out, HasSubstr("test-hub"));
  const auto refused = hub_.cli({"--url", url, "status"});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.out, HasSubstr("token"));
  EXPECT_THAT(hub_.cli({"--url", "ftp://x", "status"}).out, HasSubstr("https://HOST:PORT"));
}

TEST_F(Http, LetsARoleDoWhatItMayAndWritesDownWhoChangesWhat) {
  add_token("read grafana hg_read_0123456789abcdef");
  add_token("operate anna hg_oper_0123456789abcdef");
  fill_queue();
  EXPECT_EQ(get("/v1/queues", "hg_read_0123456789abcdef").status, 200);
  EXPECT_EQ(post("/v1/queues/%24upstream/purge", "hg_read_0123456789abcdef").status, 403);
  EXPECT_EQ(post("/v1/routes/reload", "hg_oper_0123456789abcdef").status, 403);
  EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], 3);
  EXPECT_EQ(post("/v1/queues/%24upstream/purge", "hg_oper_0123456789abcdef").status, 200);
  EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], 0);
  EXPECT_TRUE(hub_.logs("admin_change who=anna from=127.0.0.1:"));
  EXPECT_THAT(hub_.log(), Not(HasSubstr("0123456789abcdef")));
}

TEST_F(Http, ShowsPayloadsByTheRightsOfTheUserOnly) {
  hub_.config["access"]["rules"] = {
      {{"who", {{"anonymous", true}}}, {"allow", {"publish", "subscribe", "receive"}}, {"topics", {"#"}}},
      {{"who", {{"users", {"anna"}}}}, {"allow", {"receive"}}, {"topics", {"plant/1"}}}};
  hub_.reload();
  add_token("read anna hg_anna_0123456789abcdef");
  fill_queue();
  const std::string target = "/v1/queues/%24upstream/peek?payload=1";
  const Json anna = Json::parse(get(target, "hg_anna_0123456789abcdef").body)["messages"];
  ASSERT_EQ(anna.size(), 3u);
  EXPECT_EQ(anna[0]["payload"], nullptr);
  EXPECT_EQ(anna[1]["payload"], "body");
  EXPECT_EQ(Json::parse(get(target).body)["messages"][0]["payload"], "body")
      << "$operator, whom no rule names";
}

TEST_F(Http, ShowsTopicsWithTheirLastValuesByTheRightsOfTheUser) {
  hub_.config["access"]["rules"] = {
      {{"who", {{"anonymous", true}}}, {"allow", {"publish", "subscribe", "receive"}}, {"topics", {"#"}}},
      {{"who", {{"users", {"anna"}}}}, {"allow", {"receive"}}, {"topics", {"plant/1"}}}};
  hub_.reload();
  add_token("read anna hg_anna_0123456789abcdef");
  fill_queue();
  const Json all = Json::parse(get("/v1/topics/plant/%23?payload=1").body);
  EXPECT_EQ(all["topics"].size(), 3u);
  EXPECT_EQ(all["topics"][0]["payload"], "body");
  EXPECT_EQ(all["complete"], true);
  const Json anna = Json::parse(get("/v1/topics?tree=1", "hg_anna_0123456789abcdef").body);
  EXPECT_EQ(anna["tree"][0]["topics"], 1);
  const Json sys = Json::parse(get("/v1/topics/%24SYS/broker/version").body)["topics"];
  ASSERT_EQ(sys.size(), 1u);
  EXPECT_EQ(sys[0]["topic"], "$SYS/broker/version");
  const auto shown = hub_.cli({"topics"});
  EXPECT_THAT(shown.out, HasSubstr("plant"));
  EXPECT_THAT(shown.out, Not(HasSubstr("$SYS")));
  EXPECT_EQ(hub_.cli_json({"topics", "plant/2"})["tree"][0]["children"][0]["last"]["count"], 1);
}

// ---- the past ----

class Past : public Http {
 protected:
  [[nodiscard]] Json why(const std::string& id) const {
    const HttpAnswer over_http = get("/v1/why/" + id);
    EXPECT_EQ(over_http.status, 200) << over_http.body;
    Json answer = Json::parse(over_http.body);
    if (answer["known"] == "no") return answer;
    EXPECT_EQ(answer["message"], hub_.cli_json({"why", id}).value("message", Json())) << "over the socket";
    return answer;
  }
  [[nodiscard]] std::string newest_number() const {
    const Json recent = hub_.cli_json({"why", "--count", "1"});
    return "r" + std::to_string(recent["messages"][0]["number"].get<uint64_t>());
  }
};

TEST_F(Past, TellsTheLifeOfMessagesUntilItIsForgotten) {
  const auto publisher = client();
  ASSERT_TRUE(publisher->publish_and_wait("plant/7", "waits", 1));
  const Json waits = why(newest_number());
  const std::string seq = std::to_string(waits["message"]["seq"].get<uint64_t>());
  EXPECT_EQ(waits["queues"][0]["state"], "waiting") << "there is no link";
  EXPECT_EQ(waits["routes"][0]["what"], "takes");

  const auto reader = persistent_client("reader");
  ASSERT_EQ(reader->subscribe("office/#", 1), 1);
  ASSERT_TRUE(publisher->publish_and_wait("office/1", "delivered", 1));
  const std::string delivered = newest_number();
  EXPECT_TRUE(eventually([&] { return why(delivered)["queues"][0]["state"] == "delivered"; }));
  EXPECT_EQ(why(delivered)["routes"][0]["what"], "other_source");

  ASSERT_TRUE(publisher->publish_and_wait("nobody/1", "unwanted", 1));
  const std::string unwanted = newest_number();
  EXPECT_EQ(why(unwanted)["message"]["topic"], "nobody/1");
  EXPECT_TRUE(why(unwanted)["queues"].empty());
  EXPECT_THAT(hub_.cli({"why", unwanted}).out, HasSubstr("it reads topics that match plant/#"));

  restart_hard();
  const Json stored = why(seq);
  EXPECT_EQ(stored["known"], "stored");
  EXPECT_EQ(stored["message"]["topic"], "plant/7");
  EXPECT_EQ(stored["queues"][0]["queue"], "$upstream");
  EXPECT_EQ(why(unwanted)["known"], "no");
  const auto forgotten = hub_.cli({"why", unwanted});
  EXPECT_EQ(forgotten.exit_code, 1);
  EXPECT_THAT(forgotten.out, HasSubstr("not known any more"));
}

TEST_F(Past, RunsRoutesOverWhatIsRecordedAndListsEvents) {
  fill_queue();
  const std::string routes = R"({"routes":{"up":"FROM 'plant/1' INTO $upstream"}})";
  const HttpAnswer answer = ask(port_, request({.method = "POST",
                                                .target = "/v1/routes/replay?since_s=3600",
                                                .token = token_,
                                                .more = "Content-Type: application/json\r\n"},
                                               routes));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json up = Json::parse(answer.body)["routes"][0];
  EXPECT_EQ(up["before"], 3);
  EXPECT_EQ(up["after"], 1);
  EXPECT_EQ(up["lost"], 2);
  EXPECT_FALSE(hub_.cli_json({"events", "--event", "routes_in_force"})["events"].empty());
}

// ---- publishing ----

class HttpPublish : public Http {
 protected:
  [[nodiscard]] HttpAnswer publish(const std::string& topic, const std::string& body,
                                   const std::string& more = {}, const std::string& token = {}) const {
    return ask(port_, request({.method = "POST",
                               .target = "/v1/publish/" + topic,
                               .token = token.empty() ? token_ : token,
                               .more = "Content-Type: application/json\r\n" + more},
                              body));
  }
};

TEST_F(HttpPublish, ReachesSubscribersAndRoutesOnceItIsDurable) {
  const auto display = subscriber("plant/#", 1);
  const HttpAnswer answer = publish("plant/7/temperature", R"({"t":1})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_GT(Json::parse(answer.body)["seq"], 0);
  hub_.kill_hard();
  hub_.start();
  EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], 1);
  EXPECT_TRUE(display->wait_received(1));
}

TEST_F(HttpPublish, IsKnownAgainByItsKeyOverAKill) {
  const std::string key = "Idempotency-Key: order-7\r\n";
  EXPECT_EQ(Json::parse(publish("plant/1", "x", key).body)["repeated"], false);
  restart_hard();
  EXPECT_EQ(Json::parse(publish("plant/1", "x", key).body)["repeated"], true);
  EXPECT_EQ(publish("plant/1", "another", key).status, 403);
  EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], 1);
}

TEST_F(HttpPublish, IsTheUsersAndItsRights) {
  hub_.config["access"]["rules"] = {
      {{"who", {{"users", {"anna"}}}}, {"allow", {"publish"}}, {"topics", {"plant/1"}}}};
  hub_.reload();
  add_token("operate anna hg_anna_0123456789abcdef");
  EXPECT_EQ(publish("plant/1", "x", "", "hg_anna_0123456789abcdef").status, 200);
  EXPECT_EQ(publish("plant/2", "x", "", "hg_anna_0123456789abcdef").status, 403);
  EXPECT_EQ(publish("$SYS/x", "x").status, 403);
  EXPECT_EQ(publish("plant/1", std::string(1'100'000, 'x')).status, 413);
}

TEST_F(HttpPublish, IsToldThatAQueueIsFull) {
  hub_.kill_hard();
  hub_.config["store"]["queue_bytes_max"] = 65'536;
  hub_.config["store"]["on_full"] = "reject";
  hub_.start();
  int status = 200;
  for (int i = 0; i < 200 && status == 200; ++i) status = publish("plant/1", std::string(2'000, 'x')).status;
  EXPECT_EQ(status, 429);
}

TEST_F(HttpPublish, TakesLinesThatAreAnsweredEach) {
  std::string lines;
  for (int i = 0; i < 1'000; ++i)
    lines += "{\"topic\":\"plant/" + std::to_string(i) + "\",\"payload\":{\"t\":1}}\n";
  const HttpAnswer answer = ask(port_, request({.method = "POST",
                                                .target = "/v1/publish/plant/0",
                                                .token = token_,
                                                .more = "Content-Type: application/x-ndjson\r\n"},
                                               lines));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(std::ranges::count(answer.body, '\n'), 1'000);
  EXPECT_THAT(answer.body, Not(HasSubstr("error")));
  EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], 1'000);
}

TEST_F(Http, KeepsItsTokenOverStarts) {
  restart_hard();
  EXPECT_EQ(get("/v1/status").status, 200);
}

// ---- browsers ----

class HttpSession : public Http {
 protected:
  // Name and value of the cookie.
  [[nodiscard]] std::string sign_in(const std::string& token) const {
    const HttpAnswer answer = post("/v1/session", token);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.head, HasSubstr("; Path=/; HttpOnly; SameSite=Strict\r\n"));
    EXPECT_THAT(answer.head, Not(HasSubstr(token)));
    const size_t at = answer.head.find("headgate_" + std::to_string(port_) + "=");
    return at == std::string::npos ? "" : answer.head.substr(at, answer.head.find(';', at) - at);
  }
  [[nodiscard]] HttpAnswer get_by(const std::string& cookie, const std::string& target) const {
    return ask(port_, request({.target = target, .more = "Cookie: " + cookie + "\r\n"}));
  }
  [[nodiscard]] HttpAnswer post_by(const std::string& cookie, const std::string& target,
                                   const std::string& origin) const {
    return ask(port_,
               request({.method = "POST",
                        .target = target,
                        .host = "localhost:" + std::to_string(port_),
                        .more = "Content-Type: application/json\r\nCookie: " + cookie + "\r\n" + origin}));
  }
  // Everybody's token but the first leaves.
  void remove_added_tokens() const {
    std::ofstream(token_file(), std::ios::trunc) << "admin $operator " << token_ << "\n";
    EXPECT_EQ(hub_.cli({"reload"}).exit_code, 0);
  }
};

TEST_F(HttpSession, StandsForTheTokenOverAKillAndEndsWithIt) {
  add_token("read anna hg_anna_0123456789abcdef");
  const std::string cookie = sign_in("hg_anna_0123456789abcdef");
  EXPECT_TRUE(hub_.logs("http_signed_in who=anna peer=127.0.0.1:"));
  const Json session = Json::parse(get_by(cookie, "/v1/session").body);
  EXPECT_EQ(session["user"], "anna");
  EXPECT_EQ(session["role"], "read");
  EXPECT_GT(session["until_ms"], 1'700'000'000'000);
  restart_hard();
  EXPECT_EQ(get_by(cookie, "/v1/queues").status, 200);
  EXPECT_EQ(get_by(cookie.substr(0, cookie.size() - 1) + "x", "/v1/queues").status, 401);
  remove_added_tokens();
  const HttpAnswer ended = get_by(cookie, "/v1/queues");
  EXPECT_EQ(ended.status, 401);
  EXPECT_THAT(ended.body, HasSubstr("sign in again"));
  EXPECT_EQ(get_by(cookie, "/healthz").status, 200);
  EXPECT_EQ(get_by(cookie, "/").status, 200) << "the page that takes another token";
}

TEST_F(HttpSession, ChangesThingsFromThePageOfThisServerOnly) {
  fill_queue();
  const std::string cookie = sign_in(token_);
  const std::string purge = "/v1/queues/%24upstream/purge";
  EXPECT_EQ(post_by(cookie, purge, "").status, 403);
  EXPECT_EQ(post_by(cookie, purge, "Origin: http://localhost:1\r\n").status, 403);
  EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], 3);
  EXPECT_EQ(post_by(cookie, purge, "Origin: http://localhost:" + std::to_string(port_) + "\r\n").status, 200);
  EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], 0);
}

TEST_F(HttpSession, FollowsEventsUntilItsTokenLeaves) {
  add_token("read anna hg_anna_0123456789abcdef");
  const std::string cookie = sign_in("hg_anna_0123456789abcdef");
  RawSocket events(port_);
  events.send(
      request({.target = "/v1/tail", .more = "Accept: text/event-stream\r\nCookie: " + cookie + "\r\n"}));
  ASSERT_TRUE(events.receive(12));
  EXPECT_EQ(parse_answer(events.received()).status, 200);
  RawSocket stays(port_);
  stays.send(request({.target = "/v1/tail", .token = token_}));
  ASSERT_TRUE(stays.receive(12));
  remove_added_tokens();
  EXPECT_TRUE(events.is_closed_by_peer(kPatience));
  EXPECT_FALSE(stays.is_closed_by_peer(std::chrono::milliseconds(100)));
}

TEST_F(HttpSession, BeginsAtAPageThatAnybodyGets) {
  EXPECT_TRUE(hub_.logs("console=http://localhost:" + std::to_string(port_) + "/"));
  const HttpAnswer page = get("/", "");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.head, HasSubstr("Content-Security-Policy: default-src 'none'; "));
  EXPECT_THAT(page.body, HasSubstr("<!doctype html>"));
  EXPECT_EQ(ask(port_, request({.target = "/", .host = "evil.example"})).status, 421);
  EXPECT_EQ(get("/console/../http-token", "").status, 404);
}

// ---- who means it ill ----

struct Hostile {
  std::string name;
  std::string bytes;
};

using Requests = std::vector<Hostile>;

// Each as nobody, as the owner and as one who guesses: `with` is the token that is sent.
void add_targets(Requests& all, const std::string& as, const std::string& with) {
  for (const char* target : {"/v1/../v1/status",
                             "/../../../../etc/passwd",
                             "/%2e%2e/%2e%2e/etc/passwd",
                             "/v1//status",
                             "//v1/status",
                             "/v1/status/more",
                             "/V1/status",
                             "/v1/queues/..%2f..%2fetc",
                             "/v1/queues/%00",
                             "/v1/%ff",
                             "/v1/%",
                             "/v1/%zz",
                             "/v1/status?x=1",
                             "/v1/status?%",
                             "/v1/tail?filter=a/%23/b",
                             "/v1/tail?filter=",
                             "/v1/tail?payload=2",
                             "/v1/dlq/-1",
                             "/v1/dlq/99999999999999999999999",
                             "/v1/queues/none/peek?count=0",
                             "/v1/queues/none/peek?count=-1",
                             "/v1/queues/none/peek?lane=99",
                             "/console",
                             "/.git/config",
                             "/metrics/x",
                             "/healthz/x",
                             "v1/status",
                             "*",
                             "http://evil.example/v1/status",
                             "/v1/tables/%2e%2e/rows",
                             "/v1/\\status"})
    all.push_back({as + " asks for " + target, request({.target = target, .token = with})});
}

void add_methods(Requests& all, const std::string& as, const std::string& with) {
  for (const char* method :
       {"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "HEAD", "get", "G\x01T"})
    all.push_back({as + " uses " + method, request({.method = method, .token = with})});
  for (const char* type : {"", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded"})
    for (const char* target : {"/v1/dlq/purge", "/v1/routes/reload", "/v1/remote/forget", "/v1/routes/apply"})
      all.push_back({as + " posts " + type + " to " + target,
                     request({.method = "POST",
                              .target = target,
                              .token = with,
                              .more = std::string("Content-Type: ") + type + "\r\n"})});
}

void add_fields(Requests& all, const std::string& as, const std::string& with) {
  for (const char* host : {"", "evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "[::2]",
                           "0.0.0.0", "a\tb", "localhost\r\nHost: evil.example"})
    all.push_back({as + " calls it " + host, request({.token = with, .host = host})});
  for (const char* line :
       {"Origin: http://evil.example\r\n", "Origin: null\r\n", "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: gzip\r\n", "Content-Length: -1\r\n", "Content-Length: 99999999999\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n",
        "Authorization: Bearer x\r\nAuthorization: Bearer y\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", ": empty\r\n", "No colon\r\n", " folded\r\n",
        "Bad\x01Name: x\r\n", "Expect: 200-ok\r\n", "Cookie: headgate_1=1; headgate_1=2\r\nCookie: x\r\n",
        "Origin: null\r\nOrigin: http://localhost\r\n"})
    all.push_back({as + " says " + line, request({.target = "/v1/none", .token = with, .more = line})});
}

void add_sizes(Requests& all, const std::string& as, const std::string& with) {
  const std::string long_text(20'000, 'x');
  for (const size_t count : {100u, 500u, 2000u}) {
    std::string flood;
    for (size_t i = 0; i < count; ++i)
      flood += "X-" + std::to_string(i) + ": " + std::string(40, 'y') + "\r\n";
    all.push_back({as + " floods with " + std::to_string(count),
                   request({.target = "/v1/none", .token = with, .more = flood})});
  }
  all.push_back({as + " sends a long target", request({.target = "/" + long_text, .token = with})});
  all.push_back({as + " sends a long field", request({.token = with, .more = "X: " + long_text + "\r\n"})});
  all.push_back({as + " sends a long method", request({.method = long_text, .token = with})});
  all.push_back({as + " declares too much",
                 request({.method = "POST",
                          .target = "/v1/routes/check",
                          .token = with,
                          .more = "Content-Type: application/json\r\nContent-Length: 5000000\r\n"})});
  for (const char* chunks :
       {"ffffffffffffffff\r\nx", "-1\r\nx", "zz\r\nx\r\n", "4\r\nabcdefgh\r\n0\r\n\r\n", "500000\r\n"})
    all.push_back({as + " sends chunks " + chunks,
                   "POST /v1/none HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                   "Authorization: Bearer " +
                       with + "\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks});
}

void add_other_protocols(Requests& all, const std::string& token) {
  const std::string whole = request({.target = "/v1/status", .token = token});
  for (size_t cut = 1; cut < 75; ++cut) all.push_back({"half " + std::to_string(cut), whole.substr(0, cut)});
  for (int byte = 0; byte < 64; ++byte)
    all.push_back({"byte " + std::to_string(byte), std::string(1, static_cast<char>(byte * 4)) + "\r\n\r\n"});
  all.push_back(
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(500, 'r')});
  all.push_back({"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"});
  all.push_back({"HTTP/0.9", "GET /v1/status\r\n"});
  all.push_back({"HTTP/9", "GET /v1/status HTTP/9.9\r\nHost: localhost\r\n\r\n"});
  all.push_back({"MQTT", std::string("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01h", 15)});
}

Requests hostile_requests(const std::string& token) {
  Requests all;
  const std::pair<const char*, std::string> callers[] = {{"nobody", ""},
                                                         {"the owner", token},
                                                         {"a guesser", token.substr(1)},
                                                         {"a shouter", std::string(600, 'a')}};
  for (const auto& [as, with] : callers) {
    add_targets(all, as, with);
    add_methods(all, as, with);
    add_fields(all, as, with);
    add_sizes(all, as, with);
  }
  add_other_protocols(all, token);
  return all;
}

class HttpHostile : public Http {};

// None is told anything, none stays, and whoever uses MQTT meanwhile does not notice.
TEST_F(HttpHostile, RequestsHarmThemselvesAlone) {
  const auto control = subscriber("control", 1);
  size_t sent = 0;
  const auto all = hostile_requests(token_);
  ASSERT_GE(all.size(), 500u);
  for (const Hostile& one : all) {
    RawSocket socket(port_);
    socket.send(one.bytes);
    const bool is_whole = one.bytes.find("\r\n\r\n") != std::string::npos;
    if (is_whole) (void)socket.receive(12, std::chrono::milliseconds(2000));
    const int status = parse_answer(socket.received()).status;
    EXPECT_TRUE(status == 0 || (status >= 400 && status < 500))
        << one.name << ": " << socket.received().substr(0, 300);
    EXPECT_THAT(socket.received(), Not(HasSubstr("root:"))) << one.name;
    EXPECT_TRUE(control->publish_and_wait("control", one.name.substr(0, 40), 1)) << one.name;
    ++sent;
  }
  EXPECT_TRUE(control->wait_received(sent));
  EXPECT_EQ(get("/v1/status").status, 200);
  EXPECT_EQ(hub_.cli_json({"client", "ls"})["clients"].size(), 1u);
}

// An answer comes before the body that it would not be held for.
TEST_F(HttpHostile, BodiesAreNotTakenFromWhoIsNotLetIn) {
  for (const std::string& token : {std::string(), token_ + "0"}) {
    const HttpAnswer answer = ask(port_, request({.method = "POST",
                                                  .target = "/v1/routes/check",
                                                  .token = token,
                                                  .more = "Content-Type: application/json\r\n"},
                                                 "{}"));
    EXPECT_EQ(answer.status, 401) << token.size();
    RawSocket socket(port_);
    std::string head = request({.method = "GET",
                                .target = "/v1/routes/check",
                                .token = token,
                                .more = "Content-Type: application/json\r\nContent-Length: 4000000\r\n"});
    socket.send(head.replace(0, 3, "POST"));
    ASSERT_TRUE(socket.receive(12, std::chrono::milliseconds(3000)));
    EXPECT_EQ(parse_answer(socket.received()).status, 401);
  }
}

// More than are let in, each of which sends half a request and waits.
TEST_F(HttpHostile, CrowdsThatWaitTakeNoPlaceOnTheSocketAndGoInTime) {
  std::vector<std::unique_ptr<RawSocket>> crowd;
  for (int i = 0; i < 60; ++i) {
    crowd.push_back(std::make_unique<RawSocket>(port_));
    crowd.back()->send("GET /v1/status HTTP/1.1\r\nHost: lo");
  }
  EXPECT_EQ(hub_.cli({"status"}).exit_code, 0);
  const auto publisher = client();
  EXPECT_TRUE(publisher->publish_and_wait("plant/1", "body", 1));
  for (const auto& one : crowd) EXPECT_TRUE(one->is_closed_by_peer(std::chrono::seconds(15)));
  EXPECT_EQ(get("/v1/status").status, 200);
}

TEST_F(HttpHostile, ReadersThatStallLoseTheirStreamAlone) {
  RawSocket stalled(port_);
  stalled.send(request({.target = "/v1/tail?filter=plant/%23&payload=1", .token = token_}));
  ASSERT_TRUE(stalled.receive(12));
  const auto publisher = client();
  const std::string body(50'000, 'b');
  for (int i = 0; i < 400; ++i) ASSERT_TRUE(publisher->publish_and_wait("plant/1", body, 1));
  EXPECT_TRUE(hub_.logs("admin_stream_dropped"));
}

}  // namespace
}  // namespace headgate::e2e
