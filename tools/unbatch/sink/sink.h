// Where messages go that came out of batches. One thread; calls may block.
#pragma once

#include <memory>

#include "core/result.h"
#include "tools/unbatch/sink/message.h"

namespace headgate::tools {

class Sink {
 public:
  virtual ~Sink() = default;

  // Takes a message of a batch. Errors: invalid (it can never be taken); io, unavailable (not now).
  virtual core::Status put(const Message& message) = 0;
  virtual core::Status put(const LostEntries& lost) = 0;

  // Returns once all that was put is safe where it goes. On an error nothing is known about what was put since the last
  // call. Errors: as put().
  virtual core::Status flush() = 0;

  // Whether flush() means that a crash of this process takes nothing: then what was put may be acknowledged to where it
  // came from, and remembered as done.
  [[nodiscard]] virtual bool is_durable() const = 0;
};

}  // namespace headgate::tools
