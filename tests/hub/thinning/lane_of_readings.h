// Entries of a lane as a site would make them, and readers of the rows that they are folded to.
#pragma once

#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "hub/thinning/fold.h"
#include "store/queue_store.h"

namespace headgate::testing {

inline constexpr int64_t kNoonMs = 1'787'000'400'000;  // on a full quarter of an hour

inline std::shared_ptr<core::Message> message_of(std::string topic, std::string body, int64_t arrived_ms) {
  auto message = std::make_shared<core::Message>();
  message->topic = std::move(topic);
  message->body = std::move(body);
  message->source = std::make_shared<const core::Source>();
  message->arrived_ms = arrived_ms;
  message->arrived_hub_ms = arrived_ms;
  return message;
}

inline store::Entry reading_at(store::Seq seq, int64_t arrived_ms, std::string body,
                               std::string topic = "plant/7/t") {
  return {seq, message_of(std::move(topic), std::move(body), arrived_ms), 0, {}};
}

inline nlohmann::json body_of(const core::MessagePtr& row) {
  return row ? nlohmann::json::parse(row->body) : nlohmann::json();
}

}  // namespace headgate::testing
