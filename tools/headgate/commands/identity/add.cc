#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/commands/identity/book.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

core::Unexpected not_addable(std::string what) { return core::fail(core::Errc::invalid, std::move(what)); }

// Ticks since the year 1, as Azure's own.
std::string new_generation_id(int64_t wall_ms) {
  constexpr int64_t kTicksOf1970 = 621'355'968'000'000'000;
  constexpr int64_t kTicksAMs = 10'000;
  return std::to_string(kTicksOf1970 + wall_ms * kTicksAMs);
}

core::Status put_key(Json& entry, const std::string& name, const std::string& file, bool make) {
  if (file.empty() && !make) return {};
  auto key = file.empty() ? new_shared_key() : read_shared_key(file);
  if (!key) return core::fail(key.error());
  entry[name] = *std::move(key);
  return {};
}

core::Status put_thumbprints(Json& entry, const std::vector<std::string>& thumbprints) {
  if (thumbprints.size() > 2) return not_addable("an identity has at most two thumbprints");
  for (const std::string& shown : thumbprints) {
    std::string hex = core::ascii_lowered(shown);
    std::erase_if(hex, [](char c) { return c == ':' || c == ' '; });
    const bool is_hex = hex.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!is_hex || (hex.size() != 40 && hex.size() != 64))
      return not_addable(
          "--thumbprint '" + shown +
          "' is none; allowed: a certificate's SHA-1 (40 hex digits) or SHA-256 (64), as `openssl x509 "
          "-noout -fingerprint -sha256` shows it");
    entry["thumbprints"].push_back(hex);
  }
  return {};
}

core::Status put_authority(Json& entry, const IdentityProof& proof) {
  std::error_code unseen;
  if (!std::filesystem::is_regular_file(proof.ca_file, unseen))
    return core::fail(core::Errc::io, "--ca-file " + proof.ca_file + ": there is no such file");
  entry["ca_file"] = std::filesystem::absolute(proof.ca_file, unseen).string();
  if (!proof.common_name.empty()) entry["common_name"] = proof.common_name;
  return {};
}

core::Status put_proof(Json& entry, const IdentityProof& proof) {
  const bool keys = !proof.primary_key_file.empty() || !proof.secondary_key_file.empty();
  if (int{keys} + int{!proof.thumbprints.empty()} + int{!proof.ca_file.empty()} > 1)
    return not_addable(
        "say either --primary-key-file and --secondary-key-file, or --thumbprint, or --ca-file");
  if (!proof.common_name.empty() && proof.ca_file.empty())
    return not_addable("--cn has no meaning without --ca-file");
  if (!proof.thumbprints.empty()) return put_thumbprints(entry, proof.thumbprints);
  if (!proof.ca_file.empty()) return put_authority(entry, proof);
  if (const auto done = put_key(entry, "primary_key", proof.primary_key_file, !keys); !done) return done;
  return put_key(entry, "secondary_key", proof.secondary_key_file, !keys);
}

// The words themselves are for the hub to judge, when it reads the file.
core::Status put_socket(Json& entry, const IdentityAddOptions& options) {
  if (options.socket_owner.empty() && options.socket_mode.empty()) return {};
  if (options.id.find('/') == std::string::npos)
    return not_addable("--socket-owner and --socket-mode are for modules: a device has no socket");
  if (!options.socket_owner.empty()) entry["socket_owner"] = options.socket_owner;
  if (!options.socket_mode.empty()) entry["socket_mode"] = options.socket_mode;
  return {};
}

core::Result<Json> new_entry(const IdentityTool& tool, const IdentityAddOptions& options) {
  Json entry = {{"id", options.id}};
  if (options.disabled) entry["enabled"] = false;
  entry["generation_id"] =
      options.generation_id.empty() ? new_generation_id(tool.wall_ms) : options.generation_id;
  if (const auto done = put_proof(entry, options.proof); !done) return core::fail(done.error());
  if (const auto done = put_socket(entry, options); !done) return core::fail(done.error());
  return entry;
}

core::Status add_to(const IdentityTool& tool, const std::string& file, const IdentityAddOptions& options) {
  if (const auto fine = check_identity_id(options.id); !fine) return fine;
  auto book = read_book(file);
  if (!book) return core::fail(book.error());
  if (find_identity(*book, options.id) != nullptr)
    return not_addable(file + " has an identity '" + options.id +
                       "'; change its keys with `headgate identity rotate`, or remove it first");
  auto entry = new_entry(tool, options);
  if (!entry) return core::fail(entry.error());
  (*book)["identities"].push_back(*std::move(entry));
  return write_book(file, *book);
}

}  // namespace

int run_identity_add(const IdentityTool& tool, const IdentityAddOptions& options) {
  const auto names = edge_names(tool, options.place, false);
  if (!names) return kExitFailed;
  if (const auto done = add_to(tool, names->file, options); !done) return tell(tool, done.error());
  tool.out << "identity '" << printable(options.id) << "' added to " << printable(names->file)
           << "; a running hub takes it over on SIGHUP or `headgate reload`\n";
  return kExitOk;
}

}  // namespace headgate::tools
