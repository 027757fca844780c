// Steps that a file system takes one by one, so that a test can end the process between any two of them.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::hub {

// Blocks. Errors: not_found, invalid (something else than a file is there), io; the text names the path.
class FileSteps {
 public:
  virtual ~FileSteps() = default;

  [[nodiscard]] virtual core::Result<std::string> read(const std::string& path) = 0;
  // Writes a new file, in the place of one that may be there, and syncs it; it gets the rights that the file `like` has.
  virtual core::Status write(const std::string& path, std::string_view text, const std::string& like) = 0;
  virtual core::Status rename(const std::string& from, const std::string& to) = 0;
  // A file that is not there is removed already.
  virtual core::Status remove(const std::string& path) = 0;
  virtual core::Status sync_directory(const std::string& dir) = 0;
};

class RealFileSteps : public FileSteps {
 public:
  [[nodiscard]] core::Result<std::string> read(const std::string& path) override;
  core::Status write(const std::string& path, std::string_view text, const std::string& like) override;
  core::Status rename(const std::string& from, const std::string& to) override;
  core::Status remove(const std::string& path) override;
  core::Status sync_directory(const std::string& dir) override;
};

}  // namespace headgate::hub
