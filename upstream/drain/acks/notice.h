// Says, in the words of a consumer upstream, which batches of a stream it has for good and how many more may be on their
// way to it. Published retained; docs/batch-format.md is the contract. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/result.h"
#include "store/dead_letter.h"
#include "store/queue_store.h"

namespace headgate::upstream {

// Refuses a batch, or one message of a batch that the consumer has otherwise.
struct Nack {
  uint64_t batch = 0;      // its number; 0: it is about a message
  store::Seq message = 0;  // its id; 0: it is about a batch
  std::string why;

  friend bool operator==(const Nack&, const Nack&) = default;
};

// Wish for batches once more.
struct ReplayWish {
  uint64_t from = 0;  // numbers, inclusive
  uint64_t to = 0;

  friend bool operator==(const ReplayWish&, const ReplayWish&) = default;
};

struct AckNotice {
  static constexpr size_t kBytesMax = 65536;
  static constexpr size_t kNacksMax = 256;
  static constexpr size_t kWhyBytesMax = 256;  // longer reasons are cut
  static constexpr size_t kDictionariesMax = 64;

  std::string epoch;
  uint64_t from = 1;      // the consumer has all batches from this number
  uint64_t number = 0;    // to this one; 0: it has none yet
  std::string hash = {};  // of the last one, in base64; empty: it does not say
  std::optional<uint64_t> credit = {};
  uint64_t again = 0;  // names a wish to be sent what comes behind `number` again; 0: there is none
  std::vector<Nack> nacks = {};
  std::optional<ReplayWish> replay = {};
  std::vector<uint32_t> dictionaries = {};  // ids of those that the consumer can read with

  friend bool operator==(const AckNotice&, const AckNotice&) = default;
};

// Errors: invalid, with what is wrong and where.
[[nodiscard]] core::Result<AckNotice> read_notice(core::Bytes text);

// Fate of a message that the consumer refuses.
[[nodiscard]] store::Death death_by(const Nack& nack, core::Now now);

// Answer to a wish: of batches up to `last_sent`, those from `oldest_kept` on are there still (0: none is) and go again.
[[nodiscard]] std::string replay_answer(const ReplayWish& wish, std::string_view epoch, uint64_t oldest_kept,
                                        uint64_t last_sent);

// The level below the topic of the batches where the notice about a stream is.
[[nodiscard]] std::string ack_level(std::string_view stream);

}  // namespace headgate::upstream
