#include "upstream/payload/columns/row_shapes.h"

#include <array>
#include <cstring>

namespace headgate::upstream::columns {
namespace {

// Characters that numbers and the three words are made of.
constexpr auto kScalar = [] {
  std::array<bool, 256> is{};
  for (const char c : std::string_view("+-.0123456789eEtrufalsn")) is[static_cast<unsigned char>(c)] = true;
  return is;
}();

const char* scalar_end(const char* at, const char* end) {
  while (at < end && kScalar[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

// At the closing quote of a string whose opening quote is before `at`; `end` if there is none.
const char* string_end(const char* at, const char* end) {
  for (; at < end && *at != '"'; ++at) {
    if (*at == '\\' && ++at == end) return end;
  }
  return at;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_name(const char* behind_quote, const char* end) {
  while (behind_quote < end && is_blank(*behind_quote)) ++behind_quote;
  return behind_quote < end && *behind_quote == ':';
}

// Splits a row into its pattern and its values; their places count from `begin`.
void scan(const char* begin, const char* at, const char* end, std::string& pattern,
          std::vector<Token>& tokens) {
  const auto take = [&](const char* from, const char* to) {
    tokens.push_back({static_cast<uint32_t>(from - begin), static_cast<uint32_t>(to - from)});
    pattern += kHole;
  };
  while (at < end) {
    if (*at == '"') {
      const char* const close = string_end(at + 1, end);
      if (close == end || is_name(close + 1, end)) {
        pattern.append(at, close == end ? end : close + 1);
      } else {
        pattern += '"';
        take(at + 1, close);
        pattern += '"';
      }
      at = close == end ? end : close + 1;
    } else if (kScalar[static_cast<unsigned char>(*at)]) {
      const char* const close = scalar_end(at, end);
      take(at, close);
      at = close;
    } else {
      pattern += *at++;
    }
  }
}

std::vector<Piece> pieces_of(std::string_view pattern) {
  std::vector<Piece> pieces;
  for (;;) {
    const size_t hole = pattern.find(kHole);
    const std::string_view text = pattern.substr(0, hole);
    pieces.push_back({std::string(text), text.ends_with('"')});
    if (hole == std::string_view::npos) return pieces;
    pattern.remove_prefix(hole + 1);
  }
}

}  // namespace

void RowShapes::add(uint32_t row, std::string_view text, size_t at) {
  size_t shape = shapes_.empty() ? 0 : shapes_[last_].next;
  if (shapes_.empty() || (!fits(shape, text, at) && !fits(shape = last_, text, at)))
    shape = look_up(text, at);
  shapes_[shape].rows.push_back(row);
  shapes_[last_].next = shape;
  last_ = shape;
}

void RowShapes::clear() {
  shapes_.clear();
  by_pattern_.clear();
  last_ = 0;
}

// Compares instead of scanning: most rows are shaped like the one before, or come in turns.
bool RowShapes::fits(size_t number, std::string_view text, size_t at) {
  Shape& shape = shapes_[number];
  const size_t values_before = shape.values.size();
  const char* from = text.data() + at;
  const char* const end = text.data() + text.size();
  for (size_t i = 0;; ++i) {
    const Piece& piece = shape.pieces[i];
    const size_t bytes = piece.text.size();
    if (static_cast<size_t>(end - from) < bytes || std::memcmp(from, piece.text.data(), bytes) != 0) break;
    from += bytes;
    if (i == shape.holes()) {
      if (from == end) return true;
      break;
    }
    const char* const close = piece.quoted ? string_end(from, end) : scalar_end(from, end);
    if (!piece.quoted && close == from) break;
    shape.values.push_back({static_cast<uint32_t>(from - text.data()), static_cast<uint32_t>(close - from)});
    from = close;
  }
  shape.values.resize(values_before);
  return false;
}

size_t RowShapes::look_up(std::string_view text, size_t at) {
  pattern_.clear();
  tokens_.clear();
  scan(text.data(), text.data() + at, text.data() + text.size(), pattern_, tokens_);
  if (tokens_.size() > kHolesMax) {
    pattern_ = kHole;
    tokens_ = {{static_cast<uint32_t>(at), static_cast<uint32_t>(text.size() - at)}};
  }
  const auto [found, is_new] = by_pattern_.try_emplace(pattern_, shapes_.size());
  if (is_new) shapes_.push_back({pattern_, pieces_of(pattern_), {}, {}, found->second});
  Shape& shape = shapes_[found->second];
  shape.values.insert(shape.values.end(), tokens_.begin(), tokens_.end());
  return found->second;
}

}  // namespace headgate::upstream::columns
