// A result's body: one JSON object, made of the values of a SELECT list. Pure text; nothing is parsed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "routing/evaluation/evaluator.h"
#include "routing/evaluation/fields.h"
#include "routing/evaluation/value.h"
#include "routing/language/query.h"

namespace headgate::routing {

// Shortest digits that read back as the same number; integers below 2^53 without point and exponent. JSON knows no
// infinity: null.
void append_json_number(std::string& out, double number);
// Writes a number as it was written where it was taken over, else likewise.
void append_json_number(std::string& out, const Value& value);
// False, and nothing is appended, for a value that JSON does not have: undefined, missing.
bool append_json_value(std::string& out, const Value& value);

// Members are written in the order in which they are added; a name given twice is the caller's mistake.
class JsonRow {
 public:
  // Appends to `out`, which must outlive this and is nobody else's meanwhile.
  explicit JsonRow(std::string& out) : out_(out) { out_ += '{'; }

  // An undefined value leaves its member out.
  void add(std::string_view name, const Value& value);
  void add_json(std::string_view name, std::string_view json);
  void close() { out_ += '}'; }

 private:
  void begin_member(std::string_view name);

  std::string& out_;
  bool first_ = true;
};

// Adds a SELECT item's value. A body path alone takes over objects and arrays too; a number that nothing was computed
// from is written as it came.
void add_item(JsonRow& row, const SelectItem& item, Evaluator& evaluator, Reading reading, Fields& fields,
              Slots* slots = nullptr);
void add_items(JsonRow& row, const std::vector<SelectItem>& items, Evaluator& evaluator, Reading reading,
               Fields& fields, Slots* slots = nullptr);

}  // namespace headgate::routing
