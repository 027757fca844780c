// Damage to files behind everybody's back.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace headgate::store {

// The files of a directory with something in them whose name contains `part`, by name. RocksDB may remove some
// meanwhile.
inline std::vector<std::filesystem::path> files_with(const std::string& dir, const std::string& part) {
  std::vector<std::filesystem::path> found;
  for (const auto& file : std::filesystem::directory_iterator(dir)) {
    std::error_code gone;
    const bool is_meant =
        file.is_regular_file(gone) && file.path().filename().string().find(part) != std::string::npos;
    const uintmax_t bytes = is_meant ? file.file_size(gone) : 0;
    if (!gone && bytes > 0) found.push_back(file.path());
  }
  std::ranges::sort(found);
  return found;
}

inline void flip_bit(const std::filesystem::path& path, uint64_t bit) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(bit / 8));
  const int byte = file.get() ^ 1 << bit % 8;
  file.seekp(static_cast<std::streamoff>(bit / 8));
  file.put(static_cast<char>(byte));
}

}  // namespace headgate::store
