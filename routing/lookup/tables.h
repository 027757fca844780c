// The lookup tables that routes in force read, by name.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "routing/lookup/table.h"

namespace headgate::routing {

class LookupTables {
 public:
  // JSON text; empty: there is no such row, or no such table. Good until the next change.
  [[nodiscard]] std::string_view row(std::string_view table, std::string_view key) const;

  // Null: there is none.
  [[nodiscard]] LookupTable* find(std::string_view name);
  [[nodiscard]] const LookupTable* find(std::string_view name) const;
  // Adds a table; one of that name is replaced.
  LookupTable& add(std::shared_ptr<const TableSource> source);
  void remove(std::string_view name);
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (const auto& [name, table] : tables_) visit(*table);
  }
  template <typename Visit>
  void for_each(const Visit& visit) {
    for (auto& [name, table] : tables_) visit(*table);
  }

 private:
  std::map<std::string, std::unique_ptr<LookupTable>, std::less<>> tables_;
};

}  // namespace headgate::routing
