#include "store/dead_letter.h"

#include <string_view>

#include "store/format/varint.h"

namespace headgate::store {
namespace {

constexpr uint8_t kVersion = 1;

// The text, or as many whole characters of it as may be kept.
std::string_view cut(std::string_view text) {
  if (text.size() <= kDeathTextBytesMax) return text;
  size_t end = kDeathTextBytesMax;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

void put_time(std::string& out, int64_t unix_ms) { put_varint(out, static_cast<uint64_t>(unix_ms)); }

int64_t time_from(Decoder& in) { return static_cast<int64_t>(in.varint()); }

}  // namespace

std::optional<QueueId> find_dead_queue(const QueueReader& reader) {
  for (const QueueId queue : reader.queues()) {
    if (reader.stats(queue).attributes.kind == QueueKind::dead) return queue;
  }
  return std::nullopt;
}

std::string encode_dead_letter(const DeadLetter& letter) {
  std::string out;
  put_u8(out, kVersion);
  put_string(out, letter.queue);
  put_u8(out, letter.lane);
  put_varint(out, letter.seq);
  put_time(out, letter.expires_ms);
  put_string(out, letter.tag);
  const Death& death = letter.death;
  put_time(out, death.at_ms);
  put_varint(out, death.attempts);
  put_string(out, cut(death.reason));
  put_string(out, cut(death.first_error));
  put_time(out, death.first_error_ms);
  put_string(out, cut(death.last_error));
  put_time(out, death.last_error_ms);
  return out;
}

core::Result<DeadLetter> decode_dead_letter(core::Bytes tag) {
  Decoder in(tag);
  const uint8_t version = in.u8();
  DeadLetter letter;
  letter.queue = in.string();
  letter.lane = in.u8();
  letter.seq = in.varint();
  letter.expires_ms = time_from(in);
  letter.tag = in.string();
  Death& death = letter.death;
  death.at_ms = time_from(in);
  death.attempts = static_cast<uint32_t>(in.varint());
  death.reason = in.string();
  death.first_error = in.string();
  death.first_error_ms = time_from(in);
  death.last_error = in.string();
  death.last_error_ms = time_from(in);
  if (!in.at_end() || version != kVersion || letter.lane >= kLaneCount)
    return core::fail(core::Errc::corrupt, "what is known about a dead letter cannot be decoded");
  return letter;
}

}  // namespace headgate::store
