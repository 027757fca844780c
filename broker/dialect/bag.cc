#include "broker/dialect/bag.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <utility>

#include "broker/codec/wire.h"

namespace headgate::broker {
namespace {

constexpr std::string_view kUnreserved =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()";

constexpr std::array<bool, 256> plain_bytes() {
  std::array<bool, 256> plain{};
  for (const char byte : kUnreserved) plain[static_cast<uint8_t>(byte)] = true;
  return plain;
}

constexpr std::array<bool, 256> kPlain = plain_bytes();

// -1: no hexadecimal digit.
int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

// False for a bad percent sequence, and for what is no text.
bool decode_text(std::string_view text, std::string& out) {
  out.reserve(text.size());
  for (size_t percent = text.find('%'); percent != std::string_view::npos; percent = text.find('%')) {
    out.append(text.substr(0, percent));
    if (text.size() < percent + 3) return false;
    const int high = hex_digit(text[percent + 1]);
    const int low = hex_digit(text[percent + 2]);
    if (high < 0 || low < 0) return false;
    out.push_back(static_cast<char>(high << 4 | low));
    text.remove_prefix(percent + 3);
  }
  out.append(text);
  return is_valid_text(out);
}

void encode_text(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  size_t done = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto value = static_cast<uint8_t>(text[i]);
    if (kPlain[value]) continue;
    out.append(text.substr(done, i - done)).append({'%', kHex[value >> 4], kHex[value & 15]});
    done = i + 1;
  }
  out.append(text.substr(done));
}

// A bag has few names, but may have thousands.
void drop_repeated(std::vector<core::UserProperty>& properties) {
  constexpr size_t kFew = 16;
  if (properties.size() <= kFew) {
    for (size_t i = 1; i < properties.size();) {
      const auto here = properties.begin() + static_cast<ptrdiff_t>(i);
      const bool known = std::any_of(properties.begin(), here, [&](const core::UserProperty& before) {
        return before.name == here->name;
      });
      known ? (void)properties.erase(here) : (void)++i;
    }
    return;
  }
  std::unordered_set<std::string> names;
  std::vector<core::UserProperty> kept;
  for (core::UserProperty& property : properties) {
    if (names.insert(property.name).second) kept.push_back(std::move(property));
  }
  properties = std::move(kept);
}

}  // namespace

std::optional<std::vector<core::UserProperty>> decode_bag(std::string_view bag) {
  std::vector<core::UserProperty> properties;
  properties.reserve(bag.empty() ? 0 : static_cast<size_t>(std::ranges::count(bag, '&')) + 1);
  while (!bag.empty()) {
    const size_t end = std::min(bag.find('&'), bag.size());
    const std::string_view pair = bag.substr(0, end);
    bag.remove_prefix(std::min(end + 1, bag.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    core::UserProperty& property = properties.emplace_back();
    if (!decode_text(pair.substr(0, equals), property.name)) return std::nullopt;
    if (!decode_text(pair.substr(std::min(equals + 1, pair.size())), property.value)) return std::nullopt;
  }
  drop_repeated(properties);
  return properties;
}

void append_to_bag(std::string& out, std::string_view name, std::string_view value) {
  if (!is_valid_text(name) || !is_valid_text(value)) return;
  if (!out.ends_with('/')) out.push_back('&');
  encode_text(name, out);
  out.push_back('=');
  encode_text(value, out);
}

}  // namespace headgate::broker
