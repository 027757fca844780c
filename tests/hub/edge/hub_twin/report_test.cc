// Reported properties of $edgeHub: edgeHub's form, within what a twin may hold.
#include "hub/edge/hub_twin/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hub/edge/twins/properties.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::json;

constexpr int64_t kNoonMs = 1'785'585'600'000;  // 2026-08-01T12:00:00Z

Json report(const HubReport& report, const ClientTimes& clients = {}) {
  return Json::parse(hub_report_json(report, clients));
}

TEST(HubReports, HaveEdgeHubsForm) {
  ClientTimes clients;
  clients.connected({"edge-1", "sensor"}, kNoonMs);
  clients.connected({"leaf-1", {}}, kNoonMs);
  clients.disconnected({"leaf-1", {}}, kNoonMs + 1'500);
  EXPECT_EQ(report({"0.1.0", 7, {}}, clients), Json::parse(R"({
    "schemaVersion": "1.0", "version": {"version": "0.1.0"}, "lastDesiredVersion": 7,
    "lastDesiredStatus": {"code": 200, "description": ""},
    "clients": {
      "edge-1/sensor": {"status": "Connected", "lastConnectedTimeUtc": "2026-08-01T12:00:00.000Z"},
      "leaf-1": {"status": "Disconnected", "lastConnectedTimeUtc": "2026-08-01T12:00:00.000Z",
                 "lastDisconnectedTimeUtc": "2026-08-01T12:00:01.500Z"}}})"));
}

TEST(HubReports, SayWhatIsWrongWithEachRoute) {
  EXPECT_EQ(
      report({"", 2, {"$edgeHub: route 'a': 1:6: x", "$edgeHub: route 'b': 1:9: y"}})["lastDesiredStatus"],
      Json::parse(
          R"({"code": 400, "description": "$edgeHub: route 'a': 1:6: x\n$edgeHub: route 'b': 1:9: y"})"));
}

TEST(HubReports, CutLongDescriptionsBetweenCharacters) {
  const Json status = report({"", 2, {"x" + std::string(4'000, '\xC3')}})["lastDesiredStatus"];
  EXPECT_LE(status["description"].get<std::string>().size(), kTwinTextBytesMax);
  std::string umlauts = "x";
  while (umlauts.size() < 3'000) umlauts += "ü";
  const auto cut = report({"", 2, {umlauts}})["lastDesiredStatus"]["description"].get<std::string>();
  EXPECT_EQ(cut, umlauts.substr(0, 1'299) + "…");
}

TEST(HubReports, WriteNamesThatATwinCanHold) {
  EXPECT_EQ(client_member({"a.b", "$c"}), "a%2Eb/%24c");
  ClientTimes clients;
  clients.connected({"a.b", "$c"}, kNoonMs);
  EXPECT_TRUE(read_twin_properties(hub_report_json({}, clients), TwinNulls::refused));
}

TEST(HubReports, NameAHundredClientsAndCountTheOthers) {
  ClientTimes clients;
  for (int i = 0; i < 220; ++i) {
    const EdgeId id{"leaf-" + std::to_string(1'000 + i), {}};
    clients.connected(id, kNoonMs + i);
    if (i >= 60) clients.disconnected(id, kNoonMs + 1'000 + i);
  }
  const Json json = report({}, clients);
  EXPECT_EQ(json["clients"].size(), kReportedClientsMax);
  EXPECT_EQ(json["moreClients"], 120);
  EXPECT_TRUE(json["clients"].contains("leaf-1000")) << "connected ones go before those that left later";
  EXPECT_TRUE(json["clients"].contains("leaf-1219")) << "the last to leave";
  EXPECT_FALSE(json["clients"].contains("leaf-1060")) << "the first to leave";
}

TEST(HubReports, FitIntoATwinHoweverLongNamesAre) {
  ClientTimes clients;
  for (int i = 0; i < 220; ++i)
    clients.connected({std::string(125, '.') + std::to_string(100 + i), std::string(128, '$')}, kNoonMs);
  const std::string text = hub_report_json({"0.1.0", 7, {std::string(5'000, '\1')}}, clients);
  EXPECT_LE(text.size(), kTwinBytesMax);
  EXPECT_TRUE(read_twin_properties(text, TwinNulls::refused));
  const Json json = Json::parse(text);
  EXPECT_EQ(json["clients"].size() + json["moreClients"].get<size_t>(), 220u);
}

TEST(ClientTimes, TellWhetherSomethingIsNew) {
  ClientTimes clients;
  const EdgeId id{"leaf-1", {}};
  EXPECT_FALSE(clients.disconnected(id, 1)) << "it has never come";
  EXPECT_TRUE(clients.connected(id, 2));
  EXPECT_FALSE(clients.connected(id, 3)) << "it has subscribed to more";
  EXPECT_TRUE(clients.disconnected(id, 4));
  EXPECT_FALSE(clients.disconnected(id, 5));
  const ClientTimes::Entry& entry = *clients.by_interest().front();
  EXPECT_EQ(entry.second.connected_ms, 2);
  EXPECT_EQ(entry.second.disconnected_ms, 4);
}

TEST(ClientTimes, ForgetWhoIsUnknown) {
  ClientTimes clients;
  clients.connected({"leaf-1", {}}, 1);
  clients.connected({"leaf-2", {}}, 1);
  clients.keep([](const EdgeId& id) { return id.device == "leaf-2"; });
  ASSERT_EQ(clients.size(), 1u);
  EXPECT_EQ(clients.by_interest().front()->first.device, "leaf-2");
}

}  // namespace
}  // namespace headgate::hub
