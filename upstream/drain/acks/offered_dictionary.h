// Dictionary that batches may be compressed with as long as the consumer says that it holds it. Pure.
//
// What was sent with it to a consumer that loses it (a new one, another machine) cannot be read there and is not
// acknowledged; so it goes again, as all that is not acknowledged does, and then without the dictionary: a batch's number
// and hash are those of its content, however it is compressed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "upstream/payload/dictionary.h"

namespace headgate::upstream {

class OfferedDictionary {
 public:
  void offer(DictionaryPtr dictionary) { dictionary_ = std::move(dictionary); }

  // The consumer holds these. True if that changes what batches are compressed with.
  bool hear(std::span<const uint32_t> ids) {
    const bool held = dictionary_ && std::ranges::find(ids, dictionary_->id) != ids.end();
    return std::exchange(held_, held) != held;
  }

  // For batches that are made now; null: none.
  [[nodiscard]] DictionaryPtr usable() const { return held_ ? dictionary_ : nullptr; }

 private:
  DictionaryPtr dictionary_;
  bool held_ = false;
};

}  // namespace headgate::upstream
