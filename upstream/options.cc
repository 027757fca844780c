#include "upstream/options.h"

namespace headgate::upstream {

namespace {

std::string expand(std::string_view pattern, std::string_view variable, std::string_view value) {
  std::string text;
  for (size_t at = pattern.find(variable); at != std::string_view::npos; at = pattern.find(variable)) {
    text.append(pattern.substr(0, at)).append(value);
    pattern.remove_prefix(at + variable.size());
  }
  return text.append(pattern);
}

}  // namespace

std::string expand_hub(std::string_view pattern, std::string_view hub) {
  return expand(pattern, "{hub}", hub);
}

std::string expand_topic(std::string_view pattern, std::string_view topic) {
  return expand(pattern, "{topic}", topic);
}

std::string expand_identity(std::string_view pattern, std::string_view identity) {
  return expand(pattern, "{identity}", identity);
}

std::string presence_topic_of(const UpstreamOptions& options, const NamedLink& link, std::string_view hub) {
  if (options.presence_s == 0 || link.preset != Preset::generic) return "";
  const std::string topic = expand_hub(options.presence_topic, hub);
  return link.name == kOnlyLink ? topic : topic + "/" + link.name;
}

std::vector<std::string> document_topics(const RemoteOptions& options, std::string_view hub) {
  std::vector<std::string> topics = {expand_hub(options.topic, hub)};
  if (!options.group.empty()) topics.push_back(expand_hub(options.topic, options.group));
  if (topics.size() == 2 && topics[0] == topics[1]) topics.pop_back();
  return topics;
}

bool brings_documents(const UpstreamOptions& options, const NamedLink& link) {
  return options.remote.enabled() && link.preset == Preset::generic;
}

UpstreamOptions fit_to_mode(UpstreamOptions options) {
  if (options.mode == Mode::batch) return options;
  options.batch.messages_max = 1;
  options.batch.linger_ms = 0;
  options.no_subscriber = NoSubscriber::deliver;
  options.chain.enabled = false;
  return options;
}

}  // namespace headgate::upstream
