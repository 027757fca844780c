// Door of the HTTP server: who comes in, before anything is done. Pure.
//
// - A request names the server as one of its own names (`Host`), so that a page whose name leads here (DNS rebinding) is
//   not served; a browser's request comes from a page of this server (`Origin`).
// - What changes anything says what its body is (`Content-Type`), which no foreign page's form can.
// - A token says who asks, or else a cookie that stands for one (hub/http/sessions.h). With neither only what is open to everybody
//   is answered, which the API decides. By a cookie nothing is changed but from a page of this server, which is sent with `Origin`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "hub/admin/api.h"
#include "hub/admin/caller.h"
#include "hub/http/sessions.h"
#include "hub/http/tokens.h"

namespace headgate::hub {

// Head of a request; empty: it has no such field.
struct Knock {
  std::string_view method;
  std::string_view target;
  std::string_view host;
  std::string_view origin;
  std::string_view authorization;
  std::string_view content_type;
  std::string_view cookie = {};
};

class Door {
 public:
  struct Rules {
    std::vector<std::string> names;  // hosts, without port; IPv6 addresses with brackets
    bool metrics_open = true;        // /metrics needs no token
    std::string scheme = "http";     // of its pages
    // Whether it is called so besides; null: it is not.
    std::function<bool(const std::string& host)> also = nullptr;
  };
  // `sessions` nullopt: cookies are not looked at.
  Door(Rules rules, Tokens tokens, std::optional<Sessions> sessions = std::nullopt)
      : rules_(std::move(rules)), tokens_(std::move(tokens)), sessions_(std::move(sessions)) {}

  // Tells who calls the server by another name, or for a page of another origin; nullopt: nobody does.
  [[nodiscard]] std::optional<AdminResponse> turn_away(const Knock& knock) const;
  // Who asks, or what it is told instead, be it by turn_away().
  [[nodiscard]] std::variant<Caller, AdminResponse> admit(const Knock& knock, int64_t wall_ms) const;
  // Set-Cookie field for what becomes of the session of who came with that Authorization field; empty: nothing does.
  [[nodiscard]] std::string cookie_for(const AdminResponse& response, std::string_view authorization) const;
  // Whoever was admitted by a token that he sent, or that a cookie stood for, would be so again, as the same.
  [[nodiscard]] bool still_knows(const Caller& caller) const {
    return caller.known_by.empty() || tokens_.still_know(caller);
  }
  void use(Tokens tokens) { tokens_ = std::move(tokens); }

 private:
  [[nodiscard]] bool is_own_name(std::string_view host) const;
  [[nodiscard]] std::optional<Caller> owner_of_cookie(const Knock& knock, int64_t wall_ms) const;

  Rules rules_;
  Tokens tokens_;
  std::optional<Sessions> sessions_;
};

}  // namespace headgate::hub
