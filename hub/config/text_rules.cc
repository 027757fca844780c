#include "hub/config/text_rules.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <limits>
#include <string>

#include "core/text.h"
#include "core/topic.h"
#include "routing/language/odd_character.h"
#include "upstream/options.h"

namespace headgate::hub {
namespace {

constexpr size_t kHostBytesMax = 253;
constexpr size_t kLabelBytesMax = 63;
constexpr size_t kUserBytesMax = 32;
constexpr size_t kHubNameBytesMax = 64;
constexpr size_t kMqttBytesMax = std::numeric_limits<uint16_t>::max();
constexpr size_t kPathBytesMax = 4095;

bool is_alnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

bool has_blank_end(std::string_view text) {
  return !text.empty() && (is_blank(text.front()) || is_blank(text.back()));
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

// Somebody pasted it together with the text.
bool has_invisible(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    const auto odd = routing::odd_character_at(text, at);
    if (odd && odd->invisible) return true;
  }
  return false;
}

bool is_address(std::string_view text, int family) {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return inet_pton(family, std::string(text).c_str(), parsed.data()) == 1;
}

bool is_label(std::string_view label) {
  const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= kLabelBytesMax && std::ranges::all_of(label, fits) &&
         label.front() != '-' && label.back() != '-';
}

bool is_host_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  // A number at the end means an address.
  const std::string_view last = text.substr(text.rfind('.') + 1);
  if (text.empty() || text.size() > kHostBytesMax || std::ranges::all_of(last, is_digit)) return false;
  for (size_t end = 0; end != std::string_view::npos; text.remove_prefix(end + 1)) {
    end = text.find('.');
    if (!is_label(text.substr(0, end))) return false;
    if (end == std::string_view::npos) break;
  }
  return true;
}

bool has_scheme(std::string_view text) { return text.find("://") != std::string_view::npos; }

bool has_drive(std::string_view text) {
  return text.size() >= 3 && std::isalpha(static_cast<unsigned char>(text[0])) != 0 && text[1] == ':' &&
         (text[2] == '\\' || text[2] == '/');
}

}  // namespace

bool is_host(std::string_view text) {
  if (text.empty() || is_address(text, AF_INET)) return true;
  const std::string_view without_zone = text.substr(0, text.find('%'));
  return is_address(without_zone, AF_INET6) ? !text.ends_with('%') && !has_blank_end(text)
                                            : is_host_name(text);
}

bool is_path(std::string_view text) {
  const bool pasted = text.starts_with("-----BEGIN") || text.starts_with('{');
  const bool shells = text.starts_with('~') || text.find('$') != std::string_view::npos ||
                      text.find_first_of("*?") != std::string_view::npos;
  return !text.empty() && text.size() <= kPathBytesMax && !pasted && !shells && !has_blank_end(text) &&
         !has_control(text) && !has_scheme(text) && !has_drive(text) && !has_invisible(text) &&
         !routing::odd_character_at(text, 0);  // quotes that came with it from a word processor
}

bool is_variable(std::string_view text) {
  const auto fits = [](char c) { return is_alnum(c) || c == '_'; };
  return !text.empty() && !is_digit(text.front()) && std::ranges::all_of(text, fits);
}

bool is_ip_address_or_empty(std::string_view text) {
  return text.empty() || is_address(text, AF_INET) || is_address(text, AF_INET6);
}

bool is_ip(std::string_view text) { return is_address(text, AF_INET) || is_address(text, AF_INET6); }

bool is_time_zone(std::string_view text) {
  const auto fits = [](char c) { return is_alnum(c) || c == '/' || c == '_' || c == '-' || c == '+'; };
  if (text.empty() || text.front() == '/' || !std::ranges::all_of(text, fits)) return false;
  std::error_code unknown;
  return text == "UTC" ||
         std::filesystem::is_regular_file("/usr/share/zoneinfo/" + std::string(text), unknown);
}

bool is_path_or_empty(std::string_view text) { return text.empty() || is_path(text); }

bool is_log_file(std::string_view text) {
  static constexpr std::array<std::string_view, 7> kOthers = {"stderr",  "stdout",   "-",      "syslog",
                                                              "journal", "journald", "console"};
  return is_path_or_empty(text) && std::ranges::find(kOthers, text) == kOthers.end();
}

bool is_hub_name(std::string_view text) {
  const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; };
  return text.size() <= kHubNameBytesMax && std::ranges::all_of(text, fits);
}

bool is_system_user(std::string_view text) {
  const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
  return text.size() <= kUserBytesMax && std::ranges::all_of(text, fits) && !text.starts_with('-');
}

bool is_visible_text(std::string_view text) {
  return text.size() <= kMqttBytesMax && core::is_valid_utf8(text) && !has_control(text) &&
         !has_blank_end(text) && !has_invisible(text);
}

bool is_alpn_name(std::string_view text) { return text.size() <= 255 && is_visible_text(text); }

bool is_topic_pattern(std::string_view text) {
  constexpr std::string_view kHub = "{hub}";
  std::string rest(text);
  for (size_t at = 0; (at = rest.find(kHub)) != std::string::npos;) rest.replace(at, kHub.size(), "h");
  return is_visible_text(text) && core::is_valid_topic_name(rest) && text.front() != '$' &&
         rest.find_first_of("{}") == std::string::npos;
}

bool is_passthrough_topic(std::string_view text) {
  const std::string topic = upstream::expand_topic(upstream::expand_hub(text, "h"), "t");
  return is_visible_text(text) && core::is_valid_topic_name(topic) &&
         topic.find_first_of("{}") == std::string::npos;
}

bool is_origin(std::string_view text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0 ||
      !std::ranges::all_of(text.substr(0, scheme), is_alnum))
    return false;
  std::string_view host = text.substr(scheme + 3);
  const size_t colon = host.rfind(':');
  const bool in_brackets = host.starts_with('[');
  if (colon != std::string_view::npos && (!in_brackets || host[colon - 1] == ']')) {
    const auto port = core::parse_whole<uint16_t>(host.substr(colon + 1));
    if (!port || *port == 0) return false;
    host = host.substr(0, colon);
  }
  if (in_brackets) return host.ends_with(']') && is_address(host.substr(1, host.size() - 2), AF_INET6);
  return !host.empty() && is_host(host);
}

bool is_ws_path(std::string_view text) {
  const auto odd = [](unsigned char c) { return c <= ' ' || c >= 0x7F || c == '?' || c == '#'; };
  return text.starts_with('/') && text.size() <= 255 && std::ranges::none_of(text, odd) &&
         !text.starts_with("//");
}

bool is_socket_path(std::string_view text) {
  return text.size() <= kSocketPathBytesMax && is_path_or_empty(text) && !text.ends_with('/');
}

}  // namespace headgate::hub
