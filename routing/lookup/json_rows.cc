#include "routing/lookup/json_rows.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/topic.h"
#include "routing/files/json_text.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kRowsAllowed = "a row is an object, or a single value";

std::string row_text(const Json& row) { return row.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::optional<std::string> key_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  std::string text;
  if (value.is_number() && append_number_key(text, value.get<double>())) return text;
  return std::nullopt;
}

class JsonTable {
 public:
  JsonTable(std::string_view file, std::string_view key, const TableLimits& limits)
      : file_(file), key_(key), rows_(limits) {}

  core::Result<RowSet> read(const Json& root) {
    if (root.is_array() && key_.empty())
      return error("", "is an array; say which member of its rows is the key, or write {key: row, …}");
    if (!root.is_array() && !root.is_object())
      return error("", "is " + describe(root) + "; allowed: {key: row, …}, or an array of objects");
    auto filled = root.is_array() ? add_elements(root) : add_members(root);
    if (!filled) return core::fail(filled.error());
    return std::move(rows_);
  }

 private:
  [[nodiscard]] core::Unexpected error(const std::string& path, const std::string& what) const {
    return core::fail(core::Errc::invalid,
                      std::string(file_) + ": " + path + (path.empty() ? "" : ": ") + what);
  }

  core::Status add_members(const Json& root) {
    for (const auto& [key, row] : root.items())
      if (auto added = add(join_path("", key), key, row); !added) return added;
    return {};
  }

  core::Status add_elements(const Json& root) {
    size_t number = 0;
    for (const Json& row : root) {
      const std::string path = "[" + std::to_string(number++) + "]";
      const Json* const value = member(row, key_);
      if (value == nullptr) return error(path, "has no member \"" + std::string(key_) + "\", the key");
      const auto key = key_text(*value);
      if (!key)
        return error(join_path(path, key_),
                     "is " + describe(*value) + "; a key is a text, a number or a boolean");
      if (auto added = add(path, *key, row); !added) return added;
    }
    return {};
  }

  core::Status add(const std::string& path, const std::string& key, const Json& row) {
    if (row.is_array()) return error(path, "is an array; " + std::string(kRowsAllowed));
    auto added = rows_.add(key, row_text(row));
    return added ? added : error(path, added.error().what);
  }

  std::string_view file_;
  std::string_view key_;
  RowSet rows_;
};

bool begins_json(std::string_view body) {
  const size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
}

// Nesting is bounded by the reader of texts.
core::Result<Json> body_json(std::string_view body) {
  if (!core::is_valid_utf8(body)) return core::fail(core::Errc::invalid, "is no UTF-8 text");
  auto json = parse_json_text(body, "the body");
  if (json) return json;
  if (begins_json(body)) return core::fail(core::Errc::invalid, "is no JSON that can be read");
  return Json(std::string(body));
}

}  // namespace

core::Result<RowSet> parse_json_rows(std::string_view text, std::string_view file, std::string_view key,
                                     const TableLimits& limits) {
  const auto json = parse_json_text(text, file);
  if (!json) return core::fail(json.error());
  return JsonTable(file, key, limits).read(*json);
}

core::Result<BodyRow> parse_body_row(std::string_view body, std::string_view member_name) {
  const auto json = body_json(body);
  if (!json) return core::fail(json.error());
  if (json->is_array()) return core::fail(core::Errc::invalid, "is an array; " + std::string(kRowsAllowed));
  BodyRow row{{}, row_text(*json)};
  if (member_name.empty()) return row;
  const Json* const value = member(*json, member_name);
  const auto key = value == nullptr ? std::nullopt : key_text(*value);
  if (!key)
    return core::fail(core::Errc::invalid, "has no member \"" + std::string(member_name) +
                                               "\" that is a text, a number or a boolean: the key");
  row.key = *key;
  return row;
}

}  // namespace headgate::routing
