// Files for browsers, which the server gives to everybody who calls it by its name: they hold nothing of the hub.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace headgate::hub {

// Made when the program is built.
struct Page {
  std::string_view path;  // "/console/app.js"
  std::string_view content_type;
  std::string_view hash;  // of its bytes, in hex
  std::string_view gzip;  // its bytes, as `gzip -n` compresses them
  size_t bytes = 0;       // uncompressed
};

// The one at the path of a request's target; null: there is none.
[[nodiscard]] const Page* find_page(std::span<const Page> pages, std::string_view target);

// Bytes of a page, uncompressed.
[[nodiscard]] std::string inflated(const Page& page);

// Entity tag of a page as it is sent: of each coding another (RFC 9110 section 8.8.3.3).
[[nodiscard]] std::string entity_tag(const Page& page, bool as_gzip);

// An Accept-Encoding field takes gzip; an empty one does not.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

// An If-None-Match field names that tag, be it as a weak one, or everything (RFC 9110 section 13.1.2).
[[nodiscard]] bool names_tag(std::string_view if_none_match, std::string_view tag);

}  // namespace headgate::hub
