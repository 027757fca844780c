// Decides when the test says so, and grants what the test says.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "broker/access.h"

namespace headgate::testing {

// Everybody waits for decide_next(), or with `at_once` is decided on from within.
class ScriptedAccess : public broker::AccessControl {
 public:
  bool at_once = true;
  broker::ReasonCode reason = broker::ReasonCode::success;
  // By user name. Whoever is not here has no rights.
  std::map<std::string, broker::Grant> users;

  // A user with these rules, known as that module, if any.
  void add(const std::string& username, std::vector<broker::Rights::Rule> rules, std::string module = {}) {
    broker::Identity identity;
    identity.username = username;
    if (!module.empty()) identity.kind = broker::Identity::Kind::module;
    identity.device = module.empty() ? "" : "edge";
    identity.module = module;
    users[username] = {
        std::make_shared<const broker::Identity>(identity),
        std::make_shared<const broker::Rights>(std::move(rules), std::move(module), !username.empty())};
  }

  [[nodiscard]] size_t waiting() const { return waiting_.size(); }
  // The first who waits is put behind all others.
  void let_wait() {
    waiting_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  // False if who asked does not care any more.
  bool decide_next(core::Now now) {
    const auto [credentials, decided] = std::move(waiting_.front());
    waiting_.pop_front();
    const auto alive = credentials.lock();
    if (alive) decided(verdict(*alive), now);
    return alive != nullptr;
  }

  void authenticate(const std::shared_ptr<const broker::Credentials>& credentials, core::Now now,
                    Decided decided) override {
    if (at_once) return decided(verdict(*credentials), now);
    waiting_.emplace_back(credentials, std::move(decided));
  }
  [[nodiscard]] broker::Grant renew(const broker::Identity& identity, std::string_view) const override {
    const auto known = users.find(identity.username);
    return known == users.end() ? broker::Grant{} : known->second;
  }

 private:
  [[nodiscard]] Verdict verdict(const broker::Credentials& credentials) const {
    if (is_error(reason)) return {reason, {}};
    broker::Identity identity;
    identity.username = credentials.username.value_or("");
    const broker::Grant known = renew(identity, credentials.client_id);
    if (known.identity) return {reason, known};
    return {reason, {std::make_shared<const broker::Identity>(identity), broker::Rights::none()}};
  }

  std::deque<std::pair<std::weak_ptr<const broker::Credentials>, Decided>> waiting_;
};

}  // namespace headgate::testing
