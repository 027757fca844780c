#include "store/format/segment.h"

#include <algorithm>
#include <utility>

namespace headgate::store {
namespace {

// Lengths, flags and times of a record, about, and those of each user property.
constexpr size_t kRecordOverhead = 48;
constexpr size_t kUserPropertyOverhead = 4;

// The size of a record, of which stored_bytes() are `bytes`: rather too much than too little, since a block that outgrows
// what was reserved for it is copied whole.
size_t record_bytes(const core::Message& message, size_t bytes) {
  size_t sum = bytes + kRecordOverhead;
  if (message.properties) sum += kUserPropertyOverhead * message.properties->user.size();
  if (!message.source) return sum;
  const core::Source& source = *message.source;
  return sum + source.client_id.size() + source.device.size() + source.module.size();
}

uint64_t hash_of(std::span<const Target> targets) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, over whole lane ids
  for (const Target& target : targets) {
    hash = (hash ^ LaneId{target.queue, target.lane}.packed()) * 0x100000001b3;
  }
  return hash;
}

bool same_lanes(const std::vector<LaneId>& lanes, std::span<const Target> targets) {
  return std::ranges::equal(lanes, targets, [](const LaneId& lane, const Target& target) {
    return lane.queue == target.queue && lane.lane == target.lane;
  });
}

uint32_t block_position(IndexRow& row, RowBlock block) {
  // Entries of one block come in runs, so the search ends near the back.
  for (size_t i = row.blocks.size(); i > 0; --i) {
    if (row.blocks[i - 1].id == block.id) return static_cast<uint32_t>(i - 1);
  }
  row.blocks.push_back(block);
  return static_cast<uint32_t>(row.blocks.size() - 1);
}

}  // namespace

bool Segment::full_for(Seq seq) const {
  if (items_.empty()) return false;
  return items_.size() >= kMessagesMax || bytes_ >= kBytesMax || seq - items_.front().seq >= kSeqSpanMax;
}

void Segment::add(Seq seq, core::MessagePtr message, size_t bytes, std::span<const Target> targets,
                  std::span<const Seq> previous) {
  const size_t record = record_bytes(*message, bytes);
  const uint32_t block = block_for(seq, record, targets);
  const auto item = static_cast<uint32_t>(items_.size());
  for (size_t i = 0; i < targets.size(); ++i) {
    Row& row = row_for({targets[i].queue, targets[i].lane}, previous[i]);
    const uint32_t position = block_position(row.row, {blocks_[block].id, targets.size() > 1});
    row.row.entries.push_back(
        {seq, message->arrived_hub_ms, targets[i].expires_ms, bytes, position, 0, targets[i].tag});
    row.items.push_back(item);
    if (targets[i].expires_ms != 0) row.due_ms = std::min(row.due_ms, targets[i].expires_ms);
  }
  bytes_ += record;
  items_.push_back({seq, std::move(message), block, 0});
}

const RowEntry* Segment::first_after(LaneId lane, Seq after) const {
  const auto found = row_index_.find(lane.packed());
  if (found == row_index_.end()) return nullptr;
  const IndexRow& row = rows_[found->second].row;
  const size_t position = row.position(after + 1);
  return position == row.entries.size() ? nullptr : &row.entries[position];
}

void Segment::leave_out(const std::function<bool(LaneId lane, Seq from, Seq to)>& passed) {
  for (Row& row : rows_) row.left_out = passed(row.lane, row.row.previous, row.row.last());
  for (Block& block : blocks_) {
    block.left_out = std::ranges::all_of(
        block.header.targets, [&](LaneId lane) { return passed(lane, block.id - 1, block.header.last); });
  }
}

void Segment::encode() {
  for (Item& item : items_) {
    Block& block = blocks_[item.block];
    if (block.left_out) continue;
    if (block.value.empty()) {
      block.value = begin_block(block.id, block.header);
      block.value.reserve(block.bytes);
    }
    item.offset = append_to_block(block.value, block.id, item.seq, *item.message);
  }
  for (Row& row : rows_) {
    for (size_t i = 0; i < row.items.size(); ++i) row.row.entries[i].offset = items_[row.items[i]].offset;
    row.items = {};
  }
  items_ = {};
}

uint32_t Segment::block_for(Seq seq, size_t bytes, std::span<const Target> targets) {
  const auto [slot, fresh] = open_blocks_.try_emplace(hash_of(targets), 0);
  if (!fresh) {
    Block& open = blocks_[slot->second];
    if (open.bytes + bytes <= kBlockBytes && same_lanes(open.header.targets, targets)) {
      open.bytes += bytes;
      open.header.last = seq;
      return slot->second;
    }
  }
  Block block{seq, {seq, {}}, bytes, {}, false};
  for (const Target& target : targets) block.header.targets.push_back({target.queue, target.lane});
  blocks_.push_back(std::move(block));
  return slot->second = static_cast<uint32_t>(blocks_.size() - 1);
}

Segment::Row& Segment::row_for(LaneId lane, Seq previous) {
  const auto [slot, fresh] = row_index_.try_emplace(lane.packed(), static_cast<uint32_t>(rows_.size()));
  if (fresh) rows_.push_back({lane, {previous, {}, {}}, {}, false});
  return rows_[slot->second];
}

}  // namespace headgate::store
