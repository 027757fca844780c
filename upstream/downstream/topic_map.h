// Names of what comes down: the filters to subscribe to upstream, and what a topic there is called here. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/options.h"

namespace headgate::upstream {

// A subscription upstream.
struct WantedFilter {
  std::string filter;
  uint8_t qos = 1;

  friend bool operator==(const WantedFilter&, const WantedFilter&) = default;
};

class TopicMap {
 public:
  // `topics`: those in which problem_of() finds nothing; `hub` is put in the place of {hub}.
  TopicMap(std::vector<DownstreamTopic> topics, std::string_view hub);

  [[nodiscard]] std::vector<WantedFilter> wanted() const;

  struct Local {
    std::string topic;
    const DownstreamTopic* by = nullptr;  // valid as long as the map
  };
  // By the first entry that takes the remote topic. nullopt: none does, or what it makes is no topic to publish to.
  [[nodiscard]] std::optional<Local> local_of(std::string_view remote_topic) const;

 private:
  std::vector<DownstreamTopic> topics_;  // without {hub}
};

// Says why an entry cannot be used, and what is allowed; empty: it can.
[[nodiscard]] std::string problem_of(const DownstreamTopic& topic);

// The filter of the entry upstream, with {hub} as it stands.
[[nodiscard]] std::string remote_filter(const DownstreamTopic& topic);

// Topics below which a hub publishes upstream itself: its batches, over whichever link, its receipts, its presence and
// what it reports of documents.
[[nodiscard]] std::vector<std::string> own_topics(const UpstreamOptions& options,
                                                  const std::vector<NamedLink>& links, std::string_view hub);

}  // namespace headgate::upstream
