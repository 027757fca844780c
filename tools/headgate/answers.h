// Helpers that the subcommands share: taking the hub's JSON apart, and showing a message. Internal to
// tools/headgate.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "tools/headgate/commands/commands.h"
#include "tools/headgate/format.h"

namespace headgate::tools {

// Prints the JSON as it is (--json), or hands it to `show`. Returns the exit code.
int answer(const Context& context, const core::Result<std::string>& body,
           const std::function<void(const nlohmann::ordered_json& json)>& show);

// Does that with a table that `make` fills, sorted as the display asks for; `after`, if any, shows what stands below it.
int answer_table(const Context& context, const core::Result<std::string>& body,
                 const std::function<Table(const nlohmann::ordered_json& json)>& make,
                 const std::function<void(const nlohmann::ordered_json& json)>& after = nullptr);

// Follows a stream of messages, printing each line at once. Returns the exit code.
int follow(const Context& context, const std::string& target);

// `time  topic  size  from`, then the seq and lane of an entry, then the payload on a line of its own where
// there is one.
void show_message(std::ostream& out, const nlohmann::ordered_json& message);

// Missing or of another type: the empty value. A hub of another version must not crash the tool.
[[nodiscard]] std::string text_of(const nlohmann::ordered_json& json, std::string_view field);
[[nodiscard]] uint64_t number_of(const nlohmann::ordered_json& json, std::string_view field);
[[nodiscard]] bool flag_of(const nlohmann::ordered_json& json, std::string_view field);
[[nodiscard]] const nlohmann::ordered_json& member_of(const nlohmann::ordered_json& json,
                                                      std::string_view field);

}  // namespace headgate::tools
