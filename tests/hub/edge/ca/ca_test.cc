// The gateway's own authority: what its certificates say, and what is never overwritten.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "hub/edge/ca/authority.h"
#include "hub/edge/ca/directory.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kNowS = 1'795'000'000;
constexpr int64_t kYearS = 365 * 86'400;

X509* certificate_in(const std::string& pem) {
  BIO* const in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* const certificate = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
  BIO_free(in);
  return certificate;
}

// X509_V_OK, or why a client that trusts the authority would not take the server under that name at that time.
int verdict(const std::string& authority, const std::string& chain, const std::string& name, int64_t at_s) {
  const std::unique_ptr<X509, void (*)(X509*)> root(certificate_in(authority), X509_free);
  const std::unique_ptr<X509, void (*)(X509*)> leaf(certificate_in(chain), X509_free);
  const std::unique_ptr<X509_STORE, void (*)(X509_STORE*)> store(X509_STORE_new(), X509_STORE_free);
  X509_STORE_add_cert(store.get(), root.get());
  const std::unique_ptr<X509_STORE_CTX, void (*)(X509_STORE_CTX*)> context(X509_STORE_CTX_new(),
                                                                           X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
  X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(rules, at_s);
  X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_SERVER);
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) != 1)
    X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size());
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class OwnAuthority : public ::testing::Test {
 protected:
  [[nodiscard]] std::string at(std::string_view name) const { return dir_ + "/" + std::string(name); }
  [[nodiscard]] std::string text(std::string_view name) const { return file_text(at(name)); }

  const testing::TempDir parent_;
  const std::string dir_ = parent_ / "ca";
  const std::vector<std::string> names_ = {"gateway-7", "gateway-7.local", "10.0.0.7", "fd00::7"};
};

TEST_F(OwnAuthority, VouchesForEveryNameOfTheGatewayAndNoOther) {
  const auto authority = make_authority("Headgate", kNowS);
  ASSERT_TRUE(authority);
  const auto server = make_server_certificate(*authority, names_, kNowS);
  ASSERT_TRUE(server);
  for (const std::string& name : names_)
    EXPECT_EQ(verdict(authority->certificate, server->certificate, name, kNowS), X509_V_OK) << name;
  EXPECT_EQ(verdict(authority->certificate, server->certificate, "gateway-8", kNowS),
            X509_V_ERR_HOSTNAME_MISMATCH);
  EXPECT_EQ(verdict(authority->certificate, server->certificate, "10.0.0.8", kNowS),
            X509_V_ERR_IP_ADDRESS_MISMATCH);
}

TEST_F(OwnAuthority, LastsTenYearsAndItsServerCertificateOne) {
  const auto authority = make_authority("Headgate", kNowS);
  const auto server = make_server_certificate(*authority, names_, kNowS);
  const auto later = make_server_certificate(*authority, names_, kNowS + 9 * kYearS);
  ASSERT_TRUE(server && later);
  const std::string& root = authority->certificate;
  EXPECT_EQ(verdict(root, server->certificate, "gateway-7", kNowS + kYearS - 60), X509_V_OK);
  EXPECT_EQ(verdict(root, server->certificate, "gateway-7", kNowS + kYearS + 60),
            X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(verdict(root, later->certificate, "gateway-7", kNowS + 10 * kYearS - 60), X509_V_OK);
  EXPECT_THAT(make_server_certificate(*authority, names_, kNowS + 11 * kYearS).error().what,
              HasSubstr("expired"));
}

TEST_F(OwnAuthority, RefusesNamesThatAreNone) {
  const auto authority = make_authority("Headgate", kNowS);
  for (const char* name : {"", "a b", "a,DNS:evil", "email:copy", "-x", "1.2.3.4.5:8883"})
    EXPECT_THAT(make_server_certificate(*authority, {"good", name}, kNowS).error().what,
                HasSubstr("is no host name and no address"))
        << name;
  EXPECT_FALSE(make_server_certificate(*authority, {}, kNowS));
}

TEST_F(OwnAuthority, IsMadeWithKeysThatOnlyTheirOwnerReads) {
  ASSERT_TRUE(init_authority(dir_, names_, kNowS));
  for (const auto& [name, mode] : {std::pair{kAuthorityKeyFile, 0600},
                                   {kServerKeyFile, 0600},
                                   {kAuthorityFile, 0644},
                                   {kServerFile, 0644}}) {
    struct stat seen {};
    ASSERT_EQ(stat(at(name).c_str(), &seen), 0);
    EXPECT_EQ(seen.st_mode & 07777U, static_cast<mode_t>(mode)) << name;
  }
  EXPECT_EQ(*last_certificate(text(kServerFile)), text(kAuthorityFile));
  EXPECT_THAT(*names_in_certificate(text(kServerFile)),
              ElementsAre("gateway-7", "gateway-7.local", "10.0.0.7", "fd00::7"));
}

TEST_F(OwnAuthority, IsNeverOverwritten) {
  ASSERT_TRUE(init_authority(dir_, names_, kNowS));
  const std::string before = text(kAuthorityFile);
  for (const std::string_view kept : {kServerKeyFile, kAuthorityKeyFile}) {
    EXPECT_THAT(init_authority(dir_, names_, kNowS).error().what,
                HasSubstr("is there already and is not overwritten"));
    EXPECT_EQ(text(kAuthorityFile), before);
    std::filesystem::remove(at(kept == kServerKeyFile ? kServerKeyFile : kServerFile));
  }
}

TEST_F(OwnAuthority, IsMadeWholeByTheNextAttemptIfThePowerWasCutInTheFirst) {
  std::filesystem::create_directory(dir_ + ".unfinished");
  std::ofstream(dir_ + ".unfinished/" + std::string(kAuthorityKeyFile)) << "half a k";
  EXPECT_TRUE(is_without_authority(dir_));
  ASSERT_TRUE(init_authority(dir_, names_, kNowS));
  EXPECT_EQ(verdict(text(kAuthorityFile), text(kServerFile), "gateway-7", kNowS), X509_V_OK);
  EXPECT_FALSE(is_without_authority(dir_));
  EXPECT_FALSE(std::filesystem::exists(dir_ + ".unfinished"));
}

TEST_F(OwnAuthority, RenewsTheServerCertificateUnderTheSameAuthorityAndNames) {
  ASSERT_TRUE(init_authority(dir_, names_, kNowS));
  const std::string root = text(kAuthorityFile);
  const std::string key = text(kServerKeyFile);
  ASSERT_TRUE(renew_server(dir_, {}, kNowS + kYearS));
  EXPECT_EQ(text(kAuthorityFile), root);
  EXPECT_NE(text(kServerKeyFile), key);
  EXPECT_EQ(verdict(root, text(kServerFile), "fd00::7", kNowS + 2 * kYearS - 60), X509_V_OK);
  ASSERT_TRUE(renew_server(dir_, {"other"}, kNowS));
  EXPECT_THAT(*names_in_certificate(text(kServerFile)), ElementsAre("other"));
}

TEST_F(OwnAuthority, IsNotMadeWhileTheClockIsNotSet) {
  EXPECT_THAT(init_authority(dir_, names_, 86'400).error().what,
              HasSubstr("clock of this machine is not set"));
  EXPECT_FALSE(std::filesystem::exists(dir_));
}

TEST_F(OwnAuthority, SaysWhatToDoWhereThereIsNone) {
  EXPECT_THAT(renew_server(dir_, names_, kNowS).error().what,
              HasSubstr("headgate ca init makes an authority"));
}

TEST_F(OwnAuthority, DoesNotSignWithAKeyOfAnother) {
  const auto authority = make_authority("Headgate", kNowS);
  const auto other = make_authority("Headgate", kNowS);
  EXPECT_THAT(make_server_certificate({authority->certificate, other->key}, names_, kNowS).error().what,
              HasSubstr("does not belong"));
}

TEST(ClientCertificate, IsNoServersAndHasItsNameWholeOrNotAtAll) {
  const Certified authority = make_authority("Headgate of gateway-7", kNowS).value();
  const ClientNames names{"edge-1/sensor", "azureiot://acme/devices/edge-1/modules/sensor"};
  const auto made = make_client_certificate(authority, names, kNowS, 90);
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_EQ(made->expires_s, kNowS + 90 * 86'400);
  EXPECT_EQ(verdict(authority.certificate, made->certificate, "edge-1", kNowS), X509_V_ERR_INVALID_PURPOSE);
  for (const ClientNames& wrong : {ClientNames{std::string(65, 'm'), names.uri}, ClientNames{"", names.uri},
                                   ClientNames{"m", "azureiot://acme,DNS:gateway-7"}, ClientNames{"m", ""}})
    EXPECT_FALSE(make_client_certificate(authority, wrong, kNowS, 90)) << wrong.common_name << wrong.uri;
}

}  // namespace
}  // namespace headgate::hub
