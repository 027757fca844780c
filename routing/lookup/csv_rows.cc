#include "routing/lookup/csv_rows.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/text/json_string.h"
#include "core/topic.h"

namespace headgate::routing {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct CsvField {
  std::string text;
  bool quoted = false;
  size_t line = 1;
  size_t column = 1;
};
using CsvRecord = std::vector<CsvField>;

size_t count_csv_digits(std::string_view text, size_t from) {
  const size_t end = text.find_first_not_of("0123456789", from);
  return (end == std::string_view::npos ? text.size() : end) - from;
}

// A number as JSON writes it (RFC 8259 section 6): 007 and +1 are texts.
bool is_json_number(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  const size_t whole = count_csv_digits(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = count_csv_digits(text, at + 1);
    if (fraction == 0) return false;
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const size_t exponent = count_csv_digits(text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.size();
}

// Records of a text, one after the other.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {}

  // nullopt at the end, and after a fault.
  std::optional<CsvRecord> next() {
    while (at_ < text_.size() && accept_line_end()) continue;
    if (at_ == text_.size()) return std::nullopt;
    CsvRecord record;
    do {
      record.push_back({{}, false, line_, column()});
      if (!field(record.back())) return std::nullopt;
    } while (accept(','));
    if (at_ < text_.size() && !accept_line_end()) return fail(line_, column(), stray());
    return record;
  }

  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] size_t line() const { return fault_line_; }
  [[nodiscard]] size_t fault_column() const { return fault_column_; }

 private:
  [[nodiscard]] size_t column() const { return at_ - line_begin_ + 1; }

  bool accept(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool accept_line_end() {
    const size_t bytes = text_.substr(at_, 2) == "\r\n" ? 2 : text_.substr(at_, 1) == "\n" ? 1 : 0;
    if (bytes == 0) return false;
    at_ += bytes;
    ++line_;
    line_begin_ = at_;
    return true;
  }

  bool field(CsvField& field) {
    if (accept('"')) return quoted_field(field);
    const size_t end = std::min(text_.find_first_of(",\r\n\"", at_), text_.size());
    field.text = text_.substr(at_, end - at_);
    at_ = end;
    return true;
  }

  // Two quotes in it stand for one.
  bool quoted_field(CsvField& field) {
    field.quoted = true;
    while (at_ < text_.size()) {
      if (!accept('"')) {
        take_character(field);
        continue;
      }
      if (!accept('"')) return true;
      field.text.push_back('"');
    }
    fail(field.line, field.column, "a quote is opened here and never closed");
    return false;
  }

  void take_character(CsvField& field) {
    if (text_[at_] == '\n') {
      ++line_;
      line_begin_ = at_ + 1;
    }
    field.text.push_back(text_[at_++]);
  }

  [[nodiscard]] std::string stray() const {
    if (text_[at_] == '"')
      return "a quote inside a field; put the whole field into quotes, and write \"\" for one";
    if (text_[at_] == '\r') return "a carriage return that no line feed follows";
    return "text behind the closing quote of a field";
  }

  std::optional<CsvRecord> fail(size_t line, size_t column, std::string what) {
    fault_ = std::move(what);
    fault_line_ = line;
    fault_column_ = column;
    return std::nullopt;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
  size_t line_begin_ = 0;
  std::string fault_;
  size_t fault_line_ = 0;
  size_t fault_column_ = 0;
};

void append_member(std::string& row, const std::string& name, const CsvField& field) {
  const bool number = !field.quoted && is_json_number(field.text);
  const bool word = !field.quoted && (field.text == "true" || field.text == "false");
  if (!field.quoted && field.text.empty()) return;
  if (row.size() > 1) row += ',';
  core::append_json_string(row, name);
  row += ':';
  if (number || word)
    row += field.text;
  else
    core::append_json_string(row, field.text);
}

class CsvTable {
 public:
  CsvTable(std::string_view text, std::string_view file, const TableLimits& limits)
      : reader_(text), file_(file), rows_(limits) {}

  core::Result<RowSet> read(std::string_view key) {
    auto header = reader_.next();
    if (!header) return reader_fault("the file is empty; its first line names the columns");
    header_ = *std::move(header);
    if (auto checked = check_header(key); !checked) return core::fail(checked.error());
    while (const auto record = reader_.next())
      if (auto added = add(*record); !added) return core::fail(added.error());
    if (!reader_.fault().empty()) return reader_fault({});
    return std::move(rows_);
  }

 private:
  [[nodiscard]] core::Unexpected error(size_t line, size_t column, const std::string& what) const {
    return core::fail(core::Errc::invalid, std::string(file_) + ":" + std::to_string(line) + ":" +
                                               std::to_string(column) + ": " + what);
  }

  [[nodiscard]] core::Unexpected reader_fault(const std::string& otherwise) const {
    if (reader_.fault().empty()) return error(1, 1, otherwise);
    return error(reader_.line(), reader_.fault_column(), reader_.fault());
  }

  core::Status check_header(std::string_view key) {
    for (size_t i = 0; i < header_.size(); ++i) {
      const CsvField& name = header_[i];
      if (name.text.empty()) return error(name.line, name.column, "this column has no name");
      for (size_t other = 0; other < i; ++other)
        if (header_[other].text == name.text)
          return error(name.line, name.column, "another column is named \"" + name.text + "\"");
      if (name.text == key) key_ = i;
      known_ += (i == 0 ? "" : ", ") + name.text;
    }
    if (key.empty() || header_[key_].text == key) return {};
    return error(1, 1, "no column is named \"" + std::string(key) + "\", the key; there are " + known_);
  }

  core::Status add(const CsvRecord& record) {
    const CsvField& first = record.front();
    if (record.size() != header_.size())
      return error(
          first.line, first.column,
          std::to_string(record.size()) + " fields, the header has " + std::to_string(header_.size()));
    std::string row = "{";
    for (size_t i = 0; i < record.size(); ++i) append_member(row, header_[i].text, record[i]);
    row += '}';
    auto added = rows_.add(record[key_].text, std::move(row));
    if (added) return {};
    return error(record[key_].line, record[key_].column, added.error().what);
  }

  CsvReader reader_;
  std::string_view file_;
  RowSet rows_;
  CsvRecord header_;
  size_t key_ = 0;
  std::string known_;  // columns
};

// Where bytes that are no UTF-8 begin: line and column.
std::pair<size_t, size_t> first_bad_line(std::string_view text) {
  size_t line = 1;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (!core::is_valid_utf8(text.substr(0, end))) return {line, 1};
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line;
  }
  return {1, 1};
}

}  // namespace

core::Result<RowSet> parse_csv_rows(std::string_view text, std::string_view file, std::string_view key,
                                    const TableLimits& limits) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (!core::is_valid_utf8(text)) {
    const auto [line, column] = first_bad_line(text);
    return core::fail(core::Errc::invalid, std::string(file) + ":" + std::to_string(line) + ":" +
                                               std::to_string(column) +
                                               ": this line is no UTF-8 text; save the file as UTF-8");
  }
  return CsvTable(text, file, limits).read(key);
}

}  // namespace headgate::routing
