#include "routing/lookup/tables.h"

#include <utility>

namespace headgate::routing {

std::string_view LookupTables::row(std::string_view table, std::string_view key) const {
  const auto known = tables_.find(table);
  return known == tables_.end() ? std::string_view() : known->second->row(key);
}

LookupTable* LookupTables::find(std::string_view name) {
  const auto known = tables_.find(name);
  return known == tables_.end() ? nullptr : known->second.get();
}

const LookupTable* LookupTables::find(std::string_view name) const {
  const auto known = tables_.find(name);
  return known == tables_.end() ? nullptr : known->second.get();
}

LookupTable& LookupTables::add(std::shared_ptr<const TableSource> source) {
  const std::string name = source->name;
  auto& table = tables_[name];
  table = std::make_unique<LookupTable>(std::move(source));
  return *table;
}

void LookupTables::remove(std::string_view name) {
  if (const auto known = tables_.find(name); known != tables_.end()) tables_.erase(known);
}

}  // namespace headgate::routing
