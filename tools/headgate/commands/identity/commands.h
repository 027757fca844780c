// `headgate identity`: modules and devices that listeners with the dialect iot-edge let in, in their file. A hub takes a changed one over
// on SIGHUP.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "core/result.h"
#include "tools/headgate/admin_client.h"
#include "tools/headgate/daemon.h"

namespace headgate::tools {

struct IdentityTool {
  AskDaemon ask;
  std::ostream& out;
  std::ostream& err;
  bool json = false;
  int64_t wall_ms = 0;  // Unix time
};

// The file that is meant.
struct IdentityPlace {
  std::string file = {};      // empty: what the configuration says
  std::string config = {};    // empty: the embedded default
  std::string data_dir = {};  // in place of the configuration's
};

// Ways to prove an identity; none: two keys are made.
struct IdentityProof {
  std::string primary_key_file = {};  // its first line is the key, base64
  std::string secondary_key_file = {};
  std::vector<std::string> thumbprints = {};
  std::string ca_file = {};
  std::string common_name = {};
};

struct IdentityAddOptions {
  IdentityPlace place = {};
  std::string id = {};
  IdentityProof proof = {};
  bool disabled = false;
  std::string generation_id = {};  // empty: one is made
  std::string socket_owner = {};   // of a module's workload socket; empty: the hub's
  std::string socket_mode = {};
};

// Exit code 1 if there is such an identity.
int run_identity_add(const IdentityTool& tool, const IdentityAddOptions& options);
// Never prints a key.
int run_identity_ls(const IdentityTool& tool, const IdentityPlace& place);

struct IdentityRemoveOptions {
  IdentityPlace place = {};
  std::string id = {};
  bool purge = false;  // what the hub holds of it goes, too; then it need not be in the file any more
};

// `hub` is asked for a purge alone, once the file is without the identity: it takes over the file first.
int run_identity_rm(const IdentityTool& tool, const IdentityRemoveOptions& options, AdminClient& hub);

struct IdentityRotateOptions {
  IdentityPlace place = {};
  std::string id = {};
  std::string primary_key_file = {};  // empty: a key is made
  bool both = false;                  // the secondary key too is a new one
};

// The primary key becomes the secondary, so that who has it goes on until the next time.
int run_identity_rotate(const IdentityTool& tool, const IdentityRotateOptions& options);

struct ConnectionStringOptions {
  IdentityPlace place = {};
  std::string id = {};
  std::string hub_host_name = {};  // empty: what the configuration says
  std::string gateway = {};        // the same
  bool secondary = false;
};

int run_identity_connection_string(const IdentityTool& tool, const ConnectionStringOptions& options);

}  // namespace headgate::tools
