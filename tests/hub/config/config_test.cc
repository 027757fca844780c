#include "hub/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/units.h"
#include "hub/config/keys.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

Config parsed(std::string_view json) {
  auto config = parse_config(json, "hub.json");
  EXPECT_TRUE(config.has_value()) << config.error().what;
  return config ? *config : Config{};
}

std::string error_of(std::string_view json) {
  const auto config = parse_config(json, "hub.json");
  return config ? "no error" : config.error().what;
}

// {"a": {"b": value}} for "a.b".
std::string nested(std::string_view path, const std::string& value) {
  std::string open;
  std::string close;
  while (true) {
    const size_t dot = path.find('.');
    open.append("{\"").append(path.substr(0, dot)).append("\": ");
    close += "}";
    if (dot == std::string_view::npos) break;
    path.remove_prefix(dot + 1);
  }
  return open + value + close;
}

// An upstream key needs its host.
std::string with_key(std::string_view path, const std::string& value) {
  std::string json = nested(path, value);
  constexpr std::string_view kUpstream = "{\"upstream\": {";
  if (json.starts_with(kUpstream) && path != "upstream.host")
    json.insert(kUpstream.size(), "\"host\": \"cloud\", ");
  return json;
}

TEST(Config, OneConnectionInUpstreamIsALinkWithoutAName) {
  EXPECT_TRUE(links_of(parsed("{}")).empty());
  const auto links =
      links_of(parsed(R"({"hub_id": "h", "upstream": {"host": "cloud", "in_flight_batches": 7}})"));
  ASSERT_EQ(links.size(), 1u);
  EXPECT_EQ(links[0].name, "upstream");
  EXPECT_EQ(links[0].connection.client_id, "headgate-h");
  EXPECT_EQ(links[0].connection.in_flight_max, 7);
}

TEST(Config, LinksAreInTheOrderOfTheFile) {
  const auto links = links_of(parsed(R"({"hub_id": "h", "upstream": {"fail_over_s": 1}, "links": {
    "lte": {"host": "b", "port": 8883, "tls": {"ca_file": "ca.pem"}, "cost": "metered", "priority_max": 2,
            "topic": "{hub}/up"},
    "fiber": {"host": "a", "keep_alive_s": 20, "client_id": "me"}}})"));
  ASSERT_EQ(links.size(), 2u);
  EXPECT_EQ(links[0].name, "lte");
  EXPECT_EQ(links[0].connection.client_id, "headgate-h-lte");
  EXPECT_EQ(links[0].connection.keep_alive_s, 300);
  EXPECT_EQ(links[0].connection.tls.ca_file, "ca.pem");
  EXPECT_EQ(links[0].terms.priority_max, 2);
  EXPECT_EQ(links[0].terms.topic, "h/up");
  EXPECT_EQ(links[1].connection.client_id, "me");
  EXPECT_EQ(links[1].connection.keep_alive_s, 20);
}

TEST(Config, NamesTheLinkThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"({"links": {"a b": {"host": "c"}}})",
       "hub.json: links[\"a b\"]: is no name for a link; allowed: 1 to 32 of letters, digits, - . _"},
      {R"({"links": {"a": {}}})", "hub.json: links.a.host: is missing; allowed: the broker's name"},
      {R"({"links": {"a": {"host": "c", "prot": 1}}})",
       "hub.json: links.a.prot: unknown key; did you mean \"port\"?"},
      {R"({"links": {"a": {"host": "c", "cost": "high"}}})",
       "hub.json: links.a.cost: is \"high\"; allowed: \"free\", \"metered\" or \"expensive\""},
      {R"({"links": {"a": {"host": "c", "tls": {"cert_file": "x"}}}})",
       "hub.json: links.a.tls: has only one of cert_file and key_file; set both, or neither\n"
       "hub.json: links.a.tls.ca_file: is missing; without it the broker cannot be verified"},
      {R"({"upstream": {"host": "c"}, "links": {"a": {"host": "c"}}})",
       "hub.json: upstream: describes a connection, and so does links; move host and what goes with it into a link"},
      {R"({"links": []})",
       "hub.json: links: is a list; allowed: an object of up to 16 links by their names: {\"fiber\": {\"host\": …}}"}};
  for (const auto& [json, error] : table) EXPECT_EQ(error_of(json), error);
}

TEST(Config, WhatComesDownIsOfTheConnectionInUpstreamOrOfALink) {
  const std::string entry =
      R"([{"topic": "#", "remote_prefix": "cmd/{hub}/", "qos": 0, "publish_as": "cloud"}])";
  const auto only =
      links_of(parsed(R"({"hub_id": "h", "upstream": {"host": "c", "downstream": )" + entry + "}}"));
  ASSERT_EQ(only[0].downstream.size(), 1u);
  EXPECT_EQ(only[0].downstream[0].remote_prefix, "cmd/{hub}/");
  EXPECT_EQ(only[0].downstream[0].qos, 0);
  EXPECT_EQ(only[0].downstream[0].publish_as, "cloud");
  EXPECT_TRUE(only[0].connection.keeps_session);
  EXPECT_EQ(only[0].connection.session_expiry_s, 2'592'000u);
  const auto links =
      links_of(parsed(R"({"links": {"a": {"host": "c", "session_expiry_s": 60, "downstream": )" + entry +
                      R"(}, "b": {"host": "c"}}})"));
  EXPECT_TRUE(links[0].connection.keeps_session);
  EXPECT_EQ(links[0].connection.session_expiry_s, 60u);
  EXPECT_FALSE(links[1].connection.keeps_session) << "nothing comes down: every start is a clean one";
}

TEST(Config, KeepsTheSessionsOfLinksWhoseConsumersAcknowledge) {
  const auto links = links_of(parsed(
      R"({"upstream": {"acknowledgement": "end_to_end"}, "links": {"a": {"host": "c"}, "b": {"host": "c"}}})"));
  EXPECT_TRUE(links[0].connection.keeps_session && links[1].connection.keeps_session)
      << "a session that is gone shows that the broker has forgotten the rest";
}

TEST(Config, RefusesAcknowledgementByConsumersWhereThereIsNoWayForIt) {
  const std::pair<const char*, const char*> table[] = {
      {R"({"upstream": {"host": "c", "acknowledgement": "end_to_end", "chain": false}})",
       "upstream.chain is false"},
      {R"({"upstream": {"host": "c", "acknowledgement": "end_to_end", "mode": "passthrough"}})",
       "upstream.mode is \"passthrough\""},
      {R"({"upstream": {"acknowledgement": "end_to_end"}, "links": {"a": {"host": "c", "preset": "azure-iot-hub",
           "sas_key_file": "/k", "tls": {"ca_file": "/c"}}}})",
       "azure-iot-hub has no topic for that"},
      {R"({"upstream": {"host": "c", "acknowledgement": "app"}})", "upstream.acknowledgement"},
      {R"({"upstream": {"host": "c", "credit_batches": 1001}})", "upstream.credit_batches"}};
  for (const auto& [text, why] : table) {
    const auto config = parse_config(text, "hub.json");
    ASSERT_FALSE(config.has_value()) << text;
    EXPECT_THAT(config.error().what, ::testing::HasSubstr(why));
  }
}

std::string to_azure(const std::string& more, const std::string& upstream = R"({"mode": "passthrough"})") {
  return R"({"hub_id": "h", "upstream": )" + upstream +
         R"(, "iot_edge": {"device_id": "gateway-7"}, "links": {"a": {"host": "c",
      "preset": "azure-iot-hub", "sas_key_file": "/k", "tls": {"ca_file": "/c"}, )" +
         more + "}}}";
}

TEST(Config, TakesIdentitiesUpstreamWhereEachMessageGoesForItself) {
  const auto links = links_of(parsed(
      to_azure(R"("device": "gateway-7", "as": "identity", "identities_max": 7, "username": "{identity}")")));
  EXPECT_EQ(links[0].as, upstream::SendsAs::identity);
  EXPECT_EQ(links[0].identities_max, 7);
  EXPECT_EQ(links[0].connection.username, "gateway-7");
  EXPECT_EQ(links_of(parsed(to_azure(R"("device": "gateway-7")")))[0].as, upstream::SendsAs::hub);
}

TEST(Config, RefusesIdentitiesUpstreamWhereThereIsNoWayForThem) {
  const std::pair<std::string, const char*> table[] = {
      {to_azure(R"("device": "gateway-7", "as": "identity")", "{}"),
       "links.a.as: is \"identity\", and batches hold what several have sent; set upstream.mode to \"passthrough\""},
      {to_azure(R"("as": "identity")"),
       "links.a.as: is \"identity\", and the device of the link is \"h\", not that of the gateway; set "
       "iot_edge.device_id"},
      {R"({"upstream": {"mode": "passthrough"}, "links": {"a": {"host": "c", "as": "identity"}}})",
       "links.a.as: is \"identity\", which is for \"preset\": \"azure-iot-hub\""},
      {to_azure(R"("as": "module")"), "links.a.as: is \"module\"; allowed: \"hub\" or \"identity\""},
      {to_azure(R"("identities_max": 0)"), "links.a.identities_max"}};
  for (const auto& [text, why] : table) {
    const auto config = parse_config(text, "hub.json");
    ASSERT_FALSE(config.has_value()) << text;
    EXPECT_THAT(config.error().what, ::testing::HasSubstr(why));
  }
}

TEST(Config, CompressesHarderWhatGoesOverALinkThatCosts) {
  const auto links = links_of(parsed(R"({"upstream": {"batch": {"zstd_level": 5}},
      "links": {"free": {"host": "c"}, "lte": {"host": "c", "cost": "metered"},
                "sat": {"host": "c", "cost": "expensive", "zstd_level": 19}}})"));
  EXPECT_EQ(links[0].terms.zstd_level, 5);
  EXPECT_EQ(links[1].terms.zstd_level, 13);
  EXPECT_EQ(links[2].terms.zstd_level, 19);
}

TEST(Config, NamesTheEntryOfDownstreamThatIsWrong) {
  const auto with = [](const std::string& entries, const std::string& more = "") {
    return R"({"upstream": {"host": "c", "downstream": )" + entries + more + "}}";
  };
  const std::string at = "hub.json: upstream.downstream[0]";
  const std::vector<std::pair<std::string, std::string>> table = {
      {with("{}"),
       "hub.json: upstream.downstream: is an object; allowed: a list of up to 64 objects: [{\"topic\": "
       "\"#\", \"remote_prefix\": \"cmd/{hub}/\", …}]"},
      {with("[{}]"),
       at + ": has no topic; allowed: a filter below the prefixes, or \"\" with both prefixes as whole "
            "topics"},
      {with(R"([{"topic": "a", "qos": 2}])"), at + ".qos: is 2; allowed: 0 to 1"},
      {with(R"([{"topic": "a", "local_prefx": "b"}])"),
       at + ".local_prefx: unknown key; did you mean \"local_prefix\"?"},
      {with(R"([{"topic": "a"}, {"remote_prefix": "a", "local_prefix": "b"}])"),
       "hub.json: upstream.downstream[1]: has the same topic upstream as an entry before it; leave one out"},
      {with(R"([{"topic": "headgate/+/batches"}])", R"(, "protocol": 4)"),
       at +
           ": would bring down what the hub itself sends on \"headgate/hub/batches\" or below; narrow it, or use one link with "
           "protocol 5, which can leave that out"},
      {R"({"upstream": {"downstream": [{"topic": "a"}]}, "links": {"x": {"host": "c"}}})",
       "hub.json: upstream.downstream: is for the connection in upstream, and there are links; move it into a link"}};
  for (const auto& [json, error] : table) EXPECT_EQ(error_of(json), error) << json;
  EXPECT_EQ(error_of(with(R"([{"topic": "headgate/#"}])")), "no error")
      << "MQTT 5 leaves out what is its own";
}

TEST(ConfigReference, TheDocumentNamesEveryKeyOfDownstream) {
  std::ifstream file(std::filesystem::path(HEADGATE_CONF_FILE).parent_path() / "../docs/commands.md");
  if (!file) GTEST_SKIP() << "docs/commands.md is not there";
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const Key<upstream::DownstreamTopic>& key : downstream_keys())
    EXPECT_THAT(text, ::testing::HasSubstr("`" + std::string(key.path) + "`"));
}

TEST(ConfigReference, TheDocumentNamesEveryKeyOfALink) {
  std::ifstream file(std::filesystem::path(HEADGATE_CONF_FILE).parent_path() / "../docs/configuration.md");
  if (!file) GTEST_SKIP() << "docs/configuration.md is not there";
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const Key<upstream::NamedLink>& key : link_keys())
    EXPECT_THAT(text, ::testing::HasSubstr("`" + std::string(key.path) + "`"));
}

TEST(Config, HistoryTakesAFilterOrSeveral) {
  EXPECT_TRUE(parsed("{}").history.filters.empty());
  const HistorySettings one = parsed(R"({"history": {"filter": "plant/#"}})").history;
  EXPECT_EQ(one, (HistorySettings{{"plant/#"}, 33'554'432}));
  const HistorySettings two = parsed(R"({"history": {"filter": ["a/+", "#"], "maxBytes": "1MiB"}})").history;
  EXPECT_EQ(two, (HistorySettings{{"a/+", "#"}, 1'048'576}));
  for (const char* filter : {"\"\"", "\"a/#/b\"", "\"$SYS/#\"", "[\"a\", 7]", "null"})
    EXPECT_THAT(error_of(nested("history.filter", filter)),
                ::testing::HasSubstr("allowed: an MQTT topic filter such as \"plant/#\" that does not begin"))
        << filter;
  EXPECT_TRUE(is_reloadable("history.filter"));
  EXPECT_TRUE(is_reloadable("history.maxBytes"));
}

TEST(Config, AReloadTakesOverEveryKeyThatTakesEffectAtOnceAndNoOther) {
  Config file = parsed(
      R"({"hub_id": "b", "auth": {"password_file": "u", "identities": {"a": {"module": "m"}}},
    "access": {"rules": []}, "store": {"durability": "memory", "bytes_max": 1, "queue_bytes_max": 2,
    "queue_messages_max": 3, "queue_age_max_s": 4, "on_full": "dilute", "session_bytes_max": 5,
    "session_messages_max": 6, "session_on_full": "dilute", "dead_bytes_max": 7},
    "history": {"filter": "a/#", "maxBytes": 70000}, "routes_dir": "r", "time_to_live_s": 8, "sys_interval_s": 9})");
  Config config = default_config();
  take_reloadable(config, file);
  EXPECT_THAT(changed_keys(config, file),
              ::testing::ElementsAre("hub_id", "store.durability", "sys_interval_s"));
  for (const std::string& key : changed_keys(default_config(), config))
    EXPECT_TRUE(is_reloadable(key)) << key;
}

TEST(Config, EmptyObjectIsTheEmbeddedDefault) {
  const Config config = parsed("{}");
  ASSERT_EQ(config.listeners.size(), 1u);
  EXPECT_EQ(config.listeners[0], ListenerConfig{});
  EXPECT_EQ(config.data_dir, "./headgate-data");
  EXPECT_EQ(config.store.durability, store::Durability{});
  EXPECT_FALSE(config.upstream.enabled());
  EXPECT_EQ(admin_socket_path(config), "./headgate-data/admin.sock");
}

TEST(Config, TakesEverySection) {
  const Config config = parsed(R"({
    "hub_id": "site-7", "data_dir": "/var/lib/headgate",
    "listeners": [{"address": "0.0.0.0", "port": 0, "insecure": true}, {"address": "::1"}],
    "limits": {"packet_bytes_max": "2MiB", "session_expiry_s_max": 3600},
    "store": {"durability": "interval:250", "tail_bytes": 0},
    "routes": {"up": "FROM /messages/* INTO $upstream"}, "time_to_live_s": 60,
    "upstream": {"host": "cloud", "protocol": 4, "tls": {"ca_file": "ca.pem"}, "batch": {"linger_ms": 5},
                 "backoff": {"base_ms": 100}},
    "admin": {"socket": "/run/headgate.sock"}, "log": {"level": "warn", "levels": {"broker": "debug"},
                                                         "format": "json"}})");
  EXPECT_EQ(config.hub_id, "site-7");
  EXPECT_EQ(config.listeners[1].options.address, "::1");
  EXPECT_EQ(config.listeners[1].options.port, 1883);
  EXPECT_EQ(config.broker.session.packet_bytes_max, 2'097'152u);
  EXPECT_EQ(to_string(config.store.durability), "interval:250");
  EXPECT_EQ(config.routes.entries.at(0).text, "FROM /messages/* INTO $upstream");
  EXPECT_EQ(config.upstream.link.protocol, 4);
  EXPECT_EQ(config.upstream.link.tls.ca_file, "ca.pem");
  EXPECT_EQ(config.upstream.batch.linger_ms, 5);
  EXPECT_EQ(admin_socket_path(config), "/run/headgate.sock");
  EXPECT_EQ(config.log.levels.of(core::LogPart::store), core::LogLevel::warn);
  EXPECT_EQ(config.log.levels.of(core::LogPart::broker), core::LogLevel::debug);
  EXPECT_EQ(config.log.format, LogFormat::json);
}

TEST(Config, CommentsAreAllowed) {
  EXPECT_EQ(parsed("{ // the site\n \"hub_id\": /* short */ \"a\" }").hub_id, "a");
}

TEST(Config, ByteSizesTakeSuffixes) {
  const std::vector<std::pair<std::string_view, uint64_t>> sizes = {{"65536", 0},
                                                                    {"64KiB", 65'536},
                                                                    {"1 GiB", 1'073'741'824},
                                                                    {"3TiB", 3'298'534'883'328},
                                                                    {"7B", 7},
                                                                    {"5kB", 5000},
                                                                    {"2MB", 2'000'000},
                                                                    {"", 0},
                                                                    {"MiB", 0},
                                                                    {"64mib", 0},
                                                                    {"-1KiB", 0},
                                                                    {"99999999999TiB", 0},
                                                                    {"1.5MiB", 0}};
  for (const auto& [text, bytes] : sizes) {
    const auto size = core::parse_byte_size(text);
    EXPECT_EQ(size ? *size : 0, bytes) << text;
  }
}

TEST(Config, ErrorsSayWhereWhatAndWhatIsAllowed) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"({"limits": {"connect_timeout_s": 0}})",
       "hub.json: limits.connect_timeout_s: is 0; allowed: 1 s to 3600 s"},
      {R"({"limits": {"connect_timeout_s": "10s"}})",
       "hub.json: limits.connect_timeout_s: is \"10s\"; allowed: 1 s to 3600 s; as a number, without quotes "
       "and unit"},
      {R"({"limits": {"conect_timeout_s": 1}})",
       "hub.json: limits.conect_timeout_s: unknown key; did you mean \"connect_timeout_s\"?"},
      {R"({"listners": []})", "hub.json: listners: unknown key; did you mean \"listeners\"?"},
      {R"({"zebra": 1})", "hub.json: zebra: unknown key"},
      {R"({"limits": 5})", "hub.json: limits: is 5; allowed: an object, {…}"},
      {"[]", "hub.json: the whole file: is a list; allowed: an object, {…}"},
      {R"({"listeners": [{"port": 70000}]})", "hub.json: listeners[0].port: is 70000; allowed: 0 to 65535"},
      {R"({"listeners": [{"prt": 1}]})", "hub.json: listeners[0].prt: unknown key; did you mean \"port\"?"},
      {R"({"listeners": []})",
       "hub.json: listeners: is a list; allowed: a list of 1 to 64 objects with transport, address, port, …"},
      {R"({"listeners": [{"address": "localhost"}]})",
       "hub.json: listeners[0].address: is \"localhost\"; allowed: an IP address such as \"127.0.0.1\" or "
       "\"::1\""},
      {R"({"hub_id": "a b"})", "hub.json: hub_id: is \"a b\"; allowed: up to 64 of letters, digits, - . _"},
      {R"({"store": {"durability": "fast"}})",
       "hub.json: store.durability: is \"fast\"; allowed: \"sync\", \"interval:<1 to 60000 ms>\" or "
       "\"memory\""},
      {R"({"store": {"cache_bytes": "lots"}})",
       "hub.json: store.cache_bytes: is \"lots\"; allowed: 64KiB to 1TiB, as a number of bytes or \"64MiB\""},
      {R"({"store": {"on_full": "explode"}})",
       "hub.json: store.on_full: is \"explode\"; allowed: \"reject\", \"drop-oldest\", \"drop-newest\", "
       "\"thin\" or \"dilute\""},
      {R"({"store": {"session_on_full": "thin"}})",
       "hub.json: store.session_on_full: is \"thin\"; allowed: \"drop-newest\", \"drop-oldest\" or "
       "\"dilute\""},
      {R"({"store": {"session_on_full": "reject"}})",
       "hub.json: store.session_on_full: is \"reject\"; allowed: \"drop-newest\", \"drop-oldest\" or "
       "\"dilute\""},
      {R"({"log": {"level": "loud"}})",
       "hub.json: log.level: is \"loud\"; allowed: \"debug\", \"info\", \"warn\" or \"error\""},
      {R"({"log": {"levels": {"brokr": "debug", "store": "loud", "http": 1}}})",
       "hub.json: log.levels.brokr: is no part of the hub; did you mean \"broker\"?\n"
       "hub.json: log.levels.store: is \"loud\"; allowed: \"debug\", \"info\", \"warn\" or \"error\"\n"
       "hub.json: log.levels.http: is 1; allowed: \"debug\", \"info\", \"warn\" or \"error\""},
      {R"({"log": {"levels": "debug"}})",
       "hub.json: log.levels: is \"debug\"; allowed: an object, {\"broker\": \"debug\"}"},
      {R"({"log": {"format": "xml"}})", "hub.json: log.format: is \"xml\"; allowed: \"text\" or \"json\""},
      {R"({"upstream": {"port": 1883}})",
       "hub.json: upstream.host: is missing; allowed: the broker's name, or \"\" for no link"},
      {R"({"upstream": {"host": "mqtt://cloud"}})",
       "hub.json: upstream.host: is \"mqtt://cloud\"; allowed: a host name or IP address alone: the port goes "
       "into upstream.port, IPv6 has no brackets, TLS comes with upstream.tls.ca_file"},
      {R"({"upstream": {"host": "c", "topic": "a/#"}})",
       "hub.json: upstream.topic: is \"a/#\"; allowed: an MQTT topic without + and #, not beginning with $; "
       "{hub} is the hub id, no other { or }"},
      {R"({"upstream": {"host": "c", "tls": {"ca_file": "c", "key_file": "k"}}})",
       "hub.json: upstream.tls: has only one of cert_file and key_file; set both, or neither"},
      {R"({"upstream": {"host": "c", "backoff": {"base_ms": 5000, "cap_ms": 100}}})",
       "hub.json: upstream.backoff.cap_ms: is 100; allowed: base_ms (5000) or more"},
      {"{\n  \"hub_id\": \"a\",\n}",
       "hub.json:3:1: syntax error while parsing object key - unexpected '}'; expected string literal"},
      {"", "hub.json: is empty"},
      {" \r\n", "hub.json: is empty"},
      {R"({"log": {"file": "a", "file": "b"}})", "hub.json: log.file: appears twice; keep one of them"},
  };
  for (const auto& [json, expected] : table) EXPECT_EQ(error_of(json), expected) << json;
}

TEST(Config, ReportsAllErrorsAtOnce) {
  EXPECT_EQ(error_of(R"({"hub_id": 7, "limits": {"in_flight_max": 0}, "log": {"levl": "info"}})"),
            "hub.json: hub_id: is 7; allowed: a text\n"
            "hub.json: limits.in_flight_max: is 0; allowed: 1 to 65535\n"
            "hub.json: log.levl: unknown key; did you mean \"level\"?");
}

TEST(Config, EveryNumberKeepsItsBounds) {
  for (const Key<Config>& key : config_keys()) {
    if (key.max == 0 || key.path == "listeners" || key.path == "links" || key.path == "history.filter" ||
        key.path == "upstream.downstream" || key.path == "include" || key.path == "iot_edge.gateway_names")
      continue;
    const auto refused = [&](const std::string& value) {
      return error_of(with_key(key.path, value)) != "no error";
    };
    if (key.path != "upstream.backoff.cap_ms" && key.path != "upstream.backoff.base_ms") {
      EXPECT_FALSE(refused(std::to_string(key.min))) << key.path;
      EXPECT_FALSE(refused(std::to_string(key.max))) << key.path;
    }
    if (key.min > 0) {
      EXPECT_TRUE(refused(std::to_string(key.min - 1))) << key.path;
    }
    EXPECT_TRUE(refused(std::to_string(key.max + 1))) << key.path;
    for (const char* wrong : {"-1", "1.5", "true", "null", "\"x\"", "[]", "{}"}) {
      EXPECT_TRUE(refused(wrong)) << key.path << " " << wrong;
    }
  }
}

// A bound beyond what the member holds would wrap silently.
template <class Owner>
void expect_bounds_that_fit(const std::vector<Key<Owner>>& keys) {
  for (const Key<Owner>& key : keys) {
    const auto* number = std::get_if<Number<Owner>>(&key.slot);
    const uint64_t held = number == nullptr ? key.max : number->max;
    EXPECT_LE(key.max, held) << key.path;
  }
}

TEST(Config, BoundsFitTheirMembers) {
  expect_bounds_that_fit(config_keys());
  expect_bounds_that_fit(listener_keys());
  expect_bounds_that_fit(link_keys());
  expect_bounds_that_fit(downstream_keys());
}

TEST(Config, AKeyInSecondsSetsMilliseconds) {
  const Config config = parsed(R"({"store": {"queue_age_max_s": 4294967295}})");
  EXPECT_EQ(config.queues.queue.age_max_ms, 4'294'967'295'000);
}

// Two parts have to agree on them, and they come from one key.
TEST(Config, HandsThePartsWhatFollowsFromOthers) {
  const Config config = parsed(R"({"hub_id": "site-7", "data_dir": "/d", "store": {"lane_mode": "weighted"},
                                   "upstream": {"host": "cloud"}})");
  EXPECT_EQ(store_options(config).dir, "/d/store");
  EXPECT_EQ(store_options(config).hub_id, "site-7");
  EXPECT_EQ(upstream_options(config).link.client_id, "headgate-site-7");
  EXPECT_EQ(upstream_options(config).lane_mode, store::LaneMode::weighted);
}

TEST(Config, KeepsTheClientIdThatItNames) {
  const Config config =
      parsed(R"({"hub_id": "site-7", "upstream": {"host": "cloud", "client_id": "line-4"}})");
  EXPECT_EQ(upstream_options(config).link.client_id, "line-4");
}

TEST(StoreLimits, GiveALetterAKibibyteOfTheDeadLettersRoom) {
  const store::QueuePolicy dead = StoreLimits{.dead_bytes_max = 2049}.dead();
  EXPECT_EQ(dead, (store::QueuePolicy{3, 2049, 0, core::OnFull::drop_oldest}));
}

TEST(Config, EveryTextRefusesOtherTypes) {
  for (const Key<Config>& key : config_keys()) {
    if (!std::holds_alternative<Ref<Config, std::string>>(key.slot)) continue;
    for (const char* wrong : {"1", "true", "null", "[]", "{}"}) {
      EXPECT_NE(error_of(with_key(key.path, wrong)), "no error") << key.path << " " << wrong;
    }
  }
}

TEST(Config, TablesStandBesideTheRoutesAndAWrongOneIsLeftOut) {
  const Config config = parsed(R"({"tables": {"good": {"file": "a.csv"}, "bad": {"file": "a.txt"}}})");
  ASSERT_EQ(config.tables.tables.size(), 1u);
  EXPECT_EQ(config.tables.tables[0].name, "good");
  ASSERT_EQ(config.tables.errors.size(), 1u);
  EXPECT_EQ(config.tables.errors[0].what,
            "hub.json: tables.bad.file: is \"a.txt\"; allowed: a path that ends with .csv or .json");
}

TEST(Config, ABadRouteIsReportedAndDoesNotStopTheStart) {
  const Config config = parsed(R"({"routes": {"good": "FROM /* INTO $upstream", "bad": 7}})");
  EXPECT_EQ(config.routes.entries.size(), 1u);
  ASSERT_EQ(config.routes.errors.size(), 1u);
  EXPECT_EQ(config.routes.errors[0].what,
            "hub.json: routes.bad: is 7; allowed: the route's text, or an object with \"route\"");
}

TEST(Config, RefusesASocketPathThatTheSystemCannotHold) {
  const std::string dir(120, 'd');
  EXPECT_EQ(
      error_of("{\"data_dir\": \"" + dir + "\"}"),
      "hub.json: data_dir: makes the admin socket's path 131 bytes long; allowed: 107; set admin.socket to a "
      "shorter one");
}

TEST(Config, LoadNamesTheFileThatIsNotThere) {
  const testing::TempDir dir;
  const auto missing = load_config(dir.path() + "/none.json");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().what, dir.path() + "/none.json: cannot be read: No such file or directory");
  EXPECT_TRUE(load_config(dir.write("hub.json", "{}")).has_value());
  EXPECT_FALSE(load_config(dir.path()).has_value());
}

TEST(Config, HubIdIsAlwaysUsableInATopic) {
  Config config;
  EXPECT_FALSE(hub_id_of(config).empty());
  config.hub_id = "site-7";
  EXPECT_EQ(hub_id_of(config), "site-7");
}

TEST(ConfigReference, ParsesToTheDefaults) {
  const auto config = parse_config(config_reference(), "reference");
  ASSERT_TRUE(config.has_value()) << config.error().what << "\n" << config_reference();
}

TEST(ConfigReference, HasEveryKeyDefaultAndSentence) {
  const std::string reference = config_reference();
  for (const Key<Config>& key : config_keys()) {
    EXPECT_THAT(reference, ::testing::HasSubstr("// " + std::string(key.doc))) << key.path;
    EXPECT_FALSE(key.doc.empty()) << key.path;
  }
  for (const Key<ListenerConfig>& key : listener_keys()) {
    EXPECT_THAT(reference, ::testing::HasSubstr(std::string(key.path) + ": " + std::string(key.doc)));
  }
  for (const Key<upstream::NamedLink>& key : link_keys()) {
    EXPECT_THAT(reference, ::testing::HasSubstr(std::string(key.path) + ": " + std::string(key.doc)));
  }
  EXPECT_THAT(reference, ::testing::HasSubstr("    \"connect_timeout_s\": 10,"));
}

TEST(ConfigReference, ConfHeadgateJsonHasTheSameKeysAndDefaults) {
  std::ifstream file(HEADGATE_CONF_FILE);
  if (!file) GTEST_SKIP() << "conf/headgate.json is not there";
  EXPECT_EQ(nlohmann::json::parse(file, nullptr, true, /*ignore_comments=*/true),
            nlohmann::json::parse(config_reference(), nullptr, true, /*ignore_comments=*/true));
}

TEST(ConfigReference, ConfHeadgateAccessJsonIsTakenAsItIs) {
  const auto config =
      load_config(std::filesystem::path(HEADGATE_CONF_FILE).replace_filename("headgate.access.json"));
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->access.rules.size(), 5u);
  EXPECT_EQ(config->access.identities.size(), 2u);
}

TEST(ConfigReference, TemplatesForCloudsAreTakenAndCountWhatRulesConsumeAsDelivered) {
  const auto folder = std::filesystem::path(HEADGATE_CONF_FILE).replace_filename("clouds");
  size_t templates = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const auto config = load_config(file.path());
    ASSERT_TRUE(config) << config.error().what;
    ++templates;
    if (file.path().stem() == "fiber-and-lte") continue;  // to a broker that consumers subscribe at
    EXPECT_EQ(config->upstream.no_subscriber, upstream::NoSubscriber::deliver) << file.path();
  }
  EXPECT_EQ(templates, 4u);
}

TEST(Config, NamesWhatIsWrongWithRulesAndIdentities) {
  const auto config = parse_config(R"({"auth": {"identities": {"a": {}}},
                                       "access": {"rules": [{"who": {}, "allow": ["read"], "topics": ["a"]}]}})",
                                   "headgate.json");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().what, ::testing::HasSubstr("headgate.json: auth.identities.a: says nothing"));
  EXPECT_THAT(config.error().what,
              ::testing::HasSubstr("headgate.json: access.rules[0].allow[0]: is \"read\""));
}

TEST(Config, HttpLeavesLoopbackInTlsOnly) {
  const auto complaint = [](const std::string& http) {
    const auto config = parse_config(R"({"admin": {"http": )" + http + "}}", "f");
    return config ? std::string() : config.error().what;
  };
  EXPECT_THAT(complaint(R"({"address": "10.0.0.7"})"), ::testing::HasSubstr("admin.http.tls.cert_file"));
  EXPECT_EQ(complaint(R"({"address": "10.0.0.7", "tls": {"cert_file": "/c", "key_file": "/k"}})"), "");
  EXPECT_EQ(complaint(R"({"address": "127.0.0.2"})"), "");
  EXPECT_THAT(complaint(R"({"tls": {"cert_file": "/c"}})"), ::testing::HasSubstr("only one of"));
  EXPECT_THAT(complaint(R"({"tls": {"client_ca_file": "/c"}})"), ::testing::HasSubstr("no meaning without"));
}

TEST(Config, MetricsAreOpenWhereOnlyThisMachineCanConnect) {
  HttpConfig http;
  EXPECT_TRUE(has_open_metrics(http));
  http.address = "0.0.0.0";
  EXPECT_FALSE(has_open_metrics(http));
  http.metrics_open = Anonymous::yes;
  EXPECT_TRUE(has_open_metrics(http));
}

}  // namespace
}  // namespace headgate::hub
