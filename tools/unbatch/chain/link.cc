#include "tools/unbatch/chain/link.h"

#include <simdjson.h>

#include <utility>

namespace headgate::tools {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr size_t kDigestBytes = 16;  // 2^64 messages have two of one digest with even odds

std::string text_of(simdjson::simdjson_result<ondemand::value>&& value) {
  std::string_view text;
  return value.get_string().get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

int number_of(simdjson::simdjson_result<ondemand::value>&& value) {
  int64_t number = 0;
  return value.get_int64().get(number) == simdjson::SUCCESS ? static_cast<int>(number) : 0;
}

bool read_row(ondemand::object row, ChainLink& link) {
  uint64_t id = 0;
  if (row.find_field_unordered("i").get_uint64().get(id) != simdjson::SUCCESS) return false;
  row.reset();
  std::string_view raw;
  if (row.raw_json().get(raw) != simdjson::SUCCESS) return false;
  link.rows[id] = sha256(raw).substr(0, kDigestBytes);
  return true;
}

bool read_gap(ondemand::object gap, ChainLink& link) {
  Span span;
  if (gap.find_field_unordered("from").get_uint64().get(span.first) != simdjson::SUCCESS) return false;
  if (gap.find_field_unordered("to").get_uint64().get(span.last) != simdjson::SUCCESS) return false;
  link.gaps.push_back(span);
  return true;
}

bool read_each(simdjson::simdjson_result<ondemand::array>&& list, ChainLink& link,
               bool (*read)(ondemand::object, ChainLink&)) {
  ondemand::array array;
  if (std::move(list).get(array) != simdjson::SUCCESS) return false;
  for (auto element : array) {
    ondemand::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS || !read(object, link)) return false;
  }
  return true;
}

}  // namespace

std::string to_text(const StreamName& name) { return name.hub + "/" + name.epoch + "/" + name.stream; }

core::Result<ChainLink> read_link(std::string_view json, const ChainMark& mark, std::string hash) {
  ChainLink link;
  link.mark = mark;
  link.hash = std::move(hash);
  const simdjson::padded_string padded(json);
  ondemand::parser parser;
  ondemand::object batch;
  ondemand::document document;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(batch) != simdjson::SUCCESS)
    return core::fail(core::Errc::invalid, "not a JSON object");
  bool right = true;
  for (auto field : batch) {
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS)
      return core::fail(core::Errc::invalid, "not JSON");
    if (key == "hub") link.stream.hub = text_of(field.value());
    if (key == "ep") link.stream.epoch = text_of(field.value());
    if (key == "st") link.stream.stream = text_of(field.value());
    if (key == "lane") link.lane = number_of(field.value());
    if (key == "m") right = right && read_each(field.value().get_array(), link, read_row);
    if (key == "gaps") right = right && read_each(field.value().get_array(), link, read_gap);
  }
  if (!right)
    return core::fail(core::Errc::invalid, "a message without \"i\", or a gap without \"from\" or \"to\"");
  return link;
}

std::vector<Span> ids_of(const ChainLink& link) {
  if (link.rows.empty()) return {};
  return {{link.rows.begin()->first, link.rows.rbegin()->first}};
}

}  // namespace headgate::tools
