// Finds the one message an upstream refuses, in batches of a lane, and decides what becomes of it. Pure.
//
// A refused batch is halved until the culprit is alone. A lone message may be refused `attempts_max` times.
// Then it is dead if the refusal is about the message itself (too large, payload invalid), or if anything
// else was accepted since its first refusal. Otherwise nobody knows whether the message or the upstream is at
// fault (a wrong ACL refuses everything): it is passed over once, and the next message is the probe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "store/queue_store.h"

namespace headgate::upstream {

class Isolation {
 public:
  enum class Verdict {
    split,        // send again, in batches of at most message_limit()
    retry_later,  // the lone message gets another attempt
    bury,         // the lone message is at fault
    pass_over,    // leave the lone message behind and go on with the next
    refuses_all,  // the next one was refused as well: it is not the message
  };

  explicit Isolation(uint32_t attempts_max) : attempts_max_(attempts_max) {}

  // A batch of these seqs (one or more, ascending) was refused. `accepted` counts the batches that were
  // accepted over the same link, ever.
  [[nodiscard]] Verdict on_refused(std::span<const store::Seq> seqs, uint8_t code, uint64_t accepted);

  // Some batch was accepted. Returns the message that was passed over, if any: it is at fault.
  [[nodiscard]] std::optional<store::Seq> on_accepted() const;

  // The message is gone from the queue, whatever the reason.
  void forget_suspect();

  // How many messages a batch that begins with `first` may have.
  [[nodiscard]] size_t message_limit(store::Seq first, size_t messages_max) const;
  [[nodiscard]] bool active(store::Seq first) const { return size_ != 0 && first <= until_; }
  // The range in which the culprit is, or was; 0: there has been none.
  [[nodiscard]] store::Seq from() const { return from_; }
  [[nodiscard]] store::Seq until() const { return size_ != 0 ? until_ : 0; }

  [[nodiscard]] store::Seq passed_over() const { return passed_over_; }  // 0 if none
  [[nodiscard]] uint32_t attempts() const { return attempts_; }          // of the lone message
  [[nodiscard]] uint8_t code() const { return code_; }                   // of the last refusal

 private:
  [[nodiscard]] Verdict judge_lone(store::Seq seq, uint64_t accepted);

  uint32_t attempts_max_;
  size_t size_ = 0;  // 0 = nothing is being isolated
  store::Seq from_ = 0;
  store::Seq until_ = 0;
  store::Seq suspect_ = 0;
  store::Seq passed_over_ = 0;
  uint32_t attempts_ = 0;
  uint64_t accepted_before_ = 0;
  uint8_t code_ = 0;
};

}  // namespace headgate::upstream
