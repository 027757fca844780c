#include "tools/unbatch/shard.h"

#include <simdjson.h>

#include <charconv>

#include "tools/unbatch/chain/mark.h"

namespace headgate::tools {
namespace {

constexpr uint64_t kPartsMax = 1000;

uint64_t number_of(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace

bool Shard::has(std::string_view hub) const {
  if (is_whole()) return true;
  uint64_t hash = 0;
  for (const char byte : sha256(hub).substr(0, sizeof(hash))) hash = hash << 8 | static_cast<uint8_t>(byte);
  return hash % parts_ == part_ - 1;
}

core::Result<Shard> read_shard(std::string_view text) {
  if (text.empty()) return Shard();
  const size_t slash = std::min(text.find('/'), text.size() - 1);
  const uint64_t part = number_of(text.substr(0, slash));
  const uint64_t parts = number_of(text.substr(slash + 1));
  if (part >= 1 && part <= parts && parts <= kPartsMax) return Shard(part, parts);
  return core::fail(core::Errc::invalid,
                    "--shard " + std::string(text) +
                        ": expected a part and how many there are, as 2/5 for the second of five");
}

std::string hub_of(std::string_view batch) {
  const simdjson::padded_string padded(batch);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  std::string_view hub;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return "";
  if (document.find_field_unordered("hub").get_string().get(hub) != simdjson::SUCCESS) return "";
  return std::string(hub);
}

}  // namespace headgate::tools
