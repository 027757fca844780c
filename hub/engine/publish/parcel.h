// A PUBLISH on its way into the hub.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/message.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Adds what routes made of a message to `behind`. A topic gets a message once for each hop, however many routes lead
// there, and a route's results once, which tell by their properties whose they are: or two routes that feed themselves
// and each other would double it with every hop.
inline void add_behind(std::vector<core::MessagePtr>& behind, core::MessagePtr made) {
  const bool twice = std::ranges::any_of(behind, [&](const core::MessagePtr& other) {
    return other->hops == made->hops && other->topic == made->topic && other->props() == made->props();
  });
  if (!twice) behind.push_back(std::move(made));
}

// The part of a PUBLISH that is still to be taken: its message, then those that routes make of it, one after
// the other. It can be put aside at any of them and taken up again.
struct Parcel {
  core::MessagePtr message;                   // to be taken next
  std::optional<store::KeyValue> with;        // written together with `message`
  bool republished = false;                   // `message` was made by a route, not by the client
  std::vector<core::MessagePtr> behind = {};  // made by routes of what has been taken, in their order
  store::Seq stored = 0;                      // the last seq of what has been taken; 0: nothing was stored
  bool not_retained = false;                  // the client's message should have been, see Ingest
  uint64_t recorded = 0;  // number of the client's message with the recorder; 0: it has none

  void add_behind(core::MessagePtr made) { hub::add_behind(behind, std::move(made)); }

  // `message` has been taken: goes on to the one behind it. False if there is none.
  [[nodiscard]] bool next() {
    if (behind.empty()) return false;
    message = std::move(behind.front());
    behind.erase(behind.begin());
    with.reset();
    republished = true;
    return true;
  }
};

}  // namespace headgate::hub
