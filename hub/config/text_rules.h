// Forms that texts of the configuration must have. Each refuses what people take for it by mistake, so that it is
// told at the start and not found out at night.
#pragma once

#include <string_view>

#include "hub/config/keys.h"

namespace headgate::hub {

// A host name or an IP address (IPv6 without brackets, with a %zone or without): no scheme, user, port or path.
[[nodiscard]] bool is_host(std::string_view text);
// An IP address without brackets, or nothing.
[[nodiscard]] bool is_ip_address_or_empty(std::string_view text);
// An IP address without brackets.
[[nodiscard]] bool is_ip(std::string_view text);
// A time zone that the system has, such as Europe/Berlin.
[[nodiscard]] bool is_time_zone(std::string_view text);
// A path that the system takes as it is: a shell's ~ and $NAME, URLs, patterns and drives are none.
[[nodiscard]] bool is_path(std::string_view text);
// A path, or nothing.
[[nodiscard]] bool is_path_or_empty(std::string_view text);
// A path for the log, or nothing: the names of streams and services would become files.
[[nodiscard]] bool is_log_file(std::string_view text);
// Up to 64 of letters, digits, - . _, or nothing.
[[nodiscard]] bool is_hub_name(std::string_view text);
// A user of the system, or nothing.
[[nodiscard]] bool is_system_user(std::string_view text);
// Up to 65,535 bytes of UTF-8 without control characters, blanks at the ends, and characters that nobody can see.
[[nodiscard]] bool is_visible_text(std::string_view text);
// Text as above that has room in a TLS handshake: up to 255 bytes (RFC 7301 section 3.1).
[[nodiscard]] bool is_alpn_name(std::string_view text);
// A topic to publish to, in which {hub} stands for the hub's id.
[[nodiscard]] bool is_topic_pattern(std::string_view text);
[[nodiscard]] bool is_passthrough_topic(std::string_view text);
// scheme://host or scheme://host:port.
[[nodiscard]] bool is_origin(std::string_view text);
// A path of a URL without query and fragment.
[[nodiscard]] bool is_ws_path(std::string_view text);
// A name that an environment variable can have.
[[nodiscard]] bool is_variable(std::string_view text);
// A path that fits into the address of a Unix socket, or nothing.
[[nodiscard]] bool is_socket_path(std::string_view text);

inline constexpr TextRule kHost = {
    is_host,
    "a host name or IP address alone: the port goes into upstream.port, IPv6 has no brackets, TLS comes with "
    "upstream.tls.ca_file"};
inline constexpr TextRule kIp = {is_ip, "an IP address such as \"127.0.0.1\" or \"::1\""};
inline constexpr TextRule kPath = {
    is_path, "a path, not empty, without ~, $NAME and patterns, which nobody replaces here"};
inline constexpr TextRule kPathOrEmpty = {
    is_path_or_empty, "a path without ~, $NAME and patterns, which nobody replaces here; or \"\""};
inline constexpr TextRule kLogFile = {is_log_file, "a path without ~ and $NAME; \"\" for stderr"};
inline constexpr TextRule kSystemUser = {is_system_user, "the name of a user, without group; or \"\""};
inline constexpr TextRule kMqttString = {
    is_visible_text, "up to 65535 bytes of UTF-8, no control characters, no blanks at the ends"};
inline constexpr TextRule kAlpnName = {
    is_alpn_name, "up to 255 bytes of UTF-8, as TLS allows, no control characters, no blanks at the ends"};
inline constexpr TextRule kTopic = {
    is_topic_pattern,
    "an MQTT topic without + and #, not beginning with $; {hub} is the hub id, no other { or }"};
inline constexpr TextRule kWsPath = {
    is_ws_path, "a path that begins with /, or a list of 1 to 16 of them, without query"};
inline constexpr TextRule kOrigin = {
    is_origin, "a list of up to 64 origins such as \"https://panel.example\", without path"};
inline constexpr TextRule kSocket = {is_socket_path,
                                     "a path of at most 107 bytes, the system's limit for sockets; or \"\""};

}  // namespace headgate::hub
