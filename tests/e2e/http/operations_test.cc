// Each operation of the API with each status that conf/openapi.json describes: asked of a real hub, and answered as described.
#include <gmock/gmock.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>

#include "tests/e2e/http/contract.h"
#include "tests/e2e/http/http_client.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/wrapped_hub.h"
#include "upstream/clouds/sas_token.h"

namespace headgate::e2e {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

constexpr const char* kJsonType = "Content-Type: application/json\r\n";
constexpr const char* kSmallOnly = "allow_anonymous true\nmessage_size_limit 4000\n";
constexpr const char* kLinesType = "Content-Type: application/x-ndjson\r\n";

constexpr const char* kEdgeHost = "acme-plant.azure-devices.net";
constexpr const char* kLeafKey = "bGVhZi1wcmltYXJ5LWtleS0wMTIzNDU2Nzg5YWJjZGU=";

constexpr const char* kExported =
    R"({"seq":1,"lane":10,"topic":"plant/1","qos":1,"retain":false,"arrived_ms":1790000000000,"payload":"moved"})"
    "\n";

// A hub with something of everything, and who asks it.
class Asked {
 public:
  explicit Asked(const Json& more) {
    hub.config["admin"]["http"] = {{"port", port_}, {"metrics_open", false}};
    hub.config["routes"] = {
        {"up", "FROM 'plant/#' INTO $upstream"},
        {"hourly", "SELECT count(*) AS n FROM 'plant/#' GROUP BY $topic, Tumbling(1h) INTO Topic('hourly')"}};
    hub.config["listeners"] += {{"address", "127.0.0.1"}, {"port", edge_port}, {"dialect", "iot-edge"}};
    hub.config["iot_edge"] = {
        {"hub_host_name", kEdgeHost}, {"device_id", "edge-1"}, {"identities_file", identities()}};
    hub.config.merge_patch(more);
  }
  void start() {
    const std::string key = scratch_.write("key", std::string(kLeafKey) + "\n").string();
    const Finished added = run({program("headgate"), "identity", "add", "leaf-1", "--primary-key-file", key,
                                "--file", identities()});
    EXPECT_EQ(added.exit_code, 0) << added.out;
    hub.start();
    const std::string printed = hub.cli({"--data", hub.data_dir(), "http", "token"}).out;
    token_ = printed.substr(0, printed.find('\n'));
  }

  void unregister_leaf() const {
    const Finished removed = run({program("headgate"), "identity", "rm", "leaf-1", "--file", identities()});
    EXPECT_EQ(removed.exit_code, 0) << removed.out;
    EXPECT_EQ(post("/v1/routes/reload"), 200);
  }

  int get(const std::string& target) const { return ask_for({.target = target, .token = token_}); }
  int post(const std::string& target, const std::string& body = {},
           const std::string& type = kJsonType) const {
    return ask_for({.method = "POST", .target = target, .token = token_, .more = type}, body);
  }
  int ask_for(const HttpHead& head, const std::string& body = {}) const {
    return ask(port_, request(head, body)).status;
  }
  // Reads the beginning of a stream while `happen` is called, again and again.
  template <typename Happen>
  void follow(const std::string& target, const std::string& more, Happen happen,
              const std::string& until = "\"topic\"") const {
    const std::string asked = request({.target = target, .token = token_, .more = more});
    RawSocket socket(port_);
    socket.send(asked);
    EXPECT_TRUE(eventually([&] {
      happen();
      (void)socket.receive(socket.received().size() + 1, std::chrono::milliseconds(100));
      const size_t found = socket.received().find(until);  // in a chunk that is wanted whole
      return found != std::string::npos && socket.received().find("\r\n", found) != std::string::npos;
    })) << target;
    const size_t whole = socket.received().rfind("\r\n");
    expect_as_described(asked, socket.received().substr(0, whole + 2));
  }
  [[nodiscard]] const std::string& token() const { return token_; }

  HubProcess hub;
  const uint16_t edge_port = free_port();

 private:
  [[nodiscard]] std::string identities() const { return (scratch_.path() / "identities.json").string(); }

  ScratchDir scratch_;
  uint16_t port_ = free_port();
  std::string token_;
};

std::string filled(std::string path, const std::string& name) {
  for (const char* place : {"{name}", "{topic}"})
    if (const size_t at = path.find(place); at != std::string::npos)
      path.replace(at, std::strlen(place), name);
  return path;
}

void ask_wrongly(const Asked& asked, const HttpHead& head, const Json& statuses, int status) {
  if (!statuses.contains(std::to_string(status))) return;
  EXPECT_EQ(asked.ask_for(head), status) << head.method << " " << head.target;
}

// Asks every operation in each wrong way.
void ask_wrongly(const Asked& asked) {
  for (const auto& [path, methods] : ApiContract::of_the_hub().description()["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      HttpHead head{.method = method == "get" ? "GET" : "POST",
                    .target = filled(path, "1"),
                    .token = asked.token(),
                    .more = method == "get" ? "" : kJsonType};
      const HttpHead right = head;
      const Json& statuses = operation["responses"];
      head.target += "?unknown=1";
      ask_wrongly(asked, head, statuses, 400);
      head = right;
      head.token.clear();
      ask_wrongly(asked, head, statuses, 401);
      head = right;
      head.more += "Origin: http://evil.example\r\n";
      ask_wrongly(asked, head, statuses, 403);
      head = right;
      head.more = "Content-Type: text/plain\r\n";
      ask_wrongly(asked, head, statuses, 415);
      head = right;
      head.target = filled(path, "999999");
      ask_wrongly(asked, head, statuses, 404);
    }
  }
}

Json upstream_to(const MosquittoBroker& cloud) {
  return {{"host", "127.0.0.1"},
          {"port", cloud.port()},
          {"no_subscriber", "deliver"},
          {"batch", {{"linger_ms", 50}}},
          {"backoff", {{"base_ms", 50}, {"cap_ms", 200}}}};
}

// A message that the broker upstream refuses.
void let_one_die(const Asked& asked, MosquittoBroker& cloud) {
  cloud.start();
  MqttClient publisher(asked.hub.port(), {});
  std::string noise;
  for (int i = 0; i < 8'000; ++i) noise += static_cast<char>(33 + (i * i * 7919 + i * 31) % 90);
  EXPECT_TRUE(publisher.publish_and_wait("plant/big", noise, 1));
  EXPECT_TRUE(eventually([&] { return !asked.hub.cli_json({"dlq", "ls"})["dead_letters"].empty(); }));
  cloud.stop();
}

uint64_t first_letter(const Asked& asked) {
  return asked.hub.cli_json({"dlq", "ls"})["dead_letters"][0]["seq"];
}

void use_letters(const Asked& asked, MosquittoBroker& cloud) {
  let_one_die(asked, cloud);
  const std::string letter = "/v1/dlq/" + std::to_string(first_letter(asked));
  EXPECT_EQ(asked.get("/v1/dlq"), 200);
  EXPECT_EQ(asked.get(letter + "?payload=1"), 200);
  EXPECT_EQ(asked.post(letter + "/replay"), 200);
  let_one_die(asked, cloud);
  EXPECT_EQ(asked.post("/v1/dlq/" + std::to_string(first_letter(asked)) + "/purge"), 200);
  EXPECT_EQ(asked.post("/v1/dlq/replay"), 200);
  EXPECT_EQ(asked.post("/v1/dlq/purge"), 200);
}

void look(const Asked& asked) {
  for (const char* target : {"/healthz",
                             "/readyz",
                             "/metrics",
                             "/v1/session",
                             "/v1/status",
                             "/v1/doctor",
                             "/v1/upstream",
                             "/v1/upstream/forecast",
                             "/v1/queues",
                             "/v1/queues/%24upstream",
                             "/v1/queues/%24upstream/peek?payload=1&count=2",
                             "/v1/clients",
                             "/v1/routes",
                             "/v1/routes/hourly/windows?count=10",
                             "/v1/routes/file",
                             "/v1/routes/records",
                             "/v1/tables/limits/rows",
                             "/v1/history",
                             "/v1/store",
                             "/v1/topics",
                             "/v1/topics?tree=1",
                             "/v1/topics/%24SYS/%23?payload=1",
                             "/v1/topics/plant/%23?depth=1",
                             "/v1/remote",
                             "/v1/log/levels",
                             "/v1/why/r1?payload=1",
                             "/v1/why/none",
                             "/v1/recent?payload=1&newest=1&filter=plant/%23",
                             "/v1/events?level=info&count=5"})
    EXPECT_EQ(asked.get(target), 200) << target;
}

void sign_in_and_out(const Asked& asked) {
  EXPECT_EQ(asked.post("/v1/session"), 200);
  EXPECT_EQ(asked.post("/v1/session/end"), 200);
}

void publish(const Asked& asked) {
  EXPECT_EQ(asked.post("/v1/publish/plant/1", R"({"t":1})"), 200);
  EXPECT_EQ(asked.post("/v1/publish/plant/1",
                       "{\"payload\":1,\"retain\":true,\"user_properties\":[[\"a\",\"b\"]]}\n{\"topic\":7}\n",
                       kLinesType),
            200);
  EXPECT_EQ(asked.post("/v1/publish/plant/1", std::string(1'100'000, 'x')), 413);
}

void follow(const Asked& asked) {
  MqttClient publisher(asked.hub.port(), {});
  const auto happen = [&] { EXPECT_TRUE(publisher.publish_and_wait("plant/1", "body", 1)); };
  for (const char* target :
       {"/v1/tail?filter=plant/%23&payload=1", "/v1/tail/plant/%23", "/v1/queues/%24upstream/tail"}) {
    asked.follow(target, "", happen);
    asked.follow(target, "Accept: text/event-stream\r\n", happen);
  }
  for (const char* target :
       {"/v1/live", "/v1/live?parts=status,queues,routes,upstream,forecast,clients,events"}) {
    asked.follow(target, "", happen, "\"first\":false");
    asked.follow(target, "Accept: text/event-stream\r\n", happen, "\"first\":false");
  }
}

void change(const Asked& asked, const std::string& dir) {
  MqttClient stays(asked.hub.port(), {.id = "stays", .clean = false, .reconnects = false});
  EXPECT_EQ(stays.subscribe("plant/#", 1), 1);
  EXPECT_EQ(asked.get("/v1/clients/stays/rights"), 200);
  EXPECT_EQ(asked.post("/v1/clients/stays/kick"), 200);
  EXPECT_EQ(asked.post("/v1/sessions/stays/remove"), 200);
  EXPECT_EQ(asked.get("/v1/queues/%24upstream/messages?topic=plant/%23&limit=1&payload=1"), 200);
  EXPECT_EQ(asked.post("/v1/queues/%24upstream/pause"), 200);
  EXPECT_EQ(asked.post("/v1/queues/%24upstream/resume"), 200);
  EXPECT_EQ(asked.post("/v1/queues/%24upstream/import?id=moved", kExported, kLinesType), 200);
  EXPECT_EQ(asked.post("/v1/queues/%24upstream/purge"), 200);
  const std::string routes = R"({"routes":{"more":"FROM 'more/#' INTO $upstream"}})";
  EXPECT_EQ(asked.post("/v1/routes/check", routes), 200);
  EXPECT_EQ(asked.post("/v1/routes/shadow", routes), 200);
  EXPECT_EQ(asked.post("/v1/routes/replay?since_s=60&whole=1", routes), 200);
  EXPECT_EQ(asked.post("/v1/routes/test?since_s=60&count=2&payload=1", routes), 200);
  EXPECT_EQ(asked.post("/v1/routes/apply?name=more.json&dry_run=1", routes), 200);
  EXPECT_EQ(asked.post("/v1/routes/apply?name=more.json", routes), 200);
  EXPECT_EQ(asked.post("/v1/routes/reload"), 200);
  EXPECT_EQ(asked.post("/v1/log/levels", R"({"broker":"debug","store":null})"), 200);
  EXPECT_EQ(asked.post("/v1/store/backup?dir=" + dir + "/backup"), 200);
}

// The gateway's own device, which is always known.
void use_edge(const Asked& asked) {
  EXPECT_EQ(asked.get("/v1/twins/edge-1"), 200);
  EXPECT_EQ(asked.post("/v1/twins/edge-1/patch", R"({"interval":10,"unit":null})"), 200);
  EXPECT_EQ(asked.post("/v1/twins/edge-1/set", R"({"interval":{"s":10}})"), 200);
  const std::string messages = "/v1/devices/edge-1/messages";
  EXPECT_EQ(asked.get(messages), 200);
  int status = 200;
  for (int i = 0; i < 60 && status == 200; ++i)
    status = asked.post(messages, R"({"payload":{"t":1},"message_id":"m","user_properties":[["a","b"]]})");
  EXPECT_EQ(status, 429);
  EXPECT_EQ(asked.get(messages + "?payload=1&count=2"), 200);
  EXPECT_EQ(asked.post("/v1/devices/edge-1/purge"), 200);
  EXPECT_EQ(asked.get("/v1/identities"), 200);
  EXPECT_EQ(asked.post("/v1/identities/leaf-gone/forget"), 200);
}

// A leaf device that answers a method, and one more not.
void call_methods(const Asked& asked) {
  const auto tomorrow = std::chrono::system_clock::now().time_since_epoch() + std::chrono::hours(24);
  const std::string token =
      *upstream::sas_token(std::string(kEdgeHost) + "/devices/leaf-1", kLeafKey,
                           std::chrono::duration_cast<std::chrono::seconds>(tomorrow).count());
  MqttClient leaf(asked.edge_port, {.id = "leaf-1",
                                    .protocol = Protocol::v311,
                                    .username = std::string(kEdgeHost) + "/leaf-1/?api-version=2021-04-12",
                                    .password = token});
  EXPECT_EQ(leaf.subscribe("$iothub/methods/POST/#", 0), 0);
  const std::string call = R"({"methodName":"echo","payload":{"x":1},"responseTimeoutInSeconds":5})";
  auto answered =
      std::async(std::launch::async, [&] { return asked.post("/v1/methods/leaf-1/invoke", call); });
  ASSERT_TRUE(leaf.wait_received(1));
  const std::string topic = leaf.received()[0].topic;
  EXPECT_TRUE(topic.starts_with("$iothub/methods/POST/echo/?$rid=")) << topic;
  const std::string answer = "$iothub/methods/res/207/" + topic.substr(topic.find('?'));
  EXPECT_TRUE(leaf.publish_and_wait(answer, R"({"got":1})", 0));
  EXPECT_EQ(answered.get(), 200);
  EXPECT_EQ(asked.post("/v1/methods/leaf-1/invoke", call), 504);
}

void change_configuration(const Asked& asked) {
  Json changed = Json::parse(std::ifstream(asked.hub.config_file()));
  changed["time_to_live_s"] = 86'399;
  EXPECT_EQ(asked.post("/v1/plan", changed.dump()), 200);
  EXPECT_EQ(asked.post("/v1/apply?confirm_within_s=60", changed.dump()), 200);
  EXPECT_EQ(asked.post("/v1/apply/confirm"), 200);
}

// The hub's own key and documents that it has signed.
class Office {
 public:
  Office() {
    const Finished made = run({program("headgate"), "remote", "keygen", path("fleet")});
    EXPECT_EQ(made.exit_code, 0) << made.out;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }
  [[nodiscard]] std::string signed_document() const {
    std::ofstream(path("document.json")) << R"({"time_to_live_s": 86400})";
    return run({program("headgate"), "remote", "sign", "--key", path("fleet.key"), "--hub", "test-hub",
                "--version", "1", path("document.json")})
        .out;
  }

 private:
  ScratchDir scratch_;
};

void ask_rightly(const Asked& asked, MosquittoBroker& cloud, const Office& office) {
  sign_in_and_out(asked);
  publish(asked);
  look(asked);
  follow(asked);
  change(asked, office.path(""));
  use_edge(asked);
  call_methods(asked);
  change_configuration(asked);
  EXPECT_EQ(asked.post("/v1/remote/apply", office.signed_document()), 200);
  EXPECT_EQ(asked.post("/v1/remote/forget"), 200);
  use_letters(asked, cloud);
}

void ask_a_full_hub() {
  Asked asked(Json::object({{"store", {{"queue_bytes_max", 65'536}, {"on_full", "reject"}}},
                            {"observe", {{"history_bytes", 0}}}}));
  asked.start();
  int status = 200;
  for (int i = 0; i < 200 && status == 200; ++i)
    status = asked.post("/v1/publish/plant/1", std::string(2'000, 'x'));
  EXPECT_EQ(status, 429);
  EXPECT_EQ(asked.post("/v1/routes/replay"), 503) << "it records nothing";
  EXPECT_EQ(asked.post("/v1/routes/test", R"({"routes":{"more":"FROM 'more/#' INTO $upstream"}})"), 503);
  // It takes no documents.
  EXPECT_EQ(asked.get("/v1/remote"), 503);
  EXPECT_EQ(asked.post("/v1/remote/apply", "{}"), 503);
  EXPECT_EQ(asked.post("/v1/remote/forget"), 503);
}

// A disk whose writes fail, and one that hangs.
void ask_a_hub_without_a_disk() {
  const ScratchDir scratch;
  const std::string fails = (scratch.path() / "fails").string();
  const std::string hangs = (scratch.path() / "hangs").string();
  const WrappedHub wrapped(
      "env LD_PRELOAD=" HEADGATE_BUILT_BIN_DIR "/libheadgate_hanging_disk.so HEADGATE_DISK_FAILS=" + fails +
      " HEADGATE_DISK_HANGS=" + hangs);
  MosquittoBroker cloud(kSmallOnly);
  Asked asked(Json::object({{"upstream", upstream_to(cloud)}}));
  asked.start();
  EXPECT_EQ(MqttClient(asked.hub.port(), {.id = "stays", .clean = false}).subscribe("plant/#", 1), 1);
  let_one_die(asked, cloud);
  const std::string letter = "/v1/dlq/" + std::to_string(first_letter(asked));
  EXPECT_EQ(asked.post("/v1/devices/edge-1/messages", R"({"payload":"x"})"), 200);
  EXPECT_EQ(asked.post("/v1/twins/leaf-1/patch", R"({"a":1})"), 200);
  asked.unregister_leaf();
  Json changed = Json::parse(std::ifstream(asked.hub.config_file()));
  changed["time_to_live_s"] = 86'399;
  const auto fail = [&] { std::ofstream(fails) << "fails"; };
  const auto heal = [&] {
    std::filesystem::remove(fails);
    EXPECT_TRUE(eventually([&] { return asked.get("/readyz") == 200; }));
  };
  fail();
  EXPECT_EQ(asked.post("/v1/apply?confirm_within_s=600", changed.dump()), 503);
  heal();
  EXPECT_EQ(asked.post("/v1/apply?confirm_within_s=600", changed.dump()), 200);
  fail();
  EXPECT_EQ(asked.post("/v1/apply/confirm"), 503);
  // An import has to be the first write that is not made: those of the time after it end with what stopped them.
  EXPECT_TRUE(eventually([&] {
    heal();
    fail();
    return asked.post("/v1/queues/%24upstream/import?id=moved", kExported, kLinesType) == 503;
  }));
  EXPECT_EQ(asked.post("/v1/publish/plant/1", "x"), 503);
  EXPECT_TRUE(eventually([&] { return asked.get("/readyz") == 503; }));
  const std::vector<std::string> changes = {"/v1/publish/plant/1",
                                            "/v1/queues/%24upstream/purge",
                                            letter + "/replay",
                                            letter + "/purge",
                                            "/v1/dlq/replay",
                                            "/v1/dlq/purge",
                                            "/v1/queues/%24upstream/pause",
                                            "/v1/queues/%24upstream/resume",
                                            "/v1/sessions/stays/remove",
                                            "/v1/store/backup?dir=" + (scratch.path() / "backup").string()};
  for (const std::string& target : changes) EXPECT_EQ(asked.post(target, "x"), 503) << target;
  EXPECT_EQ(asked.post("/v1/twins/edge-1/patch", "{}"), 503);
  EXPECT_EQ(asked.post("/v1/twins/edge-1/set", R"({"a":1})"), 503);
  EXPECT_EQ(asked.post("/v1/devices/edge-1/messages", R"({"payload":"x"})"), 503);
  EXPECT_EQ(asked.post("/v1/devices/edge-1/purge"), 503);
  EXPECT_EQ(asked.post("/v1/identities/leaf-1/forget"), 503);
  EXPECT_TRUE(eventually([&] { return asked.get("/v1/queues/%24upstream/messages") == 503; }));
  heal();
  std::ofstream(hangs) << "hangs";
  MqttClient publisher(asked.hub.port(), {});
  publisher.publish("plant/1", "late", 1);
  EXPECT_TRUE(eventually([&] { return asked.get("/healthz") == 503; }, 30s));
  std::filesystem::remove(hangs);
  EXPECT_TRUE(eventually([&] { return asked.get("/healthz") == 200; }));
}

TEST(Operations, AreEachAnsweredAsDescribedWithEachStatus) {
  {
    const Office office;
    MosquittoBroker cloud(kSmallOnly);
    std::ofstream(office.path("limits.csv")) << "key,high\na,1\n";
    std::filesystem::create_directory(office.path("routes"));
    Json more = Json::object();
    more["history"]["filter"] = "plant/#";
    more["tables"]["limits"]["file"] = office.path("limits.csv");
    more["routes_dir"] = office.path("routes");
    more["upstream"] = upstream_to(cloud);
    more["upstream"]["remote_config"] = {{"key_file", office.path("fleet.pub")}, {"confirm_s", 1}};
    Asked asked(more);
    asked.start();
    ask_rightly(asked, cloud, office);
    ask_wrongly(asked);
  }
  ask_a_full_hub();
  ask_a_hub_without_a_disk();
  EXPECT_THAT(ApiContract::of_the_hub().missing(), IsEmpty());
}

// ---- whether the judge judges ----

std::vector<std::string> judged(const Exchange& exchange) {
  ApiContract contract(ApiContract::of_the_hub().description());
  return contract.problems(exchange);
}

TEST(TheContract, FindsWhatIsNotAsDescribed) {
  const std::string good = R"({"stuck":[]})";
  EXPECT_THAT(judged({.target = "/healthz", .answer = good}), IsEmpty());
  EXPECT_THAT(judged({.target = "/healthz", .answer = "{}"}), Not(IsEmpty()));
  EXPECT_THAT(judged({.target = "/healthz", .answer = "no JSON"}), Not(IsEmpty()));
  EXPECT_THAT(judged({.target = "/healthz", .answer_type = "text/html", .answer = good}), Not(IsEmpty()));
  EXPECT_THAT(judged({.target = "/healthz", .status = 404, .answer = good}), Not(IsEmpty()));
  EXPECT_THAT(judged({.target = "/healthz?x=1", .answer = good}), Not(IsEmpty()));
  EXPECT_THAT(judged({.target = "/none", .answer = good}), Not(IsEmpty()));
  const std::string sum = R"({"topics":[{"topic":"a/#","topics":2,"count":2,"rate_per_s":0.5,"last_ms":1}],)"
                          R"("complete":true,"left_out":0,"forgotten":0})";
  EXPECT_THAT(judged({.target = "/v1/topics/a/b?depth=1", .answer = sum}), IsEmpty());
  EXPECT_THAT(judged({.target = "/v1/topics?depth=-1", .answer = sum}), Not(IsEmpty()));
  std::string two = sum;
  two.replace(two.find("\"count\":2"), 9, "\"count\":\"2\"");
  EXPECT_THAT(judged({.target = "/v1/topics", .answer = two}), Not(IsEmpty()))
      << "a schema that is referred to";
}

TEST(TheContract, KnowsWhatItHasNotSeen) {
  ApiContract contract(ApiContract::of_the_hub().description());
  const size_t before = contract.missing().size();
  EXPECT_THAT(contract.problems({.target = "/healthz", .answer = R"({"stuck":[]})"}), IsEmpty());
  EXPECT_EQ(contract.missing().size(), before - 1);
  EXPECT_THAT(contract.missing(), ::testing::Contains("GET /healthz 503"));
}

}  // namespace
}  // namespace headgate::e2e
