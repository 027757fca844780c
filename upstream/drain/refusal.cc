#include "upstream/drain/refusal.h"

#include <string_view>
#include <utility>

namespace headgate::upstream {
std::string hex(uint8_t code) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return {'0', 'x', kDigits[code >> 4], kDigits[code & 0xF]};
}

std::string describe(uint8_t code) {
  static constexpr std::pair<uint8_t, std::string_view> kNames[] = {
      {0x80, "unspecified error"},
      {implementation_specific_error, "implementation specific error"},
      {0x87, "not authorized"},
      {0x90, "topic name invalid"},
      {packet_identifier_in_use, "packet identifier in use"},
      {packet_too_large, "packet too large"},
      {quota_exceeded, "quota exceeded"},
      {payload_format_invalid, "payload format invalid"}};
  for (const auto& [known, name] : kNames) {
    if (known == code) return hex(code) + ", " + std::string(name);
  }
  return hex(code);
}

bool is_not_now(uint8_t code) { return code == quota_exceeded || code == packet_identifier_in_use; }

void RefusalNotes::note(store::Seq seq, std::string error, core::Now now) {
  if (seq_ != seq) *this = {};
  if (times_++ == 0) {
    seq_ = seq;
    first_ = error;
    first_ms_ = now.wall_ms;
  }
  last_ = std::move(error);
  last_ms_ = now.wall_ms;
}

store::Death RefusalNotes::death(core::Now now) const {
  return {"upstream: " + last_, now.wall_ms, times_, first_, first_ms_, last_, last_ms_};
}

}  // namespace headgate::upstream
