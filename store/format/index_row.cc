#include "store/format/index_row.h"

#include <algorithm>
#include <utility>

#include "store/format/varint.h"

namespace headgate::store {
namespace {

constexpr uint8_t kRowVersion = 1;
constexpr uint8_t kFoldedVersion = 2;  // has IndexRow::ended_behind

uint64_t zigzag(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}
int64_t unzigzag(uint64_t value) { return static_cast<int64_t>(value >> 1 ^ (~(value & 1) + 1)); }

// The entry before, relative to which an entry is written.
struct Base {
  Seq seq = 0;
  int64_t arrived_ms = 0;
  uint32_t offset = 0;
};

void encode_entry(const RowEntry& entry, const Base& base, std::string& out) {
  put_varint(out, entry.seq - base.seq);
  put_varint(out, zigzag(entry.arrived_ms - base.arrived_ms));
  put_varint(out, entry.expires_ms == 0 ? 0 : 1 + zigzag(entry.expires_ms - entry.arrived_ms));
  put_varint(out, entry.bytes);
  put_varint(out, entry.block);
  put_varint(out, zigzag(int64_t{entry.offset} - int64_t{base.offset}));
  put_string(out, entry.tag);
}

RowEntry decode_entry(Decoder& in, const Base& base) {
  RowEntry entry;
  entry.seq = base.seq + in.varint();
  entry.arrived_ms = base.arrived_ms + unzigzag(in.varint());
  const uint64_t expiry = in.varint();
  if (expiry != 0) entry.expires_ms = entry.arrived_ms + unzigzag(expiry - 1);
  entry.bytes = in.varint();
  entry.block = static_cast<uint32_t>(in.varint());
  entry.offset = static_cast<uint32_t>(int64_t{base.offset} + unzigzag(in.varint()));
  entry.tag = in.string();
  return entry;
}

std::vector<RowBlock> decode_blocks(Decoder& in) {
  std::vector<RowBlock> blocks;
  Seq id = 0;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const uint64_t packed = in.varint();
    id += packed >> 1;
    blocks.push_back({id, (packed & 1) != 0});
  }
  return blocks;
}

}  // namespace

size_t IndexRow::position(Seq seq) const {
  return static_cast<size_t>(std::ranges::lower_bound(entries, seq, {}, &RowEntry::seq) - entries.begin());
}

Seq IndexRow::before(size_t position) const { return position == 0 ? previous : entries[position - 1].seq; }

Seq IndexRow::tile_end(size_t position) const {
  return position + 1 == entries.size() ? last() : entries[position].seq;
}

bool IndexRow::leave_out(Seq from, Seq to) {
  if (entries.front().seq > from && entries.back().seq <= to) return false;
  const Seq end = last();
  std::erase_if(entries, [&](const RowEntry& entry) { return entry.seq > from && entry.seq <= to; });
  ended_behind = end - entries.back().seq;
  return true;
}

std::string encode_index_row(const IndexRow& row) {
  std::string out;
  out.reserve(16 + row.blocks.size() * 4 + row.entries.size() * 10);
  put_u8(out, row.ended_behind == 0 ? kRowVersion : kFoldedVersion);
  put_varint(out, row.previous);
  if (row.ended_behind != 0) put_varint(out, row.ended_behind);
  put_varint(out, row.blocks.size());
  Seq id = 0;
  for (const RowBlock& block : row.blocks) {
    put_varint(out, (block.id - id) << 1 | (block.shared ? 1 : 0));
    id = block.id;
  }
  put_varint(out, row.entries.size());
  Base base{row.previous, 0, 0};
  for (const RowEntry& entry : row.entries) {
    encode_entry(entry, base, out);
    base = {entry.seq, entry.arrived_ms, entry.offset};
  }
  return out;
}

core::Result<IndexRowPtr> decode_index_row(core::Bytes bytes) {
  Decoder in(bytes);
  auto row = std::make_shared<IndexRow>();
  const uint8_t version = in.u8();
  row->previous = in.varint();
  if (version == kFoldedVersion) row->ended_behind = in.varint();
  row->blocks = decode_blocks(in);
  const uint64_t count = in.varint();
  row->entries.reserve(std::min<uint64_t>(count, in.rest().size()));
  Base base{row->previous, 0, 0};
  bool sound = (version == kRowVersion || version == kFoldedVersion) && count > 0;
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    row->entries.push_back(decode_entry(in, base));
    const RowEntry& entry = row->entries.back();
    sound = sound && entry.seq > base.seq && entry.block < row->blocks.size();
    base = {entry.seq, entry.arrived_ms, entry.offset};
  }
  if (!sound || !in.at_end()) return core::fail(core::Errc::corrupt, "an index row cannot be decoded");
  return IndexRowPtr(std::move(row));
}

}  // namespace headgate::store
