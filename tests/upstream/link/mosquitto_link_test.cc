// The forwarder over libmosquitto against a real Mosquitto that is stopped, killed and started again.
#include "upstream/link/mosquitto_link.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <set>

#include "core/system_clock.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/net.h"
#include "tests/e2e/support/process.h"
#include "tests/support/manual_encoder.h"
#include "tests/support/mem_queue_store.h"
#include "tests/support/recording_log.h"
#include "tests/support/scripted_links.h"
#include "upstream/drain/forwarder.h"

namespace headgate::upstream {
namespace {

using e2e::MosquittoBroker;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

class AsioExecutor : public core::Executor {
 public:
  explicit AsioExecutor(boost::asio::io_context& io) : io_(io) {}
  void post(std::function<void()> work) override { boost::asio::post(io_, std::move(work)); }

 private:
  boost::asio::io_context& io_;
};

// Runs the loop until `done`, for at most 30 seconds.
bool run_until(boost::asio::io_context& io, const std::function<bool()>& done) {
  const auto end = steady_clock::now() + std::chrono::seconds(30);
  while (!done()) {
    if (steady_clock::now() > end) return false;
    io.restart();
    io.run_one_for(milliseconds(20));
  }
  return true;
}

// The far side: a subscriber with a persistent session, in libmosquitto's own thread.
class Consumer {
 public:
  explicit Consumer(uint16_t port) : client_(mosquitto_new("consumer", false, this)) {
    mosquitto_connect_callback_set(client_, [](mosquitto* client, void*, int) {
      mosquitto_subscribe(client, nullptr, "headgate/+/batches", 1);
    });
    mosquitto_subscribe_callback_set(client_, [](mosquitto*, void* self, int, int, const int*) {
      const std::lock_guard lock(static_cast<Consumer*>(self)->mutex_);
      static_cast<Consumer*>(self)->subscribed_ = true;
    });
    mosquitto_message_callback_set(client_, [](mosquitto*, void* self, const mosquitto_message* message) {
      static_cast<Consumer*>(self)->take(
          {static_cast<const char*>(message->payload), static_cast<size_t>(message->payloadlen)});
    });
    mosquitto_reconnect_delay_set(client_, 1, 1, false);
    mosquitto_connect_async(client_, "127.0.0.1", port, 60);
    mosquitto_loop_start(client_);
  }
  ~Consumer() {
    mosquitto_disconnect(client_);
    mosquitto_loop_stop(client_, true);
    mosquitto_destroy(client_);
  }
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  [[nodiscard]] bool subscribed() const {
    const std::lock_guard lock(mutex_);
    return subscribed_;
  }
  [[nodiscard]] size_t distinct() const {
    const std::lock_guard lock(mutex_);
    return seen_.size();
  }
  [[nodiscard]] bool in_order() const {
    const std::lock_guard lock(mutex_);
    return in_order_;
  }

 private:
  void take(std::string_view payload) {
    const auto batch = nlohmann::json::parse(testing::decompress_batch(payload));
    const std::lock_guard lock(mutex_);
    for (const auto& row : batch.at("m")) {
      const auto seq = row.at("i").get<uint64_t>();
      if (!seen_.insert(seq).second) continue;
      if (seq < last_[batch.at("lane").get<int>()]) in_order_ = false;
      last_[batch.at("lane").get<int>()] = seq;
    }
  }

  mosquitto* client_;
  mutable std::mutex mutex_;
  std::set<uint64_t> seen_;
  std::map<int, uint64_t> last_;
  bool in_order_ = true;
  bool subscribed_ = false;
};

// One hub's upstream part, with the loop round it that the hub has.
class Hub : public store::StoreEvents {
 public:
  explicit Hub(const UpstreamOptions& options)
      : link_(io, executor_, clock_, options.link),
        forwarder(store, queue_, link_, encoder_, log, options, 7),
        timer_(io) {
    encoder_.answer = [this](uint64_t job, core::Result<EncodedJob> made) {
      forwarder.on_encoded(job, std::move(made), clock_.now());
    };
    store.set_events(this);
  }

  void on_durable(store::Seq up_to) override { forwarder.on_durable(up_to, clock_.now()); }
  void on_available(store::QueueId) override { forwarder.on_available(clock_.now()); }
  void on_failed(const core::Error&) override {}

  void append(size_t count, std::string body = R"({"machine":{"id":"m-7","temperature":81.25}})") {
    for (size_t i = 0; i < count; ++i) {
      auto message = std::make_shared<core::Message>();
      message->topic = "plant/1";
      message->body = body;
      message->arrived_ms = clock_.now().wall_ms;
      message->arrived_hub_ms = clock_.now().hub_ms;
      const store::Target target{queue_, static_cast<uint8_t>(i % 2 == 0 ? 4 : 10), 0, ""};
      (void)store.append(message, std::span(&target, 1));
    }
  }
  void start() {
    forwarder.start(clock_.now());
    tick();
  }
  bool run_until(const std::function<bool()>& done) { return upstream::run_until(io, done); }
  [[nodiscard]] const store::QueueStats& stats() const { return store.stats(queue_); }
  [[nodiscard]] ForwarderStatus status() const { return forwarder.status(clock_.now()); }
  void close() { forwarder.close(clock_.now(), 3000); }

  boost::asio::io_context io;

 private:
  AsioExecutor executor_{io};
  core::SystemClock clock_;

 public:
  testing::MemQueueStore store{executor_};
  testing::RecordingLog log;

 private:
  store::QueueId queue_ = *store.open_queue("$upstream", store::link_attributes());
  MosquittoLink link_;
  testing::ManualEncoder encoder_;

 public:
  Forwarder forwarder;

 private:
  // The real hub rearms its timer at each input; a short beat is enough here.
  void tick() {
    forwarder.on_tick(clock_.now());
    encoder_.finish_all();
    timer_.expires_after(milliseconds(5));
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) tick();
    });
  }

  boost::asio::steady_timer timer_;
};

UpstreamOptions options_for(uint16_t port, uint8_t protocol) {
  UpstreamOptions options;
  options.link.host = "127.0.0.1";
  options.link.port = port;
  options.link.protocol = protocol;
  options.link.client_id = "hub-1";
  options.batch.messages_max = 50;
  options.batch.linger_ms = 20;
  options.backoff = {20, 100};
  options.no_subscriber = NoSubscriber::deliver;  // most of these brokers have none
  return options;
}

class MosquittoLinkTest : public ::testing::TestWithParam<uint8_t> {};

INSTANTIATE_TEST_SUITE_P(Protocols, MosquittoLinkTest, ::testing::Values(4, 5), [](const auto& protocol) {
  return protocol.param == 5 ? std::string("Mqtt5") : std::string("Mqtt311");
});

TEST_P(MosquittoLinkTest, DeliversEverythingInOrder) {
  MosquittoBroker broker;
  broker.start();
  Consumer consumer(broker.port());
  Hub hub(options_for(broker.port(), GetParam()));
  ASSERT_TRUE(hub.run_until([&] { return consumer.subscribed(); }));
  hub.append(5000);
  hub.start();
  EXPECT_TRUE(hub.run_until([&] { return consumer.distinct() == 5000; }));
  EXPECT_TRUE(hub.run_until([&] { return hub.stats().waiting() == 0; }));
  EXPECT_TRUE(consumer.in_order());
  EXPECT_EQ(hub.status().unheard_batches, 0U);
}

TEST_P(MosquittoLinkTest, CarriesOnAfterTheBrokerWasStoppedAndKilled) {
  MosquittoBroker broker;
  broker.start();
  Consumer consumer(broker.port());
  Hub hub(options_for(broker.port(), GetParam()));
  ASSERT_TRUE(hub.run_until([&] { return consumer.subscribed(); }));
  hub.append(2000);
  hub.start();
  ASSERT_TRUE(hub.run_until([&] { return hub.stats().delivered >= 300; }));
  broker.stop();
  hub.append(1000);
  ASSERT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::backing_off; }));
  EXPECT_GE(hub.stats().waiting(), 1000U);
  broker.start();
  EXPECT_TRUE(hub.run_until([&] { return hub.stats().waiting() == 0 && consumer.distinct() == 3000; }));
  broker.kill();
  ASSERT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::backing_off; }));
  broker.start();
  EXPECT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::up; }));
}

TEST_P(MosquittoLinkTest, SaysGoodbyeAfterTheLastAcknowledgement) {
  MosquittoBroker broker;
  broker.start();
  Hub hub(options_for(broker.port(), GetParam()));
  hub.start();
  ASSERT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::up; }));
  hub.append(10);
  ASSERT_TRUE(hub.run_until([&] { return !hub.store.commit_pending(); }));
  hub.close();
  EXPECT_TRUE(hub.run_until([&] { return hub.forwarder.closed(); }));
  EXPECT_EQ(hub.stats().delivered, 10U);
}

TEST_P(MosquittoLinkTest, ReportsRefusedCredentialsAndWaitsLong) {
  MosquittoBroker broker("allow_anonymous false\n");
  broker.start();
  UpstreamOptions options = options_for(broker.port(), GetParam());
  options.backoff = {20, 60000};
  Hub hub(options);
  hub.start();
  ASSERT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::backing_off; }));
  EXPECT_THAT(hub.status().last_error, HasSubstr("the broker refused the connection"));
  EXPECT_GE(hub.status().retry_in_ms, 50000);
}

TEST_P(MosquittoLinkTest, SendsUsernameAndPassword) {
  MosquittoBroker broker("allow_anonymous false\npassword_file $dir/users\n");
  const std::string users = broker.file("users");
  ASSERT_EQ(std::system(("mosquitto_passwd -c -b " + users + " site s3cret").c_str()), 0);
  std::ofstream(broker.file("password")) << "s3cret\n";
  broker.start();
  UpstreamOptions options = options_for(broker.port(), GetParam());
  options.link.username = "site";
  options.link.password_file = broker.file("password");
  Hub hub(options);
  hub.start();
  EXPECT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::up; }));
}

TEST_P(MosquittoLinkTest, ReadsANamedPasswordAtEachConnectionAndSaysWhichFileIsMissing) {
  MosquittoBroker broker("allow_anonymous false\npassword_file $dir/users\n");
  ASSERT_EQ(std::system(("mosquitto_passwd -c -b " + broker.file("users") + " site s3cret").c_str()), 0);
  broker.start();
  UpstreamOptions options = options_for(broker.port(), GetParam());
  options.link.username = "site";
  options.link.password.file = broker.file("secret");
  {
    Hub hub(options);
    hub.start();
    ASSERT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::backing_off; }));
    EXPECT_THAT(hub.status().last_error,
                HasSubstr("cannot read password: " + broker.file("secret") + " cannot be read"));
  }
  std::ofstream(broker.file("secret")) << "s3cret\n\n";
  Hub hub(options);
  hub.start();
  EXPECT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::up; }));
}

TEST_P(MosquittoLinkTest, BuriesAMessageTheBrokerHasNoRoomFor) {
  MosquittoBroker broker("allow_anonymous true\nmax_packet_size 2000\n");
  broker.start();
  Hub hub(options_for(broker.port(), GetParam()));
  std::mt19937 random(3);
  std::string noise;
  for (int i = 0; i < 6000; ++i) noise += static_cast<char>('!' + random() % 90);
  hub.append(9);
  hub.append(1, noise);
  hub.append(90);
  hub.start();
  EXPECT_TRUE(hub.run_until([&] { return hub.stats().waiting() == 0; }));
  EXPECT_EQ(hub.stats().dead, 1U);
  EXPECT_EQ(hub.stats().delivered, 99U);
}

TEST(MosquittoLink, SaysInMqtt5WhatABatchIs) {
  MosquittoBroker broker;
  broker.start();
  const std::string port = std::to_string(broker.port());
  e2e::Process reader(
      {"mosquitto_sub", "-V", "5", "-p", port, "-t", "headgate/+/batches", "-C", "1", "-F", "%C %P"},
      broker.file("reader.out"));
  Hub hub(options_for(broker.port(), 5));
  hub.start();
  ASSERT_TRUE(hub.run_until([&] {
    hub.append(1);
    return !reader.is_running();
  }));
  EXPECT_THAT(reader.output(), HasSubstr("application/vnd.headgate-batch+json enc:zstd id:hub-1/"));
  EXPECT_THAT(reader.output(), HasSubstr(" n:"));
}

TEST(MosquittoLink, ReportsWhoDoesNotListen) {
  Hub hub(options_for(e2e::free_port(), 5));
  hub.start();
  ASSERT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::backing_off; }));
  EXPECT_THAT(hub.status().last_error, HasSubstr("cannot connect to 127.0.0.1:"));
  EXPECT_THAT(hub.status().last_error, HasSubstr("Connection refused"));
}

TEST(MosquittoLink, ReportsAHostThatHasNoAddress) {
  UpstreamOptions options = options_for(1883, 5);
  options.link.host = "no-such-host.invalid";
  Hub hub(options);
  hub.start();
  ASSERT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::backing_off; }));
  EXPECT_THAT(hub.status().last_error, HasSubstr("cannot connect to no-such-host.invalid:1883: "));
}

TEST(MosquittoLink, NamesTheFileItCannotRead) {
  UpstreamOptions options = options_for(1883, 5);
  options.link.tls.ca_file = "/nonexistent/ca.pem";
  Hub hub(options);
  hub.start();
  ASSERT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::backing_off; }));
  EXPECT_THAT(hub.status().last_error, HasSubstr("tls.ca_file \"/nonexistent/ca.pem\": No such file"));
}

// A listener whose queue is full: connecting to it neither succeeds nor fails.
class DeafListener {
 public:
  DeafListener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof(address_);
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&address_), bytes);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &bytes);
    ::listen(fd_, 0);
    for (int& filler : fillers_) {
      filler = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      (void)::connect(filler, reinterpret_cast<const sockaddr*>(&address_), bytes);
    }
  }
  ~DeafListener() {
    for (const int filler : fillers_) ::close(filler);
    ::close(fd_);
  }
  DeafListener(const DeafListener&) = delete;
  DeafListener& operator=(const DeafListener&) = delete;

  [[nodiscard]] uint16_t port() const { return ntohs(address_.sin_port); }

 private:
  int fd_;
  sockaddr_in address_{};
  std::array<int, 4> fillers_{};
};

TEST(MosquittoLink, IsGivenUpAtOnceWhileItConnects) {
  const DeafListener deaf;
  const auto begin = steady_clock::now();
  {
    Hub hub(options_for(deaf.port(), 5));
    hub.start();
    hub.io.run_for(milliseconds(100));
    ASSERT_EQ(hub.status().state, ForwarderState::connecting);
    hub.close();
    EXPECT_TRUE(hub.forwarder.closed());
  }
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST(MosquittoLink, GivesUpABrokerThatNeverAnswers) {
  const DeafListener deaf;
  UpstreamOptions options = options_for(deaf.port(), 5);
  options.connect_timeout_ms = 200;
  Hub hub(options);
  hub.start();
  ASSERT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::backing_off; }));
  EXPECT_EQ(hub.status().last_error, "no answer to the connection request");
}

// A broker with a certificate for localhost, and two authorities: the one that signed it, and another.
class TlsBroker {
 public:
  TlsBroker()
      : broker_(
            "allow_anonymous true\ncafile $dir/ca.pem\ncertfile $dir/server.pem\nkeyfile $dir/server.key\n") {
    const std::string dir = broker_.file("");
    const std::string script =
        "cd " + dir +
        " && exec >openssl.log 2>&1 && "
        "for ca in ca other; do openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$ca -keyout "
        "$ca.key -out $ca.pem || exit 1; done && "
        "openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr && "
        "printf 'subjectAltName=DNS:localhost' > san && "
        "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out "
        "server.pem";
    EXPECT_EQ(std::system(script.c_str()), 0);
    broker_.start();
  }

  [[nodiscard]] UpstreamOptions options(const std::string& authority) const {
    UpstreamOptions options = options_for(broker_.port(), 5);
    options.link.host = "localhost";
    options.link.tls.ca_file = broker_.file(authority);
    return options;
  }
  [[nodiscard]] uint16_t port() const { return broker_.port(); }

 private:
  MosquittoBroker broker_;
};

TEST(MosquittoLinkOverTls, DeliversToABrokerItTrusts) {
  const TlsBroker broker;
  Hub hub(broker.options("ca.pem"));
  hub.append(2000);
  hub.start();
  EXPECT_TRUE(hub.run_until([&] { return hub.stats().waiting() == 0; })) << hub.status().last_error;
}

TEST(MosquittoLinkOverTls, RefusesABrokerItDoesNotTrust) {
  const TlsBroker broker;
  Hub hub(broker.options("other.pem"));
  hub.start();
  ASSERT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::backing_off; }));
  EXPECT_THAT(hub.status().last_error, HasSubstr("certificate verify failed: "));
  EXPECT_THAT(hub.status().last_error, HasSubstr("certificate"));
}

TEST(MosquittoLinkOverTls, SaysThatACertificateIsForAnotherName) {
  const TlsBroker broker;
  UpstreamOptions options = broker.options("ca.pem");
  options.link.host = "127.0.0.1";
  Hub hub(options);
  hub.start();
  ASSERT_TRUE(hub.run_until([&] { return hub.status().state == ForwarderState::backing_off; }));
  EXPECT_THAT(hub.status().last_error, HasSubstr("not for the name"));
}

}  // namespace
}  // namespace headgate::upstream
