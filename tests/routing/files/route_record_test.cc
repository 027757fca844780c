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

TEST(RouteRecord, IsRefusedIfItIsNone) {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"file": 1, "route": "x"})", R"({"file": "f", "route": {}})"})
    EXPECT_FALSE(read_route_record("a", text)) << text;
}

}  // namespace
}  // namespace headgate::routing
