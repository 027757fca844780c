#include "routing/trial/case_file.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "routing/files/json_text.h"
#include "routing/files/route_check.h"
#include "routing/files/route_file.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const size_t from = text.find_first_not_of(kBlanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlanks) - from + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Gives the text behind the word that the line begins with; nullopt if it begins with another.
std::optional<std::string_view> after_word(std::string_view line, std::string_view word) {
  if (!line.starts_with(word)) return std::nullopt;
  line.remove_prefix(word.size());
  if (!line.empty() && kBlanks.find(line.front()) == std::string_view::npos) return std::nullopt;
  return trimmed(line);
}

// A name before a colon; a route's text has none before its first blank.
std::pair<std::string, std::string_view> split_name(std::string_view text) {
  const size_t colon = text.find(':');
  const bool named = colon != std::string_view::npos && colon < text.find_first_of(kBlanks);
  if (!named) return {"r", text};
  return {std::string(text.substr(0, colon)), trimmed(text.substr(colon + 1))};
}

class CaseReader {
 public:
  CaseReader(std::string_view text, std::string_view file, const ReadText& read)
      : lines_(lines_of(text)), file_(file), read_(read) {}

  core::Result<std::vector<RouteCase>> read() {
    for (number_ = 1; number_ <= lines_.size() && fault_.empty(); ++number_) take(lines_[number_ - 1]);
    finish_case();
    if (cases_.empty()) fail(1, "there is no case in it: write `case NAME`, `route …`, `in` and `out`");
    if (!fault_.empty()) return core::fail(core::Errc::invalid, std::move(fault_));
    return std::move(cases_);
  }

 private:
  enum class Part { none, routes, input, rows };

  void fail(size_t line, const std::string& what) {
    if (fault_.empty()) fault_ = std::string(file_) + ":" + std::to_string(line) + ": " + what;
  }

  void take(std::string_view line) {
    if (const auto name = after_word(line, "case")) return begin_case(*name);
    if (after_word(line, "in") && part_ != Part::none) return begin_part(Part::input);
    if (after_word(line, "out") && part_ != Part::none) return begin_part(Part::rows);
    if (part_ == Part::input) return take_input(line);
    if (trimmed(line).empty() || line.starts_with('#')) return;
    if (part_ == Part::none) return fail(number_, "expected `case NAME`");
    if (part_ == Part::routes) return take_route(line);
    cases_.back().expected.emplace_back(trimmed(line));
  }

  void begin_case(std::string_view name) {
    finish_case();
    if (name.empty()) return fail(number_, "the case has no name");
    cases_.push_back({std::string(name), number_, {}, {}, {}, {}, 0});
    routes_ = tables_ = Json::object();
    schemas_.clear();
    input_.clear();
    input_line_ = 0;
    part_ = Part::routes;
  }

  void begin_part(Part part) {
    size_t& line = part == Part::input ? input_line_ : cases_.back().out_line;
    if (line != 0) return fail(number_, "the case has one of these already, in line " + std::to_string(line));
    part_ = part;
    line = number_;
  }

  // Lines of a case's input stand together, so that their numbers are right in an error.
  void take_input(std::string_view line) { input_.append(line).push_back('\n'); }

  void take_route(std::string_view line) {
    if (const auto text = after_word(line, "route")) {
      const auto [name, rest] = split_name(*text);
      name_ = name;
      if (routes_.contains(name_)) return fail(number_, "another route has this name");
      routes_[name_] = {{"route", std::string(rest)}};
    } else if (const auto schema = after_word(line, "schema")) {
      take_schema(*schema);
    } else if (const auto table = after_word(line, "table")) {
      take_table(*table);
    } else if (const auto terms = after_word(line, "with")) {
      take_terms(*terms);
    } else if (kBlanks.find(line.front()) != std::string_view::npos && !routes_.empty()) {
      auto& known = routes_[name_]["route"].get_ref<std::string&>();
      known.append(known.empty() ? "" : "\n").append(trimmed(line));
    } else {
      fail(number_, "expected `route`, `with`, `schema`, `table`, `in` or `out`");
    }
  }

  void take_terms(std::string_view text) {
    const auto terms = parse_json_text(text, file_);
    if (!terms || !terms->is_object() || routes_.empty())
      return fail(number_, "expected a JSON object behind `with`, and a route before it");
    if (terms->contains("route"))
      return fail(number_,
                  "the text of a route stands behind `route`; `with` has what is beside it in a route file");
    routes_[name_].update(*terms);
  }

  void take_schema(std::string_view text) {
    const size_t blank = std::min(text.find_first_of(kBlanks), text.size());
    const std::string_view schema = trimmed(text.substr(blank));
    if (schema.empty()) return fail(number_, "expected a name and a JSON Schema behind `schema`");
    schemas_[folder_of(std::string(file_)).append(text.substr(0, blank))] = schema;
  }

  [[nodiscard]] core::Result<std::string> schema_at(const std::string& path) const {
    const auto known = schemas_.find(path);
    if (known != schemas_.end()) return known->second;
    return read_ ? read_(path) : core::fail(core::Errc::not_found, "is not there");
  }

  void take_table(std::string_view text) {
    const size_t blank = std::min(text.find_first_of(kBlanks), text.size());
    const auto declared = parse_json_text(text.substr(blank), file_);
    if (blank == 0 || !declared) return fail(number_, "expected a name and a JSON object behind `table`");
    tables_[std::string(text.substr(0, blank))] = *declared;
  }

  void finish_case() {
    if (cases_.empty() || !fault_.empty() || part_ == Part::none) return;
    RouteCase& one = cases_.back();
    if (routes_.empty()) return fail(one.line, "the case has no route: write `route FROM … INTO …`");
    if (input_line_ == 0)
      return fail(one.line, "the case has no messages: write `in`, and a line for each below it");
    RouteFile file = parse_route_file(Json{{"routes", routes_}, {"tables", tables_}}.dump(), file_);
    if (!file.errors.empty()) return fail(one.line, file.errors.front().what);
    read_schemas({&file, 1}, [this](const std::string& path) { return schema_at(path); });
    one.routes = route_specs(file.entries, 0);
    one.tables = std::move(file.tables);
    auto input = parse_sample(input_, file_, input_line_ + 1);
    if (input)
      one.input = std::move(*input);
    else
      fault_ = input.error().what;
  }

  std::vector<std::string_view> lines_;
  std::string_view file_;
  const ReadText& read_;
  size_t number_ = 0;
  Part part_ = Part::none;
  std::vector<RouteCase> cases_;
  Json routes_;                                 // of the case at hand
  std::map<std::string, std::string> schemas_;  // the same, by path
  Json tables_ = Json::object();
  std::string name_;
  std::string input_;
  size_t input_line_ = 0;
  std::string fault_;
};

}  // namespace

core::Result<std::vector<RouteCase>> parse_case_file(std::string_view text, std::string_view file,
                                                     const ReadText& read) {
  skip_byte_order_mark(text);
  if (const auto fault = encoding_fault(text, file)) return core::fail(core::Errc::invalid, *fault);
  return CaseReader(text, file, read).read();
}

std::string difference(const std::vector<std::string>& expected, const std::vector<std::string>& actual) {
  if (expected == actual) return {};
  const auto [gone, come] = std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end());
  const auto from = static_cast<size_t>(gone - expected.begin());
  size_t tail = 0;
  while (tail < std::min(expected.size(), actual.size()) - from &&
         expected[expected.size() - 1 - tail] == actual[actual.size() - 1 - tail])
    ++tail;
  std::string out;
  for (size_t i = from; i < expected.size() - tail; ++i) out.append("- ").append(expected[i]).append("\n");
  for (size_t i = from; i < actual.size() - tail; ++i) out.append("+ ").append(actual[i]).append("\n");
  return out;
}

std::string with_rows(std::string_view text, const std::vector<RouteCase>& cases,
                      const std::vector<std::vector<std::string>>& rows) {
  const std::vector<std::string_view> lines = lines_of(text);
  std::string out;
  size_t next = 0;  // of `lines`
  for (size_t i = 0; i < cases.size(); ++i) {
    if (cases[i].out_line == 0) continue;
    for (; next < cases[i].out_line; ++next) out.append(lines[next]).append("\n");
    for (const std::string& row : rows[i]) out.append(row).append("\n");
    const size_t end = i + 1 < cases.size() ? cases[i + 1].line - 1 : lines.size();
    while (next < end && !trimmed(lines[next]).empty() && !lines[next].starts_with('#')) ++next;
  }
  for (; next < lines.size(); ++next) out.append(lines[next]).append("\n");
  return out;
}

}  // namespace headgate::routing
