// What is said about certificates that cannot be used. The files are made with openssl.
#include "broker/net/tls.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/temp_dir.h"

namespace headgate::broker {
namespace {

class ListenerTls : public ::testing::Test {
 protected:
  ListenerTls() {
    make("-subj /CN=hub -nodes -days 60 -keyout hub.key -out hub.pem");
    make("-subj /CN=other -nodes -days 2 -keyout other.key -out other.pem");
    options_.cert_file = file("hub.pem");
    options_.key_file = file("hub.key");
  }

  void make(const std::string& how) const {
    const std::string command = "cd " + dir_.path() +
                                " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 " + how +
                                " >openssl.log 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return dir_.path() + "/" + name; }
  [[nodiscard]] std::string error() const {
    const auto loaded = TlsContext::load(options_, "mqtt");
    return loaded ? "no error" : loaded.error().what;
  }

  testing::TempDir dir_;
  TlsOptions options_;
};

TEST_F(ListenerTls, TakesACertificateItsKeyAndAuthoritiesOfClients) {
  options_.ca_file = file("other.pem");
  EXPECT_EQ(error(), "no error");
}

TEST_F(ListenerTls, KnowsWhenTheCertificateEnds) {
  options_.cert_file = file("other.pem");
  options_.key_file = file("other.key");
  const auto sooner = TlsContext::load(options_, "mqtt");
  options_.cert_file = file("hub.pem");
  options_.key_file = file("hub.key");
  const auto later = TlsContext::load(options_, "mqtt");
  ASSERT_TRUE(sooner && later);
  constexpr int64_t kDayMs = 86'400'000;
  EXPECT_NEAR(static_cast<double>(later->expires_wall_ms() - sooner->expires_wall_ms()) / kDayMs, 58, 0.1);
}

TEST_F(ListenerTls, KnowsWhetherClientsCanGetInAtATime) {
  options_.ca_file = file("other.pem");
  const auto loaded = TlsContext::load(options_, "mqtt");
  ASSERT_TRUE(loaded);
  constexpr int64_t kDayMs = 86'400'000;
  const int64_t end_ms = loaded->expires_wall_ms();
  EXPECT_EQ(loaded->drawback(end_ms - 59 * kDayMs), "");
  EXPECT_EQ(loaded->drawback(end_ms - 30 * kDayMs), "no certificate in tls.client_ca_file is valid");
  EXPECT_EQ(loaded->drawback(end_ms).substr(0, 26), "the certificate expired on");
  EXPECT_EQ(loaded->drawback(end_ms - 61 * kDayMs).substr(0, 35), "the certificate is not valid before");
}

TEST_F(ListenerTls, KnowsThatACertificateIsOneForClientsOnly) {
  make("-subj /CN=hub -nodes -days 60 -addext extendedKeyUsage=clientAuth -keyout hub.key -out hub.pem");
  const auto loaded = TlsContext::load(options_, "mqtt");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->drawback(loaded->expires_wall_ms() - 1000), "the certificate is not one for servers");
}

TEST_F(ListenerTls, KnowsWhetherTheFilesHoldTheSame) {
  const auto before = TlsContext::load(options_, "mqtt");
  EXPECT_TRUE(before->is_same(*TlsContext::load(options_, "mqtt")));
  options_.ca_file = file("other.pem");
  EXPECT_FALSE(before->is_same(*TlsContext::load(options_, "mqtt")));
}

TEST_F(ListenerTls, NamesTheFileThatIsNotThere) {
  options_.cert_file = file("none.pem");
  EXPECT_EQ(error(), "tls.cert_file " + file("none.pem") + ": cannot be read: No such file or directory");
}

TEST_F(ListenerTls, SaysThatAKeyIsOfAnotherCertificate) {
  options_.key_file = file("other.key");
  EXPECT_EQ(error(), "tls.key_file " + file("other.key") + ": is not the key of the certificate in " +
                         file("hub.pem") + "; name the key that it was made with");
}

TEST_F(ListenerTls, SaysThatAFileIsNotPem) {
  options_.cert_file = dir_.write("text", "hello\n");
  EXPECT_EQ(error().find("tls.cert_file " + file("text") + ": holds no certificate in PEM"), 0u) << error();
  options_.cert_file = file("hub.pem");
  options_.ca_file = file("text");
  EXPECT_EQ(error().find("tls.client_ca_file " + file("text") + ": holds no certificate in PEM"), 0u)
      << error();
}

TEST_F(ListenerTls, NeverAsksForThePassphraseOfAKey) {
  make("-subj /CN=locked -passout pass:secret -keyout locked.key -out locked.pem");
  options_.cert_file = file("locked.pem");
  options_.key_file = file("locked.key");
  EXPECT_NE(error().find("holds no private key in PEM without passphrase"), std::string::npos) << error();
}

}  // namespace
}  // namespace headgate::broker
