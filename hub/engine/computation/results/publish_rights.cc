#include "hub/engine/computation/results/publish_rights.h"

#include "hub/access/hub_user.h"

namespace headgate::hub {

std::string publisher_of(const routing::RouteInfo& route) {
  return route.publish_as.empty() ? std::string(kHubUser) : route.publish_as;
}

// The client id of a rule's %c is the user's name: there is no client.
const broker::Grant& PublishRights::grant_of(const std::string& user) {
  const auto known = known_.find(user);
  if (known != known_.end()) return known->second;
  broker::Identity identity;
  identity.username = user;
  return known_.emplace(user, access_.renew(identity, user)).first->second;
}

// Nobody asks for the hub's own rights where access control knows nothing of it. They never hold for what only the hub
// publishes by itself: `$…` and inputs of modules.
bool PublishRights::may_publish(const std::string& user, std::string_view topic) {
  const broker::Grant& grant = grant_of(user);
  if (!grant.identity || !grant.rights) return is_own_user(user) && broker::Rights::all()->may_publish(topic);
  return grant.rights->may_publish(topic);
}

bool PublishRights::may_publish(const routing::RouteInfo& route, std::string_view topic) {
  return may_publish(publisher_of(route), topic);
}

bool PublishRights::allows(const routing::RouteInfo& route, std::string_view topic) {
  if (may_publish(route, topic)) return true;
  Refused& refused = refused_[route.name];
  ++refused.count;
  ++refused_in_all_;
  refused.last = "'" + publisher_of(route) + "' may not publish on '" + std::string(topic) + "'";
  return false;
}

const PublishRights::Refused* PublishRights::refused(std::string_view route) const {
  const auto known = refused_.find(route);
  return known == refused_.end() ? nullptr : &known->second;
}

}  // namespace headgate::hub
