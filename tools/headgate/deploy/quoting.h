// Text of strangers in YAML and in systemd's files, so that it is read there as what it is and nothing else.
#pragma once

#include <string>
#include <string_view>

namespace headgate::tools {

// A double-quoted YAML scalar. Escapes whatever some reader of YAML 1.1 or 1.2 would take for a line break or refuse.
[[nodiscard]] std::string yaml_quoted(std::string_view text);

// Word of a command or a list in a unit: as it stands if it is plain, else in double quotes with systemd's escapes.
// Specifiers (%) and variables ($) are characters.
[[nodiscard]] std::string systemd_word(std::string_view text);

// Whether a word has only characters that stand for themselves everywhere.
[[nodiscard]] bool is_plain_word(std::string_view text);

// Text of a key that is not split into words, such as Description=: one line, without specifiers.
[[nodiscard]] std::string systemd_line(std::string_view text);

// A field of --mount, which is a list with commas.
[[nodiscard]] std::string csv_field(std::string_view text);

}  // namespace headgate::tools
