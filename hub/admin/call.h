// A call of the admin API, as its handlers see it, and the ways to answer it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "hub/admin/api.h"

namespace headgate::hub {

// Limits to what a caller may see of messages.
struct Sight {
  HubView* hub;
  std::string user;  // empty: everything

  [[nodiscard]] bool topic(std::string_view topic) const {
    return user.empty() || hub->may_receive(user, topic);
  }
};

struct AdminCall {
  HubView& hub;
  store::QueueStore& store;  // to be changed
  const AdminRequest& request;
  const std::map<std::string, std::string>& query;
  std::string name;                                // the {name} or {seq} of its path
  LiveFeed* live = nullptr;                        // never null in a handler of its own
  std::shared_ptr<DoctorVisits> doctor = nullptr;  // the same

  // A whole number up to `max`; nullopt if it is not one. Absent: `absent`.
  [[nodiscard]] std::optional<uint64_t> number(const std::string& parameter, uint64_t absent,
                                               uint64_t max) const;

  // {seq}; nullopt if it is none.
  [[nodiscard]] std::optional<store::Seq> seq() const;

  [[nodiscard]] Sight sight() const { return {&hub, request.caller.user}; }

  // Refuses the value of a parameter.
  [[nodiscard]] AdminResponse wrong(const std::string& parameter, std::string_view allowed) const;
};

[[nodiscard]] AdminResponse answer_json(const nlohmann::ordered_json& json);
// `body` is JSON.
[[nodiscard]] AdminResponse answer(core::Result<std::string> body);
// {"error": what}.
[[nodiscard]] AdminResponse failed(unsigned status, std::string_view what);
// Asks for a token.
[[nodiscard]] AdminResponse nobody(const Caller& caller);
// JSON in which bodies beside a topic that the caller may not see are null.
[[nodiscard]] core::Result<std::string> without_hidden(core::Result<std::string> json, const Sight& sight);
// Answers for a verb that changes the store. A store that has failed is being opened again: try later.
[[nodiscard]] AdminResponse refused(const core::Error& error);

}  // namespace headgate::hub
