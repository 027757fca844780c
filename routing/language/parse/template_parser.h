// Topics that each message fills in: 'alerts/{$body.asset}/high'. `{{` and `}}` are the characters themselves.
#pragma once

#include <string>

#include "routing/language/parse/token_cursor.h"
#include "routing/language/query.h"
#include "routing/language/sink.h"

namespace headgate::routing {

// Reads the quoted text `token` into a sink's `topic` and, if a part is filled in, `filled_in`. False after a mistake,
// which has been reported: the text is not a topic, or could become one that is the hub's or a module's input.
[[nodiscard]] bool parse_topic_template(const TokenCursor& cursor, const Token& token, Query& query,
                                        Sink& sink, Diagnostics& found);

// Whether a route may publish to that topic; says why not, about `token`.
[[nodiscard]] bool is_topic_to_publish(const std::string& topic, const Token& token, Diagnostics& found);

}  // namespace headgate::routing
