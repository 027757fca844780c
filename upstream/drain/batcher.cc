#include "upstream/drain/batcher.h"

#include <algorithm>
#include <utility>

#include "upstream/payload/batch_codec.h"

namespace headgate::upstream {

void Batcher::limit_messages(size_t messages_max) {
  messages_max_ = std::clamp<size_t>(messages_max, 1, options_.messages_max);
  follows_ = false;
}

void Batcher::follow(size_t messages) {
  messages_max_ = messages;
  follows_ = true;
}

store::ReadLimit Batcher::room() const {
  const size_t bytes_max = json_bytes_max();
  store::ReadLimit room{0, 0};
  if (entries_.size() < messages_max_) room.messages = messages_max_ - entries_.size();
  if (json_bytes_ < bytes_max) room.bytes = bytes_max - json_bytes_;
  return room;
}

size_t Batcher::json_bytes_max() const {
  if (follows_) return SIZE_MAX;
  const double expected = static_cast<double>(options_.compressed_bytes_max) / ratio_;
  return std::min(options_.bytes_max, static_cast<size_t>(expected));
}

bool Batcher::full() const {
  if (entries_.empty()) return false;
  const store::ReadLimit left = room();
  return left.messages == 0 || left.bytes == 0;
}

void Batcher::add(store::Entry entry, core::Now now) {
  if (entries_.empty()) {
    const int64_t age_ms = now.hub_ms - entry.message->arrived_hub_ms;
    ready_at_ms_ = now.mono_ms + std::clamp<int64_t>(options_.linger_ms - age_ms, 0, options_.linger_ms);
  }
  json_bytes_ += row_bytes_estimate(*entry.message);
  entries_.push_back(std::move(entry));
}

std::vector<store::Entry> Batcher::take() {
  json_bytes_ = 0;
  ready_at_ms_ = kNever;
  return std::exchange(entries_, {});
}

void Batcher::learn(size_t json_bytes, size_t compressed_bytes) {
  constexpr size_t kTellingBytes = 4096;  // smaller batches hardly compress and would teach the wrong thing
  constexpr double kWeight = 0.25;        // of the newest batch
  if (json_bytes < kTellingBytes) return;
  const double seen = static_cast<double>(compressed_bytes) / static_cast<double>(json_bytes);
  ratio_ += kWeight * (std::clamp(seen, 0.001, 1.0) - ratio_);
}

}  // namespace headgate::upstream
