// Shared access signatures that modules and devices come with, judged without asking the cloud. Pure. Making them is
// upstream's (upstream/clouds/sas_token.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hub/edge/id.h"
#include "hub/edge/identities/host_names.h"

namespace headgate::hub {

// A token is good for so much longer than it says: clocks of modules, devices and gateway differ.
inline constexpr int64_t kTokenSkewS = 300;

// `SharedAccessSignature sr=…&sig=…&se=…[&skn=…]`, its fields in any order.
struct SasToken {
  std::string resource;   // as it stands in the token: what is signed
  std::string until;      // the same of the time
  std::string signature;  // base64
  int64_t expires_s = 0;  // Unix time

  // Moment from which on it is good for nothing, Unix time.
  [[nodiscard]] int64_t ends_wall_ms() const { return (expires_s + kTokenSkewS) * 1'000; }
  // Whether it is made for that identity, at one of these hosts. SDKs encode the ids once or twice. Ids are compared byte by byte.
  [[nodiscard]] bool is_for(const EdgeId& id, const HostNames& hosts) const;
  // Whether `key`, base64, has signed it. Takes as long whatever the signature is.
  [[nodiscard]] bool is_signed_by(std::string_view key) const;
};

// Nullopt: it is none, or has a field twice.
[[nodiscard]] std::optional<SasToken> parse_sas_token(std::string_view text);

}  // namespace headgate::hub
