#include "hub/admin/past/basis.h"

#include <nlohmann/json.hpp>

#include "store/report/inspect.h"

namespace headgate::hub {

using Json = nlohmann::ordered_json;

Json basis_json(const Coverage& coverage) {
  return {{"bytes_max", coverage.bytes_max},
          {"messages", coverage.messages},
          {"arrived", coverage.arrived},
          {"since_ms", coverage.since_ms},
          {"steps_since_ms", coverage.steps_since_ms}};
}

Json recorded_json(const Recorded& one, bool with_payload) {
  Json json = {{"number", one.number},
               {"seq", one.seq},
               {"made", one.made},
               {"whole", one.has_whole_body() && !one.cut}};
  json.update(Json::parse(store::message_json(*one.message, with_payload)));
  json["body_bytes"] = one.body_bytes;
  return json;
}

}  // namespace headgate::hub
