// `headgate import`: a configuration out of another broker's.
#pragma once

#include <ostream>
#include <string>

#include "tools/headgate/import/draft.h"

namespace headgate::tools {

struct ConfigImportOptions {
  std::string file = {};
  std::string out = {};  // empty: standard output, and passwords of links are left out
  bool force = false;    // overwrite a file that is there
};

// The reader of one broker's files.
using Importer = Imported (*)(const std::string& file, const ImportFiles& files);

// Writes the configuration, and what has no counterpart to `err`; with `json` that is a list. Exit code 1, and nothing is
// written, if a line is wrong.
int run_import(Importer importer, const ConfigImportOptions& options, bool json, std::ostream& out,
               std::ostream& err);

}  // namespace headgate::tools
