// Writes verifiers and links as JSON and reads them: for this tool alone, so docs/batch-format.md says nothing of it.
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "tools/unbatch/chain/verifier.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::json;

constexpr int kStateVersion = 1;

Json json_of(const std::vector<Span>& spans) {
  Json list = Json::array();
  for (const Span& span : spans) list.push_back({span.first, span.last});
  return list;
}

std::vector<Span> spans_of(const Json& list) {
  std::vector<Span> spans;
  for (const Json& pair : list) spans.push_back({pair.at(0).get<uint64_t>(), pair.at(1).get<uint64_t>()});
  return spans;
}

Json json_of(const std::vector<GivenUpBatches>& all) {
  Json list = Json::array();
  for (const GivenUpBatches& each : all)
    list.push_back({each.numbers.first, each.numbers.last, each.after, each.prev});
  return list;
}

std::vector<GivenUpBatches> given_up_of(const Json& list) {
  std::vector<GivenUpBatches> all;
  for (const Json& each : list)
    all.push_back({{each.at(0).get<uint64_t>(), each.at(1).get<uint64_t>()},
                   each.at(2).get<uint64_t>(),
                   each.at(3).get<std::string>()});
  return all;
}

std::string hex_of(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += "0123456789abcdef"[static_cast<uint8_t>(byte) >> 4];
    text += "0123456789abcdef"[static_cast<uint8_t>(byte) & 15];
  }
  return text;
}

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

Json json_of(const ChainLink& link) {
  Json rows = Json::array();
  for (const auto& [id, digest] : link.rows) rows.push_back({id, hex_of(digest)});
  return {{"n", link.mark.number},      {"after", link.mark.after},
          {"prev", link.mark.prev},     {"hash", link.hash},
          {"arrival", link.arrival},    {"again", link.again},
          {"lane", link.lane},          {"rows", rows},
          {"gaps", json_of(link.gaps)}, {"instead_of", json_of(link.mark.instead_of)},
          {"ahead", link.mark.ahead},   {"over", link.mark.over}};
}

ChainLink link_of(const Json& json, const StreamName& name) {
  ChainLink link;
  link.stream = name;
  link.mark.number = json.at("n").get<uint64_t>();
  link.mark.after = json.at("after").get<uint64_t>();
  link.mark.prev = json.at("prev").get<std::string>();
  link.hash = json.at("hash").get<std::string>();
  link.arrival = json.value("arrival", uint64_t{0});
  link.again = json.value("again", uint64_t{0});
  link.lane = json.at("lane").get<int>();
  for (const Json& row : json.at("rows"))
    link.rows[row.at(0).get<uint64_t>()] = bytes_of(row.at(1).get<std::string>());
  link.gaps = spans_of(json.at("gaps"));
  link.mark.instead_of = given_up_of(json.at("instead_of"));
  link.mark.ahead = json.value("ahead", false);
  link.mark.over = json.value("over", uint64_t{0});
  return link;
}

Json json_of(const Told& told) {
  Json list = Json::array();
  for (const Finding& each : told.all())
    list.push_back({name_of(each.flaw), each.numbers.first, each.numbers.last, json_of(each.ids), each.what});
  return list;
}

Flaw flaw_of(const std::string& name) {
  for (int flaw = 0; flaw <= static_cast<int>(Flaw::mismatch); ++flaw) {
    if (name_of(static_cast<Flaw>(flaw)) == name) return static_cast<Flaw>(flaw);
  }
  throw std::invalid_argument(name);
}

Told told_of(const Json& one, const StreamName& name) {
  Told told;
  for (const Json& each : one.value("told", Json::array()))
    told.add({name,
              flaw_of(each.at(0).get<std::string>()),
              {each.at(1).get<uint64_t>(), each.at(2).get<uint64_t>()},
              spans_of(each.at(3)),
              each.at(4).get<std::string>()});
  if (!told.all().empty())
    told.count_more(one.at("told_more").at(0).get<uint64_t>(), one.at("told_more").at(1).get<uint64_t>());
  return told;
}

Json json_of(const LaneEnds& ends) {
  Json list = Json::array();
  for (const auto& [lane, end] : ends) list.push_back({lane, end.number, end.id});
  return list;
}

LaneEnds ends_of(const Json& list) {
  LaneEnds ends;
  for (const Json& each : list)
    ends[each.at(0).get<int>()] = {each.at(1).get<uint64_t>(), each.at(2).get<uint64_t>()};
  return ends;
}

ChainHeadNotice head_of(const Json& json, const StreamName& name) {
  return {name.hub, name.epoch, name.stream, json.at("n").get<uint64_t>(),
          json.at("hash").get<std::string>()};
}

}  // namespace

std::string line_of(const ChainLink& link) {
  Json line = json_of(link);
  line["hub"] = link.stream.hub;
  line["ep"] = link.stream.epoch;
  line["st"] = link.stream.stream;
  return line.dump();
}

core::Result<ChainLink> read_line(std::string_view text) {
  const Json line = Json::parse(text, nullptr, false);
  try {
    return link_of(line, {line.at("hub").get<std::string>(), line.at("ep").get<std::string>(),
                          line.at("st").get<std::string>()});
  } catch (const std::exception&) {  // of nlohmann/json and std::stoi
    return core::fail(core::Errc::corrupt, "not a line that `headgate unbatch` has written");
  }
}

std::string ChainVerifier::save() const {
  Json all = Json::array();
  for (const auto& [name, stream] : streams_) {
    Json links = Json::array();
    for (const auto& [number, link] : stream.links) links.push_back(json_of(link));
    Json one{{"hub", name.hub},
             {"ep", name.epoch},
             {"st", name.stream},
             {"begun", stream.begun},
             {"from_beginning", stream.from_beginning},
             {"verified", stream.verified},
             {"arrivals", stream.arrivals},
             {"told", json_of(stream.told)},
             {"told_more", {stream.told.more(), stream.told.counted_up_to()}},
             {"lanes", json_of(stream.lanes)},
             {"links", std::move(links)}};
    if (stream.head) one["head"] = {{"n", stream.head->number}, {"hash", stream.head->hash}};
    all.push_back(std::move(one));
  }
  return Json{{"v", kStateVersion}, {"chains", std::move(all)}}.dump();
}

core::Status ChainVerifier::load(std::string_view saved) {
  const auto refuse = [] {
    return core::fail(core::Errc::corrupt, "not a chain that `headgate unbatch` has kept");
  };
  const Json state = Json::parse(saved, nullptr, false);
  if (!state.is_object() || state.value("v", 0) != kStateVersion) return refuse();
  std::map<StreamName, Stream> streams;
  try {
    for (const Json& one : state.at("chains")) {
      const StreamName name{one.at("hub").get<std::string>(), one.at("ep").get<std::string>(),
                            one.at("st").get<std::string>()};
      Stream& stream = streams[name];
      stream.begun = one.at("begun").get<uint64_t>();
      stream.from_beginning = one.at("from_beginning").get<bool>();
      stream.verified = one.at("verified").get<uint64_t>();
      stream.arrivals = one.at("arrivals").get<uint64_t>();
      for (const Json& link : one.at("links"))
        stream.links.emplace(link.at("n").get<uint64_t>(), link_of(link, name));
      stream.lanes = ends_of(one.value("lanes", Json::array()));
      stream.told = told_of(one, name);
      if (one.contains("head")) stream.head = head_of(one.at("head"), name);
    }
  } catch (const std::exception&) {  // of nlohmann/json, std::stoi and flaw_of()
    return refuse();
  }
  streams_ = std::move(streams);
  return {};
}

}  // namespace headgate::tools
