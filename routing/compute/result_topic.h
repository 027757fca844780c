// Topics of results, and the key of functions that remember for a message's sender: equal wherever routes are run.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/message.h"
#include "routing/language/sink.h"

namespace headgate::routing {

// Topic of results that no sink names one for: `routes/NAME`, without what a topic may not hold.
[[nodiscard]] std::string default_result_topic(std::string_view route);

// The topic that the sink names; empty: none. That of a module's input is where it is delivered.
[[nodiscard]] std::string named_topic(const Sink& sink, const std::optional<std::string>& filled_in);

// Key of a function that remembers without OVER: device, of who has none the client, and module; its output, or the topic
// of who has none. So two clients on one topic have a memory each, and so has each topic of a client.
[[nodiscard]] std::string sender_key(const core::Message& message);
// Puts it into a string that is there already, whose memory is used again.
void assign_sender_key(const core::Message& message, std::string& key);

}  // namespace headgate::routing
