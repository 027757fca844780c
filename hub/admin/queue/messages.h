// GET /v1/queues/{name}/messages: messages that wait in a queue and that a filter takes, oldest first in each lane.
//
//   topic, client, device, module, property, since, until, contains, where   see routing/selection/message_filter.h
//   lane=0–10   limit=1–1000 (100)   rows=1–10,000,000 (100,000)   time_ms=1–60,000 (2,000)   cursor=CURSOR
//   payload=1   with payloads; full=1: with all that another queue needs to take them in
//
// Rows are read by the store's searching thread, never by the loop. A search ends with `limit` messages found, `rows` looked at
// or `time_ms` gone, and says how far it got (store/report/messages.h); it ends with its request.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "hub/admin/call.h"
#include "store/report/messages.h"

namespace headgate::hub {

// Names of the parameters.
[[nodiscard]] const std::vector<std::string_view>& search_parameters();

[[nodiscard]] AdminReply get_messages(const AdminCall& call);
// Answers with what a search gives that `begin` begins; it ends with its request.
using BeginSearch = std::function<std::shared_ptr<store::Search>(store::OnSearchText found)>;
[[nodiscard]] AdminReply answer_of_search(BeginSearch begin);
// Answers with what is found.
[[nodiscard]] AdminReply find_messages(const AdminCall& call, store::MessageSearch what);

// POST /v1/queues/{name}/purge with a filter: drops what it takes, within the budget. Parameters: those of the filter, lane,
// rows, time_ms and cursor.
[[nodiscard]] const std::vector<std::string_view>& purge_parameters();
[[nodiscard]] AdminReply purge_messages(const AdminCall& call);

}  // namespace headgate::hub
