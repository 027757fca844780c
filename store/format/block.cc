#include "store/format/block.h"

#include "store/format/record_codec.h"
#include "store/format/varint.h"

namespace headgate::store {
namespace {

constexpr uint8_t kBlockVersion = 1;

core::Unexpected corrupt_block(Seq id, const char* what) {
  return core::fail(core::Errc::corrupt, "block " + std::to_string(id) + ": " + what);
}

}  // namespace

std::string begin_block(Seq id, const BlockHeader& header) {
  std::string out;
  put_u8(out, kBlockVersion);
  put_varint(out, header.last - id);
  put_varint(out, header.targets.size());
  for (const LaneId& target : header.targets) {
    put_varint(out, target.queue);
    put_u8(out, target.lane);
  }
  return out;
}

uint32_t append_to_block(std::string& block, Seq id, Seq seq, const core::Message& message) {
  const auto offset = static_cast<uint32_t>(block.size());
  put_varint(block, seq - id);
  encode_record(message, block);
  return offset;
}

core::Result<BlockHeader> decode_block_header(Seq id, core::Bytes block) {
  Decoder in(block);
  const uint8_t version = in.u8();
  BlockHeader header;
  header.last = id + in.varint();
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const auto queue = static_cast<QueueId>(in.varint());
    header.targets.push_back({queue, in.u8()});
  }
  if (version != kBlockVersion || !in.ok()) return corrupt_block(id, "its header cannot be decoded");
  return header;
}

core::Result<core::MessagePtr> message_in_block(Seq id, core::Bytes block, uint32_t offset, Seq seq,
                                                int64_t arrived_hub_ms) {
  if (offset >= block.size()) return corrupt_block(id, "an index entry points past its end");
  Decoder in(block.substr(offset));
  if (id + in.varint() != seq) return corrupt_block(id, "an index entry points at another message");
  return decode_record(in.rest(), arrived_hub_ms);
}

}  // namespace headgate::store
