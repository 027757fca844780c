// `headgate import nanomq` on files as people have them.
#include <nlohmann/json.hpp>

#include "tests/support/daemon/rights.h"
#include "tests/tools/import/imports.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

class NanoMqImport : public ImportTest {
 protected:
  NanoMqImport() : ImportTest("nanomq") {}

  Json config(const std::string& text) { return Json::parse(imported(text)); }
};

constexpr const char* kUsual = R"(# NanoMQ Configuration 0.21.0
mqtt {
    max_packet_size = 2MB   # of a packet
    max_inflight_window = 2048
    keepalive_multiplier = 1.25
}
listeners.tcp {
    bind = "0.0.0.0:1883"
}
// WebSocket
listeners.ws { bind = "127.0.0.1:8083/mqtt", enable = true }
http_server { port = 8081, username = admin, password = public }
log.level = warn
auth { allow_anonymous = true, no_match = allow, deny_action = ignore }
)";

TEST_F(NanoMqImport, TakesListenersAndLimitsOverAndNamesTheRest) {
  const Json made = config(kUsual);
  EXPECT_EQ(made["listeners"].dump(),
            R"([{"transport":"tcp","address":"0.0.0.0","port":1883,"insecure":true,"anonymous":true},)"
            R"({"transport":"ws","address":"127.0.0.1","port":8083,"ws_path":"/mqtt","anonymous":true}])");
  EXPECT_EQ(made["limits"].dump(), R"({"packet_bytes_max":2097152,"in_flight_max":2048})");
  EXPECT_EQ(made["log"]["level"], "warn");
  for (const char* line :
       {"in.conf:5: mqtt.keepalive_multiplier = 1.25: ", "in.conf:12: http_server.port = 8081: ",
        "in.conf:12: http_server.password = ***: ", "in.conf:14: auth.deny_action = ignore: "})
    EXPECT_THAT(err_.str(), HasSubstr(line));
}

TEST_F(NanoMqImport, OfTlsKeepsTheFilesAndWhetherClientsAreAsked) {
  EXPECT_EQ(import(file(
                "in.conf",
                "listeners.ssl {\n bind = \"127.0.0.1:8883\"\n keyfile = \"/k.pem\"\n certfile = \"/c.pem\"\n"
                " cacertfile = \"/ca.pem\"\n verify_peer = true\n fail_if_no_peer_cert = true\n}\n")),
            0);
  EXPECT_EQ(
      Json::parse(out_.str())["listeners"][0]["tls"].dump(),
      R"({"cert_file":"/c.pem","key_file":"/k.pem","identity":"none","client_ca_file":"/ca.pem","require_client_certificate":true})");
}

struct AskedOfRules {
  const char* user;
  const char* verb;
  const char* topic;
  bool may;
};

TEST_F(NanoMqImport, TheRulesOfAnIncludedFileGiveTheSameRights) {
  file(
      "acl.conf",
      "rules = [\n  {\"permit\": \"deny\", \"username\": \"ann\", \"action\": \"publish\", \"topics\": [\"plant/key\"]}\n"
      "  {\"permit\": \"allow\", \"username\": \"ann\", \"action\": \"pubsub\", \"topics\": [\"plant/#\", \"%u/#\"]}\n"
      "  {\"permit\": \"allow\", \"username\": \"#\", \"action\": \"subscribe\", \"topics\": [\"news\"]}\n]\n");
  const std::string made =
      imported("listeners.tcp.bind = \"127.0.0.1:1883\"\nauth {\n  no_match = deny\n  acl = {include \"" +
               path("acl.conf") + "\"}\n}\n");
  constexpr AskedOfRules kAsked[] = {
      {"ann", "publish", "plant/1", true},   {"ann", "publish", "plant/key", false},
      {"ann", "receive", "plant/key", true}, {"ann", "subscribe", "ann/x", true},
      {"bob", "publish", "plant/1", false},  {"bob", "receive", "news", true},
      {"bob", "publish", "news", false},     {"ann", "publish", "bob/x", false},
      {"", "receive", "news", false},
  };
  for (const AskedOfRules& it : kAsked)
    EXPECT_EQ(testing::may(made, it.user, "c", it.verb, it.topic), it.may)
        << it.user << " " << it.verb << " " << it.topic;
}

TEST_F(NanoMqImport, WithoutAMatchEverythingIsAllowedUnlessItIsDenied) {
  const std::string rule = "auth.acl.rules = [{permit = deny, action = publish, topics = [\"a/#\"]}]\n";
  EXPECT_TRUE(
      testing::may(imported("listeners.tcp.bind = \"127.0.0.1:1\"\n" + rule), "", "c", "publish", "b"));
  EXPECT_FALSE(testing::may(out_.str(), "", "c", "publish", "a/b"));
  const std::string closed = imported("listeners.tcp.bind = \"127.0.0.1:1\"\nauth.no_match = deny\n" + rule);
  EXPECT_FALSE(testing::may(closed, "", "c", "publish", "b"));
}

TEST_F(NanoMqImport, ARuleByAddressNeverGivesMoreThanIsSaid) {
  const std::string made = imported(
      "listeners.tcp.bind = \"127.0.0.1:1\"\nauth.no_match = deny\nauth.acl.rules = [\n"
      "{permit = allow, ipaddr = \"10.0.0.1\", topics = [\"a\"]}\n"
      "{permit = allow, topics = [\"b\"]}\n{permit = deny, clientid = c9, topics = [\"b\"]}\n]\n");
  EXPECT_FALSE(testing::may(made, "", "c", "publish", "a"));
  EXPECT_FALSE(testing::may(made, "", "c", "publish", "b"));
  EXPECT_THAT(
      err_.str(),
      HasSubstr(
          "in.conf:4: auth.acl.rules.0.ipaddr = 10.0.0.1: rules do not ask for it: this one is left out"));
  EXPECT_THAT(
      err_.str(),
      HasSubstr(
          "in.conf:6: auth.acl.rules.2.clientid = c9: rules do not ask for it: this one denies everybody"));
  EXPECT_THAT(err_.str(),
              HasSubstr("in.conf:6: auth.acl.rules.2: denies here also what a rule before it allows"));
}

constexpr const char* kNanoBridge = R"(listeners.tcp.bind = "127.0.0.1:1883"
bridges.mqtt.emqx1 {
	server = "mqtt-tcp://cloud.example.com:1883"
	proto_ver = 5
	clientid = "bridge_client"
	keepalive = "60s"
	clean_start = false
	username = site
	password = "hunter2"
	forwards = [
		{ remote_topic = "fwd/plant/#", local_topic = "plant/#", qos = 1 },
		{ remote_topic = "fwd/alarm", local_topic = "alarm", qos = 1 }
	]
	subscription = [
		{
			remote_topic = "cmd/pump"
			local_topic = "pump"
			qos = 2
		}
	]
	max_parallel_processes = 2
}
)";

TEST_F(NanoMqImport, ABridgeBecomesALinkWithRoutesAndWhatComesDown) {
  const Json made = config(kNanoBridge);
  EXPECT_EQ(
      made["links"]["emqx1"].dump(),
      R"({"host":"cloud.example.com","port":1883,"protocol":5,"client_id":"bridge_client","username":"site",)"
      R"("keep_alive_s":60,"downstream":[{"topic":"pump","qos":1,"remote_prefix":"cmd/","local_prefix":""}]})");
  EXPECT_EQ(made["upstream"]["passthrough_topic"], "fwd/{topic}");
  EXPECT_EQ(made["routes"]["emqx1-1"]["route"], "FROM 'plant/#' INTO $upstream");
  for (const char* line : {"in.conf:7: bridges.mqtt.emqx1.clean_start = false: ",
                           "in.conf:9: bridges.mqtt.emqx1.password = ***: ",
                           "in.conf:16: cmd/pump <-> pump: comes down with QoS 1",
                           "in.conf:21: bridges.mqtt.emqx1.max_parallel_processes = 2: "})
    EXPECT_THAT(err_.str(), HasSubstr(line));
  EXPECT_THAT(out_.str() + err_.str(), Not(HasSubstr("hunter2")));
}

TEST_F(NanoMqImport, TheFlatFormOfOlderVersionsIsReadToo) {
  const Json made = config(
      "url=nmq-tcp://127.0.0.1:1884\nnum_taskq_thread=4\n## off\ntls.enable=false\n"
      "tls.url=tls+nmq-tcp://0.0.0.0:8883\nallow_anonymous=false\nbridge.mqtt.emqx.bridge_mode=true\n"
      "bridge.mqtt.emqx.address=mqtt-tcp://far:1885\nbridge.mqtt.emqx.forwards=topic1/#,topic2/#\n"
      "bridge.mqtt.emqx.subscription.1.topic=cmd/a\nbridge.mqtt.emqx.subscription.1.qos=1\n");
  EXPECT_EQ(made["listeners"].dump(),
            R"([{"transport":"tcp","address":"127.0.0.1","port":1884,"anonymous":false}])");
  EXPECT_EQ(made["links"]["emqx"]["port"], 1885);
  EXPECT_EQ(made["links"]["emqx"]["downstream"][0]["topic"], "cmd/a");
  EXPECT_EQ(made["routes"].size(), 2u);
  EXPECT_THAT(err_.str(), HasSubstr("in.conf:2: num_taskq_thread = 4: has no counterpart"));
}

TEST_F(NanoMqImport, PasswordsInClearAreNamedAndNotTakenOver) {
  file("pwd.conf", "\"admin\": \"hunter2\"\n");
  (void)imported("listeners.tcp.bind = \"127.0.0.1:1\"\nauth.password = {include \"" + path("pwd.conf") +
                 "\"}\n");
  EXPECT_THAT(err_.str(), HasSubstr("pwd.conf:1: auth.password.admin = ***: passwords are kept as hashes"));
  EXPECT_THAT(out_.str() + err_.str(), Not(HasSubstr("hunter2")));
}

struct NanoMistake {
  const char* text;
  const char* said;
};

TEST_F(NanoMqImport, PointsAtTheLineThatIsWrongAndWritesNothing) {
  constexpr NanoMistake kNanoMistakes[] = {
      {"a {\n b = 1\n", "in.conf:3: error: ends before its }"},
      {"a {\n b\n}\n", "in.conf:3: error: has no value behind b"},
      {"a = {}\n}\n", "in.conf:2: error: has a } that closes nothing"},
      {"a {}\nb = [1, 2\n", "in.conf:3: error: ends"},
      {"a { b = \"c\n}\n", "in.conf:1: error: has a text without its closing quote"},
      {"a {}\nb = ${c}\n", "in.conf:2: error: "},
      {"a {}\ninclude \"/none\"\n", "in.conf:2: error: include /none: "},
      {"listeners.tcp {\n bind = \"here\"\n}\n",
       "in.conf:2: error: listeners.tcp.bind = here: is no address:port"},
      {"bridges.mqtt.x {\n server = \"mqtt-tcp://h\"\n}\n", "in.conf:2: error: bridges.mqtt.x.server"},
  };
  for (const NanoMistake& it : kNanoMistakes) {
    EXPECT_EQ(import(file("in.conf", it.text)), 1) << it.text;
    EXPECT_EQ(out_.str(), "") << it.text;
    EXPECT_THAT(err_.str(), HasSubstr(it.said)) << it.text;
  }
}

TEST_F(NanoMqImport, DeepNestingAndIncludesOfItselfEnd) {
  EXPECT_EQ(import(file("in.conf", "a" + std::string(10'000, '{'))), 1);
  EXPECT_EQ(import(file("in.conf", "a {}\nb = " + std::string(10'000, '['))), 1);
  EXPECT_EQ(import(file("in.conf", "a {}\ninclude \"" + path("in.conf") + "\"\n")), 1);
  EXPECT_THAT(err_.str(), HasSubstr("includes itself"));
}

}  // namespace
}  // namespace headgate::tools
