// JSON Schema, draft 7: a text becomes an immutable Schema, against which bodies are checked in bounded time, memory and
// stack. Whatever a body holds, a check ends with a verdict, or says which limit it met.
//
//   CompiledSchema compiled = compile_schema(text, "reading.json");     // at load; findings say what is wrong
//   SchemaChecker checker;                                              // reused
//   if (checker.check(*compiled.schema, body) == Conformance::no) …
//
// valijson reads schemas, RE2 runs their patterns; both stay behind this. Patterns are RE2's: without look-ahead and
// back-references, which are errors at load. `$ref` leads to a place in the same text (`#/definitions/…`, `#`), never to a
// file or the network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "routing/language/diagnostics.h"

namespace headgate::routing {

// Limits of a schema. Beyond one it is refused at load.
inline constexpr size_t kSchemaBytesMax = size_t{64} * 1024;
inline constexpr size_t kSchemaDepthMax = 32;
inline constexpr size_t kSubschemasMax = 1000;
inline constexpr size_t kPatternsMax = 64;

// Limits of a check. Beyond one there is no verdict. A step is 6 to 40 ns of work, so all of them are 4 ms at most.
inline constexpr size_t kCheckedBytesMax = size_t{256} * 1024;
inline constexpr size_t kCheckedDepthMax = 64;
inline constexpr size_t kCheckedValuesMax = 16'384;
inline constexpr int64_t kCheckStepsMax = 100'000;

// A finding about the text of a schema, at a JSON pointer in it.
struct SchemaFinding {
  Severity severity = Severity::error;
  std::string pointer;  // empty: the whole
  std::string what;     // the end of a sentence that begins with the place: "is 'nmber'; allowed: …"
  std::string advice;   // empty, or what to do
};

// Immutable; any number of threads.
class Schema {
 public:
  struct Parts;

  explicit Schema(std::unique_ptr<const Parts> parts);
  ~Schema();
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  [[nodiscard]] const Parts& parts() const { return *parts_; }

 private:
  std::unique_ptr<const Parts> parts_;
};

struct CompiledSchema {
  std::shared_ptr<const Schema> schema;  // null: one of the findings is an error
  std::vector<SchemaFinding> findings;
};

// `file` is the name that findings about the syntax carry. Keywords that draft 7 does not have are warnings.
[[nodiscard]] CompiledSchema compile_schema(std::string_view text, std::string_view file);

// Outcome of a check. `not_json`: the text is no JSON, so there is nothing to check.
enum class Conformance : uint8_t { no, yes, not_json, limit };

// Why a body does not conform, or which limit it met.
struct Violation {
  std::string pointer;  // of the value in the body; empty: the whole
  std::string what;     // the end of a sentence: "is a string; allowed: number"

  // "/celsius is a string; allowed: number"; of the whole "the value is …".
  [[nodiscard]] std::string text() const;
};

class JsonTree;

// Tools of a check, reused from one to the next. Not for two threads at once.
class SchemaChecker {
 public:
  SchemaChecker();
  ~SchemaChecker();
  SchemaChecker(SchemaChecker&&) noexcept;
  SchemaChecker& operator=(SchemaChecker&&) noexcept;

  // Checks one JSON text. `why`, unless null, is set for `no` (the first violation met) and `limit`; a check costs less
  // without.
  [[nodiscard]] Conformance check(const Schema& schema, std::string_view json, Violation* why = nullptr);
  // Names the limit that the last check met, as the end of a sentence that begins with the value; empty: none. Lives for ever.
  [[nodiscard]] std::string_view limit() const { return limit_; }

 private:
  std::unique_ptr<JsonTree> tree_;  // null: nothing was checked yet
  std::string_view limit_;
};

}  // namespace headgate::routing
