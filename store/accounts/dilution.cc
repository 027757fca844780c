#include "store/accounts/dilution.h"

#include <functional>
#include <string>

namespace headgate::store {
namespace {

// Who published it under which topic: a gateway that speaks for a hundred sensors is a hundred sources.
uint64_t source_hash(const core::Message& message) {
  const std::hash<std::string> hash;
  const uint64_t topic = hash(message.topic);
  return message.source ? topic * 31 + hash(message.source->client_id) : topic;
}

}  // namespace

void Dilution::begin(uint8_t lane, uint64_t entries) {
  lane_ = lane;
  after_ = 0;
  left_ = entries;
  kept_last_.clear();
}

std::vector<Seq> Dilution::step(std::span<const Entry> entries) {
  std::vector<Seq> going;
  if (entries.empty()) left_ = 0;
  for (const Entry& entry : entries) {
    if (left_ == 0) break;
    --left_;
    after_ = entry.seq;
    if (kept_last_.size() >= kSourcesMax) kept_last_.clear();
    const uint64_t source = source_hash(*entry.message);
    if (kept_last_.insert(source).second) continue;
    kept_last_.erase(source);
    going.push_back(entry.seq);
  }
  if (left_ == 0) kept_last_ = {};
  return going;
}

}  // namespace headgate::store
