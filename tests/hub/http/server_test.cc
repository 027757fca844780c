// The admin server over a real Unix socket, driven by hand on one io_context.
#include "hub/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>

#include "hub/http/event_stream.h"
#include "hub/http/followed.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

using testing::CannedHubView;

// A plain client socket that never blocks: the test turns the server's loop between its steps.
class Client {
 public:
  explicit Client(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(const std::string& text) {
    EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  }

  // Adds what has arrived; true when the server has closed.
  bool receive() {
    std::array<char, 65536> part;
    while (true) {
      const ssize_t count = recv(fd_, part.data(), part.size(), 0);
      if (count <= 0) return count == 0 || errno != EAGAIN;
      received_.append(part.data(), size_t(count));
    }
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] const std::string& received() const { return received_; }
  [[nodiscard]] bool connected() const { return connected_; }

 private:
  int fd_;
  bool connected_ = false;
  std::string received_;
};

class AdminServerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.listen(path_)); }

  void turn() {
    io_.restart();
    io_.poll();
  }
  static std::string get(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
  }

  std::string exchange(Client& client, const std::string& request) {
    client.send(request);
    turn();
    client.receive();
    return client.received();
  }

  testing::TempDir dir_;
  std::string path_ = dir_.path() + "/admin.sock";
  CannedHubView hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
  boost::asio::io_context io_{1};
  AdminLimits limits_{.connections_max = 2,
                      .header_bytes_max = 1024,
                      .body_bytes_max = 4096,
                      .stream_bytes_max = 4096,
                      .stream_burst_bytes_max = 512 * 1024,
                      .stream_behind_ms = 100};
  AdminServer server_{io_, api_, log_, limits_};
};

TEST_F(AdminServerTest, SocketIsForItsOwnerOnly) {
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(AdminServerTest, AnswersOneRequestAfterTheOtherOnOneConnection) {
  Client client(path_);
  EXPECT_THAT(exchange(client, get("/v1/clients")), ::testing::HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(client.received(), ::testing::HasSubstr("Content-Type: application/json"));
  EXPECT_THAT(exchange(client, get("/v1/none")), ::testing::HasSubstr("HTTP/1.1 404 Not Found"));
  EXPECT_THAT(exchange(client, get("/v1/routes")), ::testing::EndsWith("{\"routes\":[],\"tables\":[]}"));
  EXPECT_FALSE(client.receive());
}

TEST_F(AdminServerTest, AnswersLaterWhatTakesAWhile) {
  Client client(path_);
  EXPECT_EQ(exchange(client, "POST /v1/store/backup?dir=/b HTTP/1.1\r\nHost: h\r\n\r\n"), "");
  hub_.finish_backup(store::BackupReport{"/b", 3, 100, 60, 5});
  turn();
  EXPECT_FALSE(client.receive()) << "the connection goes on";
  EXPECT_THAT(client.received(), ::testing::HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(client.received(), ::testing::HasSubstr("\"dir\":\"/b\""));
  EXPECT_THAT(exchange(client, get("/v1/routes")), ::testing::EndsWith("{\"routes\":[],\"tables\":[]}"));
}

TEST_F(AdminServerTest, TakesNoHarmFromAClientThatDoesNotWait) {
  Client client(path_);
  exchange(client, "POST /v1/store/backup?dir=/b HTTP/1.1\r\nHost: h\r\n\r\n");
  client.close();
  hub_.finish_backup(store::BackupReport{"/b", 3, 100, 60, 5});
  turn();
  Client other(path_);
  EXPECT_THAT(exchange(other, get("/v1/clients")), ::testing::HasSubstr("HTTP/1.1 200 OK"));
}

// A hub whose store answers looks when the test says so.
class SlowHub : public CannedHubView {
 public:
  class Slow : public testing::MemQueueStore {
   public:
    using MemQueueStore::MemQueueStore;
    void look(const store::Look&, Judge, OnLooked done) override {
      ++looks_;
      answer_ = std::move(done);
    }
    int looks_ = 0;
    OnLooked answer_;
  };
  SlowHub() { (void)slow_.open_queue("q", {}); }
  [[nodiscard]] store::QueueReader& store() override { return slow_; }
  void answer() { std::exchange(slow_.answer_, nullptr)(store::Looked{.after = 1, .entries = 1}); }

  testing::ManualExecutor slow_executor_;
  Slow slow_{slow_executor_};
};

TEST_F(AdminServerTest, EndsASearchWithItsRequest) {
  SlowHub hub;
  AdminApi api{hub, hub.queue_store(), log_};
  AdminServer server{io_, api, log_, limits_};
  ASSERT_TRUE(server.listen(dir_ / "slow.sock"));
  Client client(dir_ / "slow.sock");
  EXPECT_EQ(exchange(client, get("/v1/queues/q/messages")), "");
  hub.answer();
  EXPECT_EQ(hub.slow_.looks_, 2) << "it goes on while somebody waits";
  client.close();
  turn();
  hub.answer();
  EXPECT_EQ(hub.slow_.looks_, 2);
  server.close();
}

// ---- pages ----

// "hi" as gzip compresses it.
constexpr std::string_view kHiGzip(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\xc8\x04\x00\xac\x2a\x93\xd8\x02\x00\x00\x00", 22);
constexpr Page kPages[] = {{"/", "text/html; charset=utf-8", "abc", kHiGzip, 2}};

class PagesTest : public AdminServerTest {
 protected:
  void SetUp() override { ASSERT_TRUE(server_of_pages_.listen(dir_ / "pages.sock")); }

  std::string answer_to(const std::string& first, const std::string& more = {}) {
    Client client(dir_ / "pages.sock");
    return exchange(client, first + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n");
  }

  AdminServer server_of_pages_{io_, api_, log_, limits_, kPages};
};

TEST_F(PagesTest, AreGivenWithWhatKeepsThemToThemselves) {
  const std::string answer = answer_to("GET /?x=1", "Accept-Encoding: br, gzip\r\n");
  for (const char* line :
       {"HTTP/1.1 200 OK\r\n", "ETag: \"abc-gzip\"\r\n", "Cache-Control: no-cache\r\n",
        "Vary: Accept-Encoding\r\n", "Content-Type: text/html; charset=utf-8\r\n",
        "Content-Encoding: gzip\r\n", "Content-Length: 22\r\n", "X-Content-Type-Options: nosniff\r\n",
        "Referrer-Policy: no-referrer\r\n", "Cross-Origin-Resource-Policy: same-origin\r\n",
        "Cross-Origin-Opener-Policy: same-origin\r\n",
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'\r\n"})
    EXPECT_THAT(answer, ::testing::HasSubstr(line));
  EXPECT_THAT(answer, ::testing::EndsWith("\r\n\r\n" + std::string(kHiGzip)));
  const std::string plain = answer_to("GET /");
  EXPECT_THAT(plain, ::testing::HasSubstr("ETag: \"abc\"\r\n"));
  EXPECT_THAT(plain, ::testing::Not(::testing::HasSubstr("Content-Encoding")));
  EXPECT_THAT(plain, ::testing::EndsWith("Content-Length: 2\r\n\r\nhi"));
}

TEST_F(PagesTest, AreNotSentAgain) {
  const std::string same = answer_to("GET /", "If-None-Match: \"other\", W/\"abc\"\r\n");
  EXPECT_THAT(same, ::testing::StartsWith("HTTP/1.1 304 Not Modified\r\n"));
  EXPECT_THAT(same, ::testing::HasSubstr("ETag: \"abc\"\r\n"));
  EXPECT_THAT(same, ::testing::EndsWith("\r\n\r\n"));
  EXPECT_THAT(answer_to("GET /", "If-None-Match: \"other\"\r\n"), ::testing::HasSubstr("HTTP/1.1 200"));
  const std::string head = answer_to("HEAD /");
  EXPECT_THAT(head, ::testing::HasSubstr("Content-Length: 2\r\n"));
  EXPECT_THAT(head, ::testing::EndsWith("\r\n\r\n"));
}

TEST_F(PagesTest, AreOfKnownPathsAndOnlyRead) {
  EXPECT_THAT(answer_to("GET /console/none.js"), ::testing::StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(answer_to("POST /", "Content-Length: 0\r\n"), ::testing::StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(answer_to("HEAD /v1/clients"), ::testing::EndsWith("\r\n\r\n"))
      << "an answer to HEAD has no body";
  const std::string status = answer_to("GET /v1/clients");
  EXPECT_THAT(status, ::testing::HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(status, ::testing::HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(answer_to("GET /v1/tail"), ::testing::HasSubstr("X-Content-Type-Options: nosniff\r\n"));
}

// Two are let in: of those that have asked something and wait, the one that waits for longest goes.
TEST_F(AdminServerTest, MakesRoomByEndingWhoOnlyWaits) {
  Client first(path_);
  exchange(first, get("/v1/routes"));
  hub_.now_.mono_ms += 10;
  Client second(path_);
  exchange(second, get("/v1/routes"));
  Client third(path_);
  EXPECT_THAT(exchange(third, get("/v1/routes")), ::testing::StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(first.receive());
  EXPECT_FALSE(second.receive());
  exchange(second, get("/v1/tail"));
  third.send("GET /v1");
  turn();
  Client fourth(path_);
  turn();
  EXPECT_TRUE(fourth.receive()) << "one is a stream, and one asks";
}

TEST_F(AdminServerTest, ClosesWhenTheClientAsksForIt) {
  Client client(path_);
  exchange(client, "GET /v1/clients HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.receive());
}

TEST_F(AdminServerTest, TakesBodies) {
  Client client(path_);
  EXPECT_THAT(
      exchange(client, "POST /v1/routes/check HTTP/1.1\r\nContent-Length: 13\r\n\r\n{\"routes\": {}}"),
      ::testing::HasSubstr("\"ok\":"));
}

TEST_F(AdminServerTest, RefusesWhatIsTooLargeOrNotHttp) {
  Client large(path_);
  EXPECT_THAT(exchange(large, "POST /v1/routes/check HTTP/1.1\r\nContent-Length: 4097\r\n\r\n"),
              ::testing::StartsWith("HTTP/1.1 413"));
  EXPECT_TRUE(large.receive());
  Client wide(path_);
  EXPECT_THAT(exchange(wide, get("/" + std::string(2000, 'x'))), ::testing::StartsWith("HTTP/1.1 431"));
  Client other(path_);
  EXPECT_THAT(exchange(other, "\x10\x0cMQTT\r\n\r\n"), ::testing::StartsWith("HTTP/1.1 400"));
}

// RFC 9112 section 6.1: who stands before the server may have taken what follows for the body.
TEST_F(AdminServerTest, TakesNothingBehindABodyWhoseEndNobodyKnows) {
  Client client(path_);
  const std::string answers =
      exchange(client, "GET /v1/routes HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, odd\r\n\r\n" +
                           get("/v1/clients"));
  EXPECT_THAT(answers, ::testing::StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(answers.find("HTTP/1.1", 1), std::string::npos);
  EXPECT_TRUE(client.receive());
}

TEST_F(AdminServerTest, StreamsChunksUntilTheClientGoesAway) {
  Client client(path_);
  EXPECT_THAT(exchange(client, get("/v1/tail")), ::testing::HasSubstr("Transfer-Encoding: chunked\r\n\r\n"));
  ASSERT_EQ(hub_.tails(), 1u);
  hub_.publish(CannedHubView::message("plant/1", "one"));
  turn();
  client.receive();
  EXPECT_THAT(client.received(), ::testing::HasSubstr("{\"topic\":\"plant/1\""));
  EXPECT_THAT(client.received(), ::testing::EndsWith("}\n\r\n"));
  client.close();
  turn();
  EXPECT_EQ(hub_.tails(), 0u);
}

TEST_F(AdminServerTest, DropsAClientThatReadsTooSlowly) {
  Client client(path_);
  exchange(client, get("/v1/tail"));
  const core::MessagePtr message = CannedHubView::message(std::string(1000, 't'), "body");
  for (int i = 0; i < 2000 && hub_.tails() > 0; ++i) {
    hub_.publish(message);
    turn();
  }
  EXPECT_EQ(hub_.tails(), 0u);
  ASSERT_EQ(log_.lines().size(), 1u);
  EXPECT_THAT(log_.lines()[0], ::testing::StartsWith(
                                   "admin_stream_dropped reason=the client reads too slowly bytes_waiting="));
}

TEST_F(AdminServerTest, StreamsServerSentEventsToWhoAcceptsThem) {
  Client client(path_);
  exchange(
      client,
      "GET /v1/tail/plant/%23 HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\nLast-Event-ID: 17-4\r\n\r\n");
  hub_.publish(CannedHubView::message("plant/1", "one"));
  hub_.publish(CannedHubView::message("other", "two"));
  for (int turns = 0; turns < 3; ++turns) turn();
  client.receive();
  EXPECT_THAT(client.received(), ::testing::HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(client.received(), ::testing::HasSubstr("event: lost\ndata: {\"after\":\"17-4\"}\n\n"));
  EXPECT_THAT(client.received(), ::testing::HasSubstr("-1\ndata: {\"topic\":\"plant/1\""));
  EXPECT_THAT(client.received(), ::testing::Not(::testing::HasSubstr("other")));
}

// It stays, and hears how many it has missed.
TEST_F(AdminServerTest, TellsAReaderOfEventsHowManyItHasMissed) {
  Client client(path_);
  exchange(client, "GET /v1/tail HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n");
  const core::MessagePtr message = CannedHubView::message(std::string(1000, 't'), "body");
  for (int i = 0; i < 2000; ++i) {
    hub_.publish(message);
    turn();
  }
  ASSERT_EQ(hub_.tails(), 1u);
  for (int turns = 0; turns < 2000; ++turns) {
    turn();
    client.receive();
  }
  hub_.publish(CannedHubView::message("last", "body"));
  for (int turns = 0; turns < 3; ++turns) turn();
  client.receive();
  size_t events = 0;
  for (size_t at = 0; (at = client.received().find("\ndata: {\"topic\"", at)) != std::string::npos; ++at)
    ++events;
  const size_t told = client.received().find("event: lost\ndata: {\"events\":");
  ASSERT_NE(told, std::string::npos);
  const size_t lost = std::stoul(client.received().substr(told + 28));
  EXPECT_EQ(events + lost, 2001u);
  EXPECT_THAT(client.received(), ::testing::HasSubstr("\"topic\":\"last\""));
}

class ResumedStreams : public AdminServerTest {
 protected:
  // A reader of a tail until it has read what there is.
  std::string read(const std::string& target, const std::string& last_id = {}) {
    Client client(path_);
    exchange(client, "GET " + target + " HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n" +
                         (last_id.empty() ? "" : "Last-Event-ID: " + last_id + "\r\n") + "\r\n");
    for (const auto& message : during_) hub_.publish(message);
    for (int turns = 0; turns < 20; ++turns) turn();
    client.receive();
    client.close();
    for (int turns = 0; turns < 3; ++turns) turn();
    return client.received();
  }
  static std::string last_id_in(const std::string& text) {
    const size_t at = text.rfind("id: ");
    return at == std::string::npos ? "" : text.substr(at + 4, text.find('\n', at) - at - 4);
  }
  void publish(const std::string& topic) { hub_.publish(CannedHubView::message(topic, "body")); }

  std::vector<core::MessagePtr> during_ = {CannedHubView::message("plant/first", "body")};
};

TEST_F(ResumedStreams, GiveWhatCameWhileTheReaderWasAway) {
  const std::string id = last_id_in(read("/v1/tail/plant/%23"));
  publish("plant/missed");
  during_ = {CannedHubView::message("plant/live", "body")};
  const std::string again = read("/v1/tail/plant/%23", id);
  EXPECT_THAT(again, ::testing::Not(::testing::HasSubstr("plant/first")));
  EXPECT_THAT(again, ::testing::Not(::testing::HasSubstr("lost")));
  EXPECT_LT(again.find("plant/missed"), again.find("plant/live"));
  EXPECT_NE(again.find("plant/live"), std::string::npos);
  EXPECT_EQ(last_id_in(again), id.substr(0, id.rfind('-')) + "-3");
}

TEST_F(ResumedStreams, SayHowManyAreNotKeptAnyMore) {
  const std::string id = last_id_in(read("/v1/tail"));
  for (int i = 0; i < 100; ++i) publish(std::string(1000, 't') + std::to_string(i));
  const std::string again = read("/v1/tail", id);
  const size_t told = again.find("event: lost\ndata: {\"events\":");
  ASSERT_NE(told, std::string::npos);
  size_t events = 0;
  for (size_t at = 0; (at = again.find("\ndata: {\"topic\"", at)) != std::string::npos; ++at) ++events;
  EXPECT_EQ(std::stoul(again.substr(told + 28)) + events, 101u);
}

TEST_F(ResumedStreams, AreOfTheSameTargetOnlyAndEndAfterAMinute) {
  const std::string id = last_id_in(read("/v1/tail/plant/%23"));
  EXPECT_THAT(read("/v1/tail/plant/%23?payload=1", id), ::testing::HasSubstr("{\"after\":\"" + id + "\"}"));
  EXPECT_GE(hub_.tails(), 1u) << "the first still goes on";
  hub_.now_.mono_ms += Deserted::kKeptMs;
  EXPECT_THAT(read("/v1/tail/plant/%23", id), ::testing::HasSubstr("{\"after\":\"" + id + "\"}"));
}

TEST_F(ResumedStreams, OfWhomNobodyReadsAreFew) {
  for (int i = 0; i < 20; ++i) (void)read("/v1/tail");
  EXPECT_EQ(hub_.tails(), Deserted::kMax);
  server_.close();
  EXPECT_EQ(hub_.tails(), 0u);
}

TEST(EventStreams, TakeNoIdOfAnotherStreamOrOfTheFuture) {
  EventStream stream("17-1", 1000);
  stream.add("{}");
  EXPECT_EQ(stream.number_in("17-1-1"), 1u);
  EXPECT_EQ(stream.number_in("17-1-2"), std::nullopt);
  EXPECT_EQ(stream.number_in("17-10-1"), std::nullopt);
  EXPECT_EQ(stream.number_in("17-1"), std::nullopt);
  EXPECT_EQ(stream.number_in("17-1-x"), std::nullopt);
}

TEST(EventStreams, RepeatNoIdThatIsNone) {
  EXPECT_EQ(EventStream::resumed("1\ndata: x"), "");
  EXPECT_EQ(EventStream::resumed("<script>"), "");
  EXPECT_EQ(EventStream::resumed(std::string(61, '1')), "");
}

TEST_F(AdminServerTest, GivesAReaderAllThatComesInOneTurn) {
  Client client(path_);
  exchange(client, get("/v1/tail"));
  const core::MessagePtr message = CannedHubView::message(std::string(1000, 't'), "body");
  for (int i = 0; i < 300; ++i) hub_.publish(message);
  const std::string line = "{\"topic\":\"ttt";
  for (int turns = 0; turns < 100; ++turns) {
    turn();
    client.receive();
  }
  size_t lines = 0;
  for (size_t at = 0; (at = client.received().find(line, at)) != std::string::npos; ++at) ++lines;
  EXPECT_EQ(lines, 300u);
  EXPECT_EQ(hub_.tails(), 1u);
}

TEST_F(AdminServerTest, DropsAClientThatStaysBehind) {
  Client client(path_);
  exchange(client, get("/v1/tail"));
  const core::MessagePtr message = CannedHubView::message(std::string(1000, 't'), "body");
  for (int i = 0; i < 450; ++i) hub_.publish(message);
  turn();
  for (int i = 0; i < 20; ++i) hub_.publish(message);
  io_.restart();
  io_.run_for(std::chrono::milliseconds(500));
  EXPECT_EQ(hub_.tails(), 0u);
}

TEST_F(AdminServerTest, ASlowClientDoesNotHoldBackAnother) {
  Client slow(path_);
  Client quick(path_);
  exchange(slow, get("/v1/tail"));
  exchange(quick, get("/v1/tail"));
  const core::MessagePtr message = CannedHubView::message(std::string(1000, 't'), "body");
  for (int i = 0; i < 2000 && hub_.tails() > 1; ++i) {
    hub_.publish(message);
    turn();
    quick.receive();
  }
  EXPECT_EQ(hub_.tails(), 1u);
  EXPECT_FALSE(quick.receive());
}

TEST_F(AdminServerTest, LimitsConnections) {
  Client first(path_);
  Client second(path_);
  Client third(path_);
  turn();
  EXPECT_FALSE(first.receive());
  EXPECT_FALSE(second.receive());
  EXPECT_TRUE(third.receive());
  EXPECT_THAT(log_.lines(),
              ::testing::ElementsAre("admin_connection_refused reason=too many connections_max=2"));
  first.close();
  turn();
  Client fourth(path_);
  EXPECT_THAT(exchange(fourth, get("/v1/clients")), ::testing::StartsWith("HTTP/1.1 200"));
}

TEST_F(AdminServerTest, CloseEndsEverythingAndRemovesTheSocket) {
  Client client(path_);
  exchange(client, get("/v1/tail"));
  server_.close();
  turn();
  EXPECT_TRUE(client.receive());
  EXPECT_EQ(hub_.tails(), 0u);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(AdminServerTest, RefusesASocketOnWhichAHubAnswers) {
  AdminServer second(io_, api_, log_);
  const core::Status status = second.listen(path_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, core::Errc::unavailable);
  EXPECT_EQ(
      status.error().what,
      "admin socket " + path_ + ": another hub answers on it; stop it, or set admin.socket to another path");
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(AdminServerTest, ReplacesTheSocketOfAHubThatIsGone) {
  const std::string stale = dir_.path() + "/stale.sock";
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  stale.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(fd);
  AdminServer second(io_, api_, log_);
  EXPECT_TRUE(second.listen(stale));
  Client client(stale);
  EXPECT_TRUE(client.connected());
}

TEST_F(AdminServerTest, LeavesAloneWhatIsNotASocket) {
  const std::string file = dir_.write("precious", "data");
  AdminServer second(io_, api_, log_);
  const core::Status status = second.listen(file);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().what,
            "admin socket " + file +
                ": something that is not a socket is there; move it away, or set admin.socket to "
                "another path");
  EXPECT_TRUE(std::filesystem::is_regular_file(file));
}

TEST_F(AdminServerTest, RefusesAPathTheSystemCannotHold) {
  AdminServer second(io_, api_, log_);
  const core::Status status = second.listen("/" + std::string(107, 'x'));
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().what,
              ::testing::EndsWith("the path has 108 bytes; allowed: 107; set admin.socket to a shorter one"));
}

TEST_F(AdminServerTest, SaysWhyTheSocketCannotBeMade) {
  AdminServer second(io_, api_, log_);
  const core::Status status = second.listen(dir_.path() + "/none/admin.sock");
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().what, ::testing::EndsWith("cannot be made: No such file or directory"));
}

}  // namespace
}  // namespace headgate::hub
