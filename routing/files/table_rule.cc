#include "routing/files/table_rule.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/text.h"
#include "core/topic.h"
#include "core/units.h"
#include "routing/files/json_text.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;
using Kind = TableSource::Kind;

constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
constexpr size_t kTableNameMax = 64;
constexpr size_t kTablesMax = 64;  // of one file
constexpr uint64_t kRowsMost = 1'000'000;
constexpr uint64_t kTableBytesLeast = 1024;
constexpr uint64_t kTableBytesMost = uint64_t{64} * 1024 * 1024;
constexpr std::string_view kLevelBegin = "topic_level(";

std::string folder_of(const std::string& file) {
  const size_t slash = file.rfind('/');
  return slash == std::string::npos ? "" : file.substr(0, slash + 1);
}

bool is_wildcard(std::string_view level) { return level == "+" || level == "#"; }

// Numbers of the levels that are wildcards.
std::vector<int> wildcards_of(std::string_view filter) {
  std::vector<int> found;
  core::TopicLevels levels(filter);
  int number = 0;
  while (const auto level = levels.next()) {
    ++number;
    if (is_wildcard(*level)) found.push_back(number);
  }
  return found;
}

class TableReader {
 public:
  TableReader(const std::string& file, const std::string& name, std::vector<QueueRuleProblem>& problems)
      : file_(file), path_(join_path("tables", name)), problems_(problems) {
    source_.name = name;
    source_.declared_in = file;
  }

  // False: it has a problem, which was told.
  bool read(const Json& table) {
    const size_t before = problems_.size();
    const bool named = !source_.name.empty() && source_.name.size() <= kTableNameMax &&
                       source_.name.find_first_not_of(kNameCharacters) == std::string::npos;
    if (!named)
      return tell("", "a table's name is 1 to 64 of the characters A-Z, a-z, 0-9, `_`, `-` and `.`");
    if (!table.is_object())
      return tell("", "is " + describe(table) + "; allowed: {\"file\": path}, or {\"topic\": filter}");
    read_origin(table);
    if (problems_.size() == before) read_key(table);
    read_limits(table);
    for (const auto& [key, value] : table.items()) check_known(key);
    return problems_.size() == before;
  }

  [[nodiscard]] TableSource take() { return std::move(source_); }

 private:
  bool tell(std::string_view key, const std::string& what) {
    problems_.push_back({key.empty() ? path_ : join_path(path_, key), what});
    return false;
  }

  void check_known(const std::string& key) {
    static const std::vector<std::string_view> kKeys = {"file",        "topic",   "key",
                                                        "maxRowBytes", "maxRows", "maxBytes"};
    if (std::ranges::find(kKeys, key) == kKeys.end()) tell(key, "unknown key" + did_you_mean(key, kKeys));
  }

  void read_origin(const Json& table) {
    const Json* const file = member(table, "file");
    const Json* const topic = member(table, "topic");
    if ((file == nullptr) == (topic == nullptr)) {
      tell("", file == nullptr
                   ? "has neither \"file\" nor \"topic\"; one of them says where the rows come from"
                   : "has both \"file\" and \"topic\"; its rows come from one of them");
      return;
    }
    if (file != nullptr)
      read_file(*file);
    else
      read_topic(*topic);
  }

  void read_file(const Json& file) {
    const std::string path = file.is_string() ? file.get<std::string>() : std::string();
    if (!path.ends_with(".csv") && !path.ends_with(".json")) {
      tell("file", "is " + describe(file) + "; allowed: a path that ends with .csv or .json");
      return;
    }
    source_.kind = Kind::file;
    source_.from = path.starts_with('/') ? path : folder_of(file_) + path;
  }

  void read_topic(const Json& topic) {
    const std::string filter = topic.is_string() ? topic.get<std::string>() : std::string();
    if (!core::is_valid_topic_filter(filter) || filter.starts_with('$')) {
      tell("topic", "is " + describe(topic) + "; allowed: a topic, or a filter such as \"config/+\"");
      return;
    }
    source_.kind = wildcards_of(filter).empty() ? Kind::topic : Kind::topics;
    source_.from = filter;
  }

  void read_key(const Json& table) {
    const Json* const key = member(table, "key");
    if (key != nullptr && (!key->is_string() || key->get_ref<const std::string&>().empty())) {
      tell("key", "is " + describe(*key) + "; allowed: the name of a column or a member, or topic_level(3)");
      return;
    }
    const std::string text = key != nullptr ? key->get<std::string>() : std::string();
    const bool by_level = text.starts_with(kLevelBegin) && text.ends_with(')');
    if (by_level)
      read_level(text);
    else if (source_.kind == Kind::topics && text.empty())
      take_only_wildcard();
    else
      source_.key = text;
  }

  void read_level(const std::string& text) {
    const size_t begin = kLevelBegin.size();
    const auto level = core::parse_whole<uint32_t>(text.substr(begin, text.size() - begin - 1));
    if (source_.kind != Kind::topics || !level || *level == 0 || *level > 128) {
      tell("key", "is \"" + text + "\"; a topic with wildcards has a level from 1, such as topic_level(3)");
      return;
    }
    source_.key_level = static_cast<int>(*level);
  }

  void take_only_wildcard() {
    const std::vector<int> wildcards = wildcards_of(source_.from);
    if (wildcards.size() == 1 && !source_.from.ends_with('#')) {
      source_.key_level = wildcards.front();
      return;
    }
    tell("key", "is missing; the filter has several levels that could be the key: write topic_level(" +
                    std::to_string(wildcards.front()) + "), or the name of a member");
  }

  void read_limits(const Json& table) {
    uint64_t rows = source_.limits.rows_max;
    uint64_t row_bytes = source_.limits.row_bytes_max;
    read_number(table, "maxRows", 1, kRowsMost, rows);
    read_bytes(table, "maxRowBytes", row_bytes);
    read_bytes(table, "maxBytes", source_.limits.bytes_max);
    source_.limits.rows_max = static_cast<uint32_t>(rows);
    source_.limits.row_bytes_max = static_cast<uint32_t>(row_bytes);
  }

  void read_number(const Json& table, std::string_view key, uint64_t least, uint64_t most, uint64_t& into) {
    const Json* const value = member(table, key);
    if (value == nullptr) return;
    const uint64_t number = value->is_number_unsigned() ? value->get<uint64_t>() : 0;
    if (number >= least && number <= most)
      into = number;
    else
      tell(key, "is " + describe(*value) + "; allowed: a number from " + std::to_string(least) + " to " +
                    std::to_string(most));
  }

  void read_bytes(const Json& table, std::string_view key, uint64_t& into) {
    const Json* const value = member(table, key);
    if (value == nullptr) return;
    const auto size = value->is_string() ? core::parse_byte_size(value->get<std::string>())
                                         : core::fail(core::Errc::invalid, "");
    const uint64_t bytes = value->is_number_unsigned() ? value->get<uint64_t>() : size ? *size : 0;
    if (bytes >= kTableBytesLeast && bytes <= kTableBytesMost)
      into = bytes;
    else
      tell(key, "is " + describe(*value) + "; allowed: bytes, or \"64KiB\", from 1KiB to 64MiB");
  }

  const std::string& file_;
  std::string path_;
  std::vector<QueueRuleProblem>& problems_;
  TableSource source_;
};

}  // namespace

std::vector<TableSource> read_table_rules(const Json& tables, const std::string& file,
                                          std::vector<QueueRuleProblem>& problems) {
  std::vector<TableSource> sources;
  if (!tables.is_object()) {
    problems.push_back({"tables", "is " + describe(tables) + "; allowed: {name: {\"file\": path}, …}"});
    return sources;
  }
  if (tables.size() > kTablesMax) {
    problems.push_back({"tables", "has " + std::to_string(tables.size()) + " tables; a file has at most " +
                                      std::to_string(kTablesMax)});
    return sources;
  }
  for (const auto& [name, table] : tables.items()) {
    TableReader reader(file, name, problems);
    if (reader.read(table)) sources.push_back(reader.take());
  }
  return sources;
}

void write_table_rule(const TableSource& source, Json& table) {
  const TableLimits plain;
  table[source.kind == Kind::file ? "file" : "topic"] = source.from;
  if (source.key_level > 0) table["key"] = "topic_level(" + std::to_string(source.key_level) + ")";
  if (!source.key.empty()) table["key"] = source.key;
  if (source.limits.rows_max != plain.rows_max) table["maxRows"] = source.limits.rows_max;
  if (source.limits.row_bytes_max != plain.row_bytes_max) table["maxRowBytes"] = source.limits.row_bytes_max;
  if (source.limits.bytes_max != plain.bytes_max) table["maxBytes"] = source.limits.bytes_max;
}

}  // namespace headgate::routing
