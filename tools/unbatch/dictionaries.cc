#include "tools/unbatch/dictionaries.h"

#include <zstd.h>

#include <fstream>
#include <iterator>
#include <utility>

namespace headgate::tools {

core::Result<Dictionaries> read_dictionaries(const std::vector<std::string>& paths) {
  Dictionaries dictionaries;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return core::fail(core::Errc::not_found, "cannot open " + path);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    const uint32_t id = ZSTD_getDictID_fromDict(bytes.data(), bytes.size());
    if (id == 0) return core::fail(core::Errc::invalid, path + " is no dictionary of zstd");
    const auto [known, added] = dictionaries.emplace(id, std::move(bytes));
    if (!added)
      return core::fail(core::Errc::invalid, path + " has the same id as another: " + std::to_string(id));
  }
  return dictionaries;
}

std::vector<uint32_t> ids_of(const Dictionaries& dictionaries) {
  std::vector<uint32_t> ids;
  for (const auto& [id, bytes] : dictionaries) ids.push_back(id);
  return ids;
}

}  // namespace headgate::tools
