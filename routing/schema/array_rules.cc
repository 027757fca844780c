#include "routing/schema/array_rules.h"

#include <algorithm>
#include <vector>

namespace headgate::routing {

namespace vc = valijson::constraints;
using valijson::Subschema;

bool items_hold(Work& work, const Subschema& schema, const JsonNode& array) {
  const JsonChildren items(array);
  size_t at = 0;
  for (const JsonNode& item : items) {
    if (!holds_in(work, schema, item, {.item = at++})) return false;
  }
  return true;
}

bool tuple_holds(Work& work, const vc::LinearItemsConstraint& rules, const JsonNode& array) {
  const JsonChildren items(array);
  auto item = items.begin();
  size_t at = 0;
  bool held = true;
  rules.applyToItemSubschemas([&](unsigned, const Subschema* schema) {
    if (!(item != items.end())) return false;
    held = holds_in(work, *schema, *item, {.item = at++});
    ++item;
    return held;
  });
  const Subschema* const others = rules.getAdditionalItemsSubschema();
  for (; held && item != items.end(); ++item) {
    if (others == nullptr) return at_most(work, array.size, rules.getItemSubschemaCount(), "items");
    held = holds_in(work, *others, *item, {.item = at++});
  }
  return held;
}

bool contains_one(Work& work, const Subschema& schema, const JsonNode& array) {
  const JsonChildren items(array);
  for (const JsonNode& item : items) {
    if (fits(work, schema, item)) return true;
    if (work.steps < 0) return false;
  }
  return work.fail([] { return std::string("has no item such as `contains` asks for"); });
}

// Sorted by hash, equal items lie together: all pairs would be quadratic.
bool items_differ(Work& work, const JsonNode& array) {
  if (!work.spend(array.size)) return false;
  std::vector<const JsonNode*> sorted;
  sorted.reserve(array.size);
  const JsonChildren items(array);
  for (const JsonNode& item : items) sorted.push_back(&item);
  std::ranges::sort(sorted, {}, &JsonNode::hash);
  for (size_t i = 0; i < sorted.size(); ++i) {
    for (size_t j = i + 1; j < sorted.size() && sorted[j]->hash == sorted[i]->hash; ++j) {
      const bool same = equal(*sorted[i], *sorted[j], work.steps);
      if (work.steps < 0) return false;
      if (same) return work.fail([&] { return "has an item twice: " + shown(*sorted[i]); });
    }
  }
  return true;
}

}  // namespace headgate::routing
