#include "routing/compute/windows/packed_panes.h"

#include <algorithm>
#include <utility>

#include "routing/compute/aggregates/packed.h"

namespace headgate::routing {
namespace {

enum PackedFlag : uint8_t { changed_bit = 1, stored_bit = 2 };

uint8_t flags_of(bool changed, bool stored) {
  return static_cast<uint8_t>((changed ? changed_bit : 0) | (stored ? stored_bit : 0));
}

}  // namespace

uint64_t PackedPanes::Reader::varint() {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<uint8_t>(chunk_.bytes[end_++]);
    value |= static_cast<uint64_t>(byte & 0x7fU) << shift;
    if (byte < 0x80) return value;
  }
}

bool PackedPanes::Reader::next() {
  if (end_ == chunk_.bytes.size()) return false;
  begin_ = end_;
  item_.at += static_cast<int64_t>(varint());
  flags_ = end_;
  const auto flags = static_cast<uint8_t>(chunk_.bytes[end_++]);
  item_.changed = (flags & changed_bit) != 0;
  item_.stored = (flags & stored_bit) != 0;
  const uint64_t size = varint();
  item_.sums = std::string_view(chunk_.bytes).substr(end_, size);
  end_ += size;
  return true;
}

void PackedPanes::append(std::string& out, int64_t before, const Item& item) {
  pack_varint(out, static_cast<uint64_t>(item.at - before));
  pack_byte(out, flags_of(item.changed, item.stored));
  pack_text(out, item.sums);
}

// The first chunk whose last pane is at or behind `at`.
size_t PackedPanes::chunk_from(int64_t at) const {
  const auto found = std::lower_bound(chunks_.begin(), chunks_.end(), at,
                                      [](const Chunk& chunk, int64_t wanted) { return chunk.last < wanted; });
  return static_cast<size_t>(found - chunks_.begin());
}

int64_t PackedPanes::at(size_t index) const {
  size_t chunk = 0;
  for (; index >= chunks_[chunk].items; ++chunk) index -= chunks_[chunk].items;
  Reader reader(chunks_[chunk]);
  for (bool more = reader.next(); more && index > 0; --index) more = reader.next();
  return reader.item().at;
}

size_t PackedPanes::first_from(int64_t at) const {
  const size_t chunk = chunk_from(at);
  if (chunk == chunks_.size()) return size_;
  size_t index = 0;
  for (size_t i = 0; i < chunk; ++i) index += chunks_[i].items;
  Reader reader(chunks_[chunk]);
  while (reader.next() && reader.item().at < at) ++index;
  return index;
}

std::optional<PackedPanes::Item> PackedPanes::find(int64_t at) const {
  std::optional<Item> found;
  visit(at, at + 1, [&](const Item& item) {
    found = item;
    return false;
  });
  return found;
}

void PackedPanes::put(const Item& item) {
  const size_t chunk = chunk_from(item.at);
  if (chunk == chunks_.size()) return push_back(item);
  put_into(chunk, item);
  if (chunks_[chunk].items >= 2 * kChunkItems) split(chunk);
}

void PackedPanes::push_back(const Item& item) {
  if (chunks_.empty() || chunks_.back().items >= kChunkItems) {
    if (!chunks_.empty()) chunks_.back().bytes.shrink_to_fit();
    chunks_.emplace_back();
    chunks_.back().base = chunks_.back().last = item.at;
  }
  Chunk& chunk = chunks_.back();
  append(chunk.bytes, chunk.last, item);
  chunk.last = item.at;
  ++chunk.items;
  ++size_;
  sums_bytes_ += item.sums.size();
}

// The pane behind it counts its distance anew.
void PackedPanes::put_into(size_t index, const Item& item) {
  Chunk& chunk = chunks_[index];
  Reader reader(chunk);
  chunk.base = std::min(chunk.base, item.at);
  int64_t before = chunk.base;
  while (reader.next() && reader.item().at < item.at) before = reader.item().at;
  const Item next = reader.item();
  std::string bytes = chunk.bytes.substr(chunk.gone_bytes, reader.begin() - chunk.gone_bytes);
  append(bytes, before, item);
  sums_bytes_ += item.sums.size();
  if (next.at == item.at) {
    sums_bytes_ -= next.sums.size();
  } else {
    append(bytes, item.at, next);
    ++chunk.items;
    ++size_;
  }
  bytes.append(chunk.bytes, reader.end());
  bytes.shrink_to_fit();
  chunk.bytes = std::move(bytes);
  chunk.gone_bytes = 0;
}

void PackedPanes::split(size_t index) {
  Chunk rest;
  Chunk& chunk = chunks_[index];
  Reader reader(chunk);
  for (size_t i = 0; i < kChunkItems; ++i) (void)reader.next();
  rest.base = reader.item().at;
  rest.last = std::exchange(chunk.last, reader.item().at);
  rest.items =
      std::exchange(chunk.items, static_cast<uint32_t>(kChunkItems)) - static_cast<uint32_t>(kChunkItems);
  rest.bytes = chunk.bytes.substr(reader.end());
  chunk.bytes.resize(reader.end());
  chunk.bytes.shrink_to_fit();
  chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(rest));
}

void PackedPanes::mark(int64_t at, bool changed, bool stored) {
  const size_t index = chunk_from(at);
  if (index == chunks_.size()) return;
  Reader reader(chunks_[index]);
  while (reader.next() && reader.item().at < at) {
  }
  if (reader.item().at == at)
    chunks_[index].bytes[reader.flags()] = static_cast<char>(flags_of(changed, stored));
}

void PackedPanes::remove_first() {
  Chunk& chunk = chunks_.front();
  Reader reader(chunk);
  (void)reader.next();
  sums_bytes_ -= reader.item().sums.size();
  --size_;
  if (--chunk.items == 0) {
    chunks_.erase(chunks_.begin());
    return;
  }
  chunk.base = reader.item().at;
  chunk.gone_bytes = static_cast<uint32_t>(reader.end());
  if (chunk.gone_bytes <= chunk.bytes.size() / 2) return;
  chunk.bytes.erase(0, std::exchange(chunk.gone_bytes, 0));
  chunk.bytes.shrink_to_fit();
}

}  // namespace headgate::routing
