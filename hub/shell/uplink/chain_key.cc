#include "hub/shell/uplink/chain_key.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace headgate::hub {
namespace {

constexpr size_t kChainKeyBytesMin = 16;

}  // namespace

core::Result<std::string> read_chain_key(const std::string& path) {
  if (path.empty()) return std::string();
  const auto fail = [&path](const std::string& why) {
    return core::fail(core::Errc::invalid, "upstream.chain_key_file " + path + ": " + why);
  };
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(std::string("cannot be read: ") + std::strerror(errno));
  std::string key(std::istreambuf_iterator<char>(file), {});
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  if (key.size() < kChainKeyBytesMin)
    return fail("holds " + std::to_string(key.size()) + " bytes; a key has at least " +
                std::to_string(kChainKeyBytesMin) + ": make one with openssl rand -base64 32");
  return key;
}

}  // namespace headgate::hub
