// Fields of a message that a condition can see. Implemented by MessageFields, and in tests by a table.
#pragma once

#include <string_view>

#include "routing/evaluation/value.h"
#include "routing/language/body_path.h"

namespace headgate::routing {

class Fields {
 public:
  virtual ~Fields() = default;

  // An application property: its string, null if it has no value, undefined if there is none.
  [[nodiscard]] virtual Value property(std::string_view name) const noexcept = 0;
  // A system property, named without `$`.
  [[nodiscard]] virtual Value system_property(std::string_view name) noexcept = 0;
  // A body value: as JsonBody::find, and undefined if the body cannot be read under `mode`.
  [[nodiscard]] virtual Value body(const BodyPath& path, BodyMode mode) noexcept = 0;
};

}  // namespace headgate::routing
