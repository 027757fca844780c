// The target of an HTTP request line, taken apart.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::hub {

struct Url {
  std::vector<std::string> path;             // percent-decoded segments: "/v1/a%2Fb" → {"v1", "a/b"}
  std::map<std::string, std::string> query;  // percent-decoded, the last of repeated names; "x" alone → ""
};

// nullopt for a malformed target: no leading slash, or a broken percent escape (RFC 3986 section 2.1).
[[nodiscard]] std::optional<Url> parse_url(std::string_view target);

}  // namespace headgate::hub
