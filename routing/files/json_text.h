// JSON that people write: configuration and route files. Comments are allowed, a key that appears twice is
// an error (the parser would keep the last one silently), nesting is bounded, and errors say where.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace headgate::routing {

inline constexpr int kJsonDepthMax = 64;  // deeper values could exhaust the stack of whoever walks them

// Parses a whole text. Objects keep the order of the file. Errors (invalid) read
// `file:line:column: …`, or `file: path: …` for repeated keys and nesting; one line each.
[[nodiscard]] core::Result<nlohmann::ordered_json> parse_json_text(std::string_view text,
                                                                   std::string_view file);

// Steps over the mark that some editors put before a text in UTF-8.
void skip_byte_order_mark(std::string_view& text);

// The first fault of a text in another encoding, as `file:line: …`; nullopt: it is UTF-8 without U+0000.
[[nodiscard]] std::optional<std::string> encoding_fault(std::string_view text, std::string_view file);

// The member of that name; null if there is none, or `object` is no object.
[[nodiscard]] const nlohmann::ordered_json* member(const nlohmann::ordered_json& object,
                                                   std::string_view key);

// The value as a person would quote it in an error: short values whole, long ones cut, containers named.
[[nodiscard]] std::string describe(const nlohmann::ordered_json& value);

// `parent.key`, or `parent["odd key"]` where the key is not a plain word.
[[nodiscard]] std::string join_path(std::string_view parent, std::string_view key);

// `; did you mean "x"?` with the nearest candidate by edit distance, or nothing when none is near.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string_view>& candidates);

}  // namespace headgate::routing
