// Who may come in by a listener of the dialect of IoT Edge: registered modules and devices, and nobody else.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "broker/access.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"
#include "core/result.h"
#include "hub/edge/id.h"
#include "hub/edge/identities/certificate.h"
#include "hub/edge/identities/host_names.h"
#include "hub/edge/identities/registry.h"
#include "hub/edge/settings.h"

namespace headgate::hub {

// How it went for somebody who is registered, since the hub's start.
struct IdentitySeen {
  uint64_t admitted = 0;
  uint64_t refused = 0;
  std::string_view last_refusal = {};  // words that live for ever; empty: none since it came in last
  int64_t last_refused_ms = 0;         // Unix time
};

// How a client is judged:
//  1. Its user name is one of Azure IoT's SDKs, names this gateway or its cloud hub, and the same identity as its client id.
//  2. The identity is registered, enabled, and no module of a hub itself.
//  3. It comes with a token that one of the identity's keys has signed for it and that has not expired, or without a password by
//     the certificate that is registered for it.
// Nothing of the configuration's rules and users adds to that or takes from it. Loop thread.
class EdgeIdentities {
 public:
  // `log` is borrowed.
  explicit EdgeIdentities(core::Log& log) : log_(log) {}

  // Reads `settings.identities_file` and takes over, or changes nothing; true if something is another than before. A file that is
  // not there registers nobody. One that has become empty or has gone while it had identities is an error: it is being written, or
  // was lost. Then call Engine::renew_grants(). Errors: invalid, not_found, io.
  [[nodiscard]] core::Result<bool> use(const IotEdgeSettings& settings);

  // The refusal is `not_authorized` whatever is wrong.
  [[nodiscard]] broker::AccessControl::Verdict judge(const broker::Credentials& credentials, core::Now now);
  // Does what AccessControl::renew() does, for identities that are `registered`.
  [[nodiscard]] broker::Grant renew(const broker::Identity& identity) const;

  // Whether `authorization`, such as the header of an HTTPS request, is a token of that identity, as in step 2 and 3. Error:
  // invalid; words for the log, not for the client.
  [[nodiscard]] core::Status verify(std::string_view authorization, const EdgeId& claimed, core::Now now);

  [[nodiscard]] const IdentityFile& registered() const { return file_; }
  // Nothing is kept of somebody who is not registered.
  [[nodiscard]] const IdentitySeen& seen(const EdgeId& id) const;
  [[nodiscard]] const IotEdgeSettings& settings() const { return settings_; }
  [[nodiscard]] const HostNames& hosts() const { return hosts_; }

 private:
  [[nodiscard]] broker::AccessControl::Verdict judge_registered(const RegisteredIdentity& identity,
                                                                const broker::Credentials& credentials,
                                                                core::Now now);
  // By what somebody has proved to be an identity; `why`, unless empty, says why he has not.
  struct Proof {
    std::string_view why = {};
    std::string text = {};  // Identity::proof
    std::optional<int64_t> ends_wall_ms = std::nullopt;
  };

  [[nodiscard]] Proof by_token(const RegisteredIdentity& identity, std::string_view text, core::Now now);
  [[nodiscard]] static Proof by_certificate(const RegisteredIdentity& identity, const CertificateChain& chain,
                                            core::Now now);
  [[nodiscard]] broker::Grant grant(const EdgeId& id, std::string proof) const;
  void tell_of_clock(const EdgeId& id, core::Now now);

  core::Log& log_;
  IotEdgeSettings settings_;
  HostNames hosts_;
  IdentityFile file_;
  std::map<EdgeId, IdentitySeen> seen_;  // of some of those
  core::LogLimiter told_;
};

}  // namespace headgate::hub
