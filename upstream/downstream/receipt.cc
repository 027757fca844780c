#include "upstream/downstream/receipt.h"

#include <nlohmann/json.hpp>

#include "core/base64.h"

namespace headgate::upstream {

std::string_view name_of(Fate fate) {
  switch (fate) {
    case Fate::stored:
      return "stored";
    case Fate::repeated:
      return "repeated";
    case Fate::lost:
      return "lost";
    case Fate::refused:
      return "refused";
  }
  return {};
}

std::string Receipt::json(std::string_view hub) const {
  nlohmann::ordered_json json = {{"v", 1}, {"hub", hub}};
  if (id.kind == CommandId::Kind::correlation) {
    std::string text;
    core::append_base64(text, id.value);
    json["correlation"] = text;
  } else {
    json["id"] = id.value;
  }
  json["topic"] = topic;
  json["status"] = name_of(verdict.fate);
  if (!verdict.why.empty()) json["why"] = verdict.why;
  json["at"] = at_ms;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace headgate::upstream
