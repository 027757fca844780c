// Host names that user names and tokens may name: the cloud hub's and the gateway's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headgate::hub {

struct HostNames {
  std::string hub;                    // of the cloud's hub; empty: none
  std::vector<std::string> gateways;  // by which this machine is reached

  // Whether `host` is one of them, in any letter case, as it is or with `:port` behind it.
  [[nodiscard]] bool have(std::string_view host) const;

  friend bool operator==(const HostNames&, const HostNames&) = default;
};

}  // namespace headgate::hub
