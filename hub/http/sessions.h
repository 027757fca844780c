// Sessions of browsers at the HTTP server: a cookie that stands for a token for some hours. The hub keeps none of them: a cookie says
// when it ends, and a code over that and the hash of the token, made with a key that only this hub has, shows that the hub gave it out
// to whoever sent that token. So it outlives a restart of the hub, and ends with the token. Pure but for the file of the key.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "hub/admin/caller.h"
#include "hub/http/tokens.h"

namespace headgate::hub {

using SessionKey = std::array<uint8_t, 32>;

class Sessions {
 public:
  // `port`: of the server, which is in the name of its cookie: browsers send cookies to every port of a host. `over_tls`: browsers
  // send it in TLS only.
  Sessions(const SessionKey& key, uint16_t port, bool over_tls);

  // Set-Cookie field for who has sent `token`.
  [[nodiscard]] std::string begin(std::string_view token, int64_t until_ms) const;
  // Set-Cookie field that has the browser forget it.
  [[nodiscard]] std::string end() const;

  // The value of the server's cookie in a Cookie field; nullopt: it is not there, comes twice or is none.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view cookies) const;
  // Who has the cookie; nullopt: it has ended, or is not of this hub and a token that is known.
  [[nodiscard]] std::optional<Caller> open(std::string_view value, const Tokens& tokens,
                                           int64_t wall_ms) const;

 private:
  [[nodiscard]] std::string code(std::string_view until_ms, const TokenHash& hash) const;
  [[nodiscard]] std::string set(std::string_view value, std::string_view more) const;

  SessionKey key_;
  std::string name_;
  bool over_tls_;
};

// Reads the key from `path`, which is made with a new one if it is missing. Without its file nobody's cookie counts any more. Blocks.
// Errors: io, invalid.
[[nodiscard]] core::Result<SessionKey> read_or_make_session_key(const std::string& path);

}  // namespace headgate::hub
