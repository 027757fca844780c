#include "upstream/downstream/topic_map.h"

#include <algorithm>
#include <utility>

#include "core/topic.h"

namespace headgate::upstream {
namespace {

bool has_wildcard(std::string_view text) { return text.find_first_of("+#") != std::string_view::npos; }

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

// A hub's id is a piece of a level; with one in its place a pattern is judged as it will be.
constexpr std::string_view kSomeHub = "hub";

std::string problem_of_local(const std::string& local) {
  if (local.starts_with('$'))
    return "would be published on \"" + local +
           "\" here, and topics that begin with $ are the hub's own; set local_prefix";
  if (!core::is_valid_topic_filter(local))
    return "would be \"" + local + "\" here, which is no topic; see local_prefix";
  return "";
}

}  // namespace

std::string remote_filter(const DownstreamTopic& topic) { return topic.remote_prefix + topic.topic; }

std::string problem_of(const DownstreamTopic& topic) {
  const std::string remote = expand_hub(remote_filter(topic), kSomeHub);
  const std::string local = expand_hub(topic.local_prefix + topic.topic, kSomeHub);
  if (topic.topic.empty() && (topic.remote_prefix.empty() || topic.local_prefix.empty()))
    return "has no topic; allowed: a filter below the prefixes, or \"\" with both prefixes as whole topics";
  if (has_wildcard(topic.remote_prefix) || has_wildcard(topic.local_prefix))
    return "has a + or # in a prefix; wildcards belong into topic";
  if (has_control_character(remote) || has_control_character(local))
    return "holds a control character; allowed: printable text";
  if (!core::is_valid_topic_filter(remote))
    return "would subscribe to \"" + remote +
           "\", which is no topic filter: + and # are whole levels, # the last";
  if (remote.starts_with("$share/"))
    return "is a shared subscription, of which another client may get a command; leave out $share/";
  return problem_of_local(local);
}

std::vector<std::string> own_topics(const UpstreamOptions& options, const std::vector<NamedLink>& links,
                                    std::string_view hub) {
  std::vector<std::string> own = {expand_hub(options.topic, hub), expand_hub(options.receipts_topic, hub)};
  if (options.remote.enabled()) own.push_back(expand_hub(options.remote.reported_topic, hub));
  if (options.presence_s != 0) own.push_back(expand_hub(options.presence_topic, hub));
  for (const NamedLink& link : links)
    if (!link.terms.topic.empty()) own.push_back(expand_hub(link.terms.topic, hub));
  return own;
}

TopicMap::TopicMap(std::vector<DownstreamTopic> topics, std::string_view hub) : topics_(std::move(topics)) {
  for (DownstreamTopic& topic : topics_) {
    topic.topic = expand_hub(topic.topic, hub);
    topic.remote_prefix = expand_hub(topic.remote_prefix, hub);
    topic.local_prefix = expand_hub(topic.local_prefix, hub);
  }
}

std::vector<WantedFilter> TopicMap::wanted() const {
  std::vector<WantedFilter> wanted;
  for (const DownstreamTopic& topic : topics_) wanted.push_back({remote_filter(topic), topic.qos});
  return wanted;
}

std::optional<TopicMap::Local> TopicMap::local_of(std::string_view remote_topic) const {
  if (!core::is_valid_topic_name(remote_topic)) return std::nullopt;
  const auto takes = [&](const DownstreamTopic& topic) {
    return core::topic_matches(remote_filter(topic), remote_topic);
  };
  const auto by = std::ranges::find_if(topics_, takes);
  if (by == topics_.end()) return std::nullopt;
  // `a/#` matches `a` as well, which is shorter than the prefix `a/`.
  const size_t prefix = std::min(by->remote_prefix.size(), remote_topic.size());
  std::string local = by->local_prefix + std::string(remote_topic.substr(prefix));
  if (!core::is_valid_topic_name(local) || local.starts_with('$')) return std::nullopt;
  return Local{std::move(local), &*by};
}

}  // namespace headgate::upstream
