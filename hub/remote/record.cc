#include "hub/remote/record.h"

#include <array>
#include <nlohmann/json.hpp>

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Outcome::Kind;

constexpr int kForm = 1;
constexpr std::array<Kind, 4> kKinds = {Kind::applied, Kind::refused, Kind::rolled_back, Kind::forgotten};

Json to_json(const std::optional<KeptDocument>& document) {
  if (!document) return nullptr;
  return {{"version", document->version}, {"document", document->text}};
}

Json to_json(const Outcome& outcome) {
  Json routes = Json::array();
  for (const auto& [route, why] : outcome.wrong_routes) routes.push_back({route, why});
  return {{"result", name_of(outcome.kind)},
          {"version", outcome.version},
          {"at", outcome.at_ms},
          {"why", outcome.why},
          {"routes", std::move(routes)}};
}

std::optional<KeptDocument> kept_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return KeptDocument{json.at("version").get<uint64_t>(), json.at("document").get<std::string>()};
}

Outcome outcome_of(const Json& json) {
  Outcome outcome;
  for (const Kind kind : kKinds)
    if (json.at("result") == name_of(kind)) outcome.kind = kind;
  outcome.version = json.at("version").get<uint64_t>();
  outcome.at_ms = json.at("at").get<int64_t>();
  outcome.why = json.at("why").get<std::string>();
  outcome.wrong_routes = json.at("routes").get<std::vector<std::pair<std::string, std::string>>>();
  return outcome;
}

// Throws what nlohmann/json throws.
Record record_of(const Json& json) {
  Record record;
  record.seen = json.at("seen").get<uint64_t>();
  record.seen_digest = json.at("seen_digest").get<std::string>();
  record.confirmed = kept_of(json.at("confirmed"));
  record.tried = kept_of(json.at("tried"));
  record.tried_ms = json.at("tried_ms").get<int64_t>();
  record.since_ms = json.at("since").get<int64_t>();
  record.twins = json.value("twins", uint64_t{0});  // older hubs knew none
  if (const Json& last = json.at("last"); !last.is_null()) record.last = outcome_of(last);
  return record;
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::applied:
      return "applied";
    case Kind::refused:
      return "refused";
    case Kind::rolled_back:
      return "rolled back";
    case Kind::forgotten:
      return "forgotten";
  }
  return {};
}

std::string Record::json() const {
  const Json json = {{"headgate-remote", kForm},
                     {"seen", seen},
                     {"seen_digest", seen_digest},
                     {"confirmed", to_json(confirmed)},
                     {"tried", to_json(tried)},
                     {"tried_ms", tried_ms},
                     {"since", since_ms},
                     {"twins", twins},
                     {"last", last ? to_json(*last) : Json(nullptr)}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

core::Result<Record> Record::parse(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    if (json.at("headgate-remote") == kForm) return record_of(json);
    return core::fail(core::Errc::corrupt, "was written by another version of the hub");
  } catch (const nlohmann::json::exception& error) {
    return core::fail(core::Errc::corrupt, std::string("cannot be read: ") + error.what());
  }
}

}  // namespace headgate::hub
