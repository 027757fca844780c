#include "tools/unbatch/raw_rows.h"

#include <simdjson.h>

#include <algorithm>

namespace headgate::tools {
namespace {

namespace ondemand = simdjson::ondemand;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string on_one_line(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

RawRow raw_row(ondemand::object row) {
  RawRow raw;
  for (auto field : row) {
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS || (key != "b" && key != "p")) continue;
    std::string_view text;
    if (simdjson::to_json_string(field.value()).get(text) != simdjson::SUCCESS) continue;
    (key == "b" ? raw.body : raw.properties) = on_one_line(text);
  }
  return raw;
}

}  // namespace

std::vector<RawRow> raw_rows(std::string_view batch) {
  std::vector<RawRow> raw;
  const simdjson::padded_string padded(batch);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array rows;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return raw;
  if (document.find_field_unordered("m").get_array().get(rows) != simdjson::SUCCESS) return raw;
  for (auto element : rows) {
    ondemand::object row;
    raw.push_back(element.get_object().get(row) == simdjson::SUCCESS ? raw_row(row) : RawRow{});
  }
  return raw;
}

}  // namespace headgate::tools
