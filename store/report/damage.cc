#include "store/report/damage.h"

#include <nlohmann/json.hpp>

namespace headgate::store {

std::string damage_json(const DamageReport& report) {
  using Json = nlohmann::ordered_json;
  Json lanes = Json::array();
  for (const LaneLoss& loss : report.lanes) {
    lanes.push_back({{"queue", loss.queue},
                     {"lane", loss.lane},
                     {"from", loss.range.from},
                     {"to", loss.range.to},
                     {"count", loss.count}});
  }
  Json log = Json::array();
  for (const SeqRange& range : report.log) log.push_back({{"from", range.from}, {"to", range.to}});
  const Json json = {{"found_ms", report.found_ms},
                     {"cause", report.cause},
                     {"directory", report.directory},
                     {"files", report.files},
                     {"epoch_before", report.epoch_before},
                     {"epoch", report.epoch},
                     {"lost", report.lost()},
                     {"lost_entries", std::move(lanes)},
                     {"lost_log_seqs", std::move(log)},
                     {"values_lost", report.values_lost},
                     {"values_uncertain", report.values_uncertain}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

DamageReport parse_damage(std::string_view json) {
  const auto read = nlohmann::json::parse(json, nullptr, false);
  DamageReport report;
  if (!read.is_object()) return report;
  report.found_ms = read.value("found_ms", int64_t{0});
  report.cause = read.value("cause", "");
  report.directory = read.value("directory", "");
  report.files = read.value("files", std::vector<std::string>());
  report.epoch_before = read.value("epoch_before", "");
  report.epoch = read.value("epoch", "");
  for (const auto& lane : read.value("lost_entries", nlohmann::json::array())) {
    report.lanes.push_back({lane.value("queue", ""),
                            lane.value("lane", uint8_t{0}),
                            {lane.value("from", Seq{0}), lane.value("to", Seq{0})},
                            lane.value("count", uint64_t{0})});
  }
  for (const auto& range : read.value("lost_log_seqs", nlohmann::json::array()))
    report.log.push_back({range.value("from", Seq{0}), range.value("to", Seq{0})});
  report.values_lost = read.value("values_lost", false);
  report.values_uncertain = read.value("values_uncertain", uint64_t{0});
  return report;
}

}  // namespace headgate::store
