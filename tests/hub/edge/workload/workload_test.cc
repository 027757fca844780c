// The workload API: one module signs with its own key, and gets nothing of another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hub/edge/workload/cipher.h"
#include "hub/edge/workload/desk.h"

namespace headgate::hub {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// The key of a module, and the signature that the cloud's own SDK makes with it.
constexpr const char* kKey = "c2Vuc29yLXByaW1hcnkta2V5LTAxMjM0NTY3ODlhYmM=";
constexpr const char* kDigest = "IOj97jpk08D7PKtLgligATU/pHLmzbsrVCzAT3yWyUg=";
// acme-plant.azure-devices.net%2Fdevices%2Fedge-1%2Fmodules%2Fsensor\n1795337351
constexpr const char* kData =
    "YWNtZS1wbGFudC5henVyZS1kZXZpY2VzLm5ldCUyRmRldmljZXMlMkZlZGdlLTElMkZtb2R1bGVzJTJGc2Vuc29yCjE3OTUzMzczNTE=";

constexpr int64_t kForever = 4'102'444'800;  // 2100

class Workload : public ::testing::Test {
 protected:
  WorkloadAnswer ask(const std::string& method, const std::string& target, const std::string& body = "",
                     const std::string& socket = "sensor") {
    return desk_.answer(socket, {method, target, body});
  }
  WorkloadAnswer sign(const std::string& target, const std::string& algo = "HMACSHA256") {
    return ask("POST", target, Json{{"keyId", "primary"}, {"algo", algo}, {"data", kData}}.dump());
  }
  static std::string message_of(const WorkloadAnswer& answer) { return Json::parse(answer.body)["message"]; }

  WorkloadAnswer ask_sensor(const std::string& verb, const Json& body) {
    return ask("POST", "/modules/sensor/genid/637/" + verb, body.dump());
  }

  std::string secret_ = std::string(kWorkloadSecretBytes, 's');
  std::string certified_;
  WorkloadDesk desk_{{
      .identity_of = [](const std::string& module) -> std::optional<WorkloadIdentity> {
        if (module == "sensor") return WorkloadIdentity{"637", kKey, ""};
        if (module == "a b%*") return WorkloadIdentity{"9/9", kKey, ""};
        if (module == "new") return WorkloadIdentity{"", kKey, ""};
        return std::nullopt;
      },
      .trust_bundle =
          [] {
            return core::Result<std::string>("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n");
          },
      .certify =
          [this](const CertificateWish& wish) {
            certified_ = (wish.kind == CertificateWish::Kind::server ? "server " : "identity ") + wish.module;
            return core::Result<WorkloadCertificate>(
                WorkloadCertificate{"CHAIN", "KEY", wish.until_s.value_or(kForever)});
          },
      .secret = [this] { return core::Result<std::string>(secret_); },
      .device = "edge-1",
  }};
};

TEST_F(Workload, SignsAsTheSdkDoesWithTheKeyItself) {
  const WorkloadAnswer answer = sign("/modules/sensor/genid/637/sign?api-version=2018-06-28");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, Json({{"digest", kDigest}}).dump());
  EXPECT_EQ(desk_.counts(), (WorkloadCounts{.signatures = 1}));
}

TEST_F(Workload, GivesTheTrustBundleAsPemText) {
  EXPECT_EQ(Json::parse(ask("GET", "/trust-bundle?api-version=2018-06-28").body)["certificate"],
            "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n");
}

TEST_F(Workload, RefusesAndCountsWhatIsOfAnotherModule) {
  for (const char* target :
       {"/modules/filter/genid/637/sign", "/modules/SENSOR/genid/637/sign",
        "/modules/sensor%2F/genid/637/sign", "/modules/filter/genid/637/certificate/server"})
    EXPECT_EQ(sign(target).status, 403U) << target;
  EXPECT_EQ(desk_.counts(), (WorkloadCounts{.refused = 4}));
}

TEST_F(Workload, WantsTheGenerationOfTheIdentity) {
  EXPECT_EQ(sign("/modules/sensor/genid/638/sign").status, 404U);
  EXPECT_EQ(ask("POST", "/modules/new/genid//sign", "{}", "new").status, 404U);
  EXPECT_EQ(desk_.counts().refused, 2U);
}

TEST_F(Workload, DecodesTheNamesInThePath) {
  EXPECT_EQ(ask("POST", "/modules/a%20b%25%2A/genid/9%2F9/sign",
                Json{{"keyId", "primary"}, {"algo", "HMACSHA256"}, {"data", kData}}.dump(), "a b%*")
                .status,
            200U);
  EXPECT_EQ(sign("/modules/sen%zzsor/genid/637/sign").status, 400U);
}

TEST_F(Workload, HasNothingForAModuleThatIsNotRegistered) {
  EXPECT_EQ(ask("POST", "/modules/gone/genid/1/sign", "{}", "gone").status, 404U);
}

TEST_F(Workload, RefusesBodiesThatItCannotSign) {
  const std::string target = "/modules/sensor/genid/637/sign";
  EXPECT_EQ(sign(target, "HMACSHA1").status, 400U);
  for (const char* body :
       {"", "[]", "{", R"({"algo": "HMACSHA256"})", R"({"algo": "HMACSHA256", "data": "no base64!"})",
        R"({"algo": "HMACSHA256", "data": "AAAA", "keyId": "tertiary"})", R"({"algo": 5, "data": "AAAA"})"})
    EXPECT_EQ(ask("POST", target, body).status, 400U) << body;
  EXPECT_EQ(ask("POST", target, R"({"algo": "HMACSHA256", "data": "AAAA", "keyId": "secondary"})").status,
            404U);
  EXPECT_EQ(desk_.counts().signatures, 0U);
}

TEST_F(Workload, AnswersNothingElse) {
  for (const char* target :
       {"/", "/modules", "/modules/sensor/genid/637/encrypt/x", "/modules/sensor/genid/637/certificate",
        "/modules/sensor/genid/637/certificate/ca", "/trust-bundle/x", "//trust-bundle", "/v1/status"})
    EXPECT_EQ(ask("GET", target).status, 404U) << target;
  EXPECT_EQ(ask("POST", "/trust-bundle").status, 405U);
  EXPECT_EQ(ask("GET", "/modules/sensor/genid/637/sign").status, 405U);
  EXPECT_EQ(ask("GET", "trust-bundle").status, 400U);
}

TEST_F(Workload, MakesACertificateUnderTheModulesOwnNameOnly) {
  const std::string target = "/modules/sensor/genid/637/certificate/server";
  const WorkloadAnswer made =
      ask("POST", target, R"({"commonName": "sensor", "expiration": "2030-01-31T12:00:00Z"})");
  EXPECT_EQ(made.status, 201U);
  EXPECT_EQ(Json::parse(made.body), Json({{"privateKey", {{"type", "key"}, {"bytes", "KEY"}}},
                                          {"certificate", "CHAIN"},
                                          {"expiration", "2030-01-31T12:00:00Z"}}));
  EXPECT_EQ(certified_, "server sensor");
  EXPECT_EQ(
      ask("POST", target, R"({"commonName": "gateway-7", "expiration": "2030-01-31T12:00:00Z"})").status,
      403U);
  EXPECT_THAT(message_of(ask("POST", target, R"({"commonName": "sensor"})")),
              HasSubstr("expiration has to be a time"));
}

TEST_F(Workload, MakesACertificateOfTheModuleItselfForAsLongAsThereIsUnlessItSays) {
  const WorkloadAnswer made =
      ask_sensor("certificate/identity", Json{{"expiration", "2030-01-31T12:00:00Z"}});
  EXPECT_EQ(made.status, 201U);
  EXPECT_EQ(Json::parse(made.body), Json({{"privateKey", {{"type", "key"}, {"bytes", "KEY"}}},
                                          {"certificate", "CHAIN"},
                                          {"expiration", "2030-01-31T12:00:00Z"}}));
  EXPECT_EQ(certified_, "identity sensor");
  const std::string target = "/modules/sensor/genid/637/certificate/identity";
  for (const char* body : {"", "{}", R"({"expiration": null})"})
    EXPECT_EQ(Json::parse(ask("POST", target, body).body)["expiration"], "2100-01-01T00:00:00Z") << body;
  for (const char* body : {"[]", "{", R"({"expiration": "soon"})", R"({"expiration": 5})"})
    EXPECT_EQ(ask("POST", target, body).status, 400U) << body;
  EXPECT_EQ(ask("POST", target, "{}", "filter").status, 403U);
}

TEST_F(Workload, EncryptsWhatOnlyThatModuleCanHaveDecrypted) {
  const WorkloadAnswer made =
      ask_sensor("encrypt", Json{{"plaintext", "c2VjcmV0"}, {"initializationVector", "aXY="}});
  ASSERT_EQ(made.status, 200U) << made.body;
  const std::string ciphertext = Json::parse(made.body)["ciphertext"];
  const WorkloadAnswer read =
      ask_sensor("decrypt", Json{{"ciphertext", ciphertext}, {"initializationVector", "aXY="}});
  EXPECT_EQ(read.status, 200U);
  EXPECT_EQ(read.body, R"({"plaintext":"c2VjcmV0"})");
  EXPECT_EQ(ask_sensor("decrypt", Json{{"ciphertext", ciphertext}, {"initializationVector", "aXYx"}}).status,
            400U)
      << "another vector";
  EXPECT_EQ(ask("POST", "/modules/a%20b%25%2A/genid/9%2F9/decrypt",
                Json{{"ciphertext", ciphertext}, {"initializationVector", "aXY="}}.dump(), "a b%*")
                .status,
            400U)
      << "another module";
  EXPECT_EQ(ask("POST", "/modules/sensor/genid/637/decrypt", "{}", "filter").status, 403U);
}

TEST_F(Workload, RefusesBodiesThatAreTooDeep) {
  const std::string deep = R"({"data": )" + std::string(30'000, '[') + std::string(30'000, ']') + "}";
  for (const char* verb : {"sign", "certificate/server", "certificate/identity", "encrypt", "decrypt"})
    EXPECT_EQ(ask("POST", std::string("/modules/sensor/genid/637/") + verb, deep).status, 400U) << verb;
}

TEST_F(Workload, RefusesBodiesThatItCannotEncrypt) {
  for (const char* body :
       {"", "[]", "{", R"({"plaintext": "AAAA"})", R"({"plaintext": "AAAA", "initializationVector": ""})",
        R"({"plaintext": "no base64!", "initializationVector": "aXY="})",
        R"({"plaintext": 5, "initializationVector": "aXY="})"})
    EXPECT_EQ(ask("POST", "/modules/sensor/genid/637/encrypt", body).status, 400U) << body;
  for (const char* ciphertext : {"", "AAAA", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
    EXPECT_THAT(
        message_of(ask_sensor("decrypt", Json{{"ciphertext", ciphertext}, {"initializationVector", "aXY="}})),
        HasSubstr("was not encrypted here"))
        << ciphertext;
}

constexpr CipherOwner kSensor{"edge-1", "sensor", "637"};

TEST(WorkloadCipher, GivesBackWhatItTookUnlessABitOfItHasChanged) {
  const std::string secret(kWorkloadSecretBytes, 'k');
  for (const std::string& plain : {std::string(), std::string("\0text", 5), std::string(48'000, 'x')}) {
    std::string ciphertext = encrypt_for(secret, kSensor, "iv", plain).value();
    EXPECT_EQ(decrypt_for(secret, kSensor, "iv", ciphertext), plain);
    for (const size_t at : {size_t{0}, size_t{5}, ciphertext.size() / 2, ciphertext.size() - 1}) {
      ciphertext[at] ^= 1;
      EXPECT_EQ(decrypt_for(secret, kSensor, "iv", ciphertext), std::nullopt) << at;
      ciphertext[at] ^= 1;
    }
  }
}

TEST(WorkloadCipher, HasAKeyForEachOwnerAndSecret) {
  const std::string secret(kWorkloadSecretBytes, 'k');
  const std::string ciphertext = encrypt_for(secret, kSensor, "iv", "text").value();
  for (const CipherOwner& other :
       {CipherOwner{"edge-2", "sensor", "637"}, CipherOwner{"edge-1", "filter", "637"},
        CipherOwner{"edge-1", "sensor", "638"}, CipherOwner{"edge-1", "sensor6", "37"}})
    EXPECT_EQ(decrypt_for(secret, other, "iv", ciphertext), std::nullopt) << other.module;
  EXPECT_EQ(decrypt_for(std::string(kWorkloadSecretBytes, 'l'), kSensor, "iv", ciphertext), std::nullopt);
}

TEST(WorkloadCipher, MakesAnotherTextEachTimeThoughTheVectorIsTheSame) {
  const std::string secret(kWorkloadSecretBytes, 'k');
  EXPECT_NE(encrypt_for(secret, kSensor, "iv", "text"), encrypt_for(secret, kSensor, "iv", "text"));
}

}  // namespace
}  // namespace headgate::hub
