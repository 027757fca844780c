#include "upstream/payload/columns/column_writer.h"

#include <algorithm>
#include <optional>

#include "upstream/payload/columns/numerals.h"

namespace headgate::upstream::columns {
namespace {

constexpr size_t kGroupingsMax = 2;        // columns that others are grouped by
constexpr size_t kRowsOfAGroup = 4;        // on average, or it is none
constexpr size_t kWordBytesMax = 256;      // so many words are numbered with a byte
constexpr double kWordsPreference = 0.95;  // what words must come to beside numbers

// Whether so many values of a column may be no numbers.
bool are_few(size_t others, size_t rows) { return others * 16 <= rows; }

// Words, if they repeat: twice on average.
std::optional<Words> words_of(const std::vector<std::string_view>& texts) {
  constexpr size_t kTelling = 64;  // values after which it is clear that they do not
  Words words(texts.size() / 2 + 1);
  for (size_t row = 0; row < texts.size(); ++row) {
    if (!words.add(texts[row])) return std::nullopt;
    if (row == kTelling && words.words().size() > kTelling * 3 / 4) return std::nullopt;
  }
  return words;
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// Takes the number of each row, in a form that gives its text again; else it is one of the others.
template <typename Number>
void fill(const std::vector<std::optional<Number>>& found, std::vector<int64_t>& values,
          std::vector<uint32_t>& others, auto value_of) {
  std::optional<int64_t> last;
  values.reserve(found.size());
  for (size_t row = 0; row < found.size(); ++row) {
    const std::optional<int64_t> value = found[row] ? value_of(*found[row]) : std::nullopt;
    if (value && !last) std::fill(values.begin(), values.end(), *value);
    if (value) last = value;
    if (!value) others.push_back(static_cast<uint32_t>(row));
    values.push_back(last.value_or(0));
  }
}

}  // namespace

void ColumnWriter::write() {
  Texts texts;
  for (size_t hole = 0; hole < shape_.holes(); ++hole) {
    texts.clear();
    for (size_t at = hole; at < shape_.values.size(); at += shape_.holes()) {
      const Token token = shape_.values[at];
      texts.push_back(text_.substr(token.at, token.bytes));
    }
    if (hole > 0) head_ += ',';
    write_column(hole, texts);
  }
}

void ColumnWriter::write_column(size_t hole, const Texts& texts) {
  std::optional<Words> words = words_of(texts);
  if (words && words->words().size() == 1) {
    head_ += "[\"c\"]";
    return streams_.put_text(texts.front());
  }
  Numbers numbers;
  std::optional<IntegerPlan> plan;
  if (read_decimals(texts, numbers) || read_times(texts, numbers))
    plan = plan_integers(numbers.values, groups_);
  if (plan && (!words || words->bits() > plan->bits * kWordsPreference)) {
    write_numbers(numbers, *plan, texts);
  } else if (words) {
    write_words(*words);
  } else {
    head_ += "[\"s\"]";
    for (const std::string_view text : texts) streams_.put_text(text);
  }
  if (words) offer_groups(hole, *std::move(words));
}

void ColumnWriter::offer_groups(size_t hole, Words words) {
  const size_t rows = words.of_row().size(), count = words.words().size();
  if (grouping_.size() == kGroupingsMax || count * kRowsOfAGroup > rows) return;
  grouping_.push_back(std::move(words));
  groups_.push_back({grouping_.back().of_row(), count, hole});
}

void ColumnWriter::write_words(const Words& words) {
  const size_t count = words.words().size();
  head_.append("[\"w\",").append(std::to_string(count));
  for (const std::string_view word : words.words()) streams_.put_text(word);
  if (count <= kWordBytesMax) {
    for (const uint32_t word : words.of_row()) streams_.texts += static_cast<char>(word);
  } else {
    const std::vector<int64_t> values(words.of_row().begin(), words.of_row().end());
    head_ += ',';
    write_integers(plan_integers(values, {}), head_, streams_);
  }
  head_ += ']';
}

void ColumnWriter::write_numbers(const Numbers& numbers, const IntegerPlan& plan, const Texts& texts) {
  head_.append("[").append(numbers.kind).append(",");
  write_integers(plan, head_, streams_);
  for (const uint32_t row : numbers.others) {
    head_.append(",").append(std::to_string(row));
    streams_.put_text(texts[row]);
  }
  head_ += ']';
}

bool ColumnWriter::read_decimals(const Texts& texts, Numbers& numbers) {
  std::vector<std::optional<Decimal>> found;
  found.reserve(texts.size());
  size_t none = 0;
  uint8_t most = 0, least = UINT8_MAX;
  for (const std::string_view text : texts) {
    found.push_back(decimal_of(text));
    if (found.back()) {
      most = std::max(most, found.back()->decimals);
      least = std::min(least, found.back()->decimals);
    } else if (!are_few(++none, texts.size())) {
      return false;
    }
  }
  numbers = {"\"d\"," + std::to_string(most) + "," + std::to_string(least), {}, {}};
  fill(found, numbers.values, numbers.others, [&](const Decimal& decimal) {
    const auto value = scaled(decimal, most);
    return value && written_decimals(*value, most, least) == decimal.decimals ? value : std::nullopt;
  });
  return are_few(numbers.others.size(), texts.size());
}

bool ColumnWriter::read_times(const Texts& texts, Numbers& numbers) {
  std::vector<std::optional<Time>> found;
  found.reserve(texts.size());
  std::optional<Time> form;
  size_t none = 0;
  for (const std::string_view text : texts) {
    found.push_back(time_of(text));
    if (found.back() && !form) form = found.back();
    if (!found.back() && !are_few(++none, texts.size())) return false;
  }
  if (!form) return false;
  numbers = {"\"t\"," + std::to_string(form->decimals) + "," + quoted({&form->between, 1}) + "," +
                 quoted(form->zone),
             {},
             {}};
  fill(found, numbers.values, numbers.others, [&](const Time& time) -> std::optional<int64_t> {
    if (time.decimals != form->decimals || time.between != form->between || time.zone != form->zone)
      return std::nullopt;
    return time.count;
  });
  return are_few(numbers.others.size(), texts.size());
}

}  // namespace headgate::upstream::columns
