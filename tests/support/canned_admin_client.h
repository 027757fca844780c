// A hub's end of the admin socket that answers what the test put in and notes what was asked.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tools/headgate/admin_client.h"

namespace headgate::testing {

class CannedAdminClient : public tools::AdminClient {
 public:
  [[nodiscard]] core::Result<std::string> get(const std::string& target) override {
    asked_.push_back(target);
    const auto found = answers_.find(target);
    if (found == answers_.end()) return core::fail(core::Errc::unavailable, "no hub answers");
    return found->second;
  }

  using AdminClient::post;
  [[nodiscard]] core::Result<std::string> post(const std::string& target, const std::string& body) override {
    sent_ = body;
    return get("POST " + target);
  }

  [[nodiscard]] core::Status stream(const std::string& target, const OnLine& on_line) override {
    asked_.push_back(target);
    for (const std::string& line : lines_) {
      if (!on_line(line)) return {};
    }
    return core::fail(core::Errc::unavailable, "the hub ended the stream");
  }

  std::map<std::string, std::string> answers_;
  std::vector<std::string> lines_;
  std::vector<std::string> asked_;
  std::string sent_;  // with the last POST
};

}  // namespace headgate::testing
