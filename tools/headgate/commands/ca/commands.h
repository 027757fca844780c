// `headgate ca`: the gateway's own authority, for those who have no other. The hub's program makes keys and certificates (ADR 74).
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tools/headgate/daemon.h"

namespace headgate::tools {

struct CaTool {
  AskDaemon ask;
  std::ostream& out;
  std::ostream& err;
};

struct CaOptions {
  std::string dir = {};
  std::vector<std::string> names = {};
};

// `verb`: "init" or "renew". Exit code 1 if files are there already, or anything else is wrong.
int run_ca_verb(const CaTool& tool, const std::string& verb, const CaOptions& options);

// Prints the authority's certificate (PEM), which modules and devices are to trust.
int run_ca_export(const CaTool& tool, const CaOptions& options);

}  // namespace headgate::tools
