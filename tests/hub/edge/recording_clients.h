// Clients of the dialect that remember what they are sent.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/edge/clients.h"
#include "hub/edge/topics.h"

namespace headgate::testing {

class RecordingClients : public hub::EdgeClients {
 public:
  // From now on the client is connected with that subscription too.
  void subscribe(const hub::EdgeId& client, const std::string& filter) { filters_[client].insert(filter); }
  void disconnect(const hub::EdgeId& client) { filters_.erase(client); }

  [[nodiscard]] bool is_subscribed(const hub::EdgeId& client, std::string_view filter) const override {
    const auto known = filters_.find(client);
    return known != filters_.end() && known->second.contains(std::string(filter));
  }
  bool send(const hub::EdgeId& client, std::string topic, std::string body, core::Now) override {
    if (!filters_.contains(client)) return false;
    sent_.push_back(topic.substr(hub::edge_prefix(client).size()) + " " + body);
    return true;
  }

  // Topics behind the client's prefix, and bodies, since the last call.
  std::vector<std::string> sent() { return std::exchange(sent_, {}); }

 private:
  std::map<hub::EdgeId, std::set<std::string>> filters_;
  std::vector<std::string> sent_;
};

}  // namespace headgate::testing
