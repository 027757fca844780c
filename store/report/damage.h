// Cost of damage to a store's files: found when the store is opened or reads, mended at once, and told.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/queue_store.h"

namespace headgate::store {

// Seqs from `from` to `to`, both included.
struct SeqRange {
  Seq from = 0;
  Seq to = 0;

  friend bool operator==(const SeqRange&, const SeqRange&) = default;
};

// Entries of one lane that are lost. They are counted as dead, and `$` queues declare them as gaps.
struct LaneLoss {
  std::string queue;
  uint8_t lane = 0;
  SeqRange range;      // from the first to the last of them
  uint64_t count = 0;  // how many they are

  friend bool operator==(const LaneLoss&, const LaneLoss&) = default;
};

struct DamageReport {
  int64_t found_ms = 0;   // Unix time
  std::string cause;      // the error that led to it
  std::string directory;  // where the damaged files and this report lie
  std::vector<std::string> files;
  std::string epoch_before;
  std::string epoch;
  std::vector<LaneLoss> lanes;
  // Whatever was appended or put with these seqs may be gone, for whatever queue it was, beside what `lanes`
  // counts: the log that held it cannot be read.
  std::vector<SeqRange> log;
  // Small values (sessions, retained messages, handshakes): whether some may be lost; how many came back in a
  // version that may be an older one.
  bool values_lost = false;
  uint64_t values_uncertain = 0;

  // Entries that are known to be lost.
  [[nodiscard]] uint64_t lost() const {
    uint64_t sum = 0;
    for (const LaneLoss& lane : lanes) sum += lane.count;
    return sum;
  }
};

[[nodiscard]] std::string damage_json(const DamageReport& report);

// Reads the text that damage_json() made; a part that it cannot read is left empty.
[[nodiscard]] DamageReport parse_damage(std::string_view json);

}  // namespace headgate::store
