// A link at a TLS front that lets in who asks for a protocol by ALPN, with a clock that is known to be right and one that is
// not: libmosquitto makes the context of TLS for the first, the link for the second.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/support/certificates.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/net.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/wait.h"
#include "tests/support/manual_clock.h"
#include "upstream/link/mosquitto_link.h"

namespace headgate::upstream {
namespace {

class OnAlpnLoop : public core::Executor {
 public:
  explicit OnAlpnLoop(boost::asio::io_context& io) : io_(io) {}
  void post(std::function<void()> work) override { boost::asio::post(io_, std::move(work)); }

 private:
  boost::asio::io_context& io_;
};

struct Attempted : LinkEvents {
  void on_link_up(const LinkUp&, core::Now) override { up = over = true; }
  void on_link_down(const LinkDown&, core::Now) override { over = true; }
  void on_acked(Token, uint8_t, core::Now) override {}

  bool up = false;
  bool over = false;
};

class MosquittoLinkAtAnAlpnFront : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    broker_.start();
    front_ = std::make_unique<e2e::Process>(
        std::vector<std::string>{"/usr/bin/python3", HEADGATE_E2E_SOURCE_DIR "/support/alpn_front.py",
                                 std::to_string(port_), "x-amzn-mqtt-ca", certificates_.file("ca.pem"),
                                 certificates_.file("hub.pem"), certificates_.file("hub.key"),
                                 std::to_string(broker_.port())},
        broker_.file("front.log"));
    ASSERT_TRUE(e2e::eventually([this] { return e2e::accepts(port_); })) << front_->output();
  }

  [[nodiscard]] Attempted attempt(const std::string& protocol) {
    boost::asio::io_context io;
    OnAlpnLoop executor(io);
    testing::ManualClock clock;
    if (!GetParam()) clock.doubt();
    LinkOptions options;
    options.host = "localhost";
    options.port = port_;
    options.tls = {certificates_.file("ca.pem"), certificates_.file("client.pem"),
                   certificates_.file("client.key")};
    options.alpn = protocol;
    MosquittoLink link(io, executor, clock, options);
    Attempted attempted;
    link.set_events(&attempted);
    link.connect();
    EXPECT_TRUE(e2e::eventually([&] {
      io.restart();
      io.run_one_for(std::chrono::milliseconds(20));
      return attempted.over;
    }));
    return attempted;
  }

  e2e::Certificates certificates_;
  e2e::MosquittoBroker broker_;
  uint16_t port_ = e2e::free_port();
  std::unique_ptr<e2e::Process> front_;
};

TEST_P(MosquittoLinkAtAnAlpnFront, IsLetInForTheProtocolThatItAsksFor) {
  EXPECT_TRUE(attempt("x-amzn-mqtt-ca").up) << front_->output();
}

TEST_P(MosquittoLinkAtAnAlpnFront, IsNotLetInWithoutAsking) {
  EXPECT_FALSE(attempt("").up);
  EXPECT_THAT(front_->output(), ::testing::HasSubstr("alpn: None"));
}

INSTANTIATE_TEST_SUITE_P(ClockIsRight, MosquittoLinkAtAnAlpnFront, ::testing::Bool());

}  // namespace
}  // namespace headgate::upstream
