#include "hub/engine/downstream/seen_ids.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>

#include "hub/engine/session_records.h"

namespace headgate::hub {
namespace {

constexpr size_t kMarkBytes = 16;

std::string digest_of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    std::abort();  // OpenSSL is without SHA-256, or without memory
  return {reinterpret_cast<const char*>(digest.data()), kMarkBytes};
}

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

std::string key_of(size_t slot) { return std::string(kSeenPrefix) + std::to_string(slot); }

}  // namespace

core::Status SeenIds::restore(const store::QueueReader& store) {
  return store.for_each(kSeenPrefix, [this](std::string_view, std::string_view value) {
    if (value.size() != 8 + 2 * kMarkBytes) return core::Status();
    const uint64_t number = number_from(value.substr(0, 8));
    put(number % kMax, {std::string(value.substr(8, kMarkBytes)), std::string(value.substr(8 + kMarkBytes))},
        0);
    if (number >= count_) count_ = number + 1;
    return core::Status();
  });
}

// The length of the topic stands before it, so that no other topic and id are the same bytes.
SeenIds::Mark SeenIds::mark_of(std::string_view topic, uint8_t kind, std::string_view id,
                               std::string_view body) {
  std::string named = std::to_string(topic.size());
  named.append(":").append(topic).append(std::to_string(kind)).append(id);
  return {digest_of(named), digest_of(body)};
}

SeenIds::Found SeenIds::find(const Mark& mark) const {
  const auto seen = seen_.find(mark.id);
  if (seen == seen_.end()) return {};
  return {seen->second.content == mark.content ? Known::yes : Known::other_content, seen->second.seq};
}

store::KeyValue SeenIds::next(const Mark& mark) const {
  return {key_of(count_ % kMax), number_text(count_) + mark.id + mark.content};
}

void SeenIds::add(const Mark& mark, store::Seq seq) {
  put(count_ % kMax, mark, seq);
  ++count_;
  unsure_.emplace_back(seq, mark.id);
}

void SeenIds::put(size_t slot, const Mark& mark, store::Seq seq) {
  std::string& place = ring_[slot];
  seen_.erase(place);
  place = mark.id;
  seen_[mark.id] = {mark.content, seq};
}

void SeenIds::on_durable(store::Seq up_to) {
  for (; !unsure_.empty() && unsure_.front().first <= up_to; unsure_.pop_front()) {
    const auto seen = seen_.find(unsure_.front().second);
    if (seen != seen_.end()) seen->second.seq = 0;
  }
}

void SeenIds::on_failed() {
  for (const auto& [seq, id] : unsure_) seen_.erase(id);
  unsure_.clear();
}

}  // namespace headgate::hub
