#include "hub/engine/downstream/seen_ids.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <tuple>

#include "hub/engine/session_records.h"

namespace headgate::hub {
namespace {

constexpr size_t kNumberBytes = 8;
constexpr size_t kMarkBytes = std::tuple_size_v<SeenIds::Digest>;
constexpr size_t kUndatedBytes = kNumberBytes + 2 * kMarkBytes;
constexpr size_t kDatedBytes = kUndatedBytes + kNumberBytes;
constexpr int kErasedAtATime = 2;  // more than come, so that what is old does go

SeenIds::Digest digest_of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    std::abort();  // OpenSSL is without SHA-256, or without memory
  SeenIds::Digest cut{};
  std::memcpy(cut.data(), digest.data(), cut.size());
  return cut;
}

SeenIds::Digest digest_in(std::string_view bytes) {
  SeenIds::Digest digest{};
  std::memcpy(digest.data(), bytes.data(), digest.size());
  return digest;
}

std::string_view text_of(const SeenIds::Digest& digest) { return {digest.data(), digest.size()}; }

// The number of an id is stored in front of its mark, as eight bytes, the first the highest.
std::string number_text(uint64_t number) {
  std::string bytes(8, '\0');
  for (size_t i = 8; i-- > 0; number >>= 8U) bytes[i] = static_cast<char>(number & 0xFFU);
  return bytes;
}

uint64_t number_from(std::string_view bytes) {
  uint64_t number = 0;
  for (const char c : bytes) number = number << 8U | static_cast<unsigned char>(c);
  return number;
}

std::string key_of(uint64_t number) {
  return std::string(kSeenPrefix) + std::to_string(number % SeenIds::kMax);
}

// An id as it is stored.
struct Record {
  uint64_t number = 0;
  SeenIds::Mark mark;
  int64_t hub_ms = 0;
};

// A hub of before wrote no time.
std::optional<Record> parse_record(std::string_view value) {
  if (value.size() != kUndatedBytes && value.size() != kDatedBytes) return std::nullopt;
  Record record;
  record.number = number_from(value.substr(0, kNumberBytes));
  record.mark = {digest_in(value.substr(kNumberBytes)), digest_in(value.substr(kNumberBytes + kMarkBytes))};
  record.hub_ms = static_cast<int64_t>(number_from(value.substr(kUndatedBytes)));
  return record;
}

}  // namespace

size_t SeenIds::Hash::operator()(const Digest& digest) const {
  size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);  // a digest is random as it is
  return hash;
}

// A write that failed leaves a gap among the numbers, and so does a place that was written again.
core::Status SeenIds::restore(const store::QueueReader& store) {
  std::vector<Record> records;
  const core::Status read = store.for_each(kSeenPrefix, [&](std::string_view, std::string_view value) {
    if (const auto record = parse_record(value)) records.push_back(*record);
    return core::Status();
  });
  if (!read || records.empty()) return read;
  std::ranges::sort(records, {}, &Record::number);
  const uint64_t last = records.back().number;
  for (const Record& record : records) {
    if (last - record.number >= kMax) continue;
    if (seen_.empty()) first_ = record.number;
    while (first_ + seen_.size() < record.number) seen_.emplace_back();
    put(record.mark, 0, record.hub_ms);
  }
  return {};
}

// The length of the topic stands before it, so that no other topic and id are the same bytes.
SeenIds::Mark SeenIds::mark_of(std::string_view topic, uint8_t kind, std::string_view id,
                               std::string_view body) {
  std::string named = std::to_string(topic.size());
  named.append(":").append(topic).append(std::to_string(kind)).append(id);
  return {digest_of(named), digest_of(body)};
}

SeenIds::Found SeenIds::find(const Mark& mark) const {
  const auto number = numbers_.find(mark.id);
  if (number == numbers_.end()) return {};
  const Seen& seen = seen_[number->second - first_];
  return {seen.mark.content == mark.content ? Known::yes : Known::other_content, seen.seq};
}

// Ids that are due to go go from the store in the Change that stores the next one.
std::vector<store::KeyValue> SeenIds::next(const Mark& mark, int64_t hub_ms) const {
  const uint64_t number = first_ + seen_.size();
  std::string value = number_text(number);
  value.append(text_of(mark.id)).append(text_of(mark.content));
  value.append(number_text(static_cast<uint64_t>(hub_ms)));
  std::vector<store::KeyValue> values = {{key_of(number), std::move(value)}};
  for (uint64_t i = 0; i < kErasedAtATime && seen_.size() - i > kKept; ++i) {
    if (seen_[i].hub_ms + kKeptMs > hub_ms) break;
    if (key_of(first_ + i) != values.front().key) values.push_back({key_of(first_ + i), std::nullopt});
  }
  return values;
}

void SeenIds::add(const Mark& mark, store::Seq seq, int64_t hub_ms) {
  for (int i = 0; i < kErasedAtATime && is_due(hub_ms); ++i) forget_oldest();
  unsure_.emplace_back(seq, first_ + seen_.size());
  put(mark, seq, hub_ms);
  if (seen_.size() <= kMax) return;
  if (seen_.front().hub_ms + kKeptMs > hub_ms) ++left_early_;
  forget_oldest();
}

// True if the hour of the oldest is over, and it is none of the last.
bool SeenIds::is_due(int64_t hub_ms) const {
  return seen_.size() > kKept && seen_.front().hub_ms + kKeptMs <= hub_ms;
}

void SeenIds::forget_oldest() {
  const auto number = numbers_.find(seen_.front().mark.id);
  if (number != numbers_.end() && number->second == first_) numbers_.erase(number);
  seen_.pop_front();
  ++first_;
}

void SeenIds::put(const Mark& mark, store::Seq seq, int64_t hub_ms) {
  numbers_[mark.id] = first_ + seen_.size();
  seen_.push_back({mark, seq, hub_ms});
}

void SeenIds::on_durable(store::Seq up_to) {
  for (; !unsure_.empty() && unsure_.front().first <= up_to; unsure_.pop_front()) {
    const uint64_t number = unsure_.front().second;
    if (number >= first_) seen_[number - first_].seq = 0;
  }
}

void SeenIds::on_failed() {
  for (const auto& [seq, number] : unsure_) {
    if (number < first_) continue;
    const auto known = numbers_.find(seen_[number - first_].mark.id);
    if (known != numbers_.end() && known->second == number) numbers_.erase(known);
  }
  unsure_.clear();
}

}  // namespace headgate::hub
