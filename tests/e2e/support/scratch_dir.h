// A directory of a test's own, on the disk that the build is on: /tmp may be memory, where a sync says
// nothing.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace headgate::e2e {

class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // Writes a file in it and returns its path.
  std::filesystem::path write(std::string_view name, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

// The whole file; empty when there is none.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

}  // namespace headgate::e2e
