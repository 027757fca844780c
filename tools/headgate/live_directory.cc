#include "tools/headgate/live_directory.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/open.h"

namespace headgate::tools {

LiveDirectory::LiveDirectory(const std::string& store_dir) {
  std::error_code error;
  std::string pattern = std::filesystem::temp_directory_path(error).string() + "/headgate-view-XXXXXX";
  if (error || ::mkdtemp(pattern.data()) == nullptr) {
    why_ = "no directory can be made for it: " + (error ? error.message() : std::strerror(errno));
    return;
  }
  scratch_ = pattern;
  auto reader = store::open_live_reader(store_dir, scratch_);
  if (!reader)
    why_ = reader.error().what;
  else
    reader_ = *std::move(reader);
}

LiveDirectory::~LiveDirectory() {
  reader_.reset();
  std::error_code ignored;
  if (!scratch_.empty()) std::filesystem::remove_all(scratch_, ignored);
}

}  // namespace headgate::tools
