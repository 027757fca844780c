#include "hub/observe/topics/topic_table.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace headgate::hub {
namespace {

constexpr int64_t kWindowMs = 1 << 16;        // about a minute
constexpr uint64_t kBytesOfABucket = 256;     // of the bound: about a topic a bucket
constexpr uint64_t kAllocatorBytes = 3 * 16;  // beside an entry and its two texts

uint64_t bytes_of(const TopicEntry& entry) {
  return sizeof entry + entry.topic.capacity() + entry.value.capacity() + kAllocatorBytes;
}

void count_in_window(TopicEntry& entry, int64_t hub_ms) {
  const int64_t window = hub_ms / kWindowMs;
  if (window != entry.window) {
    entry.in_window_before = window == entry.window + 1 ? entry.in_window : 0;
    entry.in_window = 0;
    entry.window = window;
  }
  ++entry.in_window;
}

}  // namespace

double TopicEntry::rate_per_s(int64_t now_hub_ms) const {
  const int64_t now_window = now_hub_ms / kWindowMs;
  const uint32_t current = now_window == window ? in_window : 0;
  const uint32_t before = now_window == window ? in_window_before : now_window == window + 1 ? in_window : 0;
  const double passed = static_cast<double>(now_hub_ms % kWindowMs) / kWindowMs;
  const auto known_ms = std::clamp<int64_t>(now_hub_ms - first_hub_ms, 1000, kWindowMs);
  return (before * (1 - passed) + current) * 1000 / static_cast<double>(known_ms);
}

void TopicTable::use_limit(uint64_t bytes_max) {
  if (bytes_max == bytes_max_) return;
  clear();
  bytes_max_ = bytes_max;
}

void TopicTable::note(const core::Message& message) {
  if (bytes_max_ == 0) return;
  TopicEntry& entry = is_last(message.topic) ? *last_ : find_or_add(message.topic);
  last_ = &entry;
  entry.has_come_again = entry.count != 0;
  const size_t held = entry.value.capacity();
  entry.value.assign(message.body, 0, kValueBytesMax);
  bytes_ += entry.value.capacity() - held;
  entry.payload_bytes = message.body.size();
  entry.last_ms = message.arrived_ms;
  entry.qos = message.qos;
  entry.retain = message.retain;
  if (++entry.count == 1) entry.first_hub_ms = message.arrived_hub_ms;
  count_in_window(entry, message.arrived_hub_ms);
  if (bytes_ > bytes_max_) make_room();
}

TopicEntry& TopicTable::find_or_add(std::string_view topic) {
  if (bytes_ == 0) begin();
  Index::insert_commit_data place;
  const auto [found, is_new] = index_.insert_check(topic, Hash(), Equal(), place);
  return is_new ? add(topic, place) : *found;
}

// A hub on which nothing is published has no table.
void TopicTable::begin() {
  Buckets buckets(std::bit_ceil(std::max<uint64_t>(bytes_max_ / kBytesOfABucket, 1)));
  index_.rehash(Index::bucket_traits(buckets.data(), buckets.size()));
  buckets_ = std::move(buckets);  // the same buckets, at the same place
  bytes_ = buckets_.size() * sizeof(Index::bucket_type);
}

TopicEntry& TopicTable::add(std::string_view topic, const Index::insert_commit_data& place) {
  auto* const entry = new TopicEntry;  // owned by the index, until clear() or make_room()
  entry->topic = topic;
  index_.insert_commit(*entry, place);
  leaving_.push_front(*entry);
  bytes_ += bytes_of(*entry);
  return *entry;
}

// The last one stays, whatever the bound.
void TopicTable::make_room() {
  while (bytes_ > bytes_max_ && index_.size() > 1) {
    TopicEntry& oldest = leaving_.back();
    if (std::exchange(oldest.has_come_again, false)) {
      leaving_.splice(leaving_.begin(), leaving_, leaving_.iterator_to(oldest));
      continue;
    }
    bytes_ -= bytes_of(oldest);
    if (&oldest == last_) last_ = nullptr;
    leaving_.pop_back();
    index_.erase_and_dispose(index_.iterator_to(oldest), std::default_delete<TopicEntry>());
    ++forgotten_;
  }
}

void TopicTable::clear() {
  last_ = nullptr;
  leaving_.clear();
  index_.clear_and_dispose(std::default_delete<TopicEntry>());
  bytes_ = 0;
  forgotten_ = 0;
}

size_t TopicTable::walk(size_t bucket, size_t topics_max, const Visit& visit) const {
  size_t shown = 0;
  for (; bucket < index_.bucket_count() && shown < topics_max; ++bucket) {
    for (auto entry = index_.begin(bucket); entry != index_.end(bucket); ++entry, ++shown) visit(*entry);
  }
  return bucket < index_.bucket_count() ? bucket : 0;
}

}  // namespace headgate::hub
