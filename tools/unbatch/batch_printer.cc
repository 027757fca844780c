#include "tools/unbatch/batch_printer.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <utility>

#include "core/text.h"

namespace headgate::tools {
namespace {

using JsonValue = nlohmann::json;

constexpr int kVersion = 1;

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
// Two numbers in an array.
std::optional<std::pair<uint64_t, uint64_t>> seqs_member(const JsonValue& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array() || found->size() != 2) return std::nullopt;
  if (!(*found)[0].is_number_unsigned() || !(*found)[1].is_number_unsigned()) return std::nullopt;
  return std::pair((*found)[0].get<uint64_t>(), (*found)[1].get<uint64_t>());
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

bool read_body(const JsonValue& row, const RawRow& raw, Message& message) {
  if (!raw.body.empty()) {
    message.body = raw.body;
    return true;
  }
  const auto text = text_member(row, "s");
  const auto base64 = text_member(row, "x");
  message.kind = text ? BodyKind::text : BodyKind::base64;
  if (text || base64) message.body = text ? *text : *base64;
  return text || base64;
}

// An object, or a list of pairs.
void read_properties(const JsonValue& row, Message& message) {
  const auto found = row.find("p");
  if (found == row.end()) return;
  for (const auto& [name, value] : found->items()) {
    const bool pair = found->is_array() && value.is_array() && value.size() == 2 && value[0].is_string();
    const JsonValue& text = pair ? value[1] : value;
    if (text.is_string())
      message.properties.emplace_back(pair ? value[0].get<std::string>() : name, text.get<std::string>());
  }
}

}  // namespace

struct BatchPrinter::Source {
  std::string hub;
  std::string epoch;
};

struct BatchPrinter::Json {
  const JsonValue& value;
};

core::Status BatchPrinter::print(std::string_view text, const std::string& where) {
  const JsonValue batch = JsonValue::parse(text, nullptr, false);
  if (const std::string what = complaint(batch); !what.empty()) {
    report_bad(where, what);
    return {};
  }
  ++counts_.batches;
  const Source source{batch["hub"].get<std::string>(), batch["ep"].get<std::string>()};
  if (const auto gaps = batch.find("gaps"); gaps != batch.end() && gaps->is_array()) {
    for (const JsonValue& gap : *gaps) {
      if (auto printed = print_gap({gap}, source, where); !printed) return printed;
    }
  }
  const std::vector<RawRow> raw = raw_rows(text);
  const JsonValue& rows = batch["m"];
  if (raw.size() != rows.size()) report_bad(where, "messages that cannot be told apart");
  for (size_t i = 0; i < rows.size() && raw.size() == rows.size(); ++i) {
    if (auto printed = print_row({rows[i]}, raw[i], source, where); !printed) return printed;
  }
  return sink_.flush();
}

void BatchPrinter::report_bad(const std::string& where, std::string_view what) {
  ++counts_.bad;
  err_ << "headgate unbatch: " << core::printable(where) << ": " << core::printable(what) << '\n';
}

core::Status BatchPrinter::print_row(const Json& json_row, const RawRow& raw, const Source& source,
                                     const std::string& where) {
  const JsonValue& row = json_row.value;
  const auto seq = row.is_object() ? unsigned_member(row, "i") : std::nullopt;
  const auto time = seq ? member<int64_t>(row, "t", &JsonValue::is_number_integer) : std::nullopt;
  const auto topic = seq ? text_member(row, "k") : std::nullopt;
  if (!time || !topic) {
    report_bad(where, "a message without \"i\", \"t\" or \"k\": skipped");
    return {};
  }
  Message message;
  message.hub = source.hub;
  message.epoch = source.epoch;
  message.seq = *seq;
  message.time_ms = *time;
  message.topic = *topic;
  message.properties_json = raw.properties;
  message.content_type = text_member(row, "ct");
  message.content_encoding = text_member(row, "ce");
  read_properties(row, message);
  if (!read_body(row, raw, message)) {
    report_bad(where, "message " + std::to_string(*seq) + " has no body: skipped");
    return {};
  }
  return pass_on(message, where);
}

core::Status BatchPrinter::pass_on(const Message& message, const std::string& where) {
  if (done()) return {};
  if (!seen_.insert(message.hub, message.epoch, message.seq)) {
    ++counts_.duplicates;
    if (!options_.keep_duplicates) return {};
  }
  const core::Status put = sink_.put(message);
  if (put) ++counts_.messages;
  if (put || put.error().code != core::Errc::invalid) return put;
  report_bad(where, "message " + std::to_string(message.seq) + ": " + put.error().what + ": skipped");
  return {};
}

// A gap is declared until the hub knows that it was heard, so it may come more than once.
core::Status BatchPrinter::print_gap(const Json& json_gap, const Source& source, const std::string& where) {
  const JsonValue& gap = json_gap.value;
  const auto from = gap.is_object() ? unsigned_member(gap, "from") : std::nullopt;
  const auto to = from ? unsigned_member(gap, "to") : std::nullopt;
  const auto count = from ? unsigned_member(gap, "n") : std::nullopt;
  const auto why = from ? text_member(gap, "why") : std::nullopt;
  if (!to || !count || !why) {
    report_bad(where, "a gap without \"from\", \"to\", \"n\" or \"why\": skipped");
    return {};
  }
  const LostEntries lost{source.hub, source.epoch, *from, *to, *count, *why, seqs_member(gap, "into")};
  if (!gaps_printed_.insert(line_of(lost)).second && !options_.keep_duplicates) return {};
  ++counts_.gaps;
  return sink_.put(lost);
}

}  // namespace headgate::tools
