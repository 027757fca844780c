#include "hub/edge/hub_twin/report.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/time/iso8601.h"

namespace headgate::hub {
namespace {

using ReportJson = nlohmann::json;

constexpr const char* kReportSchema = "1.0";

std::string description_of(const std::vector<std::string>& wrong) {
  std::string text;
  for (const std::string& one : wrong) text.append(text.empty() ? "" : "\n").append(one);
  if (text.size() <= kReportedWhyBytesMax) return text;
  size_t end = kReportedWhyBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // within a character
  text.resize(end);
  return text + "…";
}

ReportJson client_json(const ClientTime& time) {
  ReportJson json = {{"status", time.connected ? "Connected" : "Disconnected"}};
  if (time.connected_ms != 0) json["lastConnectedTimeUtc"] = core::iso8601_text(time.connected_ms);
  if (time.disconnected_ms != 0) json["lastDisconnectedTimeUtc"] = core::iso8601_text(time.disconnected_ms);
  return json;
}

// Names those that have room in so many bytes.
ReportJson clients_json(const ClientTimes& clients, size_t bytes_max) {
  ReportJson json = ReportJson::object();
  size_t bytes = 0;
  for (const ClientTimes::Entry* const entry : clients.by_interest()) {
    ReportJson client = client_json(entry->second);
    std::string member = client_member(entry->first);
    bytes += member.size() + client.dump().size() + 4;  // quotes, colon, comma
    if (json.size() == kReportedClientsMax || bytes > bytes_max) break;
    json[std::move(member)] = std::move(client);
  }
  return json;
}

std::string text_of_report(const ReportJson& json) {
  return json.dump(-1, ' ', false, ReportJson::error_handler_t::replace);
}

}  // namespace

std::string client_member(const EdgeId& client) {
  std::string member;
  for (const char c : client.id()) {
    if (c == '.')
      member.append("%2E");
    else if (c == '$')
      member.append("%24");
    else if (c == ' ')
      member.append("%20");
    else
      member.push_back(c);
  }
  return member;
}

std::string hub_report_json(const HubReport& report, const ClientTimes& clients) {
  ReportJson json = {
      {"schemaVersion", kReportSchema},
      {"version", {{"version", report.version}}},
      {"lastDesiredVersion", report.desired_version},
      {"lastDesiredStatus",
       {{"code", report.wrong.empty() ? 200 : 400}, {"description", description_of(report.wrong)}}},
      {"clients", ReportJson::object()},
      {"moreClients", clients.size()}};
  ReportJson named = clients_json(clients, kReportBytesMax - text_of_report(json).size());
  json["moreClients"] = clients.size() - named.size();
  if (named.size() == clients.size()) json.erase("moreClients");
  json["clients"] = std::move(named);
  return text_of_report(json);
}

}  // namespace headgate::hub
