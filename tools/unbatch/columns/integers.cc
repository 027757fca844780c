#include "tools/unbatch/columns/integers.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace headgate::tools::columns {
namespace {

using Json = nlohmann::json;

constexpr int kLowBitsMax = 56;
constexpr uint8_t kEscape = 255;

// Large ones come as strings.
std::optional<int64_t> integer(const Json& json) {
  if (json.is_number_unsigned() && json.get<uint64_t>() > uint64_t{INT64_MAX}) return std::nullopt;
  if (json.is_number_integer()) return json.get<int64_t>();
  if (!json.is_string()) return std::nullopt;
  const auto& text = json.get_ref<const std::string&>();
  int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<uint64_t> rest_of(int low_bits, Input& input) {
  if (low_bits < 0) return 0;
  const auto above = input.plane();
  if (!above) return std::nullopt;
  if (*above == kEscape) return input.bits(64);
  const auto below = input.bits(static_cast<unsigned>(low_bits));
  if (!below) return std::nullopt;
  return uint64_t{*above} << low_bits | *below;
}

uint64_t unfolded(uint64_t value) { return value >> 1 ^ (0 - (value & 1)); }

struct Past {
  uint64_t last = 0;
  uint64_t step = 0;
  bool known = false;
};

}  // namespace

std::optional<IntegerPlan> integer_plan(const Json& json) {
  constexpr size_t kFixed = 4;
  if (!json.is_array() || json.size() <= kFixed) return std::nullopt;
  std::vector<int64_t> numbers;
  for (const Json& each : json) {
    const auto number = integer(each);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  if (numbers[0] < -1 || numbers[0] > kLowBitsMax || numbers[1] < 0 || numbers[1] > 2 || numbers[2] < -1)
    return std::nullopt;
  IntegerPlan plan{static_cast<int>(numbers[0]),
                   static_cast<int>(numbers[1]),
                   std::nullopt,
                   numbers[3],
                   {numbers.begin() + kFixed, numbers.end()}};
  if (numbers[2] >= 0) plan.group = static_cast<size_t>(numbers[2]);
  return plan;
}

std::optional<std::vector<int64_t>> read_integers(const IntegerPlan& plan, size_t rows,
                                                  std::span<const uint32_t> groups, Input& input) {
  const size_t group_count = groups.empty() ? 1 : *std::ranges::max_element(groups) + size_t{1};
  const bool base_each = plan.order == 0 && plan.group;
  if (plan.bases.size() < (base_each ? group_count : 1)) return std::nullopt;
  std::vector<Past> pasts(group_count);
  auto last = static_cast<uint64_t>(plan.first);
  std::vector<int64_t> values;
  values.reserve(rows);
  for (size_t row = 0; row < rows; ++row) {
    const auto rest = rest_of(plan.low_bits, input);
    if (!rest) return std::nullopt;
    const size_t group = groups.empty() ? 0 : groups[row];
    uint64_t value = unfolded(*rest) + static_cast<uint64_t>(plan.bases[base_each ? group : 0]);
    if (plan.order > 0) {
      Past& past = pasts[group];
      value += past.known ? past.last : last;
      if (plan.order == 2) value += past.step;
      if (past.known) past.step = value - past.last;
      past.last = last = value;
      past.known = true;
    }
    values.push_back(static_cast<int64_t>(value));
  }
  return values;
}

}  // namespace headgate::tools::columns
