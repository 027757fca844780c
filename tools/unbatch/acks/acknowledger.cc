#include "tools/unbatch/acks/acknowledger.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kNoteVersion = 1;
constexpr int kSavedVersion = 1;

Json json_of(const Progress::State& state) {
  Json stretches = Json::array();
  for (const Progress::Stretch& each : state.stretches)
    stretches.push_back({each.first, each.last, each.after, each.hash});
  Json given_up = Json::array();
  for (const GivenUpBatches& each : state.given_up)
    given_up.push_back({each.numbers.first, each.numbers.last, each.after, each.prev});
  return {{"stretches", std::move(stretches)}, {"given_up", std::move(given_up)}};
}

Progress::State state_of(const Json& json) {
  Progress::State state;
  for (const Json& each : json.at("stretches"))
    state.stretches.push_back({each.at(0).get<uint64_t>(), each.at(1).get<uint64_t>(),
                               each.at(2).get<uint64_t>(), each.at(3).get<std::string>()});
  for (const Json& each : json.at("given_up"))
    state.given_up.push_back({{each.at(0).get<uint64_t>(), each.at(1).get<uint64_t>()},
                              each.at(2).get<uint64_t>(),
                              each.at(3).get<std::string>()});
  return state;
}

}  // namespace

void Acknowledger::take(const ChainLink& link, std::string_view topic, int64_t mono_ms) {
  if (!enabled() || link.mark.number == 0) return;
  Stream& stream = streams_[link.stream];
  if (!topic.empty()) stream.topic = topic;
  stream.progress.take(link.mark, link.hash);
  if (stream.unsaid++ == 0) stream.since_ms = mono_ms;
}

void Acknowledger::meet(const ChainHeadNotice& head, std::string_view topic) {
  const std::string level = "/head/" + head.stream;
  if (!enabled() || !topic.ends_with(level)) return;
  Stream& stream = streams_[{head.hub, head.epoch, head.stream}];
  if (!stream.topic.empty()) return;
  stream.topic = topic.substr(0, topic.size() - level.size());
  stream.must_say = true;
}

void Acknowledger::on_connected(bool session_present, int64_t wall_ms) {
  if (!session_present) return ask_again(wall_ms);
  for (auto& [name, stream] : streams_) stream.must_say = true;
}

void Acknowledger::on_unreadable(int64_t wall_ms) {
  if (!enabled() || std::abs(wall_ms - asked_ms_) < kAskAgainMs) return;
  asked_ms_ = wall_ms;
  ask_again(wall_ms);
}

void Acknowledger::ask_again(int64_t wall_ms) {
  again_ = std::max(again_ + 1, static_cast<uint64_t>(wall_ms));
  for (auto& [name, stream] : streams_) stream.must_say = true;
}

bool Acknowledger::is_due(const Stream& stream, int64_t mono_ms, bool end) const {
  if (stream.topic.empty()) return false;
  if (stream.must_say) return true;
  if (stream.unsaid == 0) return false;
  const uint64_t few =
      std::max<uint64_t>(1, credit_ / 2);  // a hub that waits for more credit is not to stand still
  return end || stream.unsaid >= few || mono_ms - stream.since_ms >= kWaitMs;
}

std::vector<RetainedNote> Acknowledger::take_due(int64_t mono_ms, bool end) {
  std::vector<RetainedNote> notes;
  for (auto& [name, stream] : streams_) {
    if (!is_due(stream, mono_ms, end)) continue;
    stream.unsaid = 0;
    stream.must_say = false;
    notes.push_back({stream.topic + "/ack/" + name.stream, text_of(name, stream)});
  }
  return notes;
}

std::string Acknowledger::text_of(const StreamName& name, const Stream& stream) const {
  Json note{{"v", kNoteVersion}, {"ep", name.epoch}};
  if (const Progress::Stretch* const has = stream.progress.last()) {
    note["from"] = has->first;
    note["n"] = has->last;
    note["hash"] = has->hash;
  }
  note["credit"] = credit_;
  if (again_ != 0) note["again"] = again_;
  if (!dictionaries_.empty()) note["dictionaries"] = dictionaries_;
  return note.dump();
}

// --- State

std::string Acknowledger::save() const {
  Json all = Json::array();
  for (const auto& [name, stream] : streams_) {
    Json one{{"hub", name.hub}, {"ep", name.epoch}, {"st", name.stream}, {"topic", stream.topic}};
    one.update(json_of(stream.progress.state()));
    all.push_back(std::move(one));
  }
  return Json{{"v", kSavedVersion}, {"acknowledged", std::move(all)}}.dump();
}

core::Status Acknowledger::load(std::string_view saved) {
  const auto refuse = [] {
    return core::fail(core::Errc::corrupt, "not what `headgate unbatch` has kept of its acknowledgements");
  };
  const Json state = Json::parse(saved, nullptr, false);
  if (!state.is_object() || state.value("v", 0) != kSavedVersion) return refuse();
  std::map<StreamName, Stream> streams;
  try {
    for (const Json& one : state.at("acknowledged")) {
      Stream& stream = streams[{one.at("hub").get<std::string>(), one.at("ep").get<std::string>(),
                                one.at("st").get<std::string>()}];
      stream.topic = one.at("topic").get<std::string>();
      stream.progress.restore(state_of(one));
    }
  } catch (const std::exception&) {  // of nlohmann/json
    return refuse();
  }
  streams_ = std::move(streams);
  return {};
}

}  // namespace headgate::tools
