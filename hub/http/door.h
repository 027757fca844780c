// Door of the HTTP server: who comes in, before anything is done. Pure.
//
// - A request names the server as one of its own names (`Host`), so that a page whose name leads here (DNS rebinding) is
//   not served; a browser's request comes from a page of this server (`Origin`).
// - What changes anything says what its body is (`Content-Type`), which no foreign page's form can.
// - A token says who asks. Without one only what is open to everybody is answered, which the API decides.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "hub/admin/api.h"
#include "hub/admin/caller.h"
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
  Door(Rules rules, Tokens tokens) : rules_(std::move(rules)), tokens_(std::move(tokens)) {}

  // Who asks, or what it is told instead.
  [[nodiscard]] std::variant<Caller, AdminResponse> admit(const Knock& knock) const;
  void use(Tokens tokens) { tokens_ = std::move(tokens); }

 private:
  [[nodiscard]] bool is_own_name(std::string_view host) const;

  Rules rules_;
  Tokens tokens_;
};

}  // namespace headgate::hub
