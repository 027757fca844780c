// The parts of an import of mosquitto.conf; each writes its keys into `config`. Internal to import/mosquitto.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tools/headgate/import/draft.h"
#include "tools/headgate/import/mosquitto/sections.h"

namespace headgate::tools::mosquitto {

using Json = nlohmann::ordered_json;

void import_limits(const Sections& sections, Json& config, Imported& out);     // limits.cc
void import_listeners(const Sections& sections, Json& config, Imported& out);  // listeners.cc
// Users, and rules for them. `plugins`: a plugin decided, so that nobody knows who may do what.
void import_access(const Sections& sections, bool plugins, const ImportFiles& files, Json& config,
                   Imported& out);  // access.cc
void import_bridges(const Sections& sections, const ImportFiles& files, Json& config,
                    Imported& out);  // bridges.cc

}  // namespace headgate::tools::mosquitto
