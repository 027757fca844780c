// The file of the modules and devices that may come in: how each of them proves who it is.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "hub/edge/id.h"

namespace headgate::hub {

// Members of one way to prove are set, those of the others are empty.
struct RegisteredIdentity {
  EdgeId id;
  bool enabled = true;
  std::string generation_id = {};  // as the cloud, or `headgate identity add`, has made it
  // Shared keys, base64; one may be empty.
  std::string primary_key = {};
  std::string secondary_key = {};
  // Digests of its own certificates, in lower-case hex: SHA-1 has 40 digits, SHA-256 64.
  std::vector<std::string> thumbprints = {};
  // Certificates of an authority, and the common name that its certificate has.
  std::string ca_file = {};
  std::string ca_pem = {};  // what was in the file
  std::string common_name = {};
  // Rights of its own socket of the workload API: "user:group" as names or numbers, either may be left out, and a mode such as
  // "0660"; empty: the hub's own user, and everybody who gets into the directory, or the named owner and group alone.
  std::string socket_owner = {};
  std::string socket_mode = {};

  [[nodiscard]] bool has_keys() const { return !primary_key.empty() || !secondary_key.empty(); }

  friend bool operator==(const RegisteredIdentity&, const RegisteredIdentity&) = default;
};

// Immutable. The form of the file is in docs/from-iot-edge.md and conf/identities.schema.json.
class IdentityFile {
 public:
  using Identities = std::map<EdgeId, RegisteredIdentity>;

  // Nobody.
  IdentityFile() = default;
  // Reads it and the files of authorities that it names. Errors: not_found or io, else as parse().
  [[nodiscard]] static core::Result<IdentityFile> load(const std::string& path);
  // `path` begins lines of errors, and relative names of files are beside it. Error: invalid; a line of `what` for each thing
  // that is wrong: the whole file is refused, so that nobody is locked out, or let in, by half of it.
  [[nodiscard]] static core::Result<IdentityFile> parse(std::string_view text, const std::string& path);

  // Null: there is none of that very name.
  [[nodiscard]] const RegisteredIdentity* find(const EdgeId& id) const;
  [[nodiscard]] const Identities& all() const { return identities_; }
  // Whether there was nothing at all in it: it may be about to be written.
  [[nodiscard]] bool is_blank() const { return blank_; }

  friend bool operator==(const IdentityFile&, const IdentityFile&) = default;

 private:
  Identities identities_;
  bool blank_ = true;
};

// Modules of a hub itself in Azure's tools. They are no clients here.
[[nodiscard]] constexpr bool is_system_module(std::string_view module) {
  return module == "$edgeHub" || module == "$edgeAgent";
}

}  // namespace headgate::hub
