#include "store/format/attributes_codec.h"

#include "core/topic.h"
#include "store/format/varint.h"

namespace headgate::store {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kKeepsGaps = 1;
constexpr uint8_t kPaused = 2;

bool is_module_input(std::string_view name) {
  const auto topic = core::parse_module_topic(name);
  return topic && topic->kind == core::ModuleTopic::Kind::input;
}

}  // namespace

std::string encode_attributes(const QueueAttributes& attributes) {
  std::string out;
  put_u8(out, kVersion);
  put_u8(out, static_cast<uint8_t>(attributes.kind));
  put_u8(out,
         static_cast<uint8_t>((attributes.keeps_gaps ? kKeepsGaps : 0) | (attributes.paused ? kPaused : 0)));
  put_string(out, attributes.plan);
  return out;
}

core::Result<QueueAttributes> decode_attributes(core::Bytes bytes) {
  Decoder in(bytes);
  const uint8_t version = in.u8();
  const uint8_t kind = in.u8();
  const uint8_t flags = in.u8();
  QueueAttributes attributes{static_cast<QueueKind>(kind), (flags & kKeepsGaps) != 0,
                             std::string(in.string()), (flags & kPaused) != 0};
  if (!in.at_end() || version != kVersion || kind > static_cast<uint8_t>(QueueKind::history))
    return core::fail(core::Errc::corrupt, "the attributes of a queue cannot be decoded");
  return attributes;
}

QueueAttributes attributes_by_name(std::string_view name) {
  if (name == "$dead") return {QueueKind::dead};
  if (name.starts_with('$')) return link_attributes();
  if (name.starts_with("session/")) return {QueueKind::session};
  if (is_module_input(name)) return {QueueKind::input};
  return {};
}

}  // namespace headgate::store
