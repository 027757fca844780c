// The rules of `access.rules`, and what comes of them for one client.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "broker/access.h"

namespace headgate::hub {

// Whom a rule concerns. Nothing set: everybody.
struct Who {
  bool anonymous = false;          // those who have proved nothing, and only they
  std::vector<std::string> users;  // names; a `*` stands for any characters
  std::optional<broker::Identity::Kind> kind;

  [[nodiscard]] bool is(const broker::Identity& identity) const;

  friend bool operator==(const Who&, const Who&) = default;
};

struct AccessRule {
  Who who;
  bool allow = true;  // else it denies
  broker::Actions actions = 0;
  std::vector<std::string> topics;  // filters with variables, see expand()

  friend bool operator==(const AccessRule&, const AccessRule&) = default;
};

// Anonymous clients, which are let in on loopback only unless a listener says otherwise, may do everything.
[[nodiscard]] std::vector<AccessRule> default_access_rules();

// Treatment of a topic when a name is odd: it would change what the filter means, with `+`, `#` or `/` in
// it, or a `$` at the start of the topic.
enum class Odd : uint8_t {
  never,  // it matches nothing: for rules that allow
  any,    // the level becomes `+`: for rules that deny, which nobody should get round by an odd name
};

// Puts a client's names into a topic: %c client id, %u user, %m module, %d device, %% a percent sign. Nullopt
// if a name is used that the client does not have.
[[nodiscard]] std::optional<std::string> expand(std::string_view topic, const broker::Identity& identity,
                                                std::string_view client_id, Odd odd);
// True for a valid topic filter with no other variables than those.
[[nodiscard]] bool is_topic_with_variables(std::string_view topic);

// Immutable but for its memory of what it has given out: clients for whom the same rules hold, and none with
// a variable, share their rights.
class AccessRules {
 public:
  // `own_device`: the device whose modules have the topics of modules. One of another device has no part in those of its name.
  explicit AccessRules(std::vector<AccessRule> rules, std::string own_device = {})
      : rules_(std::move(rules)), own_device_(std::move(own_device)) {}

  [[nodiscard]] std::shared_ptr<const broker::Rights> rights(const broker::Identity& identity,
                                                             std::string_view client_id) const;
  // True if a rule is written for that very user.
  [[nodiscard]] bool name(std::string_view user) const;
  // True if any rule, or being a module, lets the identity do anything.
  [[nodiscard]] bool gives_anything_to(const broker::Identity& identity) const;

 private:
  using Shared = std::tuple<std::vector<size_t>, std::string, bool>;  // rules, module, bound

  // The module of the own device that the identity is; empty: none.
  [[nodiscard]] const std::string& own_module(const broker::Identity& identity) const;

  std::vector<AccessRule> rules_;
  std::string own_device_;
  mutable std::map<Shared, std::shared_ptr<const broker::Rights>> shared_;
};

}  // namespace headgate::hub
