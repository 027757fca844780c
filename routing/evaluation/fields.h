// Fields of a message that a condition can see. Implemented by MessageFields, and in tests by a table.
#pragma once

#include <cstdint>
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
  // Gives it as JSON text, objects and arrays too; empty if there is no such value. An empty path: the whole body, if
  // it is an object. Good until the next message.
  [[nodiscard]] virtual std::string_view body_json(const BodyPath& path, BodyMode mode) noexcept {
    (void)path, (void)mode;
    return {};
  }
  // Gives a body value of any kind as JSON text, also that of a body that is no object (an empty path); empty if there is
  // none, or the body is no JSON. Good until the next message.
  [[nodiscard]] virtual std::string_view body_value(const BodyPath& path, BodyMode mode) noexcept {
    return body_json(path, mode);
  }
  // `none`: the message is no change of a twin, or not to be read.
  enum class Change : uint8_t { none, untouched, removed, set };
  // Tells what a change of a twin does with the value at that path of what is reported; an empty path: of another part.
  [[nodiscard]] virtual Change twin_change(const BodyPath& path, BodyMode mode) noexcept {
    (void)path, (void)mode;
    return Change::none;
  }
  // A level of the topic: 1 is the first, -1 the last; undefined beyond them.
  [[nodiscard]] virtual Value topic_level(int level) noexcept {
    (void)level;
    return Value::undefined();
  }
  // A body that is no JSON object: a number, a boolean, or its text; undefined for an object, an array, or bytes
  // that are no UTF-8.
  [[nodiscard]] virtual Value payload(BodyMode mode) noexcept {
    (void)mode;
    return Value::undefined();
  }
};

}  // namespace headgate::routing
