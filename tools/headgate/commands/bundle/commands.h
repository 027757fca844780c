// `headgate bundle`: an archive for whoever helps.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "tools/headgate/admin_client.h"
#include "tools/headgate/daemon.h"

namespace headgate::tools {

struct BundleOptions {
  std::string out = {};     // the archive; must not be there
  std::string config = {};  // empty: without the configuration
};

struct Bundler {
  AdminClient& hub;
  AskDaemon ask;
  std::function<std::string()> doctor;  // its findings as JSON
  std::ostream& out;
  std::ostream& err;
};

// Writes a tar.gz of what the hub says of itself, the configuration in force, the doctor's findings and versions. Without a
// hub that answers, of the rest. Exit code 1 if it is not written.
int run_bundle(const Bundler& bundler, const BundleOptions& options);

}  // namespace headgate::tools
