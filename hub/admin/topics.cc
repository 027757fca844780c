#include "hub/admin/topics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base64.h"
#include "core/text.h"
#include "core/topic.h"

namespace headgate::hub {
namespace {

using TopicsJson = nlohmann::ordered_json;

constexpr uint64_t kDepthMax = 1'000;
constexpr size_t kTopicFilterBytesMax = 65'535;

double rounded(double rate) { return std::round(rate * 1000) / 1000; }

// A text that was cut may end amid a character.
std::string_view whole_characters(std::string_view text) {
  for (size_t cut = 0; cut < 4 && cut <= text.size(); ++cut)
    if (core::is_valid_utf8(text.substr(0, text.size() - cut))) return text.substr(0, text.size() - cut);
  return text;
}

void add_value(TopicsJson& json, const KnownTopic& topic) {
  const bool is_cut = topic.value.size() < topic.payload_bytes;
  const std::string_view text = is_cut ? whole_characters(topic.value) : std::string_view(topic.value);
  if (core::is_valid_utf8(text)) {
    json["payload"] = text;
  } else {
    std::string base64;
    core::append_base64(base64, topic.value);
    json["payload_base64"] = std::move(base64);
  }
  json["cut"] = is_cut;
}

TopicsJson json_of(const KnownTopic& topic, bool with_payload) {
  if (topic.topics != 0)
    return {{"topic", topic.topic},
            {"topics", topic.topics},
            {"count", topic.count},
            {"rate_per_s", rounded(topic.rate_per_s)},
            {"last_ms", topic.last_ms}};
  TopicsJson json = {{"topic", topic.topic},
                     {"qos", topic.qos},
                     {"retain", topic.retain},
                     {"last_ms", topic.last_ms},
                     {"payload_bytes", topic.payload_bytes},
                     {"count", topic.count},
                     {"rate_per_s", rounded(topic.rate_per_s)}};
  if (with_payload) add_value(json, topic);
  return json;
}

struct LevelSum {
  uint64_t topics = 0;
  uint64_t count = 0;
  double rate_per_s = 0;
  int64_t last_ms = 0;

  void add(const LevelSum& other) {
    topics += other.topics;
    count += other.count;
    rate_per_s += other.rate_per_s;
    last_ms = std::max(last_ms, other.last_ms);
  }
};

LevelSum sum_of(const KnownTopic& topic) {
  return {std::max<uint64_t>(topic.topics, 1), topic.count, topic.rate_per_s, topic.last_ms};
}

// Level `depth` of a topic, from 0 on; nullopt: it has fewer.
std::optional<std::string_view> level(std::string_view topic, size_t depth) {
  for (; depth > 0; --depth) {
    const size_t slash = topic.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    topic.remove_prefix(slash + 1);
  }
  return topic.substr(0, topic.find('/'));
}

// Topics as a tree. Those of one branch need not stand side by side: "a", "a b" and "a/b" are in that order.
class Branches {
 public:
  explicit Branches(bool with_payload) : with_payload_(with_payload) {}

  void add(const KnownTopic& topic) {
    const LevelSum sum = sum_of(topic);
    Branch* at = &root_;
    for (size_t depth = 0;; ++depth) {
      const auto name = level(topic.topic, depth);
      if (!name) break;
      if (topic.topics != 0 && *name == "#") return;  // it is in the sums above
      at = &at->below[std::string(*name)];
      at->sum.add(sum);
    }
    at->own = json_of(topic, with_payload_);
  }

  [[nodiscard]] TopicsJson json() const { return children_of(root_); }

 private:
  struct Branch {
    LevelSum sum;
    TopicsJson own = nullptr;
    std::map<std::string, Branch, std::less<>> below;
  };

  // Calls itself as deep as topics are: limits.topic_levels_max.
  static TopicsJson children_of(const Branch& branch) {
    TopicsJson children = TopicsJson::array();
    for (const auto& [name, child] : branch.below)
      children.push_back({{"name", name},
                          {"topics", child.sum.topics},
                          {"count", child.sum.count},
                          {"rate_per_s", rounded(child.sum.rate_per_s)},
                          {"last_ms", child.sum.last_ms},
                          {"last", child.own},
                          {"children", children_of(child)}});
    return children;
  }

  Branch root_;
  bool with_payload_;
};

}  // namespace

std::string topics_json(const KnownTopics& known, bool with_payload, bool as_tree) {
  TopicsJson json = TopicsJson::object();
  if (as_tree) {
    Branches branches(with_payload);
    for (const KnownTopic& topic : known.topics) branches.add(topic);
    json["tree"] = branches.json();
  } else {
    json["topics"] = TopicsJson::array();
    for (const KnownTopic& topic : known.topics) json["topics"].push_back(json_of(topic, with_payload));
  }
  json["complete"] = known.left_out == 0 && known.forgotten == 0;
  json["left_out"] = known.left_out;
  json["forgotten"] = known.forgotten;
  return json.dump(-1, ' ', false, TopicsJson::error_handler_t::replace);
}

AdminReply get_topics(const AdminCall& call) {
  const auto depth = call.number("depth", 0, kDepthMax);
  if (!depth) return call.wrong("depth", "0 (all levels) to " + std::to_string(kDepthMax));
  const auto payload = call.number("payload", 0, 1);
  if (!payload) return call.wrong("payload", "0 or 1");
  const auto tree = call.number("tree", 0, 1);
  if (!tree) return call.wrong("tree", "0 or 1");
  const std::string filter = call.name.empty() ? "#" : call.name;
  if (filter.size() > kTopicFilterBytesMax || !core::is_valid_topic_filter(filter))
    return failed(400, "the filter is \"" + filter +
                           "\"; allowed: an MQTT topic filter such as plant/+/temperature or %23");
  TopicQuery query{filter, call.request.caller.user, *depth, *payload == 1};
  const auto render = [with_payload = query.with_values, as_tree = *tree == 1](const KnownTopics& known) {
    return topics_json(known, with_payload, as_tree);
  };
  return AdminLater{[&hub = call.hub, query = std::move(query), render](auto done) {
    hub.find_topics(query, render, [done = std::move(done)](std::string json) {
      done({200, std::move(json)});
    });
  }};
}

}  // namespace headgate::hub
