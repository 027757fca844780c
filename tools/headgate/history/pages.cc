#include "tools/headgate/history/pages.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "store/report/history.h"
#include "store/report/inspect.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/commands/past/commands.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

core::Unexpected no_answer() {
  return core::fail(core::Errc::corrupt, "the answer is not JSON: is that a hub's socket?");
}

// The message again, as of `at_ms`.
core::MessagePtr arrived_at(const core::Message& message, int64_t at_ms) {
  core::Message later = message;
  later.arrived_ms = later.arrived_hub_ms = at_ms;
  return std::make_shared<const core::Message>(std::move(later));
}

}  // namespace

core::Result<HistoryFacts> HistoryPages::recorded_facts() {
  if (context_.reader != nullptr)
    return core::fail(core::Errc::unavailable, "only a hub that runs has messages recorded, in its memory");
  const auto body = context_.hub.get("/v1/recent?count=1");
  if (!body) return core::fail(body.error());
  const Json json = Json::parse(*body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return no_answer();
  HistoryFacts facts;
  facts.filters = {"#"};
  facts.messages = number_of(member_of(json, "basis"), "messages");
  facts.basis = basis_text(member_of(json, "basis"));
  return facts;
}

core::Result<HistoryFacts> HistoryPages::facts() {
  if (source_ == HistorySource::recorder) return recorded_facts();
  const auto body = context_.reader != nullptr ? store::history_json(*context_.reader, context_.now)
                                               : context_.hub.get("/v1/history");
  if (!body) return core::fail(body.error());
  const Json json = Json::parse(*body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return no_answer();
  HistoryFacts facts;
  for (const Json& filter : member_of(json, "filters"))
    if (filter.is_string()) facts.filters.push_back(filter.get<std::string>());
  facts.since_ms = static_cast<int64_t>(number_of(json, "since_ms"));
  facts.messages = number_of(json, "messages");
  return facts;
}

core::Result<std::string> HistoryPages::page() {
  if (source_ == HistorySource::recorder)
    return context_.hub.get("/v1/recent?count=" + std::to_string(kMessagesAPage) +
                            "&after=" + std::to_string(after_) + "&payload=1");
  if (context_.reader == nullptr)
    return context_.hub.get("/v1/queues/" + percent_encode(store::kHistoryQueue) + "/peek?count=" +
                            std::to_string(kMessagesAPage) + "&lane=" + std::to_string(store::kDefaultLane) +
                            "&after=" + std::to_string(after_) + "&payload=1");
  store::PeekRequest request;
  request.after = after_;
  request.count = kMessagesAPage;
  request.payload = true;
  return store::peek_json(*context_.reader, store::kHistoryQueue, request, context_.now);
}

// Routes make again what they have made.
bool HistoryPages::is_usable(const Json& message) {
  if (source_ == HistorySource::history) return true;
  if (flag_of(message, "made")) return false;
  const bool has_body = message.contains("payload") ? message["payload"].is_string()
                                                    : member_of(message, "payload_base64").is_string();
  const bool usable = flag_of(message, "whole") && has_body;
  passed_over_ += usable ? 0 : 1;
  return usable;
}

core::Result<std::vector<routing::SampleLine>> HistoryPages::next() {
  const std::string_view position = source_ == HistorySource::recorder ? "number" : "seq";
  std::string lines;
  for (bool any = true; any && lines.empty();) {
    const auto body = page();
    if (!body) return core::fail(body.error());
    const Json json = Json::parse(*body, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return no_answer();
    any = !member_of(json, "messages").empty();
    for (const Json& message : member_of(json, "messages")) {
      after_ = std::max(after_, number_of(message, position));
      if (!is_usable(message)) continue;
      lines.append(message.dump(-1, ' ', false, Json::error_handler_t::replace)).push_back('\n');
    }
  }
  auto messages = routing::parse_sample(lines, "history");
  if (!messages) return messages;
  for (routing::SampleLine& line : *messages) {
    if (line.at_ms < at_ms_) line.message = arrived_at(*line.message, line.at_ms = at_ms_);
    at_ms_ = line.at_ms;
  }
  return messages;
}

}  // namespace headgate::tools
