// Rights to publish of those in whose name routes publish.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "broker/access.h"
#include "routing/table/route_table.h"

namespace headgate::hub {

class PublishRights {
 public:
  // Borrows it; it must outlive this.
  explicit PublishRights(const broker::AccessControl& access) : access_(access) {}

  // The rules may be others now.
  void renew() { known_.clear(); }

  [[nodiscard]] bool may_publish(const std::string& user, std::string_view topic);
  [[nodiscard]] bool may_publish(const routing::RouteInfo& route, std::string_view topic);
  // Counts for the route where it may not.
  [[nodiscard]] bool allows(const routing::RouteInfo& route, std::string_view topic);

  // Topics that a route was refused since the start.
  struct Refused {
    uint64_t count = 0;
    std::string last;  // for people
  };
  // Null: nothing.
  [[nodiscard]] const Refused* refused(std::string_view route) const;
  [[nodiscard]] uint64_t refused_in_all() const { return refused_in_all_; }

 private:
  [[nodiscard]] const broker::Grant& grant_of(const std::string& user);

  const broker::AccessControl& access_;
  std::map<std::string, broker::Grant, std::less<>> known_;  // by user
  std::map<std::string, Refused, std::less<>> refused_;      // by route
  uint64_t refused_in_all_ = 0;
};

// Whose rights the route needs, for people.
[[nodiscard]] std::string publisher_of(const routing::RouteInfo& route);

}  // namespace headgate::hub
