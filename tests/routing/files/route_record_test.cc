#include "routing/files/route_record.h"

#include <gtest/gtest.h>

namespace headgate::routing {
namespace {

RouteFileEntry full() {
  RouteFileEntry entry;
  entry.name = "hot \"up\" ä";
  entry.text = "FROM 'a/b' WHERE x = 'é' INTO $upstream";
  entry.priority = 3;
  entry.ttl_s = 0;  // for ever, whatever the hub's default is
  entry.semantics = Semantics::edgehub;
  entry.body = BodyMode::auto_detect;
  entry.file = "/etc/headgate/routes/10.json";
  entry.queue = {1024, 7, 1500, OnFull::dilute, OnRemove::purge};
  entry.retain = true;
  entry.shadow = true;
  entry.links = {"lte", "fiber"};
  entry.limits.late = LatePolicy::adjust;
  entry.limits.tolerance_ms = 1500;
  entry.limits.idle_ms = 0;
  entry.limits.groups_max = 7;
  entry.limits.state_bytes_max = 65'536;
  return entry;
}

RouteFileEntry again(const RouteFileEntry& entry) {
  return *read_route_record(entry.name, route_record(entry));
}

TEST(RouteRecord, HoldsAllThatARouteSays) { EXPECT_EQ(again(full()), full()); }

TEST(RouteRecord, HoldsWhatIsLeftOut) {
  RouteFileEntry plain;
  plain.name = "a";
  plain.text = "FROM /* INTO $null";
  EXPECT_EQ(again(plain), plain);
}

TEST(RouteRecord, HoldsTheSchemasThatWereReadWithTheRoute) {
  RouteFileEntry entry = full();
  entry.schemas = {{"a.json", std::make_shared<const std::string>("{\"type\": \"object\"}"), ""},
                   {"x/b.json", std::make_shared<const std::string>(""), ""}};
  EXPECT_EQ(again(entry), entry);
  entry.schemas[1] = {"x/b.json", nullptr, "is not there"};
  EXPECT_EQ(again(entry).schemas.size(), 1u);
}

RouteFileEntry named(const std::string& name, Semantics semantics, BodyMode body,
                     std::optional<uint32_t> ttl_s) {
  RouteFileEntry entry;
  entry.name = name;
  entry.text = "FROM /* INTO $upstream";
  entry.file = "r.json";
  entry.semantics = semantics;
  entry.body = body;
  entry.ttl_s = ttl_s;
  return entry;
}

TEST(RouteFileText, GivesEqualRoutes) {
  std::vector<RouteFileEntry> entries;
  for (const auto semantics : {Semantics::strict, Semantics::edgehub}) {
    for (const auto body : {BodyMode::auto_detect, BodyMode::declared})
      entries.push_back(named("r" + std::to_string(entries.size()), semantics, body, entries.size()));
  }
  entries.push_back(full());
  entries.back().file = "r.json";
  const RouteFile file = parse_route_file(route_file_text(entries), "r.json");
  EXPECT_TRUE(file.errors.empty());
  EXPECT_EQ(file.entries, entries);
}

TEST(RouteFileText, IsAsShortAsAPersonWouldWriteIt) {
  EXPECT_EQ(route_file_text({named("a", Semantics::strict, BodyMode::auto_detect, {})}),
            "{\n  \"routes\": {\n    \"a\": \"FROM /* INTO $upstream\"\n  }\n}\n");
  EXPECT_EQ(
      route_file_text({named("a", Semantics::edgehub, BodyMode::declared, 0)}),
      "{\n  \"semantics\": \"edgehub\",\n  \"routes\": {\n    \"a\": {\n      \"route\": \"FROM /* INTO "
      "$upstream\",\n      \"timeToLiveSecs\": -1\n    }\n  }\n}\n");
  EXPECT_EQ(route_file_text({}), "{\n  \"routes\": {}\n}\n");
}

TEST(RouteRecord, IsRefusedIfItIsNone) {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"file": 1, "route": "x"})", R"({"file": "f", "route": {}})"})
    EXPECT_FALSE(read_route_record("a", text)) << text;
}

TEST(RouteRecord, OfSeveralRoutesAndTablesAreOneText) {
  RouteFileEntry contract = full();
  contract.schemas = {{"a.json", std::make_shared<const std::string>("{\"type\": \"object\"}"), ""}};
  TableSource table;
  table.name = "limits";
  table.kind = TableSource::Kind::topics;
  table.from = "limits/+";
  table.key_level = 2;
  table.declared_in = "/etc/headgate/routes/10.json";
  const std::vector<RouteFileEntry> entries = {contract,
                                               named("b", Semantics::strict, BodyMode::declared, 7)};
  const auto read = read_records(records_text(entries, {table}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->entries, entries);
  ASSERT_EQ(read->tables.size(), 1u);
  EXPECT_EQ(read->tables[0].name, table.name);
  EXPECT_EQ(read->tables[0].declared_in, table.declared_in);
  EXPECT_TRUE(is_same_table(read->tables[0], table));
}

TEST(RouteRecord, OfRoutesAreRefusedIfTheyAreNone) {
  for (const char* text : {"", "[]", "{}", R"({"routes":{}})"}) EXPECT_FALSE(read_records(text)) << text;
  EXPECT_TRUE(read_records(records_text({}, {})));
}

TEST(RouteFileText, DeclaresTables) {
  TableSource table;
  table.name = "limits";
  table.from = "/etc/headgate/limits.csv";
  table.limits.rows_max = 7;
  const RouteFile file = parse_route_file(route_file_text({}, {table}), "r.json");
  EXPECT_TRUE(file.errors.empty());
  ASSERT_EQ(file.tables.size(), 1u);
  EXPECT_EQ(file.tables[0].limits.rows_max, 7u);
  EXPECT_TRUE(is_same_table(file.tables[0], table));
}

}  // namespace
}  // namespace headgate::routing
