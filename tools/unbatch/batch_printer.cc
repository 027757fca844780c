#include "tools/unbatch/batch_printer.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <utility>

#include "core/text.h"

namespace headgate::tools {
namespace {

using JsonValue = nlohmann::json;
using Line = nlohmann::ordered_json;

constexpr int kVersion = 1;

// ISO 8601 in UTC with milliseconds, as most stores read it.
std::string time_text(int64_t unix_ms) {
  const int64_t ms = ((unix_ms % 1000) + 1000) % 1000;
  const std::time_t seconds = (unix_ms - ms) / 1000;
  std::tm utc{};
  if (gmtime_r(&seconds, &utc) == nullptr) return std::to_string(unix_ms);
  std::array<char, 64> text{};
  const size_t bytes = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text.data() + bytes, text.size() - bytes, ".%03dZ", static_cast<int>(ms));
  return text.data();
}

template <typename T>
std::optional<T> member(const JsonValue& object, const char* key,
                        bool (JsonValue::*is_type)() const noexcept) {
  const auto found = object.find(key);
  if (found == object.end() || !((*found).*is_type)()) return std::nullopt;
  return found->get<T>();
}

std::optional<std::string> text_member(const JsonValue& object, const char* key) {
  return member<std::string>(object, key, &JsonValue::is_string);
}
std::optional<uint64_t> unsigned_member(const JsonValue& object, const char* key) {
  return member<uint64_t>(object, key, &JsonValue::is_number_unsigned);
}

// Says why `batch` is no batch; empty if it is one.
std::string complaint(const JsonValue& batch) {
  if (batch.is_discarded()) return "not JSON";
  if (!batch.is_object()) return "not a JSON object";
  const auto version = unsigned_member(batch, "v");
  if (!version) return "no version (\"v\"): not a headgate-batch";
  if (*version != kVersion) return "version " + std::to_string(*version) + "; this tool reads version 1";
  for (const char* key : {"hub", "ep"}) {
    if (!text_member(batch, key)) return std::string("no text under \"") + key + "\"";
  }
  if (!batch.contains("m") || !batch["m"].is_array()) return "no array of messages under \"m\"";
  return "";
}

std::string dump(const Line& line) { return line.dump(-1, ' ', false, Line::error_handler_t::replace); }

void append_member(std::string& line, std::string_view key, std::string_view json) {
  line.append(line.empty() ? "{\"" : ",\"").append(key).append("\":").append(json);
}
void append_text(std::string& line, std::string_view key, const std::optional<std::string>& text) {
  if (text) append_member(line, key, dump(*text));
}

bool append_body(std::string& line, const JsonValue& row, const RawRow& raw) {
  const auto text = text_member(row, "s");
  const auto base64 = text_member(row, "x");
  if (!raw.body.empty()) {
    append_member(line, "body", raw.body);
  } else if (text) {
    append_text(line, "body", text);
  } else {
    append_text(line, "body_base64", base64);
  }
  return !raw.body.empty() || text || base64;
}

}  // namespace

struct BatchPrinter::Source {
  std::string hub;
  std::string epoch;
};

struct BatchPrinter::Json {
  const JsonValue& value;
};

void BatchPrinter::print(std::string_view text, const std::string& where) {
  const JsonValue batch = JsonValue::parse(text, nullptr, false);
  if (const std::string what = complaint(batch); !what.empty()) return report_bad(where, what);
  ++counts_.batches;
  const Source source{batch["hub"].get<std::string>(), batch["ep"].get<std::string>()};
  if (const auto gaps = batch.find("gaps"); gaps != batch.end() && gaps->is_array()) {
    for (const JsonValue& gap : *gaps) print_gap({gap}, source, where);
  }
  const std::vector<RawRow> raw = raw_rows(text);
  const JsonValue& rows = batch["m"];
  if (raw.size() != rows.size()) return report_bad(where, "messages that cannot be told apart");
  for (size_t i = 0; i < rows.size(); ++i) print_row({rows[i]}, raw[i], source, where);
  out_.flush();
}

void BatchPrinter::report_bad(const std::string& where, std::string_view what) {
  ++counts_.bad;
  err_ << "headgate unbatch: " << core::printable(where) << ": " << core::printable(what) << '\n';
}

void BatchPrinter::print_row(const Json& json_row, const RawRow& raw, const Source& source,
                             const std::string& where) {
  const JsonValue& row = json_row.value;
  const auto seq = row.is_object() ? unsigned_member(row, "i") : std::nullopt;
  const auto time = seq ? member<int64_t>(row, "t", &JsonValue::is_number_integer) : std::nullopt;
  const auto topic = seq ? text_member(row, "k") : std::nullopt;
  if (!time || !topic) return report_bad(where, "a message without \"i\", \"t\" or \"k\": skipped");
  std::string line;
  append_text(line, "hub", source.hub);
  append_text(line, "epoch", source.epoch);
  append_member(line, "seq", std::to_string(*seq));
  append_text(line, "time", time_text(*time));
  append_text(line, "topic", topic);
  if (!raw.properties.empty()) append_member(line, "properties", raw.properties);
  append_text(line, "content_type", text_member(row, "ct"));
  append_text(line, "content_encoding", text_member(row, "ce"));
  if (!append_body(line, row, raw))
    return report_bad(where, "message " + std::to_string(*seq) + " has no body: skipped");
  if (done()) return;
  if (!seen_.insert(source.hub, source.epoch, *seq)) {
    ++counts_.duplicates;
    if (!options_.keep_duplicates) return;
  }
  ++counts_.messages;
  out_ << line << "}\n";
}

// A gap is declared until the hub knows that it was heard, so it may come more than once.
void BatchPrinter::print_gap(const Json& json_gap, const Source& source, const std::string& where) {
  const JsonValue& gap = json_gap.value;
  const auto from = gap.is_object() ? unsigned_member(gap, "from") : std::nullopt;
  const auto to = from ? unsigned_member(gap, "to") : std::nullopt;
  const auto count = from ? unsigned_member(gap, "n") : std::nullopt;
  const auto why = from ? text_member(gap, "why") : std::nullopt;
  if (!to || !count || !why)
    return report_bad(where, "a gap without \"from\", \"to\", \"n\" or \"why\": skipped");
  const Line line{{"gap",
                   {{"hub", source.hub},
                    {"epoch", source.epoch},
                    {"from", *from},
                    {"to", *to},
                    {"count", *count},
                    {"why", *why}}}};
  const std::string text = dump(line);
  if (!gaps_printed_.insert(text).second && !options_.keep_duplicates) return;
  ++counts_.gaps;
  if (options_.gaps) out_ << text << '\n';
}

}  // namespace headgate::tools
