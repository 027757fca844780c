// Who clients are and what they may do, as the configuration says: the answers to broker::AccessControl.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/access.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/access/identities.h"
#include "hub/access/password_file.h"
#include "hub/access/password_queue.h"
#include "hub/access/rules.h"
#include "hub/access/settings.h"
#include "hub/access/verified_passwords.h"
#include "hub/edge/identities/admission.h"

namespace headgate::hub {

struct Config;

// config.access, and what follows from the rest of the configuration.
[[nodiscard]] AccessSettings access_settings(const Config& config);
// Whether all files of users can be read and are right. Errors: as Access::use().
[[nodiscard]] core::Status check_password_files(const AccessSettings& settings);
// iot_edge.identities_file, or identities.json in the data directory.
[[nodiscard]] std::string identities_path(const Config& config);
// Whether the file of identities is right, or not there. Errors: as Access::use().
[[nodiscard]] core::Status check_identities(const AccessSettings& settings);

// How a client is judged:
//  1. A verified certificate, where the listener trusts them, says who the client is; it needs no password.
//  If
//     CONNECT has another user name, that one has to be verified by its password, and is who the client is.
//  2. A user name and a password are verified with the listener's file of users. Where there is none, nobody
//  can
//     be verified, and the client is anonymous whatever it calls itself.
//  3. Nothing: anonymous, where the listener lets such in.
// An IoT Edge user name has to come with the client id it names. Where the listener speaks IoT Edge's dialect, EdgeIdentities judges
// alone.
class Access : public broker::AccessControl {
 public:
  // Everything is borrowed. `key` should be random.
  Access(PasswordHasher& hasher, const VerifiedPasswords::Key& key, const core::Clock& clock, core::Log& log);

  // Reads the files and takes over, or changes nothing. Then call Engine::renew_grants(). True if something is
  // another than before. A file that has become empty while it had users is an error: it is being written, or
  // was lost; one without users has a comment. Errors: invalid, not_found, io.
  [[nodiscard]] core::Result<bool> use(const AccessSettings& settings);
  // Modules and devices that are registered.
  [[nodiscard]] EdgeIdentities& edge() { return edge_; }
  [[nodiscard]] const EdgeIdentities& edge() const { return edge_; }
  // Call about once a second.
  void tick(core::Now now) { queue_.tick(now); }

  void authenticate(const std::shared_ptr<const broker::Credentials>& credentials, core::Now now,
                    Decided decided) override;
  [[nodiscard]] broker::Grant renew(const broker::Identity& identity,
                                    std::string_view client_id) const override;

 private:
  // Replaced whole.
  struct InForce {
    AccessSettings settings;
    std::map<std::string, PasswordFile> files;  // by path
    AccessRules rules{{}};
  };

  [[nodiscard]] core::Status check_emptied(const std::map<std::string, PasswordFile>& files) const;
  [[nodiscard]] const PasswordFile* users(const broker::Credentials& credentials) const;
  [[nodiscard]] Verdict admit(const broker::Credentials& credentials, const std::string& username,
                              const std::string& proof) const;
  void verify(const std::shared_ptr<const broker::Credentials>& credentials, core::Now now, Decided decided);
  [[nodiscard]] Verdict judge(const broker::Credentials& credentials, const std::string& hash, bool fits);
  [[nodiscard]] bool still_holds(const std::string& user, const std::string& proof) const;
  void warn_of_users_without_rules() const;
  void warn_of_nobody_registered() const;

  core::Log& log_;
  std::shared_ptr<const InForce> in_force_;
  VerifiedPasswords verified_;
  PasswordQueue queue_;
  EdgeIdentities edge_;
};

}  // namespace headgate::hub
