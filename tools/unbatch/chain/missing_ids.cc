#include "tools/unbatch/chain/missing_ids.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace headgate::tools {
namespace {

std::vector<Span> spans_of(const std::vector<GivenUpBy>& all) {
  std::vector<Span> spans;
  for (const GivenUpBy& each : all) spans.push_back(each.numbers);
  return joined(std::move(spans));
}

uint64_t place_in_chain(const ChainLink* link) { return link->mark.number; }

uint64_t greatest_id(const ChainLink& link) { return link.rows.rbegin()->first; }

bool has_message(const std::vector<const ChainLink*>& links, uint64_t before, uint64_t id) {
  return std::ranges::any_of(links, [before, id](const ChainLink* link) {
    return place_in_chain(link) < before && link->rows.contains(id);
  });
}

}  // namespace

std::vector<GivenUpBy> given_up_in(const Links& links) {
  std::vector<GivenUpBy> all;
  for (auto it = links.rbegin(); it != links.rend(); ++it) {
    const auto is_about_it = [&it](const GivenUpBy& each) { return each.numbers.holds(it->first); };
    if (std::ranges::any_of(all, is_about_it)) continue;
    for (const GivenUpBatches& each : it->second.mark.instead_of) all.push_back({each.numbers, it->first});
  }
  return all;
}

MissingIds::MissingIds(const Links& links, const std::vector<GivenUpBy>& given_up, const LaneEnds& ends)
    : links_(links), given_up_(given_up) {
  for (const auto& [lane, end] : ends) lanes_[lane].end = end;
  const std::vector<Span> fallen = spans_of(given_up);
  for (const auto& [number, link] : links) {
    for (const auto& [id, digest] : link.rows) known_.push_back({id, id});
    if (link.rows.empty()) continue;
    Lane& lane = lanes_[link.lane];
    const bool is_fallen = holds(fallen, number);
    (is_fallen ? lane.fallen : lane.standing).push_back(&link);
    if (!is_fallen && !link.mark.ahead) lane.in_order.push_back(&link);
  }
  known_ = joined(std::move(known_));
}

std::vector<Span> MissingIds::of(Span numbers) const {
  if (lanes_.empty()) return {{1, kOpen}};
  std::vector<Span> ids;
  for (const auto& [number, lane] : lanes_) {
    const std::vector<Span> parts = of(lane, numbers);
    ids.insert(ids.end(), parts.begin(), parts.end());
  }
  return joined(std::move(ids));
}

std::vector<Span> MissingIds::of(const Lane& lane, Span numbers) const {
  const uint64_t first = least(lane, numbers.first);
  const uint64_t behind = bound(lane, numbers);
  if (first >= behind) return {};
  return without({first, behind == kOpen ? kOpen : behind - 1}, known_);
}

// Goes back to before the first batch whose ids may have been taken once more.
uint64_t MissingIds::least(const Lane& lane, uint64_t before) const {
  uint64_t id = kOpen;
  const auto end = std::ranges::lower_bound(lane.in_order, before, {}, place_in_chain);
  for (auto it = std::make_reverse_iterator(end); it != lane.in_order.rend(); ++it) {
    id = std::min(id, greatest_id(**it) + 1);
    if (place_in_chain(*it) >= before) continue;
    const auto earlier = first_given_up_since(lane, place_in_chain(*it));
    if (!earlier) return id;
    before = *earlier;
  }
  return first_given_up_since(lane, lane.end.number) ? 1 : std::min(id, lane.end.id + 1);
}

// By the first batch behind that has an id which was in no batch before; kOpen if there is none.
uint64_t MissingIds::bound(const Lane& lane, Span numbers) const {
  for (const Span& span : given_up_since(numbers.first)) {
    if (first_unknown(span)) return kOpen;
  }
  auto link = std::ranges::upper_bound(lane.standing, numbers.last, {}, place_in_chain);
  for (; link != lane.standing.end(); ++link) {
    for (const auto& [id, digest] : (*link)->rows) {
      if (!has_message(lane.standing, numbers.first, id) && !has_message(lane.fallen, numbers.first, id))
        return std::max(id, (*link)->mark.over + 1);
    }
  }
  return kOpen;
}

// The first batch before `number` that may have been the lane's, and was given up by one behind it.
std::optional<uint64_t> MissingIds::first_given_up_since(const Lane& lane, uint64_t number) const {
  std::optional<uint64_t> first;
  for (const Span& span : given_up_since(number)) {
    if (!first) first = first_unknown(span);
    const auto fallen = std::ranges::lower_bound(lane.fallen, span.first, {}, place_in_chain);
    if (fallen != lane.fallen.end() && span.holds(place_in_chain(*fallen)))
      first = std::min(first.value_or(kOpen), place_in_chain(*fallen));
    if (first) return first;
  }
  return first;
}

std::optional<uint64_t> MissingIds::first_unknown(Span span) const {
  uint64_t number = span.first;
  for (auto it = links_.lower_bound(number); it != links_.end() && it->first == number; ++it) ++number;
  return number <= span.last ? std::optional(number) : std::nullopt;
}

std::vector<Span> MissingIds::given_up_since(uint64_t number) const {
  std::vector<Span> before;
  for (const GivenUpBy& each : given_up_) {
    if (each.by <= number) before.push_back(each.numbers);
  }
  before = joined(std::move(before));
  std::vector<Span> since;
  for (const auto& [numbers, by] : given_up_) {
    if (by <= number || numbers.first >= number) continue;
    const std::vector<Span> parts = without({numbers.first, std::min(numbers.last, number - 1)}, before);
    since.insert(since.end(), parts.begin(), parts.end());
  }
  return joined(std::move(since));
}

}  // namespace headgate::tools
