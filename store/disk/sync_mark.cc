#include "store/disk/sync_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "store/disk/names.h"

namespace headgate::store {
namespace {

constexpr uint64_t kMagic = 0x6b72616d'636e7973;  // "syncmark"

// Each copy has a page to itself, and so whatever the disk writes at a time.
constexpr off_t kCopyBytes = 4096;

// Between these a copy is not synced: the other one claims what was so long ago, at most.
constexpr int kAdvancesOfACopy = 4096;

using Words = std::array<uint64_t, 4>;  // magic, log_sequence, seq, checksum

std::string path_in(const std::string& dir) { return dir + "/synced"; }

// FNV-1a: here it has to tell a whole copy from half of one.
uint64_t checksum(const Words& words) {
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    for (int shift = 0; shift < 64; shift += 8) hash = (hash ^ (words[i] >> shift & 0xff)) * 0x100000001b3;
  }
  return hash;
}

std::optional<SyncedUpTo> read_copy(int file, int copy) {
  Words words{};
  const bool whole = ::pread(file, words.data(), sizeof words, copy * kCopyBytes) == sizeof words;
  if (!whole || words[0] != kMagic || words[3] != checksum(words)) return std::nullopt;
  return SyncedUpTo{words[1], words[2]};
}

// A write that fails leaves a copy that claims less, or nothing.
void write_copy(int file, int copy, SyncedUpTo at) {
  Words words{kMagic, at.log_sequence, at.seq, 0};
  words[3] = checksum(words);
  [[maybe_unused]] const ssize_t written = ::pwrite(file, words.data(), sizeof words, copy * kCopyBytes);
}

SyncedUpTo later(SyncedUpTo a, SyncedUpTo b) {
  return {std::max(a.log_sequence, b.log_sequence), std::max(a.seq, b.seq)};
}

// The copy that claims most. Requires one that claims anything.
int newest(const std::optional<SyncedUpTo>& first, const std::optional<SyncedUpTo>& second) {
  if (!first || !second) return first ? 0 : 1;
  return second->log_sequence > first->log_sequence || second->seq > first->seq ? 1 : 0;
}

}  // namespace

std::optional<SyncedUpTo> read_sync_mark(const std::string& dir) {
  const int file = ::open(path_in(dir).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  const auto first = read_copy(file, 0), second = read_copy(file, 1);
  ::close(file);
  if (!first || !second) return first ? first : second;
  return later(*first, *second);
}

SyncMark::SyncMark(const std::string& dir, SyncedUpTo synced)
    : file_(::open(path_in(dir).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)), at_(synced) {
  if (file_ < 0) return;
  const auto first = read_copy(file_, 0), second = read_copy(file_, 1);
  at_ = later(at_, later(first.value_or(SyncedUpTo{}), second.value_or(SyncedUpTo{})));
  written_ = 1 - newest(first, second);  // the newest one is what there is until the other is on the disk
  write_copy(file_, written_, at_);
  turn();
  // Without its name there is no mark after a power cut, which is what a store had that has none yet.
  (void)sync_name(path_in(dir));
}

SyncMark::~SyncMark() {
  if (file_ >= 0) ::close(file_);
}

void SyncMark::advance(SyncedUpTo to) {
  const std::lock_guard lock(mutex_);
  to = later(to, at_);
  if (file_ < 0 || to == at_) return;
  at_ = to;
  write_copy(file_, written_, at_);
  if (++advances_ == kAdvancesOfACopy) turn();
}

// From now on the other copy is written over, as this one is on the disk. If it cannot be brought there, they stay.
void SyncMark::turn() {
  advances_ = 0;
  if (::fsync(file_) == 0) written_ = 1 - written_;
}

void forget_sync_mark(const std::string& dir) {
  if (::unlink(path_in(dir).c_str()) == 0) (void)sync_name(path_in(dir));
}

}  // namespace headgate::store
