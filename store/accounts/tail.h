// The newest messages, kept in memory so that a consumer that keeps up is not served from disk.
#pragma once

#include <cstddef>
#include <deque>

#include "core/message.h"
#include "store/queue_store.h"

namespace headgate::store {

class MessageTail {
 public:
  explicit MessageTail(size_t bytes_max) : bytes_max_(bytes_max) {}

  // Seqs must grow. The oldest messages are let go once all of them take more than `bytes_max`.
  void add(Seq seq, core::MessagePtr message);

  // Null if it is not held (any more).
  [[nodiscard]] core::MessagePtr find(Seq seq) const;

  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  struct Held {
    Seq seq;
    size_t bytes;
    core::MessagePtr message;
  };

  size_t bytes_max_;
  size_t bytes_ = 0;
  std::deque<Held> held_;
};

}  // namespace headgate::store
