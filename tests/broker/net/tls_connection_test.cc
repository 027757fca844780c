// Connections over TLS whose handshakes are taken by a worker: by the test, or by a real thread.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <vector>

#include "broker/net/connection_pool.h"
#include "broker/net/handshake_thread.h"
#include "tests/broker/net/tls_client.h"
#include "tests/support/client_codec.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_handshake_worker.h"
#include "tests/support/open_access.h"
#include "tests/support/recording_broker_events.h"
#include "tests/support/recording_log.h"
#include "tests/support/scripted_client.h"

namespace headgate::broker {
namespace {

using testing::TlsClient;

const std::string kConnack("\x20\x02\x00\x00", 4);  // of 3.1.1, accepted

class LoopExecutor : public core::Executor {
 public:
  explicit LoopExecutor(boost::asio::io_context& io) : io_(io) {}
  void post(std::function<void()> work) override { boost::asio::post(io_, std::move(work)); }

 private:
  boost::asio::io_context& io_;
};

class TlsConnections : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { files_ = std::make_unique<testing::TlsFiles>(); }
  static void TearDownTestSuite() { files_.reset(); }

  TlsConnections() {
    broker_.set_events(&events_);
    use(worker_);
  }

  void use(HandshakeWorker& worker) {
    pool_ = std::make_unique<ConnectionPool>(io_, broker_, clock_, log_, AdmissionLimits{}, worker);
    listener_number_ = pool_->admission().add_listener(1000);
  }
  // A client whose connection has just been accepted.
  std::unique_ptr<TlsClient> arrive(Transport transport = Transport::tls) {
    auto client = std::make_unique<TlsClient>(*files_, TlsClient::How{});
    const int fd = client->release_hub_end();
    Wire::Socket socket(io_.get_executor());
    socket.assign(boost::asio::generic::stream_protocol(AF_UNIX, 0), fd);
    ListenerOptions options;
    options.transport = transport;
    options.tls = files_->hub();
    const Admission::Ticket ticket{listener_number_, std::nullopt};
    EXPECT_EQ(pool_->admission().admit(ticket, clock_.now()).refusal, Refusal::none);
    pool_->add({std::move(socket),
                std::make_unique<TlsHandshake>(TlsContext::load(options.tls, "mqtt")->shared(), fd,
                                               CertificateIdentity::none),
                "peer", std::make_shared<const ListenerOptions>(options), ticket});
    return client;
  }
  // One whose first step the worker has.
  std::unique_ptr<TlsClient> arrive_and_greet() {
    auto client = arrive();
    client->shake_hands();
    turn();
    EXPECT_EQ(worker_.has(), 1u);
    return client;
  }
  void turn() {
    io_.restart();
    io_.poll();
  }
  // Everybody does all they can.
  void shake_hands(TlsClient& client) {
    for (int turns = 0; turns < 10 && !client.shake_hands(); ++turns) {
      turn();
      while (worker_.has() > 0) worker_.finish_next();
    }
    turn();
    while (worker_.has() > 0) worker_.finish_next();
  }
  std::string ask(TlsClient& client, const std::string& bytes) {
    EXPECT_TRUE(client.send(bytes));
    turn();
    turn();
    return client.receive();
  }
  static std::string mqtt_connect(std::string_view client_id) {
    std::string bytes;
    testing::encode_connect(testing::v3(client_id), bytes);
    return bytes;
  }
  void time_out() {
    clock_.advance_ms(11'000);
    broker_.tick(clock_.now());
    turn();
  }
  [[nodiscard]] size_t open() const { return pool_->admission().connections(); }
  [[nodiscard]] uint64_t failed() const { return pool_->admission().refused(Refusal::handshake); }

  static std::unique_ptr<testing::TlsFiles> files_;
  boost::asio::io_context io_;
  testing::ManualClock clock_;
  testing::RecordingLog log_;
  testing::OpenAccess access_;
  testing::RecordingBrokerEvents events_;
  Broker broker_{{}, access_, log_};
  testing::ManualHandshakeWorker worker_;
  std::unique_ptr<ConnectionPool> pool_;
  uint32_t listener_number_ = 0;
};

std::unique_ptr<testing::TlsFiles> TlsConnections::files_;

TEST_F(TlsConnections, ClientComesInByStepsOfTheWorker) {
  const auto client = arrive();
  shake_hands(*client);
  EXPECT_EQ(ask(*client, mqtt_connect("a")), kConnack);
}

TEST_F(TlsConnections, WebSocketBeginsBehindTheHandshake) {
  const auto client = arrive(Transport::wss);
  shake_hands(*client);
  const std::string answer =
      ask(*client,
          "GET /mqtt HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Protocol: mqtt\r\n\r\n");
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 101");
}

TEST_F(TlsConnections, ConnectPacketMayComeWithTheEndOfTheHandshake) {
  const auto client = arrive_and_greet();
  worker_.finish_next();
  ASSERT_TRUE(client->shake_hands());
  ASSERT_TRUE(client->send(mqtt_connect("a")));
  turn();
  worker_.finish_next();
  turn();
  EXPECT_EQ(client->receive(), kConnack);
}

TEST_F(TlsConnections, SilentClientCostsTheWorkerNothing) {
  const auto client = arrive();
  turn();
  EXPECT_EQ(worker_.has(), 0u);
  time_out();
  EXPECT_TRUE(client->is_closed());
  EXPECT_EQ(open(), 0u);
}

TEST_F(TlsConnections, TimeOutWaitsForTheWorker) {
  const auto client = arrive_and_greet();
  time_out();
  EXPECT_EQ(broker_.connections(), 0u);
  EXPECT_FALSE(client->is_closed());
  EXPECT_EQ(open(), 1u);
  worker_.finish_next();
  EXPECT_EQ(open(), 0u);
  client->shake_hands();  // reads what the step has sent
  client->shake_hands();
  EXPECT_TRUE(client->is_closed());
}

TEST_F(TlsConnections, HalfAHandshakeIsTimedOut) {
  const auto client = arrive_and_greet();
  worker_.finish_next();
  time_out();
  EXPECT_EQ(open(), 0u);
}

TEST_F(TlsConnections, StoppingWaitsForTheWorker) {
  const auto client = arrive_and_greet();
  pool_->close_all();
  EXPECT_TRUE(pool_->lingers());
  EXPECT_FALSE(client->is_closed());
  worker_.finish_next();
  EXPECT_FALSE(pool_->lingers());
  EXPECT_EQ(open(), 0u);
}

TEST_F(TlsConnections, PoolMayEndWhileTheWorkerHasAHandshake) {
  const auto client = arrive_and_greet();
  const auto done = worker_.take_next_done();
  pool_.reset();
  EXPECT_TRUE(worker_.stopped());
  done();
  turn();
  EXPECT_TRUE(client->is_closed());
}

TEST_F(TlsConnections, ClientThatGoesAwayMidwayIsForgotten) {
  const auto client = arrive_and_greet();
  client->close();
  worker_.finish_next();
  turn();
  while (worker_.has() > 0) worker_.finish_next();
  turn();
  EXPECT_EQ(open(), 0u);
  EXPECT_EQ(broker_.connections(), 0u);
}

TEST_F(TlsConnections, FailuresAreCountedAndToldOnceAMinute) {
  for (int i = 0; i < 3; ++i) {
    const auto client = arrive();
    ASSERT_EQ(::send(client->socket(), "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01m", 15, 0), 15);
    turn();
    worker_.finish_next();
    EXPECT_EQ(open(), 0u);
  }
  EXPECT_EQ(failed(), 3u);
  const auto lines = log_.lines();
  const auto told = std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("tls_handshake_failed") == 0 &&
           line.find("reason=wrong version number") != std::string::npos;
  });
  EXPECT_EQ(told, 1);
}

// ---- with the real thread: each of these is for the thread sanitizer, too ----

class TlsConnectionsWithAThread : public TlsConnections {
 protected:
  TlsConnectionsWithAThread() { use(thread_); }
  ~TlsConnectionsWithAThread() override { pool_.reset(); }

  struct Client {
    std::unique_ptr<TlsClient> tls;
    bool asked = false;
    std::string received;
  };
  std::vector<Client> arrive_together(size_t how_many) {
    std::vector<Client> clients;
    while (clients.size() < how_many) clients.emplace_back().tls = arrive();
    return clients;
  }
  static void go_on(Client& client, size_t number) {
    if (!client.tls->shake_hands()) return;
    if (!client.asked) client.asked = client.tls->send(mqtt_connect("c" + std::to_string(number)));
    client.received += client.tls->receive();
  }

  LoopExecutor executor_{io_};
  HandshakeThread thread_{executor_};
};

TEST_F(TlsConnectionsWithAThread, CrowdComesIn) {
  constexpr size_t kClients = 40;
  auto clients = arrive_together(kClients);
  const auto is_in = [](const Client& client) { return client.received == kConnack; };
  do {
    for (size_t i = 0; i < kClients; ++i) go_on(clients[i], i);
    io_.restart();
    if (!std::all_of(clients.begin(), clients.end(), is_in)) io_.run_one();
  } while (!std::all_of(clients.begin(), clients.end(), is_in));
  EXPECT_EQ(broker_.clients_connected(), kClients);
}

TEST_F(TlsConnectionsWithAThread, PoolEndsInTheMidstOfACrowd) {
  auto clients = arrive_together(40);
  for (Client& client : clients) client.tls->shake_hands();
  turn();
  EXPECT_TRUE(pool_->handshakes().busy());
  pool_.reset();
  turn();
  EXPECT_EQ(broker_.connections(), 0u);
}

TEST_F(TlsConnectionsWithAThread, StopWaitsUntilTheThreadHasGivenAllBack) {
  const auto clients = arrive_together(40);
  for (const Client& client : clients) client.tls->shake_hands();
  turn();
  pool_->close_all();
  while (pool_->lingers()) {
    io_.restart();
    io_.run_one();
  }
  EXPECT_EQ(open(), 0u);
}

}  // namespace
}  // namespace headgate::broker
