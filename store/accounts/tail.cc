#include "store/accounts/tail.h"

#include <algorithm>
#include <utility>

#include "store/format/record_codec.h"

namespace headgate::store {
namespace {

// Cost of a message besides its text: the object, its control block, four heap headers.
constexpr size_t kObjectBytes = sizeof(core::Message) + 96;

}  // namespace

void MessageTail::add(Seq seq, core::MessagePtr message) {
  const size_t size = kObjectBytes + stored_bytes(*message);
  bytes_ += size;
  held_.push_back({seq, size, std::move(message)});
  while (bytes_ > bytes_max_ && !held_.empty()) {
    bytes_ -= held_.front().bytes;
    held_.pop_front();
  }
}

core::MessagePtr MessageTail::find(Seq seq) const {
  const auto it = std::ranges::lower_bound(held_, seq, {}, &Held::seq);
  return it != held_.end() && it->seq == seq ? it->message : nullptr;
}

}  // namespace headgate::store
