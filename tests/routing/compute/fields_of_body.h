// Fields of a message whose body is a table of values, and JSON text.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "routing/evaluation/fields.h"
#include "routing/language/parse/parser.h"

namespace headgate::testing {

class FieldsOfBody final : public routing::Fields {
 public:
  explicit FieldsOfBody(std::map<std::string, routing::Value> members = {}, std::string text = "")
      : members_(std::move(members)), text_(std::move(text)) {}

  [[nodiscard]] routing::Value property(std::string_view) const noexcept override {
    return routing::Value::undefined();
  }
  [[nodiscard]] routing::Value system_property(std::string_view) noexcept override {
    return routing::Value::undefined();
  }
  [[nodiscard]] routing::Value body(const routing::BodyPath& path, routing::BodyMode) noexcept override {
    const auto found = members_.find(path.front().name);
    return found == members_.end() ? routing::Value::missing() : found->second;
  }
  [[nodiscard]] std::string_view body_json(const routing::BodyPath& path,
                                           routing::BodyMode) noexcept override {
    return path.empty() ? text_ : std::string_view{};
  }

 private:
  std::map<std::string, routing::Value> members_;
  std::string text_;
};

inline routing::Expression checked_expression(std::string_view text) {
  routing::Diagnostics found(text);
  return routing::parse_condition(text, routing::Semantics::strict, found);
}

}  // namespace headgate::testing
