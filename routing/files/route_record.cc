#include "routing/files/route_record.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "routing/files/compute_rule.h"
#include "routing/files/json_text.h"
#include "routing/files/table_rule.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

Json queue_json(const QueueRule& rule) {
  Json queue = Json::object();
  if (rule.bytes_max) queue["maxBytes"] = *rule.bytes_max;
  if (rule.messages_max) queue["maxMessages"] = *rule.messages_max;
  if (rule.age_max_ms) queue["maxAge"] = std::to_string(*rule.age_max_ms) + "ms";
  if (rule.on_full) queue["onFull"] = core::to_string(*rule.on_full);
  return queue;
}

Json route_json(const RouteFileEntry& entry) {
  Json route = {{"route", entry.text},
                {"semantics", entry.semantics == Semantics::edgehub ? "edgehub" : "strict"},
                {"body", entry.body == BodyMode::declared ? "declared" : "auto"}};
  if (entry.priority) route["priority"] = *entry.priority;
  if (entry.retain) route["retain"] = true;
  if (!entry.publish_as.empty()) route["publishAs"] = entry.publish_as;
  if (entry.shadow) route["shadow"] = true;
  if (entry.send_back) route["sendBack"] = true;
  if (entry.links.size() == 1) route["link"] = entry.links.front();
  if (entry.links.size() > 1) route["link"] = entry.links;
  if (Json queue = queue_json(entry.queue); !queue.empty()) route["queue"] = std::move(queue);
  write_compute_rule(entry.limits, route);
  if (entry.retained == RetainedInputs::changed) route["retained"] = "changed";
  if (entry.on_change == OnChange::restart) route["onChange"] = "restart";
  if (entry.queue.on_remove) route["onRemove"] = to_string(*entry.queue.on_remove);
  return route;
}

// Writes it as short as a person would. `edgehub`: the file says so for all of its routes.
Json written_json(const RouteFileEntry& entry, bool edgehub) {
  Json route = route_json(entry);
  if (entry.ttl_s) route["timeToLiveSecs"] = *entry.ttl_s == 0 ? Json(-1) : Json(*entry.ttl_s);
  if (edgehub) route.erase("semantics");
  const BodyMode implied = entry.semantics == Semantics::edgehub ? BodyMode::declared : BodyMode::auto_detect;
  if (entry.body == implied) route.erase("body");
  if (!edgehub && entry.semantics == Semantics::strict) route.erase("semantics");
  return route.size() == 1 ? route["route"] : route;
}

void read_schema_texts(const Json& record, RouteFileEntry& entry) {
  const auto schemas = record.find("schemas");
  if (schemas == record.end() || !schemas->is_object()) return;
  for (const auto& [file, text] : schemas->items()) {
    if (text.is_string())
      entry.schemas.push_back({file, std::make_shared<const std::string>(text.get<std::string>()), ""});
  }
}

core::Unexpected unreadable() { return core::fail(core::Errc::invalid, "it is no record of a route"); }

}  // namespace

std::string route_record(const RouteFileEntry& entry) {
  Json record = {{"file", entry.file}, {"route", route_json(entry)}};
  if (entry.ttl_s) record["ttl_s"] = *entry.ttl_s;
  for (const SchemaText& schema : entry.schemas) {
    if (schema.text) record["schemas"][schema.file] = *schema.text;
  }
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

core::Result<RouteFileEntry> read_route_record(std::string_view name, std::string_view record) {
  const Json json = Json::parse(record, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("route") || !json.contains("file")) return unreadable();
  if (!json["file"].is_string()) return unreadable();
  const Json as_file = {{"routes", {{std::string(name), json["route"]}}}};
  RouteFile file = parse_route_file(as_file.dump(), json["file"].get<std::string>());
  if (file.entries.size() != 1 || !file.errors.empty()) return unreadable();
  RouteFileEntry entry = std::move(file.entries.front());
  read_schema_texts(json, entry);
  const auto ttl = json.find("ttl_s");
  if (ttl != json.end() && ttl->is_number_unsigned()) entry.ttl_s = ttl->get<uint32_t>();
  return entry;
}

std::string route_file_text(const std::vector<RouteFileEntry>& entries,
                            const std::vector<TableSource>& tables) {
  const bool edgehub = !entries.empty() && std::ranges::all_of(entries, [](const RouteFileEntry& entry) {
    return entry.semantics == Semantics::edgehub;
  });
  Json routes = Json::object();
  auto& members = routes.get_ref<Json::object_t&>();
  // Looking for each name among those before it would take quadratic time.
  for (const RouteFileEntry& entry : entries) members.emplace_back(entry.name, written_json(entry, edgehub));
  Json file = Json::object();
  if (edgehub) file["semantics"] = "edgehub";
  file["routes"] = std::move(routes);
  for (const TableSource& table : tables) write_table_rule(table, file["tables"][table.name]);
  return file.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string table_record(const TableSource& table) {
  Json rule = Json::object();
  write_table_rule(table, rule);
  const Json record = {{"file", table.declared_in}, {"table", std::move(rule)}};
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

core::Result<TableSource> read_table_record(std::string_view name, std::string_view record) {
  const Json json = Json::parse(record, nullptr, /*allow_exceptions=*/false);
  const bool known =
      json.is_object() && json.contains("table") && json.contains("file") && json["file"].is_string();
  std::vector<QueueRuleProblem> problems;
  std::vector<TableSource> read;
  if (known) read = read_table_rules({{std::string(name), json["table"]}}, "", problems);
  if (read.size() != 1) return core::fail(core::Errc::invalid, "it is no record of a table");
  read.front().declared_in = json["file"].get<std::string>();
  return std::move(read.front());
}

std::string records_text(const std::vector<RouteFileEntry>& entries, const std::vector<TableSource>& tables) {
  std::string text = R"({"routes":{)";
  const auto add = [&text](std::string_view name, const std::string& record) {
    if (text.back() != '{') text.push_back(',');
    text.append(Json(name).dump(-1, ' ', false, Json::error_handler_t::replace)).append(":").append(record);
  };
  for (const RouteFileEntry& entry : entries) add(entry.name, route_record(entry));
  text.append(R"(},"tables":{)");
  for (const TableSource& table : tables) add(table.name, table_record(table));
  return text.append("}}");
}

core::Result<RouteFile> read_records(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const Json* const routes = member(json, "routes");
  const Json* const tables = member(json, "tables");
  if (routes == nullptr || tables == nullptr)
    return core::fail(core::Errc::invalid, "these are no records of routes");
  RouteFile file;
  for (const auto& [name, record] : routes->items()) {
    auto entry = read_route_record(name, record.dump());
    if (entry) file.entries.push_back(*std::move(entry));
  }
  for (const auto& [name, record] : tables->items()) {
    auto table = read_table_record(name, record.dump());
    if (table) file.tables.push_back(*std::move(table));
  }
  return file;
}

}  // namespace headgate::routing
