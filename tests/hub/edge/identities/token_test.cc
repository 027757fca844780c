// Tokens as official SDKs have sent them, and others that must not be taken.
#include "hub/edge/identities/token.h"

#include <gtest/gtest.h>

#include <string>

#include "upstream/clouds/sas_token.h"

namespace headgate::hub {
namespace {

const HostNames kHosts{"acme-plant.azure-devices.net", {"gateway.local", "::1"}};

struct Captured {
  EdgeId id;
  std::string key;
  std::string token;
  int64_t expires_s;
};

// Recorded from the Node SDK.
const Captured kCaptured[] = {
    {{"edge-1", "sensor"},
     "c2Vuc29yLXByaW1hcnkta2V5LTAxMjM0NTY3ODlhYmM=",
     "SharedAccessSignature sr=acme-plant.azure-devices.net%2Fdevices%2Fedge-1%2Fmodules%2Fsensor"
     "&sig=IOj97jpk08D7PKtLgligATU%2FpHLmzbsrVCzAT3yWyUg%3D&se=1795337351",
     1795337351},
    {{"Line_2.press:07@east*(a)!'", ""},
     "b2RkLXByaW1hcnkta2V5LTAxMjM0NTY3ODlhYmNkZWY=",
     "SharedAccessSignature sr=acme-plant.azure-devices.net%2Fdevices%2FLine_2.press%3A07%40east%2a%28a%29%21%27"
     "&sig=gpH0gGSJoivU3S64FlGoXAjFHjISDk9JxVt1nRTPgno%3D&se=1795337364",
     1795337364},
    {{"leaf-1", ""},
     "bGVhZi1wcmltYXJ5LWtleS0wMTIzNDU2Nzg5YWJjZGU=",
     "SharedAccessSignature sr=acme-plant.azure-devices.net%2Fdevices%2Fleaf-1"
     "&sig=D5fhbOMKmHjdyBbcdSyVD7dROo150QFG0YkX4pD49fs%3D&se=1795337362",
     1795337362},
};

std::string signed_for(const std::string& resource_as_sent, const std::string& key,
                       const std::string& until = "1795337362") {
  const auto signature = upstream::sas_signature(resource_as_sent, until, key);
  return "SharedAccessSignature se=" + until + "&skn=&sig=" + upstream::percent_encoded(*signature) +
         "&sr=" + resource_as_sent;
}

TEST(SasTokens, OfTheOfficialSdkAreTheirIdentitys) {
  for (const Captured& one : kCaptured) {
    const auto token = parse_sas_token(one.token);
    ASSERT_TRUE(token) << one.token;
    EXPECT_TRUE(token->is_for(one.id, kHosts)) << one.token;
    EXPECT_TRUE(token->is_signed_by(one.key)) << one.token;
    EXPECT_EQ(token->expires_s, one.expires_s);
    EXPECT_EQ(token->ends_wall_ms(), (one.expires_s + 300) * 1'000) << "300 s of skew are granted";
  }
}

TEST(SasTokens, AreNobodyElses) {
  const auto token = parse_sas_token(kCaptured[0].token);
  ASSERT_TRUE(token);
  for (const EdgeId& other : {EdgeId{"edge-1", ""}, EdgeId{"edge-1", "Sensor"}, EdgeId{"EDGE-1", "sensor"},
                              EdgeId{"leaf-1", "sensor"}, EdgeId{"edge-1", "sens*"}, EdgeId{"*", "sensor"}})
    EXPECT_FALSE(token->is_for(other, kHosts)) << other.id();
  EXPECT_FALSE(token->is_for({"edge-1", "sensor"}, {"other.azure-devices.net", {}})) << "a forged audience";
  EXPECT_FALSE(token->is_signed_by(kCaptured[2].key));
  EXPECT_FALSE(token->is_signed_by("no base64"));
  EXPECT_FALSE(token->is_signed_by(""));
}

TEST(SasTokens, AreSignedAsTheyStandThere) {
  const std::string key = kCaptured[2].key;
  const auto lower = parse_sas_token(signed_for("acme-plant.azure-devices.net%2fdevices%2fleaf-1", key));
  ASSERT_TRUE(lower);
  EXPECT_TRUE(lower->is_signed_by(key));
  EXPECT_TRUE(lower->is_for({"leaf-1", ""}, kHosts));
}

TEST(SasTokens, MayHaveIdsThatAreEncodedTwice) {
  const std::string key = kCaptured[1].key;
  const EdgeId odd{"Line:7@east", "m*(1)"};
  const auto twice = parse_sas_token(signed_for(
      "acme-plant.azure-devices.net%2Fdevices%2FLine%253A7%2540east%2Fmodules%2Fm%252A%25281%2529", key));
  ASSERT_TRUE(twice);
  EXPECT_TRUE(twice->is_for(odd, kHosts));
  EXPECT_FALSE(twice->is_for({"Line%3A7%40east", ""}, kHosts));
}

TEST(SasTokens, KeepAPercentSignOfAnId) {
  const auto token = parse_sas_token(signed_for("gateway.local%2Fdevices%2F50%25", kCaptured[0].key));
  ASSERT_TRUE(token);
  EXPECT_TRUE(token->is_for({"50%", ""}, kHosts));
}

TEST(SasTokens, NameTheHubOrTheGatewayWithOrWithoutItsPort) {
  for (const auto& [host, known] : {std::pair("gateway.local", true),
                                    {"GATEWAY.local%3A18883", true},
                                    {"acme-plant.azure-devices.net%3A443", true},
                                    {"%3A%3A1", true},
                                    {"%3A%3A1%3A8883", true},
                                    {"gateway.local%3A", false},
                                    {"gateway.local%3Ax", false},
                                    {"gateway", false},
                                    {"evil.net", false},
                                    {"", false},
                                    {"gateway.local.evil.net", false}}) {
    const auto token =
        parse_sas_token(signed_for(std::string(host) + "%2Fdevices%2Fleaf-1", kCaptured[2].key));
    ASSERT_TRUE(token) << host;
    EXPECT_EQ(token->is_for({"leaf-1", ""}, kHosts), known) << host;
  }
}

TEST(SasTokens, AreRefusedWhereTheyAreNone) {
  for (const std::string text :
       {"", "SharedAccessSignature", "SharedAccessSignature ", "sharedaccesssignature sr=a&sig=b&se=1",
        "SharedAccessSignature sr=a&sig=b", "SharedAccessSignature sr=a&se=1",
        "SharedAccessSignature sig=b&se=1", "SharedAccessSignature sr=a&sig=b&se=",
        "SharedAccessSignature sr=a&sig=b&se=-1", "SharedAccessSignature sr=a&sig=b&se=1x",
        "SharedAccessSignature sr=&sig=b&se=1", "SharedAccessSignature sr=a&sig=%2&se=1",
        "SharedAccessSignature sr=a&sr=a&sig=b&se=1", "SharedAccessSignature sr=a &sig=b&se=1",
        "SharedAccessSignature  sr=a&sig=b&se=1", "SharedAccessSignature sr=a&sig&se=1"})
    EXPECT_FALSE(parse_sas_token(text)) << text;
}

TEST(SasTokens, WithABrokenEscapeInTheResourceAreForNobody) {
  const auto token = parse_sas_token(signed_for("gateway.local%2Fdevices%2Fleaf-1%", kCaptured[2].key));
  ASSERT_TRUE(token);
  EXPECT_FALSE(token->is_for({"leaf-1", ""}, kHosts));
}

TEST(SasTokens, ThatNeverExpireDoNotOverflow) {
  const auto token = parse_sas_token(
      signed_for("gateway.local%2Fdevices%2Fleaf-1", kCaptured[2].key, "99999999999999999999999"));
  ASSERT_TRUE(token);
  EXPECT_GT(token->ends_wall_ms(), int64_t{4'102'444'800'000});
}

TEST(SasTokens, OfOurOwnMakingAreTaken) {
  const auto made = upstream::sas_token("gateway.local/devices/leaf-1", kCaptured[2].key, 1'800'000'000);
  ASSERT_TRUE(made);
  const auto token = parse_sas_token(*made);
  ASSERT_TRUE(token);
  EXPECT_TRUE(token->is_signed_by(kCaptured[2].key) && token->is_for({"leaf-1", ""}, kHosts));
}

}  // namespace
}  // namespace headgate::hub
