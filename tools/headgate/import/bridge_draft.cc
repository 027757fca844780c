#include "tools/headgate/import/bridge_draft.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "core/topic.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kLinkNameMax = 32;
constexpr size_t kTopicsMax = 64;  // of a link, that come down

bool has_wildcard(const std::string& text) { return text.find_first_of("+#") != std::string::npos; }

// Characters that a route's text or a template gives a meaning.
bool is_plain(const std::string& text) { return text.find_first_of("'{}\\") == std::string::npos; }

// The prefix that everything goes up under as it is; nullopt: there are several, or names are changed otherwise.
std::string common_prefix(const std::vector<Bridge>& bridges) {
  std::vector<const BridgeTopic*> all;
  for (const Bridge& bridge : bridges)
    for (const BridgeTopic& topic : bridge.up) all.push_back(&topic);
  const auto like_first = [&](const BridgeTopic* topic) {
    return topic->local_prefix.empty() && topic->remote_prefix == all.front()->remote_prefix;
  };
  const bool same = !all.empty() && std::ranges::all_of(all, like_first);
  return same && is_plain(all.front()->remote_prefix) ? all.front()->remote_prefix : "";
}

// remote_prefix + pattern with each + as the level of the local topic: "x/{topic_level(2)}/t".
std::string remote_template(const BridgeTopic& topic) {
  const std::string local = topic.local_prefix + topic.pattern;
  const auto prefix_levels = static_cast<size_t>(std::ranges::count(topic.local_prefix, '/'));
  std::string remote = topic.remote_prefix;
  size_t level = prefix_levels + 1;
  for (const char c : topic.pattern) {
    if (c == '/') ++level;
    if (c == '+')
      remote += "{topic_level(" + std::to_string(level) + ")}";
    else
      remote += c;
  }
  return remote;
}

class BridgeWriter {
 public:
  BridgeWriter(const std::vector<Bridge>& bridges, Json& config, Imported& out)
      : several_(bridges.size() > 1), prefix_(common_prefix(bridges)), config_(config), out_(out) {}

  void begin() {
    config_["upstream"]["mode"] = "passthrough";
    config_["upstream"]["passthrough_topic"] = prefix_ + "{topic}";
  }

  void bridge(const Bridge& bridge) {
    if (bridge.brokers.empty())
      return out_.error(bridge.place, "connection " + bridge.name, "has no address; write the broker's");
    Json names = Json::array();
    for (const auto& [host, port] : bridge.brokers) {
      const std::string name = free_name(link_name(bridge.name));
      Json link = {{"host", host}, {"port", port}};
      link.update(Json::parse(bridge.link_keys));
      link["downstream"] = down(bridge.down);
      config_["links"][name] = std::move(link);
      names.push_back(name);
    }
    for (const BridgeTopic& topic : bridge.up) up(topic, bridge.name, names);
  }

 private:
  std::string free_name(std::string name) const {
    const auto taken = [this](const std::string& tried) {
      return config_.contains("links") && config_["links"].contains(tried);
    };
    std::string tried = name;
    for (int i = 2; taken(tried); ++i) tried = name.substr(0, kLinkNameMax - 4) + "-" + std::to_string(i);
    return tried;
  }

  Json down(const std::vector<BridgeTopic>& topics) {
    Json list = Json::array();
    for (const BridgeTopic& topic : topics) {
      if (const std::string why = down_problem(topic, list.size()); !why.empty()) {
        note_once(topic, why);
        continue;
      }
      if (topic.qos > 1) note_once(topic, "comes down with QoS 1: at least once");
      list.push_back({{"topic", topic.pattern},
                      {"qos", std::min(topic.qos, 1)},
                      {"remote_prefix", topic.remote_prefix},
                      {"local_prefix", topic.local_prefix}});
    }
    return list;
  }

  // An address more makes a link more, with the same topics.
  void note_once(const BridgeTopic& topic, const std::string& why) {
    const ImportNote note{topic.place.text(), topic.text, why};
    const auto same = [&](const ImportNote& other) {
      return other.place == note.place && other.why == note.why;
    };
    if (std::ranges::none_of(out_.notes, same)) out_.notes.push_back(note);
  }

  static std::string down_problem(const BridgeTopic& topic, size_t before) {
    const std::string local = topic.local_prefix + topic.pattern;
    const std::string remote = topic.remote_prefix + topic.pattern;
    if (before >= kTopicsMax) return "is left out: a link brings down at most 64 topics";
    if (has_wildcard(topic.local_prefix) || has_wildcard(topic.remote_prefix))
      return "is left out: a prefix has a + or #";
    if (!core::is_valid_topic_filter(local) || !core::is_valid_topic_filter(remote))
      return "is left out: with its prefixes it is no topic filter";
    if (local.starts_with('$')) return "is left out: topics here that begin with $ are the hub's own";
    if (remote.starts_with("$share/"))
      return "is left out: a shared subscription gives commands to others, too";
    if (!is_plain(local + remote)) return "is left out: it holds one of ' { } \\";
    return "";
  }

  void up(const BridgeTopic& topic, const std::string& bridge, const Json& names) {
    const std::string local = topic.local_prefix + topic.pattern;
    if (!core::is_valid_topic_filter(local) || has_wildcard(topic.local_prefix))
      return out_.note(topic.place, topic.text, "is left out: with its prefix it is no topic filter");
    if (local.starts_with('$'))
      return out_.note(topic.place, topic.text,
                       "is left out: what begins with $ is the hub's own; see upstream.presence_s");
    if (!is_plain(local + topic.remote_prefix))
      return out_.note(topic.place, topic.text, "is left out: it holds one of ' { } \\");
    if (topic.qos == 0)
      out_.note(topic.place, topic.text, "goes up with QoS 1: kept while the link is down, at least once");
    if (topic.qos == 2) out_.note(topic.place, topic.text, "goes up with QoS 1: at least once");
    Json route = {{"route", "FROM '" + local + "' INTO " + sink(topic)}};
    if (several_) route["link"] = names;
    config_["routes"][link_name(bridge) + "-" + std::to_string(++routes_)] = std::move(route);
  }

  std::string sink(const BridgeTopic& topic) {
    if (topic.local_prefix.empty() && topic.remote_prefix == prefix_) return "$upstream";
    if (topic.pattern.find('#') != std::string::npos) {
      out_.note(
          topic.place, topic.text,
          "goes up under its own topic: with # the prefixes cannot be put in its place; the far side has to "
          "expect " +
              topic.local_prefix + topic.pattern);
      return "$upstream";
    }
    return "Upstream('" + remote_template(topic) + "')";
  }

  bool several_;
  std::string prefix_;
  Json& config_;
  Imported& out_;
  size_t routes_ = 0;
};

}  // namespace

std::string link_name(const std::string& name) {
  std::string usable = name.substr(0, kLinkNameMax);
  const auto odd = [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '.' && c != '_'; };
  std::ranges::replace_if(usable, odd, '-');
  return usable.empty() ? "bridge" : usable;
}

void put_bridges(const std::vector<Bridge>& bridges, Json& config, Imported& out) {
  if (bridges.empty()) return;
  BridgeWriter writer(bridges, config, out);
  writer.begin();
  for (const Bridge& bridge : bridges) writer.bridge(bridge);
}

}  // namespace headgate::tools
