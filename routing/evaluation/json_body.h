// A message's body as JSON, parsed at most once a message and only when asked. simdjson stays behind it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "routing/evaluation/value.h"
#include "routing/language/body_path.h"

namespace headgate::routing {

enum class TextEncoding : uint8_t {
  utf8,
  utf16,
  utf32
};  // little-endian unless a byte order mark says otherwise

// Keeps its parser and buffer between messages: warm, nothing is allocated. Not for two threads at once.
class JsonBody {
 public:
  JsonBody();
  ~JsonBody();
  JsonBody(JsonBody&&) noexcept;
  JsonBody& operator=(JsonBody&&) noexcept;

  // Parses; false if `bytes` are not one JSON object. What find() returned before is no longer good. Numbers that no
  // double holds are infinite, half a surrogate pair is U+FFFD, also as it is written: both cost no other value.
  [[nodiscard]] bool parse(std::string_view bytes, TextEncoding encoding) noexcept;

  // Text of the last JSON value parsed, an object or not; empty if it was no JSON.
  [[nodiscard]] std::string_view whole() const noexcept;

  // Why the last parse() failed, for people: "is not JSON (…)" or "is JSON, but no object".
  [[nodiscard]] std::string_view problem() const noexcept;

  // The value at `path` of the last object parsed: boolean, number, string, null; missing if there is
  // no such field; undefined for an object or an array. Of equal names the last counts, as in edgeHub.
  [[nodiscard]] Value find(const BodyPath& path) const noexcept;

  // The value at `path` as it is written, objects and arrays too, these without blanks between their parts; empty if there
  // is no such field. An empty path gives the object's own text. Good until the next parse().
  [[nodiscard]] std::string_view find_json(const BodyPath& path) noexcept;

  // Gives what the last parse() read if it was no object: a number as it is written, a boolean, null, a JSON string's text,
  // else all of it as text. Undefined for an array, for nothing and for what is no UTF-8.
  [[nodiscard]] Value scalar() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace headgate::routing
