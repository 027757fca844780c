// Each key of the configuration with the mistakes that people make: refused, by name, with what is allowed. A
// mistake that a key takes all the same is named here with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "hub/config/keys.h"
#include "hub/config/text_rules.h"
#include "routing/files/route_file.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

struct Mistake {
  std::string_view name;
  Json value;
};

const std::vector<Mistake>& text_mistakes() {
  static const std::vector<Mistake> kMistakes = {{"a blank before it", " x"},
                                                 {"a blank behind it", "x "},
                                                 {"a line end", "x\n"},
                                                 {"a tab", "a\tb"},
                                                 {"a zero", std::string("a\0b", 3)},
                                                 {"a URL", "mqtts://cloud:8883"},
                                                 {"a port", "cloud:1883"},
                                                 {"brackets of IPv6", "[::1]"},
                                                 {"a host's path", "cloud/path"},
                                                 {"a user before a host", "user@cloud"},
                                                 {"no such address", "256.1.1.1"},
                                                 {"two dots", "cloud..site"},
                                                 {"a shell's home", "~/x"},
                                                 {"a shell's variable", "$HOME/x"},
                                                 {"a template's variable", "${HOME}/x"},
                                                 {"a drive", "C:\\headgate"},
                                                 {"a file's URL", "file:///etc/x"},
                                                 {"a pattern", "*.json"},
                                                 {"a wildcard", "a/+/b"},
                                                 {"a wildcard at the end", "a/#"},
                                                 {"another placeholder", "{hub_id}/x"},
                                                 {"typographic quotes", "\u201Cx\u201D"},
                                                 {"a no-break space", "x\u00A0y"},
                                                 {"a byte order mark", "\uFEFFx"},
                                                 {"a pasted file", "-----BEGIN CERTIFICATE-----\n"},
                                                 {"a name of a stream", "stderr"},
                                                 {"not UTF-8's length", std::string(70'000, 'x')},
                                                 {"a number", 7},
                                                 {"a fraction", 1.5},
                                                 {"true", true},
                                                 {"null", nullptr},
                                                 {"a list", Json::array({7})},
                                                 {"an object", {{"x", 1}}}};
  return kMistakes;
}

const std::vector<Mistake>& number_mistakes() {
  static const std::vector<Mistake> kMistakes = {{"quotes", "7"},
                                                 {"a unit", "7 s"},
                                                 {"a word", "unlimited"},
                                                 {"nothing", ""},
                                                 {"below zero", -1},
                                                 {"a fraction", 1.5},
                                                 {"a power of ten", 1e3},
                                                 {"too much", 18'446'744'073'709'551'615ULL},
                                                 {"true", true},
                                                 {"null", nullptr},
                                                 {"a list", Json::array({7})},
                                                 {"an object", {{"x", 1}}}};
  return kMistakes;
}

// Mistakes elsewhere that a topic takes.
const std::set<std::string_view>& taken_by_topics() {
  static const std::set<std::string_view> kTopics = {"a URL",
                                                     "a port",
                                                     "brackets of IPv6",
                                                     "a host's path",
                                                     "a user before a host",
                                                     "no such address",
                                                     "two dots",
                                                     "a shell's home",
                                                     "a drive",
                                                     "a file's URL",
                                                     "a pattern",
                                                     "typographic quotes",
                                                     "a name of a stream"};
  return kTopics;
}

// Topics of clouds begin with `$`.
const std::set<std::string_view>& taken_by_passthrough() {
  static const std::set<std::string_view> kTopics = [] {
    std::set<std::string_view> all = taken_by_topics();
    all.insert("a shell's variable");
    return all;
  }();
  return kTopics;
}

// Mistakes elsewhere that a name takes.
const std::set<std::string_view>& taken_by_names() {
  static const std::set<std::string_view> kNames = {"a URL",
                                                    "a port",
                                                    "brackets of IPv6",
                                                    "a host's path",
                                                    "a user before a host",
                                                    "no such address",
                                                    "two dots",
                                                    "a shell's home",
                                                    "a shell's variable",
                                                    "a template's variable",
                                                    "a drive",
                                                    "a file's URL",
                                                    "a pattern",
                                                    "a wildcard",
                                                    "a wildcard at the end",
                                                    "another placeholder",
                                                    "typographic quotes",
                                                    "a name of a stream"};
  return kNames;
}

// Keys that take what is a mistake elsewhere.
const std::map<std::string_view, std::set<std::string_view>>& taken() {
  static const std::set<std::string_view> kPaths = {
      "a port",   "brackets of IPv6", "a host's path",         "a user before a host", "no such address",
      "two dots", "a wildcard",       "a wildcard at the end", "a name of a stream"};
  const std::set<std::string_view>& names = taken_by_names();
  static const std::map<std::string_view, std::set<std::string_view>> kTaken = {
      {"hub_id", {"no such address", "two dots", "a name of a stream"}},
      {"user", {"no such address", "two dots", "a name of a stream"}},
      {"upstream.host", {"a name of a stream"}},
      {"upstream.client_id", names},
      {"upstream.username", names},
      {"upstream.topic", taken_by_topics()},
      {"upstream.passthrough_topic", taken_by_passthrough()},
      {"upstream.presence_topic", taken_by_topics()},
      {"upstream.receipts_topic", taken_by_topics()},
      {"upstream.remote_config.key_file", kPaths},
      {"upstream.remote_config.group", {"no such address", "two dots", "a name of a stream"}},
      {"upstream.remote_config.topic", taken_by_topics()},
      {"upstream.remote_config.reported_topic", taken_by_topics()},
      {"topic", taken_by_topics()},
      {"log.file",
       {"a port", "brackets of IPv6", "a host's path", "a user before a host", "no such address", "two dots",
        "a wildcard", "a wildcard at the end"}},
      {"data_dir", kPaths},
      {"auth.password_file", kPaths},
      {"admin.http.token_file", kPaths},
      {"admin.http.tls.cert_file", kPaths},
      {"admin.http.tls.key_file", kPaths},
      {"admin.http.tls.client_ca_file", kPaths},
      {"routes_dir", kPaths},
      {"iot_edge.hub_host_name", {"a name of a stream"}},
      {"iot_edge.device_id",
       {"a port", "a user before a host", "no such address", "two dots", "a pattern", "a name of a stream"}},
      {"iot_edge.identities_file", kPaths},
      {"iot_edge.workload_dir", kPaths},
      {"iot_edge.trust_bundle_file", kPaths},
      {"admin.socket", kPaths},
      {"upstream.password_file", kPaths},
      {"upstream.tls.ca_file", kPaths},
      {"upstream.chain_key_file", kPaths},
      {"upstream.batch.dictionary_file", kPaths},
      {"upstream.tls.cert_file", kPaths},
      {"upstream.tls.key_file", kPaths},
      {"host", {"a name of a stream"}},
      {"interface", {"a user before a host", "no such address", "two dots", "a name of a stream"}},
      {"client_id", names},
      {"username", names},
      {"tls.ca_file", kPaths},
      {"sas_key_file", kPaths},
      {"device", names},
      {"alpn", names},
      {"path", kPaths},
      {"password_file", kPaths},
      {"tls.cert_file", kPaths},
      {"tls.key_file", kPaths},
      {"tls.client_ca_file", kPaths},
  };
  return kTaken;
}

// {"a": {"b": value}} for "a.b".
Json at_path(std::string_view path, const Json& value) {
  const size_t dot = path.find('.');
  if (dot == std::string_view::npos) return Json{{std::string(path), value}};
  return Json{{std::string(path.substr(0, dot)), at_path(path.substr(dot + 1), value)}};
}

// What is said of that value, as far as it is about that key; empty: it is taken.
std::string refusal(const std::string& path, const Json& config) {
  const auto parsed = parse_config(config.dump(-1, ' ', false, Json::error_handler_t::replace), "hub.json");
  if (parsed) return "";
  std::string about;
  for (size_t at = 0; at < parsed.error().what.size();) {
    const size_t end = std::min(parsed.error().what.find('\n', at), parsed.error().what.size());
    const std::string line = parsed.error().what.substr(at, end - at);
    // A key of another transport is refused whatever it says.
    const bool is_of_value = line.find(": is for ") == std::string::npos;
    if (is_of_value && line.starts_with("hub.json: " + path + ": is ")) about += line;
    at = end + 1;
  }
  return about;
}

bool is_taken(std::string_view key, std::string_view mistake) {
  const auto known = taken().find(key);
  return known != taken().end() && known->second.contains(mistake);
}

template <class Owner, class Wrap>
void try_mistakes(const std::vector<Key<Owner>>& keys, const std::string& place, const Wrap& wrap) {
  for (const Key<Owner>& key : keys) {
    const bool number = std::holds_alternative<Number<Owner>>(key.slot);
    const bool text = std::holds_alternative<Ref<Owner, std::string>>(key.slot);
    if (!number && !text) continue;
    for (const Mistake& mistake : number ? number_mistakes() : text_mistakes()) {
      const bool at_most = mistake.name == "too much" && key.max == mistake.value;
      const std::string said = refusal(place + std::string(key.path), wrap(at_path(key.path, mistake.value)));
      const bool expected = !is_taken(key.path, mistake.name) && !at_most;
      EXPECT_EQ(!said.empty(), expected) << place << key.path << " with " << mistake.name << ": " << said;
      if (expected) {
        EXPECT_THAT(said, HasSubstr("; allowed: "));
      }
    }
  }
}

TEST(Mistakes, InKeysOfTheConfigurationAreRefusedByName) {
  try_mistakes(config_keys(), "", [](const Json& config) { return config; });
}

TEST(Mistakes, InKeysOfAListenerAreRefusedByName) {
  try_mistakes(listener_keys(), "listeners[0].", [](const Json& listener) {
    return Json{{"listeners", Json::array({listener})}};
  });
}

TEST(Mistakes, InKeysOfALinkAreRefusedByName) {
  try_mistakes(link_keys(), "links.a.", [](const Json& link) { return Json{{"links", {{"a", link}}}}; });
}

TEST(Mistakes, OfAHostWithAPortSayWhereThePortGoes) {
  const auto parsed = parse_config(R"({"upstream": {"host": "cloud:1883"}})", "hub.json");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(
      parsed.error().what,
      "hub.json: upstream.host: is \"cloud:1883\"; allowed: a host name or IP address alone: the port goes into "
      "upstream.port, IPv6 has no brackets, TLS comes with upstream.tls.ca_file");
}

TEST(Mistakes, AreNotFoundInWhatIsRight) {
  for (const char* host :
       {"cloud", "cloud.example.com", "cloud.example.com.", "10.1.2.3", "::1", "fe80::1%eth0", "my_broker",
        "a-b.c", "xn--bcher-kva.example", "1and1.example", ""})
    EXPECT_TRUE(is_host(host)) << host;
  for (const char* path : {"/etc/headgate/users", "./data", "data dir/with blanks",
                           "/srv/Anl\u00E4ge\u2013 1/x.pem", "a@b", "..", "c:d"})
    EXPECT_TRUE(is_path(path)) << path;
  for (const char* origin :
       {"https://panel.example", "http://localhost:8080", "http://[::1]:3000", "http://10.0.0.1"})
    EXPECT_TRUE(is_origin(origin)) << origin;
  for (const char* topic : {"headgate/{hub}/batch", "{hub}", "a/b", "site/\u00FCber uns"})
    EXPECT_TRUE(is_topic_pattern(topic)) << topic;
}

TEST(Mistakes, OfAnAlpnNameAreThoseThatTlsHasNoRoomFor) {
  EXPECT_TRUE(is_alpn_name("x-amzn-mqtt-ca"));
  EXPECT_TRUE(is_alpn_name(std::string(255, 'a')));
  EXPECT_FALSE(is_alpn_name(std::string(256, 'a')));
}

TEST(Mistakes, OfAnOriginAreRefused) {
  for (const char* origin :
       {"panel.example", "https://", "https://panel.example/", "https://panel:x", "https://a b",
        "https://panel:0", "https://u@panel", "*", "https://*.panel.example", "ht tp://x"})
    EXPECT_FALSE(is_origin(origin)) << origin;
}

// `headgate route check` knows a whole configuration by them.
TEST(Mistakes, OfTakingAConfigurationForARouteFileAreNotMade) {
  std::set<std::string_view> known(routing::configuration_keys().begin(),
                                   routing::configuration_keys().end());
  for (const Key<Config>& key : config_keys()) {
    const std::string_view name = key.path.substr(0, key.path.find('.'));
    EXPECT_TRUE(name == "routes" || name == "tables" || known.contains(name)) << name;
  }
}

}  // namespace
}  // namespace headgate::hub
