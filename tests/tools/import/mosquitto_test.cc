// `headgate import mosquitto` on files as people have them.
#include <nlohmann/json.hpp>

#include "tests/support/daemon/rights.h"
#include "tests/tools/import/imports.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

class MosquittoImport : public ImportTest {
 protected:
  MosquittoImport() : ImportTest("mosquitto") {}

  Json config(const std::string& text, std::vector<std::string> more = {}) {
    return Json::parse(imported(text, std::move(more)));
  }
  // What is said of a file that is wrong.
  std::string refused(const std::string& text) {
    EXPECT_EQ(import(file("in.conf", text)), 1);
    EXPECT_EQ(out_.str(), "");
    return err_.str();
  }
};

TEST_F(MosquittoImport, OfDebiansDefaultListensOnLoopbackAndNamesEachLineWithoutCounterpart) {
  file("conf.d/README", "no configuration");
  const Json made = config(
      "# Place your local configuration in /etc/mosquitto/conf.d/\n\n"
      "pid_file /run/mosquitto/mosquitto.pid\n\npersistence true\n"
      "persistence_location /var/lib/mosquitto/\n\n"
      "log_dest file /var/log/mosquitto/mosquitto.log\n\ninclude_dir " +
      path("conf.d") + "\n");
  EXPECT_EQ(made["listeners"].dump(),
            R"([{"transport":"tcp","address":"127.0.0.1","port":1883,"anonymous":true}])");
  for (const char* line : {":3: pid_file /run/", ":6: persistence_location /var/lib/",
                           ":8: log_dest file /var/log/", "3 lines have no counterpart"})
    EXPECT_THAT(err_.str(), HasSubstr(line));
}

TEST_F(MosquittoImport, TakesTheFilesOfAnIncludedDirectoryInTheirOrder) {
  file("conf.d/b.conf", "max_keepalive 20\n");
  file("conf.d/a.conf", "max_keepalive 10\nlistener 1884 127.0.0.1\n");
  const Json made = config("include_dir " + path("conf.d") + "\n");
  EXPECT_EQ(made["limits"]["keep_alive_s_max"], 20);
  EXPECT_EQ(made["listeners"][0]["port"], 1884);
}

TEST_F(MosquittoImport, GivesEachListenerItsPlaceItsTransportAndWhoMayComeIn) {
  const Json made = config(
      "allow_anonymous true\nlistener 1883\nlistener 9001 127.0.0.1\nprotocol websockets\n"
      "listener 0 /run/mosquitto.sock\nlistener 1885 localhost\nmax_connections 7\n");
  EXPECT_EQ(made["listeners"].dump(),
            R"([{"transport":"tcp","address":"0.0.0.0","port":1883,"insecure":true,"anonymous":true},)"
            R"({"transport":"ws","address":"127.0.0.1","port":9001,"anonymous":true},)"
            R"({"transport":"unix","path":"/run/mosquitto.sock","anonymous":true},)"
            R"({"transport":"tcp","address":"127.0.0.1","port":1885,"anonymous":true,"connections_max":7}])");
  EXPECT_THAT(err_.str(), HasSubstr("in.conf:2: listener 1883: what passes here can be read"));
}

TEST_F(MosquittoImport, ALetterOfTlsAsksClientsForCertificatesOnlyWhereTheyAreRequired) {
  const std::string tls = "listener 8883 127.0.0.1\ncertfile /c.pem\nkeyfile /k.pem\ncafile /ca.pem\n";
  EXPECT_EQ(
      import(file("in.conf",
                  tls + "require_certificate true\nuse_identity_as_username true\ntls_version tlsv1.3\n")),
      0);
  EXPECT_EQ(Json::parse(out_.str())["listeners"][0]["tls"].dump(),
            R"({"cert_file":"/c.pem","key_file":"/k.pem","identity":"cn","client_ca_file":"/ca.pem",)"
            R"("require_client_certificate":true,"min_version":"1.3"})");
  EXPECT_EQ(import(file("in.conf", tls)), 0);
  EXPECT_EQ(Json::parse(out_.str())["listeners"][0]["tls"].dump(),
            R"({"cert_file":"/c.pem","key_file":"/k.pem","identity":"none"})");
  EXPECT_THAT(err_.str(), HasSubstr("in.conf:4: cafile /ca.pem: clients are not asked"));
}

TEST_F(MosquittoImport, WithPerListenerSettingsEachListenerHasUsersOfItsOwn) {
  const std::string users = file("users", "# none\n");
  const Json made = config("per_listener_settings true\nlistener 1 127.0.0.1\npassword_file " + users +
                           "\nlistener 2 127.0.0.1\nallow_anonymous true\n");
  EXPECT_EQ(made["listeners"][0]["password_file"], users);
  EXPECT_EQ(made["listeners"][0]["anonymous"], false);
  EXPECT_EQ(made["listeners"][1]["anonymous"], true);
  EXPECT_FALSE(made["listeners"][1].contains("password_file"));
}

TEST_F(MosquittoImport, TakesLimitsOverAndSaysWhereTheyMeanSomethingElse) {
  const Json made = config(
      "max_inflight_messages 0\nmax_queued_messages 500\nmax_queued_bytes 0\nmessage_size_limit 1000\n"
      "persistent_client_expiration 2w\nsys_interval 30\nretain_available false\nlog_type error\n"
      "log_type warning\n");
  EXPECT_EQ(
      made["limits"].dump(),
      R"({"in_flight_max":65535,"queued_messages_max":500,"packet_bytes_max":66543,)"
      R"("session_expiry_s_max":1209600,"session_expiry_s_default":1209600,"retained_messages_max":0})");
  EXPECT_EQ(made["store"].dump(), R"({"session_messages_max":500,"session_bytes_max":0})");
  EXPECT_EQ(made["sys_interval_s"], 30);
  EXPECT_EQ(made["log"]["level"], "warn");
  EXPECT_THAT(err_.str(), HasSubstr(":4: message_size_limit 1000: here the whole packet is bounded"));
}

// The rules of Mosquitto's documents, asked of the hub: who, as which client, may do what on which topic.
struct Asked {
  const char* user;
  const char* client;
  const char* verb;
  const char* topic;
  bool may;
};

constexpr const char* kAcl =
    "# anonymous\ntopic read $SYS/#\ntopic public/#\ntopic deny public/secret\n\n"
    "user ann\ntopic readwrite plant/#\ntopic read other topic/x\ntopic write cmd/100%u\ntopic deny plant/+/key\n\n"
    "user bob\ntopic read plant/#\n\npattern write home/%u/%c/#\npattern read every/%d\n";

constexpr Asked kTable[] = {
    {"", "c", "receive", "$SYS/broker/uptime", true}, {"", "c", "receive", "public/a", true},
    {"", "c", "publish", "public/a", true},           {"", "c", "publish", "public/secret", false},
    {"", "c", "receive", "public/secret", false},     {"", "c", "publish", "plant/1", false},
    {"", "c", "publish", "home//c/x", false},         {"ann", "c", "publish", "plant/1/t", true},
    {"ann", "c", "receive", "plant/1/t", true},       {"ann", "c", "publish", "plant/1/key", false},
    {"ann", "c", "receive", "plant/1/key", false},    {"ann", "c", "receive", "other topic/x", true},
    {"ann", "c", "publish", "other topic/x", false},  {"ann", "c", "publish", "cmd/100%u", true},
    {"ann", "c", "publish", "cmd/100ann", false},     {"ann", "c", "receive", "public/a", false},
    {"ann", "c1", "publish", "home/ann/c1/x", true},  {"ann", "c1", "publish", "home/bob/c1/x", false},
    {"ann", "c1", "publish", "home/ann/c2/x", false}, {"ann", "c1", "receive", "home/ann/c1/x", false},
    {"ann", "c", "receive", "every/%d", true},        {"bob", "c", "receive", "plant/1/key", true},
    {"bob", "c", "publish", "plant/1/t", false},      {"eve", "c", "receive", "plant/1", false},
    {"eve", "c", "subscribe", "plant/#", true},       {"", "c", "subscribe", "#", true},
};

TEST_F(MosquittoImport, TheAclGivesTheSameRights) {
  const std::string made = imported("allow_anonymous true\nacl_file " + file("acl", kAcl) + "\n");
  for (const Asked& it : kTable)
    EXPECT_EQ(testing::may(made, it.user, it.client, it.verb, it.topic), it.may)
        << it.user << " " << it.verb << " " << it.topic;
}

TEST_F(MosquittoImport, WithoutAnAclWhoeverIsLetInMayDoEverything) {
  const std::string made =
      imported("listener 1883 127.0.0.1\npassword_file " + file("users", "# none\n") + "\n");
  EXPECT_TRUE(testing::may(made, "ann", "c", "publish", "a/b"));
  EXPECT_TRUE(testing::may(made, "ann", "c", "receive", "$SYS/x"));
  EXPECT_FALSE(testing::may(made, "", "c", "publish", "a/b"));
}

TEST_F(MosquittoImport, NobodyHasARightWhereAPluginDecided) {
  const std::string made =
      imported("listener 1883 127.0.0.1\nplugin /usr/lib/dynsec.so\nplugin_opt_config_file /x\n");
  EXPECT_FALSE(testing::may(made, "ann", "c", "publish", "a"));
  EXPECT_THAT(err_.str(), HasSubstr("in.conf:2: plugin /usr/lib/dynsec.so: plugins do not exist here"));
  EXPECT_THAT(err_.str(), HasSubstr("in.conf:3: plugin_opt_config_file ***"));
}

TEST_F(MosquittoImport, NobodyHasARightWhereListenersHaveRulesOfTheirOwn) {
  const std::string acl = file("acl", "topic #\n");
  const std::string made = imported("per_listener_settings true\nlistener 1 127.0.0.1\nacl_file " + acl +
                                    "\nlistener 2 127.0.0.1\n");
  EXPECT_FALSE(testing::may(made, "", "c", "publish", "a"));
  EXPECT_THAT(err_.str(), HasSubstr("in.conf:3: acl_file " + acl + ": access.rules is for all listeners"));
}

TEST_F(MosquittoImport, SaysWherePatternsThatDenyGoFurther) {
  const std::string made =
      imported("acl_file " + file("acl", "user ann\ntopic a/#\npattern deny a/b\n") + "\n");
  EXPECT_FALSE(testing::may(made, "ann", "c", "publish", "a/b"));
  EXPECT_THAT(err_.str(), HasSubstr("/acl:3: pattern deny a/b: denies here also"));
}

constexpr const char* kBridge =
    "connection cloud site\naddress mqtt.example.com:8883 backup.example.com\nbridge_cafile /dev/null\n"
    "remote_username site-7\nremote_password hunter2\nremote_clientid site-7-gw\nbridge_protocol_version mqttv50\n"
    "restart_timeout 10 30\nkeepalive_interval 30\ncleansession false\nnotifications false\n"
    "topic plant/# out 1 \"\" sites/7/\ntopic alarm out 1 \"\" sites/7/\ntopic cmd/# in 1 local/ sites/7/\n";

TEST_F(MosquittoImport, ABridgeBecomesLinksWithRoutesAndWhatComesDown) {
  const Json made = config(kBridge);
  EXPECT_EQ(made["links"].size(), 2u);
  EXPECT_EQ(
      made["links"]["cloud-site"].dump(),
      R"({"host":"mqtt.example.com","port":8883,"protocol":5,"client_id":"site-7-gw","username":"site-7",)"
      R"("tls":{"ca_file":"/dev/null"},"keep_alive_s":30,"downstream":[{"topic":"cmd/#","qos":1,)"
      R"("remote_prefix":"sites/7/","local_prefix":"local/"}]})");
  EXPECT_EQ(made["links"]["cloud-site-2"]["port"], 1883);
  EXPECT_EQ(
      made["upstream"].dump(),
      R"({"mode":"passthrough","passthrough_topic":"sites/7/{topic}","backoff":{"base_ms":10000,"cap_ms":30000}})");
  EXPECT_EQ(made["routes"].dump(), R"({"cloud-site-1":{"route":"FROM 'plant/#' INTO $upstream"},)"
                                   R"("cloud-site-2":{"route":"FROM 'alarm' INTO $upstream"}})");
}

TEST_F(MosquittoImport, NoPasswordIsInTheConfigurationNorInWhatIsSaid) {
  (void)config(kBridge);
  EXPECT_THAT(out_.str() + err_.str(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(err_.str(), HasSubstr("in.conf:5: remote_password ***: is left out"));
}

TEST_F(MosquittoImport, WithAFileToWriteThePasswordGetsAFileThatOnlyItsOwnerReads) {
  EXPECT_EQ(import(file("in.conf", kBridge), {"-o", path("hub.json")}), 0) << err_.str();
  std::ifstream written(path("hub.json"));
  const Json made = Json::parse(written);
  const std::string secret = made["links"]["cloud-site"]["password_file"];
  std::ifstream stored(secret);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(stored), {}), "hunter2\n");
  EXPECT_EQ(std::filesystem::status(secret).permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(import(path("in.conf"), {"-o", path("hub.json")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("is there already and is not overwritten; say --force"));
}

TEST_F(MosquittoImport, TopicsWithPrefixesOfTheirOwnKeepTheirRemoteNames) {
  const Json made = config(
      "connection c\naddress h\ntopic +/t out 1 plant/ far/\ntopic x out 1 \"\" other/\n"
      "topic deep/# out 1 \"\" a/\n");
  EXPECT_EQ(made["routes"]["c-1"]["route"], "FROM 'plant/+/t' INTO Upstream('far/{topic_level(2)}/t')");
  EXPECT_EQ(made["routes"]["c-2"]["route"], "FROM 'x' INTO Upstream('other/x')");
  EXPECT_EQ(made["routes"]["c-3"]["route"], "FROM 'deep/#' INTO $upstream");
  EXPECT_THAT(err_.str(), HasSubstr("in.conf:5: topic deep/# out 1 \"\" a/: goes up under its own topic"));
}

TEST_F(MosquittoImport, RoutesOfSeveralBridgesNameTheirLinks) {
  const Json made =
      config("connection a\naddress h\ntopic x out 1\nconnection b\naddress i\ntopic x out 1\n");
  EXPECT_EQ(made["routes"]["a-1"]["link"].dump(), R"(["a"])");
  EXPECT_EQ(made["routes"]["b-2"]["link"].dump(), R"(["b"])");
}

TEST_F(MosquittoImport, NamesEachLineThatIsWrongAndWritesNothing) {
  const std::string said = refused(
      "listener 99999\nmax_keepalive soon\nallow_anonymous maybe\ntopic a\nlistner 1883\n"
      "persistent_client_expiration 14\nconnection c\ntopic a sideways\nlog_type loud\n");
  for (const char* line :
       {"in.conf:1: error: listener 99999: has no port", "in.conf:2: error: max_keepalive soon: is no whole",
        "in.conf:3: error: allow_anonymous maybe: is neither",
        "in.conf:4: error: topic a: belongs to a bridge",
        "in.conf:5: error: listner 1883: Mosquitto 2.0 has no such key",
        "in.conf:6: error: persistent_client_expiration 14: is no time",
        "in.conf:8: error: topic a sideways: has a direction", "in.conf:9: error: log_type loud",
        "in.conf:7: error: connection c: has no address", "nothing is written: 9 lines are wrong"})
    EXPECT_THAT(said, HasSubstr(line));
}

TEST_F(MosquittoImport, NamesEachLineOfAnAclThatIsWrong) {
  const std::string acl = file("acl", "topic sometimes a\ntopic a/#/b\nuser\nsubject x\n");
  const std::string said = refused("acl_file " + acl + "\n");
  for (const char* line :
       {"acl:1: error: topic sometimes a: allowed: read", "acl:2: error: topic a/#/b: is no topic filter",
        "acl:3: error: user: has no name", "acl:4: error: subject x: unknown"})
    EXPECT_THAT(said, HasSubstr(line));
}

TEST_F(MosquittoImport, AFileThatIsNotThereIsOneReadableLine) {
  EXPECT_EQ(import(path("none.conf")), 1);
  EXPECT_THAT(err_.str(), HasSubstr("none.conf"));
  EXPECT_THAT(refused("acl_file /none/acl\n"), HasSubstr("in.conf:1: error: acl_file /none/acl: /none/acl"));
}

TEST_F(MosquittoImport, WithJsonWhatHasNoCounterpartIsAList) {
  EXPECT_EQ(import(file("in.conf", "pid_file /x\n"), {"--json"}), 0);
  const Json said = Json::parse(err_.str());
  EXPECT_EQ(said["errors"], Json::array());
  EXPECT_EQ(said["notes"][0]["line"], "pid_file /x");
  EXPECT_THAT(said["notes"][0]["place"], HasSubstr("in.conf:1"));
}

// Lines that Mosquitto's own example file explains are each taken over, or named.
TEST_F(MosquittoImport, EachKeywordOfTheExampleFileIsKnown) {
  std::ifstream example("/usr/share/doc/mosquitto/examples/mosquitto.conf");
  if (!example) GTEST_SKIP() << "Mosquitto's examples are not installed";
  std::string lines = "connection c\naddress h\n";
  for (std::string line; std::getline(example, line);)
    if (line.starts_with('#') && line.size() > 2 && line[1] != ' ' && line[1] != '#' &&
        line.find_first_of("<=[") == std::string::npos)
      lines += line.substr(1) + "\n";
  (void)import(file("in.conf", lines));
  EXPECT_THAT(err_.str(), Not(HasSubstr("has no such key")));
}

}  // namespace
}  // namespace headgate::tools
