// Who comes in by a listener of the dialect of IoT Edge, by what, and who does not.
#include "hub/edge/identities/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "hub/access/access.h"
#include "hub/edge/identities/certificate.h"
#include "tests/hub/edge/identities/made_certificate.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_hasher.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"
#include "upstream/clouds/sas_token.h"

namespace headgate::hub {
namespace {

using broker::Credentials;
using broker::ReasonCode;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MadeCertificate;
using ::testing::StartsWith;

const std::string kPrimary = "cHJpbWFyeS1rZXk=";
const std::string kSecondary = "c2Vjb25kYXJ5LWtleQ==";
const std::string kOther = "b3RoZXIta2V5";

std::string entry(const std::string& id, const std::string& more) {
  return R"({"id": ")" + id + "\", " + more + "}";
}
std::string keys(const std::string& primary, const std::string& secondary) {
  return R"("primary_key": ")" + primary + R"(", "secondary_key": ")" + secondary + '"';
}

// Through hub::Access, as the broker asks.
class EdgeAdmission : public ::testing::Test {
 protected:
  EdgeAdmission() {
    settings_.iot_edge.hub_host_name = "acme.azure-devices.net";
    settings_.iot_edge.device_id = "edge-1";
    settings_.iot_edge.gateway_names = {"gateway.local"};
    settings_.iot_edge.identities_file = dir_ / "identities.json";
    settings_.own_device = "edge-1";
    settings_.speaks_iot_edge = true;
    policy_.dialect = broker::Dialect::iot_edge;
    register_only(entry("edge-1/sensor", keys(kPrimary, kSecondary)) + "," +
                  entry("leaf-1", keys(kPrimary, kSecondary)) + "," +
                  entry("leaf-1/sensor", keys(kOther, kOther)) + "," +
                  entry("edge-1/$edgeHub", keys(kPrimary, "")) + "," +
                  entry("off", keys(kPrimary, "") + R"(, "enabled": false)"));
  }
  void write(const std::string& text) { dir_.write("identities.json", text); }
  void register_only(const std::string& entries) {
    write(R"({"identities": [)" + entries + "]}");
    use();
  }
  void use() {
    const auto used = access_.use(settings_);
    ASSERT_TRUE(used) << used.error().what;
  }

  [[nodiscard]] int64_t now_s() const { return clock_.now().wall_ms / 1'000; }
  [[nodiscard]] static std::string token(const std::string& key, const std::string& resource,
                                         int64_t expires_s) {
    return *upstream::sas_token("acme.azure-devices.net/devices/" + resource, key, expires_s);
  }
  [[nodiscard]] std::string token(const std::string& key, const std::string& resource) const {
    return token(key, resource, now_s() + 3600);
  }

  void judge(const std::string& client_id, std::optional<std::string> user,
             std::optional<std::string> password) {
    auto credentials = std::make_shared<Credentials>();
    credentials->client_id = client_id;
    credentials->username = std::move(user);
    credentials->password = std::move(password);
    credentials->certificates = certificates_;
    credentials->peer = "127.0.0.1:4711";
    credentials->policy = std::make_shared<broker::ListenerPolicy>(policy_);
    answer_.reset();
    access_.authenticate(credentials, clock_.now(),
                         [this](const auto& verdict, core::Now) { answer_ = verdict; });
    ASSERT_TRUE(answer_);
  }
  // Whether that identity comes in by a user name as its SDK makes it.
  bool comes_in(const std::string& id, std::optional<std::string> password,
                const std::string& host = "acme.azure-devices.net") {
    judge(id, host + "/" + id + "/?api-version=2021-04-12&DeviceClientType=test", std::move(password));
    const bool in = answer_->reason == ReasonCode::success;
    EXPECT_TRUE(in || answer_->reason == ReasonCode::not_authorized) << "else it is not a 5";
    return in;
  }
  [[nodiscard]] std::string why() const { return std::string(answer_->why); }
  [[nodiscard]] bool still_holds() const {
    return access_.renew(*answer_->grant.identity, answer_->grant.identity->username).identity != nullptr;
  }

  testing::TempDir dir_;
  testing::ManualClock clock_;
  testing::ManualHasher hasher_;
  testing::RecordingLog log_;
  AccessSettings settings_;
  Access access_{hasher_, {1, 2, 3}, clock_, log_};
  broker::ListenerPolicy policy_;
  CertificateChain certificates_;
  std::optional<broker::AccessControl::Verdict> answer_;
};

TEST_F(EdgeAdmission, LetsARegisteredModuleInByEitherKey) {
  EXPECT_TRUE(comes_in("edge-1/sensor", token(kPrimary, "edge-1/modules/sensor"))) << why();
  EXPECT_EQ(answer_->grant.identity->kind, broker::Identity::Kind::module);
  EXPECT_EQ(answer_->grant.identity->device, "edge-1");
  EXPECT_EQ(answer_->grant.identity->module, "sensor");
  EXPECT_TRUE(answer_->grant.rights->may_publish("modules/sensor/outputs/o"));
  EXPECT_TRUE(comes_in("edge-1/sensor", token(kSecondary, "edge-1/modules/sensor"))) << why();
  EXPECT_TRUE(comes_in("leaf-1", token(kPrimary, "leaf-1"))) << why();
  EXPECT_EQ(answer_->grant.identity->kind, broker::Identity::Kind::device);
}

TEST_F(EdgeAdmission, LetsNobodyInWhoIsNotRegistered) {
  policy_.allow_anonymous = true;
  judge("c", std::nullopt, std::nullopt);
  EXPECT_EQ(answer_->reason, ReasonCode::not_authorized);
  judge("ann", "ann", "anns");
  EXPECT_EQ(answer_->reason, ReasonCode::not_authorized);
  EXPECT_FALSE(comes_in("edge-1/sensor", std::nullopt));
  EXPECT_FALSE(comes_in("edge-1/sensor", ""));
  EXPECT_FALSE(comes_in("edge-1/other", token(kPrimary, "edge-1/modules/other")));
  EXPECT_FALSE(comes_in("Leaf-1", token(kPrimary, "Leaf-1"))) << "ids are compared exactly";
}

TEST_F(EdgeAdmission, KeepsOfWhoIsRegisteredHowItWent) {
  EXPECT_FALSE(comes_in("leaf-1", token(kOther, "leaf-1")));
  EXPECT_EQ(access_.edge().seen({"leaf-1", {}}).refused, 1U);
  EXPECT_EQ(access_.edge().seen({"leaf-1", {}}).last_refusal, "the token is signed by another key");
  EXPECT_EQ(access_.edge().seen({"leaf-1", {}}).last_refused_ms, clock_.now().wall_ms);
  EXPECT_TRUE(comes_in("leaf-1", token(kPrimary, "leaf-1")));
  EXPECT_EQ(access_.edge().seen({"leaf-1", {}}).last_refusal, "");
  EXPECT_EQ(access_.edge().seen({"leaf-1", {}}).admitted, 1U);
  EXPECT_FALSE(comes_in("ghost", token(kPrimary, "ghost")));
  EXPECT_EQ(access_.edge().seen({"ghost", {}}).refused, 0U);
  register_only(entry("leaf-2", keys(kPrimary, "")));
  EXPECT_EQ(access_.edge().seen({"leaf-1", {}}).admitted, 0U);
}

TEST_F(EdgeAdmission, WantsTheKeyOfThatVeryIdentity) {
  EXPECT_FALSE(comes_in("leaf-1/sensor", token(kPrimary, "leaf-1/modules/sensor"))) << "the namesake's key";
  EXPECT_THAT(why(), HasSubstr("another key"));
  EXPECT_FALSE(comes_in("edge-1/sensor", token(kPrimary, "leaf-1"))) << "another's audience";
  EXPECT_THAT(why(), HasSubstr("another host or identity"));
  EXPECT_FALSE(comes_in("edge-1/sensor", *upstream::sas_token("evil.net/devices/edge-1/modules/sensor",
                                                              kPrimary, now_s() + 60)));
  EXPECT_FALSE(comes_in("edge-1/sensor", "SharedAccessSignature rubbish"));
}

TEST_F(EdgeAdmission, GivesTwoModulesOfOneNameEachItsOwn) {
  ASSERT_TRUE(comes_in("leaf-1/sensor", token(kOther, "leaf-1/modules/sensor"))) << why();
  const broker::Rights& leafs = *answer_->grant.rights;
  EXPECT_FALSE(leafs.may_publish("modules/sensor/outputs/o"));
  EXPECT_FALSE(leafs.may_subscribe("modules/sensor/inputs/#"));
  EXPECT_TRUE(leafs.may_publish("devices/leaf-1/modules/sensor/outputs/o"));
}

TEST_F(EdgeAdmission, ChecksTheHostOfTheUserName) {
  const std::string good = token(kPrimary, "leaf-1");
  for (const char* host :
       {"gateway.local", "gateway.local:8883", "ACME.azure-devices.net", "acme.azure-devices.net:443"})
    EXPECT_TRUE(comes_in("leaf-1", good, host)) << host;
  for (const char* host : {"evil.net", "gateway", "gateway.local:x", "localhost"})
    EXPECT_FALSE(comes_in("leaf-1", good, host)) << host;
}

TEST_F(EdgeAdmission, ReadsTheUserNamesOfAllSdks) {
  const std::string good = token(kPrimary, "leaf-1");
  for (const std::string rest :
       {"/leaf-1/api-version=2016-11-14",
        "/leaf-1/DeviceClientType=azure-iot-device%2F1.3.0&api-version=2017-06-30",
        "/leaf-1/?api-version=2021-04-12&model-id=dtmi:com:example:T;1&DeviceClientType=x"}) {
    judge("leaf-1", "acme.azure-devices.net" + rest, good);
    EXPECT_EQ(answer_->reason, ReasonCode::success) << rest;
  }
  for (const std::string rest :
       {"/leaf-1", "/leaf-1/", "/leaf-1/?api-version=", "/leaf-1/?DeviceClientType=x",
        "/leaf-1/x/y/?api-version=1", "/leaf-1/?api-version=&api-version=1", "//?api-version=1"}) {
    judge("leaf-1", "acme.azure-devices.net" + rest, good);
    EXPECT_EQ(answer_->reason, ReasonCode::not_authorized) << rest;
  }
}

TEST_F(EdgeAdmission, WantsTheClientIdOfTheUserName) {
  judge("leaf-2", "acme.azure-devices.net/leaf-1/?api-version=1", token(kPrimary, "leaf-1"));
  EXPECT_EQ(answer_->reason, ReasonCode::not_authorized);
  judge("leaf-1", "acme.azure-devices.net/leaf-1/sensor/?api-version=1",
        token(kOther, "leaf-1/modules/sensor"));
  EXPECT_EQ(answer_->reason, ReasonCode::not_authorized);
}

TEST_F(EdgeAdmission, RefusesDisabledIdentitiesAndTheHubsOwnModules) {
  EXPECT_FALSE(comes_in("off", token(kPrimary, "off")));
  EXPECT_THAT(why(), HasSubstr("disabled"));
  EXPECT_FALSE(comes_in("edge-1/$edgeHub", token(kPrimary, "edge-1/modules/$edgeHub")));
}

TEST_F(EdgeAdmission, TakesOddIdsAsTheyAre) {
  const std::string odd = "Line_2.press:07@east*(a)!'";
  register_only(entry(odd, keys(kPrimary, "")));
  EXPECT_TRUE(comes_in(odd, token(kPrimary, odd))) << why();
  EXPECT_FALSE(comes_in("Line_2.press:07@eastX(a)!'", token(kPrimary, odd))) << "a star is no pattern";
}

TEST_F(EdgeAdmission, GrantsAnExpiredTokenFiveMinutes) {
  EXPECT_TRUE(comes_in("leaf-1", token(kPrimary, "leaf-1", now_s() - 299)));
  EXPECT_EQ(*answer_->ends_wall_ms, (now_s() + 1) * 1'000);
  EXPECT_FALSE(comes_in("leaf-1", token(kPrimary, "leaf-1", now_s() - 301)));
  EXPECT_THAT(why(), HasSubstr("expired"));
}

TEST_F(EdgeAdmission, DoesNotEnforceExpiryByAClockThatIsNotRight) {
  clock_.doubt();
  EXPECT_TRUE(comes_in("leaf-1", token(kPrimary, "leaf-1", now_s() - 4'000)));
  EXPECT_THAT(log_.lines(), Contains(StartsWith("token_expiry_ignored identity=leaf-1")));
}

TEST_F(EdgeAdmission, DoesNotEnforceExpiryByAClockBeforeWhatTheStoreHasSeen) {
  clock_.jump_wall_ms(-30LL * 365 * 24 * 3'600 * 1'000);
  EXPECT_TRUE(comes_in("leaf-1", token(kPrimary, "leaf-1", now_s() - 4'000)));
}

TEST_F(EdgeAdmission, TakesACertificateByItsThumbprint) {
  const MadeCertificate mine("whatever", clock_.now().wall_ms);
  const MadeCertificate other("whatever", clock_.now().wall_ms);
  for (const int bits : {160, 256}) {
    register_only(entry("leaf-2", R"("thumbprints": [")" + thumbprint(mine.der(), bits) + "\"]"));
    certificates_ = {mine.der()};
    EXPECT_TRUE(comes_in("leaf-2", std::nullopt)) << why();
    EXPECT_FALSE(answer_->ends_wall_ms) << "no token ends it";
    certificates_ = {other.der()};
    EXPECT_FALSE(comes_in("leaf-2", std::nullopt));
    certificates_ = {other.der(), mine.der()};
    EXPECT_FALSE(comes_in("leaf-2", std::nullopt)) << "only the first has been proved";
    certificates_ = {};
    EXPECT_FALSE(comes_in("leaf-2", std::nullopt));
  }
}

TEST_F(EdgeAdmission, TakesTheSecondThumbprintToo) {
  const MadeCertificate old("a", clock_.now().wall_ms);
  const MadeCertificate fresh("a", clock_.now().wall_ms);
  register_only(entry("leaf-2", R"("thumbprints": [")" + thumbprint(old.der(), 256) + R"(", ")" +
                                    thumbprint(fresh.der(), 160) + "\"]"));
  certificates_ = {fresh.der()};
  EXPECT_TRUE(comes_in("leaf-2", std::nullopt)) << why();
}

TEST_F(EdgeAdmission, TakesACertificateOfTheRegisteredAuthority) {
  const int64_t wall_ms = clock_.now().wall_ms;
  const MadeCertificate root("root", wall_ms, nullptr, true);
  const MadeCertificate middle("middle", wall_ms, &root, true);
  const MadeCertificate other_root("root", wall_ms, nullptr, true);
  const MadeCertificate leaf("leaf-3", wall_ms, &middle);
  const MadeCertificate namesake("leaf-3", wall_ms, &other_root);
  const MadeCertificate sibling("leaf-4", wall_ms, &middle);
  dir_.write("ca.pem", root.pem());
  register_only(entry("leaf-3", R"("ca_file": "ca.pem")"));
  certificates_ = {leaf.der(), middle.der()};
  EXPECT_TRUE(comes_in("leaf-3", std::nullopt)) << why();
  certificates_ = {leaf.der()};
  EXPECT_FALSE(comes_in("leaf-3", std::nullopt)) << "a link of the chain is missing";
  certificates_ = {namesake.der(), other_root.der()};
  EXPECT_FALSE(comes_in("leaf-3", std::nullopt)) << "a self-made authority sent along";
  certificates_ = {sibling.der(), middle.der()};
  EXPECT_FALSE(comes_in("leaf-3", std::nullopt)) << "another's certificate of the same authority";
  EXPECT_THAT(why(), HasSubstr("common name"));
}

TEST_F(EdgeAdmission, RefusesACertificateOutOfItsDates) {
  const MadeCertificate old("a", clock_.now().wall_ms - 10LL * 24 * 3'600 * 1'000);
  register_only(entry("leaf-2", R"("thumbprints": [")" + thumbprint(old.der(), 256) + "\"]"));
  certificates_ = {old.der()};
  EXPECT_FALSE(comes_in("leaf-2", std::nullopt));
  clock_.doubt();
  EXPECT_TRUE(comes_in("leaf-2", std::nullopt)) << "nobody knows the date";
}

TEST_F(EdgeAdmission, DoesNotLetACertificateStandInForAKey) {
  certificates_ = {MadeCertificate("leaf-1", clock_.now().wall_ms).der()};
  EXPECT_FALSE(comes_in("leaf-1", std::nullopt));
  EXPECT_TRUE(comes_in("leaf-1", token(kPrimary, "leaf-1"))) << "a certificate beside the token does no harm";
}

TEST_F(EdgeAdmission, ForgetsWhoHasLostHisKey) {
  ASSERT_TRUE(comes_in("leaf-1", token(kPrimary, "leaf-1")));
  register_only(entry("leaf-1", keys(kSecondary, kPrimary)));
  EXPECT_TRUE(still_holds()) << "the key has become the second";
  register_only(entry("leaf-1", keys(kSecondary, kOther)));
  EXPECT_FALSE(still_holds());
}

TEST_F(EdgeAdmission, ForgetsWhoIsDisabledOrRemoved) {
  ASSERT_TRUE(comes_in("leaf-1", token(kPrimary, "leaf-1")));
  register_only(entry("leaf-1", keys(kPrimary, "") + R"(, "enabled": false)"));
  EXPECT_FALSE(still_holds());
  register_only("");
  EXPECT_FALSE(still_holds());
}

TEST_F(EdgeAdmission, KeepsSessionsOfWhomIsRemovedFromEverybodyElse) {
  register_only("");
  broker::Identity kept;  // as the store gives it back
  kept.username = "leaf-1";
  kept.registered = true;
  const broker::Grant grant = access_.renew(kept, "leaf-1");
  ASSERT_TRUE(grant.identity);
  EXPECT_TRUE(grant.identity->registered);
  EXPECT_FALSE(grant.rights->may_receive("devices/leaf-1/messages/devicebound"));
}

TEST_F(EdgeAdmission, GivesKeptSessionsTheirRightsAfterARestart) {
  broker::Identity kept;
  kept.username = "edge-1/sensor";
  kept.registered = true;
  const broker::Grant grant = access_.renew(kept, "edge-1/sensor");
  EXPECT_TRUE(grant.rights->may_receive("modules/sensor/inputs/i"));
  EXPECT_EQ(grant.identity->module, "sensor");
}

TEST_F(EdgeAdmission, KeepsItsIdentitiesWhereTheFileIsEmptiedLostOrBroken) {
  for (const std::string text : {"", "{", R"({"identities": [{"id": "leaf-1"}]})"}) {
    write(text);
    EXPECT_FALSE(access_.use(settings_)) << text;
    EXPECT_TRUE(comes_in("leaf-1", token(kPrimary, "leaf-1"))) << text;
  }
  write(R"({"identities": []})");
  EXPECT_TRUE(access_.use(settings_)) << "that is meant";
  EXPECT_FALSE(comes_in("leaf-1", token(kPrimary, "leaf-1")));
  EXPECT_THAT(log_.lines(), Contains(StartsWith("no_identities")));
}

TEST_F(EdgeAdmission, VerifiesCallersOverHttps) {
  EdgeIdentities& edge = access_.edge();
  EXPECT_TRUE(edge.verify(token(kPrimary, "edge-1/modules/sensor"), {"edge-1", "sensor"}, clock_.now()));
  EXPECT_FALSE(edge.verify(token(kPrimary, "edge-1/modules/sensor"), {"leaf-1", "sensor"}, clock_.now()));
  EXPECT_FALSE(edge.verify("", {"edge-1", "sensor"}, clock_.now()));
  EXPECT_FALSE(edge.verify(token(kPrimary, "off"), {"off", ""}, clock_.now()));
}

TEST_F(EdgeAdmission, LeavesOtherListenersAsTheyWere) {
  policy_.dialect = broker::Dialect::mqtt;
  judge("c", std::nullopt, std::nullopt);
  EXPECT_EQ(answer_->reason, ReasonCode::success);
  EXPECT_FALSE(answer_->grant.identity->registered);
}

// ---- plain MQTT ----

TEST(PlainModules, OfAnotherDeviceHaveNoPartInThoseOfTheGateway) {
  const AccessRules rules({}, "edge-1");
  broker::Identity own;
  own.username = "a";
  own.kind = broker::Identity::Kind::module;
  own.device = "edge-1";
  own.module = "sensor";
  broker::Identity leafs = own;
  leafs.username = "b";
  leafs.device = "leaf-1";
  EXPECT_TRUE(rules.rights(own, "a")->may_publish("modules/sensor/outputs/o"));
  EXPECT_TRUE(rules.rights(own, "a")->may_receive("modules/sensor/inputs/i"));
  EXPECT_FALSE(rules.rights(leafs, "b")->may_publish("modules/sensor/outputs/o"));
  EXPECT_FALSE(rules.rights(leafs, "b")->may_subscribe("modules/sensor/inputs/#"));
  EXPECT_FALSE(rules.rights(leafs, "b")->may_receive("modules/sensor/inputs/i"));
  EXPECT_FALSE(rules.gives_anything_to(leafs));
}

}  // namespace
}  // namespace headgate::hub
