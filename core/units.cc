#include "core/units.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace headgate::core {
namespace {

constexpr std::array<SizeSuffix, 5> kTimes = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

// A number and one of `suffixes`, with a blank between them or none.
std::optional<uint64_t> parse(std::string_view text, const auto& suffixes, uint64_t max) {
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  std::string_view suffix(rest, static_cast<size_t>(end - rest));
  if (!suffix.empty() && suffix.front() == ' ') suffix.remove_prefix(1);
  const auto found = std::ranges::find(suffixes, suffix, &SizeSuffix::name);
  if (error != std::errc() || found == suffixes.end() || number > max / found->bytes) return std::nullopt;
  return number * found->bytes;
}

}  // namespace

Result<uint64_t> parse_byte_size(std::string_view text) {
  const auto bytes = parse(text, kSizeSuffixes, std::numeric_limits<uint64_t>::max());
  if (!bytes) return fail(Errc::invalid, "not a size");
  return *bytes;
}

Result<int64_t> parse_duration_ms(std::string_view text) {
  const auto ms = parse(text, kTimes, std::numeric_limits<int64_t>::max());
  if (!ms) return fail(Errc::invalid, "not a time");
  return static_cast<int64_t>(*ms);
}

}  // namespace headgate::core
