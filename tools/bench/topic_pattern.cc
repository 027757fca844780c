#include "tools/bench/topic_pattern.h"

#include <optional>

#include "core/topic.h"

namespace headgate::tools::bench {

core::Result<TopicPattern> TopicPattern::parse(std::string_view text) {
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 2)) {
    const std::string_view variable = text.substr(at, 2);
    if (variable == "%i" || variable == "%c" || variable == "%%") continue;
    return core::fail(core::Errc::invalid, "'" + std::string(text) + "': " + std::string(variable) +
                                               " is no variable; there are %i (the client's number), %c (its "
                                               "id) and %%");
  }
  return TopicPattern(text);
}

std::string TopicPattern::expand(uint64_t client, std::string_view client_id) const {
  std::string topic;
  for (size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] != '%') {
      topic += text_[i];
      continue;
    }
    const char variable = text_[++i];
    if (variable == 'i') topic += std::to_string(client);
    if (variable == 'c') topic += client_id;
    if (variable == '%') topic += '%';
  }
  return topic;
}

std::string TopicPattern::filter() const {
  std::string filter;
  core::TopicLevels levels(text_);
  for (auto level = levels.next(); level; level = levels.next()) {
    if (level->data() != text_.data()) filter += '/';
    TopicPattern one(*level);
    const bool varies = one.expand(0, "a") != one.expand(1, "b");
    filter += varies ? "+" : one.expand(0, "");
  }
  return filter;
}

}  // namespace headgate::tools::bench
