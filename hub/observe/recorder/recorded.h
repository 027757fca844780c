// A message as the recorder has it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Message as it was taken in, to be recorded. Borrows all that it names.
struct Arrival {
  const core::Message& message;
  store::Seq seq = 0;  // 0: no queue has it
  std::span<const store::Target> targets = {};
  bool heard = false;             // somebody subscribes, or watches
  bool returned = false;          // a batch of this hub that came back: it is not routed
  bool remembered = false;        // routes with state have taken it
  uint64_t made_of = 0;           // the message (its number) that routes have made it of; 0: none
  bool made = false;              // routes have made it
  std::string_view refused = {};  // why the hub did not take it
};

struct RecordedTarget {
  store::QueueId queue = 0;
  uint8_t lane = store::kDefaultLane;

  friend bool operator==(const RecordedTarget&, const RecordedTarget&) = default;
};

struct Recorded {
  uint64_t number = 0;  // the recorder's own, of every message, from 1
  store::Seq seq = 0;
  core::MessagePtr message;  // its body cut to Recorder::kBodyBytesMax
  uint64_t body_bytes = 0;   // as it came
  bool cut = false;          // topic, sender or properties are not whole either
  std::vector<RecordedTarget> targets;
  bool heard = false;
  bool returned = false;
  bool remembered = false;
  bool made = false;
  uint64_t made_of = 0;
  std::string refused;
  uint64_t routes = 0;  // version of the routes that were in force: Recorder::routes()

  [[nodiscard]] bool has_whole_body() const { return message->body.size() == body_bytes; }
};

}  // namespace headgate::hub
