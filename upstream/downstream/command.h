// A message that came down, on its way to the hub, and the seam to who takes it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/clock.h"
#include "upstream/link/link.h"

namespace headgate::upstream {

// Longest id of a command, in bytes.
inline constexpr size_t kCommandIdBytesMax = 256;

// By what a sender knows a command again.
struct CommandId {
  enum class Kind : uint8_t {
    none,         // nothing: the command is promised nothing
    property,     // MQTT 5 user property "id"
    correlation,  // MQTT 5 Correlation Data: bytes
    member,       // of a JSON body
    key,          // an HTTP request's Idempotency-Key
  };

  Kind kind = Kind::none;
  std::string value;

  [[nodiscard]] explicit operator bool() const { return kind != Kind::none; }
  friend bool operator==(const CommandId&, const CommandId&) = default;
};

struct Command {
  std::string topic;       // here
  std::string publish_as;  // user by whose rights it is published here; empty: $downstream
  CommandId id;
  Incoming message;         // with the topic upstream
  std::string client = {};  // whose message it is here; empty: it came down
};

// Outcome of a command.
enum class Fate : uint8_t {
  stored,    // it is durable, and whoever subscribes to it here has it or will
  repeated,  // a command of this id and content is durable already; this one went nowhere
  refused,
  lost,  // the store failed before it was durable: nobody is told, and its sender repeats it
};
[[nodiscard]] std::string_view name_of(Fate fate);

struct Verdict {
  Fate fate = Fate::refused;
  std::string why = {};  // of a refusal, for people
  bool full = false;     // refused for lack of room: it may be taken later
  uint64_t seq = 0;      // the last that it was stored as; 0: nobody keeps it, or it was stored before
};

// Implemented by hub::Commands and, in tests, by ManualCommands. Loop thread.
class CommandTaker {
 public:
  // Calls `decided` once, from within or later: as soon as the command is durable, or lost.
  using Decided = std::function<void(const Verdict& verdict, core::Now now)>;

  virtual ~CommandTaker() = default;
  virtual void take(Command command, core::Now now, Decided decided) = 0;
};

}  // namespace headgate::upstream
