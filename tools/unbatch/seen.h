// Memory of the messages that have been printed, by (hub, epoch, seq). Kept as ranges: seqs come mostly in
// order.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "core/result.h"

namespace headgate::tools {

// Replaces a file in one step: a power cut leaves the old content or the new one, and never half of one. Errors: io.
[[nodiscard]] core::Status replace_file(const std::string& path, const std::string& content);

class Seen {
 public:
  // True if it was not there yet.
  bool insert(const std::string& hub, const std::string& epoch, uint64_t seq);

  // Reads what save() wrote; a file that does not exist is empty. Errors: corrupt.
  [[nodiscard]] core::Status load(const std::string& path);

  // Replaces the file in one step. Errors: io.
  [[nodiscard]] core::Status save(const std::string& path) const;

 private:
  using Ranges =
      std::map<uint64_t, uint64_t>;  // first to last seq, inclusive, neither touching nor overlapping

  std::map<std::pair<std::string, std::string>, Ranges> by_source_;
};

}  // namespace headgate::tools
