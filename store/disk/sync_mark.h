// How far a store's log is known to be synced: a few bytes beside the database, rewritten after every sync
// and not synced themselves. After a power cut they may be old, so they never claim too much; after anything
// less they are exact. A log that ends before them has lost what was promised, which by itself looks just
// like the torn end that a power cut leaves behind.
//
// The mark is there twice. A copy is written over only while the other one is known to be on the disk, so that a
// power cut can tear no more than one of them.
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

// Reads the mark in the store's directory `dir`; nullopt if it is missing or neither copy matches its checksum.
[[nodiscard]] std::optional<SyncedUpTo> read_sync_mark(const std::string& dir);

// Writes the mark; all functions on any thread. A file that cannot be written is done without: there is then
// nothing to hold a log against.
class SyncMark {
 public:
  // `synced`: what is on the disk already. The mark claims it, and is on the disk with its name, when this returns.
  explicit SyncMark(const std::string& dir, SyncedUpTo synced = {});
  ~SyncMark();
  SyncMark(const SyncMark&) = delete;
  SyncMark& operator=(const SyncMark&) = delete;

  // Each part only grows. One in some thousand calls waits for the disk.
  void advance(SyncedUpTo to);

 private:
  void turn();

  std::mutex mutex_;
  int file_;
  int written_ = 0;   // the copy that is written over; the other one is on the disk
  int advances_ = 0;  // since it became that one
  SyncedUpTo at_;
};

// Makes the file claim nothing any more, also after a power cut: what it claimed is lost, and reported.
void forget_sync_mark(const std::string& dir);

}  // namespace headgate::store
