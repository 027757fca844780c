#include "hub/engine/publish/deferred_ends.h"

#include <algorithm>
#include <iterator>

namespace headgate::hub {

void DeferredEnds::add(const broker::Session& session, const DeferredEnd& end) {
  std::vector<DeferredEnd>& ends = ends_[&session];
  const bool known = std::ranges::find(ends, end.token, &DeferredEnd::token) != ends.end();
  if (!known) ends.push_back(end);
}

std::vector<DeferredEnd> DeferredEnds::due(const broker::Session& session, uint64_t oldest_left) const {
  const auto known = ends_.find(&session);
  if (known == ends_.end()) return {};
  std::vector<DeferredEnd> due;
  std::ranges::copy_if(known->second, std::back_inserter(due),
                       [&](const DeferredEnd& end) { return end.after < oldest_left; });
  return due;
}

void DeferredEnds::remove_due(const broker::Session& session, uint64_t oldest_left) {
  const auto known = ends_.find(&session);
  if (known == ends_.end()) return;
  std::erase_if(known->second, [&](const DeferredEnd& end) { return end.after < oldest_left; });
  if (known->second.empty()) ends_.erase(known);
}

}  // namespace headgate::hub
