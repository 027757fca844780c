#include "store/disk/sync_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace headgate::store {
namespace {

constexpr uint64_t kMagic = 0x6b72616d'636e7973;  // "syncmark"

using Words = std::array<uint64_t, 4>;  // magic, log_sequence, seq, checksum

std::string path_in(const std::string& dir) { return dir + "/synced"; }

// FNV-1a: here it has to tell a whole file from half of one.
uint64_t checksum(const Words& words) {
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    for (int shift = 0; shift < 64; shift += 8) hash = (hash ^ (words[i] >> shift & 0xff)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace

std::optional<SyncedUpTo> read_sync_mark(const std::string& dir) {
  const int file = ::open(path_in(dir).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  Words words{};
  const bool whole = ::pread(file, words.data(), sizeof words, 0) == sizeof words;
  ::close(file);
  if (!whole || words[0] != kMagic || words[3] != checksum(words)) return std::nullopt;
  return SyncedUpTo{words[1], words[2]};
}

SyncMark::SyncMark(const std::string& dir)
    : file_(::open(path_in(dir).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)),
      at_(read_sync_mark(dir).value_or(SyncedUpTo{})) {}

SyncMark::~SyncMark() {
  if (file_ >= 0) ::close(file_);
}

void SyncMark::advance(SyncedUpTo to) {
  const std::lock_guard lock(mutex_);
  to = {std::max(to.log_sequence, at_.log_sequence), std::max(to.seq, at_.seq)};
  if (file_ < 0 || to == at_) return;
  at_ = to;
  Words words{kMagic, to.log_sequence, to.seq, 0};
  words[3] = checksum(words);
  // A write that fails leaves a mark that claims less, or nothing.
  [[maybe_unused]] const ssize_t written = ::pwrite(file_, words.data(), sizeof words, 0);
}

void forget_sync_mark(const std::string& dir) { ::unlink(path_in(dir).c_str()); }

}  // namespace headgate::store
