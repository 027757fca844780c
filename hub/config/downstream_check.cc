#include "hub/config/downstream_check.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/topic.h"
#include "routing/files/json_text.h"
#include "upstream/downstream/topic_map.h"

namespace headgate::hub {
namespace {

using Topics = std::vector<upstream::DownstreamTopic>;

constexpr std::string_view kAnyHub = "hub";  // whatever its id is, it stands in both

void check_loops(const std::string& place, const std::string& filter, const std::vector<std::string>& own,
                 Problems& problems) {
  for (const std::string& topic : own) {
    if (!core::topic_matches(filter, topic) && !core::topic_matches(filter, topic + "/head/upstream"))
      continue;
    problems.add(place,
                 "would bring down what the hub itself sends on \"" + topic +
                     "\" or below; narrow it, or use one link with protocol 5, which can leave that out");
  }
}

void check_topics(const std::string& place, const Topics& topics, const std::vector<std::string>& own,
                  bool leaves_out_own, Problems& problems) {
  std::vector<std::string> before;
  for (size_t i = 0; i < topics.size(); ++i) {
    const std::string at = place + ".downstream[" + std::to_string(i) + "]";
    const std::string filter = upstream::expand_hub(upstream::remote_filter(topics[i]), kAnyHub);
    if (std::ranges::find(before, filter) != before.end())
      problems.add(at, "has the same topic upstream as an entry before it; leave one out");
    before.push_back(filter);
    if (!leaves_out_own && core::is_valid_topic_filter(filter)) check_loops(at, filter, own, problems);
  }
}

}  // namespace

// Own batches that come down again cost the line twice, and are no commands. Only MQTT 5 can leave them out, and only
// over the link that they went up.
void check_downstream(const Config& config, Problems& problems) {
  auto own = upstream::own_topics(config.upstream, config.links, kAnyHub);
  if (config.upstream.mode == upstream::Mode::passthrough)
    own.push_back(
        upstream::expand_topic(upstream::expand_hub(config.upstream.passthrough_topic, kAnyHub), "any"));
  check_topics("upstream", config.upstream.downstream, own, config.upstream.link.protocol == 5, problems);
  if (!config.links.empty() && !config.upstream.downstream.empty())
    problems.add("upstream.downstream",
                 "is for the connection in upstream, and there are links; move it into a link");
  if (config.upstream.remote.topic == config.upstream.remote.reported_topic)
    problems.add("upstream.remote_config.reported_topic",
                 "is the topic that documents come on; set another one");
  for (const upstream::NamedLink& link : config.links) {
    const bool leaves_out_own = link.connection.protocol == 5 && config.links.size() == 1;
    check_topics(routing::join_path("links", link.name), link.downstream, own, leaves_out_own, problems);
  }
}

}  // namespace headgate::hub
