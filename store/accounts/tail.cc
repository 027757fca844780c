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

// Most seqs are of messages, one after the other. So the place that a seq would have if all were is its own, or it is behind
// it by no more than the seqs that are missing up to there: those between what is at that place and what is looked for.
core::MessagePtr MessageTail::find(Seq seq) const {
  if (held_.empty() || seq < held_.front().seq) return nullptr;
  const size_t guess = std::min<size_t>(seq - held_.front().seq, held_.size() - 1);
  if (held_[guess].seq <= seq) return held_[guess].seq == seq ? held_[guess].message : nullptr;
  const auto at = [this](size_t place) { return held_.begin() + static_cast<std::ptrdiff_t>(place); };
  const auto it = std::lower_bound(at(guess - std::min<size_t>(guess, held_[guess].seq - seq)), at(guess),
                                   seq, [](const Held& held, Seq of) { return held.seq < of; });
  return it->seq == seq ? it->message : nullptr;
}

}  // namespace headgate::store
