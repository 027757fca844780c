#include "tools/bench/client.h"

#include <array>

namespace headgate::tools::bench {

std::string_view name_of(Role role) {
  constexpr std::array<std::string_view, 4> kNames{"pub", "sub", "conn", "sub"};
  return kNames[static_cast<size_t>(role)];
}

std::string Client::id(const Options& options) const {
  return options.client_prefix + "-" + std::string(name_of(role)) + "-" + std::to_string(index);
}

Io Client::flush(int64_t now_ns) {
  Io outcome = Io::done;
  size_t written = 0;
  while (written < out.size() && outcome == Io::done) {
    size_t bytes = 0;
    outcome = stream.write(std::string_view(out).substr(written), bytes);
    written += bytes;
  }
  if (written > 0) written_ns = now_ns;
  out.erase(0, written);
  return outcome;
}

}  // namespace headgate::tools::bench
