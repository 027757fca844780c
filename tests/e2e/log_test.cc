// The log of a real hub: nobody waits for who reads it, and nobody can fill it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/e2e/http/http_client.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {
namespace {

using namespace std::literals;
using ::testing::HasSubstr;
using ::testing::Not;

// CONNECT of MQTT 3.1.1, with a clean session or one that stays.
std::string connect_as(const std::string& id, bool clean = true) {
  const size_t rest = 12 + id.size();
  std::string packet = "\x10";
  for (size_t n = rest; n > 0; n /= 128) packet += static_cast<char>(n % 128 + (n >= 128 ? 128 : 0));
  packet += "\0\4MQTT\4"s + (clean ? '\2' : '\0') + "\0\x3C"s;
  packet += static_cast<char>(id.size() / 256);
  packet += static_cast<char>(id.size() % 256);
  return packet + id;
}

void come_and_go(uint16_t port, const std::string& id, bool clean = true) {
  RawSocket socket(port);
  socket.send(connect_as(id, clean));
  ASSERT_TRUE(socket.receive(4)) << id.substr(0, 20);
  socket.send("\xE0\0"sv);
}

size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  size_t widest = 0;
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
  return widest;
}

// A hub whose stderr is a pipe that only the test can empty.
class StuckLog : public HubTest {
 protected:
  void configure(nlohmann::json& /*config*/) override {
    const std::string path = (scratch_.path() / "log.pipe").string();
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    pipe_ = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    hub_.print_to(path);
  }
  ~StuckLog() override { ::close(pipe_); }

  // More lines than the pipe and the hub together have room for.
  void fill_log() const {
    for (int i = 0; i < 1'000; ++i)
      come_and_go(hub_.port(), std::to_string(i) + "-" + std::string(200, 'x') + "-" + std::to_string(i));
  }
  std::string read_log() const {
    std::array<char, 65'536> piece{};
    std::string text;
    for (ssize_t got = 0; (got = ::read(pipe_, piece.data(), piece.size())) > 0;)
      text.append(piece.data(), static_cast<size_t>(got));
    return text;
  }

  ScratchDir scratch_;
  int pipe_ = -1;
};

TEST_F(StuckLog, LosesLinesAndNoClientWaits) {
  fill_log();
  EXPECT_GT(hub_.cli_json({"status"})["log"]["dropped"], 0);
  auto publisher = client();
  EXPECT_TRUE(publisher->publish_and_wait("a", "served", 1));
}

TEST_F(StuckLog, SaysHowManyLinesAreMissingOnceItIsReadAgain) {
  fill_log();
  std::string text;
  EXPECT_TRUE(eventually([&] {
    text += read_log();
    return text.find(" log_lines_dropped lines=") != std::string::npos;
  }));
  EXPECT_NE(text.find(" started "), std::string::npos);
}

TEST_F(StuckLog, DoesNotKeepTheHubFromStopping) {
  fill_log();
  hub_.terminate();
  EXPECT_EQ(hub_.wait(5s), 0);
}

using Log = HubTest;

TEST_F(Log, HasTheLastLinesOfAHubThatStops) {
  hub_.terminate();
  EXPECT_EQ(hub_.wait(), 0);
  EXPECT_THAT(hub_.log(), ::testing::ContainsRegex("stopping\n.* stopped\n$"));
}

TEST_F(Log, HasOneLineAMinuteAboutAClientThatFlaps) {
  for (int i = 0; i < 2'000; ++i) come_and_go(hub_.port(), "flapping");
  const std::string log = hub_.log();
  EXPECT_LT(std::count(log.begin(), log.end(), '\n'), 30);
  EXPECT_GE(hub_.cli_json({"status"})["log"]["left_out"], 3'990);
}

TEST_F(Log, CutsLongClientIds) {
  come_and_go(hub_.port(), "long-" + std::string(60'000, 'x'));
  EXPECT_TRUE(hub_.logs("client_disconnected"));
  EXPECT_LT(widest_line(hub_.log()), 1'000u);
}

TEST_F(Log, AndEveryTableStayReadableWhateverClientsCallThemselves) {
  come_and_go(hub_.port(), "long-" + std::string(60'000, 'x'), false);
  for (const char* of : {"client", "queue"}) {
    const Finished table = hub_.cli({of, "ls"});
    EXPECT_EQ(table.exit_code, 0);
    EXPECT_NE(table.out.find("long-xxx"), std::string::npos) << table.out.substr(0, 200);
    EXPECT_LT(widest_line(table.out), 400u) << of;
  }
  const nlohmann::json exact = hub_.cli_json({"client", "ls"})["clients"][0];
  EXPECT_EQ(exact["client_id"].get<std::string>().size(), 60'005u);
}

TEST_F(Log, HasTheLevelThatTheOperatorSetsUntilTheNextReload) {
  EXPECT_EQ(hub_.cli({"log", "level", "broker=debug"}).exit_code, 0);
  EXPECT_TRUE(hub_.logs("admin_change who=owner from=socket what=\"POST /v1/log/levels\""));
  EXPECT_TRUE(client({.id = "first"})->publish_and_wait("a/b", "body", 1));
  EXPECT_TRUE(hub_.logs("debug publish_received client=first topic=a/b qos=1 bytes=4"));
  hub_.reload();
  ASSERT_TRUE(hub_.logs("reloaded"));
  EXPECT_EQ(hub_.cli_json({"log", "level"})["levels"]["broker"]["level"], "info");
  EXPECT_TRUE(client({.id = "second"})->publish_and_wait("a/b", "body", 1));
  EXPECT_THAT(hub_.log(), Not(HasSubstr("publish_received client=second")));
}

TEST_F(Log, TakesTheLevelsOfAReload) {
  hub_.config["log"] = {{"level", "warn"}, {"levels", {{"broker", "info"}}}};
  hub_.reload();
  const auto configured = [this](const char* part) {
    return hub_.cli_json({"log", "level"})["levels"][part]["configured"];
  };
  ASSERT_TRUE(eventually([&] { return configured("store") == "warn"; }));
  EXPECT_EQ(configured("broker"), "info");
  (void)client({.id = "here"});
  EXPECT_TRUE(hub_.logs("client_connected client=here"));
  EXPECT_THAT(hub_.log(), Not(HasSubstr("info reloaded")));
}

// A hub that writes objects into a file of its own.
class LogInAFile : public HubTest {
 protected:
  void configure(nlohmann::json& config) override { config["log"] = {{"format", "json"}, {"file", file_}}; }
  // Whether a whole line of that file is an event of that part.
  [[nodiscard]] static bool tells(const std::string& path, const std::string& part,
                                  const std::string& event) {
    std::ifstream file(path);
    for (std::string text; std::getline(file, text);) {
      const auto line = nlohmann::json::parse(text, nullptr, false);
      if (line.is_object() && line.value("logger", "") == part && line.value("event", "") == event)
        return true;
    }
    return false;
  }

  ScratchDir scratch_;
  std::string file_ = (scratch_.path() / "hub.log").string();
};

TEST_F(LogInAFile, IsOpenedAgainBySighup) {
  std::filesystem::rename(file_, file_ + ".1");
  hub_.reload();
  ASSERT_TRUE(eventually([this] { return std::filesystem::exists(file_); }));
  (void)client({.id = "later"});
  EXPECT_TRUE(eventually([this] { return tells(file_, "broker", "client_connected"); }));
  EXPECT_TRUE(tells(file_ + ".1", "store", "store_made"));
  EXPECT_FALSE(tells(file_, "store", "store_made"));
}

TEST_F(LogInAFile, SaysOfAReloadInTheFreshFile) {
  std::filesystem::rename(file_, file_ + ".1");
  hub_.reload();
  EXPECT_TRUE(eventually([this] { return tells(file_, "hub", "reloaded"); }));
  EXPECT_FALSE(tells(file_ + ".1", "hub", "reloaded"));
}

// A part of every password, token and payload below.
constexpr std::string_view kSecret = "s3cr3t";

class SecretsInTheLog : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    const std::string secret(kSecret);
    Process passwd({program("headgate"), "passwd", users_, "ann", "--memory-kib", "64", "--stdin"},
                   scratch_.path() / "passwd", scratch_.write("password", secret + "-of-ann\n"));
    ASSERT_EQ(passwd.wait(), 0) << passwd.output();
    config["log"] = {{"level", "debug"}};
    config["auth"] = {{"password_file", users_}};
    config["access"]["rules"] = {
        {{"who", {{"anonymous", true}}},
         {"allow", {"publish", "subscribe", "receive"}},
         {"topics", {"open/#"}}},
        {{"who", {{"users", "*"}}}, {"allow", {"publish", "subscribe", "receive"}}, {"topics", {"open/#"}}}};
    config["routes"] = {{"up", "FROM 'open/#' WHERE $body.a > 1 INTO $upstream"}};
    config["upstream"] = {{"host", "127.0.0.1"},
                          {"port", hub_.port()},
                          {"username", "hub"},
                          {"password_file", scratch_.write("upstream", secret + "-of-hub\n")}};
    config["admin"]["http"]["port"] = http_;
  }
  void connect_with(const std::string& user, Protocol protocol) const {
    MqttClient one(hub_.port(), {.protocol = protocol,
                                 .will_topic = "open/will",
                                 .will_payload = std::string(kSecret) + "-will",
                                 .username = user,
                                 .password = std::string(kSecret) + "-of-" + user});
    if (!one.is_connected()) return;
    for (const char* topic : {"open/a", "denied/a"})
      for (const int qos : {0, 1, 2})
        (void)one.publish_and_wait(topic, "{\"a\": \"" + std::string(kSecret) + "\"", qos, true);
  }
  void ask_http(HttpHead head, const std::string& body) const {
    head.more += "Content-Type: application/json\r\nX-Key: s3cr3t-x\r\nIdempotency-Key: s3cr3t-i\r\n";
    for (const std::string method : {"GET", "POST"}) {
      head.method = method;
      (void)ask(http_, request(head, body));
    }
  }

  ScratchDir scratch_;
  std::string users_ = (scratch_.path() / "users").string();
  uint16_t http_ = free_port();
};

TEST_F(SecretsInTheLog, AreNotThereAtAnyLevelWhereverTheyComeIn) {
  for (const Protocol protocol : {Protocol::v311, Protocol::v5})
    for (const char* user : {"ann", "eve", ""}) connect_with(user, protocol);
  for (const std::string_view garbage :
       {"s3cr3t-of-a-peer-that-speaks-no-mqtt\r\n"sv, "\x10\x11\0\4MQTT\5\xC2\0\x3Cs3cr3t!"sv}) {
    RawSocket socket(hub_.port());
    socket.send(garbage);
    (void)socket.is_closed_by_peer();
  }
  std::string own = hub_.cli({"--data", hub_.data_dir(), "http", "token"}).out;
  own.pop_back();
  for (const std::string& token : {std::string("hg_s3cr3t-guessed"), own, std::string()})
    for (const char* target :
         {"/v1/publish/open/h", "/v1/publish/denied/h", "/v1/log/levels", "/v1/routes/reload",
          "/v1/queues/%24upstream/purge?token=s3cr3t", "/v1/s3cr3t", "/v1/remote/apply"})
      ask_http({.target = target, .token = token}, R"({"a": "s3cr3t", "broker")");
  for (const char* broken :
       {R"({"password": "s3cr3t" "s3cr3t"})", "{\"password\": \"s3cr3t\n\"}", "{s3cr3t: s3cr3t}"}) {
    std::ofstream(hub_.config_file()) << broken;
    EXPECT_NE(hub_.cli({"reload"}).exit_code, 0);
  }
  ASSERT_TRUE(hub_.logs("reload_failed"));
  hub_.config["upstream"]["password"] = "s3cr3t";  // there is no such key
  hub_.reload();
  (void)client({.id = "the-last"});
  ASSERT_TRUE(hub_.logs("debug connect_received client=the-last"));
  const std::string log = hub_.log();
  EXPECT_THAT(log, HasSubstr("debug admin_request"));
  EXPECT_THAT(log, HasSubstr("unknown user"));
  EXPECT_THAT(log, HasSubstr("http_token_refused"));
  EXPECT_THAT(log, Not(HasSubstr(own)));
  for (size_t at = log.find(kSecret); at != std::string::npos; at = log.find(kSecret, at + 1))
    ADD_FAILURE() << log.substr(log.rfind('\n', at) + 1, 300);
}

// Files that a reload reads, exchanged for pipes: to open one is to wait for its writer.
class PipesForFiles : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    std::ofstream(users_) << "";
    config["auth"]["password_file"] = users_;
  }
  static void make_pipe(const std::string& path) {
    ::unlink(path.c_str());
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  }

  ScratchDir scratch_;
  std::string users_ = (scratch_.path() / "users").string();
};

TEST_F(PipesForFiles, AreRefusedByAReloadThatDoesNotWait) {
  make_pipe(users_);
  const Finished reloaded = hub_.cli({"reload"});
  EXPECT_EQ(reloaded.exit_code, 1);
  EXPECT_THAT(reloaded.out, ::testing::HasSubstr("is not a regular file"));
  make_pipe(hub_.config_file());
  EXPECT_THAT(hub_.cli({"reload"}).out, ::testing::HasSubstr("is not a regular file"));
  EXPECT_TRUE(client()->publish_and_wait("a", "served", 1));
}

}  // namespace
}  // namespace headgate::e2e
