// Handshakes with a real OpenSSL client, step by step, wherever a step runs.
#include "broker/net/tls_handshake.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "broker/net/wire.h"
#include "tests/broker/net/tls_client.h"

namespace headgate::broker {
namespace {

using Then = TlsHandshake::Then;
using How = testing::TlsClient::How;

class Handshaking : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { files_ = std::make_unique<testing::TlsFiles>(); }
  static void TearDownTestSuite() { files_.reset(); }

  static TlsContext load(const TlsOptions& options) { return *TlsContext::load(options, "mqtt"); }
  void meet(const How& how, const TlsOptions& options, CertificateDates dates = CertificateDates::checked) {
    client_ = std::make_unique<testing::TlsClient>(*files_, how);
    hub_ =
        std::make_unique<TlsHandshake>(load(options).shared(), client_->hub_end(), options.identity, dates);
  }
  // Both sides in turn until the hub's has ended, each step in a thread that is gone afterwards.
  void shake_hands() {
    for (int turns = 0; turns < 10 && hub_->then() <= Then::want_write; ++turns) {
      client_->shake_hands();
      std::thread([&] { hub_->step(); }).join();
    }
    client_->shake_hands();
  }
  void shake_hands(const How& how, const TlsOptions& options) {
    meet(how, options);
    shake_hands();
  }

  static std::unique_ptr<testing::TlsFiles> files_;
  std::unique_ptr<testing::TlsClient> client_;
  std::unique_ptr<TlsHandshake> hub_;
};

std::unique_ptr<testing::TlsFiles> Handshaking::files_;

TEST_F(Handshaking, GivesASessionInEachVersion) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    shake_hands({.version = version}, files_->hub());
    ASSERT_EQ(hub_->then(), Then::done) << hub_->error();
    const TlsSession session = hub_->take();
    EXPECT_EQ(SSL_version(session.get()), version);
  }
}

TEST_F(Handshaking, WaitsForTheClientsFirstBytes) {
  meet({}, files_->hub());
  hub_->step();
  EXPECT_EQ(hub_->then(), Then::want_read);
}

TEST_F(Handshaking, OutlivesAReloadOfTheCertificates) {
  meet({}, files_->hub());  // whose context is gone already
  client_->shake_hands();
  hub_->step();
  shake_hands();
  EXPECT_EQ(hub_->then(), Then::done) << hub_->error();
}

TEST_F(Handshaking, SaysWhoTheClientsCertificateNames) {
  shake_hands({.certificate = "client"}, files_->hub(true));
  ASSERT_EQ(hub_->then(), Then::done) << hub_->error();
  EXPECT_EQ(hub_->take_certificate_name(), "client-7");
}

using CertificateDatesTest = Handshaking;

TEST_F(CertificateDatesTest, DecideOnlyByAClockThatIsRight) {
  meet({.certificate = "old"}, files_->hub(true));
  shake_hands();
  EXPECT_EQ(hub_->error(), "certificate has expired");
  meet({.certificate = "old"}, files_->hub(true), CertificateDates::doubtful);
  shake_hands();
  ASSERT_EQ(hub_->then(), Then::done) << hub_->error();
  EXPECT_TRUE(hub_->took_wrong_dates());
  EXPECT_EQ(hub_->take_certificate_name(), "client-7");
}

TEST_F(CertificateDatesTest, AreAllThatADoubtfulClockPassesOver) {
  meet({.certificate = "client"}, files_->hub(true), CertificateDates::doubtful);
  shake_hands();
  EXPECT_EQ(hub_->then(), Then::done);
  EXPECT_FALSE(hub_->took_wrong_dates());
  meet({.certificate = "stranger"}, files_->hub(true), CertificateDates::doubtful);
  shake_hands();
  EXPECT_EQ(hub_->then(), Then::failed);
}

TEST_F(Handshaking, NamesNobodyWithoutACertificate) {
  shake_hands({}, files_->hub());
  EXPECT_EQ(hub_->take_certificate_name(), std::nullopt);
}

TEST_F(Handshaking, SaysWhyAClientIsNotLetIn) {
  shake_hands({}, files_->hub(true));
  EXPECT_EQ(hub_->then(), Then::failed);
  EXPECT_EQ(hub_->error(), "peer did not return a certificate");
  shake_hands({.certificate = "stranger"}, files_->hub(true));
  EXPECT_EQ(hub_->then(), Then::failed);
  EXPECT_NE(hub_->error().find("certificate"), std::string::npos) << hub_->error();
}

TEST_F(Handshaking, SaysThatAClientSpeaksNoTls) {
  meet({}, files_->hub());
  ASSERT_EQ(::send(client_->socket(), "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01m", 15, 0), 15);
  hub_->step();
  EXPECT_EQ(hub_->error(), "wrong version number");
}

TEST_F(Handshaking, SaysThatAClientWentAway) {
  meet({}, files_->hub());
  client_->close();
  hub_->step();
  EXPECT_EQ(hub_->then(), Then::failed);
  EXPECT_FALSE(hub_->error().empty());
}

TEST_F(Handshaking, LeavesNoErrorToTheThreadThatTookNoStep) {
  ERR_clear_error();
  shake_hands({}, files_->hub(true));
  ASSERT_EQ(hub_->then(), Then::failed);
  // The client's own errors are this thread's; the hub's reason is not among them.
  for (unsigned long error = 0; (error = ERR_get_error()) != 0;)
    EXPECT_NE(ERR_GET_REASON(error), SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE);
}

TEST_F(Handshaking, ChoosesTheProtocolThatIsOffered) {
  shake_hands({.alpn = "mqtt"}, files_->hub());
  const unsigned char* chosen = nullptr;
  unsigned bytes = 0;
  SSL_get0_alpn_selected(client_->ssl(), &chosen, &bytes);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), bytes), "mqtt");
}

TEST_F(Handshaking, ResumesASessionByItsTicket) {
  const TlsContext context = load(files_->hub());
  const auto shake_with = [&](const How& how) {
    client_ = std::make_unique<testing::TlsClient>(*files_, how);
    hub_ = std::make_unique<TlsHandshake>(context.shared(), client_->hub_end(), CertificateIdentity::none);
    shake_hands();
    EXPECT_EQ(client_->receive(), "");  // reads the tickets
    EXPECT_EQ(hub_->then(), Then::done) << hub_->error();
  };
  shake_with({});
  SSL_SESSION* const session = SSL_get1_session(client_->ssl());
  SSL_shutdown(client_->ssl());  // a session that was cut off is not resumed
  shake_with({.resume = session});
  EXPECT_EQ(SSL_session_reused(client_->ssl()), 1);
  SSL_SESSION_free(session);
}

TEST_F(Handshaking, LosesNoBytesThatComeWithItsEnd) {
  meet({.version = TLS1_3_VERSION}, files_->hub());
  client_->shake_hands();
  hub_->step();
  ASSERT_TRUE(client_->shake_hands());
  ASSERT_TRUE(client_->send("first"));
  hub_->step();
  ASSERT_EQ(hub_->then(), Then::done) << hub_->error();

  boost::asio::io_context io;
  Wire wire{Wire::Socket(io.get_executor())};
  wire.encrypt(hub_->take());
  EXPECT_TRUE(wire.holds_bytes());
  std::array<char, 64> room{};
  const Wire::Moved got = wire.read(room.data(), room.size());
  EXPECT_EQ(std::string(room.data(), got.bytes), "first");
  EXPECT_FALSE(wire.holds_bytes());
}

}  // namespace
}  // namespace headgate::broker
