// Lets everybody in and do everything, as the user that the client says it is.
#pragma once

#include <memory>

#include "broker/access.h"

namespace headgate::testing {

class OpenAccess : public broker::AccessControl {
 public:
  void authenticate(const std::shared_ptr<const broker::Credentials>& credentials, core::Now now,
                    Decided decided) override {
    broker::Identity identity;
    identity.username = credentials->username.value_or("");
    decided({broker::ReasonCode::success, renew(identity, credentials->client_id)}, now);
  }
  [[nodiscard]] broker::Grant renew(const broker::Identity& identity, std::string_view) const override {
    return {std::make_shared<const broker::Identity>(identity), broker::Rights::all()};
  }
};

}  // namespace headgate::testing
