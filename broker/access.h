// Who a client is, and what it may do: the seam between the protocol and whoever decides.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/codec/reason_code.h"
#include "broker/listener_policy.h"
#include "broker/session/rights.h"
#include "core/clock.h"

namespace headgate::broker {

// Who somebody has proved to be. Immutable once granted.
struct Identity {
  enum class Kind : uint8_t { client, device, module };

  Kind kind = Kind::client;
  std::string username;     // or the certificate's name; empty: anonymous
  std::string device;       // of a device, and of a module's
  std::string module;       // of a module only
  bool edge = false;        // known by an IoT Edge user name
  bool registered = false;  // one of those that alone may come in where a listener speaks IoT Edge's dialect
  std::string proof;        // what it was proved by, in words of whoever decided; empty: it was not asked

  [[nodiscard]] bool anonymous() const { return username.empty(); }
};

// Claims of a client: by its CONNECT and by its connection.
struct Credentials {
  std::string client_id;  // the assigned one, if the client had none
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::optional<std::string> certificate_name;  // of a certificate that was verified
  // Certificates that the client has shown, of the first of which it has the key: DER, its own first; nobody has looked who signed it. Only where the
  // listener's dialect judges certificates by itself.
  std::vector<std::string> certificates;
  std::string peer;  // Channel::peer()
  std::shared_ptr<const ListenerPolicy> policy;
};

struct Grant {
  std::shared_ptr<const Identity> identity;  // null: nobody
  std::shared_ptr<const Rights> rights;
};

// Implemented by hub::Access and, in tests, by OpenAccess and ScriptedAccess. Called on the loop thread.
class AccessControl {
 public:
  // `reason` is success, with a grant, or an error for CONNACK. `why` is for the log: the client is not told.
  struct Verdict {
    ReasonCode reason = ReasonCode::success;
    Grant grant;
    std::string_view why = {};
    // Unix time at which what the client was let in by is good for nothing more; see ProofEnd.
    std::optional<int64_t> ends_wall_ms = std::nullopt;
  };
  using Decided = std::function<void(const Verdict& verdict, core::Now now)>;

  virtual ~AccessControl() = default;

  // Calls `decided` exactly once, from within or later on the loop thread; never, if `credentials` are gone
  // by then: who asked does not care any more.
  virtual void authenticate(const std::shared_ptr<const Credentials>& credentials, core::Now now,
                            Decided decided) = 0;

  // Answers what the identity may do now under that client id. Without an identity if what it was proved by
  // does not hold any more; an identity without proof is only looked up.
  [[nodiscard]] virtual Grant renew(const Identity& identity, std::string_view client_id) const = 0;
};

}  // namespace headgate::broker
