#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/clouds/presets.h"
#include "upstream/clouds/sas_token.h"

namespace headgate::upstream {
namespace {

// Made with Python's hmac, hashlib, base64 and urllib.parse.
TEST(SasToken, IsTheOneThatOthersMakeOfTheSameKey) {
  EXPECT_EQ(*sas_token("site.azure-devices.net/devices/pump 7",
                       "c2VjcmV0LWtleS1vZi0zMi1ieXRlcy1mb3ItdGVzdHMh", 1795953600),
            "SharedAccessSignature sr=site.azure-devices.net%2Fdevices%2Fpump%207"
            "&sig=ZZFNgXyWzcKdzGouMgC%2Bsd%2FlGw3rNBrAhINGvvDNQ6s%3D&se=1795953600");
  EXPECT_EQ(*sas_token("myHub.azure-devices.net/devices/device1",
                       "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 1456971697),
            "SharedAccessSignature sr=myHub.azure-devices.net%2Fdevices%2Fdevice1"
            "&sig=6sdIukrPaRb%2FX1f0kZh2sAnlFncOfBiY1MADErGg43k%3D&se=1456971697");
  EXPECT_EQ(
      *sas_token("h/devices/d", "aw==", 1),
      "SharedAccessSignature sr=h%2Fdevices%2Fd&sig=uVql4IOr3WmV%2FDgxUl5GhnSr8w4f4U%2BLGo9ws0Ds5i4%3D&se=1");
}

TEST(SasToken, IsNotMadeOfWhatIsNoKeyAndTheKeyIsNotInTheError) {
  for (const char* key : {"", "secret", "c2VjcmV0*", "c2Vjc mV0", "c2VjcmV0LWtleQ"}) {
    const auto token = sas_token("h/devices/d", key, 1);
    ASSERT_FALSE(token) << key;
    EXPECT_THAT(token.error().what, ::testing::Not(::testing::HasSubstr("c2V")));
  }
}

NamedLink link_to(Preset preset) {
  NamedLink link;
  link.preset = preset;
  link.connection.host = "site.azure-devices.net";
  link.connection.tls.ca_file = "ca.pem";
  return link;
}

TEST(Presets, OfAzureIotHubHaveItsFormsAndLimits) {
  NamedLink link = link_to(Preset::azure_iot_hub);
  link.device = "pump-7";
  link.connection.sas_key_file = "key";
  EXPECT_EQ(problem_of_preset(link).key, "");
  const NamedLink done = with_preset(link, "site-7");
  EXPECT_EQ(done.connection.port, 8883);
  EXPECT_EQ(done.connection.protocol, 4);
  EXPECT_EQ(done.connection.client_id, "pump-7");
  EXPECT_EQ(done.connection.username, "site.azure-devices.net/pump-7/?api-version=2021-04-12");
  EXPECT_EQ(done.connection.sas_resource, "site.azure-devices.net/devices/pump-7");
  EXPECT_EQ(done.connection.packet_bytes_max, 262144U);
  EXPECT_GT(done.connection.renew_after_s, 0);
  EXPECT_EQ(done.terms.topic,
            "devices/pump-7/messages/events/$.ct=application%2Fvnd.headgate-batch%2Bjson&$.ce=zstd");
}

TEST(Presets, OfAzureHaveAFormOfUserNamesForAllIdentities) {
  NamedLink link = link_to(Preset::azure_iot_hub);
  link.device = "pump-7";
  EXPECT_EQ(with_preset(link, "site-7").username_form,
            "site.azure-devices.net/{identity}/?api-version=2021-04-12");
  link.connection.username = "user-{identity}";
  EXPECT_EQ(with_preset(link, "site-7").connection.username, "user-pump-7");
  EXPECT_EQ(with_preset(link, "site-7").username_form, "user-{identity}");
}

TEST(Presets, OfOtherCloudsKnowNoIdentities) {
  for (const Preset preset : {Preset::generic, Preset::aws_iot_core}) {
    NamedLink link = link_to(preset);
    link.as = SendsAs::identity;
    EXPECT_EQ(problem_of_preset(link).key, "as");
  }
}

TEST(Presets, OfAzureTakeACertificateInsteadOfAKey) {
  NamedLink link = link_to(Preset::azure_iot_hub);
  EXPECT_EQ(problem_of_preset(link).key, "sas_key_file");
  link.connection.tls.cert_file = "pump.pem";
  EXPECT_EQ(problem_of_preset(link).key, "");
  const NamedLink done = with_preset(link, "site-7");
  EXPECT_EQ(done.connection.client_id, "site-7");
  EXPECT_EQ(done.connection.sas_resource, "");
  EXPECT_EQ(done.connection.renew_after_s, 0);
}

TEST(Presets, OfAzureTakeAKeyThatIsNamed) {
  NamedLink link = link_to(Preset::azure_iot_hub);
  link.connection.sas_key = {.env = "KEY", .file = {}};
  EXPECT_EQ(problem_of_preset(link).key, "");
  EXPECT_GT(with_preset(link, "site-7").connection.renew_after_s, 0);
  link.preset = Preset::generic;
  EXPECT_EQ(problem_of_preset(link).key, "sas_key_file");
}

TEST(Presets, OfAwsAskForItsProtocolAtThePortOfHttps) {
  NamedLink link = link_to(Preset::aws_iot_core);
  EXPECT_EQ(problem_of_preset(link).key, "tls.cert_file");
  link.connection.tls.cert_file = "thing.pem";
  EXPECT_EQ(problem_of_preset(link).key, "");
  EXPECT_EQ(with_preset(link, "site-7").connection.port, 8883);
  EXPECT_EQ(with_preset(link, "site-7").connection.alpn, "");
  EXPECT_EQ(with_preset(link, "site-7").connection.packet_bytes_max, 131072U);
  EXPECT_EQ(with_preset(link, "site-7").connection.in_flight_max, 100U);
  EXPECT_EQ(with_preset(link, "site-7").connection.client_id, "site-7");
  link.connection.port = 443;
  EXPECT_EQ(with_preset(link, "site-7").connection.alpn, "x-amzn-mqtt-ca");
}

TEST(Presets, ThatAreGenericChangeNothingAndRefuseWhatIsOfAnother) {
  NamedLink link = link_to(Preset::generic);
  EXPECT_EQ(with_preset(link, "site-7"), link);
  link.connection.sas_key_file = "key";
  EXPECT_EQ(problem_of_preset(link).key, "sas_key_file");
}

TEST(Presets, WantTls) {
  NamedLink link = link_to(Preset::azure_iot_hub);
  link.connection.tls = {};
  EXPECT_EQ(problem_of_preset(link).key, "tls.ca_file");
}

}  // namespace
}  // namespace headgate::upstream
