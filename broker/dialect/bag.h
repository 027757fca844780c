// Property bags of Azure IoT's SDKs: `name=value&name=value`, percent-encoded, at the end of a topic.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"

namespace headgate::broker {

// Splits at `&`, then at the first `=`, and decodes `%XX` only: `+` stays. A name without `=` has an empty value, an
// empty part is left out, and of a name that comes again the first value counts. nullopt for a bad percent sequence, and
// for what is no text once decoded: malformed UTF-8, U+0000.
[[nodiscard]] std::optional<std::vector<core::UserProperty>> decode_bag(std::string_view bag);

// Appends `&name=value`, without the `&` where `out` ends with `/`. All but `A-Z a-z 0-9 - _ . ! ~ * ' ( )` is encoded, with
// upper-case hex. An SDK's process ends at a sequence that it cannot decode, so a property that is no text is left out.
void append_to_bag(std::string& out, std::string_view name, std::string_view value);

}  // namespace headgate::broker
