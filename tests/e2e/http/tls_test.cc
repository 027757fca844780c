// HTTP in TLS, as its users and its enemies meet it.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/e2e/http/http_client.h"
#include "tests/e2e/support/certificates.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/process.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HttpTls : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["admin"]["http"] = {
        {"port", port_},
        {"address", "0.0.0.0"},
        {"tls", {{"cert_file", certificates_.file("hub.pem")}, {"key_file", certificates_.file("hub.key")}}}};
  }
  // The tool over TLS.
  [[nodiscard]] Finished tool(std::vector<std::string> words, const std::string& host = "localhost",
                              const std::string& authority = "ca.pem") const {
    std::vector<std::string> all = {"--url",        "https://" + host + ":" + std::to_string(port_),
                                    "--ca-file",    certificates_.file(authority),
                                    "--token-file", hub_.data_dir() + "/http-token"};
    all.insert(all.end(), words.begin(), words.end());
    return hub_.cli(all);
  }
  [[nodiscard]] Finished curl(std::vector<std::string> words) const {
    std::vector<std::string> all = {"curl", "-sS",      "--max-time",
                                    "10",   "--cacert", certificates_.file("ca.pem")};
    all.insert(all.end(), words.begin(), words.end());
    return run(all);
  }
  [[nodiscard]] std::string url(const std::string& target) const {
    return "https://localhost:" + std::to_string(port_) + target;
  }
  [[nodiscard]] std::string token() const {
    const std::string printed = hub_.cli({"--data", hub_.data_dir(), "http", "token"}).out;
    return printed.substr(0, printed.find('\n'));
  }

  Certificates certificates_;
  ScratchDir scratch_;
  uint16_t port_ = free_port();
};

TEST_F(HttpTls, ServesTheToolAndOthersThatTrustItsAuthority) {
  const Finished status = tool({"status"});
  EXPECT_EQ(status.exit_code, 0) << status.out;
  EXPECT_THAT(status.out, HasSubstr("test-hub"));
  EXPECT_EQ(tool({"status"}, "127.0.0.1").exit_code, 0) << "the certificate has the address, too";
  EXPECT_THAT(curl({url("/readyz")}).out, HasSubstr("\"ready\":true"));
  const Finished stranger = tool({"status"}, "localhost", "other.pem");
  EXPECT_NE(stranger.exit_code, 0);
  EXPECT_THAT(stranger.out, HasSubstr("--ca-file"));
}

TEST_F(HttpTls, TakesNoOldVersionAndNoOtherName) {
  EXPECT_NE(curl({"--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0", url("/readyz")}).exit_code, 0);
  EXPECT_EQ(curl({"--tls-max", "1.2", url("/readyz")}).exit_code, 0);
  EXPECT_THAT(curl({"-H", "Host: evil.example", url("/readyz")}).out, HasSubstr("is not called"));
  EXPECT_THAT(curl({"-H", "Origin: http://localhost:" + std::to_string(port_), url("/readyz")}).out,
              HasSubstr("other origins"));
  EXPECT_THAT(curl({"-H", "Origin: https://localhost:" + std::to_string(port_), url("/readyz")}).out,
              HasSubstr("\"ready\":true"));
}

TEST_F(HttpTls, GivesCookiesForTlsOnly) {
  const Finished signed_in = curl({"-i", "-X", "POST", "-H", "Authorization: Bearer " + token(), "-H",
                                   "Content-Type: application/json", url("/v1/session")});
  EXPECT_THAT(signed_in.out, HasSubstr("; HttpOnly; SameSite=Strict; Secure"));
}

// Beyond loopback /metrics is nobody's without a token, unless the configuration says so.
TEST_F(HttpTls, AsksForATokenForMetricsToo) {
  EXPECT_THAT(curl({url("/metrics")}).out, HasSubstr("a token is needed"));
  EXPECT_THAT(curl({"-H", "Authorization: Bearer " + token(), url("/metrics")}).out, HasSubstr("headgate_"));
}

TEST_F(HttpTls, CarriesBodiesAndStreams) {
  const std::string bearer = "Authorization: Bearer " + token();
  const std::string body(300'000, 'x');
  const std::filesystem::path file = scratch_.path() / "body";
  std::ofstream(file) << body;
  EXPECT_THAT(curl({"-H", bearer, "-H", "Content-Type: application/json", "--data-binary",
                    "@" + file.string(), url("/v1/publish/plant/1")})
                  .out,
              HasSubstr("\"seq\""));
  EXPECT_EQ(nlohmann::json::parse(
                curl({"-H", bearer, url("/v1/topics/plant/1")}).out)["topics"][0]["payload_bytes"],
            body.size());
  const std::filesystem::path lines = scratch_.path() / "lines";
  Process tail({"curl", "-sSN", "--cacert", certificates_.file("ca.pem"), "-H", bearer, "-H",
                "Accept: text/event-stream", url("/v1/tail/plant/%23")},
               lines);
  const auto publisher = client();
  EXPECT_TRUE(eventually([&] {
    EXPECT_TRUE(publisher->publish_and_wait("plant/2", "live", 1));
    return tail.output().find("plant/2") != std::string::npos;
  }));
}

TEST_F(HttpTls, TakesARenewedCertificateWithoutARestart) {
  const Finished before = tool({"status"});
  ASSERT_EQ(before.exit_code, 0);
  certificates_.renew_hub();
  EXPECT_EQ(hub_.cli({"reload"}).exit_code, 0);
  EXPECT_TRUE(hub_.logs("certificate_loaded listener=admin.http"));
  EXPECT_EQ(tool({"status"}).exit_code, 0);
  certificates_.spoil_hub();
  EXPECT_NE(hub_.cli({"reload"}).exit_code, 0) << "what is broken is not taken";
  EXPECT_EQ(tool({"status"}).exit_code, 0);
}

TEST_F(HttpTls, TellsTheDoctorOfACertificateThatHasExpired) {
  certificates_.expire_hub();
  EXPECT_THAT(hub_.cli({"doctor", "--config", hub_.config_file()}).out,
              HasSubstr("admin.http.tls.cert_file"));
}

TEST_F(HttpTls, GivesNoAnswerToPlainHttpAndGoesOn) {
  const HttpAnswer plain = ask(port_, request({.target = "/readyz"}));
  EXPECT_EQ(plain.status, 0);
  EXPECT_TRUE(hub_.logs("http_handshake_failed"));
  EXPECT_EQ(tool({"status"}).exit_code, 0);
}

// More than are let in, each of which begins a handshake, or nothing, and waits.
TEST_F(HttpTls, CrowdsThatNeverEndTheirHandshakeGoInTime) {
  std::vector<std::unique_ptr<RawSocket>> crowd;
  const std::string hello("\x16\x03\x01\x02\x00\x01\x00", 7);
  for (int i = 0; i < 60; ++i) {
    crowd.push_back(std::make_unique<RawSocket>(port_));
    if (i % 2 == 0) crowd.back()->send(hello);
  }
  EXPECT_EQ(hub_.cli({"status"}).exit_code, 0) << "the socket has places of its own";
  EXPECT_TRUE(client()->publish_and_wait("plant/1", "body", 1));
  for (const auto& one : crowd) EXPECT_TRUE(one->is_closed_by_peer(std::chrono::seconds(15)));
  EXPECT_EQ(tool({"status"}).exit_code, 0);
}

class HttpMutualTls : public HttpTls {
 protected:
  void configure(nlohmann::json& config) override {
    HttpTls::configure(config);
    config["admin"]["http"]["tls"]["client_ca_file"] = certificates_.file("ca.pem");
  }
};

TEST_F(HttpMutualTls, LetsNobodyInWithoutACertificateOfTheAuthority) {
  EXPECT_NE(tool({"status"}).exit_code, 0);
  EXPECT_NE(tool({"--cert-file", certificates_.file("stranger.pem"), "--key-file",
                  certificates_.file("stranger.key"), "status"})
                .exit_code,
            0);
  const Finished known = tool({"--cert-file", certificates_.file("client.pem"), "--key-file",
                               certificates_.file("client.key"), "status"});
  EXPECT_EQ(known.exit_code, 0) << known.out;
}

class HttpBeyondLoopback : public ::testing::Test {};

TEST_F(HttpBeyondLoopback, IsRefusedWithoutTls) {
  HubProcess hub;
  hub.config["admin"]["http"] = {{"port", free_port()}, {"address", "0.0.0.0"}};
  hub.launch();
  EXPECT_NE(hub.wait(), 0);
  EXPECT_THAT(hub.log(), HasSubstr("admin.http.tls.cert_file"));
}

}  // namespace
}  // namespace headgate::e2e
