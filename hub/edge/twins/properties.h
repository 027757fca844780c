// Properties of twins as JSON: what a twin may hold (RFC 8259, and the limits of edgeHub), patches (RFC 7396), and what
// two of them differ in. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::hub {

// Limits of desired and of reported properties each.
inline constexpr size_t kTwinDepthMax =
    10;  // objects and arrays within one another, the outermost not counted
inline constexpr size_t kTwinNameBytesMax = 1'024;
inline constexpr size_t kTwinTextBytesMax = 4'096;
inline constexpr int64_t kTwinWholeMax = int64_t{1} << 52;
inline constexpr size_t kTwinBytesMax = size_t{32} * 1'024;  // as JSON without blanks
inline constexpr size_t kTwinPatchBytesMax =
    2 * kTwinBytesMax;  // it may take away all names and bring others

// Reads an object that keeps to these limits, but for kTwinBytesMax. Null is allowed where `nulls` says so: never in arrays.
// Errors: invalid, with what is wrong and where.
enum class TwinNulls : uint8_t { remove, refused };
[[nodiscard]] core::Result<nlohmann::json> read_twin_properties(std::string_view text, TwinNulls nulls);

// The patch that makes `after` of `before`, both objects; an empty one, if they are the same.
[[nodiscard]] nlohmann::json twin_difference(const nlohmann::json& before, const nlohmann::json& after);

}  // namespace headgate::hub
