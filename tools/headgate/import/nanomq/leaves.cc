#include "tools/headgate/import/nanomq/leaves.h"

#include <algorithm>
#include <cctype>

#include "core/text.h"

namespace headgate::tools::nanomq {
namespace {

bool is_below(const Leaf& leaf, const std::string& path) {
  return leaf.path.starts_with(path) && leaf.path.size() > path.size() && leaf.path[path.size()] == '.';
}

}  // namespace

Leaves::Leaves(std::vector<Leaf> leaves) : leaves_(std::move(leaves)) {}

// The last one counts, as in HOCON; those before it are taken with it.
const Leaf* Leaves::take(const std::string& path) {
  const Leaf* last = nullptr;
  for (const Leaf& leaf : leaves_) {
    if (leaf.path != path) continue;
    last = &leaf;
    taken_.insert(last);
  }
  return last;
}

std::string Leaves::text(const std::string& path) {
  const Leaf* const leaf = take(path);
  return leaf == nullptr ? "" : leaf->value;
}

bool Leaves::flag(const std::string& path, bool otherwise) {
  const std::string said = text(path);
  return said.empty() ? otherwise : said == "true";
}

std::vector<std::string> Leaves::names_below(const std::string& path) const {
  std::vector<std::string> names;
  for (const Leaf& leaf : leaves_) {
    if (!is_below(leaf, path)) continue;
    const std::string rest = leaf.path.substr(path.size() + 1);
    const std::string name = rest.substr(0, rest.find('.'));
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

const Leaf* Leaves::first_below(const std::string& path) const {
  const auto found = std::ranges::find_if(leaves_, [&](const Leaf& leaf) { return is_below(leaf, path); });
  return found == leaves_.end() ? nullptr : &*found;
}

std::vector<const Leaf*> Leaves::take_below(const std::string& path) {
  std::vector<const Leaf*> found;
  for (const Leaf& leaf : leaves_)
    if (is_below(leaf, path)) found.push_back(&leaf);
  taken_.insert(found.begin(), found.end());
  return found;
}

std::vector<const Leaf*> Leaves::not_taken() const {
  std::vector<const Leaf*> left;
  for (const Leaf& leaf : leaves_)
    if (!taken_.contains(&leaf)) left.push_back(&leaf);
  return left;
}

uint64_t scaled(std::string_view text, uint64_t otherwise) {
  static const std::map<std::string_view, uint64_t> kUnits = {{"", 1},
                                                              {"B", 1},
                                                              {"s", 1},
                                                              {"m", 60},
                                                              {"h", 3600},
                                                              {"KB", 1024},
                                                              {"MB", 1024 * 1024},
                                                              {"GB", 1024ULL << 20}};
  const auto* const end =
      std::ranges::find_if_not(text, [](unsigned char c) { return std::isdigit(c) != 0; });
  const auto digits = static_cast<size_t>(end - text.begin());
  const auto number = core::parse_whole<uint32_t>(text.substr(0, digits));
  const auto unit = kUnits.find(text.substr(digits));
  return number && unit != kUnits.end() ? *number * unit->second : otherwise;
}

}  // namespace headgate::tools::nanomq
