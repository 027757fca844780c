#include "hub/remote/trial.h"

#include <algorithm>
#include <utility>

namespace headgate::hub {

bool Trial::look(std::span<const LinkSight> links, int64_t mono_ms) {
  uint64_t failures = 0;
  for (const LinkSight& link : links) failures += link.failures;
  const bool failed = std::exchange(failures_, failures) < failures && since_ms_ >= 0;
  const bool blocked = std::ranges::any_of(links, [](const auto& link) { return link.up || link.refused; });
  const bool waits = std::ranges::any_of(links, &LinkSight::trying);
  if (since_ms_ < 0) since_ms_ = mono_ms;
  if (failed || blocked) tried_ms_ += mono_ms - since_ms_;
  if (failed || blocked || !waits) since_ms_ = mono_ms;
  return tried_ms_ >= limit_ms_;
}

}  // namespace headgate::hub
