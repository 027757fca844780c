// Says what a queue is for. Its owner gives that when he opens it, and it is kept with the queue on the disk
// (docs/adr/0028). Nothing is read out of a name. Limits are not part of it: they follow the configuration
// (QueuePolicy).
#pragma once

#include <cstdint>
#include <string>

namespace headgate::store {

// Who consumes it. The numbers are on disk.
enum class QueueKind : uint8_t {
  plain = 0,        // nobody that the store knows of
  session = 1,      // a persistent session
  input = 2,        // a module, by its input; or a device, by the messages to it
  link = 3,         // a link to another broker
  dead = 4,         // an operator: it takes the messages of entries that end with a Death. One at most
  computation = 5,  // a computing route
  history = 6,      // nobody: its messages are copies, and none that it lets go is lost
};

struct QueueAttributes {
  QueueKind kind = QueueKind::plain;
  bool keeps_gaps = false;  // losses are remembered until drop_gaps(): there is a far side to tell
  std::string plan = {};    // of a computation, opaque to the store; else empty. At most 64 KiB
  // Taking in and handing out nothing: whoever consumes it asks. Of QueueStore::set_paused() alone, whatever it is opened with.
  bool paused = false;

  friend bool operator==(const QueueAttributes&, const QueueAttributes&) = default;
};

// A link declares its gaps to the far side.
[[nodiscard]] inline QueueAttributes link_attributes() { return {QueueKind::link, true}; }

}  // namespace headgate::store
