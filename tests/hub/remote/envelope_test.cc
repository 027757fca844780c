// Documents are taken only as they were signed, by whom, for whom and in their turn.
#include "hub/remote/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/access/base64.h"
#include "tests/support/remote/signer.h"

namespace headgate::hub {
namespace {

using ::testing::HasSubstr;
using testing::Signer;
using ::testing::StartsWith;

class Envelope : public ::testing::Test {
 protected:
  core::Result<Desired> open(const std::string& envelope) const {
    return open_envelope(envelope, key_, self_);
  }
  std::string error(const std::string& envelope) const {
    const auto opened = open(envelope);
    return opened ? "it was taken" : opened.error().what;
  }
  std::string sealed(const std::string& bytes) const { return signer_.seal(bytes); }

  Signer signer_;
  PublicKey key_ = *PublicKey::parse(signer_.public_pem(), "key.pem");
  Addressee self_{"site-7", "north"};
};

TEST_F(Envelope, IsOpenedIfItsHubAndSignatureAreRight) {
  const auto opened = open(signer_.sign("site-7", 7, R"({"time_to_live_s": 60})"));
  ASSERT_TRUE(opened) << opened.error().what;
  EXPECT_EQ(opened->version, 7u);
  EXPECT_EQ(opened->document, R"({"time_to_live_s":60})");
  EXPECT_TRUE(open(sealed(R"({"group": "north", "version": 1, "document": {}})")));
}

TEST_F(Envelope, IsRefusedOnceAnyBitOfTextOrSignatureIsAnother) {
  const std::string bytes = R"({"hub": "site-7", "version": 7, "document": {}})";
  const std::string signature = signer_.signature(bytes);
  const auto envelope = [](const std::string& text, const std::string& sig) {
    return R"({"headgate-desired":1,"signed":")" + Signer::base64(text) + R"(","signature":")" +
           Signer::base64(sig) + "\"}";
  };
  ASSERT_TRUE(open(envelope(bytes, signature)));
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string other = bytes;
    other[at] = static_cast<char>(other[at] ^ 1);
    EXPECT_THAT(error(envelope(other, signature)), StartsWith("the signature is wrong")) << at;
  }
  for (size_t at = 0; at < signature.size(); ++at) {
    std::string other = signature;
    other[at] = static_cast<char>(other[at] ^ 1);
    EXPECT_THAT(error(envelope(bytes, other)), StartsWith("the signature is wrong")) << at;
  }
  EXPECT_THAT(error(envelope(bytes, signature.substr(1))), StartsWith("the signature is wrong"));
  EXPECT_THAT(error(envelope(bytes, "")), HasSubstr("base64"));
}

TEST_F(Envelope, IsRefusedFromAnotherSigner) {
  EXPECT_THAT(error(Signer().sign("site-7", 7, "{}")),
              HasSubstr("with another key than upstream.remote_config"));
}

TEST_F(Envelope, IsRefusedForAnotherHubOrGroup) {
  EXPECT_EQ(error(signer_.sign("site-8", 7, "{}")),
            "it is for the hub \"site-8\", and this is \"site-7\"; sign it for this one");
  EXPECT_THAT(error(sealed(R"({"group": "south", "version": 1, "document": {}})")), HasSubstr("\"north\""));
  EXPECT_THAT(error(sealed(R"({"group": "site-7", "version": 1, "document": {}})")), HasSubstr("\"north\""));
  EXPECT_THAT(error(sealed(R"({"hub": "site-7", "group": "north", "version": 1, "document": {}})")),
              HasSubstr("either a hub or a group"));
  EXPECT_THAT(error(sealed(R"({"version": 1, "document": {}})")), HasSubstr("either a hub or a group"));
  self_.group.clear();
  EXPECT_THAT(error(sealed(R"({"group": "", "version": 1, "document": {}})")), HasSubstr("is of none"));
}

TEST_F(Envelope, IsRefusedWithKeysThatNobodyKnows) {
  EXPECT_THAT(error(sealed(R"({"hub": "site-7", "version": 1, "document": {}, "force": true})")),
              HasSubstr("unknown key \"force\""));
  EXPECT_THAT(error(R"({"headgate-desired": 1, "signed": "", "signature": "", "key": ""})"),
              HasSubstr("unknown key \"key\""));
}

TEST_F(Envelope, IsRefusedInAnyOtherForm) {
  EXPECT_THAT(error(""), HasSubstr("the envelope: is empty"));
  EXPECT_THAT(error("[]"), HasSubstr("allowed: an object"));
  EXPECT_THAT(error("{}"), HasSubstr("headgate-desired is not 1"));
  EXPECT_THAT(error(R"({"headgate-desired": 2, "signed": "e30=", "signature": "e30="})"),
              HasSubstr("headgate-desired is not 1"));
  EXPECT_THAT(error(R"({"headgate-desired": 1, "signed": "e3 =", "signature": "e30="})"),
              HasSubstr("base64"));
  EXPECT_THAT(error(R"({"headgate-desired": 1, "signed": 1, "signature": "e30="})"), HasSubstr("base64"));
  EXPECT_THAT(error(sealed("no JSON")), HasSubstr("the signed text:1:"));
  EXPECT_THAT(error(sealed(R"({"hub":"site-7","hub":"site-7","version":1,"document":{}})")),
              HasSubstr("hub"));
  for (const char* const version : {"0", "-1", "1.5", "\"1\"", "9007199254740992", "null"})
    EXPECT_THAT(
        error(sealed(R"({"hub": "site-7", "document": {}, "version": )" + std::string(version) + "}")),
        HasSubstr("version has to be a whole number"))
        << version;
  EXPECT_THAT(error(sealed(R"({"hub": "site-7", "version": 1, "document": []})")),
              HasSubstr("has to be an object"));
}

TEST_F(Envelope, IsRefusedUnreadIfItIsTooLarge) {
  EXPECT_THAT(error(std::string(kEnvelopeBytesMax + 1, ' ')),
              HasSubstr("has 1048577 bytes; allowed: 1048576"));
}

TEST(PublicKeys, AreOfTheRightKind) {
  const Signer signer;
  EXPECT_TRUE(PublicKey::parse(signer.public_pem(), "key.pem"));
  EXPECT_THAT(PublicKey::parse(signer.private_pem(), "key.pem").error().what,
              StartsWith("key.pem: holds a private key, which stays with whoever signs"));
  EXPECT_THAT(PublicKey::parse("", "key.pem").error().what,
              StartsWith("key.pem: holds no public key; allowed"));
  const std::string rsa =
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaIWuUlwiR2c95lIQ+eVGYz1Uuzle\n"
      "Cv4uU3EHGsOKXzvHvSLD8EUWQmwShAvdMK1gCRoWzUTdXUUi6WUJ6VG2tQ==\n"
      "-----END PUBLIC KEY-----\n";
  EXPECT_FALSE(PublicKey::parse(rsa, "key.pem"));
  EXPECT_EQ(PublicKey::read("/nowhere/key.pem").error().code, core::Errc::io);
}

TEST(Base64InDocuments, IsOneLineAndComplete) {
  EXPECT_EQ(decode_base64("aGk="), "hi");
  EXPECT_EQ(decode_base64("aGk"), std::nullopt);
  EXPECT_EQ(decode_base64(" aGk"), std::nullopt);
  EXPECT_EQ(decode_base64("aGl="), std::nullopt) << "bits beyond the last byte";
  EXPECT_EQ(decode_base64("a=k="), std::nullopt);
}

}  // namespace
}  // namespace headgate::hub
