// Messages of a queue that somebody looks for, as one JSON text with how far the search got:
//
//   {"queue", "messages": [entry…], "looked", "unreadable", "done", "next"}
//
// Entries are those of store/report/inspect.h. `looked` counts entries that were looked at, of which `unreadable` are missing
// or damaged. `next` is the cursor to go on from, null once all was looked at (`done`).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/message.h"
#include "core/result.h"
#include "store/queue_store.h"
#include "store/report/search.h"

namespace headgate::store {

struct MessageSearch {
  enum class Shown : uint8_t {
    heads,     // no payload
    payloads,  // with it
    all,       // what another queue needs to take the message in: see export_json()
  };

  SearchRequest request;
  std::function<bool(const core::Message& message)> filter = nullptr;  // on the searching thread; null: all
  bool looks_inside = false;                                           // what it takes tells of bodies
  std::function<bool(std::string_view topic)> sees =
      nullptr;  // whether bodies may be shown, on the loop; null: all
  Shown shown = Shown::heads;
  bool says_how_far = true;  // else the answer has "queue" and "messages" only
};

// Answers as OnSearched does; see search() for errors. Messages whose bodies may not be seen have "payload": null, and are
// left out where the filter tells of bodies.
using OnSearchText = std::function<void(const core::Result<std::string>& json)>;
std::shared_ptr<Search> search_messages(QueueReader& reader, std::function<core::Now()> now,
                                        MessageSearch what, OnSearchText done);

// Answers with dead letters after `after`, oldest first, `count` at most, in the shape of dead_letters_json().
std::shared_ptr<Search> search_letters(QueueReader& reader, std::function<core::Now()> now, Seq after,
                                       size_t count, OnSearchText done);

}  // namespace headgate::store
