// `headgate remote`: documents of configuration, and the keys that sign them. Documented in docs/remote-configuration.md.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "tools/headgate/commands/commands.h"

namespace headgate::tools {

// Tells which document lies over the hub's files, and what became of the last that came.
int run_remote_status(const Context& context);

struct RemoteApplyOptions {
  std::string file = {};  // a signed document
  bool force = false;     // also if its version is not higher than that of the last
};
// Puts a signed document in force. Exit code 1 if the hub refuses it.
int run_remote_apply(const Context& context, const RemoteApplyOptions& options);
// Takes the document away: the hub's own files alone are in force.
int run_remote_forget(const Context& context);

struct SignOptions {
  std::string key = {};  // file of a private Ed25519 key (PEM)
  std::string hub = {};  // either this or `group`
  std::string group = {};
  uint64_t version = 0;
  std::string file = {};  // the document
};
// Prints the document in an envelope; needs no hub.
int run_remote_sign(const SignOptions& options, std::ostream& out, std::ostream& err);
// Writes NAME.key, for its owner's eyes, and NAME.pub; needs no hub. Nothing is overwritten.
int run_remote_keygen(const std::string& name, std::ostream& out, std::ostream& err);

}  // namespace headgate::tools
