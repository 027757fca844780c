// Fields from a table, so that a test can state system properties and properties without a value.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/text.h"
#include "routing/evaluation/fields.h"
#include "routing/evaluation/json_body.h"
#include "routing/language/text.h"

namespace headgate::routing {

class TableFields final : public Fields {
 public:
  using Table = std::map<std::string, std::optional<std::string>>;

  TableFields(Table application, Table system, std::string body = {})
      : application_(std::move(application)), system_(std::move(system)), body_(std::move(body)) {}

  [[nodiscard]] Value property(std::string_view name) const noexcept override {
    return find(application_, name);
  }
  [[nodiscard]] Value system_property(std::string_view name) noexcept override { return find(system_, name); }
  [[nodiscard]] Value body(const BodyPath& path, BodyMode) noexcept override {
    return json_.parse(body_, TextEncoding::utf8) ? json_.find(path) : Value::undefined();
  }

 private:
  static Value find(const Table& table, std::string_view name) {
    for (const auto& [key, value] : table) {
      if (core::equals_ignoring_case(key, name))
        return value ? Value::of(std::string_view(*value)) : Value::null();
    }
    return Value::undefined();
  }

  Table application_;
  Table system_;
  std::string body_;
  JsonBody json_;
};

}  // namespace headgate::routing
