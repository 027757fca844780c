#include "tests/e2e/support/scratch_dir.h"

#include <stdlib.h>

#include <fstream>
#include <sstream>

namespace headgate::e2e {

ScratchDir::ScratchDir() {
  const std::filesystem::path parent = HEADGATE_SCRATCH_DIR;
  std::filesystem::create_directories(parent);
  std::string name = (parent / "e2e-XXXXXX").string();
  if (::mkdtemp(name.data()) != nullptr) path_ = name;
}

ScratchDir::~ScratchDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path ScratchDir::write(std::string_view name, std::string_view text) const {
  const std::filesystem::path file = path_ / name;
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace headgate::e2e
