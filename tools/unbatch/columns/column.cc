#include "tools/unbatch/columns/column.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "tools/unbatch/columns/integers.h"

namespace headgate::tools::columns {
namespace {

using Json = nlohmann::json;

constexpr size_t kWordBytesMax = 256;
constexpr unsigned kDecimalsMax = 18;
constexpr unsigned kTimeDecimalsMax = 9;

std::optional<size_t> count_at(const Json& array, size_t at, size_t max) {
  if (at >= array.size() || !array[at].is_number_unsigned()) return std::nullopt;
  const auto count = array[at].get<uint64_t>();
  if (count > max) return std::nullopt;
  return static_cast<size_t>(count);
}

void append_decimal(std::string& out, int64_t value, unsigned decimals, unsigned decimals_min) {
  auto digits = static_cast<uint64_t>(value);
  if (value < 0) {
    out += '-';
    digits = 0 - digits;
  }
  for (; decimals > decimals_min && digits % 10 == 0; digits /= 10) --decimals;
  std::string text = std::to_string(digits);
  if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
  if (decimals > 0) text.insert(text.size() - decimals, 1, '.');
  out += text;
}

int64_t power_of_ten(unsigned exponent) {
  int64_t power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

struct Date {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
};

// Hinnant, "chrono-Compatible Low-Level Date Algorithms". REQUIRES: days >= 0.
Date date_of(int64_t days) {
  days += 719468;
  const int64_t era = days / 146097;
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;
  Date date{year_of_era + era * 400, month < 10 ? month + 3 : month - 9,
            day_of_year - (153 * month + 2) / 5 + 1};
  if (date.month <= 2) ++date.year;
  return date;
}

void append_time(std::string& out, int64_t count, unsigned decimals, std::string_view between) {
  const int64_t unit = power_of_ten(decimals);
  const int64_t seconds = count / unit;
  const Date date = date_of(seconds / 86400);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02d", static_cast<int>(date.year),
                static_cast<int>(date.month), static_cast<int>(date.day));
  out.append(text.data()).append(between);
  std::snprintf(text.data(), text.size(), "%02d:%02d:%02d", static_cast<int>(seconds / 3600 % 24),
                static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  out += text.data();
  if (decimals == 0) return;
  std::snprintf(text.data(), text.size(), ".%0*lld", static_cast<int>(decimals),
                static_cast<long long>(count % unit));
  out += text.data();
}

}  // namespace

std::optional<Column> Column::read(const Json& json, size_t rows, const std::vector<Column>& before,
                                   Input& input) {
  if (!json.is_array() || json.empty() || !json[0].is_string()) return std::nullopt;
  const auto& kind = json[0].get_ref<const std::string&>();
  Column column;
  bool good = false;
  if (kind == "c") {
    good = column.read_texts(1, input);
  } else if (kind == "s") {
    column.kind_ = Kind::strings;
    good = column.read_texts(rows, input);
  } else if (kind == "w") {
    column.kind_ = Kind::words;
    good = column.read_words(json, rows, input);
  } else if (kind == "d") {
    column.kind_ = Kind::decimals;
    good = column.read_form(json) && column.read_numbers(json, 3, rows, before, input);
  } else if (kind == "t") {
    column.kind_ = Kind::times;
    good = column.read_form(json) && column.read_numbers(json, 4, rows, before, input);
  }
  if (!good) return std::nullopt;
  return column;
}

bool Column::read_texts(size_t count, Input& input) {
  for (size_t i = 0; i < count; ++i) {
    const auto text = input.text();
    if (!text) return false;
    texts_.push_back(*text);
  }
  return true;
}

bool Column::read_words(const Json& json, size_t rows, Input& input) {
  const auto count = count_at(json, 1, rows);
  if (!count || !read_texts(*count, input)) return false;
  if (*count <= kWordBytesMax) {
    const auto bytes = input.numbers(rows);
    if (!bytes) return false;
    for (const char byte : *bytes) numbers_.push_back(static_cast<uint8_t>(byte));
  } else {
    const auto plan = json.size() > 2 ? integer_plan(json[2]) : std::nullopt;
    if (!plan || plan->group) return false;
    auto numbers = read_integers(*plan, rows, {}, input);
    if (!numbers) return false;
    numbers_ = *std::move(numbers);
  }
  return std::ranges::all_of(numbers_,
                             [&](int64_t word) { return word >= 0 && static_cast<size_t>(word) < *count; });
}

bool Column::read_form(const Json& json) {
  const bool time = kind_ == Kind::times;
  const auto decimals = count_at(json, 1, time ? kTimeDecimalsMax : kDecimalsMax);
  if (!decimals) return false;
  decimals_ = static_cast<unsigned>(*decimals);
  if (!time) {
    const auto least = count_at(json, 2, *decimals);
    decimals_min_ = static_cast<unsigned>(least.value_or(0));
    return least.has_value();
  }
  if (json.size() < 4 || !json[2].is_string() || !json[3].is_string()) return false;
  between_ = json[2].get<std::string>();
  zone_ = json[3].get<std::string>();
  return true;
}

bool Column::read_numbers(const Json& json, size_t from, size_t rows, const std::vector<Column>& before,
                          Input& input) {
  const auto plan = from < json.size() ? integer_plan(json[from]) : std::nullopt;
  if (!plan || (plan->group && *plan->group >= before.size())) return false;
  auto numbers = read_integers(
      *plan, rows, plan->group ? before[*plan->group].groups(rows) : std::vector<uint32_t>(), input);
  if (!numbers) return false;
  numbers_ = *std::move(numbers);
  for (size_t at = from + 1; at < json.size(); ++at) {
    const auto row = count_at(json, at, rows - 1);
    const auto text = row ? input.text() : std::nullopt;
    if (!text) return false;
    others_[*row] = *text;
  }
  return kind_ == Kind::decimals || std::ranges::all_of(numbers_, [](int64_t count) { return count >= 0; });
}

std::vector<uint32_t> Column::groups(size_t rows) const {
  std::unordered_map<std::string, uint32_t> numbers;
  std::vector<uint32_t> of_row;
  std::string text;
  for (size_t row = 0; row < rows; ++row) {
    text.clear();
    append_to(text, row);
    of_row.push_back(numbers.try_emplace(text, static_cast<uint32_t>(numbers.size())).first->second);
  }
  return of_row;
}

void Column::append_to(std::string& out, size_t row) const {
  switch (kind_) {
    case Kind::constant:
      out += texts_.front();
      return;
    case Kind::words:
      out += texts_[static_cast<size_t>(numbers_[row])];
      return;
    case Kind::strings:
      out += texts_[row];
      return;
    case Kind::decimals:
    case Kind::times:
      break;
  }
  if (const auto other = others_.find(row); other != others_.end()) {
    out += other->second;
  } else if (kind_ == Kind::decimals) {
    append_decimal(out, numbers_[row], decimals_, decimals_min_);
  } else {
    append_time(out, numbers_[row], decimals_, between_);
    out += zone_;
  }
}

}  // namespace headgate::tools::columns
