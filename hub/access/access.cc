#include "hub/access/access.h"

#include <algorithm>
#include <utility>

#include "hub/access/hub_user.h"
#include "hub/config/config.h"

namespace headgate::hub {
namespace {

using broker::Credentials;
using broker::Grant;
using broker::Identity;
using broker::ReasonCode;

constexpr size_t kUsersNamedMax = 20;

bool lets_anonymous_in(const Credentials& credentials) {
  return !credentials.policy || credentials.policy->allow_anonymous;
}

bool speaks_iot_edge(const Credentials& credentials) {
  return credentials.policy && credentials.policy->dialect == broker::Dialect::iot_edge;
}

// Whether it is the client id of who comes by a listener with the dialect, and by no other.
bool is_of_registered(const AccessSettings& settings, const IdentityFile& file, std::string_view client_id) {
  const auto id = settings.speaks_iot_edge ? parse_edge_id(client_id) : std::nullopt;
  return id && file.find(*id) != nullptr;
}

// The name in a certificate that the listener trusts.
const std::string* trusted_name(const Credentials& credentials) {
  const bool trusts = !credentials.policy || credentials.policy->trusts_certificate;
  return trusts && credentials.certificate_name ? &*credentials.certificate_name : nullptr;
}

using Files = std::map<std::string, PasswordFile>;

core::Result<Files> load_files(const AccessSettings& settings) {
  Files files;
  std::vector<std::string> paths = settings.listener_files;
  paths.push_back(settings.password_file);
  for (const std::string& path : paths) {
    if (path.empty() || files.contains(path)) continue;
    auto file = PasswordFile::load(path);
    if (!file) return core::fail(file.error());
    files.emplace(path, *std::move(file));
  }
  return files;
}

// "192.0.2.7:40312" without its port.
std::string address_of(const std::string& peer) { return peer.substr(0, peer.rfind(':')); }

}  // namespace

AccessSettings access_settings(const Config& config) {
  AccessSettings settings = config.access;
  for (const ListenerConfig& listener : config.listeners) {
    const std::string& file = listener.options.policy.password_file;
    if (!file.empty()) settings.listener_files.push_back(file);
  }
  settings.own_device = config.iot_edge.device_id.empty() ? hub_id_of(config) : config.iot_edge.device_id;
  settings.iot_edge = config.iot_edge;
  settings.iot_edge.device_id = settings.own_device;
  settings.iot_edge.identities_file = identities_path(config);
  settings.speaks_iot_edge = std::ranges::any_of(config.listeners, [](const ListenerConfig& listener) {
    return listener.options.policy.dialect == broker::Dialect::iot_edge;
  });
  return settings;
}

core::Status check_password_files(const AccessSettings& settings) {
  const auto files = load_files(settings);
  return files ? core::Status() : core::fail(files.error());
}

std::string identities_path(const Config& config) {
  const std::string& file = config.iot_edge.identities_file;
  return file.empty() ? config.data_dir + "/identities.json" : file;
}

core::Status check_identities(const AccessSettings& settings) {
  const auto file = IdentityFile::load(settings.iot_edge.identities_file);
  const bool missing = !file && file.error().code == core::Errc::not_found;
  return file || missing ? core::Status() : core::fail(file.error());
}

Access::Access(PasswordHasher& hasher, const VerifiedPasswords::Key& key, const core::Clock& clock,
               core::Log& log)
    : log_(log),
      in_force_(std::make_shared<const InForce>()),
      verified_(key),
      queue_(hasher, clock),
      edge_(log) {}

// ---- configuration ----

core::Result<bool> Access::use(const AccessSettings& settings) {
  auto files = load_files(settings);
  if (!files) return core::fail(files.error());
  if (const auto whole = check_emptied(*files); !whole) return core::fail(whole.error());
  const auto registered = edge_.use(settings.iot_edge);
  if (!registered) return core::fail(registered.error());
  const bool changed = *registered || settings != in_force_->settings || *files != in_force_->files;
  for (const auto& [path, file] : *files) {
    if (is_world_readable(path)) {
      log_.warn(
          "password_file_open",
          {{"file", path}, {"effect", "everybody on this machine can read it"}, {"fix", "chmod o-rwx"}});
    }
  }
  in_force_ = std::make_shared<const InForce>(
      InForce{settings, *std::move(files), AccessRules(settings.rules, settings.own_device)});
  warn_of_users_without_rules();
  warn_of_nobody_registered();
  return changed;
}

core::Status Access::check_emptied(const std::map<std::string, PasswordFile>& files) const {
  for (const auto& [path, file] : files) {
    const auto before = in_force_->files.find(path);
    if (!file.is_blank() || before == in_force_->files.end() || before->second.users().empty()) continue;
    return core::fail(core::Errc::invalid, path + ": is empty, and had " +
                                               std::to_string(before->second.users().size()) +
                                               " users; for none, leave a line that begins with #");
  }
  return {};
}

void Access::warn_of_users_without_rules() const {
  std::string names;
  size_t count = 0;
  for (const auto& [path, file] : in_force_->files) {
    for (const auto& [user, hash] : file.users()) {
      const auto identity =
          identify(in_force_->settings.identities, user, false, in_force_->settings.own_device);
      if (identity && in_force_->rules.gives_anything_to(*identity)) continue;
      if (++count <= kUsersNamedMax) names.append(names.empty() ? "" : ", ").append(user);
    }
  }
  if (count == 0) return;
  log_.warn(
      "users_without_rules",
      {{"count", count}, {"users", names}, {"effect", "they can connect and do nothing; see access.rules"}});
}

void Access::warn_of_nobody_registered() const {
  const AccessSettings& settings = in_force_->settings;
  if (!settings.speaks_iot_edge || !edge_.registered().all().empty()) return;
  log_.warn("no_identities", {{"file", settings.iot_edge.identities_file},
                              {"effect", "listeners with the dialect iot-edge let nobody in"},
                              {"fix", "headgate identity add, then headgate reload"}});
}

// ---- who somebody is ----

const PasswordFile* Access::users(const Credentials& credentials) const {
  const bool own = credentials.policy && !credentials.policy->password_file.empty();
  const auto found =
      in_force_->files.find(own ? credentials.policy->password_file : in_force_->settings.password_file);
  return found == in_force_->files.end() ? nullptr : &found->second;
}

void Access::authenticate(const std::shared_ptr<const Credentials>& credentials, core::Now now,
                          Decided decided) {
  if (speaks_iot_edge(*credentials)) return decided(edge_.judge(*credentials, now), now);
  if (is_of_registered(in_force_->settings, edge_.registered(), credentials->client_id))
    return decided({ReasonCode::not_authorized, {}, "the client id is that of a registered identity"}, now);
  const std::string* const certificate = trusted_name(*credentials);
  const bool agrees =
      certificate && (!credentials->username || canonical_user(*credentials->username) == *certificate);
  if (agrees) return decided(admit(*credentials, credentials->username.value_or(*certificate), ""), now);
  const bool says_something = credentials->username || credentials->password;
  if (users(*credentials) && says_something) return verify(credentials, now, std::move(decided));
  if (certificate) {
    return decided({ReasonCode::not_authorized, {}, "the user name is not the certificate's"}, now);
  }
  if (!lets_anonymous_in(*credentials)) {
    if (says_something) {
      return decided({ReasonCode::bad_user_name_or_password, {}, "this listener has no file of users"}, now);
    }
    return decided({ReasonCode::not_authorized, {}, "this listener does not let anonymous clients in"}, now);
  }
  decided({ReasonCode::success, renew({}, credentials->client_id)}, now);
}

broker::AccessControl::Verdict Access::admit(const Credentials& credentials, const std::string& username,
                                             const std::string& proof) const {
  const auto edge = parse_edge_name(username);
  const std::string user = canonical_user(username);
  if (edge && user != credentials.client_id) {
    return {ReasonCode::not_authorized, {}, "the client id is not the one in the user name"};
  }
  if (is_own_user(user)) return {ReasonCode::not_authorized, {}, "that name is the hub's own"};
  auto identity =
      identify(in_force_->settings.identities, user, edge.has_value(), in_force_->settings.own_device);
  if (!identity) return {ReasonCode::not_authorized, {}, "no device or module may have that name"};
  identity->proof = proof;
  identity->edge = edge.has_value();
  auto rights = in_force_->rules.rights(*identity, credentials.client_id);
  return {ReasonCode::success, {std::make_shared<const Identity>(*std::move(identity)), std::move(rights)}};
}

void Access::verify(const std::shared_ptr<const Credentials>& credentials, core::Now now, Decided decided) {
  if (!credentials->username || !credentials->password) {
    return decided({ReasonCode::bad_user_name_or_password, {}, "user name or password is missing"}, now);
  }
  const std::string user = canonical_user(*credentials->username);
  const PasswordFile& file = *users(*credentials);
  const std::string* const known = file.find(user);
  if (known && verified_.has(user, *known, *credentials->password)) {
    return decided(admit(*credentials, *credentials->username, *known), now);
  }
  PasswordQueue::Check check;
  check.wanted = credentials;
  check.address = address_of(credentials->peer);
  check.hash = known ? *known : file.decoy(verified_.secret_number(user));
  check.password = *credentials->password;
  check.can_fit = known != nullptr;
  check.done = [this, wanted = std::weak_ptr(credentials), hash = known ? *known : std::string(), decided](
                   bool fits, core::Now at) {
    if (const auto asked = wanted.lock()) decided(judge(*asked, hash, fits), at);
  };
  if (!queue_.add(std::move(check), now))
    decided({ReasonCode::server_busy, {}, "too many passwords to check"}, now);
}

// The password has been held against `hash`; empty: there was no such user.
broker::AccessControl::Verdict Access::judge(const Credentials& credentials, const std::string& hash,
                                             bool fits) {
  const std::string user = canonical_user(*credentials.username);
  if (hash.empty()) return {ReasonCode::bad_user_name_or_password, {}, "unknown user"};
  if (!fits || !still_holds(user, hash)) return {ReasonCode::bad_user_name_or_password, {}, "wrong password"};
  verified_.add(user, hash, *credentials.password);
  return admit(credentials, *credentials.username, hash);
}

// ---- what somebody may do ----

bool Access::still_holds(const std::string& user, const std::string& proof) const {
  return std::ranges::any_of(in_force_->files, [&](const auto& file) {
    const std::string* const hash = file.second.find(user);
    return hash && *hash == proof;
  });
}

Grant Access::renew(const Identity& identity, std::string_view client_id) const {
  if (identity.registered) return edge_.renew(identity);
  if (!identity.proof.empty() && !still_holds(identity.username, identity.proof)) return {};
  if (is_own_user(identity.username) && !in_force_->rules.name(identity.username))
    return {std::make_shared<const Identity>(identity), broker::Rights::all()};
  std::optional<Identity> now;
  if (identity.anonymous()) {
    static const auto kAnonymous = std::make_shared<const Identity>();
    return {kAnonymous, in_force_->rules.rights(*kAnonymous, client_id)};
  }
  now = identify(in_force_->settings.identities, identity.username, identity.edge,
                 in_force_->settings.own_device);
  if (!now) return {};
  now->proof = identity.proof;
  now->edge = identity.edge;
  auto rights = in_force_->rules.rights(*now, client_id);
  return {std::make_shared<const Identity>(*std::move(now)), std::move(rights)};
}

}  // namespace headgate::hub
