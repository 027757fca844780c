#include "tools/bench/reading.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace headgate::tools::bench {
namespace {

constexpr std::string_view kStampMember = R"("stamp":")";
constexpr char kHexDigits[] = "0123456789abcdef";

}  // namespace

ReadingSource::ReadingSource(uint32_t machine) : random_(machine + 1), machine_(machine) {}

double ReadingSource::walk(double value, double step, double low, double high) {
  const double unit = static_cast<double>(random_()) / static_cast<double>(std::minstd_rand::max());
  return std::clamp(value + step * (2 * unit - 1), low, high);
}

std::string_view ReadingSource::next() {
  time_ms_ += 1000 + static_cast<int64_t>(random_() % 41);
  temperature_ = walk(temperature_, 0.4, 20, 99);
  pressure_ = walk(pressure_, 0.05, 1, 9.9);
  rms_ = walk(rms_, 0.05, 0.1, 7);
  ambient_ = walk(ambient_, 0.02, 10, 40);
  // The ranges above keep every field's width; the note takes what is left.
  const int head = std::snprintf(
      text_.data(), text_.size(),
      R"({"machine":{"id":"press-%02u","temperature":%.4f,"pressure":%.4f,"vibration":{"rms":%.4f,"peak":%.4f}},)"
      R"("ambient":{"temperature":%.4f,"humidity":%02u},"timeCreated":%lld,"status":"running","note":")",
      machine_ % 100, temperature_, pressure_, rms_, rms_ * 1.414, ambient_,
      static_cast<unsigned>(24 + random_() % 3), static_cast<long long>(time_ms_));
  std::fill(text_.begin() + head, text_.begin() + kReadingBytes, '.');
  text_[kReadingBytes - 2] = '"';
  text_[kReadingBytes - 1] = '}';
  return {text_.data(), kReadingBytes};
}

std::string stamped_reading(const Stamp& stamp) {
  std::array<uint8_t, sizeof(Stamp)> bytes;
  std::memcpy(bytes.data(), &stamp, sizeof(Stamp));
  std::string text = "{";
  text.append(kStampMember);
  for (const uint8_t byte : bytes) {
    text.push_back(kHexDigits[byte >> 4U]);
    text.push_back(kHexDigits[byte & 15U]);
  }
  text.append(R"(","machine":{"id":"press-07","temperature":71.25},"status":"running","note":")");
  text.resize(kStampedBytes - 2, '.');
  return text.append("\"}");
}

std::optional<Stamp> stamp_of_row(std::string_view body) {
  const size_t member = body.find(kStampMember);
  if (member == std::string_view::npos) return std::nullopt;
  const std::string_view text = body.substr(member + kStampMember.size());
  std::array<uint8_t, sizeof(Stamp)> bytes;
  if (text.size() < 2 * bytes.size()) return std::nullopt;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char* digits = text.data() + 2 * i;
    if (std::from_chars(digits, digits + 2, bytes[i], 16).ptr != digits + 2) return std::nullopt;
  }
  Stamp stamp;
  std::memcpy(&stamp, bytes.data(), sizeof(Stamp));
  return stamp;
}

}  // namespace headgate::tools::bench
