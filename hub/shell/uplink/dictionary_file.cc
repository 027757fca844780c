#include "hub/shell/uplink/dictionary_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace headgate::hub {

core::Result<upstream::DictionaryPtr> read_dictionary_file(const std::string& path) {
  if (path.empty()) return upstream::DictionaryPtr();
  const auto fail = [&path](const std::string& why) {
    return core::fail(core::Errc::invalid, "upstream.batch.dictionary_file " + path + ": " + why);
  };
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(std::string("cannot be read: ") + std::strerror(errno));
  auto read = upstream::read_dictionary(std::string(std::istreambuf_iterator<char>(file), {}));
  if (!read) return fail(read.error().what);
  return *std::move(read);
}

}  // namespace headgate::hub
