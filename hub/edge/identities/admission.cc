#include "hub/edge/identities/admission.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/time/unset_clock.h"
#include "hub/edge/identities/certificate.h"
#include "hub/edge/identities/rights.h"
#include "hub/edge/identities/token.h"
#include "hub/edge/identities/user_name.h"

namespace headgate::hub {
namespace {

using broker::Credentials;
using broker::Grant;
using broker::Identity;
using broker::ReasonCode;
using Verdict = broker::AccessControl::Verdict;

constexpr int kSha1Bits = 160;
constexpr int kSha256Bits = 256;

Verdict refused(std::string_view why) { return {ReasonCode::not_authorized, {}, why}; }

std::string proof_of_key(std::string_view key) { return "key " + thumbprint(key, kSha256Bits); }

std::string proof_of_authority(const RegisteredIdentity& identity) {
  return "authority " + thumbprint(identity.ca_pem, kSha256Bits) + " " + identity.common_name;
}

std::string proof_of_thumbprint(std::string_view hex) { return "certificate " + std::string(hex); }

// All that the identity could prove itself by now.
std::vector<std::string> proofs_of(const RegisteredIdentity& identity) {
  std::vector<std::string> proofs;
  for (const std::string* key : {&identity.primary_key, &identity.secondary_key})
    if (!key->empty()) proofs.push_back(proof_of_key(*key));
  for (const std::string& hex : identity.thumbprints) proofs.push_back(proof_of_thumbprint(hex));
  if (!identity.ca_pem.empty()) proofs.push_back(proof_of_authority(identity));
  return proofs;
}

// The thumbprint of the identity that the certificate has; null: none of them.
const std::string* matching(const RegisteredIdentity& identity, std::string_view der) {
  const std::string sha1 = thumbprint(der, kSha1Bits);
  const std::string sha256 = thumbprint(der, kSha256Bits);
  const auto found = std::ranges::find_if(
      identity.thumbprints, [&](const std::string& hex) { return hex == sha1 || hex == sha256; });
  return found == identity.thumbprints.end() ? nullptr : &*found;
}

// Why the identity may not come in, whatever it proves; empty: it may.
std::string_view obstacle(const RegisteredIdentity* identity) {
  if (identity == nullptr) return "no identity of that name is registered";
  if (is_system_module(identity->id.module)) return "that module is the hub's own";
  return identity->enabled ? "" : "the identity is disabled";
}

core::Result<IdentityFile> load_if_there(const std::string& path) {
  auto file = IdentityFile::load(path);
  const bool missing = !file && file.error().code == core::Errc::not_found;
  return missing ? core::Result(IdentityFile()) : std::move(file);
}

}  // namespace

core::Result<bool> EdgeIdentities::use(const IotEdgeSettings& settings) {
  auto file = settings.identities_file.empty() ? core::Result(IdentityFile())
                                               : load_if_there(settings.identities_file);
  if (!file) return core::fail(file.error());
  const size_t before = file_.all().size();
  if (file->is_blank() && before > 0 && settings.identities_file == settings_.identities_file) {
    return core::fail(core::Errc::invalid, settings.identities_file + ": is empty or gone, and had " +
                                               std::to_string(before) +
                                               R"( identities; for none, write {"identities": []})");
  }
  const bool changed = settings != settings_ || *file != file_;
  settings_ = settings;
  hosts_ = {settings.hub_host_name, settings.gateway_names};
  file_ = *std::move(file);
  std::erase_if(seen_, [this](const auto& one) { return file_.find(one.first) == nullptr; });
  return changed;
}

// ---- who somebody is ----

Verdict EdgeIdentities::judge(const Credentials& credentials, core::Now now) {
  const auto name = credentials.username ? parse_sdk_user_name(*credentials.username) : std::nullopt;
  if (!name) return refused("the user name is not {host}/{device}[/{module}]/?api-version=…");
  if (!hosts_.have(name->host))
    return refused(
        "the user name has a host that is neither iot_edge.hub_host_name nor one of iot_edge.gateway_names");
  const EdgeId id{std::string(name->device), std::string(name->module)};
  if (id.id() != credentials.client_id) return refused("the client id is not the one in the user name");
  const RegisteredIdentity* const identity = file_.find(id);
  if (identity == nullptr) return refused(obstacle(identity));
  Verdict verdict = judge_registered(*identity, credentials, now);
  IdentitySeen& seen = seen_[id];
  if (verdict.reason == ReasonCode::success) {
    ++seen.admitted;
    seen.last_refusal = {};
  } else {
    ++seen.refused;
    seen.last_refusal = verdict.why;
    seen.last_refused_ms = now.wall_ms;
  }
  return verdict;
}

Verdict EdgeIdentities::judge_registered(const RegisteredIdentity& identity, const Credentials& credentials,
                                         core::Now now) {
  if (const std::string_view why = obstacle(&identity); !why.empty()) return refused(why);
  const bool has_token = credentials.password && !credentials.password->empty();
  Proof proof = has_token ? by_token(identity, *credentials.password, now)
                          : by_certificate(identity, credentials.certificates, now);
  if (!proof.why.empty()) return refused(proof.why);
  return {ReasonCode::success, grant(identity.id, std::move(proof.text)), {}, proof.ends_wall_ms};
}

EdgeIdentities::Proof EdgeIdentities::by_token(const RegisteredIdentity& identity, std::string_view text,
                                               core::Now now) {
  const auto token = parse_sas_token(text);
  if (!token) return {.why = "the password is no SharedAccessSignature with sr, sig and se"};
  if (!token->is_for(identity.id, hosts_)) return {.why = "the token is for another host or identity"};
  if (!identity.has_keys()) return {.why = "the identity has a certificate, and no key for tokens"};
  const std::string* signer = nullptr;
  for (const std::string* key : {&identity.primary_key, &identity.secondary_key})
    if (signer == nullptr && !key->empty() && token->is_signed_by(*key)) signer = key;
  if (signer == nullptr) return {.why = "the token is signed by another key"};
  if (token->ends_wall_ms() < now.wall_ms) {
    if (!core::is_clock_unset(now)) return {.why = "the token has expired"};
    tell_of_clock(identity.id, now);
  }
  return {.text = proof_of_key(*signer), .ends_wall_ms = token->ends_wall_ms()};
}

EdgeIdentities::Proof EdgeIdentities::by_certificate(const RegisteredIdentity& identity,
                                                     const CertificateChain& chain, core::Now now) {
  if (chain.empty()) return {.why = "there is neither a password nor a client certificate"};
  if (identity.has_keys()) return {.why = "the identity has keys, and no certificate"};
  const bool checks_dates = !core::is_clock_unset(now);
  if (!identity.thumbprints.empty()) {
    const std::string* const hex = matching(identity, chain.front());
    if (hex == nullptr) return {.why = "the certificate has another thumbprint"};
    if (checks_dates && !is_in_its_dates(chain.front(), now.wall_ms))
      return {.why = "the certificate has expired or is not valid yet"};
    return {.text = proof_of_thumbprint(*hex)};
  }
  if (common_name_of(chain.front()) != identity.common_name)
    return {.why = "the certificate has another common name"};
  const std::string_view fault =
      chain_fault(chain, identity.ca_pem, checks_dates ? std::optional(now.wall_ms) : std::nullopt);
  return fault.empty() ? Proof{.text = proof_of_authority(identity)} : Proof{.why = fault};
}

void EdgeIdentities::tell_of_clock(const EdgeId& id, core::Now now) {
  const auto left_out = told_.admit(id.id(), now);
  if (!left_out) return;
  log_.warn("token_expiry_ignored",
            {{"identity", id.id()},
             {"reason", "the token has expired by a clock that is not known to be right"},
             {"fix", "let a time service set the clock"},
             {"left_out", *left_out}});
}

const IdentitySeen& EdgeIdentities::seen(const EdgeId& id) const {
  static const IdentitySeen kNever;
  const auto found = seen_.find(id);
  return found == seen_.end() ? kNever : found->second;
}

core::Status EdgeIdentities::verify(std::string_view authorization, const EdgeId& claimed, core::Now now) {
  const RegisteredIdentity* const identity = file_.find(claimed);
  std::string_view why = obstacle(identity);
  if (why.empty()) why = by_token(*identity, authorization, now).why;
  return why.empty() ? core::Status() : core::fail(core::Errc::invalid, std::string(why));
}

// ---- what somebody may do ----

Grant EdgeIdentities::grant(const EdgeId& id, std::string proof) const {
  Identity identity;
  identity.kind = id.is_module() ? Identity::Kind::module : Identity::Kind::device;
  identity.username = id.id();
  identity.device = id.device;
  identity.module = id.module;
  identity.registered = true;
  identity.proof = std::move(proof);
  return {std::make_shared<const Identity>(std::move(identity)), edge_rights(id, settings_.device_id)};
}

Grant EdgeIdentities::renew(const Identity& identity) const {
  const auto id = parse_edge_id(identity.username);
  const RegisteredIdentity* const known = id ? file_.find(*id) : nullptr;
  if (!obstacle(known).empty()) {
    // A session that the store has kept stays with whom it is of, so that nobody else gets what waits in it.
    if (!identity.proof.empty()) return {};
    return {std::make_shared<const Identity>(identity), broker::Rights::none()};
  }
  const std::vector<std::string> proofs = proofs_of(*known);
  if (!identity.proof.empty() && std::ranges::find(proofs, identity.proof) == proofs.end()) return {};
  return grant(*id, identity.proof);
}

}  // namespace headgate::hub
