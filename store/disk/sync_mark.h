// How far a store's log is known to be synced: a few bytes beside the database, rewritten after every sync
// and not synced themselves. After a power cut they may be old, so they never claim too much; after anything
// less they are exact. A log that ends before them has lost what was promised, which by itself looks just
// like the torn end that a power cut leaves behind.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace headgate::store {

struct SyncedUpTo {
  uint64_t log_sequence = 0;  // RocksDB's
  uint64_t seq = 0;           // the hub's

  friend bool operator==(const SyncedUpTo&, const SyncedUpTo&) = default;
};

// Reads the mark in the store's directory `dir`; nullopt if it is missing or does not match its checksum.
[[nodiscard]] std::optional<SyncedUpTo> read_sync_mark(const std::string& dir);

// Writes the mark; all functions on any thread. A file that cannot be written is done without: there is then
// nothing to hold a log against.
class SyncMark {
 public:
  explicit SyncMark(const std::string& dir);
  ~SyncMark();
  SyncMark(const SyncMark&) = delete;
  SyncMark& operator=(const SyncMark&) = delete;

  // Each part only grows.
  void advance(SyncedUpTo to);

 private:
  std::mutex mutex_;
  int file_;
  SyncedUpTo at_;
};

// Makes the file claim nothing any more: what it claimed is lost, and reported.
void forget_sync_mark(const std::string& dir);

}  // namespace headgate::store
